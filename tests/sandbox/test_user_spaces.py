"""Namespaces with a range of users, where the engine is the machine's root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sandbox_bench import Bench, can_isolate

from stiletto.errors import EnvironmentFailed
from stiletto.layers.owners import has_range, on_disk
from stiletto.sandbox.bubblewrap import find_program
from stiletto.sandbox.user_spaces import UserSpaces

pytestmark = pytest.mark.skipif(
    not (has_range() and can_isolate()), reason="only the machine's root has a range of users"
)


@pytest_asyncio.fixture
async def spaces(tmp_path: Path) -> AsyncIterator[UserSpaces]:
    """Make the namespaces of a session."""
    made = UserSpaces(tmp_path, find_program())
    yield made
    await made.close()


async def test_a_namespace_is_made_once_for_each_user(spaces: UserSpaces) -> None:
    """Steps of one user share it, those of another have their own; root needs no other program."""
    root, again, other = [await spaces.entrance(uid, uid) for uid in (0, 0, 33)]

    assert root.fds[0] == again.fds[0] != other.fds[0]
    assert "--reuid" not in " ".join(root.front)
    assert f"--reuid={on_disk(33)}" in other.front
    assert f"--regid={on_disk(33)}" in other.front
    assert other.program.startswith("/proc/self/fd/"), "no user can reach it by its path"


async def test_groups_are_those_that_were_given(spaces: UserSpaces) -> None:
    """A user gets the machine's numbers for its groups, and none of the engine's."""
    none, some = await spaces.entrance(33, 33), await spaces.entrance(33, 33, [0, 44])

    assert "--clear-groups" in none.front
    assert f"--groups=0,{on_disk(44)}" in some.front


async def test_session_gives_its_namespaces_up(tmp_path: Path) -> None:
    """At the end no descriptor of them is left."""
    before = _descriptors()
    made = UserSpaces(tmp_path, find_program())
    for uid in (0, 33):
        await made.entrance(uid, uid)
    await made.close()

    assert before == _descriptors()


def _descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


async def test_machine_without_setpriv_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of another user ends with the package to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    made = UserSpaces(tmp_path, find_program())

    with pytest.raises(EnvironmentFailed, match="setpriv is not installed"):
        await made.entrance(33, 33)
    await made.close()


async def test_files_of_a_step_have_their_owners(tmp_path: Path) -> None:
    """A later step sees who owns a file; on the disk the number is that of no account."""
    bench = Bench("bubblewrap", tmp_path)
    made = await bench.sh("mkdir -m 777 /d; touch /d/root; chown 5:6 /d/root", uid=0)
    theirs = await bench.sh("touch /d/theirs; rm /d/root", layers=(made.layer,), uid=33, gid=34)
    seen = await bench.sh(
        "stat -c %u:%g /d/theirs; ls /d", layers=(made.layer, theirs.layer), uid=7, gid=7
    )
    facts = (theirs.layer.root / "d/theirs").stat()

    assert b"33:34\ntheirs\n" == seen.stdout
    assert (on_disk(33), on_disk(34)) == (facts.st_uid, facts.st_gid)


async def test_a_user_has_no_powers_of_root(tmp_path: Path) -> None:
    """Root's closed files stay closed to other users, and root reads theirs."""
    bench = Bench("bubblewrap", tmp_path)
    made = await bench.sh("echo x >/root/f; chmod 600 /root/f; mkdir -m 777 /d", uid=0)
    denied = await bench.sh(
        "cat /root/f || echo denied; chown 0 /d || echo kept; umask 077; echo y >/d/f",
        layers=(made.layer,),
        uid=33,
        gid=33,
    )
    read = await bench.sh("cat /d/f", layers=(made.layer, denied.layer), uid=0)

    assert b"denied\nkept\n" == denied.stdout
    assert b"y\n" == read.stdout
