"""Cells for runners of other systems: which they are, and the commands they bring along."""

import json
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, fixture, moved, project
from wheelwright.errors import RequestError
from wheelwright.github.native import native, script, strategy
from wheelwright.project.model import Project
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, make

MILLRACE = fixture("hatchling-src")


def lines(of: Project, resolution: str = "") -> list[str]:
    """Return the script's lines for a package on Python 3.12."""
    return script(make(of, Cell("", "3.12", resolution), TestOptions(), history=True)).splitlines()


def words(text: list[str]) -> list[str]:
    """Return the script's words, as the shell splits them."""
    return shlex.split("\n".join(text))


def cell(**values: Any) -> Cell:
    """Return a cell with some values changed."""
    return Cell(**{"name": "3.12", "python": "3.12", "resolution": "locked", **values})


def test_cell_is_native_where_its_runner_is_not_ubuntu() -> None:
    """A cell counts once for each runner of another system; Ubuntu's are the engine's."""
    both = cell(os=("ubuntu-latest", "macos-15", "windows-2025"))

    assert [(both, "macos-15"), (both, "windows-2025")] == native([cell(), both])


def test_native_cell_cannot_have_services() -> None:
    """What those runners cannot start is said before anything runs there."""
    with pytest.raises(RequestError, match=r'"pg" is for macos-15, .* no services \(postgres:16\)'):
        native([cell(name="pg", os=("macos-15",), services=("postgres:16",))])


def test_script_does_what_the_container_does() -> None:
    """The commands are those of the container's layers, without its paths."""
    assert [
        "mkdir -p .wheelwright/reports",
        "printf '*\\n' > .wheelwright/.gitignore",
        "export UV_PYTHON=3.12",
        "uv sync --frozen --no-default-groups --group=tests --no-install-local",
        "uv sync --frozen --no-default-groups --group=tests --inexact",
        "uv run --no-sync pytest --junit-xml=.wheelwright/reports/junit.xml",
    ] == lines(MILLRACE)


def test_credentials_reach_installs_and_not_the_tests(tmp_path: Path) -> None:
    """What uv installs with reads them from a file, which is gone before the tests run."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    # What stands for uv prints what it finds, as the real one would read it.
    uv.write_text('#!/bin/sh\necho "$1: $(cat "${NETRC:-/dev/null}") ${NETRC+has it}"\n')
    uv.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    text = script(
        make(MILLRACE, Cell("", "3.12", ""), TestOptions(), history=True), credentials=True
    )
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=tmp_path,
        env={
            "PATH": f"{uv.parent}:/usr/bin:/bin",
            "TMPDIR": str(tmp_path / "tmp"),
            "NETRC": "machine h.example login a password b",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    read = "sync: machine h.example login a password b has it"

    assert [read, read, "run:  "] == ran.stdout.splitlines()
    assert [] == [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


def test_script_writes_the_files_it_names() -> None:
    """Requirement lines that the plan makes are written where the commands look for them."""
    text = lines(project(LIKE_ATTRS), resolution="lowest-direct")

    written = [word for before, word in pairwise(words(text)) if before == ">"]
    assert ".wheelwright/requirements.txt" in written
    assert not [word for word in words(text) if "/opt/" in word or "=/" in word]


@pytest.mark.parametrize("resolution", ["locked", "lowest-direct", "highest"])
def test_member_of_a_workspace_runs_in_its_directory(resolution: str) -> None:
    """A member's commands run where it lies, and share what lies at the workspace's root."""
    crane = fixture("workspace", "packages/crane")
    text = lines(crane, resolution=resolution)

    assert "cd ./packages/crane" == text[0]
    assert "mkdir -p ../../.wheelwright/reports" == text[1]
    assert text[-1].startswith("uv run --no-sync pytest --junit-xml=../../.wheelwright/reports/")
    assert not [word for word in words(text) if PurePosixPath(word).is_absolute()]


def test_package_in_a_directory_of_the_repository() -> None:
    """A package below the repository's root is gone to first."""
    assert "cd './libs/a b'" == lines(moved(MILLRACE, "libs/a b"))[0]


def test_strategy_is_one_line_that_github_reads() -> None:
    """The JSON holds a job for each cell, in one line, as an output of a step has to be."""
    text = strategy([(cell(), "macos-15", "uv sync\nuv run pytest\n")])

    assert "\n" not in text
    row = {"name": "3.12 on macos-15", "cell": "3.12", "os": "macos-15"}
    assert {"include": [{**row, "script": "uv sync\nuv run pytest\n"}]} == json.loads(text)


def test_no_cell_is_what_the_workflow_compares_with() -> None:
    """Without native cells the job is skipped, by comparing with exactly this text."""
    assert '{"include":[]}' == strategy([])
