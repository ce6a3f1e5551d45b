"""`stiletto verify`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.stiletto.cli.cli_fake import Shell


@pytest.mark.parametrize(
    ("words", "code", "found"), [("", 1, "damaged"), ("--repair", 0, "dropped")]
)
def test_verify_names_what_is_damaged(tmp_path: Path, words: str, code: int, found: str) -> None:
    """Each damaged part is a line; it is an error unless it was dropped."""
    ended = Shell(tmp_path)("verify", *words.split())
    out = f"{found}: /cache/blobs/ab/abc: cut off\nchecked 2 blobs: 1 damaged\n"
    assert (code, out) == (ended.code, ended.out)
    assert ("stiletto verify --repair" in ended.err) == (code == 1)
