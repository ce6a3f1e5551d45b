"""`stiletto explain`: which call and step it takes, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.history.inputs import Inputs
from stiletto.history.journal import Journal
from stiletto.history.notes import Kind, Note
from stiletto.store import Store
from tests.unit.stiletto.cli.cli_fake import Shell

ANSWER = """\
matrix: ran 3.0 s; 2 of 2 steps ran, 0 from the store
  [3.11] pytest -q   ran 1.0 s
    the first run here with python:3.11-slim
  [3.12] pytest -q   ran 1.0 s
    the first run here with python:3.12-slim
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a command line in a directory of two calls."""
    (tmp_path / "here").mkdir()
    environ = {"COLUMNS": "80", "STILETTO_CACHE": str(tmp_path / "cache")}
    shell = Shell(tmp_path / "here", environ)
    with Store(tmp_path / "cache") as store:
        for command in ("stiletto call one", "stiletto call two"):
            journal = Journal(store, shell.cwd.resolve(), command, lambda data: data)
            for number, version in enumerate(("3.11", "3.12"), 2):
                journal.saw(f"key{number}", Inputs({"args": []}))
                place = f"key{number}", "done", 1.0, "matrix", version
                image = f"python:{version}-slim"
                journal.ended(Note(number, Kind.STEP, "pytest -q", *place, image=image))
            journal.ended(Note(1, Kind.FUNCTION, "matrix", "key1", "done", 3.0))
            journal.close()
    return shell


def test_the_last_call_is_explained(shell: Shell) -> None:
    """Each step that ran; with --call the command line, too."""
    ended = shell("explain")
    assert (0, ANSWER, "") == (ended.code, ended.out, ended.err)
    for word, command in (("-2", "one"), ("2", "one"), ("-1", "two")):
        ended = shell("explain", "--call", word)
        assert f"stiletto call {command}   just now\n{ANSWER}" == ended.out


@pytest.mark.parametrize("words", [("--cell", "3.12"), ("--cell=3.12", "pytest"), ("3",)])
def test_a_cell_and_a_step_are_taken_out(shell: Shell, words: tuple[str, ...]) -> None:
    """By the cell, by the beginning of the name, by the number in the progress."""
    assert ANSWER.splitlines()[3:] == shell("explain", *words).out.splitlines()[-2:]


def test_a_step_that_cells_share_is_one_of_each(shell: Shell, tmp_path: Path) -> None:
    """It ran for the first cell that needed it, and is shown for the others, too."""
    with Store(tmp_path / "cache") as store:
        journal = Journal(store, shell.cwd.resolve(), "stiletto call", lambda data: data)
        needed = {"3.11": None}
        built = Note(1, Kind.STEP, "uv build", "key1", "done", 2.0, "matrix", "3.11")
        journal.ended(built, needed.keys())
        needed["3.12"] = None
        journal.close()
    for cell in ("3.11", "3.12"):
        assert "  uv build   ran 2.0 s" in shell("explain", "--cell", cell).out.replace(
            "[3.11] ", ""
        )
    assert "its cells are 3.11, 3.12" in shell("explain", "--cell", "9.9").err
    assert ["3.11", "3.12"] == json.loads(shell("explain", "--json").out)["steps"][0]["parts"]


def test_json_has_every_step(shell: Shell) -> None:
    """With the command, outcome, time, and reason; nothing of the digests of earlier runs."""
    data = json.loads(shell("explain", "--json").out)
    assert "stiletto call two" == data["command"]
    names = ["part", "outcome", "seconds", "why", "causes"]
    first = [data["steps"][0][name] for name in names]
    assert ["3.11", "done", 1.0, "the first run here with python:3.11-slim", []] == first


WRONG = {
    "pytets": (
        'the call has no step "pytets"',
        'did you mean "pytest"? its steps: pytest, matrix',
    ),
    "--cell 9.9": ('the call has no cell "9.9"', "its cells are 3.11, 3.12"),
    "--call 3": ('no call "3" of this directory is recorded', "--call takes -1 to -2"),
    "--call 0": ('no call "0" of this directory is recorded', "--call takes -1 to -2"),
    "pytest uv": ('more than one step: "uv"', "quote a name with blanks"),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_not_there_is_refused(shell: Shell, words: str) -> None:
    """With what there is."""
    message, hint = WRONG[words]
    ended = shell("explain", *words.split())
    assert (1, "", f"Error: {message}\n  hint: {hint}\n") == (ended.code, ended.out, ended.err)


def test_a_directory_without_a_call(shell: Shell, tmp_path: Path) -> None:
    """Also where all that is recorded is damaged; where it was removed, since when."""
    message = "Error: no call of this directory is recorded"
    hint = "\n  hint: run `stiletto call` or `stiletto check` here first\n"
    elsewhere = Shell(tmp_path, shell.environ)("explain")
    assert (1, "", f"{message}{hint}") == (elsewhere.code, elsewhere.out, elsewhere.err)
    found = list((tmp_path / "cache" / "history").rglob("*.json"))
    for text in ("", "{}", '{"notes": ['):
        for path in found:
            path.write_text(text)
        assert f"{message}{hint}" == shell("explain").err
    for path in found:
        path.unlink()
    for path in (tmp_path / "cache" / "history").rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 7200))
    assert f"{message} any more: removed 2 hours ago{hint}" == shell("explain").err


def test_a_closed_pipe_is_no_error(shell: Shell) -> None:
    """As with `| head -1`."""
    program = "import sys; from stiletto.cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "explain", "--json"]
    environ = {**os.environ, **shell.environ}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        words, cwd=shell.cwd, env=environ, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert b"" == done.stderr
