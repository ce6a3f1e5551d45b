"""The command lines of a run, with what writes the record of each."""

import shlex
import subprocess

import pytest

from wheelwright.project.runners.calling import IGNORED
from wheelwright.testing.commands import recorded, reported, with_arguments

PLUGIN = (
    "-p",
    "wheelwright_reporter",
    "--wheelwright-record=/opt/wheelwright/record/tests.jsonl",
    "--junit-xml=/reports/junit.xml",
)


@pytest.mark.parametrize(
    "before",
    [
        ("pytest",),
        ("python", "-m", "pytest"),
        ("coverage", "run", "-m", "pytest"),
        ("/opt/venv/bin/py.test",),
        ("xvfb-run", "-a", "pytest"),
        ("env", "MODE=1", "pytest"),
    ],
)
def test_plugin_stands_behind_the_word_pytest(before: tuple[str, ...]) -> None:
    """The record's options come right behind `pytest`, whatever starts it."""
    found = recorded([(*before, "-x")])
    assert (*before, *PLUGIN, "-x") == found.command
    assert ["/reports/junit.xml"] == [each.junit for each in found.counted]


def test_unittest_is_run_by_a_program_that_writes_the_record() -> None:
    """`python -m unittest` becomes our program, with the same arguments."""
    found = recorded([("python", "-m", "unittest", "discover", "-s", "tests")])
    assert ("python", "-m", "wheelwright_unittest") == found.command[:3]
    assert ("discover", "-s", "tests") == found.command[-3:]
    assert 1 == len(found.counted)


@pytest.mark.parametrize(
    "command",
    [
        ("zope-testrunner", "--test-path=src"),
        ("python", "manage.py", "test"),
        ("sh", "-c", "pytest && echo done"),
        ("pip", "install", "pytest"),
        (*IGNORED, "pytest"),
    ],
)
def test_other_programs_run_as_they_are(command: tuple[str, ...]) -> None:
    """What is not pytest itself, or may fail, is not changed and not counted."""
    found = recorded([command])
    assert (command, ()) == (found.command, found.counted)


def test_several_commands_are_one_script_that_ends_at_the_first_failure() -> None:
    """Each command of pytest has files of its own; the exit code is that of the one that failed."""
    found = recorded([("pytest", "a"), ("echo", "it's"), ("pytest", "b")])
    assert ("sh", "-c") == found.command[:2]
    assert ["/reports/junit.xml", "/reports/junit-2.xml"] == [each.junit for each in found.counted]
    assert "tests-2.jsonl" in found.command[2]

    script = recorded([("echo", "one two"), ("sh", "-c", "exit 7"), ("echo", "three")]).command
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (7, "one two\n") == (done.returncode, done.stdout)
    assert "exit code 7: sh -c 'exit 7'\n" == done.stderr


def test_arguments_replace_those_behind_pytest() -> None:
    """The caller's arguments replace the project's own; other commands stay."""
    lines = [("coverage", "erase"), ("coverage", "run", "-m", "pytest", "tests", "-q")]
    assert (lines[0], ("coverage", "run", "-m", "pytest", "-k", "x")) == with_arguments(
        lines, ["-k", "x"]
    )
    assert tuple(lines) == with_arguments(lines, [])


def test_report_alone_is_added_for_other_runners() -> None:
    """Without a record, pytest still writes its report."""
    assert (("pytest", "--junit-xml=/reports/junit.xml", "-x"),) == reported([("pytest", "-x")])
    assert shlex.split("python -m unittest") == list(reported([("python", "-m", "unittest")])[0])
