"""The shell steps of a matrix in parts, over sample packages: plan, each part, all of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.wheelwright.samples import fixture
from wheelwright.github.calls import Engine, caller
from wheelwright.github.members import Member
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows

from .bench import Bench
from .conftest import Sample
from .test_workflows import OWN, PYTHON, Runner, program, tell

__all__ = ["program"]

pytestmark = pytest.mark.slow

PARTS = Choices(jobs="cells", shards=2, history=True)


def steps(choices: Choices, job: str) -> dict[str, dict[str, Any]]:
    """Return the shell steps of a job of ci.yml, by name."""
    files = workflows(fixture("hatchling-src"), caller(OWN, Engine.DAGGER, "", ""), choices)
    jobs = YAML(typ="safe", pure=True).load(files[".github/workflows/ci.yml"])["jobs"]
    return {step["name"]: step for step in jobs[job]["steps"] if "run" in step}


def planned(runner: Runner, choices: Choices = PARTS) -> list[dict[str, str]]:
    """Run the plan; return the rows of the jobs behind it."""
    runner.passes(steps(choices, "plan")["Plan"])
    name, _, value = runner.output.read_text().rstrip("\n").partition("=")
    assert "cells" == name
    found: list[dict[str, str]] = json.loads(value)["include"]
    return found


def test_parts_of_a_plan_make_one_matrix(
    program: dict[str, str], sample: Sample, tmp_path: Path
) -> None:
    """Each part's job fails if its cells do; the last job judges, and sums up all of them."""
    source = sample("matrix-demo")
    at = Runner(tmp_path, source, program)
    history = at.temp / "history" / "history.jsonl"
    history.parent.mkdir()
    lines = (
        {"at": "2026-05-04", "step": name, "outcome": "passed", "seconds": seconds}
        for name, seconds in (("3.11", 50), ("3.12", 20), ("3.12-lowest-direct", 25))
    )
    history.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    rows = planned(at)
    assert ["3.11", "3.12,3.12-lowest-direct"] == [row["cell"] for row in rows]
    assert ["3.11", "2 of 2"] == [row["name"] for row in rows]

    codes = []
    for index, row in enumerate(rows):
        at.expressions = {"${{ matrix.cell }}": row["cell"]}
        at.passes(steps(PARTS, "parts")["Cells"])
        ended = at.run(steps(PARTS, "parts")["Result"])
        codes.append(ended.returncode)
        assert "matrix of brass-dial" in ended.stdout
        # What `actions/upload-artifact` and `actions/download-artifact` do.
        shutil.move(at.temp / "part", at.temp / "parts" / f"matrix-part-{index}")
    assert [0, 1] == codes

    last = steps(PARTS, "matrix")
    at.passes(last["Make a place for the parts"])
    judged = at.run(last["Matrix"])
    assert 1 == judged.returncode
    assert "failed: 1 of 3 cells failed: 3.12-lowest-direct" in judged.stdout + judged.stderr
    assert "::error file=" in at.passes(last["Annotations"])
    at.passes(last["Summary"])
    assert "### Coverage 84.6 % (at least 80 % required)" in at.summary.read_text()
    at.passes(last["Reports"])
    assert (at.temp / "reports" / "coverage.html").is_file()
    at.passes(last["Add this run to the history"])
    assert 6 == len(history.read_text().splitlines())


def test_part_that_did_not_arrive_fails_the_last_job(
    program: dict[str, str], sample: Sample, tmp_path: Path
) -> None:
    """Without any artifact the directory is there, and empty."""
    source = tell(sample("hatchling-src"), f'python = ["{PYTHON}"]')
    at = Runner(tmp_path, source, program)
    last = steps(PARTS, "matrix")
    at.passes(last["Make a place for the parts"])
    judged = at.run(last["Matrix"])
    assert 0 != judged.returncode
    assert "its part is missing: there are no parts" in judged.stdout + judged.stderr


def test_packages_of_a_workspace_have_parts_of_their_own(
    program: dict[str, str], sample: Sample, tmp_path: Path
) -> None:
    """The plan has the cells of every package, each row with its name."""
    source = sample("workspace")
    names = [
        match[1]
        for path in sorted(source.glob("*/*/pyproject.toml"))
        if (match := re.search(r'(?m)^name = "(.*)"', path.read_text()))
    ]
    choices = Choices(jobs="cells", members=tuple(map(Member, names)))
    rows = planned(Runner(tmp_path, source, program), choices)
    assert names == sorted({row["package"] for row in rows})
    assert all(row["name"] == f"{row['package']} {row['cell']}" for row in rows)


def test_shards_need_the_form_for_jobs(stiletto: Bench, sample: Sample) -> None:
    """On their own the options would do nothing, so the call is refused."""
    source = sample("hatchling-src")
    for words in (("--shards=2",), ("--plan", "--shards=2"), ("--format=github", "--shards=-1")):
        ended = stiletto.fails(source, "matrix", *words)
        assert "--shards" in ended.error, str(ended)


def test_workflows_are_written_with_parts(stiletto: Bench, sample: Sample, tmp_path: Path) -> None:
    """`--shards` writes the jobs and remembers itself, so that a second call changes nothing."""
    source = sample("hatchling-src")
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    words = ("workflows", "--module", f"github.com/example/wheelwright@{'0' * 40}")
    stiletto.passes(source, *words, "--branch", "main", "--shards", "3", "-y", cwd=source)
    written = (source / ".github/workflows/ci.yml").read_text()
    assert "--format github --shards 3" in written
    assert "shards = 3" in (source / "pyproject.toml").read_text()
    again = stiletto.passes(source, *words, "-y", cwd=source)
    assert "no changes to apply" in again.said
    ended = stiletto.fails(source, *words, "--shards", "0x", cwd=source)
    assert "--shards" in ended.error
