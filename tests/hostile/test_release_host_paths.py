"""A release in plain mode, where nothing isolates it, touches nothing of the host."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.bench import Bench, Ended
from tests.e2e.release_bench import (
    EPOCH_S,
    Description,
    Outside,
    ReleaseBench,
    shown,
)

from stiletto.sandbox.bubblewrap import find_program

INSIDE = Path(__file__).parents[2] / "src" / "wheelwright" / "release" / "inside"
ABSOLUTE = re.compile(r"(^|[\s=:,;'\"])/[A-Za-z]")
PRECIOUS = {"precious.txt": "of the host", "work/x.txt": "of the host, too"}


def absolute_paths(path: Path) -> list[str]:
    """Return the texts of a program, docstrings left out, that hold an absolute path."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
        and ABSOLUTE.search(node.value)
    ]


@pytest.mark.parametrize("program", sorted(INSIDE.glob("*.py")), ids=lambda path: path.name)
def test_no_program_names_an_absolute_path(program: Path) -> None:
    """Every place comes as an argument, which an engine may map to where the container lies."""
    assert [] == absolute_paths(program)


def test_an_absolute_path_would_be_found(tmp_path: Path) -> None:
    """The reader of programs finds a path in a default, and leaves docstrings alone."""
    program = tmp_path / "program.py"
    program.write_text('"""Works in /repo."""\nimport os\nX = os.environ.get("Y", "/repo")\n')

    assert ["/repo"] == absolute_paths(program)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Make the directory that stands at /repo of the host, with files that nobody may touch."""
    directory = tmp_path / "host-repo"
    for name, text in PRECIOUS.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def found(directory: Path) -> dict[str, str]:
    """Return all files of a directory."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_text() for path in files}


def on_a_host_with(bench: Bench, repo: Path) -> Bench:
    """Return a bench in plain mode, on this machine with a directory put at /repo."""
    program = [str(find_program()), "--tmpfs", "/", "--proc", "/proc", "--dev-bind", "/dev", "/dev"]
    for path in sorted(Path("/").iterdir()):
        if path.is_symlink():
            program += ["--symlink", str(path.readlink()), str(path)]
        elif path.name not in ("proc", "dev", "repo") and path.is_dir():
            program += ["--bind", str(path), str(path)]
    program += ["--bind", str(repo), "/repo", "--"]
    return replace(
        bench,
        program=[*program, *bench.program],
        flags=("--progress=plain", "--sandbox=plain", "--plain-secrets"),
    )


@pytest.fixture
def host(
    stiletto: Bench, tmp_path: Path, described: Description, source: Path, repo: Path
) -> Iterator[ReleaseBench]:
    """Return a world to release into, from a host with a directory at /repo."""
    with Outside(tmp_path / "host-outside", described) as outside:
        yield ReleaseBench.start(on_a_host_with(stiletto, repo), outside, source)


def steps(ended: Ended) -> list[tuple[str, ...]]:
    """Return the first two columns of a report's lines."""
    assert ended.code == 0, str(ended)
    report = ended.out.strip().partition("\n\n")[0]
    return [tuple(line.split("  ")[1:3]) for line in report.splitlines()]


@pytest.mark.repeated
@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_a_plan_in_plain_mode_touches_nothing_of_the_host(
    at: ReleaseBench, host: ReleaseBench, repo: Path
) -> None:
    """`release-plan` and `next-version` answer as in the sandbox, and /repo is as it was."""
    reading = ["--github-token", "env://GITHUB_TOKEN"]
    version = host.call("next-version", "--bump=patch", "--git", str(host.clone), *reading)
    words = ["release-plan", "--bump=patch", "--until=edits", f"--source-date-epoch={EPOCH_S}"]
    plan, sandboxed = host.run(*words), at.run(*words)

    assert (0, "1.2.4") == (version.code, version.out), str(version)
    assert steps(sandboxed) == steps(plan)
    assert PRECIOUS == found(repo)


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_a_release_in_plain_mode_touches_nothing_of_the_host(
    released: tuple[ReleaseBench, Ended], host: ReleaseBench, repo: Path
) -> None:
    """Every program of a release runs in plain mode, and releases what a sandbox does."""
    undisturbed, _ = released
    ended = host.succeeds()

    assert "without isolation" in ended.err
    assert shown(undisturbed.outside) == shown(host.outside)
    assert PRECIOUS == found(repo)
