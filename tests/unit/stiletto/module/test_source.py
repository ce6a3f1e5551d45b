"""Where a module is, and how its project wants to be run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stiletto.errors import ModuleFailed, UsageError
from stiletto.module.source import context_of, find_module, read_project


def write(root: Path, **files: str) -> Path:
    """Write files, by name with `__` for dots."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


def test_module_is_found_here_and_above(tmp_path: Path) -> None:
    """Without a reference, the nearest dagger.json counts, from the working directory upwards."""
    write(tmp_path, dagger__json="{}")
    deep = write(tmp_path / "a/b")

    assert tmp_path == find_module(None, tmp_path)
    assert tmp_path == find_module(None, deep)
    inner = write(tmp_path / "a", dagger__json="{}")
    assert inner == find_module(None, deep)


def test_the_search_ends_at_the_repository(tmp_path: Path) -> None:
    """A dagger.json above the repository around the working directory is not its module."""
    write(tmp_path, dagger__json="{}")
    repository = write(tmp_path / "repository/.git").parent

    with pytest.raises(UsageError, match="no module around") as caught:
        find_module(None, write(repository / "src"))
    assert (
        "write one with `stiletto init`, or name a module: stiletto -m ADDRESS call --source . ..."
        == caught.value.hint
    )


def test_module_by_reference(tmp_path: Path) -> None:
    """A reference is a path relative to the working directory; a missing one is named."""
    write(tmp_path / "m", dagger__json="{}")

    assert tmp_path / "m" == find_module("m", tmp_path)
    assert tmp_path / "m" == find_module("../m", tmp_path / "x")
    with pytest.raises(UsageError, match=r"no module at .*absent: .* dagger.json") as caught:
        find_module("absent", tmp_path)
    assert "name the directory of a dagger.json, or a repository" == caught.value.hint


def test_a_home_of_nobody_is_a_path(tmp_path: Path) -> None:
    """A `~` with a name that no user has is a directory of this name."""
    with pytest.raises(UsageError, match=r"no module at .*/~no-such-user/x"):
        find_module("~no-such-user/x", tmp_path)


@pytest.mark.parametrize("name", ["dagger.json", "dagger.toml"])
@pytest.mark.parametrize("kind", ["directory", "link", "loop", "pipe"])
def test_what_is_not_a_file_is_named(name: str, kind: str, tmp_path: Path) -> None:
    """A directory, a dangling link or a pipe in place of the file is an error, not "no module"."""
    path = tmp_path / name
    match kind:
        case "directory":
            path.mkdir()
            expected = "a directory, not a file"
        case "link":
            path.symlink_to("gone")
            expected = "a link to gone, where no file is"
        case "loop":
            path.symlink_to(name)
            expected = f"a link to {name}, where no file is"
        case _:
            os.mkfifo(path)
            expected = "not a regular file"

    with pytest.raises(ModuleFailed) as caught:
        find_module(None, tmp_path)

    assert f"{path}: {expected}" == caught.value.message
    assert f"write {name} as a file, or remove it" == caught.value.hint


def test_context_is_the_repository(tmp_path: Path) -> None:
    """The context is the nearest repository, or the directory itself; a worktree counts."""
    module = write(tmp_path / "repository/deep/module")

    assert module == context_of(module)
    write(tmp_path / "repository", __git="gitdir: elsewhere")
    assert tmp_path / "repository" == context_of(module)


def test_project(tmp_path: Path) -> None:
    """Package, interpreter and entry point are read from pyproject.toml."""
    text = """
    [project]
    name = "My-own.gears"
    requires-python = ">=3.11"
    dependencies = ["dagger_io>=0.21"]
    [project.entry-points."dagger.mod"]
    main_object = "gears.main:Gears"
    """
    project = read_project(write(tmp_path, pyproject__toml=text))

    assert ("My_own_gears", ">=3.11", "gears.main:Gears", "") == (
        project.package,
        project.python,
        project.main_object,
        project.image,
    )


def test_smallest_project(tmp_path: Path) -> None:
    """Nothing in pyproject.toml has to be there."""
    project = read_project(write(tmp_path, pyproject__toml=""))

    assert ("main", "", "", "") == (
        project.package,
        project.python,
        project.main_object,
        project.image,
    )


@pytest.mark.parametrize(
    ("pinned", "expected"), [("3.12\n", "3.12"), ("# which\n\n3.13 # why\n3.12", "3.13"), ("", "")]
)
def test_pinned_interpreter(tmp_path: Path, pinned: str, expected: str) -> None:
    """`.python-version` goes before requires-python; an empty one says nothing."""
    text = '[project]\nrequires-python = ">=3.11"'
    write(tmp_path, pyproject__toml=text)
    (tmp_path / ".python-version").write_text(pinned)

    assert (expected or ">=3.11") == read_project(tmp_path).python


def test_base_image(tmp_path: Path) -> None:
    """`[tool.dagger] base-image` is the image to run in, whatever requires-python names."""
    text = """
    [project]
    requires-python = ">=3.11,<4"
    [tool.dagger]
    base-image = "python:3.12-slim"
    """
    project = read_project(write(tmp_path, pyproject__toml=text))

    assert ("python:3.12-slim", "") == (project.image, project.python)


@pytest.mark.parametrize("required", [">=3.11,<3.14", "==3.12.*", ">=3.10, !=3.11.1"])
def test_bounds_that_name_no_image(tmp_path: Path, required: str) -> None:
    """What Dagger cannot make an image's tag of is refused with the line, as there."""
    text = f'[project]\nname = "x"\nrequires-python = "{required}"\n'
    write(tmp_path, pyproject__toml=text)

    with pytest.raises(ModuleFailed) as raised:
        read_project(tmp_path)

    assert f"{tmp_path / 'pyproject.toml'}:3: requires-python is {required!r}" in str(raised.value)
    assert raised.value.hint == "write the version into .python-version, such as 3.12"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "pyproject.toml: not found"),
        ("\n[project]\nname = oops\n", "pyproject.toml:3: not valid TOML: "),
    ],
)
def test_unreadable_projects(tmp_path: Path, text: str | None, words: str) -> None:
    """A missing or broken pyproject.toml is an error that names it."""
    if text is not None:
        write(tmp_path, pyproject__toml=text)

    with pytest.raises(ModuleFailed, match=words):
        read_project(tmp_path)


@pytest.mark.parametrize("line", ["base-image = 4", 'use-uv = "x"', "uv-version = 0.10"])
def test_settings_of_another_type_are_refused(line: str, tmp_path: Path) -> None:
    """What Dagger cannot read in [tool.dagger] does not count as absent."""
    write(tmp_path, pyproject__toml=f'[project]\nname = "m"\n[tool.dagger]\n{line}\n')
    with pytest.raises(ModuleFailed) as caught:
        read_project(tmp_path)

    name = line.partition(" ")[0]
    assert f"{tmp_path}/pyproject.toml:4: {name} of [tool.dagger] must be " in caught.value.message


def test_a_python_version_of_no_python_is_refused(tmp_path: Path) -> None:
    """Dagger makes an image's tag of .python-version; any other text is an error with its line."""
    write(tmp_path, pyproject__toml='[project]\nname = "m"\n')
    (tmp_path / ".python-version").write_text("# pinned\nnope\n")
    with pytest.raises(
        ModuleFailed, match=r"\.python-version:2: 'nope' is not a version"
    ) as caught:
        read_project(tmp_path)

    assert "write it as 3.12" == caught.value.hint
