"""`stiletto session` and `stiletto run`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.unit.stiletto.cli.cli_fake import Shell


def test_a_session_prints_where_it_is_and_ends_with_stdin(tmp_path: Path) -> None:
    """One line of JSON with exactly these members: the SDK passes them on as keywords."""
    ended = Shell(tmp_path)(
        "session", "--label", "dagger.io/sdk.name:python", "--label=x:y", "--version", "0.21.8"
    )
    assert json.loads(ended.out) == {"port": 4711, "session_token": "secret-token"}
    wanted = (0, 1)
    assert wanted == (ended.code, ended.out.count("\n"))
    assert ended.launcher.closed


@pytest.mark.parametrize(("words", "expected"), [("--load-workspace-modules", [None]), ("", [])])
def test_a_session_loads_a_module_when_asked(
    tmp_path: Path, words: str, expected: list[None]
) -> None:
    """The module around the workdir is loaded only with --load-workspace-modules."""
    assert expected == Shell(tmp_path)("session", *words.split()).engine.loaded


PRINT_SESSION = (
    "import os, pathlib, sys;"
    "names = ('DAGGER_SESSION_PORT', 'DAGGER_SESSION_TOKEN');"
    "pathlib.Path('seen').write_text(' '.join(os.environ[name] for name in names));"
    "sys.exit(5)"
)


def test_run_gives_a_program_the_session_and_its_exit_code_back(tmp_path: Path) -> None:
    """The program runs in the working directory, its flags are its own."""
    (tmp_path / "sub").mkdir()
    ended = Shell(tmp_path)("run", "--workdir", "sub", sys.executable, "-c", PRINT_SESSION)
    expected = (5, "4711 secret-token")
    assert expected == (ended.code, (tmp_path / "sub" / "seen").read_text())


def test_run_passes_a_signal_on_as_a_shell_shows_it(tmp_path: Path) -> None:
    """A program ended by a signal gives 128 and the signal's number."""
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    expected = 128 + signal.SIGKILL
    assert expected == Shell(tmp_path)("run", sys.executable, "-c", kill).code
