"""`stiletto call`, from its words to its output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stiletto.visible import sanitized
from tests.unit.stiletto.cli.cli_fake import FakeLauncher, Shell


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("echo --msg hi", "hi"),
        ("echo --msg=hi --times 0x2 --loud", "HIHI"),
        ("echo --msg hi --loud=false", "hi"),
        ("echo --MSG hi", "hi"),
        ("join-all --items a,b --items c", "a|b|c"),
        ("join-all --items=", ""),
        ("sum-all --numbers 1,2 --numbers 3", "6"),
        ("half", "0.75"),
        ("half --of 4", "2"),
        ("set-level", "LOW"),
        ("set-level --level high", "HIGH"),
        ("names", "ann\nbob\n"),
        ("version", "1.2.3"),
        ("nothing", ""),
        ("maybe", ""),
        ("readme contents", "# Sample\n"),
        ("sources file --path a.txt contents", "A"),
        ("sources entries", "a.txt\nb.txt\n"),
        ("wheels size", "1\n2\n"),
        ("tests label", "fast"),
        ('data --data {"a":1}', '{"a":1}'),
        ("base --image python:3.12 stdout", "python:3.12"),
        ("cache --volume uv", "uv"),
    ],
)
def test_a_chain_prints_its_leaf_bare(tmp_path: Path, words: str, expected: str) -> None:
    """Text as it is, a list one per line, void nothing, and no line break is added to a pipe."""
    ended = Shell(tmp_path)("call", *words.split())
    assert expected == ended.out
    assert ended.code == 0, ended.err


def test_a_terminal_gets_a_line_break(tmp_path: Path) -> None:
    """Text without a line break at its end would leave the prompt behind it."""
    shell = Shell(tmp_path, out_is_tty=True)
    outs = [shell("call", "echo", "--msg", text).out for text in ("hi", "hi\n")]
    wanted = ["hi\n"] * 2
    assert wanted == outs


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("names", '[\n    "ann",\n    "bob"\n]\n'),
        ("half", "0.75\n"),
        ("half --of 4", "2\n"),
        ("echo --msg <ü>", '"<ü>"\n'),
        ("wheels size", "[\n    1,\n    2\n]\n"),
    ],
)
def test_json_is_indented_by_four(tmp_path: Path, words: str, expected: str) -> None:
    """--json before or after the functions presents leaves and lists as JSON."""
    shell = Shell(tmp_path)
    outs = {shell("call", *words.split(), flag).out for flag in ("--json", "-j", "-j=true")}
    outs.add(shell("call", "--json", *words.split()).out)
    assert {expected} == outs


def test_arguments_that_are_not_given_are_not_sent(tmp_path: Path) -> None:
    """The engine applies defaults: giving a default explicitly would be another call."""
    ended = Shell(tmp_path)("call", "echo", "--msg", "x")
    expected = [("", "", {}), ("Sample", "echo", {"msg": "x"})]
    assert expected == ended.engine.asked


def test_constructor_flags_come_before_the_function(tmp_path: Path) -> None:
    """They construct the main object; a directory leaves out what its argument ignores."""
    (tmp_path / "src").mkdir()
    ended = Shell(tmp_path)("call", "--source", "file://src", "--registry=here", "version")
    expected = [
        ("Query", "host", {}),
        ("Host", "directory", {"path": "src", "exclude": [".venv"]}),
    ]
    assert expected == ended.engine.asked[:2]
    _, _, constructor = ended.engine.asked[2]
    wanted = "here"
    assert wanted == constructor["registry"]


def test_a_file_argument_is_read_from_the_working_directory(tmp_path: Path) -> None:
    """--workdir is where relative paths start."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "note.txt").write_text("found")
    ended = Shell(tmp_path)("call", "--workdir", "sub", "look", "--at", "note.txt")
    expected = "found"
    assert expected == ended.out


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("env://TOKEN", {"uri": "env://TOKEN"}),
        ("env:TOKEN", {"uri": "env://TOKEN"}),
        ("A_NAME", {"uri": "env://A_NAME"}),
        ("file:./t", {"uri": "file://./t"}),
        ("cmd://pass show x", {"uri": "cmd://pass show x"}),
        ("env://T?cacheKey=k", {"uri": "env://T", "cacheKey": "k"}),
        ("op://a/b?x=1&cacheKey=k", {"uri": "op://a/b?x=1", "cacheKey": "k"}),
        ("cmd://curl a?b=1", {"uri": "cmd://curl a?b=1"}),
    ],
)
def test_secrets_are_given_by_uri(tmp_path: Path, address: str, expected: dict[str, str]) -> None:
    """Short forms are completed, and the cache key is no part of the URI."""
    ended = Shell(tmp_path, {"A_NAME": "x"})("call", "token", "--token", address)
    assert str(expected) == ended.out


def test_a_secret_without_a_scheme_is_deprecated(tmp_path: Path) -> None:
    """A bare name still works, with a warning that says what to write."""
    ended = Shell(tmp_path, {"A_NAME": "x"})("call", "token", "--token", "A_NAME")
    assert "Warning: --token: a secret without a scheme; write env://" in ended.err
    assert "A_NAME" not in ended.err


def test_a_secret_that_stands_on_the_command_line_is_not_repeated(tmp_path: Path) -> None:
    """What names no variable may be the secret itself: three characters of it are shown."""
    ended = Shell(tmp_path)("call", "token", "--token", "hunter2")
    expected = (
        "Error: --token: secret env var not found: 'hun...'\n"
        "  hint: give the name of a variable, not its value: env://TOKEN; "
        "or file://PATH, cmd://COMMAND\n"
    )
    assert (1, "", expected) == (ended.code, ended.out, ended.err)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "Sample@sha256:"),
        ("tests", "SampleTests@sha256:"),
        ("readme", "File@sha256:"),
        ("base --image x", "Container@sha256:"),
    ],
)
def test_an_object_is_named_once_it_happened(tmp_path: Path, words: str, expected: str) -> None:
    """Without an output, an object is forced and its type and digest are printed."""
    ended = Shell(tmp_path)("call", *words.split())
    assert ended.out.startswith(expected)
    assert len(ended.out) == len(expected) + 16 + 1
    assert ended.engine.asked[-1][1] in ("sync", "id")


def test_a_list_of_objects_is_a_list_of_names(tmp_path: Path) -> None:
    """One line for each, with a dash."""
    lines = Shell(tmp_path)("call", "wheels").out.splitlines()
    assert all(line.startswith("- File@sha256:") for line in lines)
    expected = 2
    assert expected == len(set(lines))


def test_output_exports_files_and_directories(tmp_path: Path) -> None:
    """-o saves to the path, says so on stderr and prints nothing."""
    shell = Shell(tmp_path)
    ended = shell("call", "sources", "-o", "out")
    wanted = "A"
    assert wanted == (tmp_path / "out" / "a.txt").read_text()
    expected = ("", f'Saved to "{tmp_path / "out"}".\n')
    assert expected == (ended.out, ended.err)


def test_output_of_a_file_may_be_a_directory(tmp_path: Path) -> None:
    """A file exported to a directory keeps its name."""
    Shell(tmp_path)("call", "-o", ".", "readme")
    expected = "# Sample\n"
    assert expected == (tmp_path / "README.md").read_text()


def test_output_of_text_is_saved_and_printed(tmp_path: Path) -> None:
    """Parents are made, and what is saved is what is printed."""
    ended = Shell(tmp_path)("call", "names", "--output", "deep/names.txt")
    expected = "ann\nbob\n"
    assert expected == ended.out == (tmp_path / "deep" / "names.txt").read_text()
    assert f'Saved output to "{tmp_path / "deep" / "names.txt"}".\n' == ended.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("names -o .", "Error: cannot write the output to {cwd}: Is a directory"),
        ("tests -o x", "Error: a SampleTests cannot be saved with --output"),
        ("wheels -o x", "Error: a list of File cannot be saved with --output"),
    ],
)
def test_what_cannot_be_saved_is_an_error(tmp_path: Path, words: str, expected: str) -> None:
    """An output that would have no effect is refused."""
    ended = Shell(tmp_path)("call", *words.split())
    assert expected.format(cwd=tmp_path) == ended.err.splitlines()[0]
    wanted = 1
    assert wanted == ended.code


CHANGES = """\
  + new.txt
  ~ old.txt
  - gone/
1 added, 1 modified, 1 removed
"""


def test_a_changeset_is_applied_with_y(tmp_path: Path) -> None:
    """The summary and the note go to stderr; the changes are exported to the workdir."""
    ended = Shell(tmp_path)("call", "update", "-y")
    expected = (0, "", f"{CHANGES}Applied.\n")
    assert expected == (ended.code, ended.out, ended.err)
    wanted = ["new.txt", "old.txt"]
    assert wanted == sorted(path.name for path in tmp_path.iterdir())


def test_a_changeset_needs_somebody_to_ask(tmp_path: Path) -> None:
    """Without a terminal and without -y nothing is applied, and the error says what to do."""
    ended = Shell(tmp_path)("call", "update")
    expected = (
        f"{CHANGES}Error: cannot ask whether to apply 3 change(s): no terminal\n"
        "  hint: add -y to apply them, or -o DIR to save them elsewhere\n"
    )
    assert expected == ended.err
    wanted = 1
    assert wanted == ended.code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("answer", "expected"), [("y\n", 2), ("Yes\n", 2), ("n\n", 0), ("\n", 0), ("", 0)]
)
def test_a_changeset_is_asked_about_on_a_terminal(
    tmp_path: Path, answer: str, expected: int
) -> None:
    """Only a yes applies it; a no is no error."""
    shell = Shell(tmp_path, environ={"TERM": "dumb"}, stdin=answer, err_is_tty=True)
    ended = shell("call", "update")
    assert "Apply changes? [y/N] " in ended.err
    wanted = 0
    assert wanted == ended.code
    assert expected == len(list(tmp_path.iterdir()))


def test_an_empty_changeset_has_nothing_to_apply(tmp_path: Path) -> None:
    """No question is asked."""
    ended = Shell(tmp_path)("call", "keep")
    expected = (0, "no changes to apply\n")
    assert expected == (ended.code, ended.err)


def test_a_list_of_changesets_is_applied_as_one(tmp_path: Path) -> None:
    """They are merged before the summary."""
    ended = Shell(tmp_path)("call", "updates", "-y")
    assert "2 added, 1 modified, 1 removed" in ended.err
    assert (tmp_path / "second.txt").exists()


def test_a_changeset_can_be_saved_elsewhere(tmp_path: Path) -> None:
    """-o exports it without asking."""
    ended = Shell(tmp_path)("call", "update", "-o", "out")
    assert f'Saved to "{tmp_path / "out"}".\n' == ended.err
    assert (tmp_path / "out" / "new.txt").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "echo",
            'Error: required flag(s) "msg" not set\n  hint: see stiletto call echo --help\n',
        ),
        (
            "echo --mgs x",
            "Error: unknown flag: --mgs\n"
            "  hint: did you mean --msg? see stiletto call echo --help\n",
        ),
        (
            "echo --msg x --times many",
            'Error: invalid argument "many" for "--times" flag: expected an integer\n',
        ),
        (
            "set-level --level mid",
            'Error: invalid argument "mid" for "--level" flag: value should be one of LOW, HIGH\n',
        ),
        (
            "joinAll",
            'Error: unknown command "joinAll" for "stiletto call"\n'
            '  hint: did you mean "join-all"? see stiletto call --help\n',
        ),
        (
            "names more",
            'Error: unknown command "more" for "stiletto call names": '
            "it returns nothing to call on\n"
            "  hint: see stiletto call names --help\n",
        ),
        (
            "combine",
            'Error: function "combine" cannot be called from the command line: '
            "a required argument has a type that no flag can give\n",
        ),
        ("echo -m x", "Error: --mod must come before the first function\n"),
        (
            "-i names",
            "Error: --interactive is not supported by stiletto\n"
            "  hint: leave it out, or run the same command with `dagger`\n",
        ),
        (
            "names --progress fancy",
            'Error: --progress "fancy" is none of auto, plain, tty, dots, report, none\n',
        ),
        (
            "--sandbox docker names",
            'Error: --sandbox "docker" is none of auto, bubblewrap, plain\n',
        ),
        ("--workdir nowhere names", "Error: --workdir: no such directory: {cwd}/nowhere\n"),
        (
            "--json=perhaps names",
            'Error: invalid argument "perhaps" for "--json" flag: expected true or false\n',
        ),
        (
            "names --progress tty",
            'Error: no terminal for --progress "tty"\n  hint: use --progress plain\n',
        ),
        (
            "--source nowhere version",
            "Error: --source: no such file or directory: {cwd}/nowhere\n",
        ),
        (
            "--source github.com/a/b version",
            "Error: --source: no such file or directory: {cwd}/github.com/a/b\n"
            "  hint: write https://github.com/a/b for a repository\n",
        ),
        ("look --at .", "Error: --at: is a directory, not a file: {cwd}\n"),
        (
            "look --at https://github.com/a/b",
            "Error: --at: https://github.com/a/b: no file path within the repository\n"
            "  hint: write it behind the ref: #main:path/to/file\n",
        ),
        (
            "serve --db tcp://localhost:1",
            "Error: --db (a Service given by its address) is not implemented by stiletto\n"
            "  hint: run the same command with `dagger` instead of `stiletto`\n",
        ),
        ("broken", "Error: ValueError: no such thing\n"),
        ("nowhere", "Error: no Python 3.9 on this machine\n  hint: install it\n"),
        (
            "foreign",
            "Error: Container.publish is not implemented by stiletto\n"
            "  hint: run the same command with `dagger` instead of `stiletto`\n",
        ),
        (
            "-m missing names",
            "Error: no dagger.json at missing\n  hint: run from the module's directory\n",
        ),
    ],
)
def test_errors_name_the_fact_and_the_next_act(tmp_path: Path, words: str, expected: str) -> None:
    """Wrong words, failed modules and lacking machines exit with 1 and print no traceback."""
    ended = Shell(tmp_path)("call", *words.split())
    assert expected.format(cwd=tmp_path) == ended.err
    wanted = (1, "")
    assert wanted == (ended.code, ended.out)


STOPPED = """\
Stdout:
1 failed
Stderr:
warning: x
Error: step `pytest -q` failed: exit code: 7
  hint: run with --explain
  replay: bwrap -- pytest -q
  explain: stiletto explain pytest
"""


def test_a_failed_step_gives_its_exit_code(tmp_path: Path) -> None:
    """Its output, the hint and the replay line go to stderr."""
    ended = Shell(tmp_path)("call", "-s", "stop")
    expected = (7, "", STOPPED)
    assert expected == (ended.code, ended.out, ended.err)
    assert ended.launcher.closed


def test_a_failed_step_is_not_shown_twice(tmp_path: Path) -> None:
    """Where progress repeats the last lines, the error does not."""
    ended = Shell(tmp_path)("call", "--progress=dots", "stop")
    expected = "X\npytest -q ERROR [0.0s]\n  | collecting\n  | 1 failed\n" + "".join(
        STOPPED.splitlines(keepends=True)[4:]
    )
    assert expected == ended.err


def test_a_step_that_fails_when_forced_fails_the_call(tmp_path: Path) -> None:
    """One of several objects that fails ends the call with its exit code, not as a group."""
    shell = Shell(tmp_path, launcher=FakeLauncher(failing=frozenset({"File.size"})))
    ended = shell("call", "wheels", "size")
    expected_code = 3
    assert expected_code == ended.code
    assert "Error: step `tool File.size` failed: exit code: 3\n" in ended.err


def test_a_bug_shows_a_traceback(tmp_path: Path) -> None:
    """What is no expected error ends with 70, and only that shows a traceback."""
    ended = Shell(tmp_path)("call", "bug")
    expected_code = 70
    assert expected_code == ended.code
    assert "Traceback (most recent call last)" in ended.err
    assert "Error: bug in stiletto: KeyError: 'oops'\n" in ended.err


def test_debug_shows_the_traceback_of_any_error(tmp_path: Path) -> None:
    """--debug is for those who want to see where an error comes from."""
    ended = Shell(tmp_path)("call", "-d", "broken")
    assert "Traceback (most recent call last)" in ended.err
    assert ended.err.endswith("Error: ValueError: no such thing\n")
    wanted = 1
    assert wanted == ended.code


def test_the_engine_is_opened_as_the_words_say(tmp_path: Path) -> None:
    """Module, working directory and sandbox come from flags, else from the environment."""
    (tmp_path / "sub").mkdir()
    environ = {"STILETTO_SANDBOX": "plain", "DAGGER_MODULE": "there"}
    shell = Shell(tmp_path, environ=environ)
    first = shell("call", "names")
    expected = (["there"], "plain", tmp_path)
    opened = first.launcher.opened_with
    assert expected == (first.engine.loaded, opened["sandbox"], opened["workdir"])
    second = shell("-m", "here", "call", "--workdir=sub", "--sandbox", "bubblewrap", "names")
    expected = (["here"], "bubblewrap", tmp_path / "sub")
    opened = second.launcher.opened_with
    assert expected == (second.engine.loaded, opened["sandbox"], opened["workdir"])


def test_a_wrong_sandbox_in_the_environment_is_named(tmp_path: Path) -> None:
    """The message says where the value comes from."""
    ended = Shell(tmp_path, environ={"STILETTO_SANDBOX": "vm"})("call", "names")
    expected = 'Error: STILETTO_SANDBOX "vm" is none of auto, bubblewrap, plain\n'
    assert expected == ended.err


def test_an_own_argument_comes_before_a_global_one(tmp_path: Path) -> None:
    """A function's argument keeps its flag even where `call` has one of that name."""
    from dataclasses import replace

    from stiletto.api.definition import ArgDef
    from tests.unit.stiletto.cli.cli_fake import MODULE, SAMPLE, STRING, fn

    own = fn("echo", STRING, ArgDef("msg", STRING), ArgDef("workdir", STRING))
    sample = replace(SAMPLE, functions={"echo": own})
    launcher = FakeLauncher(module=replace(MODULE, objects={"Sample": sample}))
    shell = Shell(tmp_path, launcher=launcher)
    ended = shell("call", "echo", "--workdir", "nowhere", "--msg", "x")
    assert ended.engine.asked[-1][2] == {"msg": "x", "workdir": "nowhere"}
    assert ended.launcher.opened_with["workdir"] == tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-s loud-step", ""),
        ("--progress none loud-step", ""),
        ("loud-step -q", ""),
        (
            "loud-step",
            "1 : make\n1 :   | compiling\n1 : make DONE [0.0s]\n"
            "2 : uv sync\n2 : uv sync CACHED [0.0s]\n",
        ),
        ("--progress dots loud-step", ".$\n"),
        ("loud-step --progress=report", "make      DONE       0.0s\nuv sync   CACHED     0.0s\n"),
    ],
)
def test_progress_is_shown_as_asked(tmp_path: Path, words: str, expected: str) -> None:
    """The flags of progress may stand before or after the function; stdout stays clean."""
    ended = Shell(tmp_path)("call", *words.split())
    assert expected == ended.err
    assert not ended.out


def test_a_terminal_shows_live_progress(tmp_path: Path) -> None:
    """`auto` is live on a terminal; what is done stays."""
    ended = Shell(tmp_path, err_is_tty=True, environ={"TERM": "xterm"})("call", "loud-step")
    shown = [sanitized(line) for line in ended.err.split("\n")]
    assert [line for line in shown if re.fullmatch(r"✔ make \d\.\ds", line)]
    assert "✔ uv sync CACHED" in shown


def test_json_of_text_round_trips(tmp_path: Path) -> None:
    """What --json prints is the value, whatever is in it."""
    text = 'a "quoted"\n\tüñ <&>'
    ended = Shell(tmp_path)("call", "-j", "echo", "--msg", text)
    assert text == json.loads(ended.out)


def test_refusals_that_a_module_caught(tmp_path: Path) -> None:
    """A refused call that the module caught is in a warning at the end, each once."""
    launcher = FakeLauncher(refused=("A.b is not implemented by stiletto", "no image x") * 2)
    ended = Shell(tmp_path, launcher=launcher)("call", "-s", "version")

    assert (0, "1.2.3") == (ended.code, ended.out)
    assert (
        "Warning: refused, and caught by the module: "
        "A.b is not implemented by stiletto; no image x\n"
        "  hint: run the same command with `dagger` instead of `stiletto`\n"
    ) == ended.err


def test_refusal_that_is_the_error_is_shown_once(tmp_path: Path) -> None:
    """A refusal that ended the command is in its error only."""
    launcher = FakeLauncher(refused=("Container.publish is not implemented by stiletto",))
    ended = Shell(tmp_path, launcher=launcher)("call", "-s", "foreign")

    assert 1 == ended.code
    assert 1 == ended.err.count("Container.publish")
