"""Help, functions, check, session, run, prune and version."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.api.definition import ArgDef, ModuleDef
from stiletto.cli.prune import read_duration_s, size_text
from stiletto.errors import UsageError
from stiletto.store.limit import read_size_bytes
from tests.unit.stiletto.cli.cli_fake import MODULE, SAMPLE, STRING, FakeLauncher, Shell, fn, obj

SMALL = ModuleDef(
    "sample",
    "Sample",
    objects={
        "Sample": replace(
            SAMPLE,
            functions={
                name: SAMPLE.functions[name] for name in ("echo", "setLevel", "tests", "combine")
            },
        ),
        "SampleTests": MODULE.objects["SampleTests"],
    },
    enums=MODULE.enums,
)

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


def test_help_of_a_broken_module_still_teaches(tmp_path: Path) -> None:
    """The error is shown, and the flags that are known without the module."""
    ended = Shell(tmp_path)("call", "-m", "missing", "--help")
    assert ended.out.startswith("Call one or more functions")
    assert ended.err.startswith("Error: no dagger.json at missing\n")
    wanted = 1
    assert wanted == ended.code


@pytest.mark.parametrize("words", ["", "--help", "help", "-h"])
def test_help_lists_the_commands(tmp_path: Path, words: str) -> None:
    """Without a command the commands are listed, and no engine is opened."""
    ended = Shell(tmp_path)(*words.split())
    assert ended.out.startswith("Run Dagger modules written in Python")
    assert "\n  check       Check the state of your project" in ended.out
    assert ended.launcher.engine is None


@pytest.mark.parametrize("command", ["functions", "check", "session", "run", "prune", "verify"])
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    """Help of a command needs no engine."""
    ended = Shell(tmp_path)(command, "--help")
    assert f"USAGE\n  stiletto {command}" in ended.out
    assert "--sandbox" in ended.out
    assert ended.launcher.engine is None


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
        ("session now", 'Error: unknown command "now" for "stiletto session"\n'),
        ("prune now", 'Error: unknown command "now" for "stiletto prune"\n'),
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


FUNCTIONS = """\
Name        Description
echo        Say it again.
set-level   Return the level.
tests       The tests.
version     The version of the sample.

Skipped 1 function(s) with unsupported types: combine
"""


def test_functions_are_listed_by_name(tmp_path: Path) -> None:
    """Fields are functions; what cannot be called is counted."""
    ended = Shell(tmp_path, launcher=FakeLauncher(module=SMALL))("functions")
    wanted = (0, FUNCTIONS, "")
    assert wanted == (ended.code, ended.out, ended.err)


@pytest.mark.parametrize("name", ["tests", "Tests"])
def test_functions_follow_a_chain(tmp_path: Path, name: str) -> None:
    """The functions of what a function returns, also of a list's elements."""
    shell = Shell(tmp_path)
    assert "unit    Fast tests.\n" in shell("functions", name).out
    assert "contents   Retrieve the contents.\n" in shell("functions", "wheels").out
    assert "file      Retrieve a file.\n" in shell("functions", "sources").out


def test_no_functions_is_said(tmp_path: Path) -> None:
    """An object without functions is no error."""
    module = replace(
        MODULE, objects={"Sample": replace(SAMPLE, functions={}, fields={}, constructor=None)}
    )
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("functions")
    wanted = (0, "", "No functions found.\n")
    assert wanted == (ended.code, ended.out, ended.err)


CHECKS = """\
Name                Description
sample:lint         Check the style.
sample:slow         Check slowly.
sample:tests:all    Fast tests, then slow ones.
sample:tests:unit   Fast tests.
sample:types        Check the types.

Generators
sample:format       Format the code.
sample:tidy         Tidy the lock.
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-l", CHECKS),
        ("--list lint", "Name          Description\nsample:lint   Check the style.\n"),
        ("-l --no-generate", CHECKS[: CHECKS.index("\nGenerators")]),
        (
            "-l --generate",
            "Name            Description\n\nGenerators\n"
            "sample:format   Format the code.\nsample:tidy     Tidy the lock.\n",
        ),
    ],
)
def test_checks_are_listed(tmp_path: Path, words: str, expected: str) -> None:
    """Generators have a section of their own; patterns and switches narrow the list."""
    ended = Shell(tmp_path)("check", *words.split())
    assert (0, expected) == (ended.code, ended.out)
    assert not ended.engine.asked


def test_passing_checks_end_with_0(tmp_path: Path) -> None:
    """Each is reported on stdout, and was a span on stderr."""
    ended = Shell(tmp_path)("check", "lint", "sample:tests", "types", "tidy")
    expected = """\
sample:lint         OK         0.0s
sample:tests:all    OK         0.0s
sample:tests:unit   OK         0.0s
sample:types        OK         0.0s
sample:tidy         OK         0.0s
"""
    assert (0, expected) == (ended.code, ended.out)
    assert "1 : sample:lint DONE [0.0s]\n" in ended.err


def test_a_check_forces_what_it_returns(tmp_path: Path) -> None:
    """A lazy container would pass without having run."""
    ended = Shell(tmp_path)("check", "types")
    assert ("Container", "sync", {}) in ended.engine.asked


def test_what_a_check_does_is_shown_beneath_it(tmp_path: Path) -> None:
    """Checks run at the same time, and their steps are told apart."""
    above = Shell(tmp_path)("check", "lint", "types").engine.above
    wanted = ["sample:lint", "sample:types"]
    assert wanted == [above["lint"], above["sync"]]


def test_checks_on_one_object_share_it(tmp_path: Path) -> None:
    """The object that several checks live on is asked for once."""
    ended = Shell(tmp_path)("check", "tests")
    expected = ["Sample"]
    assert expected == [type_ for type_, field, _ in ended.engine.asked if field == "tests"]


def test_a_failing_check_ends_with_1(tmp_path: Path) -> None:
    """The others still run; the report says what went wrong, and the count is the error."""
    launcher = FakeLauncher(failing=frozenset({"Sample.lint"}))
    ended = Shell(tmp_path, launcher=launcher)("check", "-s", "lint", "slow")
    expected = """\
sample:lint   ERROR      0.0s
    step `tool Sample.lint` failed: exit code: 3
sample:slow   OK         0.0s
"""
    assert (1, expected) == (ended.code, ended.out)
    wanted = "Error: 1 of 2 checks failed\n"
    assert wanted == ended.err


def test_a_generator_with_changes_fails(tmp_path: Path) -> None:
    """The hint applies them; a generator without changes passes."""
    ended = Shell(tmp_path)("check", "-s", "--generate")
    expected = """\
sample:format   ERROR      0.0s
    sample:format produced changes
    hint: run `stiletto call format` to apply them
sample:tidy     OK         0.0s
"""
    assert (1, expected) == (ended.code, ended.out)


def test_failfast_cancels_what_still_runs(tmp_path: Path) -> None:
    """A check that would take a minute is cancelled by the first failure."""
    slow = replace(SAMPLE.functions["slow"], name="wait")
    functions = {"lint": SAMPLE.functions["lint"], "wait": slow}
    module = replace(MODULE, objects={"Sample": replace(SAMPLE, functions=functions)})
    launcher = FakeLauncher(module=module, failing=frozenset({"Sample.lint"}))
    ended = Shell(tmp_path, launcher=launcher)("check", "--failfast")
    reported = [line.split() for line in ended.out.splitlines() if line.startswith("sample")]
    expected = ["ERROR", "CANCELLED"]
    assert expected == [words[1] for words in reported]
    assert "2 : sample:wait CANCELLED [0.0s]\n" in ended.err
    wanted = 1
    assert wanted == ended.code


def test_no_checks_is_said(tmp_path: Path) -> None:
    """A module without checks passes, and says so."""
    functions = {"echo": SAMPLE.functions["echo"]}
    module = replace(MODULE, objects={"Sample": replace(SAMPLE, functions=functions)})
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("checks")
    wanted = (0, "", "No checks found.\n")
    assert wanted == (ended.code, ended.out, ended.err)


def test_checks_need_a_constructor_without_required_arguments(tmp_path: Path) -> None:
    """The arguments are named."""
    needy = replace(SAMPLE, constructor=fn("", obj("Sample"), ArgDef("token", STRING)))
    module = replace(MODULE, objects={"Sample": needy})
    ended = Shell(tmp_path, launcher=FakeLauncher(module=module))("check", "lint")
    expected = (
        "Error: module sample cannot be checked: its constructor requires token\n"
        "  hint: checks run without arguments; give the constructor defaults\n"
    )
    assert expected == ended.err


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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", {"keep_bytes": None, "unused_for_s": None, "volumes": False}),
        ("--volumes", {"keep_bytes": None, "unused_for_s": None, "volumes": True}),
        ("--keep 2GB", {"keep_bytes": 2_000_000_000, "unused_for_s": None}),
        ("--unused-for=7d", {"keep_bytes": None, "unused_for_s": 604_800.0}),
    ],
)
def test_prune_says_what_became_free(
    tmp_path: Path, words: str, expected: dict[str, object]
) -> None:
    """What is kept is up to the flags."""
    ended = Shell(tmp_path)("prune", *words.split())
    opened = ended.launcher.opened_with
    assert expected == {name: opened[name] for name in expected}
    wanted = (0, "1.2 MB freed, 890 B kept\n")
    assert wanted == (ended.code, ended.out)


@pytest.mark.parametrize(
    ("words", "code", "found"), [("", 1, "damaged"), ("--repair", 0, "dropped")]
)
def test_verify_names_what_is_damaged(tmp_path: Path, words: str, code: int, found: str) -> None:
    """Each damaged part is a line; it is an error unless it was dropped."""
    ended = Shell(tmp_path)("verify", *words.split())
    out = f"{found}: /cache/blobs/ab/abc: cut off\nchecked 2 blobs: 1 damaged\n"
    assert (code, out) == (ended.code, ended.out)
    assert ("stiletto verify --repair" in ended.err) == (code == 1)


def test_sizes_and_durations_have_units() -> None:
    """Decimal and binary sizes, and durations from seconds to weeks."""
    expected_sizes = [0, 500, 1500, 1024**3]
    assert expected_sizes == [
        read_size_bytes(text, "--keep") for text in ("0", "500B", "1.5kB", "1GiB")
    ]
    expected_durations = [1.5, 120.0, 3600.0, 604_800.0]
    assert expected_durations == [read_duration_s(text) for text in ("1.5s", "2m", "1h", "1w")]
    expected_texts = ["0 B", "999 B", "1.0 kB", "2.5 GB", "3000.0 TB"]
    sizes = (0, 999, 1000, 2.5e9, 3e15)
    assert expected_texts == [size_text(int(size)) for size in sizes]
    with pytest.raises(UsageError):
        read_duration_s("7")


@pytest.mark.parametrize("words", ["version", "--version"])
def test_the_version_names_the_wire_protocol(tmp_path: Path, words: str) -> None:
    """The own version, and the release of Dagger whose protocol is spoken."""
    ended = Shell(tmp_path)(words)
    assert ended.out.startswith("stiletto v")
    assert ended.out.endswith("(Dagger API v0.21.8)\n")


@pytest.mark.parametrize("words", [["--help"], ["call", "names"], ["check", "--help"]])
def test_starting_imports_nothing_heavy(words: list[str]) -> None:
    """Neither rich nor a server nor the SDK is loaded where nothing needs it."""
    program = _program(words).replace("sys.exit(", "(")
    program += "print(*{'rich', 'graphql', 'uvicorn', 'dagger', 'http'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    wanted = ""
    assert wanted == done.stdout.splitlines()[-1]


def _program(words: list[str]) -> str:
    return (
        "import sys, pathlib, os\n"
        "from cli_fake import FakeLauncher\n"
        "from stiletto.cli.main import run\n"
        "from stiletto.cli.terminal import Terminal\n"
        "terminal = Terminal(sys.stdin, sys.stdout, sys.stderr, {}, pathlib.Path.cwd())\n"
        f"sys.exit(run({words!r}, terminal, FakeLauncher()))\n"
    )


def _started(words: list[str], stdin: int) -> subprocess.Popen[str]:
    """Start a command line on a fake engine in a process of its own; wait until it runs."""
    return subprocess.Popen(
        [sys.executable, "-c", _program(words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_signal_cancels_a_call(number: signal.Signals, expected: int) -> None:
    """SIGINT ends with 2 as Dagger's command line does, SIGTERM with 143."""
    with _started(["call", "--progress=plain", "wait"], subprocess.DEVNULL) as process:
        assert process.stderr is not None
        wanted = "1 : wait\n"
        assert wanted == process.stderr.readline()
        process.send_signal(number)
        assert expected == process.wait(20)
        canceled, running, hint = process.stderr.read().splitlines()[-3:]
        assert "Canceled." == canceled
        assert running.startswith("  was running: wait (")
        assert "  hint: run the same command again to continue; finished steps are cached" == hint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_session_well(number: signal.Signals) -> None:
    """The SDK takes any exit code but 0 for a failure."""
    with _started(["session"], subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "port" in process.stdout.readline()
        process.send_signal(number)
        wanted = 0
        assert wanted == process.wait(20)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_program_of_run(number: signal.Signals, expected: int) -> None:
    """The program gets SIGTERM and is waited for."""
    words = ["run", sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    with _started(words, subprocess.DEVNULL) as process:
        assert process.stdout is not None
        wanted = "up\n"
        assert wanted == process.stdout.readline()
        process.send_signal(number)
        assert expected == process.wait(20)
