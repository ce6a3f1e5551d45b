"""The command line itself: its commands, its version, invalid arguments, and its imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stiletto.cli.main import ALIASES, COMMANDS, DAGGER_ONLY
from tests.unit.stiletto.cli.cli_fake import Shell
from tests.unit.stiletto.cli.cli_program import ENVIRON, program


@pytest.mark.parametrize("words", ["", "--help", "help", "-h"])
def test_help_lists_the_commands(tmp_path: Path, words: str) -> None:
    """Without a command the commands are listed, and no engine is opened."""
    ended = Shell(tmp_path)(*words.split())
    assert ended.out.startswith("Run Dagger modules written in Python")
    assert "\n  check       Check the state of your project" in ended.out
    assert ended.launcher.engine is None


@pytest.mark.parametrize(
    "command", ["functions", "check", "session", "run", "prune", "verify", "cache"]
)
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    """Help of a command needs no engine."""
    ended = Shell(tmp_path)(command, "--help")
    assert f"USAGE\n  stiletto {command}" in ended.out
    assert "--sandbox" in ended.out
    assert ended.launcher.engine is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("uninstall --sdk=python x", "uninstall"),
        ("install github.com/a/b", "install"),
        ("develop", "develop"),
        ("query", "query"),
        ("query --help", "query"),
        ("help core", "core"),
        ("-m module core version", "core"),
        ("shell -c x", "shell"),
        ("up", "up"),
        ("api call lint", "api"),
        ("toolchain update", "toolchain update"),
        *((name, name) for name in ("q", "t", "l", "use", "ws", "sdk", "agent", "llm", "setup")),
    ],
)
def test_other_commands_of_dagger_are_refused(tmp_path: Path, line: str, name: str) -> None:
    """A command that only Dagger has is refused in one line that names it."""
    ended = Shell(tmp_path)(*line.split())

    assert (
        1,
        f"Error: the command {name} is not implemented by stiletto\n"
        "  hint: run the same command with `dagger` instead of `stiletto`\n",
    ) == (ended.code, ended.err)
    assert ended.launcher.engine is None


@pytest.mark.parametrize(
    "flag", ["-c x", "--command=x", "--model=x", "--env ci", "-W x", "--org x", "--profile"]
)
def test_other_flags_of_dagger_are_refused(tmp_path: Path, flag: str) -> None:
    """A flag that only Dagger has is not unknown: the error says where it works."""
    ended = Shell(tmp_path)(*flag.split(), "functions")

    assert (1, "  hint: leave it out, or run the same command with `dagger`") == (
        ended.code,
        ended.err.splitlines()[-1],
    )


def test_commands_are_either_ours_or_daggers() -> None:
    """No command is both implemented and refused."""
    assert set() == DAGGER_ONLY & {*COMMANDS, *ALIASES}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "cal",
            'Error: unknown command "cal" for "stiletto"\n'
            '  hint: did you mean "call"? see stiletto --help\n',
        ),
        ("--bogus", "Error: unknown flag: --bogus\n  hint: see stiletto --help\n"),
        ("version now", 'Error: unknown command "now" for "stiletto version"\n'),
        (
            "session now",
            'Error: unknown command "now" for "stiletto session"\n'
            "  hint: see stiletto session --help\n",
        ),
        (
            "prune now",
            'Error: unknown command "now" for "stiletto prune"\n'
            "  hint: see stiletto prune --help\n",
        ),
        (
            "lint",
            'Error: unknown command "lint" for "stiletto"\n'
            "  hint: stiletto call ... calls a function of the module; "
            "see stiletto --help\n",
        ),
        ("run", "Error: no command to run\n  hint: see stiletto run --help\n"),
        (
            "run no-such-program",
            "Error: cannot run no-such-program: No such file or directory\n",
        ),
        (
            "check --generate --no-generate",
            "Error: if any flags in the group [no-generate generate] are set "
            "none of the others can be\n",
        ),
        (
            "check lnt",
            'Error: no check matches "lnt"\n'
            '  hint: did you mean "lint"? see stiletto check --list\n',
        ),
        (
            "functions lnt",
            'Error: no function "lnt" in type "Sample"\n  hint: did you mean "lint"?\n',
        ),
        (
            "functions names",
            'Error: function "names" returns type "LIST_KIND" with no further functions '
            "available\n",
        ),
        ("functions combine", 'Error: function "combine" in type "Sample" is not supported\n'),
        (
            "session --load-workspace-modules --skip-workspace-modules",
            "Error: --load-workspace-modules and --skip-workspace-modules are mutually exclusive\n",
        ),
        (
            "prune --keep much",
            'Error: invalid argument "much" for "--keep" flag: expected a size, as 5GB\n',
        ),
        (
            "prune --unused-for long",
            'Error: invalid argument "long" for "--unused-for" flag: expected a duration, as 7d\n',
        ),
    ],
)
def test_wrong_commands_are_named(tmp_path: Path, words: str, expected: str) -> None:
    """Each ends with 1 and one error."""
    ended = Shell(tmp_path)(*words.split())
    assert expected == ended.err
    wanted = (1, "")
    assert wanted == (ended.code, ended.out)


@pytest.mark.parametrize("words", ["version", "--version"])
def test_the_version_names_the_wire_protocol(tmp_path: Path, words: str) -> None:
    """The own version, and the release of Dagger whose protocol is spoken."""
    ended = Shell(tmp_path)(words)
    assert ended.out.startswith("stiletto v")
    assert ended.out.endswith("(Dagger API v0.21.8)\n")


@pytest.mark.parametrize("words", [["--help"], ["call", "names"], ["check", "--help"]])
def test_starting_imports_nothing_heavy(words: list[str]) -> None:
    """Neither rich nor a server nor the SDK is loaded where nothing needs it."""
    source = program(words).replace("sys.exit(", "(")
    source += "print(*{'rich', 'graphql', 'uvicorn', 'dagger', 'http'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRON,
    )
    wanted = ""
    assert wanted == done.stdout.splitlines()[-1]


@pytest.mark.parametrize(("words", "code"), [(["version"], 0), (["versoin"], 1)])
def test_a_command_ends_with_what_has_to_be_done_at_the_end(words: list[str], code: int) -> None:
    """The process ends at once, with its code, its whole output, and what others registered."""
    source = (
        "import atexit, sys, weakref\n"
        "class Kept: pass\n"
        "kept = Kept()\n"
        "weakref.finalize(kept, print, 'removed')\n"
        "atexit.register(print, 'closed')\n"
        f"sys.argv = ['stiletto', *{words!r}]\n"
        "from stiletto.cli.main import program\n"
        "program()\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert code == done.returncode
    assert ["closed", "removed"] == done.stdout.splitlines()[-2:]
    assert (code == 1) == done.stderr.startswith("Error: unknown command")
