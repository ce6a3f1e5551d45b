"""Releases whose checks and builds need the tree of a checkout, and what is verified of them."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.standins.repository import Repository
from tests.standins.tokens import Token

from .bench import Bench
from .release_bench import (
    Description,
    Outside,
    ReleaseBench,
    github_description,
    run_git,
    shown,
)

WHEEL = "teasel-1.2.4-py3-none-any.whl"
SDIST = "teasel-1.2.4.tar.gz"

PYPROJECT = """\
[build-system]
requires = [@REQUIRES@]
build-backend = "@BACKEND@"

[project]
name = "teasel"
@VERSION@
description = "A sample."
readme = "README.md"
requires-python = ">=3.11"

[dependency-groups]
dev = ["pytest>=8"]
"""

SEES_VERSION = """\
from importlib.metadata import version


def test_version() -> None:
    assert version("teasel") == "1.2.4", version("teasel")
"""

FILES = {
    "src/teasel/__init__.py": '"""A sample."""\n\nANSWER = 42\n',
    "tests/test_teasel.py": (
        "from teasel import ANSWER\n\n\ndef test_answer() -> None:\n    assert ANSWER == 42\n"
    ),
    "README.md": "# teasel\n\nA sample.\n",
    ".python-version": "3.11\n",
    ".gitignore": ".venv/\ndist/\n__pycache__/\n*.egg-info/\n",
    "CHANGELOG.md": (
        "# Changelog\n\n## [Unreleased]\n\n- The new thing.\n\n"
        "## [1.2.3] - 2025-01-02\n\n- The old thing.\n"
    ),
}


@pytest.fixture(scope="module")
def described() -> Description:
    """Return GitHub's description, which every request is held against."""
    return github_description()


@pytest.fixture
def outside(tmp_path: Path, described: Description) -> Iterator[Outside]:
    """Return an outside in which nothing has happened yet."""
    with Outside(tmp_path / "outside", described) as outside:
        yield outside


def package(
    requires: str = '"hatchling>=1.27"',
    backend: str = "hatchling.build",
    version: str = 'version = "1.2.3"',
    more: str = "",
) -> str:
    """Return a pyproject.toml."""
    text = PYPROJECT.replace("@REQUIRES@", requires).replace("@BACKEND@", backend)
    return text.replace("@VERSION@", version) + more


def repository(directory: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with a package: its last release, tagged, and a change since."""
    directory.mkdir()
    run_git(directory, "init", "--quiet", "--initial-branch=main")
    write(directory, {**FILES, **files})
    save(directory, "Release 1.2.3")
    run_git(directory, "tag", "-a", "-m", "v1.2.3", "v1.2.3")
    write(directory, {"src/teasel/more.py": "MORE = 1\n"})
    save(directory, "More")
    return directory


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Write files below a directory."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def save(directory: Path, message: str) -> None:
    """Commit everything."""
    run_git(directory, "add", "--all")
    run_git(directory, "commit", "--quiet", "-m", message)


def members(outside: Outside) -> dict[str, dict[str, bytes]]:
    """Return the members of each file on the index, and their contents."""
    found: dict[str, dict[str, bytes]] = {}
    for name, file in outside.index.files.items():
        opened = io.BytesIO(file.contents)
        if name.endswith(".whl"):
            with zipfile.ZipFile(opened) as wheel:
                found[name] = {each: wheel.read(each) for each in wheel.namelist()}
            continue
        with tarfile.open(fileobj=opened) as sdist:
            files = [each for each in sdist.getmembers() if not each.isdir()]
            assert all(each.isreg() for each in files)
            found[name] = {
                each.name.partition("/")[2]: data.read()
                for each in files
                if (data := sdist.extractfile(each))
            }
    return found


@pytest.mark.slow
def test_submodule_tests_read_source_readme_empty(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """A private submodule is in wheel and sdist; tests read the source and import the installed.

    That an index shows no readme is a note, and no stop.
    """
    work = tmp_path / "data"
    work.mkdir()
    run_git(work, "init", "--quiet", "--initial-branch=main")
    write(work, {"table.json": '{"a": 1}\n'})
    save(work, "Data")
    data = Repository(tmp_path / "data.git")
    data.git("fetch", "--quiet", str(work), "+HEAD:refs/heads/main")
    outside.tokens.revoke(outside.token)
    outside.token = outside.tokens.add(Token(repositories=frozenset({"octo-org/data"})))
    outside.git.serve("octo-org/data", data)
    source = repository(
        tmp_path / "source",
        {
            "pyproject.toml": package(),
            "README.md": "",
            "tests/test_source.py": (
                "from pathlib import Path\n\nimport teasel\n\n\n"
                "def test_source_is_there() -> None:\n"
                '    assert "ANSWER" in Path("src/teasel/__init__.py").read_text()\n\n\n'
                "def test_data_is_there() -> None:\n"
                '    assert (Path(teasel.__file__).parent / "data/table.json").is_file()\n'
            ),
        },
    )
    modules = '[submodule "data"]\n\tpath = src/teasel/data\n\turl = ../data.git\n'
    write(source, {".gitmodules": modules})
    commit = run_git(work, "rev-parse", "HEAD")
    run_git(source, "update-index", "--add", "--cacheinfo", f"160000,{commit},src/teasel/data")
    run_git(source, "add", ".gitmodules")
    run_git(source, "commit", "--quiet", "-m", "Data")
    at = ReleaseBench.start(stiletto, outside, source)
    ended = at.succeeds()

    found = members(outside)
    assert {WHEEL, SDIST} == found.keys()
    assert b'{"a": 1}\n' == found[WHEEL]["teasel/data/table.json"]
    assert b'{"a": 1}\n' == found[SDIST]["src/teasel/data/table.json"]
    assert "twine check --strict: `long_description` missing." in ended.out
    asked = [path for path, token in outside.git.given if "data.git" in path and token]
    assert asked


@pytest.mark.slow
def test_large_files_are_published(stiletto: Bench, tmp_path: Path, outside: Outside) -> None:
    """What git-lfs has is in wheel and sdist in the place of its pointer; tests see it."""
    large = bytes(range(256)) * 64
    test = (
        "from pathlib import Path\n\nimport teasel\n\n\ndef test_table() -> None:\n"
        '    table = Path(teasel.__file__).parent / "table.bin"\n'
        f"    assert {len(large)} == table.stat().st_size\n"
    )
    files = {
        "pyproject.toml": package(),
        ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "src/teasel/table.bin": outside.git.large.add(large),
        "tests/test_table.py": test,
    }
    at = ReleaseBench.start(stiletto, outside, repository(tmp_path / "source", files))
    stored = dict(outside.git.large.files)
    outside.git.large.files.clear()
    refused = at.stops()
    untouched = [*outside.repository.refs()]
    outside.git.large.files |= stored
    at.succeeds()
    found = members(outside)

    assert "src/teasel/table.bin: the server" in refused.error
    assert "git lfs push --all" in refused.error
    assert ["refs/heads/main", "refs/tags/v1.2.3"] == untouched
    assert large == found[WHEEL]["teasel/table.bin"]
    assert large == found[SDIST]["src/teasel/table.bin"]


DYNAMIC = 'dynamic = ["version"]'
SETUPTOOLS = "setuptools.build_meta"
VERSIONED = [
    pytest.param(
        package(
            '"hatchling>=1.27", "hatch-vcs"',
            version=DYNAMIC,
            more='\n[tool.hatch.version]\nsource = "vcs"\n',
        ),
        marks=pytest.mark.repeated,
        id="hatch-vcs",
    ),
    pytest.param(
        package('"setuptools>=77", "versioningit>=3"', SETUPTOOLS, DYNAMIC)
        + '\n[tool.versioningit.vcs]\nmethod = "git"\n',
        marks=pytest.mark.repeated,
        id="versioningit",
    ),
    pytest.param(
        package('"setuptools>=77", "setuptools-scm>=8"', SETUPTOOLS, DYNAMIC)
        + "\n[tool.setuptools_scm]\n",
        marks=pytest.mark.repeated,
        id="setuptools-scm",
    ),
    pytest.param(
        package('"pdm-backend>=2.4"', "pdm.backend", DYNAMIC)
        + '\n[tool.pdm.version]\nsource = "scm"\n',
        marks=pytest.mark.repeated,
        id="pdm-backend",
    ),
    pytest.param(
        package('"setuptools>=77", "versioneer[toml]>=0.29"', SETUPTOOLS, DYNAMIC)
        + '\n[tool.versioneer]\nVCS = "git"\nstyle = "pep440"\ntag_prefix = "v"\n'
        'versionfile_source = "src/teasel/_version.py"\nversionfile_build = "teasel/_version.py"\n',
        marks=pytest.mark.repeated,
        id="versioneer",
    ),
]


@pytest.mark.parametrize("pyproject", VERSIONED)
def test_checks_version(stiletto: Bench, tmp_path: Path, outside: Outside, pyproject: str) -> None:
    """In checks and against the installed files, a test sees the version that is released."""
    files = {"pyproject.toml": pyproject, "tests/test_version.py": SEES_VERSION}
    if "tool.versioneer" in pyproject:
        files |= versioneer(tmp_path / "versioneer", pyproject)
    at = ReleaseBench.start(stiletto, outside, repository(tmp_path / "source", files))
    at.succeeds()

    assert {WHEEL, SDIST} == shown(outside).index.keys()
    # Its tag is the release's own, pushed at the end and not before.
    assert "refs/tags/v1.2.4" == [*outside.repository.refs("refs/tags/")][-1]


def versioneer(directory: Path, pyproject: str) -> dict[str, str]:
    """Return the files that `versioneer install` writes."""
    setup = (
        "from setuptools import setup\nimport versioneer\n\n"
        "setup(version=versioneer.get_version(), cmdclass=versioneer.get_cmdclass())\n"
    )
    write(directory, {**FILES, "pyproject.toml": pyproject, "setup.py": setup})
    run_git(directory, "init", "--quiet")
    install = ("versioneer", "install", "--no-vendor")
    subprocess.run(
        [find_uv_bin(), "tool", "run", "--quiet", "--from=versioneer[toml]", *install],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    names = ("src/teasel/_version.py", "src/teasel/__init__.py", ".gitattributes")
    return {"setup.py": setup} | {name: (directory / name).read_text() for name in names}


@pytest.mark.repeated
@pytest.mark.slow
def test_listed_by_git(stiletto: Bench, tmp_path: Path, outside: Outside) -> None:
    """A back end that asks git for the list of files publishes what a bare build does."""
    files = {
        "pyproject.toml": package('"setuptools>=77", "setuptools-scm>=8"', SETUPTOOLS),
        "src/teasel/table.json": '{"a": 1}\n',
    }
    at = ReleaseBench.start(stiletto, outside, repository(tmp_path / "source", files))
    at.succeeds()
    found = members(outside)

    assert b'{"a": 1}\n' == found[WHEEL]["teasel/table.json"]
    assert b'{"a": 1}\n' == found[SDIST]["src/teasel/table.json"]


@pytest.mark.slow
def test_tests_that_fail_against_the_wheel(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """A file that the wheel lacks is found by its tests, before anything is outside."""
    test = (
        "from pathlib import Path\n\nimport teasel\n\n\ndef test_table() -> None:\n"
        '    assert (Path(teasel.__file__).parent / "table.json").is_file()\n'
    )
    files = {
        "pyproject.toml": package() + '\n[tool.hatch.build]\nexclude = ["*.json"]\n',
        "src/teasel/table.json": "{}\n",
        "tests/test_table.py": test,
    }
    at = ReleaseBench.start(stiletto, outside, repository(tmp_path / "source", files))
    ended = at.stops()

    assert f"tests fail against the installed wheel: {WHEEL}" in ended.error
    assert "test_table" in ended.error
    assert ["refs/heads/main", "refs/tags/v1.2.3"] == [*outside.repository.refs()]


CLIFF = """\
[git]
conventional_commits = true

[changelog]
body = '''
## {{ version | trim_start_matches(pat="v") }}
{% for commit in commits %}
- {{ commit.message }}
{% endfor %}
{% if previous.version %}
[all changes](https://git.example.org/teasel/compare/{{ previous.version }}...{{ version }})
{% endif %}
'''
"""


@pytest.mark.repeated
@pytest.mark.slow
def test_cliff_previous(stiletto: Bench, tmp_path: Path, outside: Outside) -> None:
    """The template's link is from the tag before, although other tags are nearer."""
    changelog = "# Changelog\n\n## 1.2.3\n\n- the first thing\n"
    files = {"pyproject.toml": package(), "cliff.toml": CLIFF, "CHANGELOG.md": changelog}
    source = repository(tmp_path / "source", files)
    run_git(source, "commit", "--quiet", "--allow-empty", "-m", "feat: the second thing")
    run_git(source, "tag", "other-2.0")
    run_git(source, "commit", "--quiet", "--allow-empty", "-m", "feat: the third thing")
    at = ReleaseBench.start(stiletto, outside, source)
    ended = at.call("changelog", "--bump", "patch", *at.places)

    assert 0 == ended.code, str(ended)
    assert "compare/v1.2.3...v1.2.4" in ended.out
    assert "- the second thing" in ended.out
    assert "- the third thing" in ended.out


OUTPUT = '[changelog]\noutput = "CHANGELOG.md"\n'


@pytest.mark.repeated
@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "output"),
    [
        pytest.param("1.2.3", "", id="tags_cliff"),
        pytest.param(
            "v1.2.3", '[changelog]\noutput = "CHANGELOG.md"\n', id="changelog_cliff_output"
        ),
    ],
)
def test_cliff_prints_what_waits(
    stiletto: Bench, tmp_path: Path, outside: Outside, tag: str, output: str
) -> None:
    """Neither the form of the tags nor the file that git-cliff would write changes its section."""
    files = {
        "pyproject.toml": package(),
        "cliff.toml": f"[git]\nconventional_commits = true\n{output}",
        "CHANGELOG.md": "# Changelog\n\n## 1.2.3\n\n- the first thing\n",
    }
    source = repository(tmp_path / "source", files)
    run_git(source, "tag", "--delete", "v1.2.3")
    run_git(source, "commit", "--quiet", "--allow-empty", "-m", "feat: the second thing")
    run_git(source, "tag", tag)
    run_git(source, "commit", "--quiet", "--allow-empty", "-m", "feat: the third thing")
    at = ReleaseBench.start(stiletto, outside, source)
    ended = at.call("changelog", "--bump", "patch", *at.places)

    assert 0 == ended.code, str(ended)
    assert "third thing" in ended.out.lower()
    assert "second thing" not in ended.out.lower()
