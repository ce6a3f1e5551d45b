"""What is registered: functions, arguments and fields."""

from typing import Any

import wheelwright
from wheelwright import ci


def registration(cls: type) -> Any:
    """Return what the SDK's decorator keeps of a type."""
    return cls.__dagger_object_type__  # type: ignore[attr-defined]  # the decorator sets it


async def test_every_check_can_be_called_without_arguments() -> None:
    """A check with a required argument would silently vanish from `check -l`."""
    registered = registration(wheelwright.Wheelwright)
    checks = {name: function for name, function in registered.functions.items() if function.check}
    # What `build` returns is no verdict, an audit is about the world of today, and the matrix has
    # the cell of `test`.
    unchecked = {"audit", "build", "test"}
    gates = {gate.function.replace("-", "_") for gate in ci.GATES} - unchecked
    assert {"matrix", *gates} == set(checks)
    required = [
        f"{name} --{parameter.name}"
        for name, function in checks.items()
        for parameter in function.parameters.values()
        if not parameter.is_optional
    ]
    assert [] == required


def test_every_function_and_argument_has_help() -> None:
    """What `--help` shows comes from docstrings and `Doc`; none is missing."""
    registered = registration(wheelwright.Wheelwright)
    constructor = registered.get_constructor()
    silent = [
        f"{name}.{parameter.name}"
        for name, function in {**registered.functions, "new": constructor}.items()
        for parameter in function.parameters.values()
        if not parameter.doc
    ]
    assert [] == silent + [name for name, each in registered.functions.items() if not each.doc]


def test_fields_of_a_test_run_are_offered() -> None:
    """The typed result of a run has its numbers and files as fields."""
    registered = registration(wheelwright.TestRun)
    assert {"python", "exit_code", "summary", "places", "reports"} == set(registered.fields)
    assert {"junit", "log"} <= set(registered.functions)
