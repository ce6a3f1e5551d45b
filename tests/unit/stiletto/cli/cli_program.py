"""A command line on a fake engine, as a program and in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRON = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
"""Where a program finds the fake engine."""


def program(words: list[str]) -> str:
    """Return the program that runs a command line on a fake engine."""
    return (
        "import sys, pathlib, os\n"
        "from cli_fake import FakeLauncher\n"
        "from stiletto.cli.main import run\n"
        "from stiletto.cli.terminal import Terminal\n"
        "terminal = Terminal(sys.stdin, sys.stdout, sys.stderr, {}, pathlib.Path.cwd())\n"
        f"sys.exit(run({words!r}, terminal, FakeLauncher()))\n"
    )


def started(words: list[str], stdin: int) -> subprocess.Popen[str]:
    """Start a command line on a fake engine in a process of its own; wait until it runs."""
    return subprocess.Popen(
        [sys.executable, "-c", program(words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRON,
    )
