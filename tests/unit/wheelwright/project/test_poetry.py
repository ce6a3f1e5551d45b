"""Reading [tool.poetry]."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from wheelwright.errors import ProjectError, RequestError, WheelwrightError
from wheelwright.project import pyproject
from wheelwright.project.poetry import Poetry, read
from wheelwright.project.reading import requirement

VERSE = """\
[tool.poetry]
name = "quay-verse"
version = "0.3.0"
packages = [{ include = "quay_verse" }]

[tool.poetry.dependencies]
python = "^3.10"
iniconfig = "^2.0"
tomli = { version = "^2.0", python = "<3.11" }

[tool.poetry.dev-dependencies]
pytest = "^8.3"
"""
REED = """\
[project]
name = "reed-poetry"

[tool.poetry.group.test.dependencies]
pytest = "^8.3"
hypothesis = "*"
"""


def poetry(text: str) -> Poetry:
    """Return the table of a pyproject.toml with this text."""
    found = read(pyproject.parse("pyproject.toml", text))
    assert found is not None
    return found


def lines(table: str) -> tuple[str, ...]:
    """Return the requirements of a table of dependencies."""
    return poetry(f"[tool.poetry.dependencies]\n{table}\n").dependencies


def test_the_table_of_a_package() -> None:
    """Pythons, dependencies with conditions, and the old table of development dependencies."""
    found = poetry(VERSE)

    assert ">=3.10,<4.0" == found.python
    assert ("iniconfig>=2.0,<3.0", 'tomli>=2.0,<3.0 ; python_version < "3.11"') == (
        found.dependencies
    )
    assert ("pytest>=8.3,<9.0",) == found.group("dev")
    assert "pyproject.toml:11 [tool.poetry.dev-dependencies]" == str(found.groups["dev"].place)


def test_groups_beside_a_project_table() -> None:
    """Groups are read where [project] has the metadata."""
    found = poetry(REED)

    assert ("pytest>=8.3,<9.0", "hypothesis") == found.group("test")
    assert "pyproject.toml:4 [tool.poetry.group.test.dependencies]" == (
        str(found.groups["test"].place)
    )
    assert ("", ()) == (found.python, found.dependencies)


def test_optional_and_included_groups() -> None:
    """A group says that it is optional; one that includes others has their lines behind its own."""
    found = poetry(
        '[tool.poetry.group.docs]\noptional = true\ninclude-groups = ["Test_it"]\n'
        '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n'
        '[tool.poetry.group.test-it.dependencies]\npytest = "*"\n'
        '[tool.poetry.group.dev.dependencies]\nruff = "*"\n'
        '[tool.poetry.dev-dependencies]\nmypy = "1.19.1"\n'
    )

    assert (True, False) == (found.groups["docs"].optional, found.groups["test-it"].optional)
    assert ("sphinx", "pytest") == found.group("docs")
    assert ("ruff", "mypy==1.19.1") == found.group("dev")
    with pytest.raises(RequestError, match=r'no Poetry group "x" \(it has: dev, docs, test-it\)'):
        found.group("x")


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('a = "*"', ("a",)),
        ('a = { version = "^1", extras = ["x", "y"] }', ("a[x,y]>=1,<2",)),
        ('a = {}', ("a",)),
        (
            "a = [{ version = '1', python = '<3.11' }, { version = '2', python = '>=3.11' }]",
            ('a==1 ; python_version < "3.11"', 'a==2 ; python_version >= "3.11"'),
        ),
        (
            "a = { version = '*', platform = 'linux', markers = \"os_name == 'nt'\" }",
            ('a ; (os_name == \'nt\') and (sys_platform == "linux")',),
        ),
        (
            "a = { git = 'https://host/x/a.git', branch = 'main', subdirectory = 'b' }",
            ("a @ git+https://host/x/a.git@main#subdirectory=b",),
        ),
        (
            "a = { git = 'git@host:x/a.git', tag = 'v1', extras = ['b'] }",
            ("a[b] @ git+ssh://git@host/x/a.git@v1",),
        ),
        ("a = { url = 'https://host/a.zip' }", ("a @ https://host/a.zip",)),
        ("a = { path = '../a', develop = true }", ("-e ../a",)),
        ("a = { path = 'libs/a', extras = ['b'] }", ("./libs/a[b]",)),
        ("a = { file = 'a.whl', python = '>3.9' }",
         ('./a.whl ; python_full_version > "3.9.0"',)),
        ("a = { version = '^1', optional = true }", ()),
        ("Python = '^3'", ()),
    ],
)  # fmt: skip
def test_each_form_of_a_dependency(table: str, found: tuple[str, ...]) -> None:
    """Versions, conditions, git, addresses and paths are lines that pip and uv read."""
    assert found == lines(table)


def test_extras_take_dependencies_out() -> None:
    """What an extra names is required by that extra alone, as in the metadata of the wheel."""
    found = poetry(
        '[tool.poetry.dependencies]\na = "1"\nb = { version = "2", optional = true }\nC_d = "3"\n'
        '[tool.poetry.extras]\nx_y = ["b", "c-d"]\nnone = ["e"]\n'
    )

    assert ("a==1",) == found.dependencies
    assert {"x-y": ("b==2", "C_d==3"), "none": ()} == found.extras


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('b = "1"\na = "^^1"', ':3 [tool.poetry.dependencies]: a = "^^1" cannot be read: '),
        ("a = 1", ":2 [tool.poetry.dependencies]: a = 1 cannot be read: version is not a string"),
        ("a = { version = '1', markers = 'x' }", ":2 [tool.poetry.dependencies]: a = "),
        ("a = { version = '1', extras = 'x' }", "extras is not a list of strings"),
        ("a = { path = 'b; rm' }", "a path with blanks, `;` or `#`"),
        ("a = { path = 'b', markers = \"os_name == 'nt'\\nc\" }", "cannot be read"),
        ("'a b' = '1'", "cannot be read"),
        ("a = { git = 'https://h/a b' }", "cannot be read"),
    ],
)
def test_a_dependency_that_cannot_be_read_has_a_line(table: str, message: str) -> None:
    """The error names the line, what is written, and a way around it."""
    with pytest.raises(ProjectError, match=re.escape(message.replace('"', "'"))) as caught:
        lines(table)
    assert "name other groups with --groups" in caught.value.hint


def test_a_broken_constraint_of_python_is_named() -> None:
    """The Pythons are read apart from the dependencies: one of them broken leaves the other."""
    found = poetry('[tool.poetry.dependencies]\npython = "three"\na = "1"\n')

    assert ("a==1",) == found.dependencies
    with pytest.raises(ProjectError, match=r"pyproject.toml:2 .*python = 'three' cannot be read"):
        _ = found.python


def test_groups_that_include_each_other_are_an_error() -> None:
    """A circle is named, and a group that does not exist."""
    found = poetry(
        '[tool.poetry.group.a]\ninclude-groups = ["b"]\n'
        '[tool.poetry.group.b]\ninclude-groups = ["a"]\n'
        '[tool.poetry.group.c]\ninclude-groups = ["d"]\n'
    )
    with pytest.raises(ProjectError, match="Poetry groups include each other: a -> b -> a"):
        found.group("a")
    with pytest.raises(ProjectError, match='group "c" includes the group "d", which does not'):
        found.group("c")


def test_what_is_no_package() -> None:
    """An application says so; a file without the table has no Poetry."""
    assert not poetry("[tool.poetry]\npackage-mode = false\n").is_package
    assert poetry(VERSE).is_package
    assert read(pyproject.parse("pyproject.toml", "[project]\nname = 'a'\n")) is None


WRITTEN = st.sampled_from(
    ["^1.2", "~2", "*", "1.*", ">=1,<3", "!=2", "1.2 || 1.4", "<3.11", "^3.9", "x", "", "==1.0"]
)
ENTRY = st.fixed_dictionaries(
    {"version": WRITTEN},
    optional={
        "python": WRITTEN,
        "platform": st.sampled_from(["linux", "!=win32", "linux || darwin"]),
        "markers": st.sampled_from(
            ["os_name == 'nt'", "python_version >= '3.9' or os_name == 'a'"]
        ),
        "extras": st.lists(st.sampled_from(["x", "y"]), max_size=2),
    },
)


@settings(max_examples=250, deadline=None)
@given(ENTRY)
def test_lines_are_those_of_poetry_core(entry: dict[str, object]) -> None:
    """Of a dependency with a version, poetry-core's own line has the same parts."""
    with pytest.MonkeyPatch.context() as patch:
        import poetry.core

        patch.syspath_prepend(poetry.core.__vendor_site__)
        from poetry.core.factory import Factory

        try:
            theirs = Requirement(Factory.create_dependency("a", entry).to_pep_508())
        except (ValueError, AssertionError):
            return
    table = ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry.items())
    try:
        (line,) = lines(f"a = {{ {table} }}")
    except ProjectError:
        return
    ours = requirement(line)

    assert (theirs.name, theirs.extras) == (ours.name, ours.extras)
    if "||" not in str(entry["version"]):
        assert theirs.specifier == ours.specifier
    for python in ("3.8", "3.10", "3.11", "3.12"):
        for system, name in (("linux", "posix"), ("win32", "nt"), ("darwin", "a")):
            place = {
                "python_version": python, "python_full_version": f"{python}.0",
                "sys_platform": system, "os_name": name,
            }  # fmt: skip
            assert (theirs.marker is None or theirs.marker.evaluate(place)) == (
                ours.marker is None or ours.marker.evaluate(place)
            )


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | WRITTEN | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["version", "git", "path", "url", "python", "extras", "markers", "a"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "python", "b[c]", "d e", ""]), VALUE, max_size=3))
def test_any_table_is_read_or_refused(table: dict[str, object]) -> None:
    """Whatever the values: lines, or an error of this project."""
    data = {"tool": {"poetry": {"dependencies": table, "group": table, "extras": table}}}
    found = Poetry(pyproject.Pyproject("pyproject.toml", "", data))
    for act in (
        lambda: found.python, lambda: found.dependencies, lambda: found.extras,
        lambda: [found.group(name) for name in found.groups],
    ):  # fmt: skip
        try:
            read_value = act()
        except WheelwrightError as error:
            read_value = error.message
        assert read_value is not None
