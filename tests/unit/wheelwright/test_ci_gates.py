"""A gate is added by one file and one entry; entries that contradict each other are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import wheelwright
from tests.e2e.documented_gate import add_documented_gate
from wheelwright.ci import GATES, registered, skippable
from wheelwright.gates.format import Format
from wheelwright.gates.lint import Lint
from wheelwright.gates.lock import Lock
from wheelwright.module.checks import with_checks

SOURCE = Path(wheelwright.__file__).parent

ASKED = """
import json
from wheelwright import Wheelwright
from wheelwright.ci import in_ci, skippable

functions = Wheelwright.__dagger_object_type__.functions
added = functions["check_syntax"]
print(json.dumps({
    "ci": [gate.name for gate in in_ci()],
    "skip": skippable(),
    "check": added.check,
    "help": added.doc,
    "functions": len(functions),
}))
"""


def test_a_new_gate_is_in_ci_in_skip_and_among_the_functions(tmp_path: Path) -> None:
    """One file and one entry suffice for the table, for `skip`, and for a check with its help."""
    shutil.copytree(SOURCE, tmp_path / "wheelwright")
    add_documented_gate(tmp_path / "wheelwright")
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)

    assert [*skippable(), "syntax"] == said["ci"] == said["skip"]
    assert (True, "Check that every file of Python compiles.") == (said["check"], said["help"])
    own = wheelwright.Wheelwright.__dagger_object_type__  # type: ignore[attr-defined]  # set by it
    assert len(own.functions) + 1 == said["functions"]


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ((Lint(), Lock(name="lint")), 'Lint and Lock have one name: "lint"'),
        ((Lint(), Format(function="lint")), 'Lint and Format have one function: "lint"'),
        ((Lint(), Lock(help=" ")), "Lock has no help"),
    ],
)
def test_gates_that_cannot_be_told_apart_are_refused(
    gates: tuple[Lint, Lock | Format], message: str
) -> None:
    """A name used twice, or a gate without help, fails with a message that names the gates."""
    with pytest.raises(ValueError, match=message):
        registered(*gates)


def test_function_of_something_else_is_no_gates() -> None:
    """A gate cannot take the name of a function that is there for something else."""
    taken = replace(Lint(), function="ci")
    with pytest.raises(ValueError, match='the gate "lint" has the function "ci"'):
        with_checks([taken])(wheelwright.Wheelwright)


def test_every_gate_has_its_function() -> None:
    """What the table of `ci` calls a gate can be called alone, with the gate's help."""
    functions = wheelwright.Wheelwright.__dagger_object_type__.functions  # type: ignore[attr-defined]  # set by it
    helps = {gate.function: functions[gate.function.replace("-", "_")].doc for gate in GATES}

    assert {gate.function: gate.help for gate in GATES} == {
        name: (text or "").partition("\n")[0] for name, text in helps.items()
    }
