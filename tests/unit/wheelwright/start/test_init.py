"""What `init` takes for a repository of Python."""

import pytest

from wheelwright.start.init import is_python


@pytest.mark.parametrize(
    ("names", "where", "expected"),
    [
        (["pyproject.toml", "src/"], "", True),
        (["setup.py"], "", True),
        (["app.py", "requirements.txt"], "", True),
        (["app.py", "requirements/", "requirements/base.txt"], "", True),
        (["app.py", "dev-requirements.txt"], "", True),
        (["tests/", "tests/test_a.py", "tox.ini"], "", True),
        (["go.mod", "gen.py", "tests/a.toml"], "", False),
        (["go.mod", "python/pyproject.toml"], "", False),
        (["go.mod", "python/", "python/pyproject.toml"], "python", True),
        (["package.json"], "", False),
        ([], "", False),
    ],
)
def test_repository_of_python(names: list[str], where: str, expected: bool) -> None:
    """A script of its own makes none: something has to describe how it is installed or tested."""
    assert expected == is_python(names, where)
