"""A file of the project runs no command of the machine, and reads no file of it, unasked."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile_bench import environment, probe, stiletto

from stiletto.api.definition import ArgDef, TypeRef
from stiletto.engine.consent import Consent, consents_from
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind
from stiletto.module.config import parse_config
from stiletto.module.defaults import parse_env
from stiletto.module.origin import Origin, acts

COMMAND = "runs the command: touch canary"


def origin(text: str = "A=1", line: int = 2, path: str = "/p/.env") -> Origin:
    """Return a line of a file."""
    return Origin.of(path, text, line, "PROBE_TOKEN")


def an(argument: str) -> ArgDef:
    """Return an argument of a type."""
    return ArgDef("x", TypeRef(Kind.OBJECT, argument))


# -- what needs consent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_name", "text", "asked"),
    [
        ("Secret", "cmd://touch canary", True),
        ("Secret", "cmd:touch canary", True),
        ("Secret", "cmd://touch canary?cacheKey=k", True),
        ("Secret", "file://netrc", True),
        ("Secret", "file:~/.netrc", True),
        ("Secret", "env://TOKEN", False),
        ("Secret", "TOKEN", False),
        ("Directory", ".", False),
        ("Directory", "./src", False),
        ("Directory", "https://example.org/r.git", False),
        ("Directory", "../../..", True),
        ("Directory", "/", True),
        ("File", "~/.ssh/id_rsa", True),
        ("File", "file:///etc/passwd", True),
        ("Container", "python:3.12", False),
        ("CacheVolume", "x", False),
    ],
)
def test_what_acts_on_the_machine(tmp_path: Path, type_name: str, text: str, asked: bool) -> None:
    """Commands, secret files, and what lies outside of the file's own repository."""
    assert asked is (acts(an(type_name), text, tmp_path, tmp_path) is not None)


def test_a_link_out_of_the_repository_counts_as_outside(tmp_path: Path) -> None:
    """A directory of the repository that is a link to elsewhere is read only with consent."""
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "in").symlink_to(tmp_path)

    assert acts(an("Directory"), "in", tmp_path / "repo", tmp_path / "repo") is not None


def test_each_of_a_list_counts(tmp_path: Path) -> None:
    """One command among harmless secrets needs consent."""
    many = ArgDef("x", TypeRef(Kind.LIST, element=TypeRef(Kind.OBJECT, "Secret")))

    assert acts(many, "env://A, cmd://id", tmp_path, tmp_path) == "runs the command: id"


# -- asking and remembering ------------------------------------------------------------------------


def test_without_a_terminal_file_line_and_flag_are_named(tmp_path: Path) -> None:
    """The error says where the command stands and how to consent, not what it is."""
    with pytest.raises(UsageError) as caught:
        Consent(tmp_path / "kept").require(origin(), "runs the command: echo hunter2")

    assert "/p/.env:2: PROBE_TOKEN runs a command of this machine" in caught.value.message
    assert "--allow-env" in (caught.value.hint or "")
    assert "hunter2" not in caught.value.message
    Consent(tmp_path / "kept", allowed=True).require(origin(), COMMAND)


def test_one_question_speaks_of_the_whole_file(tmp_path: Path) -> None:
    """All lines that act are shown, the answer counts for all of them, and until it changes."""
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return True

    consent = Consent(tmp_path / "kept", ask=ask)
    consent.announce(origin(line=2), COMMAND)
    consent.announce(origin(line=5), "reads the file: \x1b[2Jnetrc")
    consent.require(origin(line=2), COMMAND)
    consent.require(origin(line=5), "reads the file: \x1b[2Jnetrc")

    assert 1 == len(asked)
    assert "line 2: PROBE_TOKEN runs the command: touch canary" in asked[0]
    assert "line 5: PROBE_TOKEN reads the file: \\x1b[2Jnetrc" in asked[0]
    later = Consent(tmp_path / "kept")
    later.require(origin(line=2), COMMAND)
    for changed in (
        origin(text="A=2"),
        origin(path="/q/.env"),
    ):
        with pytest.raises(UsageError):
            later.require(changed, COMMAND)
    with pytest.raises(UsageError):
        later.require(origin(), "runs the command: another")
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "kept").iterdir()}


def test_no_is_an_error_and_not_remembered(tmp_path: Path) -> None:
    """Whoever says no is asked again next time."""
    with pytest.raises(UsageError, match="not allowed"):
        Consent(tmp_path / "kept", ask=lambda _: False).require(origin(), COMMAND)
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return True

    Consent(tmp_path / "kept", ask=ask).require(origin(), COMMAND)
    assert 1 == len(asked)


def test_a_consent_that_another_could_have_written_does_not_count(tmp_path: Path) -> None:
    """A link, or a file that others may write, in the place of a consent is none."""
    kept = tmp_path / "kept"
    Consent(kept, ask=lambda _: True).require(origin(), COMMAND)
    (path,) = kept.iterdir()
    path.chmod(0o666)
    with pytest.raises(UsageError):
        Consent(kept).require(origin(), COMMAND)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(UsageError):
        Consent(kept).require(origin(), COMMAND)


def test_lines_are_those_of_the_files() -> None:
    """A default knows its line, also behind namespaces and in dagger.json."""
    env = parse_env("# one\n\nPROBE_TOKEN=cmd://id\n", "/p/.env").namespace("probe")
    told = env.origin("token")
    assert told is not None
    assert ("/p/.env", 3, "PROBE_TOKEN") == (told.path, told.line, told.name)
    text = '{"name": "x",\n "toolchains": [{"name": "y", "source": "../y", "customizations": [\n'
    text += ' {"argument": "token",\n  "default": "cmd://id"}]}]}'
    (custom,) = parse_config(text, Path("/p/dagger.json")).toolchains[0].customizations
    assert custom.origin is not None
    assert ("/p/dagger.json", 4) == (custom.origin.path, custom.origin.line)


def test_consents_lie_in_the_users_state(tmp_path: Path) -> None:
    """Where the specification of base directories says."""
    given = {"XDG_STATE_HOME": str(tmp_path), "HOME": "/h"}
    assert tmp_path / "stiletto" / "consents" == consents_from(given)
    assert Path("/h/.local/state/stiletto/consents") == consents_from({"HOME": "/h"})


# -- whole commands --------------------------------------------------------------------------------

FUNCTIONS = """
@function
async def size(self, token: dagger.Secret) -> int:
    return len(await token.plaintext())

@function
def harmless(self) -> str:
    return "fine"
"""


def on_a_terminal(cwd: Path, environ: dict[str, str], answer: str, *words: str) -> tuple[int, str]:
    """Run a command on a terminal of its own, answer its question, and return what it showed."""
    ours, theirs = pty.openpty()
    program = str(Path(sys.executable).with_name("stiletto"))
    process = subprocess.Popen(
        [program, *words], cwd=cwd, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown, answered = b"", False
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if not answered and b"[y/N]" in shown:
            os.write(ours, answer.encode())
            answered = True
    code = process.wait(timeout=300)
    os.close(ours)
    return code, shown.decode(errors="replace")


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_a_command_in_env_runs_only_with_consent(tmp_path: Path) -> None:
    """Unasked nothing runs; a flag, or an answer on a terminal, lets this file and no other."""
    module = str(probe(tmp_path, FUNCTIONS))
    package = tmp_path / "package"
    package.mkdir()
    environ = environment(tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    line = 'PROBE_SIZE_TOKEN="cmd://touch canary; echo hunter2-canary"\n'
    (package / ".env").write_text(f"# defaults\n{line}")
    words = ("-m", module, "call", "size")
    canary = package / "canary"

    refused = stiletto(package, environ, *words)
    assert 1 == refused.code
    assert f"{package}/.env:2: PROBE_SIZE_TOKEN runs a command" in refused.err
    assert "--allow-env" in refused.err
    assert not canary.exists()
    assert "fine" == stiletto(package, environ, "-m", module, "call", "harmless").out.strip()
    assert not canary.exists()

    allowed = stiletto(package, environ, "--allow-env", *words)
    assert "15" == allowed.out.strip()
    assert canary.exists()
    canary.unlink()
    assert 1 == stiletto(package, environ, *words).code

    code, shown = on_a_terminal(package, environ, "n\n", *words)
    assert 1 == code
    assert "line 2: PROBE_SIZE_TOKEN runs the command: touch canary" in shown
    assert not canary.exists()
    code, shown = on_a_terminal(package, environ, "y\n", *words)
    assert 0 == code
    assert "15" in shown
    assert canary.exists()
    canary.unlink()
    assert "15" == stiletto(package, environ, *words).out.strip()
    assert canary.exists()

    canary.unlink()
    (package / ".env").write_text(f"# changed\n{line}")
    assert 1 == stiletto(package, environ, *words).code
    assert not canary.exists()
