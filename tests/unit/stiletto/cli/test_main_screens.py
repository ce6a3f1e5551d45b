"""Help screens and failures are compared whole with the files in `screens/`.

Run as a program, this writes these files.
"""

from __future__ import annotations

import difflib
import re
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from tests.unit.stiletto.cli.cli_fake import FakeLauncher, Shell

SCREENS = Path(__file__).resolve().parent / "screens"

LINES = {
    "help": (
        "--help",
        "cache --help",
        "call --help",
        "call echo --help",
        "call tests --help",
        "check --help",
        "explain --help",
        "functions --help",
        "functions",
        "init --help",
        "prune --help",
        "run --help",
        "session --help",
        "stop --help",
        "toolchain --help",
        "verify --help",
    ),
    "failures": (
        "chek",
        "cache sise",
        "cache dir here",
        "call --sauce . echo",
        "call ecko",
        "call echo",
        "call echo --msg a --times many",
        "call set-level --level middle",
        "call look --at nothing.txt",
        "call token --token NO_SUCH_VARIABLE",
        "call combine",
        "call -m missing version",
        "call stop",
        "call broken",
        "call foreign",
        "call nowhere",
        "check lint",
        "prune --unused-for soon",
        "--sandbox docker call version",
    ),
}
"""What is typed for each file. A failing check is one whose step ends with exit code 3."""


def screen(cwd: Path, line: str) -> str:
    """Return a command, what it prints to either stream, and its exit code."""
    ended = Shell(cwd, launcher=FakeLauncher(failing=frozenset({"Sample.lint"})))(
        *shlex.split(line)
    )
    shown = f"$ stiletto {line}\n{ended.out}{ended.err}[exit code {ended.code}]\n"
    return re.sub(r"\d+\.\ds", "N s", shown.replace(str(cwd), "/project"))


def screens(cwd: Path, name: str) -> str:
    """Return a whole file."""
    return "\n".join(screen(cwd, line) for line in LINES[name])


@pytest.mark.parametrize("name", LINES)
def test_screens_are_as_recorded(tmp_path: Path, name: str) -> None:
    """Not a character of a screen changes unseen."""
    recorded = (SCREENS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    changed = difflib.unified_diff(recorded, screens(tmp_path, name).splitlines(), lineterm="", n=1)

    assert [] == list(changed), "run: uv run python -m tests.unit.stiletto.cli.test_main_screens"


if __name__ == "__main__":
    for name in LINES:
        with tempfile.TemporaryDirectory() as directory:
            (SCREENS / f"{name}.txt").write_text(screens(Path(directory), name), encoding="utf-8")
    sys.stderr.write(f"written: {SCREENS}\n")
