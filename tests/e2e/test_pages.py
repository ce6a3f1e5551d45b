"""The commands of every page do what the page shows, in the place that the page names.

    clone     this repository, by the environment of these tests
    demo      a sample package, with the toolchain in its dagger.json
    new       the same without it, on a branch with a remote
    matrix    the sample of the matrix, with the toolchain
    quay      a repository with a package at its root and one in packages/quay; no dagger.json
    release   a package on servers of its own, whose addresses are in `.env`

Beside each but the first is `../wheelwright`, a clone of the module. The command `stiletto` is
installed as in README.md, from the address of [project.urls]: git finds a copy of this tree there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stiletto import distribution
from stiletto.layers.remove import remove_tree
from tests.standins.packages import commit
from tests.standins.repository import run_git
from tests.unit.repository.page_commands import CLONE, PAGES, Block, Command, blocks
from tests.unit.repository.registered import MODULE

from .bench import FIXTURES, REPOSITORY, TIMEOUT_S, Bench
from .release_bench import Description, Outside, ReleaseBench, Sample, make_package
from .toolchains import add_toolchain, lead_git

SET_UP = "python3 -m venv build/uv && build/uv/bin/pip install -q uv && "
"""The tests already run in what this makes; `.ci/run` makes it from nothing."""

WHOLE_SUITE = "build/uv/bin/uv run pytest -n 2 --dist worksteal"
"""Not from inside itself; `.ci/run` has this command."""

OFTEN = ("tests.e2e.record", "tests.e2e.release_demo")
"""Commands that other tests look at more closely."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PEOPLE = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))
}


@dataclass(frozen=True)
class Place:
    """A directory, and the environment of the commands there."""

    at: Path
    environ: Mapping[str, str]

    def run(self, command: Command, code: int) -> None:
        """Run a command as its page has it, and compare with what the page shows."""
        done = subprocess.run(
            ["sh", "-c", command.text],
            cwd=self.at,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        whole = f"$ {command.text}\n{done.stdout}\n{done.stderr}"
        printed = [plainer(line) for line in f"{done.stdout}\n{done.stderr}".splitlines()]

        assert code == done.returncode, whole
        assert [] == [
            line for line in command.shown if line != "..." and plainer(line) not in printed
        ], whole


def plainer(line: str) -> str:
    """Return a line without numbers, which differ between machines and runs."""
    return re.sub(r" +", " ", re.sub(r"\d+(\.\d+)*", "N", line.strip()))


# -- places ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a clone has, as far as the commands need it, and make a repository of it."""
    at = tmp_path_factory.mktemp("clone") / "wheelwright"
    at.mkdir()
    pages = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
    names = ("dagger.json", "pyproject.toml", "uv.lock", ".python-version", ".gitignore")
    for name in (*names, *pages):
        shutil.copy(REPOSITORY / name, at)
    for name in ("src", "tests", "docs", ".github"):
        ignored = shutil.ignore_patterns("__pycache__", ".venv", "site", ".cache")
        shutil.copytree(REPOSITORY / name, at / name, ignore=ignored)
    run_git(at, "init", "--quiet", "--initial-branch=main")
    commit(at, "A clone")
    run_git(at, "tag", f"v{distribution.version()}")
    return at


@pytest.fixture(scope="session")
def installed(
    clone: Path, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Install the command as README.md does, and return the environment that has it."""
    home = tmp_path_factory.mktemp("installed")
    lead_git(home, clone)
    here = Path(sys.executable).parent
    made = {
        **environ,
        **PEOPLE,
        "HOME": str(home),
        "UV_TOOL_DIR": str(home / "tools"),
        "UV_TOOL_BIN_DIR": str(home / "bin"),
        "PATH": f"{home / 'bin'}:{environ['PATH']}:{here}",
    }
    Place(home, made).run(Command(f'uv tool install "{distribution.requirement()}"'), 0)
    return made


def sample(name: str, at: Path) -> Path:
    """Copy a sample package."""
    return Path(shutil.copytree(FIXTURES / name, at))


def new(directory: Path) -> Path:
    """Make a package that has a remote, and nothing of the module."""
    at = sample("hatchling-src", directory / "new")
    run_git(directory, "init", "--quiet", "--bare", "origin.git")
    run_git(at, "init", "--quiet", "--initial-branch=main")
    commit(at, "A package")
    run_git(at, "remote", "add", "origin", str(directory / "origin.git"))
    return at


def quay(directory: Path) -> Path:
    """Make a repository with two packages."""
    at = sample("hatchling-src", directory / "quay")
    sample("hatchling-src", at / "packages" / "quay")
    return at


@pytest.fixture
def place(
    tmp_path: Path,
    installed: dict[str, str],
    clone: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Place]]:
    """Return a function that makes the place of a kind."""

    def made(kind: str) -> Place:
        subprocess.run(["git", "clone", "-q", clone, tmp_path / "wheelwright"], check=True)
        if kind == "release":
            return released(request.getfixturevalue("owned"), installed)
        if kind == "quay":
            at = quay(tmp_path)
        elif kind == "new":
            return Place(new(tmp_path), installed)
        else:
            at = sample({"matrix": "matrix-demo"}.get(kind, "hatchling-src"), tmp_path / kind)
            add_toolchain(at, clone)
        run_git(at, "init", "--quiet", "--initial-branch=main")
        commit(at, "A package")
        return Place(at, installed)

    yield made
    remove_tree(tmp_path)


@pytest.fixture
def owned(
    stiletto: Bench, tmp_path: Path, described: Description, clone: Path
) -> Iterator[ReleaseBench]:
    """Put a package with the toolchain on servers of its own."""
    package = Sample(dependencies=("idna>=3",))
    source = make_package(package, tmp_path / "source")
    add_toolchain(source, clone)
    commit(source, "Add Wheelwright")
    with Outside(tmp_path / "outside", described) as outside:
        yield ReleaseBench.start(stiletto, outside, source, package)


def released(at: ReleaseBench, installed: Mapping[str, str]) -> Place:
    """Write the servers' addresses to `.env`, so that a command needs none."""
    shutil.copy(at.outside.authority.bundle, at.clone / "authority.pem")
    given = {
        "githubApi": at.outside.api_url,
        "publishUrl": at.outside.index.publish_url,
        "checkUrl": at.outside.index.simple_url,
        "ca": "authority.pem",
    }
    lines = [
        "WHEELWRIGHT_GITHUBTOKEN=env://GITHUB_TOKEN",
        "WHEELWRIGHT_INDEXTOKEN=env://INDEX_TOKEN",
    ]
    for function in MODULE.main_object.functions.values():
        for arg in function.args:
            if arg.name in given:
                name = f"WHEELWRIGHT_{function.name}_{arg.name}".upper()
                lines.append(f"{name}={given[arg.name]}")
    (at.clone / ".env").write_text("\n".join(lines) + "\n")
    secrets = {name: at.bench.env[name] for name in ("GITHUB_TOKEN", "INDEX_TOKEN")}
    return Place(at.clone, {**installed, **secrets, "STILETTO_LOOPBACK": "all"})


# -- pages ----------------------------------------------------------------------------------------


def groups() -> Iterator[tuple[str, list[Block]]]:
    """Yield the blocks that share a place, by page; those of a clone have one each."""
    for page in PAGES:
        name = page.relative_to(REPOSITORY).as_posix()
        found: list[Block] = []
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.not_run or block.place == CLONE:
                continue
            if block.begins and found:
                yield name, found
                found = []
            found.append(block)
        if found:
            yield name, found


def quick(page: str) -> bool:
    """Whether a page is in the default run: one is, so that the places themselves are tested."""
    return page == "docs/troubleshooting.md"


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(
            group,
            id=f"{page}:{group[0].line} {group[0].place}",
            marks=() if quick(page) else pytest.mark.slow,
        )
        for page, group in groups()
    ],
)
def test_commands_of_a_page(place: Callable[[str], Place], group: list[Block]) -> None:
    """Each command of a page ends as it shows, one after the other in one place."""
    at = place(group[0].place)
    for block in group:
        for command in block.commands:
            last = command is block.commands[-1]
            text = command.text.replace("--python 3.11", f"--python {PYTHON}")
            at.run(replace(command, text=text), block.code if last else 0)


def of_clone() -> list[Command]:
    """Return the commands in a clone."""
    return [
        command
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.place == CLONE and not block.not_run
        for command in block.commands
    ]


def how_long(command: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a command: only what a new user types first is in the default run."""
    if command == of_clone()[0].text:
        return []
    often = any(name in command for name in OFTEN)
    return [pytest.mark.repeated if often else pytest.mark.slow]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, id=command.text[-60:], marks=how_long(command.text))
        for command in dict.fromkeys(of_clone())
        if command.text != WHOLE_SUITE
    ],
)
def test_command_of_a_clone(clone: Path, environ: dict[str, str], command: Command) -> None:
    """The command ends with 0 and prints what the page shows below it."""
    text = command.text.removeprefix(SET_UP).replace("build/uv/bin/uv run ", "")
    text = text.replace("uv run ", "").replace("--python 3.11", f"--python {PYTHON}")
    path = f"{Path(sys.executable).parent}:{environ['PATH']}"
    Place(clone, {**environ, "PATH": path}).run(replace(command, text=text), 0)


def test_the_suite_of_the_readme_is_the_one_that_ci_runs() -> None:
    """README.md and `.ci/run` have the same command for the tests."""
    assert WHOLE_SUITE in [command.text for command in of_clone()]
    command = WHOLE_SUITE.removeprefix("build/uv/bin/uv run ")
    assert f"uv run --locked {command}\n" in (REPOSITORY / ".ci" / "run").read_text()
