"""Secrets over the wire: where they reach, and where they never do."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_bench import Opener, Session, fails, sh, tick, write

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_secret_variable(each: Session) -> None:
    """A command gets the value, its output shows `***` instead, stored output too."""
    secret = each.dag.set_secret("variable", "pl4intext")
    done = sh(each.base().with_secret_variable("TOKEN", secret), "echo $TOKEN ${#TOKEN}")

    assert "*** 9\n" == await done.stdout()
    assert "*** 9\n" == await done.combined_output()
    assert await each.base().with_secret_variable("TOKEN", secret).env_variable("TOKEN") is None
    records = (each.engine.core.store.root / "records").rglob("*.json")
    assert not [path for path in records if "pl4intext" in path.read_text()]


async def test_secret_file(each: Session) -> None:
    """A mounted secret is a file with the mode asked for; it does not stay in the container."""
    secret = each.dag.set_secret("file", "fil3text")
    at = each.base().with_mounted_secret("/run/secret", secret)

    assert (
        "*** 400\n" == await sh(at, "echo $(cat /run/secret) $(stat -Lc %a /run/secret)").stdout()
    )
    open_ = each.base().with_mounted_secret("/run/secret", secret, mode=0o444)
    assert "444\n" == await sh(open_, "stat -Lc %a /run/secret").stdout()
    left = sh(at, "wc -c < /run/secret > /count").without_mount("/run/secret")
    assert "" == await sh(left, "cat /run/secret 2>/dev/null; true").stdout()


async def test_secrets_are_scrubbed_from_failures(each: Session) -> None:
    """The streams of a failed command are scrubbed as well."""
    secret = each.dag.set_secret("failure", "f4iltext")
    at = each.base().with_secret_variable("TOKEN", secret)
    error = await fails(sh(at, "echo $TOKEN; echo $TOKEN >&2; exit 1").sync())

    assert "exit code: 1" in error
    assert "f4iltext" not in error


async def test_a_set_secret_is_known_by_its_name(one: Session, fresh: str) -> None:
    """The value is in no key: the same name with another value is the same step."""

    async def run(name: str, value: str) -> None:
        secret = one.dag.set_secret(name, value)
        await sh(one.counting(fresh).with_secret_variable("T", secret), tick(fresh)).sync()

    await run(fresh, "one-value")
    await run(fresh, "another-value")
    assert one.runs(fresh) == 1
    await run(f"{fresh}-other", "one-value")
    assert one.runs(fresh) == 2


async def test_the_last_value_of_a_name_wins(one: Session, fresh: str) -> None:
    """Setting a name again replaces the value for what runs afterwards."""
    one.dag.set_secret(fresh, "f1rst-value")
    assert "f1rst-value" == await one.dag.set_secret(fresh, "f1rst-value").plaintext()
    secret = one.dag.set_secret(fresh, "s3cond-value")

    assert ("s3cond-value", fresh, "") == (
        await secret.plaintext(),
        await secret.name(),
        await secret.uri(),
    )


async def test_secrets_of_the_host(open_: Opener, tmp_path: Path) -> None:
    """Secrets come from variables, files and commands of the client, newlines included."""
    write(tmp_path, {"token": "from file\n"})
    async with open_(tmp_path, environ={"OWN_TOKEN": "from env"}) as session:
        dag = session.dag
        assert "from env" == await dag.secret("env://OWN_TOKEN").plaintext()
        assert "from file\n" == await dag.secret("file://token").plaintext()
        assert "from file\n" == await dag.secret(f"file://{tmp_path}/token").plaintext()
        assert "from cmd" == await dag.secret("cmd://printf 'from cmd'").plaintext()
        secret = dag.secret("env://OWN_TOKEN")
        assert ("", "env://OWN_TOKEN") == (await secret.name(), await secret.uri())
        assert "malformed" in await fails(dag.secret("OWN_TOKEN").plaintext())
        assert "unsupported secret provider" in await fails(dag.secret("aws://x").plaintext())


async def test_the_value_of_a_host_secret_decides(open_: Opener, fresh: str) -> None:
    """Another value runs the command again; an equal one, or the same cache key, does not."""

    async def run(value: str, uri: str, cache_key: str | None = None) -> int:
        async with open_(environ={"OWN_TOKEN": value, "OTHER_TOKEN": value}) as session:
            secret = session.dag.secret(uri, cache_key=cache_key)
            await sh(session.counting(fresh).with_secret_variable("T", secret), tick(fresh)).sync()
            return session.runs(fresh)

    own, other = "env://OWN_TOKEN", "env://OTHER_TOKEN"
    assert [1, 1, 2] == [await run(value, own) for value in ("a-value", "a-value", "b-value")]
    assert await run("b-value", other) == 2
    assert [3, 3] == [await run(value, own, "k") for value in ("c-value", "d-value")]
    assert await run("e-value", other, "k") == 3


async def test_the_uri_is_the_one_that_was_read(one: Session, tmp_path: Path) -> None:
    """A secret tells its own URI, a secret that was set none."""
    write(tmp_path, {"token": "in-a-file"})
    read = one.dag.secret(f"file://{tmp_path}/token")

    assert f"file://{tmp_path}/token" == await read.uri()
    assert "" == await one.dag.set_secret("no-uri", "n0-uri-text").uri()


async def test_a_missing_secret_fails_where_it_is_used(one: Session) -> None:
    """A secret that cannot be read is no error until then; a name may be a value: it is cut."""
    secret = one.dag.secret("env://NO_SUCH_TOKEN")
    at = one.base().with_secret_variable("T", secret)

    assert await at.workdir() == ""
    message = await fails(sh(at, "true").sync())
    assert "secret env var not found: 'NO_...'" in message
    assert "NO_SUCH_TOKEN" not in message


@pytest.mark.parametrize(
    ("value", "script", "expected"),
    [
        ("x", 'echo "x $T xax"', "*** *** ***a***\n"),
        (" ", 'echo "a b"', "a***b\n"),
        ("abc-def\n", 'echo "[$T]"; printf abc-def', "[***]\n***"),
        ("l1\nl2\n", 'echo "$T"; echo l2', "***\nl2\n"),
    ],
)
async def test_a_steps_own_secret_is_masked_whole(
    each: Session, fresh: str, value: str, script: str, expected: str
) -> None:
    """However short it is, and with its blanks: but only in the output of a step that has it."""
    secret = each.dag.set_secret(fresh, value)

    assert expected == await sh(each.base().with_secret_variable("T", secret), script).stdout()
    assert "x b l2\n" == await sh(each.base(), "echo x b l2").stdout()


async def test_a_secret_lies_on_top_of_other_mounts(each: Session, fresh: str) -> None:
    """A mount at or above the path of a secret leaves it there, and mounts do not name it."""
    secret = each.dag.set_secret(fresh, "on-top-of-it")
    made = (
        each.base()
        .with_mounted_secret("/d/s", secret)
        .with_mounted_directory("/d", each.dag.directory().with_new_file("a", "A"))
    )

    assert "A12\n" == await sh(made, "cat /d/a; wc -c < /d/s").stdout()
    assert ["/d"] == await made.mounts()
