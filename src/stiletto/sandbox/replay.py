"""Prints a step as one shell line, to run it again by hand.

Writes go to a throw-away directory. Secrets are not printed: a secret variable is taken from the
shell's own, a secret file from the path in `SECRET_FILE_1`, `SECRET_FILE_2`, ...
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stiletto.sandbox import operations as ops
from stiletto.sandbox.plan import Step

__all__ = ["replay_line"]

STDIN_MAX_BYTES = 32768
"""A longer standard input makes no line that anyone pastes."""


def replay_line(
    program: Path,
    outer: Sequence[str],
    inner: Sequence[ops.Operation],
    step: Step,
    scratch: Path,
    filter_file: Path | None = None,
) -> str | None:
    """Return the line, or None where standard input is too long or may hold a secret.

    `filter_file` holds the program of `ops.Filter`.
    """
    secrets = [*step.secret_env.values(), *step.scrub]
    if len(step.stdin) > STDIN_MAX_BYTES or any(s.encode() in step.stdin for s in secrets if s):
        return None
    home = Path("/h") if outer else Path("/")
    words: list[str] = []
    makes: list[str] = []
    secret_files = 0

    def fresh(overlay: ops.Overlay) -> ops.Overlay:
        if overlay.upper is None:
            return overlay
        number = len(makes) // 2
        makes.extend((f'"$d/{number}"', f'"$d/{number}w"'))
        return replace(overlay, upper=Path(f"@D@/{number}"), work=Path(f"@D@/{number}w"))

    for operation in inner:
        match operation:
            case ops.Overlay():
                drawn = " ".join(map(shlex.quote, ops.options(fresh(operation), _nothing)))
                prefix = "" if home == Path("/") else "/h"
                words.append(re.sub(r"@D@/(\d+w?)", rf'"{prefix}$d/\1"', _unquote(drawn)))
            case ops.Filter():
                words.append("--seccomp 9")
            case ops.Data(secret=False):
                continue  # names of services, and those have ended
            case ops.Data(target=target):
                secret_files += 1
                what = f"${{SECRET_FILE_{secret_files}:?the secret for {target}}}"
                prefix = "" if home == Path("/") else "/h"
                words.append(f'--ro-bind {prefix}"{what}" {shlex.quote(target)}')
            case ops.SetEnvironment(name=name, secret=True):
                words.append(f'--setenv {name} "${{{name}:?a secret}}"')
            case _:
                words += map(shlex.quote, ops.options(operation, _nothing))
    front = [shlex.quote(str(program))]
    if outer:
        front += [*map(shlex.quote, outer), "--", shlex.quote("/h" + str(program.resolve()))]
    command = " ".join([*front, *words, "--", *map(shlex.quote, step.args)])
    if filter_file is not None:
        command += f" 9<{shlex.quote(str(filter_file))}"
    if step.stdin:
        command = f"echo {base64.b64encode(step.stdin).decode()} | base64 -d | {command}"
    directory = shlex.quote(str(scratch))
    return f"d=$(mktemp -d -p {directory}) && mkdir {' '.join(makes)} && {command}"


def _nothing(data: ops.Data | ops.Filter) -> str:
    raise AssertionError(f"{ops.describe(data)} is drawn as a file of the shell's choice")


def _unquote(drawn: str) -> str:
    return re.sub(r"'(@D@/\d+w?)'", r"\1", drawn)
