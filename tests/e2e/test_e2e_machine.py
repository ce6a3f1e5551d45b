"""The machine around a step: what tests see of it, and where steps run without isolation."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from .bench import Bench
from .conftest import Sample

SLOW = partial(pytest.param, marks=pytest.mark.slow)
REPEATED = partial(pytest.param, marks=pytest.mark.repeated)

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

SPY = '''\
"""Looks for what is the host's alone."""

import os
from pathlib import Path


def test_environment_of_the_host_is_not_seen():
    assert "HOST_TOKEN" not in os.environ


def test_no_process_shows_the_secret():
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            assert b"hunter2" not in environ.read_bytes()
        except OSError:
            pass


def test_files_of_the_host_are_not_seen():
    assert not Path({secret!r}).exists()
    assert not Path({home!r}).exists()
'''

NO_ISOLATION = "steps run without isolation, as ordinary processes"

# What differs between two runs of the same thing: durations, and widths that follow from them.
TIMES = re.compile(r"\d+\.\d+ ?s\b|^(\w+ +[a-z ]+?) +\d+\.\d(?= |$)", re.MULTILINE)


def timeless(text: str) -> str:
    """Return a text without what time it took."""
    text = re.sub(r"begun at:? \S+(?: \d\S* UTC)?", "begun", text)
    return re.sub(r" +", " ", TIMES.sub(r"\1", text)).strip()


# -- isolation ------------------------------------------------------------------------------------


def test_host_is_not_visible(stiletto: Bench, sample: Sample, tmp_path: Path) -> None:
    """Neither the caller's environment nor files outside the source reach the tests."""
    source = sample("hatchling-src")
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2\n")
    spy = SPY.format(secret=str(secret), home=stiletto.env["HOME"])
    (source / "tests" / "test_spy.py").write_text(spy)
    bench = replace(stiletto, env={**stiletto.env, "HOST_TOKEN": "hunter2"})
    ended = bench.passes(source, "--sandbox=bubblewrap", "test", f"--python={PYTHON}")

    assert "5 passed" in ended.out


def test_source_is_not_written_to(stiletto: Bench, sample: Sample) -> None:
    """Tests that write beside themselves write into the sandbox: the caller's files stay."""
    source = sample("hatchling-src")
    (source / "tests" / "test_write.py").write_text(
        "from pathlib import Path\n\n\n"
        "def test_write():\n    Path(__file__).with_name('made.txt').write_text('x')\n"
    )
    before = set(source.rglob("*"))
    stiletto.passes(source, "test", f"--python={PYTHON}")

    assert before == set(source.rglob("*"))


# -- plain mode -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def plain_store(cache: Path) -> Path:
    """Return a store that no bubblewrap step wrote to: what plain mode answers is its own."""
    return Path(f"{cache}-plain")


@pytest.fixture
def plain(stiletto: Bench, plain_store: Path) -> Bench:
    """Run in plain mode."""
    return replace(
        stiletto,
        env={**stiletto.env, "STILETTO_CACHE": str(plain_store)},
        flags=(*stiletto.flags, "--sandbox=plain"),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        # `ci` runs every gate and the build; the rest is what it does not run.
        SLOW("hatchling-src", ["ci", f"--python={PYTHON}"]),
        SLOW("badly-formatted", ["format", "modified-paths"]),
        SLOW("setuptools-flat", ["test", f"--python={PYTHON}"]),
        SLOW("hatchling-src", ["build", f"--python={PYTHON}", "entries"]),
        SLOW("failing-test", ["test-run", f"--python={PYTHON}", "summary"]),
        SLOW("type-errors", ["typecheck", f"--python={PYTHON}"]),
        SLOW("workspace", ["--package=quay-crane", "test", f"--python={PYTHON}"]),
        # Each alone.
        REPEATED("badly-formatted", ["lint"]),
        REPEATED("badly-formatted", ["check-format"]),
        REPEATED("hatchling-src", ["check-versions"]),
        REPEATED("hatchling-src", ["lock-check"]),
        REPEATED("hatchling-src", ["test", f"--python={PYTHON}"]),
        REPEATED("hatchling-src", ["typecheck", f"--python={PYTHON}"]),
        REPEATED("hatchling-src", ["versions"]),
        REPEATED("failing-test", ["test-run", f"--python={PYTHON}", "exit-code"]),
    ],
)
def test_plain_mode_gives_the_same(
    stiletto: Bench, plain: Bench, sample: Sample, name: str, words: list[str]
) -> None:
    """Without a sandbox each function ends with the same exit code and result."""
    source = sample(name)
    isolated, ordinary = stiletto.call(source, *words), plain.call(source, *words)

    assert isolated.code == ordinary.code, f"{isolated}\n{ordinary}"
    assert timeless(isolated.out) == timeless(ordinary.out)
    assert (
        timeless(isolated.error.partition("\n  replay:")[0])
        == timeless(ordinary.error.partition("\n  replay:")[0])
        or isolated.code == 0
    )


@pytest.mark.slow
def test_plain_mode_fails_where_tests_fail(stiletto: Bench, plain: Bench, sample: Sample) -> None:
    """Plain mode reports the same counts and the same failed test."""
    source = sample("failing-test")
    said = [
        bench.fails(source, "test", f"--python={PYTHON}").error.splitlines()
        for bench in (stiletto, plain)
    ]

    assert [timeless(line) for line in said[0][:6]] == [timeless(line) for line in said[1][:6]]
    assert "test_leaky_valve.py:9: assert 0.1 == 0" in "\n".join(said[1])


@pytest.mark.slow
def test_plain_mode_exports_the_same_files(
    stiletto: Bench, plain: Bench, sample: Sample, tmp_path: Path
) -> None:
    """What is built in plain mode has the same names, and formats the same, with -o and -y."""
    source = sample("hatchling-src")
    for bench, where in ((stiletto, "isolated"), (plain, "ordinary")):
        bench.passes(source, "build", f"--python={PYTHON}", "-o", tmp_path / where)
    crooked = sample("badly-formatted")
    plain.passes(crooked, "format", "-y", cwd=crooked)

    assert sorted(path.name for path in (tmp_path / "isolated").iterdir()) == sorted(
        path.name for path in (tmp_path / "ordinary").iterdir()
    )
    assert "def tilt(left_mm, right_mm):" in (crooked / "src/crooked_shelf/__init__.py").read_text()


# -- where namespaces are forbidden ---------------------------------------------------------------

NO_NAMESPACES = Path(__file__).parents[1] / "standins" / "no_namespaces.py"


@pytest.fixture
def forbidden(plain: Bench) -> Bench:
    """Run where no process may make a namespace, and ask for nothing."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the filter is for Linux on x86-64")
    program = [sys.executable, str(NO_NAMESPACES), *plain.program]
    return replace(plain, program=program, flags=("--progress=plain",))


@pytest.mark.slow
def test_auto_falls_back(forbidden: Bench, sample: Sample) -> None:
    """Where namespaces are forbidden the tests run all the same, and one line says without what."""
    source = sample("hatchling-src")
    (source / "tests" / "test_here.py").write_text("def test_here():\n    assert True\n")
    ended = forbidden.passes(source, "test", f"--python={PYTHON}")

    assert "3 passed" in ended.out
    assert 1 == sum(NO_ISOLATION in line for line in ended.err.splitlines()), ended.err


def test_bubblewrap_by_name_is_not_replaced(forbidden: Bench, sample: Sample) -> None:
    """Who asks for bubblewrap there gets an error: what forbids it, and how to allow it."""
    bench = replace(forbidden, flags=("--progress=plain", "--sandbox=bubblewrap"))
    ended = bench.fails(sample("hatchling-src"), "test", f"--python={PYTHON}")

    assert ended.error.startswith("bubblewrap cannot work here: "), str(ended)
    assert "hint: " in ended.error
