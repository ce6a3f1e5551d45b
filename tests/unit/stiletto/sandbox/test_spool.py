"""What a process prints, in memory and in a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stiletto.sandbox import spool
from stiletto.sandbox.spool import STREAMS, Run, Spool, Stream, Unspooled, frames

RUNS = st.lists(st.tuples(st.sampled_from(STREAMS), st.binary(min_size=1, max_size=40)))


def joined(runs: list[Run]) -> list[Run]:
    """Return runs with adjacent ones of one stream made one."""
    whole: list[Run] = []
    for stream, data in runs:
        if whole and whole[-1][0] == stream:
            whole[-1] = (stream, whole[-1][1] + data)
        else:
            whole.append((stream, data))
    return whole


@pytest.mark.parametrize("apart", [(), ("stdout",), STREAMS])
@pytest.mark.parametrize("memory_bytes", [0, 700, 1 << 20])
@given(runs=RUNS)
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_was_printed_comes_back_in_order(
    tmp_path: Path, memory_bytes: int, apart: tuple[Stream, ...], runs: list[Run]
) -> None:
    """Runs come back whole and in order, from memory, from a file, and from both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "MEMORY_BYTES", memory_bytes)
        patch.setattr(spool, "_BUFFER_BYTES", 32)
        kept = Spool(tmp_path, apart)
        for stream, data in runs:
            kept.add(stream, data)
        assert joined(runs) == joined(list(kept.runs()))
        if runs:  # what comes after it was read is added
            kept.add(*runs[0])
            runs = [*runs, runs[0]]
        assert joined(runs) == joined(list(kept.runs()))
        for stream in STREAMS:
            expected = b"".join(data for of, data in runs if of == stream)
            assert expected == b"".join(kept.chunks(stream))
            assert len(expected) == kept.sizes[stream]
        if memory_bytes != 700:
            assert (kept.path is not None) == (memory_bytes == 0 and bool(runs))


def test_a_stream_of_its_own_can_be_given_away(tmp_path: Path) -> None:
    """Its file has what was printed to it and nothing else, and is read where it was put."""
    kept = Spool(tmp_path, ["stdout"])
    for _ in range(3):
        kept.add("stdout", b"o" * spool.MEMORY_BYTES)
        kept.add("stderr", b"e")
    target = tmp_path / "log"
    kept.give("stdout", target)
    assert b"o" * 3 * spool.MEMORY_BYTES == target.read_bytes() == b"".join(kept.chunks("stdout"))
    assert b"eee" == b"".join(kept.chunks("stderr"))
    assert kept.path is not None
    assert hashlib.sha256(kept.path.read_bytes()).hexdigest() == kept.digest
    assert kept.path.stat().st_size < 10_000
    kept.keep_from(target)
    assert not target.exists()
    assert 3 * spool.MEMORY_BYTES == sum(map(len, kept.chunks("stdout")))


def test_a_flood_is_on_the_disk(tmp_path: Path) -> None:
    """What is held in memory does not grow, whether a stream floods or the two alternate."""
    kept = Spool(tmp_path)
    for _ in range(64):
        kept.add("stdout", b"x" * spool.MEMORY_BYTES)
        assert kept._held <= spool.MEMORY_BYTES
    turns: tuple[Stream, ...] = STREAMS * 20_000
    for stream in turns:
        kept.add(stream, b"y")
        assert kept._held <= spool.MEMORY_BYTES
    assert kept.path is not None
    kept.finish()
    assert kept.path.stat().st_size >= sum(kept.sizes.values())
    assert {"stdout": 64 * spool.MEMORY_BYTES + 20_000, "stderr": 20_000} == kept.sizes


def test_no_room_for_output_names_the_place(tmp_path: Path) -> None:
    """Where a file cannot be written, the error has its path and the reason."""
    kept = Spool(tmp_path / "absent")
    with pytest.raises(Unspooled, match="No such file") as caught:
        kept.add("stdout", b"x" * (spool.MEMORY_BYTES + 1))
    assert str(tmp_path / "absent") == caught.value.filename


@pytest.mark.parametrize(
    "data", [b"\4\0\0\0\0", b"\2\0\0\0\5abcde", b"\0\xff\xff\xff\xff", b"\0\0\0\0\5ab", b"\0"]
)
def test_a_damaged_file_is_told(data: bytes) -> None:
    """An unknown stream, an impossible length, and a file that is cut off are errors."""
    with pytest.raises(ValueError, match=r"unknown frame|cut off"):
        list(frames([data]))
