"""`matrix-combine`: a matrix in four parts has the files and the verdict of the one in one job."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .bench import Bench, copy_of, stiletto_program
from .conftest import ENGINES

pytestmark = pytest.mark.slow

MATRIX = """
[tool.wheelwright.matrix]
python = ["3.11", "3.12"]
resolution = ["locked", "RESOLUTION"]
"""
RESOLUTIONS = {"green": "highest", "red": "lowest-direct"}

TIMES = (
    re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\+00:00|Z| [+-]\d{4}| UTC|\.\d+)?"),
    re.compile(r'timestamp="\d+'),
    re.compile(r'"(?:wall|waited)_s": [\d.]+'),
    re.compile(r'class="num time">.*'),
    re.compile(r"\b[\d.]+ (?:ms|s|min)\b"),
)
"""What tells when and how long a matrix ran, not what came of it."""


@dataclass(frozen=True)
class Ran:
    """A matrix in one job: its package, its reports, and those of each cell as a part."""

    bench: Bench
    kind: str
    source: Path
    whole: Path
    parts: Path
    cells: tuple[str, ...]

    def combined(self, parts: Path, to: str) -> Path:
        """Return the reports of the parts, combined."""
        at = self.bench.cwd / to
        self.bench.passes(self.source, "matrix-combine", "--parts", parts, "reports", "-o", at)
        return at


@pytest.fixture(
    scope="module",
    params=[(engine, kind) for engine in ENGINES for kind in RESOLUTIONS],
    ids="-".join,
)
def ran(
    request: pytest.FixtureRequest,
    environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Ran:
    """Run four cells in one job, then each as a part of its own."""
    engine, kind = request.param
    program = stiletto_program() if engine == "stiletto" else ["dagger"]
    bench = Bench(program, environ, tmp_path_factory.mktemp(kind))
    source = copy_of("matrix-demo", bench.cwd)
    path = source / "pyproject.toml"
    before, table, _ = path.read_text().partition("\n[tool.wheelwright.matrix]")
    assert table
    path.write_text(before + MATRIX.replace("RESOLUTION", RESOLUTIONS[kind]))
    for args in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Add the package"]):
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", source, *name, *args], check=True)
    judge = bench.passes if kind == "green" else bench.fails
    judge(source, "matrix")
    whole, parts = bench.cwd / "whole", bench.cwd / "parts"
    bench.passes(source, "matrix-run", "reports", "-o", whole)
    cells = tuple(
        each["cell"]["name"] for each in json.loads((whole / "matrix.json").read_text())["cells"]
    )
    assert 4 == len(cells)
    for number, cell in enumerate(cells):
        at = parts / f"part-{number}"
        bench.passes(source, "matrix-run", "--cell", cell, "reports", "-o", at)
    return Ran(bench, kind, source, whole, parts, cells)


def files(at: Path) -> dict[str, str]:
    """Return the text of each file without its times; of coverage's data what it has of lines."""
    found = {}
    for path in sorted(at.rglob("*")):
        if path.is_dir():
            continue
        name = str(path.relative_to(at))
        if path.name.startswith("coverage.data"):
            with closing(sqlite3.connect(path)) as data:
                rows = data.execute(
                    "select path, fromno, tono from arc join file on file.id = arc.file_id"
                )
                found[name] = repr(sorted(set(rows)))
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern in TIMES:
            text = pattern.sub("TIME", text)
        found[name] = text
    return found


def test_four_parts_make_the_files_of_one_matrix(ran: Ran) -> None:
    """Table, JUnit report, coverage, pages, summary and data are the same, but for the times."""
    expected, actual = files(ran.whole), files(ran.combined(ran.parts, "combined"))
    assert [*expected] == [*actual]
    assert [] == [name for name in expected if expected[name] != actual[name]]


def test_four_parts_have_the_verdict_of_one_matrix(ran: Ran) -> None:
    """`check` passes where `matrix` does, and fails with its table where it does not."""
    words = ("matrix-combine", "--parts", ran.parts, "check")
    if ran.kind == "green":
        assert "passed: 4 cells passed" in ran.bench.passes(ran.source, *words).out
    else:
        ended = ran.bench.fails(ran.source, *words)
        assert "failed: 2 of 4 cells failed: 3.11-lowest-direct, 3.12-lowest-direct" in ended.said


def test_a_part_that_is_missing_is_a_failed_cell(ran: Ran, tmp_path: Path) -> None:
    """The cell is in every report, and the matrix fails whatever the others did."""
    three = tmp_path / "three"
    shutil.copytree(ran.parts, three, ignore=shutil.ignore_patterns("part-0"))
    gone = ran.cells[0]
    at = ran.combined(three, "three")
    table = (at / "table.txt").read_text()
    assert re.search(rf"(?m)^{gone} +failed .*\n? *its part is missing: not in the 3 parts", table)
    root = ElementTree.parse(at / "junit.xml").getroot()
    assert [f"{name}: pytest" for name in ran.cells] == [suite.get("name") for suite in root]
    assert ["1", "0", "0", "0"] == [suite.get("errors") for suite in root]
    ended = ran.bench.fails(ran.source, "matrix-combine", "--parts", three, "check")
    assert re.search(rf"failed: \d of 4 cells failed: {gone}", ended.said)
    expected, actual = files(ran.whole), files(at)
    kept = [name for name in expected if name.startswith("cells/") and gone != name.split("/")[1]]
    assert kept
    assert [] == [name for name in kept if expected[name] != actual[name]]


def test_no_part_at_all_fails_every_cell(ran: Ran, tmp_path: Path) -> None:
    """A job that downloaded nothing does not pass."""
    ended = ran.bench.fails(ran.source, "matrix-combine", "--parts", tmp_path, "check")
    assert "4 of 4 cells failed" in ended.said
    assert "its part is missing: there are no parts" in ended.said


def test_files_of_a_part_that_are_gone_fail_its_cell(ran: Ran, tmp_path: Path) -> None:
    """A part without the JUnit report that its run wrote is not believed."""
    parts = tmp_path / "parts"
    shutil.copytree(ran.parts, parts)
    (parts / "part-0" / "cells" / ran.cells[0] / "junit.xml").unlink()
    ended = ran.bench.fails(ran.source, "matrix-combine", "--parts", parts, "check")
    assert "its part: junit.xml is missing, or not a regular file" in ended.said
