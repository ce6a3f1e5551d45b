"""Reading pyproject.toml."""

import pytest
from packaging.specifiers import SpecifierSet

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.project.pyproject import Pyproject, line_in, parse


def attrs() -> Pyproject:
    """Return the package shaped like attrs."""
    return parse("pyproject.toml", LIKE_ATTRS)


def test_included_groups_are_expanded_in_place_and_once() -> None:
    """A group is its own requirements with those of included groups where they stand."""
    expected = ["hypothesis", "pytest", "pytest-xdist[psutil]", "ruff"]
    assert expected == attrs().group("dev")


def test_group_names_are_normalized() -> None:
    """`Tests_Random` and `tests-random` are one group (PEP 503, as PEP 735 says)."""
    assert ["pytest", "pytest-randomly"] == parse("p", LIKE_CLICK).group("Tests_Random")


def test_unknown_group_lists_the_known_ones() -> None:
    """A group that is not there is answered with those that are."""
    with pytest.raises(RequestError) as raised:
        attrs().group("unit")
    expected = (
        'pyproject.toml has no dependency group "unit" (it has: dev, mypy, pyright, tests); '
        "name one of these, or add it to [dependency-groups]"
    )
    assert expected == str(raised.value)


def test_groups_that_include_each_other_are_named() -> None:
    """A cycle of groups is an error that shows the cycle."""
    text = '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n'
    with pytest.raises(ProjectError, match="a -> b -> a"):
        parse("pyproject.toml", text).group("a")


def test_group_entry_of_another_kind_is_refused() -> None:
    """An entry that is no requirement is named, not passed on to the installer."""
    with pytest.raises(ProjectError, match="neither a requirement nor an include-group: 7"):
        parse("pyproject.toml", "[dependency-groups]\na = [7]\n").group("a")


def test_inclusion_of_a_missing_group_names_both() -> None:
    """A dangling include-group says which group includes which name."""
    text = '[dependency-groups]\na = [{include-group = "gone"}]\n'
    with pytest.raises(ProjectError, match='group "a" includes the group "gone"'):
        parse("pyproject.toml", text).group("a")


def test_broken_requirement_is_found_with_its_line() -> None:
    """A requirement that PEP 508 cannot read is shown with file and line."""
    with pytest.raises(ProjectError, match=r"pyproject\.toml:2: 'not a one' is not a requirement"):
        parse("pyproject.toml", '[dependency-groups]\na = ["not a one"]\n').group("a")


def test_broken_toml_says_line_and_column() -> None:
    """A syntax error in pyproject.toml is one sentence with its position."""
    with pytest.raises(ProjectError) as raised:
        parse("pyproject.toml", '[project]\nname = "x\n')
    assert str(raised.value).startswith("pyproject.toml is not valid TOML: ")
    assert "(at line 2, column 10); correct that line" in str(raised.value)


def test_broken_requires_python_is_an_error_of_the_file() -> None:
    """requires-python that is no specifier is shown with its line."""
    text = '[project]\nname = "x"\nrequires-python = "3.9 or so"\n'
    with pytest.raises(ProjectError, match=r"pyproject\.toml:3: requires-python '3\.9 or so'"):
        _ = parse("pyproject.toml", text).requires_python


def test_missing_requires_python_is_none() -> None:
    """A package that says nothing allows everything."""
    assert parse("p", '[project]\nname = "x"\n').requires_python is None
    assert SpecifierSet(">=3.9") == attrs().requires_python


def test_dependencies_of_another_type_are_refused() -> None:
    """`dependencies` that is no list of strings is an error, not an iteration over letters."""
    with pytest.raises(ProjectError, match=r"project\.dependencies is not a list of strings"):
        _ = parse("pyproject.toml", '[project]\ndependencies = "requests"\n').dependencies


def test_no_pyproject_says_what_the_source_holds() -> None:
    """A source without pyproject.toml is answered with its entries and the next act."""
    with pytest.raises(ProjectError) as raised:
        describe(Snapshot({}, frozenset({"README.md", "docs/", "docs/index.md"})))
    expected = (
        "no pyproject.toml in the source (it has: README.md, docs/); "
        "pass --source DIR with the package's directory, or --package PATH if it lies deeper"
    )
    assert expected == str(raised.value)


@pytest.mark.parametrize(
    ("table", "key", "line"),
    [
        ("tool.a", "", 1),
        ("tool.a", "key", 2),
        ("tool.a", "quoted", 3),
        ("tool.a.b", "key", 5),
        ("tool.a", "none", 1),
        ("tool.c", "key", 0),
    ],
)
def test_a_key_has_its_line(table: str, key: str, line: int) -> None:
    """A key is looked for below its own header; one that is not there has the header's line."""
    text = '[tool.a] # c\nkey = 1\n"quoted" = 2\n[ tool."a".b ]\nkey = 3\n'

    assert line == line_in(text, table, key)
