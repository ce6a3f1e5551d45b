"""What tests may import of all that is installed for them."""

from tests.unit.wheelwright.samples import project
from wheelwright.environment.imported import Imported, imported
from wheelwright.environment.test_dependencies import find

PROJECT = """\
[project]
name = "demo"
version = "1"
dependencies = ["Sphinx>=7", "click"]

[project.optional-dependencies]
full = ["httpx[http2]"]

[dependency-groups]
dev = ["demo[full]", "pytest", "mypy", "pre_commit", "requests"]
"""


def test_programs_of_a_group_are_not_imported_but_what_the_package_requires_is() -> None:
    """An application in a group is called; one that the package requires is a library to it."""
    given = project(PROJECT)
    found = imported(given, find(given, "3.12"))

    assert ("click", "demo[full]", "httpx[http2]", "pytest", "requests", "sphinx") == found.named
    assert {"mypy", "pre-commit"} <= {*found.applications}
    assert "sphinx" not in found.applications
    assert Imported() == Imported((), ())
