"""`stiletto prune`, and how sizes and durations are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.cli.prune import read_duration_s
from stiletto.errors import UsageError
from stiletto.store.limit import read_size_bytes, size_text
from tests.unit.stiletto.cli.cli_fake import Shell


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", {"keep_bytes": None, "unused_for_s": None, "volumes": False}),
        ("--volumes", {"keep_bytes": None, "unused_for_s": None, "volumes": True}),
        ("--keep 2GB", {"keep_bytes": 2_000_000_000, "unused_for_s": None}),
        ("--unused-for=7d", {"keep_bytes": None, "unused_for_s": 604_800.0}),
    ],
)
def test_prune_says_what_became_free(
    tmp_path: Path, words: str, expected: dict[str, object]
) -> None:
    """What is kept is up to the flags."""
    ended = Shell(tmp_path)("prune", *words.split())
    opened = ended.launcher.opened_with
    assert expected == {name: opened[name] for name in expected}
    wanted = (0, "1.2 MB freed, 890 B kept\n")
    assert wanted == (ended.code, ended.out)


def test_dry_run_says_what_would_go(tmp_path: Path) -> None:
    """What would be removed is counted by its kind; volumes have their share of what stays."""
    ended = Shell(tmp_path)("prune", "--dry-run")
    assert (True, False) == tuple(ended.launcher.opened_with[key] for key in ("dry_run", "volumes"))
    assert (
        "1.2 MB would be freed, 890 B kept, 90 B of it in cache volumes\n"
        "would be removed: 40 blobs, 3 layers\n"
    ) == ended.out


def test_sizes_and_durations_have_units() -> None:
    """Decimal and binary sizes, and durations from seconds to weeks."""
    expected_sizes = [0, 500, 1500, 1024**3]
    assert expected_sizes == [
        read_size_bytes(text, "--keep") for text in ("0", "500B", "1.5kB", "1GiB")
    ]
    expected_durations = [1.5, 120.0, 3600.0, 604_800.0]
    assert expected_durations == [read_duration_s(text) for text in ("1.5s", "2m", "1h", "1w")]
    expected_texts = ["0 B", "999 B", "1.0 kB", "2.5 GB", "3000.0 TB"]
    sizes = (0, 999, 1000, 2.5e9, 3e15)
    assert expected_texts == [size_text(int(size)) for size in sizes]
    with pytest.raises(UsageError):
        read_duration_s("7")
