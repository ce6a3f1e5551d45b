"""Services over the wire: how they start, who reaches them, how they fail."""

from __future__ import annotations

import asyncio
import re
import socket

import dagger
import pytest
from service_bench import ask, server, user
from wire_bench import Session, fails

from stiletto.engine import services

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to try just that


async def test_a_binding_starts_the_service_and_names_it(each: Session, fresh: str) -> None:
    """A command reaches the service by its alias, without anyone starting it."""
    service = server(each, fresh).as_service()
    answer = await ask(user(each, "web", service, fresh), "web").stdout()

    assert fresh == answer.split()[0]


async def test_the_default_hostname_is_of_the_content(one: Session, fresh: str) -> None:
    """Equal services have equal names, others not, and the name works where it is bound."""
    service = server(one, fresh).as_service()
    name = await service.hostname()

    assert name == await server(one, fresh).as_service().hostname()
    assert name != await server(one, fresh + "x").as_service().hostname()
    answer = await ask(user(one, "web", service, fresh), name).stdout()
    assert fresh == answer.split()[0]


async def test_a_chosen_hostname(each: Session, fresh: str) -> None:
    """WithHostname gives the name; the endpoint is made of it."""
    service = server(each, fresh).as_service().with_hostname("web.internal")

    assert "web.internal" == await service.hostname()
    assert "web.internal:7070" == await service.endpoint()
    assert "http://web.internal:81" == await service.endpoint(port=81, scheme="http")
    answer = await ask(user(each, "alias", service, fresh), "web.internal").stdout()
    assert fresh == answer.split()[0]


async def test_no_ports_no_endpoint(one: Session) -> None:
    """An endpoint needs a port."""
    service = one.base().as_service(args=["sleep", "60"])

    assert "no ports exposed" in await fails(service.endpoint())


async def test_one_instance_per_session_and_content(each: Session, fresh: str) -> None:
    """Users of equal services meet in one process; a differing variable makes another."""
    service = server(each, fresh).as_service()
    same = server(each, fresh).as_service()
    other = server(each, fresh).with_env_variable("CELL", "2").as_service()

    async def process(name: str, of: dagger.Service) -> str:
        return (await ask(user(each, name, of, fresh), name).stdout()).split()[1]

    one, two, three = await asyncio.gather(
        process("a", service), process("b", same), process("c", other)
    )
    assert one == two != three


async def test_two_listen_on_one_port_at_once(each: Session, fresh: str) -> None:
    """Each instance has an address of its own, so one command can use both."""
    first = server(each, fresh + "a").as_service()
    second = server(each, fresh + "b").as_service()
    both = user(each, "one", first, fresh).with_service_binding("two", second)
    done = ask(ask(both, "one").with_env_variable("FIRST", "asked"), "two")

    assert f"{fresh}b" == (await done.stdout()).split()[0]
    assert f"{fresh}a" == (await ask(both, "one").stdout()).split()[0]


async def test_a_server_on_every_address_is_reached_too(each: Session, fresh: str) -> None:
    """A server that knows nothing of its address may listen on all of them."""
    service = server(each, fresh, bind=EVERYWHERE, port=7171).as_service()
    answer = await ask(user(each, "web", service, fresh), "web", 7171).stdout()

    assert fresh == answer.split()[0]
    await service.stop()


async def test_a_taken_port_is_named(each: Session, fresh: str) -> None:
    """Where something in the network has the port on every address, no service is started."""
    network = await each.engine.core.evaluator.sandbox.network()
    with network.socket(socket.SOCK_STREAM) as other:
        other.bind((EVERYWHERE, 0))
        other.listen()
        port = other.getsockname()[1]
        service = server(each, fresh, port=port).as_service()
        message = await fails(ask(user(each, "web", service, fresh), "web", port).sync())

    assert "(aliased as web): " in message
    assert f"port {port}/tcp is taken by a program that listens on every address" in message


async def test_two_on_every_address_are_refused(each: Session, fresh: str) -> None:
    """They share one network: who starts second is refused, with the names of both."""
    one = server(each, fresh + "a", bind=EVERYWHERE, port=7373).as_service()
    two = server(each, fresh + "b", bind=EVERYWHERE, port=7373).as_service()
    both = user(each, "one", one, fresh).with_service_binding("two", two)
    message = await fails(ask(both, "one", 7373).sync())

    assert "Container.withExposedPort(port:) is not implemented by stiletto" in message
    assert "7373/tcp" in message
    assert ["one", "two"] == sorted({"one", "two"} & set(re.findall(r"\w+", message)))
    await one.stop()
    await two.stop()


@pytest.mark.parametrize("expect", [dagger.ReturnType.SUCCESS, dagger.ReturnType.ANY])
async def test_a_step_that_needs_the_port_of_a_service_is_refused(
    each: Session, fresh: str, expect: dagger.ReturnType
) -> None:
    """The service is named, also where the step may fail: on Dagger it would not have."""
    service = server(each, fresh, bind=EVERYWHERE, port=7474).as_service()
    script = "import socket, sys; socket.create_server(('0.0.0.0', 7474))"
    step = user(each, "web", service, fresh).with_exec(["python", "-c", script], expect=expect)
    try:
        message = await fails(step.exit_code())
    finally:
        await service.stop()

    # Services of other tests may still run in this session: they are named, too.
    assert "its port may be that of" in message
    assert re.search(r"service web \(\w+, port 7474/tcp\)", message)
    assert "Container.withExposedPort(port:) is not implemented by stiletto" in message


async def test_names_in_variables_and_urls(each: Session, fresh: str) -> None:
    """A program that reads the service's place from a URL reaches it."""
    service = server(each, fresh).as_service()
    script = (
        "import os, socket, urllib.parse as u\n"
        "at = u.urlsplit(os.environ['URL'])\n"
        "s = socket.create_connection((at.hostname, at.port), timeout=60)\n"
        "s.sendall(b'hi'); print(s.recv(100).decode())\n"
    )
    done = (
        user(each, "web", service, fresh)
        .with_env_variable("URL", "http://me:secret@web:7070/path")
        .with_exec(["python", "-c", script])
    )

    assert fresh == (await done.stdout()).split()[0]


async def test_a_service_can_use_a_service(each: Session, fresh: str) -> None:
    """Bindings of a service's container start first, and are named inside it."""
    inner = server(each, fresh + "inner").as_service()
    relay = (
        "import os, socket, subprocess, sys\n"
        "said = subprocess.check_output([sys.executable, '/app/ask.py', 'inner', '7070', 'hi'])\n"
        "at = (os.environ['STILETTO_SERVICE_ADDRESS'], 7272)\n"
        "with socket.create_server(at) as s:\n"
        "    while True:\n"
        "        c, _ = s.accept()\n"
        "        c.recv(100); c.sendall(b'relayed ' + said); c.close()\n"
    ).replace("'inner'", "sys.argv[1]")
    outer = (
        user(each, "inner", inner, fresh)
        .with_exposed_port(7272)
        .as_service(args=["python", "-c", relay, "inner"])
    )
    answer = await ask(user(each, "outer", outer, fresh), "outer", 7272).stdout()

    assert ["relayed", fresh + "inner"] == answer.split()[:2]


# -- readiness and failure --------------------------------------------------------------------


async def test_a_command_waits_until_the_port_answers(each: Session, fresh: str) -> None:
    """A server that takes its time is not asked before it listens."""
    slow = server(each, fresh).as_service(
        args=["sh", "-c", f"sleep 0.7; exec python /srv/server.py own 7070 {fresh}"]
    )
    answer = await ask(user(each, "web", slow, fresh), "web").stdout()

    assert fresh == answer.split()[0]


async def test_a_port_that_is_not_checked_is_not_waited_for(one: Session, fresh: str) -> None:
    """With the check skipped, a service that never listens is ready at once."""
    service = (
        one.base()
        .with_exposed_port(7373, experimental_skip_healthcheck=True)
        .as_service(args=["sleep", "60"])
    )
    done = user(one, "web", service, fresh).with_exec(["echo", "ran"])

    assert "ran\n" == await done.stdout()


async def test_a_service_that_ends_early_says_what_it_printed(each: Session, fresh: str) -> None:
    """The error names host and alias, and brings exit code and output along."""
    service = (
        each.base()
        .with_exposed_port(7070)
        .as_service(args=["sh", "-c", f"echo out {fresh}; echo broken >&2; exit 3"])
        .with_hostname("web.internal")
    )
    with pytest.raises(dagger.ExecError) as caught:
        await ask(user(each, "web", service, fresh), "web").sync()

    assert "start web.internal (aliased as web): exit code: 3" in str(caught.value)
    assert (3, f"out {fresh}\n", "broken\n") == (
        caught.value.exit_code,
        caught.value.stdout,
        caught.value.stderr,
    )


async def test_a_service_that_ends_well_is_no_service(one: Session, fresh: str) -> None:
    """A command that ends with 0 before it is ready is an error as well."""
    service = one.base().with_exposed_port(7070).as_service(args=["echo", fresh])
    message = await fails(ask(user(one, "web", service, fresh), "web").sync())

    assert "(aliased as web): its command ended with exit code 0" in message


async def test_the_code_of_a_service_that_ends_well_is_minus_one(one: Session, fresh: str) -> None:
    """Its command did not fail, so the code is the real engine's own, without output."""
    service = one.base().with_exposed_port(7070).as_service(args=["echo", fresh])
    with pytest.raises(dagger.ExecError) as caught:
        await ask(user(one, "web", service, fresh), "web").sync()

    assert (-1, "", "") == (caught.value.exit_code, caught.value.stdout, caught.value.stderr)


async def test_a_started_service_is_reached_by_its_name(one: Session, fresh: str) -> None:
    """Every step of the session finds it, also one that does not bind it, until it is stopped."""
    service = server(one, fresh).as_service().with_hostname("by-name")
    look = f"grep -o by-name /etc/hosts || echo none # {fresh}"
    await service.start()
    found = await one.sh(look).stdout()
    await service.stop(kill=True)

    assert ("by-name\n", "none\n") == (found, await one.sh(look + " after").stdout())


async def test_secrets_are_not_in_what_a_service_printed(each: Session, fresh: str) -> None:
    """The output in an error has secrets replaced."""
    secret = each.dag.set_secret(f"name-{fresh}", "hunter-of-two")
    service = (
        each.base()
        .with_secret_variable("PASSWORD", secret)
        .with_exposed_port(7070)
        .as_service(args=["sh", "-c", "echo my $PASSWORD; exit 1"])
    )
    with pytest.raises(dagger.ExecError) as caught:
        await ask(user(each, "web", service, fresh), "web").sync()

    assert "my ***\n" == caught.value.stdout


async def test_a_failed_start_is_tried_again(one: Session, fresh: str) -> None:
    """The next user of a service that could not start starts it anew."""
    script = (
        f"[ -e /counts/{fresh} ] && exec python /srv/server.py own 7070 x; "
        f"echo >> /counts/{fresh}; exit 1"
    )
    service = one.counting(fresh, server(one, fresh)).as_service(args=["sh", "-c", script])

    await fails(ask(user(one, "web", service, fresh), "web").sync())
    assert "x" == (await ask(user(one, "web", service, fresh), "web").stdout()).split()[0]


async def test_a_service_that_dies_fails_the_command(each: Session, fresh: str) -> None:
    """A command whose service ends under it ends too, and the error is the service's."""
    service = server(each, fresh).as_service().with_hostname("mortal")
    script = "python /app/ask.py $1 7070 die || true; sleep 3000"
    done = user(each, "web", service, fresh).with_exec(["sh", "-c", script, "sh", "web"])
    with pytest.raises(dagger.ExecError) as caught:
        await done.sync()

    assert "bound service mortal (aliased as web) exited: exit code: 7" in str(caught.value)
    assert f"serving {fresh}\ndying as told\n" == caught.value.stdout


async def test_the_cause_of_a_failed_command_is_its_dead_service(
    each: Session, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that fails because its service died is told as that."""
    monkeypatch.setattr(services, "FAILURE_WAIT_S", 120.0)
    service = server(each, fresh).as_service()
    script = "python /app/ask.py $1 7070 die; exit 9"
    done = user(each, "web", service, fresh).with_exec(["sh", "-c", script, "sh", "web"])

    assert "(aliased as web) exited: exit code: 7" in await fails(done.sync())


async def test_a_health_check_decides(each: Session, fresh: str) -> None:
    """A service with a health check is ready when that succeeds, in the service's own place."""
    service = (
        server(each, fresh)
        .with_exposed_port(7474)
        .with_docker_healthcheck(["test", "-e", "/srv/ready"], interval="100ms", retries=100)
        .as_service(
            args=["sh", "-c", "sleep 0.5; touch ready; exec python server.py own 7070 " + fresh]
        )
    )
    # Port 7474 is never opened: with a health check, ports are not waited for.
    done = user(each, "web", service, fresh).with_exec(["echo", "ran"])

    assert "ran\n" == await done.stdout()


@pytest.mark.parametrize(("check", "healthy"), [("test $(id -u) = 1000", True), ("false", False)])
async def test_a_health_check_of_an_ordinary_user(
    one: Session, fresh: str, check: str, *, healthy: bool
) -> None:
    """The check runs as the service does, and what it reports is read."""
    service = (
        one.base()
        .with_env_variable("WORD", fresh)
        .with_user("1000")
        .with_docker_healthcheck(["sh", "-c", check], interval="20ms", retries=2)
        .as_service(args=["sleep", "60"])
    )
    async with asyncio.timeout(20):
        message = "" if healthy else await fails(service.start())
        if healthy:
            await service.start()
            await service.stop()

    assert healthy is not ("health check errored" in message)


async def test_a_health_check_that_keeps_failing(each: Session, fresh: str) -> None:
    """After its retries a service counts as broken; the error is the check's own."""
    service = (
        server(each, fresh)  # noqa: S604 - a shell of the container
        .with_docker_healthcheck(
            ["echo not yet; echo why >&2; exit 4"],
            shell=True,
            interval="50ms",
            retries=2,
            timeout="60s",
        )
        .as_service()
    )
    with pytest.raises(dagger.ExecError) as caught:
        await ask(user(each, "web", service, fresh), "web").sync()

    assert "(aliased as web): health check errored: exit code: 4" in str(caught.value)
    assert ("not yet\n", "why\n") == (caught.value.stdout, caught.value.stderr)


async def test_failures_are_forgiven_while_it_starts(one: Session, fresh: str) -> None:
    """In the start period failed checks do not count."""
    check = ["[ $(wc -l </srv/tries) -gt 6 ] || { echo >>/srv/tries; false; }"]
    service = (
        server(one, fresh)  # noqa: S604 - a shell of the container
        .with_new_file("/srv/tries", "")
        .with_docker_healthcheck(
            check,
            shell=True,
            start_interval="20ms",
            retries=1,
            start_period="300s",
        )
        .as_service()
    )

    answer = await ask(user(one, "web", service, fresh), "web").stdout()
    assert fresh == answer.split()[0]
