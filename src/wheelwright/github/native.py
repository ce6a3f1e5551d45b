"""Cells for runners of another system: their commands, which need only uv and bash.

The commands are those of the container: the same plan made them. What is in container paths
there is beside the source here. A cell is native where `os` of [tool.wheelwright.matrix] names
another runner than Ubuntu.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable

from wheelwright.environment.places import SOURCE, VENV
from wheelwright.errors import RequestError
from wheelwright.testing.cells import Cell
from wheelwright.testing.commands import REPORTS, reported
from wheelwright.testing.plan import TestPlan

# Directories of the container, and where they are in the checkout.
_WRITTEN = "/opt/wheelwright"
_PLACES = {VENV: ".venv", _WRITTEN: ".wheelwright", REPORTS: ".wheelwright/reports"}

# uv takes NETRC as the path of a file. A workflow gives the text: a secret, which a pull request of
# a fork does not have.
_BEFORE_INSTALL = (
    'netrc="$(umask 077 && mktemp -d)/netrc"',
    "trap 'rm -f \"$netrc\"' EXIT",
    """(umask 077 && printf '%s\\n' "${NETRC:-}" > "$netrc")""",
    'export NETRC="$netrc"',
)
_AFTER_INSTALL = ('rm "$netrc"', "unset NETRC netrc", "trap - EXIT")


def native(cells: Iterable[Cell]) -> list[tuple[Cell, str]]:
    """Return each cell with each runner of another system that it is for.

    Raises:
        RequestError: a cell with services, which those runners cannot start.
    """
    found = [
        (cell, runner) for cell in cells for runner in cell.os if not runner.startswith("ubuntu")
    ]
    for cell, runner in found:
        if cell.services:
            raise RequestError(
                f'the cell "{cell.name}" is for {runner}, which can start no services '
                f"({', '.join(cell.services)})",
                'give it os = ["ubuntu-latest"], or exclude it in [tool.wheelwright.matrix]',
            )
    return found


def script(plan: TestPlan, *, credentials: bool = False) -> str:
    """Return the cell as a script for bash, which stops at the first command that fails.

    It starts in the checkout. With `credentials`, the variable NETRC has the text of a netrc file:
    what installs can read it, and the tests cannot.
    """
    environment = plan.environment
    inside = environment.workdir.removeprefix(SOURCE).strip("/")
    up = "../" * (inside.count("/") + 1) if inside else ""

    def local_path(arg: str) -> str:
        if arg == SOURCE or arg.startswith(f"{SOURCE}/"):
            return up + arg.removeprefix(SOURCE).strip("/") or "."
        for container, local in _PLACES.items():
            arg = arg.replace(container, up + local)
        return arg

    # A directory's name may begin with a dash.
    lines = [f"cd {shlex.quote(f'./{inside}')}"] if inside else []
    # A directory that git does not see: a version from version control must not become dirty.
    lines += [f"mkdir -p {up}.wheelwright/reports", f"printf '*\\n' > {up}.wheelwright/.gitignore"]
    for path, text in environment.written.items():
        lines.append(f"printf %s {shlex.quote(text)} > {shlex.quote(local_path(path))}")
    variables = {"UV_PYTHON": environment.python, **environment.variables, **plan.variables}
    for own in environment.built_with.values():
        variables |= own
    lines += [
        f"export {name}={shlex.quote(local_path(value))}" for name, value in variables.items()
    ]
    lines += _BEFORE_INSTALL if credentials else ()
    lines += [
        shlex.join(map(local_path, args))
        for args in (*environment.dependencies, *environment.install)
    ]
    lines += _AFTER_INSTALL if credentials else ()
    if plan.workdir != environment.workdir:
        lines.append(f"cd {shlex.quote(local_path(plan.workdir))}")
    # Everything is in place: uv only finds the environment and runs in it.
    lines += [
        shlex.join(["uv", "run", "--no-sync", *map(local_path, command)])
        for command in reported(plan.commands)
    ]
    return "\n".join(lines) + "\n"


def strategy(cells: Iterable[tuple[Cell, str, str]]) -> str:
    """Return (cell, runner, script) as the value of `strategy.matrix`, in one line of JSON."""
    rows = [
        {"name": f"{cell.name} on {runner}", "cell": cell.name, "os": runner, "script": script}
        for cell, runner, script in cells
    ]
    return json.dumps({"include": rows}, separators=(",", ":"))
