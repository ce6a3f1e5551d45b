"""Prints a step as a script, to run it again by hand.

Writes go to a throw-away directory. Secrets are not printed: a secret variable is taken from the
shell's own (`SECRET_VARIABLE_1`, ... where the shell cannot have one of that name), a secret file
from the path in `SECRET_FILE_1`, `SECRET_FILE_2`, ...

The texts of a step come from others, and this text goes to a shell of the host. So every word is
quoted whole by `shlex.quote`, the few that the shell has to expand are made of constants and
numbers alone, and the comment in front shows control characters as escapes: it stays one line.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from stiletto.sandbox import operations as ops
from stiletto.sandbox.plan import Step
from stiletto.visible import shortened, visible

STDIN_MAX_BYTES = 32768
"""A longer standard input makes no line that anyone pastes."""

_COMMENT_CHARS = 400

_UNUSED = Path("/unused")
"""A placeholder for the shell's throw-away directory."""


def replay_comment(step: Step) -> str:
    """Return one line that shows what the script runs: a comment in any shell."""
    return f"# {shortened(visible(shlex.join(step.args)), _COMMENT_CHARS)}"


def replay_line(
    program: Path,
    outer: Sequence[str],
    inner: Sequence[ops.Operation],
    step: Step,
    scratch: Path,
    filter_file: Path | None = None,
) -> str | None:
    """Return the line, or None where standard input is too long or may contain a secret.

    `filter_file` contains the program of `ops.Filter`.
    """
    secrets = [*step.secret_env.values(), *step.scrub]
    if len(step.stdin) > STDIN_MAX_BYTES or any(
        s.encode("utf-8", "surrogateescape") in step.stdin for s in secrets if s
    ):
        return None
    drawn = _QuotedOptions("/h" if outer else "")
    words = [word for operation in inner for word in drawn.words(operation)]
    front = [shlex.quote(str(program))]
    if outer:
        front += [*map(shlex.quote, outer), "--", shlex.quote("/h" + str(program.resolve()))]
    command = " ".join([*front, *words, "--", *map(shlex.quote, step.args)])
    if filter_file is not None:
        command += f" 9<{shlex.quote(str(filter_file))}"
    if step.stdin:
        command = f"echo {base64.b64encode(step.stdin).decode()} | base64 -d | {command}"
    directory = shlex.quote(str(scratch))
    directories = " ".join(f'"$d/{number}" "$d/{number}w"' for number in range(drawn.overlays))
    return f"d=$(mktemp -d -p {directory}) && mkdir {directories} && {command}"


class _QuotedOptions:
    """Turns operations into quoted words; counts what the shell must provide."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.overlays = 0
        self._files = 0
        self._variables = 0

    def words(self, operation: ops.Operation) -> Iterator[str]:
        match operation:
            case ops.Overlay(upper=Path()):
                number = self.overlays
                self.overlays += 1
                *front, _, _, target = ops.options(
                    replace(operation, upper=_UNUSED, work=_UNUSED), _nothing
                )
                yield from map(shlex.quote, front)
                yield f'"{self._prefix}$d/{number}"'
                yield f'"{self._prefix}$d/{number}w"'
                yield shlex.quote(target)
            case ops.Filter():
                yield from ("--seccomp", "9")
            case ops.Data(secret=False):
                return  # names of services, and those have ended
            case ops.Data(target=target):
                self._files += 1
                yield "--ro-bind"
                yield f'{self._prefix}"${{SECRET_FILE_{self._files}:?a file with the secret}}"'
                yield shlex.quote(target)
            case ops.SetEnvironment(name=name, secret=True):
                yield "--setenv"
                yield shlex.quote(name)
                yield f'"${{{self._variable(name)}:?the secret}}"'
            case _:
                yield from map(shlex.quote, ops.options(operation, _nothing))

    def _variable(self, name: str) -> str:
        """Return the shell's variable for a secret: of the same name, if the shell can have it."""
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name != "d":
            return name
        self._variables += 1
        return f"SECRET_VARIABLE_{self._variables}"


def _nothing(data: ops.Data | ops.Filter) -> str:
    raise AssertionError(f"{data}: drawn as a file of the shell's choice")
