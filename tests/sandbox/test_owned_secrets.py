"""Secrets of another owner than the step's user."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sandbox_bench import Bench, can_isolate

from stiletto.layers.owners import has_range
from stiletto.sandbox.owned_secrets import foreign_secrets, secrets_front
from stiletto.sandbox.plan import SecretMount

ranged = pytest.mark.skipif(
    not (has_range() and can_isolate()), reason="an ordinary user has one owner for all files"
)


def test_only_secrets_of_others_are_made_before(tmp_path: Path) -> None:
    """The step's own user's need nothing; without any, nothing runs before the step."""
    bench = Bench("bubblewrap", tmp_path)
    own, other = SecretMount("/own", b"a", owner="0:0"), SecretMount("/other", b"b", owner="33:33")

    def keep(contents: bytes) -> str:
        return str(len(contents))

    step = bench.step("true", mounts=(own, other))
    files = foreign_secrets(step, tmp_path)
    front = secrets_front(Path("bwrap"), step, files, keep)
    assert ["/other"] == [*files]
    assert front[0] == "bwrap"
    assert "b" not in front, "a secret is in no argument"

    step = bench.step("true", mounts=(own,))
    assert {} == foreign_secrets(step, tmp_path)
    assert [] == secrets_front(Path("bwrap"), step, {}, keep)


@ranged
@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (0, b"8 5 6"),
        (33, b"8 0 0"),
        (7, b"0 0 6"),
    ],
)
async def test_who_may_read_a_secret(tmp_path: Path, uid: int, expected: bytes) -> None:
    """Each has its owner and mode for every user; root reads all, others what they may."""
    bench = Bench("bubblewrap", tmp_path)
    mounts = (
        SecretMount("/run/a", b"another\n", 0o400, "33:33"),
        SecretMount("/run/b", b"mine\n", 0o600, "0:0"),
        SecretMount("/run/c", b"third\n", 0o440, "7:8"),
    )
    facts = "stat -c '%u:%g %a' /run/a /run/b /run/c"
    sizes = "for each in a b c; do cat /run/$each 2>/dev/null | wc -c; done"
    done = await bench.sh(f"echo $({facts}); echo $({sizes})", mounts=mounts, uid=uid, gid=uid)

    assert b"33:33 400 0:0 600 7:8 440\n" + expected + b"\n" == done.stdout
    assert not await asyncio.to_thread(_is_on_disk, tmp_path, b"another")


def _is_on_disk(root: Path, secret: bytes) -> bool:
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return any(secret in path.read_bytes() for path in files if path.stat().st_size < 10_000)
