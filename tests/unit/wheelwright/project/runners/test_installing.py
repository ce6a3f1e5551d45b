"""What command lines of installers install."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.project import pyproject
from wheelwright.project.runners.installing import Installed, Known, known, pip, unwrapped

KNOWN = Known("reed", ("test", "docs"), ("http",), ("dev",), ("dev", "lint"))


def installed(line: str) -> Installed:
    """Return what a line installs; nothing is left of it to run."""
    found, left = unwrapped(line.split(), KNOWN)
    assert found is not None
    assert () == left
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install -e .[http] -r a.txt -cb.txt pytest>=8",
         Installed(["-r a.txt", "-c b.txt", "pytest>=8"], [], ["http"], installs=True)),
        ("python3 -m pip install -U pip", Installed(["pip"])),
        ("pip install ./dist/x.whl --no-deps", Installed(["./dist/x.whl"])),
        ("pip install https://x.org/y.tar.gz", Installed(["https://x.org/y.tar.gz"])),
        ("pip install --pre -e git+https://x.org/y.git", Installed(["-e git+https://x.org/y.git"])),
        ("pip install --group other/pyproject.toml:a",
         Installed(unread=["--group other/pyproject.toml:a"])),
        ("pip install -i https://x.org/simple x", Installed(["-i https://x.org/simple", "x"])),
        ("uv pip install --group test --odd x", Installed(["x"], ["test"], unread=["--odd"])),
        ("uv pip sync r.txt", Installed(["-r r.txt"])),
        ("uv sync", Installed([], ["dev"], installs=True)),
        ("uv sync --all-groups --no-group docs --all-extras",
         Installed([], ["test"], ["http"], installs=True)),
        ("uv sync --only-group docs", Installed([], ["docs"])),
        ("uv sync --no-default-groups --no-install-project", Installed()),
        ("poetry install --with test --without lint -E http",
         Installed([], ["dev", "test"], ["http"], installs=True)),
        ("poetry install --only test --no-root", Installed([], ["test"])),
        ("pdm install", Installed([], ["test", "docs"], installs=True)),
        ("pdm sync -G http,test --no-self", Installed([], ["test"], ["http"])),
        ("pdm install --prod", Installed(installs=True)),
    ],
)  # fmt: skip
def test_what_lines_install(line: str, expected: Installed) -> None:
    """Requirements, groups, extras and the package are told apart, whatever the installer."""
    assert expected == installed(line)


@pytest.mark.parametrize(
    ("line", "left", "groups"),
    [
        ("uv run --group test --with mock -- pytest -x", "pytest -x", ["dev", "test"]),
        ("uv run --no-sync -m pytest", "python -m pytest", []),
        ("poetry run pytest", "pytest", None),
        ("pdm run pytest", "pytest", None),
        ("pytest --group x", "pytest --group x", None),
        ("pip list", "pip list", None),
        ("python -m build", "python -m build", None),
        ("uv build", "uv build", None),
    ],
)
def test_what_is_left_to_run(line: str, left: str, groups: list[str] | None) -> None:
    """`uv run` installs and runs; another command is left as it is."""
    found, words = unwrapped(line.split(), KNOWN)
    assert tuple(left.split()) == words
    assert groups == (found.groups if found else None)


def test_paths_start_at_the_directory() -> None:
    """In another directory `.` is not the package."""
    found = pip(["-e", ".", "..", "-r", "x.txt"], KNOWN, "sub")
    assert Installed(["-e ./sub", "-r sub/x.txt"], installs=True) == found


def test_names_of_a_package() -> None:
    """Groups of both kinds, extras, and the defaults of uv and Poetry."""
    text = (
        '[project]\nname = "Reed"\n[project.optional-dependencies]\nhttp = []\n'
        '[dependency-groups]\ntest = []\n[tool.uv]\ndefault-groups = ["test"]\n'
        "[tool.poetry.group.lint]\n[tool.poetry.group.docs]\noptional = true\n"
    )
    assert Known("reed", ("test", "lint", "docs"), ("http",), ("test",), ("lint",)) == known(
        pyproject.parse("pyproject.toml", text)
    )


WORDS = st.sampled_from(
    [
        "pip", "uv", "poetry", "pdm", "python", "-m", "install", "run", "sync", "--group", "-G",
        "-e", "-r", "--", "-", "", ".", "--extra=", "-E", "--with", "x[", "a b", "-e.[x]", "=",
    ]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=8))
def test_any_line_is_read(words: list[str]) -> None:
    """No command line is too odd: what it installs is strings, what is left is of the line."""
    found, left = unwrapped(words, KNOWN)
    assert all(isinstance(each, str) for each in left)
    assert found is None or all(isinstance(each, str) for each in found.requirements)
