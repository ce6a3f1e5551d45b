"""What uv and PDM install for development."""

from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.runners.dev_dependencies import default_groups, pdm_dev, uv_dev


def parsed(text: str) -> pyproject.Pyproject:
    """Return a pyproject.toml."""
    return pyproject.parse("pyproject.toml", text)


def test_uv_dev_dependencies() -> None:
    """Uv's own list is the group "dev", with its line."""
    found = uv_dev(parsed('[tool.uv]\ndev-dependencies = ["pytest", "hypothesis"]\n'))
    assert found is not None
    assert ("dev", ("pytest", "hypothesis")) == (found.name, found.lines)
    assert "pyproject.toml:2 [tool.uv] dev-dependencies" == str(found.place)
    assert uv_dev(parsed("")) is None


def test_pdm_dev_dependencies() -> None:
    """Each group of PDM is a list of its own; an editable directory is a path."""
    found = pdm_dev(
        parsed(
            "[tool.pdm.dev-dependencies]\n"
            'test = ["pytest", "hypothesis"]\n'
            'local = ["-e file:///${PROJECT_ROOT}/sub#egg=sub", "-e git+https://x.org/y.git"]\n'
        )
    )
    assert [
        ("test", ("pytest", "hypothesis")),
        ("local", ("-e sub", "-e git+https://x.org/y.git")),
    ] == [(each.name, each.lines) for each in found]
    assert "pyproject.toml:2 [tool.pdm.dev-dependencies] test" == str(found[0].place)
    assert () == pdm_dev(parsed(""))


def all_of(text: str) -> None:
    """Read everything that is read here."""
    for reader in (uv_dev, pdm_dev, default_groups):
        reader(parsed(text))


GROUPS = '[dependency-groups]\ndev = ["pytest"]\nDocs = ["docutils"]\n'


@pytest.mark.parametrize(
    ("text", "names", "explicit"),
    [
        (f'{GROUPS}[tool.uv]\ndefault-groups = ["dev", "docs"]\n', ("dev", "Docs"), True),
        (f'{GROUPS}[tool.uv]\ndefault-groups = "all"\n', ("dev", "Docs"), True),
        (f"{GROUPS}[tool.uv]\ndefault-groups = []\n", (), True),
        (GROUPS, ("dev",), False),
        ("", (), False),
        ('[tool.uv]\ndev-dependencies = ["pytest"]\n', ("dev",), False),
        ('[tool.uv]\ndev-dependencies = ["x"]\ndefault-groups = "all"\n', ("dev",), True),
        ('[tool.uv]\ndev-dependencies = ["x"]\ndefault-groups = ["dev"]\n', ("dev",), True),
    ],
)
def test_default_groups_of_uv(text: str, names: tuple[str, ...], explicit: bool) -> None:
    """What `uv sync` installs without options: the list, all of them, or "dev"."""
    found = default_groups(parsed(text))
    assert (names, explicit) == (found.names, found.explicit)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.uv]\ndefault-groups = ["nope"]\n', r'pyproject\.toml:2 .* names "nope"'),
        ("[tool.uv]\ndefault-groups = 1\n", r'neither "all" nor a list'),
        ('[tool.uv]\ndefault-groups = "dev"\n', r'neither "all" nor a list'),
        ("[tool.uv]\ndev-dependencies = 1\n", r"pyproject\.toml:2 .* is not a list"),
        ('[tool.uv]\ndev-dependencies = ["a b"]\n', r"'a b' is not a requirement"),
        ("[tool.pdm]\ndev-dependencies = 1\n", r"is not a table of groups"),
        ('[tool.pdm.dev-dependencies]\na = "x"\n', r"pyproject\.toml:2 .* is not a list"),
    ],
)
def test_wrong_shapes_are_errors(text: str, message: str) -> None:
    """A value that is not of its shape is one error, with file and line."""
    with pytest.raises(ProjectError, match=message):
        all_of(text)


VALUES = st.recursive(
    st.one_of(
        st.sampled_from(["all", "dev", "pytest", "-e x"]), st.integers(), st.text(max_size=9)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=250, deadline=None)
@given(VALUES, VALUES, VALUES)
def test_any_values_are_read_or_refused(one: Any, two: Any, three: Any) -> None:
    """Whatever the keys have, there is a list, or a ProjectError."""
    tool = {
        "uv": {"dev-dependencies": one, "default-groups": two},
        "pdm": {"dev-dependencies": three},
    }
    message = "pyproject.toml"
    try:
        all_of(tomlkit.dumps({"tool": tool}))
    except ProjectError as error:
        message = error.message
    assert "pyproject.toml" in message
