"""The source is what git tracks, and what it would add; its history is found."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from .bench import Bench
from .repositories import HATCHLING, PYTEST, commit, git, repository, write

TAGGED = """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "tide"
dynamic = ["version"]
requires-python = ">=3.10"

[dependency-groups]
test = ["pytest"]

[tool.hatch.version]
source = "vcs"
"""
SAYS_VERSION = """\
from importlib.metadata import version


def test_version() -> None:
    assert "2.4.0" == version("tide")
"""
TIDE = {"pyproject.toml": TAGGED, "src/tide/__init__.py": "", "tests/test_tide.py": SAYS_VERSION}


def built(bench: Bench, source: Path, to: Path, *words: str | Path) -> set[str]:
    """Build a package; return the files of both distributions, without versions."""
    first = [word for word in words if str(word).startswith("--package")]
    bench.passes(source, *first, "build", *[word for word in words if word not in first], "-o", to)
    (sdist,), (wheel,) = to.glob("*.tar.gz"), to.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as archive:
        return names | set(archive.namelist())


@pytest.mark.slow
def test_a_tracked_directory_with_the_name_of_a_cache_is_built(
    stiletto: Bench, tmp_path: Path
) -> None:
    """A package may have a module `venv` and a directory `build`."""
    files = {
        "pyproject.toml": HATCHLING.format(name="hut"),
        "src/hut/__init__.py": "",
        "src/hut/venv/__init__.py": "",
        "src/hut/build/__init__.py": "",
    }
    names = built(stiletto, repository(tmp_path / "hut", files), tmp_path / "dist")
    assert {"hut/venv/__init__.py", "hut/build/__init__.py"} <= names


@pytest.mark.slow
def test_an_ignored_file_is_nowhere(stiletto: Bench, tmp_path: Path) -> None:
    """Not in the distributions, nor in the tests; a change of it runs no step again."""
    test = (
        "import os\n\n\ndef test_it() -> None:\n"
        "    assert not os.path.exists('out') and not os.path.exists('.env')\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="shaft") + PYTEST,
        "src/shaft/__init__.py": "",
        "tests/test_shaft.py": test,
        ".gitignore": "out/\n.env\n",
    }
    source = repository(tmp_path / "shaft", files)
    write(source, {"out/blob": "one", ".env": "TOKEN=none", "src/shaft/new.py": ""})

    stiletto.passes(source, "test")
    names = built(stiletto, source, tmp_path / "dist")
    write(source, {"out/blob": "two"})
    again = stiletto.passes(source, "test")

    assert "shaft/new.py" in names
    assert not [name for name in names if "blob" in name or ".env" in name]
    assert [] == again.ran


@pytest.mark.slow
def test_generated_code_that_git_ignores_is_not_linted(stiletto: Bench, tmp_path: Path) -> None:
    """Neither by lint nor by format."""
    pyproject = HATCHLING.format(name="weir") + '\n[tool.ruff.lint]\nselect = ["E", "F"]\n'
    files = {"pyproject.toml": pyproject, "src/weir/__init__.py": "", ".gitignore": "_made.py\n"}
    source = repository(tmp_path / "weir", files)
    write(source, {"src/weir/_made.py": "import os,sys\nx = (1,2)\n"})
    stiletto.passes(source, "lint")
    stiletto.passes(source, "check-format")


@pytest.mark.slow
def test_rules_above_a_package_count(stiletto: Bench, tmp_path: Path) -> None:
    """A laptop's secrets do not get into the distributions of a package in a directory."""
    files = {
        ".gitignore": ".env\n*.sqlite\n_tmp/\n",
        "boat/pyproject.toml": HATCHLING.format(name="boat"),
        "boat/src/boat/__init__.py": "",
    }
    source = repository(tmp_path / "harbour", files)
    write(source, {"boat/.env": "x", "boat/_tmp/x": "", "boat/src/boat/own.sqlite": ""})

    inside = built(stiletto, source, tmp_path / "one", "--package=boat")
    below = built(stiletto, source / "boat", tmp_path / "two", "--git", source)

    for names in (inside, below):
        assert "boat/__init__.py" in names
        assert not [name for name in names if ".env" in name or "_tmp" in name or "sqlite" in name]


def test_configuration_above_a_package_counts(stiletto: Bench, tmp_path: Path) -> None:
    """The root's ruff.toml is that of a package without one."""
    files = {
        "ruff.toml": '[lint]\nselect = ["F401"]\n',
        "back/pyproject.toml": HATCHLING.format(name="back"),
        "back/src/back/__init__.py": "import os\n",
    }
    source = repository(tmp_path / "repo", files)
    ended = stiletto.fails(source, "--package=back", "lint")
    assert "back/src/back/__init__.py:1:8: F401" in ended.error


@pytest.mark.slow
def test_a_package_without_what_is_above_it_says_so(stiletto: Bench, tmp_path: Path) -> None:
    """The files that would decide are named, and the call that has them read."""
    files = {
        "ruff.toml": '[lint]\nselect = ["F401"]\n',
        "back/pyproject.toml": HATCHLING.format(name="back"),
        "back/src/back/__init__.py": "import os\n",
    }
    source = repository(tmp_path / "repo", files)

    below = stiletto.passes(source / "back", "describe", "--git", source)
    alone = stiletto.passes(source / "back", "describe")
    table = stiletto.passes(source / "back", "ci", "--git", source)

    assert "above back the repository has ruff.toml, not read here" in below.out
    assert "the source has no .git" in alone.out
    assert "note: above back the repository has ruff.toml" in table.out
    assert "lint    not configured" in table.out


@pytest.mark.slow
def test_a_back_end_lists_files_with_git(stiletto: Bench, tmp_path: Path) -> None:
    """Its data are in the wheel, although the version is written down."""
    pyproject = (
        '[build-system]\nrequires = ["setuptools>=77", "setuptools-scm>=8"]\n'
        'build-backend = "setuptools.build_meta"\n\n'
        '[project]\nname = "finder"\nversion = "1.0"\n'
    )
    files = {
        "pyproject.toml": pyproject,
        "src/finder/__init__.py": "",
        "src/finder/table.json": "{}\n",
    }
    names = built(stiletto, repository(tmp_path / "finder", files), tmp_path / "dist")
    assert {"src/finder/table.json", "finder/table.json"} <= names


@pytest.mark.slow
def test_the_version_comes_from_the_tag(stiletto: Bench, tmp_path: Path) -> None:
    """Without a word about git, for the build and for the tests."""
    source = repository(tmp_path / "tide", TIDE, "v2.4.0")
    built(stiletto, source, tmp_path / "dist")
    assert (tmp_path / "dist" / "tide-2.4.0.tar.gz").is_file()
    assert "1 passed" in stiletto.passes(source, "test").out


@pytest.mark.slow
def test_a_worktree_names_its_repository(stiletto: Bench, tmp_path: Path) -> None:
    """With that, the version is the worktree's; without, one sentence says what to pass."""
    main = repository(tmp_path / "main", TIDE, "v2.4.0")
    git(main, "worktree", "add", "-q", "../second")
    write(tmp_path / "second", {"more.txt": ""})
    commit(tmp_path / "second", "v2.5.0")

    refused = stiletto.fails(tmp_path / "second", "build")
    built(stiletto, tmp_path / "second", tmp_path / "dist", "--git", main)

    assert f"leads to {main}/.git/worktrees/second; pass --git {main}" in refused.error
    assert (tmp_path / "dist" / "tide-2.5.0.tar.gz").is_file()


@pytest.mark.slow
def test_submodules_are_part_of_the_source(stiletto: Bench, tmp_path: Path) -> None:
    """Their files are in the wheel; an empty one is named with the command that fills it."""
    data = repository(tmp_path / "data", {"table.json": "{}\n"})
    files = {"pyproject.toml": HATCHLING.format(name="sub"), "src/sub/__init__.py": ""}
    whole = repository(tmp_path / "whole", files)
    git(whole, "submodule", "--quiet", "add", str(data), "src/sub/data")
    commit(whole)
    git(tmp_path, "clone", "-q", str(whole), "empty")

    names = built(stiletto, whole, tmp_path / "dist")
    ended = stiletto.passes(tmp_path / "empty", "ci")

    assert "sub/data/table.json" in names
    assert "run `git submodule update --init src/sub/data`" in ended.out


def test_a_tracked_file_in_a_cache_comes_from_the_index(stiletto: Bench, tmp_path: Path) -> None:
    """The argument leaves such directories out; a line says so."""
    files = {
        "pyproject.toml": HATCHLING.format(name="page"),
        "src/page/__init__.py": "",
        "src/page/node_modules/a.js": "1;\n",
    }
    source = repository(tmp_path / "page", files)
    names = built(stiletto, source, tmp_path / "dist")
    ended = stiletto.passes(source, "ci")
    assert "page/node_modules/a.js" in names
    assert "src/page/node_modules/a.js is tracked in a cache's directory" in ended.out


@pytest.mark.parametrize("damage", ["HEAD", "index"])
def test_a_broken_repository_is_named(stiletto: Bench, tmp_path: Path, damage: str) -> None:
    """Git's own words, and a way around."""
    files = {"pyproject.toml": HATCHLING.format(name="page"), "src/page/__init__.py": ""}
    source = repository(tmp_path / "page", files)
    (source / ".git" / damage).write_text("broken")
    ended = stiletto.fails(source, "build")
    assert "git cannot read the source's .git" in ended.error


@pytest.mark.slow
def test_what_a_source_is_cut_by_stays_in_it(stiletto: Bench, tmp_path: Path) -> None:
    """Links, dotfiles, empty directories, modes and odd names are in the tests' copy as they are.

    An ignored file lies inside the package, so that it is taken apart. An edited test installs
    nothing.
    """
    test = """\
import os


def test_it() -> None:
    assert "src/reef/data" == os.readlink("near")
    assert "gone" == os.readlink("broken")
    assert os.access("run me.sh", os.X_OK)
    assert not os.access("[a]*.txt", os.X_OK)
    assert "text" == open(".hidden/file").read()
    assert "data" == open("src/reef/data/d").read()
    assert "data/d" == os.readlink("src/reef/self")
    assert not os.path.exists("src/reef/fast.so")
"""
    files = {
        "pyproject.toml": HATCHLING.format(name="reef") + PYTEST,
        "src/reef/__init__.py": "",
        "src/reef/data/d": "data",
        "tests/test_reef.py": test,
        ".gitignore": "*.so\n",
        ".hidden/file": "text",
        "[a]*.txt": "",
        "run me.sh": "#!/bin/sh\n",
    }
    source = repository(tmp_path / "reef", files)
    write(source, {"src/reef/fast.so": ""})
    (source / "near").symlink_to("src/reef/data")
    (source / "broken").symlink_to("gone")
    (source / "src/reef/self").symlink_to("data/d")
    (source / "run me.sh").chmod(0o755)

    stiletto.passes(source, "test")
    with (source / "tests/test_reef.py").open("a") as file:
        file.write("\n\ndef test_more() -> None:\n    pass\n")
    again = stiletto.passes(source, "test")

    assert "2 passed" in again.out
    assert ["pytest"] == [name.split()[0] for name in again.ran if "readlink" not in name]
