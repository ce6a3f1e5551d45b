"""Real input: attrs as the index has it, on every Python of this machine.

The verdicts must agree with bare uv's, whatever they are: on some old patch releases of Python
one test of attrs fails, and failing is then right.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.sandbox.archives import unpack
from stiletto.sandbox.interpreters import Interpreter, find_interpreters

from .bench import Bench

VERSION = "26.1.0"
OLDEST = (3, 9)
"""attrs 26.1.0 has requires-python >=3.9."""

PIP = ["uv", "run", "--isolated", "--no-project", "--with=pip", "python", "-m", "pip"]
SUMMARY = re.compile(r"\b(\d+) (passed|failed|skipped|xfailed)\b")

pytestmark = pytest.mark.repeated


def uv_environ(environ: dict[str, str]) -> dict[str, str]:
    """Return an environment where uv is the one beside these tests."""
    here = str(Path(sys.executable).parent)
    return {**environ, "PATH": f"{here}:{environ['PATH']}", "UV_NO_PROGRESS": "1"}


@pytest.fixture(scope="session")
def attrs(shared: Path, environ: dict[str, str], worker_id: str) -> Path:
    """Download and unpack the sdist, once for each process of the run."""
    at = shared / f"attrs-{worker_id}"
    subprocess.run(
        [*PIP, "download", "--quiet", "--no-deps", "--no-binary=attrs", f"--dest={at}",
         f"attrs=={VERSION}"],
        check=True, env=uv_environ(environ), timeout=300,
    )  # fmt: skip
    unpack(at / f"attrs-{VERSION}.tar.gz", at)
    return at / f"attrs-{VERSION}"


def pythons_of(environ: dict[str, str]) -> list[Interpreter]:
    """Return the newest patch release of each Python here that attrs supports."""
    found = asyncio.run(find_interpreters(environ))
    newest = {one.version[:2]: one for one in sorted(found, key=lambda one: one.version)}
    return [one for series, one in sorted(newest.items()) if series >= OLDEST]


def test_verdict_is_that_of_bare_uv(
    stiletto: Bench, attrs: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    """On each Python, `test` passes or fails as `uv run pytest` does, with the same counts."""
    env = {**uv_environ(environ), "UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv")}
    bare, ours = {}, {}
    for one in pythons_of(environ):
        done = subprocess.run(
            ["uv", "run", "--frozen", f"--python={one.executable}", "--group=tests", "pytest"],
            cwd=attrs, env=env, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        last = done.stdout.rstrip().splitlines()[-1]
        bare[one.series] = (done.returncode == 0, counts(last))
        ended = stiletto.call(attrs, "test", f"--python={one.series}")
        line = next((line for line in ended.said.splitlines() if " passed, " in line), "")
        ours[one.series] = (ended.code == 0, counts(line))

    assert bare
    assert bare == ours


def counts(line: str) -> dict[str, int]:
    """Read how many passed and failed; what is expected to fail is skipped, for JUnit."""
    found = {word: int(count) for count, word in SUMMARY.findall(line)}
    return {word: found.get(word, 0) for word in ("passed", "failed")}
