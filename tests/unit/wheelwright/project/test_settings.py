"""Reading the settings in `[tool.wheelwright]`."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.errors import ProjectError
from wheelwright.project.settings import Settings


def test_settings_are_read() -> None:
    """Every key of [tool.wheelwright] arrives."""
    text = LIKE_CLICK + (
        '[tool.wheelwright]\npython = "3.11"\ngroups = ["tests"]\nextras = []\n'
        'pytest-args = ["-x"]\ntypecheck = ["mypy", "src"]\nskip = ["build"]\n'
        'test = ["pytest", "-q"]\nrunner = "tox:py312"\nrequirements = ["ci.txt"]\n'
        'lint = ["ruff", "check"]\nformat = ["black", "."]\nuser = "root"\n'
        'env = { MODE = "ci" }\nimage = "python:3.12"\nsystem-packages = ["git", "libc6:i386"]\n'
    )
    expected = Settings(
        python="3.11",
        groups=("tests",),
        pytest_args=("-x",),
        typecheck=("mypy", "src"),
        skip=("build",),
        test=("pytest", "-q"),
        runner="tox:py312",
        requirements=("ci.txt",),
        lint=("ruff", "check"),
        format=("black", "."),
        user="root",
        env={"MODE": "ci"},
        image="python:3.12",
        system_packages=("git", "libc6:i386"),
    )
    assert expected == project(text).settings


def test_unknown_setting_suggests_the_near_one() -> None:
    """A misspelt key and a misspelt gate are both reported, each with what was meant."""
    text = LIKE_CLICK + '[tool.wheelwright]\npytest_arg = ["-x"]\nskip = ["typos"]\n'
    with pytest.raises(ProjectError) as raised:
        project(text)
    assert 'unknown key "pytest_arg" (did you mean "pytest-args"?)' in str(raised.value)
    assert 'unknown gate "typos" (did you mean "types"?)' in str(raised.value)


def test_setting_of_another_type_is_refused() -> None:
    """A string where a list belongs is an error that shows the value."""
    with pytest.raises(ProjectError, match="has groups = 'tests', which is not a list of strings"):
        project(LIKE_CLICK + '[tool.wheelwright]\ngroups = "tests"\n')
    with pytest.raises(ProjectError, match=r"has python = 3\.12, which is not a string"):
        project(LIKE_CLICK + "[tool.wheelwright]\npython = 3.12\n")


def test_choice_that_does_not_exist_is_refused() -> None:
    """A runner, a user and a variable that cannot be are refused with what can be."""
    text = LIKE_CLICK + '[tool.wheelwright]\nrunner = "toxx:py3"\nuser = "me"\nenv = { 1A = "" }\n'
    with pytest.raises(ProjectError) as raised:
        project(text)
    assert 'unknown runner "toxx" (did you mean "tox"?)' in str(raised.value)
    assert "has user = 'me'; only \"root\" can be set" in str(raised.value)
    assert "has env.1A = '', which is not a variable and its text" in str(raised.value)


def test_what_is_no_package_and_no_image_is_refused() -> None:
    """Neither becomes an option of a command."""
    text = LIKE_CLICK + '[tool.wheelwright]\nsystem-packages = ["git", "-o"]\nimage = "a b"\n'
    with pytest.raises(ProjectError) as raised:
        project(text)
    assert "system-packages = '-o', which is not the name of a Debian package" in str(raised.value)
    assert "image = 'a b', which is not the address of an image" in str(raised.value)
