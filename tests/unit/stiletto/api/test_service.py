"""Services as values: what would run, on which ports, how it would be checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import stiletto.api.fields  # noqa: F401 - registers the calls of its tables
from stiletto.api import container as c
from stiletto.api import service as s
from stiletto.api.configuration import with_default_args, with_entrypoint, with_env_variable
from stiletto.api.execution import with_exec
from stiletto.api.readiness import Healthcheck, Port
from stiletto.engine.calls import CALLS
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import dump, load

IMAGE = c.Container(entrypoint=("/entry",), default_args=("server",))


@pytest.mark.parametrize(
    ("container", "given", "expected"),
    [
        (IMAGE, {}, ("/entry", "server")),
        (IMAGE, {"args": ["other"]}, ("other",)),
        (IMAGE, {"args": ["other"], "use_entrypoint": True}, ("/entry", "other")),
        (with_default_args(IMAGE, ["mine"]), {}, ("mine",)),
        (with_default_args(IMAGE, ["mine"]), {"use_entrypoint": True}, ("/entry", "mine")),
        (with_entrypoint(IMAGE, ["/own"]), {}, ("/own",)),
    ],
)
def test_the_command_of_a_service(
    container: c.Container, given: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """Entrypoint and default arguments run, unless arguments of one's own were given."""
    assert expected == s.as_service(container, **given).exec.args


def test_arguments_are_expanded_where_asked() -> None:
    """Variables of the container are put into the arguments with `expand` only."""
    container = with_env_variable(IMAGE, "PORT", "80")

    assert ("serve", "$PORT") == s.as_service(container, ["serve", "$PORT"]).exec.args
    expanded = s.as_service(container, ["serve", "$PORT"], expand=True)
    assert ("serve", "80") == expanded.exec.args


def test_no_command_is_no_service() -> None:
    """A container that has nothing to run cannot be a service."""
    with pytest.raises(UsageError, match="no service command has been set"):
        s.as_service(c.Container())


@pytest.mark.parametrize(
    ("run", "argument", "name"),
    [
        (s.as_service, "no_init", "noInit"),
        *(
            (run, argument, name)
            for run in (s.as_service, with_exec)
            for argument, name in (
                ("insecure_root_capabilities", "insecureRootCapabilities"),
                ("experimental_privileged_nesting", "experimentalPrivilegedNesting"),
            )
        ),
    ],
)
def test_what_no_sandbox_can_give_is_refused(
    run: Callable[..., object], argument: str, name: str
) -> None:
    """Arguments without an effect here are not accepted, and the error names them."""
    field = {s.as_service: "asService", with_exec: "withExec"}[run]

    with pytest.raises(NotSupported, match=rf"Container\.{field}\({name}:\)"):
        run(IMAGE, ["true"], **{argument: True})


def test_ports_are_told_apart_by_protocol() -> None:
    """A port exposed again is replaced; the other protocol's stays."""
    made = s.with_exposed_port(s.with_exposed_port(IMAGE, 53), 53, "UDP")
    made = s.with_exposed_port(made, 53, description="names", experimental_skip_healthcheck=True)

    expected = (Port(53, "UDP"), Port(53, "TCP", "names", skip_healthcheck=True))
    assert expected == made.ports
    assert (Port(53, "UDP"),) == s.without_exposed_port(made, 53).ports
    assert expected == s.as_service(made).ports


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_is_a_port(port: int) -> None:
    """A container may expose any number; a service may not have one outside the range."""
    made = s.with_exposed_port(IMAGE, port)

    assert (Port(port),) == made.ports
    with pytest.raises(UsageError, match=f"port {port} of a service is not between"):
        s.as_service(made, ["true"])


def test_an_alias_is_bound_once() -> None:
    """A second service behind the same name replaces the first, in the commands to come."""
    one, two = s.as_service(IMAGE, ["one"]), s.as_service(IMAGE, ["two"])
    made = s.with_service_binding(s.with_service_binding(IMAGE, "db", one), "db", two)

    run = with_exec(made, ["true"]).last_exec
    assert run is not None
    assert (c.ServiceBinding("db", two),) == run.services


@pytest.mark.parametrize("alias", ["", "a b", "-x", "x/", "a\nb"])
def test_an_alias_is_not_checked(alias: str) -> None:
    """What cannot stand in /etc/hosts is an alias, too: it reaches nothing."""
    made = s.with_service_binding(IMAGE, alias, s.as_service(IMAGE, ["serve"]))

    assert [alias] == [binding.alias for binding in made.services]


def test_a_health_check_is_kept_as_given() -> None:
    """A health check is what was set; without one there is none."""
    made = s.with_docker_healthcheck(
        IMAGE, ["probe"], interval="1m30s", timeout="2s", start_period="3s", retries=4
    )
    check = made.healthcheck

    assert check == Healthcheck(("probe",), False, "1m30s", "2s", "3s", "0s", 4)
    assert CALLS["Container.withoutDockerHealthcheck"].function(made).healthcheck is None
    assert check == s.as_service(made).healthcheck


@pytest.mark.parametrize("text", ["30", "s", "1x", "1 s", "-1s"])
def test_no_durations(text: str) -> None:
    """Anything else is refused, at the call that has it."""
    with pytest.raises(UsageError, match="invalid duration"):
        s.with_docker_healthcheck(IMAGE, ["probe"], interval=text)


@pytest.mark.parametrize(("args", "shell"), [([], False), (["a", "b"], True)])
def test_a_health_check_has_a_command(args: list[str], shell: bool) -> None:
    """No command, or several for a shell, is refused."""
    with pytest.raises(UsageError, match="health check"):
        s.with_docker_healthcheck(IMAGE, args, shell=shell)


def test_a_service_survives_the_store() -> None:
    """Written down and read again, a container with services is the same."""
    made = s.with_service_binding(s.with_exposed_port(IMAGE, 80), "db", s.as_service(IMAGE))

    assert made == load(dump([made]))[made.digest]
