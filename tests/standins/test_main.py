"""`python -m tests.standins`: the world for a person."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from .client import ask_json
from .repository import run_git

ROOT = Path(__file__).resolve().parents[2]


def test_it_says_how_to_reach_the_servers(tmp_path: Path) -> None:
    """It prints variables that work, serves a package, and ends by an interrupt."""
    command = [sys.executable, "-m", "tests.standins", str(tmp_path / "world")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        variables: dict[str, str] = {}
        while "STANDINS_INDEX_TOKEN" not in variables:
            line = running.stdout.readline()
            assert line, "it ended before it had said everything"
            name, _, value = shlex.split(line)[1].partition("=")
            variables[name] = value
        url = f"{variables['GITHUB_API_URL']}/repos/{variables['GITHUB_REPOSITORY']}"
        answer = ask_json("GET", url, variables["GITHUB_TOKEN"])
        run_git(tmp_path, "clone", "--quiet", variables["STANDINS_REMOTE_WITH_TOKEN"], "clone")
        os.kill(running.pid, signal.SIGINT)
        assert "" == running.stdout.read()

    assert 0 == running.returncode
    assert 200 == answer.status
    assert (tmp_path / "clone/pyproject.toml").is_file()
