"""The line that runs again what failed, and nothing else (pure).

    again: stiletto call wheelwright test --python 3.12 --args=tests/test_a.py::test_b

It does run again: a call that judges never takes a failure from the cache.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wheelwright.gates.table import AGAIN
from wheelwright.testing.cells import Cell
from wheelwright.testing.failed import Failure

_LENGTH_MAX = 400
"""Characters of the tests in one line; beyond that it names their files, then none."""


@dataclass(frozen=True, slots=True)
class Again:
    """A command without its tests: what comes before the function, and the function's options.

    `args` are the arguments of pytest that it had; those of failures replace them.
    """

    program: str
    options: tuple[str, ...]
    args: tuple[str, ...] = ()

    def line(self, failures: Sequence[Failure]) -> str:
        """Return the line for these failures; of several, as many as can be named."""
        return f"{AGAIN}{self.command(failures)}"

    def command(self, failures: Sequence[Failure] = ()) -> str:
        """Return the command of that line."""
        args = _chosen(failures) or self.args
        return f"{self.program} {shlex.join([*self.options, *_listed('args', args)])}"


def of_test(
    program: str, cell: Cell, *, args: Sequence[str] = (), env: Iterable[str] = ()
) -> Again:
    """Return the command of one run of the tests.

    Args:
        program: what comes before a function's name.
        cell: what the run was given; a cell of the matrix is run by its name.
        args: pytest's arguments of the run.
        env: names of variables that the caller set: their values are not repeated.
    """
    if cell.name:
        return of_cells(program, [cell.name], args)
    options = [
        *_listed("groups", cell.groups),
        *_listed("extras", cell.extras),
        *_listed("service", cell.services),
        *(f"--env={name}=..." for name in env),
    ]
    return Again(program, ("test", "--python", cell.python, *options), tuple(args))


def of_cells(program: str, names: Sequence[str], args: Sequence[str] = ()) -> Again:
    """Return the command of some cells of the matrix."""
    return Again(program, ("matrix", "--cell", ",".join(names)), tuple(args))


def of_matrix(program: str, names: Sequence[str], args: Sequence[str] = ()) -> Again:
    """Return the command of a matrix; without names, of the whole."""
    return of_cells(program, names, args) if names else Again(program, ("matrix",), tuple(args))


def _chosen(failures: Sequence[Failure]) -> list[str]:
    if not failures or not all(each.argument for each in failures):
        return []
    tests = list(dict.fromkeys(each.argument for each in failures))
    for named in (tests, list(dict.fromkeys(each.partition("::")[0] for each in tests))):
        if sum(map(len, named)) <= _LENGTH_MAX:
            return named
    return []


def _listed(option: str, values: Sequence[str]) -> list[str]:
    """Return an option with a list, as both command lines read it: one line of CSV."""
    return [f"--{option}={','.join(map(_field, values))}"] if values else []


def _field(value: str) -> str:
    quoted = value.replace('"', '""')
    return f'"{quoted}"' if any(each in value for each in ',"\n') or not value else value


def argument_of(nodeid: str, root: str, ran: str) -> str:
    """Return the argument of pytest that selects a test; empty where there is none.

    Args:
        nodeid: pytest's own name of the test, its path from `root`.
        root: pytest's root directory.
        ran: the directory that pytest ran in, where arguments start from.
    """
    path, colons, rest = nodeid.partition("::")
    if not path or "\n" in nodeid:
        return ""
    if root and root != ran:
        path = posixpath.relpath(posixpath.join(root, path), ran)
    return f"{path}{colons}{rest}"
