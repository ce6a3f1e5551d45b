"""Which linters and formatters run: the first place that says something (pure).

1. `lint` and `format` in [tool.wheelwright]
2. hooks of pre-commit
3. an environment of tox, nox, hatch or PDM whose commands call one
4. the configuration of ruff; of flake8, isort and black where the project does not use ruff

The order of imports has a place of its own in 2 and 3: a project may have a hook of isort, and
flake8 in tox.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.environment.others import unchecked
from wheelwright.environment.runner_jobs import RUNNERS
from wheelwright.environment.tools import Tool, declared_in, pinned, tool
from wheelwright.errors import ProjectError
from wheelwright.gates import hooks, runner_linters
from wheelwright.gates.gate import Ran, Step
from wheelwright.gates.linter_commands import BLACK, FLAKE8, ISORT
from wheelwright.gates.linters import FORMATTERS, LINTERS, Call
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project import precommit
from wheelwright.project.files import join, upward
from wheelwright.project.hook_programs import PROGRAMS, RUFF_CHECK, RUFF_FORMAT, of_entry
from wheelwright.project.model import Project
from wheelwright.project.reading import shortened, toml

# What is chosen apart from each other, by gate.
_SUBJECTS: Final = {
    "lint": ((RUFF_CHECK, FLAKE8), (ISORT,)),
    "format": (FORMATTERS,),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a gate runs.

    Attributes:
        why: why nothing, where `calls` is empty.
        notes: what a reader of the verdict should know, a sentence each.
    """

    calls: tuple[Call, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()


def choose(project: Project, gate: str, python: str) -> Chosen:
    """Return what "lint" or "format" runs.

    Raises:
        ProjectError: a file that decides is broken; the hint has the setting that goes around it.
    """
    settings = project.settings
    if line := settings.lint if gate == "lint" else settings.format:
        return Chosen((_as_set(project, gate, line, python),))
    found: list[Call] = []
    notes: list[str] = []
    idle: list[str] = []
    called: set[str] = set()
    for subject in _SUBJECTS[gate]:
        hooked = hooks.calls(project, python, subject)
        calls: list[Call] = list(hooked.calls)
        more: list[str] = []
        if not hooked:
            calls, more = runner_linters.calls(project, gate, subject, python)
        if hooked or calls:
            called.update(subject)
        found += calls
        idle += hooked.idle
        notes += more
    if gate == "lint" and (note := hooks.not_run(project)):
        notes.append(note)
    found += _configured(project, gate, python, called)
    if found:
        uncalled = _uncalled(project, gate, found)
        notes += [f"{name} is configured, and nothing calls it" for name in uncalled]
        if gate == "lint":
            notes += runner_linters.others(project, python)
        return Chosen(tuple(found), notes=tuple(notes))
    if idle:
        why = f"not configured: the hook {' and '.join(idle)} of {precommit.PATH} gets no file"
        return Chosen(why=why)
    return Chosen(why=_why(project, gate, python, notes))


def plan(project: Project, gate: str, python: str) -> tuple[Step, ...]:
    """Return the steps of a gate."""
    return tuple(step for call in choose(project, gate, python).calls for step in call.steps())


def outputs(
    project: Project, gate: str, python: str, ran: Sequence[Ran]
) -> tuple[Chosen, list[tuple[Call, list[Ran]]]]:
    """Return what was chosen, and what each program left in all of its steps."""
    chosen = choose(project, gate, python)
    rest = list(ran)
    found: list[tuple[Call, list[Ran]]] = []
    for call in chosen.calls:
        count = len(call.steps())
        found.append((call, rest[:count]))
        rest = rest[count:]
    return chosen, found


def judge(project: Project, gate: str, python: str, ran: Sequence[Ran]) -> GateResult:
    """Return one result for all programs: failed if any of them failed.

    Raises:
        ToolFailed: a program reached no verdict.
    """
    chosen, left = outputs(project, gate, python, ran)
    results = [call.judge(gate, own) for call, own in left]
    if not results:
        return GateResult(gate, Verdict.NOT_CONFIGURED, chosen.why)
    order = (Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CONFIGURED)
    results.sort(key=lambda result: order.index(result.verdict))
    details = [result.details for result in results if result.details]
    details += [f"note: {note}" for note in chosen.notes]
    notes = dict.fromkeys(result.note for result in results)
    return GateResult(gate, results[0].verdict, "; ".join(notes), "\n".join(details))


# -- the setting ----------------------------------------------------------------------------------


def _as_set(project: Project, gate: str, line: tuple[str, ...], python: str) -> Call:
    found = of_entry(shlex.join(line))
    path = project.package.path
    if found is None or found[0].name not in (*LINTERS, *FORMATTERS):
        raise ProjectError(
            f"{path}: {gate} in [tool.wheelwright] starts with the unknown program "
            f'"{shortened(line[0])}"',
            f"start the command with one of {', '.join((*LINTERS, *FORMATTERS))}",
        )
    program, rest = found
    try:
        chosen = tool(project, program.distribution, python)
    except ProjectError:
        # The setting goes around every other file that is broken.
        version = pinned(program.distribution, python)
        chosen = Tool(program.distribution, version, "pinned by wheelwright")
    return Call(program, rest, f"{path} [tool.wheelwright]", chosen, project.where)


# -- configuration --------------------------------------------------------------------------------


def _configured(project: Project, gate: str, python: str, called: Collection[str]) -> list[Call]:
    """Return what the configurations of the tools mean where nothing calls one.

    `called` are the programs whose place was found: no other of their kind runs.
    """
    places = {name: _place(project, name) for name in ("ruff", FLAKE8, ISORT, BLACK)}
    names: list[str] = []
    if gate == "lint" and RUFF_CHECK not in called:
        linters = {RUFF_CHECK: places["ruff"], FLAKE8: places[FLAKE8]}
        names += [name for name, place in linters.items() if place][:1]
        if not places["ruff"] and ISORT not in called and places[ISORT]:
            names.append(ISORT)
    elif gate == "format" and BLACK not in called:
        formats = _configures_ruff_format(project)
        if places[BLACK] and not formats:
            names = [BLACK]
        elif places["ruff"] and (formats or not _linted(project, python)):
            names = [RUFF_FORMAT]
    return [
        Call(
            PROGRAMS[name],
            (*name.split(), "."),
            places[name.partition(" ")[0]],
            tool(project, name.partition(" ")[0], python),
            project.where,
            whole=not name.startswith("ruff"),
        )
        for name in names
    ]


def _linted(project: Project, python: str) -> bool:
    """Whether something calls ruff for linting: then what calls no formatter has none."""
    subject = (RUFF_CHECK,)
    return bool(
        hooks.calls(project, python, subject)
        or runner_linters.calls(project, "lint", subject, python)[0]
    )


def _uncalled(project: Project, gate: str, calls: Iterable[Call]) -> list[str]:
    """Return the tools of a gate that have a configuration, while only others are called."""
    own = ("ruff", FLAKE8, ISORT) if gate == "lint" else (BLACK,)
    called = {call.tool.name for call in calls}
    return [name for name in own if name not in called and _configuration(project, name)]


def _place(project: Project, name: str) -> str:
    """Return where a tool is configured, or what else shows that it is used; empty for nothing."""
    if place := _configuration(project, name):
        return place
    groups = declared_in(project, "ruff") if name == "ruff" else []
    return f'{project.package.path} group "{groups[0]}"' if groups else ""


def _configuration(project: Project, name: str) -> str:
    """Return the file, and the table in it, that configures a tool; empty for none."""
    if name == "ruff":
        for path in ("ruff.toml", ".ruff.toml"):
            if project.has(path):
                return join(project.where, path)
    for each in (project.package, project.root):
        if each.has("tool", name):
            return f"{each.path} [tool.{name}]"
    if name == "ruff":
        found = ("ruff.toml", ".ruff.toml")
        return next(
            (
                join(w, p)
                for w in upward(project.where)
                for p in found
                if project.files.text(join(w, p)) is not None
            ),
            "",
        )
    if name not in (FLAKE8, ISORT):
        return ""
    for path in (f".{name}", f".{name}.cfg"):
        if project.has(path):
            return join(project.where, path)
    for path in ("setup.cfg", "tox.ini"):
        text = project.files.text(join(project.where, path)) or ""
        if re.search(rf"^\[{name}\]", text, re.MULTILINE):
            return f"{join(project.where, path)} [{name}]"
    return ""


def _configures_ruff_format(project: Project) -> bool:
    if project.configures("tool", "ruff", "format"):
        return True
    for path in ("ruff.toml", ".ruff.toml"):
        text = project.text(path)
        if text is not None and "format" in toml(path, text):
            return True
    return False


def _why(project: Project, gate: str, python: str, notes: Iterable[str]) -> str:
    """Return why a gate runs nothing, with what was looked for."""
    what, names = ("linter", "ruff, flake8, isort")
    if gate == "format":
        what, names = ("formatter", "ruff, black")
        if _place(project, "ruff"):
            return f"not configured: {project.name} calls ruff check, and no formatter ({names})"
    runners = ", ".join(RUNNERS)
    there = unchecked(project, gate) + runner_linters.unread(project, python)
    return (
        f"not configured: {project.name} uses no {what} ({names}: no hook, no environment of "
        f"{runners}, no configuration){there}" + "".join(f"; {note}" for note in notes)
    )
