"""Ctrl-C and SIGTERM end a call whatever goes on in it, and say what was under way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_bench import environment, probe

FUNCTIONS = '''
    @function
    async def step(self, script: str) -> str:
        """Run a step."""
        print("about to run: lock held", flush=True)
        return await dag.container().from_("python:3.11-slim").with_exec(
            ["sh", "-c", script]
        ).stdout()

    @function
    async def busy(self) -> str:
        """Never give way."""
        print("busy now", flush=True)
        while True:
            pass

    @function
    async def served(self, script: str) -> str:
        """Run a step beside a service that does not end when it is asked to."""
        service = (
            dag.container()
            .from_("python:3.11-slim")
            .with_exposed_port(18765)
            .as_service(args=["sh", "-c", "trap '' TERM; python -m http.server 18765"])
        )
        base = dag.container().from_("python:3.11-slim").with_service_binding("s", service)
        return await base.with_exec(["sh", "-c", script]).stdout()
'''
GENEROUS_S = 60


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a module whose functions hold on in different ways."""
    return probe(tmp_path_factory.mktemp("module"), FUNCTIONS)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with a store of its own."""
    return environment(tmp_path_factory.mktemp("store"))


@pytest.fixture
def mark() -> Iterator[str]:
    """Return a word for command lines; no process may have it when the test has ended."""
    mark = f"mark-{uuid.uuid4().hex}"
    yield mark
    deadline = time.monotonic() + GENEROUS_S
    while left := processes(mark):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def processes(mark: str) -> list[str]:
    """Return the command lines of running processes that have the word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in text and int(path.parent.name) != os.getpid():
            found.append(text)
    return found


def interrupted(
    module: Path, environ: dict[str, str], began: str, *words: str, numbers: list[signal.Signals]
) -> tuple[int, str]:
    """Call, send signals once a line of progress has the text; return code and screen."""
    with subprocess.Popen(
        [sys.executable, "-m", "stiletto", "call", "--progress=plain", *words],
        cwd=module,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if began in line:
                break
        for number in numbers:
            process.send_signal(number)
        rest = process.stderr.read()
        return process.wait(GENEROUS_S), "".join(seen) + rest


@pytest.mark.parametrize(
    ("number", "code", "trap"),
    [
        (signal.SIGINT, 2, ""),
        (signal.SIGTERM, 143, "trap '' INT TERM HUP; "),
        (signal.SIGINT, 2, "setsid sleep 600 & "),
    ],
)
def test_a_signal_ends_a_step_and_names_it(
    module: Path, environ: dict[str, str], mark: str, number: signal.Signals, code: int, trap: str
) -> None:
    """The step is gone, children and stubborn ones included, and what the function said is told."""
    script = f"{trap}echo running {number}; sleep 600; echo {mark}"
    words = ("step", "--script", script)
    ended, screen = interrupted(module, environ, f"running {number}", *words, numbers=[number])
    assert code == ended
    assert "Canceled.\n  was running: " in screen
    assert "step last printed: about to run: lock held" in screen
    hint = "  hint: run the same command again to continue; finished steps are cached\n"
    assert screen.endswith(hint)
    assert "Traceback" not in screen


def test_a_signal_ends_code_of_a_module_that_never_gives_way(
    module: Path, environ: dict[str, str]
) -> None:
    """A function that loops for ever is no reason to wait."""
    ended, screen = interrupted(module, environ, "busy now", "busy", numbers=[signal.SIGINT])
    assert 2 == ended
    assert "busy last printed: busy now" in screen


def test_a_signal_ends_services_that_do_not_end_themselves(
    module: Path, environ: dict[str, str], mark: str
) -> None:
    """A service that ignores SIGTERM is killed."""
    words = ("served", "--script", f"echo beside it; sleep 600; echo {mark}")
    ended, screen = interrupted(module, environ, "beside it", *words, numbers=[signal.SIGTERM])
    assert 143 == ended
    assert "Canceled.\n" in screen


def test_a_second_signal_does_not_wait(module: Path, environ: dict[str, str], mark: str) -> None:
    """Twice Ctrl-C leaves at once, and leaves nothing running."""
    words = ("step", "--script", f"trap '' TERM; echo twice; sleep 600; echo {mark}")
    both = [signal.SIGINT, signal.SIGINT]
    ended, screen = interrupted(module, environ, "twice", *words, numbers=both)
    assert 2 == ended
    assert 1 == screen.count("Canceled.")


def test_a_call_goes_on_after_an_interrupted_one(module: Path, environ: dict[str, str]) -> None:
    """The same store answers the next call as if nothing had happened."""
    words = ("step", "--script", "echo once; test -e /x || sleep 600")
    interrupted(module, environ, "once", *words, numbers=[signal.SIGKILL])
    done = subprocess.run(
        [sys.executable, "-m", "stiletto", "call", "-s", "step", "--script", "echo well"],
        cwd=module,
        env=environ,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    assert (0, "well\n") == (done.returncode, done.stdout)
