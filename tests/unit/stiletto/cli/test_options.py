"""Options that are read before the command."""

from __future__ import annotations

import pytest

from stiletto.cli.options import Options, peek_options


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["test", "--progress", "plain"], Options(progress="plain")),
        (["-m", "mod", "test"], Options(mod="mod")),
        (["-mmod", "--workdir=w"], Options(mod="mod", workdir="w")),
        (["--source", ".", "-m", "mod", "test"], Options(mod="mod")),
        (["test", "--workdir", "w"], Options()),
        (["test", "-vv", "-q"], Options(verbosity=1)),
        (["test", "--progress", "5"], Options()),
        (["--", "-s"], Options()),
    ],
)
def test_the_start_is_read_off_words_not_known_yet(words: list[str], expected: Options) -> None:
    """Presentation counts anywhere, what the module is loaded with only ahead of functions."""
    assert expected == peek_options(Options(), words)
