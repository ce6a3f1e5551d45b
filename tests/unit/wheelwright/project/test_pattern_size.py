"""How large a pattern is before it is compiled."""

from __future__ import annotations

import re

import pytest

from wheelwright.project.pattern_size import MOST, size


@pytest.mark.parametrize(
    "pattern",
    [
        "^src/",
        "docs/|ext/",
        "(?x)^(\\d+|[0-9a-f]{8}|[0-9a-f]{40})[.]( # ((((\n feature | bugfix )([.]\\d+)?$",
        r"(?:[a-z]{63}\.){127}",
        "(?i)" + "|".join(f"tests/data/{n}/" for n in range(500)),
        "(" * 40 + "a" + ")?" * 40,
        "(?P<a>x)(?(a)y|z)(?=b)(?<!c)(?>d)e*+",
    ],
)
def test_patterns_of_projects_are_small(pattern: str) -> None:
    """What real configurations have is far below the limit."""
    assert 0 < size(pattern) < MOST


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 28 + "a" + ")+" * 28,
        "(?:" * 14 + "a" + "){9}" * 14,
        "(?x)(((a{50} # )\n){50}){50})",
        "(?:(?:x|(?=y{999}){99})+){9,10}",
        "(?P<a>x)(?(a)(?:b{300}){300}|c)",
        "a{60000}",
    ],
)
def test_repeats_of_repeats_are_large(pattern: str) -> None:
    """What repeats multiplies, whatever it is written in."""
    assert size(pattern) > MOST


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?<a>b)", "a{99999999999999999999}"])
def test_what_is_not_a_pattern(pattern: str) -> None:
    """The syntax is that of the standard library."""
    with pytest.raises(re.error):
        size(pattern)
