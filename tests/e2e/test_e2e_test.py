"""`test` and `test-run`: verdicts, what is read from a package, files of a run, layers."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .bench import Bench
from .conftest import Sample

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The one that runs these tests: it is on this machine."""

FULL = ".".join(map(str, sys.version_info[:3]))
"""The same to the last number: the machine may have another one of that minor version."""


@pytest.mark.parametrize(
    ("name", "words", "counts", "place"),
    [
        (
            "hatchling-src",
            [],
            "2 passed",
            # The path is from the root of the repository that the sample is in.
            "pyproject.toml, locked in uv.lock",
        ),
        pytest.param(
            "setuptools-flat",
            [],
            "4 passed, 1 skipped",
            "requirements-dev.txt",
            marks=pytest.mark.slow,
        ),
        ("workspace", ["--package=quay-crane"], "2 passed", "packages/crane/pyproject.toml"),
        pytest.param(
            "type-errors", [], "1 passed", 'dependency group "dev"', marks=pytest.mark.slow
        ),
        pytest.param(
            "badly-formatted", [], "1 passed", 'dependency group "tests"', marks=pytest.mark.slow
        ),
    ],
)
def test_passing_packages_pass(
    engine: Bench, sample: Sample, name: str, words: list[str], counts: str, place: str
) -> None:
    """Tests that pass give exit code 0 and a summary: counts, Python, where dependencies stand."""
    ended = engine.passes(sample(name), *words, "test", f"--python={FULL}")
    head, counted, places, *_ = ended.out.splitlines()

    assert head.endswith(f"passed on Python {FULL}")
    assert counted.strip().startswith(f"{counts} in ")
    assert places.startswith("  test dependencies: ")
    assert place in places


def test_missing_lock_is_said(engine: Bench, sample: Sample) -> None:
    """Without uv.lock the tests run on what the index has today, and the result says so."""
    ended = engine.passes(sample("setuptools-flat"), "test", f"--python={PYTHON}")

    assert "no uv.lock: resolved from the index on this run" in ended.out


def test_failing_test_fails_the_call(engine: Bench, sample: Sample) -> None:
    """A failing test gives exit code 1: its place and reason, the counts, how to run it again."""
    ended = engine.fails(sample("failing-test"), "test", f"--python={PYTHON}")

    assert "leaky-valve: failed on Python" in ended.said
    assert "1 passed, 1 failed in " in ended.said
    assert "test_leaky_valve.py:9: assert 0.1 == 0" in ended.error
    assert 1 == ended.error.count("E       assert 0.1 == 0")
    assert f"test --python {PYTHON} --args=test_leaky_valve.py::test_closed" in ended.error


@pytest.mark.slow
def test_line_again_runs_the_failing_test_again(stiletto: Bench, sample: Sample) -> None:
    """Pasted, the last line of a red run starts pytest for that test only, each time."""
    ended = stiletto.fails(sample("failing-test"), "test", f"--python={PYTHON}")
    (line,) = [line for line in ended.err.splitlines() if line.startswith("again: ")]
    _, program, *words = shlex.split(line)
    runs = [stiletto.run(*words), stiletto.run(*words)]

    assert "stiletto" == program
    for again in runs:
        assert 1 == again.code, str(again)
        assert "  1 failed in " in again.err
        assert 1 == sum(name.startswith("pytest ") for name in again.ran)


def test_files_of_a_failed_run_are_exported(engine: Bench, sample: Sample, tmp_path: Path) -> None:
    """The log and the JUnit report of a run whose tests failed can be saved all the same."""
    source = sample("failing-test")
    engine.passes(source, "test-run", f"--python={PYTHON}", "reports", "-o", tmp_path / "reports")
    engine.passes(source, "test-run", f"--python={PYTHON}", "junit", "-o", tmp_path / "j.xml")
    engine.passes(source, "test-run", f"--python={PYTHON}", "log", "-o", tmp_path / "run.log")
    code = engine.passes(source, "test-run", f"--python={PYTHON}", "exit-code")
    [suite] = ElementTree.parse(tmp_path / "j.xml").iter("testsuite")

    assert {"junit.xml", "pytest.log"} == {path.name for path in (tmp_path / "reports").iterdir()}
    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))
    assert "1 failed, 1 passed" in (tmp_path / "run.log").read_text()
    assert "1" == code.out.strip()


def test_groups_extras_and_arguments_reach_the_run(engine: Bench, sample: Sample) -> None:
    """Groups, extras and pytest arguments that the caller gives are the ones that are used."""
    source = sample("hatchling-src")
    (source / "tests" / "test_extra.py").write_text(
        "def test_extra():\n    import colorama, mypy\n    assert colorama and mypy\n"
    )
    words = [f"--python={PYTHON}", "--groups=typing", "--extras=loud", "--args=-k=extra", "--args"]
    ended = engine.passes(source, "test", *words, "tests")

    assert "1 passed" in ended.out
    assert 'dependency group "typing" (as requested)' in ended.out


def test_arguments_that_match_no_test_fail(engine: Bench, sample: Sample) -> None:
    """Narrowing the run to nothing is an error: it would pass without testing anything."""
    ended = engine.fails(
        sample("hatchling-src"), "test", f"--python={PYTHON}", "--args=-k", "--args=nothing"
    )

    assert "no test matches the pytest arguments" in ended.said


def test_package_without_tests_is_not_configured(engine: Bench, sample: Sample) -> None:
    """No tests at all is no failure, and no silence either: the result says what was looked for."""
    ended = engine.passes(sample("tiny-plain"), "test")

    assert ended.out.startswith(
        "not configured: pebble has no tests (no runner, no tests/ or test/"
    )


# -- layers ---------------------------------------------------------------------------------------


def test_second_run_runs_nothing(stiletto: Bench, sample: Sample) -> None:
    """The same call again answers the same, from the store: no command runs."""
    source = sample("hatchling-src")
    first = stiletto.passes(source, "test", f"--python={PYTHON}")
    second = stiletto.passes(source, "test", f"--python={PYTHON}")

    assert first.out == second.out
    assert [] == second.steps
    assert re.search(r"^\d+ : test CACHED ", second.err, re.MULTILINE)


def test_edited_test_installs_nothing(stiletto: Bench, sample: Sample) -> None:
    """Editing a test file runs pytest and no other step: nothing that installs knows the tests."""
    source = sample("hatchling-src")
    stiletto.passes(source, "test", f"--python={PYTHON}")
    with (source / "tests" / "test_count.py").open("a") as file:
        file.write("\n\ndef test_more() -> None:\n    assert True\n")
    ended = stiletto.passes(source, "test", f"--python={PYTHON}")

    assert "3 passed" in ended.out
    assert ["pytest"] == [name.split()[0] for name in ended.ran]
    assert 2 == sum("uv sync " in name for name in ended.cached)


def test_edited_source_reruns_no_dependency_install(stiletto: Bench, sample: Sample) -> None:
    """Editing the package installs it again, but no dependency: that layer knows the lock alone."""
    source = sample("hatchling-src")
    stiletto.passes(source, "test", f"--python={PYTHON}")
    with (source / "src" / "millrace" / "__init__.py").open("a") as file:
        file.write("\nMORE = 1\n")
    ended = stiletto.passes(source, "test", f"--python={PYTHON}")
    installs = [name for name in ended.cached if "--no-install-local" in name]

    assert 1 == len(installs)
    assert any("--inexact" in name for name in ended.ran)
    assert [] == [name for name in ended.ran if "--no-install-local" in name]


def test_edited_lock_reruns_the_install(stiletto: Bench, sample: Sample) -> None:
    """A changed dependency does install again: the layer's key holds pyproject.toml and uv.lock."""
    source = sample("hatchling-src")
    stiletto.passes(source, "test", f"--python={PYTHON}")
    lock = source / "uv.lock"
    lock.write_text(lock.read_text() + "\n# one line more\n")
    ended = stiletto.passes(source, "test", f"--python={PYTHON}")

    assert any("--no-install-local" in name for name in ended.ran)


def test_failure_runs_again(stiletto: Bench, sample: Sample) -> None:
    """Tests that failed run again at the next call; what they are installed with does not."""
    source = sample("failing-test")
    # Otherwise a test beside this one may run the same step between the two calls.
    (source / "of_this_test.txt").write_text("alone\n")
    stiletto.fails(source, "test", f"--python={PYTHON}")
    again = stiletto.fails(source, "test", f"--python={PYTHON}")

    assert "1 passed, 1 failed" in again.error
    assert ["pytest"] == [name.split()[0] for name in again.ran if "attempts.py" not in name]


def test_functions_chain(engine: Bench, sample: Sample) -> None:
    """A chain goes on from what a function returns: `test-run junit contents` prints the file."""
    ended = engine.passes(
        sample("hatchling-src"), "test-run", f"--python={PYTHON}", "junit", "contents"
    )

    assert ended.out.startswith("<?xml")
