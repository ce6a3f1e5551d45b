"""What a loaded project is called."""

import tomllib
from pathlib import Path

from dagger import dag

from tests.unit.wheelwright.samples import project
from wheelwright.container.cut import Tree
from wheelwright.container.loading import LoadedProject
from wheelwright.pins import PACKAGE

ROOT = Path(__file__).parents[4]


def title(name: str, *names: str) -> str:
    """Return the title of a package of this name, with these entries beside its pyproject.toml."""
    text = f'[project]\nname = "{name}"\nversion = "1"\n'
    empty = dag.directory()
    return LoadedProject(project(text, names=names), empty, Tree(empty, (), frozenset())).title


def test_headlines_say_when_the_source_is_this_module() -> None:
    """Without --source, `-m` works on the module's own repository, which is easily overlooked."""
    assert f"{PACKAGE} (the repository of this module itself)" == title(PACKAGE, "dagger.json")
    assert ["demo", PACKAGE] == [title("demo", "dagger.json"), title(PACKAGE)]


def test_package_is_that_of_this_repository() -> None:
    """The name is written down twice: a module reads no file of its own repository."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert PACKAGE == tomllib.loads(text)["project"]["name"]
