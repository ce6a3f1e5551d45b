"""`matrix` and `matrix-run`: a matrix with one failing cell, and every report about it.

Each test looks at another side of the same cached runs, so that the whole file costs one matrix.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from .bench import FIXTURES, Bench, Ended, stiletto_program
from .conftest import ENGINES
from .repositories import HATCHLING, PYTEST, write

DEMO = FIXTURES / "matrix-demo"
CELLS = ["3.11", "3.12", "3.12-lowest-direct"]
FAILED = "3.12-lowest-direct"
WHY = "TypeError: chunked() got an unexpected keyword argument 'strict'"


def pytests(ended: Ended) -> list[str]:
    """Return the processes of pytest that this call started."""
    return [name for name in ended.ran if name.startswith("pytest ")]


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest,
    environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Bench:
    """Run the same words with each program that works here."""
    program = stiletto_program() if request.param == "stiletto" else ["dagger"]
    return Bench(program, environ, tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def judged(engine: Bench) -> Ended:
    """Judge the whole matrix; it fails."""
    return engine.fails(DEMO, "matrix")


@pytest.fixture(scope="module")
def reports(engine: Bench, judged: Ended) -> Path:
    """Return the exported reports of the matrix that was judged."""
    at = engine.cwd / "reports"
    engine.passes(DEMO, "matrix-run", "reports", "--output", at)
    return at


def test_failing_cell_fails_the_matrix(judged: Ended) -> None:
    """One failing cell fails the call; the table has all cells, the details name the tests."""
    text = judged.said
    rows = {row.split()[0]: row for row in text.splitlines() if row.startswith("3.1")}
    assert CELLS == list(rows)
    for name in CELLS[:2]:
        assert re.match(rf"{name}\s+passed\s+4 passed, 1 skipped\s+69.2 %", rows[name])
    assert re.match(rf"{FAILED}\s+failed\s+2 passed, 2 failed, 1 skipped", rows[FAILED])
    assert f"--- tests.test_dial::test_numbers_are_read ({FAILED}) ---" in text
    assert f"src/brass_dial/__init__.py:15: {WHY}" in text
    assert "1 of 3 cells failed: 3.12-lowest-direct" in text


def test_one_run_judges_and_reports(engine: Bench, judged: Ended) -> None:
    """`matrix` starts pytest once for each cell; the files are of the very same processes."""
    if engine.program == ["dagger"]:
        pytest.skip("processes are counted in stiletto's progress")
    # An expression that nothing else used: these runs cannot be there already.
    only = (f"--args=-k=not x{uuid4().hex}", "--cell=3.11", f"--cell={FAILED}")
    first = engine.fails(DEMO, "matrix", *only)
    assert 2 == len(pytests(first))
    files = engine.passes(DEMO, "matrix-run", *only, "reports", "-o", engine.cwd / "again")
    assert [] == pytests(files)
    assert 2 == sum(name.startswith("pytest ") for name in files.cached)
    table = (engine.cwd / "again" / "table.txt").read_text()
    assert 2 == len(re.findall(r"^3\.1.* cached$", table, re.MULTILINE))


def test_reports_are_complete_although_a_cell_failed(reports: Path) -> None:
    """Every report is there, for the matrix and for each cell, the failed one included."""
    expected = {
        "annotations.txt",
        "cells",
        "coverage",
        "coverage.html",
        "junit.xml",
        "matrix.json",
        "report.html",
        "summary.md",
        "table.txt",
    }
    assert expected == {path.name for path in reports.iterdir()}
    kinds = {"coverage.json", "coverage.md", "coverage.xml", "html"}
    assert kinds | {"coverage.data"} == {path.name for path in (reports / "coverage").iterdir()}
    for name in CELLS:
        cell = reports / "cells" / name
        assert {"coverage", "coverage.data", "junit.xml", "pytest.log"} == {
            path.name for path in cell.iterdir()
        }
        assert kinds == {path.name for path in (cell / "coverage").iterdir()}
    assert "2 failed" in (reports / "cells" / FAILED / "pytest.log").read_text()


def test_coverage_is_combined_over_the_cells(reports: Path) -> None:
    """Lines that only one Python runs are covered in the total, and in no cell with the others."""
    total = json.loads((reports / "coverage" / "coverage.json").read_text())
    # Files are named from the root of the repository that the sample is in.
    assert [True] == [path.endswith("src/brass_dial/__init__.py") for path in total["files"]]
    alone = [
        json.loads((reports / "cells" / name / "coverage" / "coverage.json").read_text())
        for name in CELLS
    ]
    shares = [round(each["totals"]["percent_covered"], 1) for each in (total, *alone)]
    assert [84.6, 69.2, 69.2, 69.2] == shares
    with closing(sqlite3.connect(reports / "coverage" / "coverage.data")) as data:
        [(path,)] = data.execute("select path from file").fetchall()
    assert path.startswith("/src/")
    assert path.endswith("/src/brass_dial/__init__.py")
    xml = ElementTree.parse(reports / "coverage" / "coverage.xml").getroot()
    assert "9" == xml.get("lines-covered")
    assert "**85%**" in (reports / "coverage" / "coverage.md").read_text()


def test_merged_junit_has_every_cell(reports: Path) -> None:
    """The merged report has a suite for each cell, with its tests."""
    root = ElementTree.parse(reports / "junit.xml").getroot()
    assert [f"{name}: pytest" for name in CELLS] == [suite.get("name") for suite in root]
    assert ["0", "0", "2"] == [suite.get("failures") for suite in root]


def test_page_and_summary_tell_why(reports: Path) -> None:
    """The page and the summary are written on failure too, and name the failing test."""
    page = (reports / "report.html").read_text()
    assert "1 of 3 cells failed" in page
    assert "test_numbers_are_read" in page
    assert "test_slow_dial" in page
    again = re.search(r"Run what failed</dt><dd><code>(.*?)</code>", page)
    assert again
    assert re.search(r"call .*(?<!matrix-run) matrix --cell 3.12-lowest-direct", again[1])
    links = re.findall(r'href="([^"#]*)', page)
    assert len(CELLS) * 3 + 4 <= len(links)
    assert [] == [link for link in links if not (reports / unquote(link)).is_file()]
    summary = (reports / "summary.md").read_text()
    assert f"<code>{FAILED}</code> tests.test_dial::test_numbers_are_read" in summary
    assert "### Coverage 84.6 % (at least 80 % required)" in summary


def test_coverage_page_has_the_lines(reports: Path) -> None:
    """The page of coverage has the source, and marks the lines that ran in no cell."""
    page = (reports / "coverage.html").read_text()
    lines = re.findall(r"<i>(\d+) \N{MULTIPLICATION X}</i> (.*)", page)
    source = (DEMO / "src/brass_dial/__init__.py").read_text().splitlines()
    assert [("27", source[26]), ("28", escape(source[27]))] == lines


def test_annotations_name_file_and_line(reports: Path) -> None:
    """A failing test is told at the line of the package that raised."""
    line = (reports / "annotations.txt").read_text().splitlines()[0]
    assert re.match(r"::error file=(?:[\w/-]+/)?src/brass_dial/__init__\.py,line=", line)
    assert line.endswith(f"::{WHY}")
    number = int(line.partition(",line=")[2].partition(",")[0])
    source = (DEMO / "src/brass_dial/__init__.py").read_text().splitlines()
    assert "chunked(" in source[number - 1]


@pytest.mark.slow
def test_total_below_the_minimum_fails(engine: Bench, judged: Ended) -> None:
    """--coverage-min on the total fails cells that passed, with number and file."""
    words = ("matrix", "--cell=3.11", "--cell=3.12")
    ended = engine.fails(DEMO, *words, "--coverage-min=90")
    assert re.search(
        r"coverage 84\.6 % is below 90 %; most lacking: (?:[\w/-]+/)?src/brass_dial/__init__\.py",
        ended.said,
    )
    assert "coverage 84.6 % over 2 cells" in engine.passes(DEMO, *words).out


@pytest.mark.slow
def test_missing_python_fails_its_cell_alone(engine: Bench, judged: Ended) -> None:
    """A requested Python that the engine cannot provide fails its cell; a flag leaves it out."""
    words = ("matrix", "--python=3.11,3.99")
    ended = engine.fails(DEMO, *words)
    assert re.search(r"3\.99\s+failed [-. \d]*\s+Python 3\.99 is not available", ended.said)
    assert re.search(r"3\.11\s+passed", ended.said)
    skipped = engine.passes(DEMO, *words, "--skip-unavailable")
    assert re.search(r"3\.99\s+not run [-. \d]*\s+Python 3\.99 is not available", skipped.out)
    assert "passed: 1 cell passed, 1 not run" in skipped.out


@pytest.mark.slow
def test_fail_fast_leaves_out_what_has_not_begun(engine: Bench, judged: Ended) -> None:
    """With --fail-fast no cell begins after one has failed."""
    words = ("matrix", "--python=3.99,3.11", "--limit=1", "--fail-fast")
    ended = engine.fails(DEMO, *words)
    assert re.search(r"3\.11\s+not run [-. \d]*\s+stopped: another cell failed", ended.said)


def test_plan_runs_nothing(engine: Bench) -> None:
    """--plan lists the cells, --format github gives jobs, and no step is run."""
    listed = engine.passes(DEMO, "matrix", "--plan")
    assert listed.out.rstrip().endswith("3 cells")
    words = ("matrix", "--format=github", "--os=ubuntu-latest,macos-latest")
    ended = engine.passes(DEMO, *words)
    assert 6 == len(json.loads(ended.out)["include"])
    assert [] == pytests(listed) + pytests(ended)


@pytest.mark.slow
def test_cells_are_typed_objects(engine: Bench, judged: Ended) -> None:
    """Each cell of the object has its own fields."""
    assert ["0", "0", "1"] == engine.passes(DEMO, "matrix-run", "cells", "exit-code").out.split()
    assert "false" == engine.passes(DEMO, "matrix-run", "ok").out.strip()


@pytest.mark.slow
def test_history_grows_and_is_read(engine: Bench, judged: Ended) -> None:
    """A run adds a line for each cell to the file; `trend` compares them with those before."""
    at = engine.cwd / "history.jsonl"
    before = {"at": "2026-01-01", "commit": "a", "step": "3.11", "outcome": "passed", "seconds": 9}
    at.write_text(json.dumps(before) + "\n")
    words = ("matrix-run", "history", "--commit=b", "--previous", at)
    engine.passes(DEMO, *words, "--output", at)
    rows = [json.loads(line) for line in at.read_text().splitlines()]
    expected = [("a", "3.11"), *(("b", name) for name in CELLS)]
    assert expected == [(row["commit"], row["step"]) for row in rows]
    shown = engine.passes(DEMO, "trend", "--history", at, "--last=1").out
    assert re.search(r"3\.11\s+2\s+0\s+9\.00 s", shown)
    assert re.search(r"3\.12-lowest-direct\s+1\s+1", shown)
    rows[-1]["seconds"] = 60.0
    at.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    ended = engine.fails(DEMO, "matrix", "--history", at, "--limit=1")
    assert CELLS[-1] == re.findall(r"\[(3\.[^]]+)\] ", ended.err)[0]
    page = engine.cwd / "trend.html"
    engine.passes(DEMO, "trend-page", "--history", at, "--output", page)
    assert len(CELLS) * 2 == page.read_text().count("<svg role")


class Codecov(ThreadingHTTPServer):
    """Stands in for Codecov on loopback, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Upload)
        self.requests: list[tuple[str, str, str, bytes]] = []


class _Upload(BaseHTTPRequestHandler):
    """Answers as Codecov's upload does."""

    server: Codecov

    def do_POST(self) -> None:
        """Note the request, and tell where the report is to be put."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        place = f"http://{self.headers['host']}/put"
        answer = json.dumps({"raw_upload_location": place, "url": "https://example.org/up"})
        self._answer(body, answer.encode())

    def do_PUT(self) -> None:
        """Note the report."""
        self._answer(self.rfile.read(int(self.headers.get("content-length", 0))), b"")

    def _answer(self, body: bytes, answer: bytes) -> None:
        said = (self.command, self.path, self.headers.get("authorization", ""), body)
        self.server.requests.append(said)
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def codecov() -> Iterator[Codecov]:
    """Serve Codecov's upload on loopback."""
    server = Codecov()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_coverage_is_uploaded_once_for_the_matrix(
    engine: Bench, judged: Ended, codecov: Codecov, tmp_path: Path
) -> None:
    """The real uploader sends one report, with the token; asked again it sends again."""
    if engine.program == ["dagger"]:
        pytest.skip("a container does not reach a server on this machine's loopback")
    token = tmp_path / "token"
    token.write_text("0f1e2d3c-secret")
    url = f"http://127.0.0.1:{codecov.server_address[1]}"
    upload = ("matrix-run", "upload-coverage", "--token", f"file://{token}")
    words = (*upload, "--commit", "3f2a" * 10, "--slug=me/demo", f"--url={url}")
    for count in (1, 2):
        ended = engine.on_loopback.passes(DEMO, *words)
        assert f"uploaded coverage.xml to {url}" in ended.out
        requests = codecov.requests
        puts = [body for method, _, _, body in requests if method == "PUT"]
        assert count == len(puts)
        assert any("0f1e2d3c-secret" in key for _, _, key, _ in requests)
        assert "0f1e2d3c-secret" not in ended.said


@pytest.mark.slow
def test_upload_that_fails_is_told_and_fails_nothing(
    engine: Bench, judged: Ended, tmp_path: Path
) -> None:
    """An upload that no server takes is a sentence, and the call passes."""
    token = tmp_path / "token"
    token.write_text("0f1e2d3c-secret")
    upload = ("matrix-run", "upload-coverage", "--token", f"file://{token}", "--commit=3f2a")
    ended = engine.passes(DEMO, *upload, "--url=http://127.0.0.1:9")
    assert "not uploaded to http://127.0.0.1:9: codecovcli ended with exit code 1" in ended.out


@pytest.mark.slow
def test_claimed_python_that_is_missing_is_left_out(engine: Bench, tmp_path: Path) -> None:
    """It is named with the way to get it, and the matrix passes; the flag of CI fails for it."""
    claims = '\n[tool.wheelwright.matrix]\npython = ["3.11", "3.99"]\n'
    files = {
        "pyproject.toml": HATCHLING.format(name="demo") + PYTEST + claims,
        "src/demo/__init__.py": "",
        "tests/test_it.py": "def test_it():\n    pass\n",
    }
    at = write(tmp_path / "demo", files)
    passed = engine.passes(at, "matrix")
    failed = engine.fails(at, "matrix", "--skip-unavailable=false")

    assert re.search(r"3\.99\s+not run [-. \d]*\s+Python 3\.99 is not available", passed.out)
    assert "passed: 1 cell passed, 1 not run" in passed.out
    assert "not available: Python 3.99" in passed.out
    assert re.search(r"3\.99\s+failed", failed.said)
    assert "1 of 2 cells failed: 3.99" in failed.said
