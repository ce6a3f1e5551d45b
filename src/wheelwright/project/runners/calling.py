"""Which programs a command line calls, and what it installs (pure)."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.project.runners.job import Job

IGNORED: Final = ("sh", "-c", '"$@" || :', "sh")
"""Before a command whose exit code does not count."""
INVERTED: Final = ("sh", "-c", '! "$@"', "sh")
"""Before a command that has to fail."""

_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]{0,6}t?")
# Options of an interpreter that have a value, and those of `uv run` and its like.
_PYTHON_VALUES: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_RUN_VALUES: Final = frozenset(
    {
        *("--directory", "--env-file", "--extra", "--group", "--index", "--no-group"),
        *("--only-group", "--package", "--project", "--python", "--with", "--with-editable"),
        *("--with-requirements", "-p", "-C"),
    }
)
_RUNNERS: Final = frozenset({"uv", "poetry", "pdm", "hatch", "pipenv", "rye"})
_WRAPPERS: Final = frozenset({"xvfb-run", "nice", "time", "dbus-run-session", "command", "exec"})
_COVERAGE_VALUES: Final = frozenset(
    {"--concurrency", "--context", "--data-file", "--include", "--omit", "--rcfile", "--source"}
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,200}=.*", re.DOTALL)
_SHELLS: Final = frozenset({"sh", "bash", "dash"})
_DEPTH: Final = 20


def programs(command: Sequence[str], *, nested: bool = True) -> tuple[str, ...]:
    """Return the programs that a command line starts, one through the other.

    `python -m coverage run -m pytest tests` starts coverage and pytest. Names are as commands have
    them: without directories, lower case, with `-` for `_`. `nested` is whether the script of a
    shell is read, too.
    """
    found: list[str] = []
    rest = list(command)
    for _ in range(_DEPTH):
        if not rest:
            break
        if tuple(rest[:4]) in (IGNORED, INVERTED):
            rest = rest[4:]
            continue
        if _VARIABLE.fullmatch(rest[0]):
            rest = rest[1:]
            continue
        name = _name(rest[0])
        rest = rest[1:]
        if _PYTHON.fullmatch(name):
            rest = _module(rest, _PYTHON_VALUES)
        elif name == "env":
            rest = _after_options(rest, frozenset({"-u", "--unset", "-C", "--chdir"}))
        elif name in _WRAPPERS:
            rest = _after_options(rest, frozenset({"-n", "-s"}))
        elif name == "coverage":
            found.append(name)
            rest = _module(rest[1:], _COVERAGE_VALUES) if rest[:1] == ["run"] else []
        elif name in _RUNNERS and rest[:1] == ["run"]:
            rest = _after_options(rest[1:], _RUN_VALUES)
        elif name in _SHELLS and rest[:1] == ["-c"] and nested:
            found += [other for part in _parts(rest[1:]) for other in programs(part, nested=False)]
            rest = []
        else:
            found.append(name)
            rest = []
    return tuple(found)


def in_environment(command: Sequence[str]) -> tuple[str, ...]:
    """Return a command without `uv run` and its like before it: what their environment runs."""
    if tuple(command[:4]) in (IGNORED, INVERTED):
        return (*command[:4], *in_environment(command[4:]))
    if len(command) > 2 and _name(command[0]) in _RUNNERS and command[1] == "run":
        inner = _after_options(list(command[2:]), _RUN_VALUES)
        return tuple(inner) if inner else tuple(command)
    return tuple(command)


def _parts(words: list[str]) -> Iterator[list[str]]:
    """Yield the commands of a shell's script, as far as it is a list of them."""
    for part in re.split(r"&&|\|\||[;|\n]", words[0] if words else ""):
        try:
            yield shlex.split(part)
        except ValueError:
            continue


def _name(word: str) -> str:
    name = posixpath.basename(word).lower().replace("_", "-")
    return "pytest" if name == "py.test" else name


def _after_options(rest: list[str], values: frozenset[str]) -> list[str]:
    while rest and rest[0].startswith("-"):
        if rest[0] == "--":
            return rest[1:]
        rest = rest[2:] if rest[0] in values else rest[1:]
    return rest


def _module(rest: list[str], values: frozenset[str]) -> list[str]:
    """Return what runs behind the options of an interpreter: a module, or a script."""
    while rest and rest[0].startswith("-"):
        if rest[0] == "-m":
            return rest[1:]
        if rest[0].startswith("-m") and len(rest[0]) > 2:
            return [rest[0][2:], *rest[1:]]
        if rest[0] == "-c":
            return []
        rest = rest[2:] if rest[0] in values else rest[1:]
    return rest


def jobs_calling(jobs: Iterable[Job], program: str) -> tuple[Job, ...]:
    """Return the environments whose commands start a program, such as mypy, in their order."""
    wanted = _name(program)
    return tuple(
        job for job in jobs if any(wanted in programs(command) for command in job.commands)
    )


# -- installing -----------------------------------------------------------------------------------

# Options of pip without a value that an installation of the same lines does not need.
_FLAGS: Final = frozenset(
    {
        *("-U", "--upgrade", "-q", "-qq", "--quiet", "-v", "--verbose", "-I", "--ignore-installed"),
        *("--force-reinstall", "--no-cache-dir", "--no-deps", "--no-build-isolation", "--user"),
        *("--disable-pip-version-check", "--no-input", "--prefer-binary", "--system"),
        *("--no-warn-script-location", "--no-warn-conflicts", "--use-pep517", "--isolated"),
        *("--progress-bar=off", "--reinstall"),
    }
)
# Options with a value that is not about what is installed.
_SKIPPED: Final = frozenset({"--cache-dir", "--python", "--retries", "--timeout", "-p"})
_FILES: Final = {
    "-r": "-r",
    "--requirement": "-r",
    "--requirements": "-r",
    "-c": "-c",
    "--constraint": "-c",
    "--constraints": "-c",
    "-e": "-e",
    "--editable": "-e",
}
_INSTALLERS: Final = frozenset(
    {
        *(("poetry", verb) for verb in ("install", "sync", "add")),
        *(("pdm", verb) for verb in ("install", "sync", "add")),
        *(("pipenv", verb) for verb in ("install", "sync")),
        *(("conda", verb) for verb in ("install", "env")),
        ("uv", "sync"),
        ("uv", "add"),
        ("hatch", "env"),
    }
)


@dataclass(frozen=True, slots=True)
class Installs:
    """What a command installs.

    Attributes:
        lines: as of a requirements file.
        unknown: whether it may install something else instead.
    """

    lines: tuple[str, ...] = ()
    unknown: bool = False


def installs(command: Sequence[str]) -> Installs | None:
    """Return what a command installs; None for one that does something else."""
    rest = list(command)
    if tuple(rest[:4]) == IGNORED:
        rest = rest[4:]
    if len(rest) > 1 and _PYTHON.fullmatch(_name(rest[0])):
        rest = _module(rest[1:], _PYTHON_VALUES)
    names = [_name(rest[0]), *rest[1:3]] if rest else []
    if names[:3] == ["uv", "pip", "install"]:
        return _pip(rest[3:])
    if re.fullmatch(r"pip[0-9.]{0,6}", names[0] if names else "") and names[1:2] == ["install"]:
        return _pip(rest[2:])
    if tuple(names[:2]) in _INSTALLERS or names[:1] == ["pip-sync"]:
        return Installs(unknown=True)
    return None


def _pip(words: list[str]) -> Installs:
    lines: list[str] = []
    waiting = ""
    for word in words:
        option, equals, value = word.partition("=")
        if waiting:
            lines += [] if waiting in _SKIPPED else [f"{waiting} {word}"]
            waiting = ""
        elif word in _SKIPPED:
            waiting = word
        elif word in _FILES:
            waiting = _FILES[word]
        elif option in _FILES and equals:
            lines.append(f"{_FILES[option]} {value}")
        elif word[:2] in ("-r", "-c", "-e") and not word.startswith("--"):
            lines.append(f"{word[:2]} {word[2:]}")
        elif not word.startswith("-"):
            lines.append(word)
        elif word not in _FLAGS:
            return Installs(unknown=True)
    return Installs(tuple(lines), unknown=bool(waiting))
