"""Checks of a module, and patterns that mean them."""

from __future__ import annotations

import pytest

from stiletto.cli.checktree import Check, checks_of, choose, matches
from stiletto.errors import UsageError
from tests.unit.stiletto.cli.cli_fake import MODULE


def test_checks_are_found_in_objects_that_need_no_arguments() -> None:
    """Nested objects are searched, cycles end, required arguments exclude, generators come last."""
    expected = [
        ("sample:lint", False),
        ("sample:slow", False),
        ("sample:tests:all", False),
        ("sample:tests:unit", False),
        ("sample:types", False),
        ("sample:format", True),
        ("sample:tidy", True),
    ]
    assert expected == [(check.name, check.generator) for check in checks_of(MODULE)]


HERE = f"checks here: {', '.join(check.name for check in checks_of(MODULE))}"

CHECK = Check("myModule", ("unitTests", "python312"), "", generator=False)


@pytest.mark.parametrize(
    "pattern",
    [
        "my-module",
        "myModule:unitTests",
        "unit-tests",
        "unit-tests:python-312",
        "unitTests:python312",
        "unit-*:*",
        "*:python-*",
        "**",
        "**:python-312",
        "unit-tests:**",
        "my-module:**",
        "{lint,unit-tests}:*",
        "unit-test[a-z]:*",
        "unit-test[!0-9]:python-31?",
    ],
)
def test_patterns_mean_a_check_by_prefix_or_glob(pattern: str) -> None:
    """The module's name may be left out; names may be in either case."""
    assert matches(pattern, CHECK)


@pytest.mark.parametrize(
    "pattern", ["unit", "*", "unit-tests:python", "python-312", "unit-*", "{lint,types}:*", "x:**"]
)
def test_patterns_do_not_reach_further(pattern: str) -> None:
    """A star stays within one name, and a prefix ends at a name's end."""
    assert not matches(pattern, CHECK)


def test_chosen_checks_keep_their_order() -> None:
    """Each check is chosen once, whatever patterns mean it."""
    expected = ["sample:tests:unit", "sample:types", "sample:tidy"]
    chosen = choose(checks_of(MODULE), ["types", "tests:unit", "t*"])
    assert expected == [check.name for check in chosen]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("lnt", 'did you mean "lint"? see stiletto check --list'),
        ("sample:lnt", 'did you mean "sample:lint"? see stiletto check --list'),
        ("sampel:lint", 'did you mean "sample:lint"? see stiletto check --list'),
        ("qqqqq", HERE),
        ("sample:nope", HERE),
    ],
)
def test_a_pattern_that_means_nothing_is_an_error(pattern: str, hint: str) -> None:
    """A mistyped name must not pass as no checks to run."""
    with pytest.raises(UsageError) as caught:
        choose(checks_of(MODULE), ["types", pattern])
    assert f'no check matches "{pattern}"' == caught.value.message
    assert hint == caught.value.hint


@pytest.mark.parametrize(
    ("pattern", "message"), [("{a", "missing closing brace"), ("[z-a]", "cannot be read")]
)
def test_a_malformed_pattern_is_an_error(pattern: str, message: str) -> None:
    """The pattern is named."""
    with pytest.raises(UsageError, match=message):
        matches(pattern, CHECK)
