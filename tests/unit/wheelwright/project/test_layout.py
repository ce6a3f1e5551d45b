"""Which tests no build can see."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, fixture, project
from wheelwright.project.layout import test_directories as directories

NAMED = '[project]\nname = "demo"\nversion = "1"\n'


def built(by: str = "hatchling.build", more: str = "") -> str:
    """Return a pyproject.toml."""
    return f'{NAMED}[build-system]\nrequires = []\nbuild-backend = "{by}"\n{more}'


@pytest.mark.parametrize(
    "by", ["hatchling.build", "uv_build", "flit_core.buildapi", "setuptools.build_meta"]
)
def test_known_back_ends_take_no_tests(by: str) -> None:
    """Directories called tests or test beside the package are no part of it."""
    described = project(built(by), names=("tests/", "test/", "testing/"))
    assert ("tests", "test") == directories(described)


def test_words_about_running_tests_are_none_about_building() -> None:
    """Groups and environments that are called like the directory do not keep it in the build."""
    more = (
        '[dependency-groups]\ntests = ["pytest"]\n[tool.uv]\ndefault-groups = ["tests"]\n'
        '[tool.hatch.envs.test]\ndependency-groups = ["tests"]\n'
        '[tool.poetry.group.test.dependencies]\npytest = "*"\n'
        '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
    )
    assert ("tests",) == directories(project(built(more=more), names=("tests/",)))


@pytest.mark.parametrize(
    ("by", "more"),
    [
        ("flit_core.buildapi", '[tool.flit.sdist]\ninclude = ["docs/", "tests/"]\n'),
        ("hatchling.build", '[tool.hatch.build.targets.sdist]\ninclude = ["/src", "/tests"]\n'),
        ("uv_build", '[tool.uv.build-backend]\nsource-include = ["tests/**"]\n'),
        ("pdm.backend", '[tool.pdm.build]\nsource-includes = ["tests"]\n'),
        (
            "poetry.core.masonry.api",
            '[tool.poetry]\ninclude = [{ path = "tests", format = "sdist" }]\n',
        ),
    ],
)
def test_what_counts_for_an_sdist_does_not_keep_them_in_the_build(by: str, more: str) -> None:
    """The package is installed without an sdist: its tests, which only that has, come later."""
    assert ("tests",) == directories(project(built(by, more), names=("tests/",)))


def test_tests_of_a_member_are_where_the_member_is() -> None:
    """Paths are those of the source."""
    assert ("packages/crane/tests",) == directories(fixture("workspace", "packages/crane"))


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (built("maturin"), {}),
        (NAMED, {}),
        (built(), {"setup.py": ""}),
        (built("setuptools.build_meta"), {"setup.cfg": ""}),
        (built(more='backend-path = ["."]\n'), {}),
        (built(more='[tool.hatch.build.hooks.custom]\npath = "x.py"\n'), {}),
        (built(more='[tool.hatch.build.targets.wheel]\npackages = ["src/a", "tests"]\n'), {}),
        (built(more='[tool.hatch.build]\ninclude = ["/src", "/tests"]\n'), {}),
        (built("poetry.core", '[tool.poetry]\ninclude = [{ path = "tests/data" }]\n'), {}),
        (built(more='[tool.setuptools.packages.find]\ninclude = ["tests/data"]\n'), {}),
        (built(more='[tool.uv.sources]\nb = { path = "tests/b" }\n'), {}),
        (built().replace('"demo"', '"tests"'), {}),
    ],
    ids=[
        "a back end with build files of its own",
        "no back end",
        "setup.py",
        "setup.cfg",
        "a back end in the tree",
        "a hook",
        "packaged",
        "included in each target",
        "included in each format",
        "packaged in part",
        "a dependency inside",
        "the package itself",
    ],
)
def test_where_a_build_might_see_them_they_stay(text: str, files: dict[str, str]) -> None:
    """What is not certain counts as seen."""
    assert () == directories(project(text, files, names=("tests/",)))


def test_nothing_there_is_nothing_left_out() -> None:
    """A package without such a directory has none."""
    assert () == directories(project(LIKE_CLICK, names=("src/",)))
