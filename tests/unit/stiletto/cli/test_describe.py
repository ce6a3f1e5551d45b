"""Help of every level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.api.definition import ArgDef
from tests.unit.stiletto.cli.cli_fake import MODULE, SAMPLE, SMALL, STRING, FakeLauncher, Shell, fn

CALL_HELP = """\
Shows what a module can do.

USAGE
  stiletto call [options] [arguments] <function>

FUNCTIONS
  echo        Say it again.
  set-level   Return the level.
  tests       The tests.
  version     The version of the sample.

ARGUMENTS
      --source Directory   The project, as a directory. (default "/")
      --registry string    Where packages come from. (default "pypi")

OPTIONS
  -m, --mod string           Path or URL of the module (default: the one here)
      --workdir string       Set the working directory (default ".")
      --progress string      Progress output (auto, plain, tty, dots, report,
                             none)
      --sandbox string       How steps run (auto, bubblewrap, plain)
      --step-memory size     Limit the memory of each step, such as 4g
      --step-processes int   Limit the processes of each step
      --plain-secrets        Give secrets to steps in plain mode, too
      --allow-env            Let defaults in files run commands and read files
  -v, --verbose              Increase verbosity: show all output
  -q, --quiet                Reduce verbosity: show failures only
  -s, --silent               Do not show progress at all
  -d, --debug                Show all output, and a traceback with any error
  -y, --auto-apply           Apply the changes of a returned changeset
  -o, --output string        Save the result to a local file or directory
  -j, --json                 Present result as JSON

Use "stiletto call [command] --help" for more information about a command.
"""

ECHO_HELP = """\
Say it again.

Once is not enough for some, and the rest of this paragraph is here to be
wrapped by the help.

USAGE
  stiletto call echo [arguments]

ARGUMENTS
      --msg string   What to say. [required]
      --times int    How often. (default 1)
      --loud         In capitals.
"""

LEVEL_HELP = """\
Return the level.

USAGE
  stiletto call set-level [arguments]

ARGUMENTS
      --level SampleLevel   (possible values: LOW, HIGH) (default LOW)
"""

TESTS_HELP = """\
The tests.

USAGE
  stiletto call tests <function>

FUNCTIONS
  again   Back to the start.
  all     Fast tests, then slow ones.
  label   The label.
  unit    Fast tests.

Use "stiletto call tests [command] --help" for more information about a command.
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("call --help", CALL_HELP),
        ("call -h", CALL_HELP),
        ("help call", CALL_HELP),
        ("--help call", CALL_HELP),
        ("call echo --help", ECHO_HELP),
        ("call echo --loud -h", ECHO_HELP),
        ("call --help echo", ECHO_HELP),
        ("help call echo", ECHO_HELP),
        ("call set-level --help", LEVEL_HELP),
        ("call tests --help", TESTS_HELP),
    ],
)
def test_every_level_has_help(tmp_path: Path, words: str, expected: str) -> None:
    """Help shows usage, functions and arguments with types, defaults and what is required."""
    ended = Shell(tmp_path, launcher=FakeLauncher(module=SMALL))(*words.split())
    assert expected == ended.out
    wanted = (0, "")
    assert wanted == (ended.code, ended.err)


def test_help_wraps_to_a_narrow_terminal(tmp_path: Path) -> None:
    """Where two columns do not fit, the text goes beneath the name."""
    shell = Shell(tmp_path, environ={"COLUMNS": "34"}, launcher=FakeLauncher(module=SMALL))
    expected = """\
      --msg string
          What to say. [required]
      --times int
          How often. (default 1)
"""
    assert expected in shell("call", "echo", "--help").out


def test_help_is_bold_on_a_terminal_unless_no_color(tmp_path: Path) -> None:
    """Heads are bold; NO_COLOR takes that away."""
    shell = Shell(tmp_path, out_is_tty=True)
    assert "\x1b[1mUSAGE\x1b[0m" in shell("call", "--help").out
    shell.environ = {"NO_COLOR": "1"}
    assert "\x1b" not in shell("call", "--help").out


def test_help_of_a_deprecated_function_says_so(tmp_path: Path) -> None:
    """The reason is shown, and that of a deprecated argument too."""
    old = fn(
        "old",
        STRING,
        ArgDef("way", replace(STRING, optional=True), "How.", deprecated="use --path"),
        doc="Do it.",
        deprecated="use new",
    )
    module = replace(MODULE, objects={"Sample": replace(SAMPLE, functions={"old": old})})
    out = Shell(tmp_path, launcher=FakeLauncher(module=module))("call", "old", "--help").out
    assert "Deprecated: use new\n" in out
    assert "--way string   How. (deprecated: use --path)\n" in out
