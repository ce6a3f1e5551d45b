"""Reading the locks of other tools."""

from __future__ import annotations

import pytest

from wheelwright.errors import ProjectError
from wheelwright.project.other_locks import read

POETRY = """\
[[package]]
name = "mypy"
version = "1.14.1"
python-versions = ">=3.8"
groups = ["dev"]
markers = 'python_version < "3.10"'

[[package]]
name = "mypy"
version = "1.19.1"
python-versions = ">=3.9"
groups = ["dev"]
markers = 'python_version >= "3.10"'

[[package]]
name = "Sphinx"
version = "7.0"
optional = true
python-versions = "^3.9 || ^4.0"
markers = 'extra == "docs"'

[[package]]
name = "tomli"
version = "2.0.1"
optional = false
python-versions = "*"
markers = { main = 'python_version < "3.11"', dev = 'python_version < "3.10"' }

[[package]]
name = "pytest"
version = "7.4.4"
python-versions = "anything"
markers = { main = 'python_version < "3.8"', dev = "" }
"""


@pytest.mark.parametrize(
    ("name", "python", "version"),
    [
        ("mypy", "3.9", "1.14.1"),
        ("MyPy", "3.12", "1.19.1"),
        ("sphinx", "3.12", "7.0"),
        ("sphinx", "3.8", ""),
        ("tomli", "3.10", "2.0.1"),
        ("tomli", "3.12", ""),
        ("ruff", "3.12", ""),
    ],
)
def test_a_version_of_poetry_is_for_a_python(name: str, python: str, version: str) -> None:
    """The markers and the Pythons of a package decide; one of an extra counts."""
    assert version == read("poetry.lock", POETRY).version(name, python)


def test_the_oldest_lock_of_poetry_has_no_markers() -> None:
    """Before Poetry 2 the Pythons alone tell two versions apart, and the newest that fits wins."""
    text = "".join(
        f'[[package]]\nname = "mypy"\nversion = "{version}"\npython-versions = "{pythons}"\n'
        for version, pythons in (("1.14.1", ">=3.8"), ("1.19.1", ">=3.9"))
    )

    assert ["1.14.1", "1.19.1"] == [
        read("poetry.lock", text).version("mypy", python) for python in ("3.8", "3.9")
    ]


def test_locks_of_pdm_and_of_pep_751() -> None:
    """They have other keys and mean the same."""
    entry = 'name = "ruff"\nversion = "0.9"\nmarker = \'python_version < "3.11"\'\n'
    pdm, pep = read("pdm.lock", f"[[package]]\n{entry}requires_python = '>=3.8'\n"), read(
        "pylock.toml", f"[[packages]]\n{entry}requires-python = '>=3.8'\n"
    )  # fmt: skip

    assert [["", "0.9", ""]] * 2 == [
        [lock.version("ruff", python) for python in ("3.7", "3.10", "3.12")] for lock in (pdm, pep)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD\n", "poetry.lock is not valid TOML: .*; run `poetry lock`"),
        ("package = 3\n", "poetry.lock has packages that its tool did not write"),
        ("package = [3]\n", "poetry.lock has packages that its tool did not write"),
        ('[[package]]\nname = "a"\nversion = "x"\n', "packages that its tool did not write"),
        ('[[package]]\nname = "a"\nmarkers = [1]\n', "packages that its tool did not write"),
        ('[[package]]\nname = "a"\nmarkers = 1\n', "packages that its tool did not write"),
        ('[[package]]\nname = "a"\nmarkers = "x ="\n', "poetry.lock has a broken marker: "),
    ],
)
def test_a_broken_lock_names_the_remedy(text: str, message: str) -> None:
    """What its tool did not write is one error, with the command that writes it again."""
    with pytest.raises(ProjectError, match=message):
        read("poetry.lock", text).version("a", "3.12")
