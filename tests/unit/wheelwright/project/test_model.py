"""A package or an application, as its files say it."""

import pytest

from tests.unit.wheelwright.samples import described, project
from wheelwright.errors import ProjectError, RequestError
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe, further, is_python, with_texts

CONFIGURED = "[metadata]\nname = middle\nversion = attr: middle.__version__\n[options]\n"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("setup.py",), True),
        (("setup.cfg",), True),
        (("requirements.txt",), True),
        (("dev-requirements.txt",), True),
        (("requirements/", "requirements/dev.txt"), True),
        (("tox.ini",), True),
        (("noxfile.py",), True),
        (("app.py",), True),
        (("README.md", "app/", "package.json", "docs/conf.py"), False),
        ((), False),
    ],
)
def test_what_makes_a_directory_one_of_python(names: tuple[str, ...], expected: bool) -> None:
    """A directory without pyproject.toml needs some file of Python's."""
    assert expected is is_python(Snapshot({}, frozenset(names)))
    below = frozenset(f"sub/{name}" for name in names)
    assert expected is is_python(Snapshot({}, below), "sub")


def test_a_directory_without_python_is_refused() -> None:
    """The error has what is there, and the flags that name another directory."""
    with pytest.raises(ProjectError) as raised:
        describe(Snapshot({}, frozenset({"README.md", "app/"})))
    assert (
        "no pyproject.toml in the source (it has: README.md, app/); pass --source DIR with the "
        "package's directory, or --package PATH if it lies deeper" == str(raised.value)
    )


def test_a_package_of_setup_py() -> None:
    """It has no pyproject.toml, and everything else all the same."""
    call = "setup(name='Quay.Old', version='2.0', extras_require={'tests': ['pytest']})\n"
    of = described({"setup.py": call})
    assert ("quay-old", "2.0") == (of.name, of.metadata.version)
    assert {"tests": ("pytest",)} == of.metadata.extras
    assert (True, "") == (of.installable, of.unbuildable)
    assert ("pyproject.toml", "") == (of.package.path, of.package.text)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"requirements.txt": ""}, "has no [build-system] and no setup.py"),
        ({"setup.cfg": "[flake8]\n", "app.py": ""}, "has no [build-system] and no setup.py"),
        (
            {"setup.cfg": "[flake8]\n", "pyproject.toml": "[tool.ruff]\n"},
            "has no [build-system] and no setup.py",
        ),
        ({"setup.cfg": CONFIGURED}, "has neither pyproject.toml nor setup.py"),
        ({"setup.cfg": CONFIGURED, "pyproject.toml": "[tool.ruff]\n"}, ""),
        ({"pyproject.toml": "[build-system]\nrequires = []\n"}, ""),
        (
            {"pyproject.toml": "[build-system]\n[tool.poetry]\npackage-mode = false\n"},
            "is an application (package-mode = false in [tool.poetry])",
        ),
        (
            {"pyproject.toml": "[tool.uv]\npackage = false\n", "setup.py": ""},
            "is an application (package = false in [tool.uv])",
        ),
    ],
)
def test_what_can_be_built(texts: dict[str, str], why: str) -> None:
    """A package has a back end or a setup.py; a table of another tool makes none."""
    assert why == described(texts).unbuildable


def test_names_in_messages() -> None:
    """What nothing names is not called by another's name."""
    assert "this package" == described({"setup.py": "setup(name=f())\n"}).name
    assert "this application" == described({"requirements.txt": ""}).name
    below = Snapshot({"api/app.py": ""}, frozenset({"api/app.py"}))
    assert "api" == describe(below, "api", base="api").name


def test_a_missing_name_stops_what_needs_it() -> None:
    """The error has the reason."""
    described({"setup.py": "setup(name='old')\n"}).require_name()
    with pytest.raises(
        RequestError, match=r"not known: setup\.py:1 computes it: name=f\(\); write"
    ):
        described({"setup.py": "setup(name=f())\n"}).require_name()


def test_further_files_decide_metadata() -> None:
    """They are named once, and with their texts the metadata is another."""
    of = described({"setup.cfg": CONFIGURED, "pyproject.toml": "[build-system]\n"})
    wanted = further(of)
    assert "middle/__init__.py" in wanted
    read = with_texts(of, {"middle/__init__.py": "__version__ = '1.4'\n"})
    assert ("", "1.4") == (of.metadata.version, read.metadata.version)
    assert "middle/__init__.py" not in further(read)
    assert [] == further(described({"setup.cfg": "[metadata\n"}))


def test_a_broken_extra_stops_only_what_needs_it() -> None:
    """Name and Pythons are known all the same."""
    text = '[project]\nname = "x"\nversion = "1"\n[project.optional-dependencies]\ntests = "y"\n'
    metadata = project(text).metadata
    assert "x" == metadata.name
    assert "project.optional-dependencies.tests is not a list" in metadata.unknown["extras"]
