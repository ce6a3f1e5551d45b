"""`describe`: what was found out about a project, who says so, and which setting changes it (pure).

The functions that decide for the gates decide here. What cannot be read is named at its subject,
and leaves the others as they are.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, Final

import tomlkit

from wheelwright.container.harmless import harmless
from wheelwright.environment import runner_jobs, test_setup
from wheelwright.errors import WheelwrightError
from wheelwright.gates import linting, type_places
from wheelwright.gates.types import Types
from wheelwright.project import setup_cfg
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.pythons import by_classifiers, claimed
from wheelwright.project.reading import shortened
from wheelwright.project.version import version_source
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import nothing_to_test

_DEFAULT: Final = "the default"
_NONE: Final = "not configured"
_SHOWN: Final = 10
"""How many files of a command are named."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is decided.

    Attributes:
        name: such as "tests".
        value: what was decided, a line each.
        place: the file, line and section that say so.
        settings: the keys of [tool.wheelwright] that decide instead.
        same: what [tool.wheelwright] would have for the same result, where it can.
        notes: what was seen and not taken, a sentence each.
        error: why nothing is known; empty where it is.
    """

    name: str
    value: tuple[str, ...] = ()
    place: str = ""
    settings: tuple[str, ...] = ()
    same: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""


def subjects(project: Project, python: str, notes: Sequence[str] = ()) -> tuple[Subject, ...]:
    """Return everything that is decided from a project's files, for one Python.

    `notes` are what is to be known of its source.
    """
    tests = ("test", "runner", "pytest-args")
    dependencies = ("groups", "extras", "requirements")
    return (
        _read(Subject("package"), lambda: _package(project, notes)),
        _read(Subject("pythons", settings=("python",)), lambda: _pythons(project, python)),
        *_system(project),
        _read(Subject("tests", settings=tests), lambda: _tests(project, python)),
        _read(
            Subject("test dependencies", settings=dependencies),
            lambda: _dependencies(project, python),
        ),
        _read(Subject("variables", settings=("env",)), lambda: _variables(project, python)),
        *(
            _read(Subject(gate, settings=(gate,)), partial(_linters, project, gate, python))
            for gate in ("lint", "format")
        ),
        _read(Subject("types", settings=("typecheck",)), lambda: _types(project, python)),
        _read(Subject("build"), lambda: _build(project)),
    )


def _read(subject: Subject, read: Callable[[], Subject]) -> Subject:
    try:
        found = read()
    except WheelwrightError as error:
        return replace(subject, error=str(error))
    return replace(found, name=subject.name, settings=subject.settings)


# -- what is decided ------------------------------------------------------------------------------


def _package(project: Project, notes: Sequence[str]) -> Subject:
    metadata = project.metadata
    name = f"{project.name} {metadata.version}".strip()
    unknown = (f"{key} is not known: {why}" for key, why in metadata.unknown.items())
    place = metadata.places.get("name")
    return Subject("", (name,), str(place) if place else "", notes=(*unknown, *notes))


def _system(project: Project) -> tuple[Subject, ...]:
    """Return the image and the Debian packages that the project names, if it names any."""
    image, packages = project.settings.image, project.settings.system_packages
    same: dict[str, Any] = {"image": image} if image else {}
    if packages:
        same["system-packages"] = list(packages)
    if not same:
        return ()
    value = (*([f"image {image}"] if image else ()), *(f"package {name}" for name in packages))
    place = f"{join(project.base, 'pyproject.toml')} [tool.wheelwright]"
    return (Subject("system", value, place, ("image", "system-packages"), same),)


def _pythons(project: Project, python: str) -> Subject:
    metadata = project.metadata
    keys = (*(("classifiers",) if by_classifiers(metadata) else ()), "requires_python")
    places = [metadata.places[key] for key in keys if key in metadata.places]
    versions = claimed(metadata)
    value = (f"claimed: {', '.join(versions)}" if versions else "none claimed", f"used: {python}")
    return Subject("", value, str(places[0]) if places else "", same={"python": python})


def _tests(project: Project, python: str) -> Subject:
    if why := nothing_to_test(project, Cell("", python, "")):
        return Subject("", (why,))
    found = test_setup.find(project, python)
    same: dict[str, Any] = {}
    if found.place and len(found.commands) == 1:
        same = {"test": list(found.commands[0])}
    notes = [*found.notes, *_other_jobs(project, python, found.place)]
    value = tuple(map(shlex.join, found.commands))
    return Subject("", value, found.place or _DEFAULT, same=same, notes=tuple(notes))


def _other_jobs(project: Project, python: str, place: str) -> Iterable[str]:
    """Yield what each runner has beside what was taken."""
    for runner in runner_jobs.RUNNERS:
        try:
            names = [job.name for job in runner_jobs.jobs(project, runner, python)]
        except WheelwrightError as error:
            yield f"{runner} cannot be read: {error}"
            continue
        if names:
            listed = shortened(", ".join(names))
            yield f"{runner} has {listed}" if place else f"{runner} has no job that tests: {listed}"


def _dependencies(project: Project, python: str) -> Subject:
    # What the command does not need is not among them.
    found = test_setup.find(project, python).dependencies
    lines = [*found.lines, *map(str, found.paths), *(f"-c {line}" for line in found.constraints)]
    value = [
        *(f"group {name}" for name in (*found.groups, *found.root_groups)),
        *(f"extra {name}" for name in found.extras),
        *lines,
        *(f"{line} (added here)" for line in found.added),
    ]
    same = {
        key: list(names)
        for key, names in (("groups", found.groups), ("extras", found.extras))
        if names
    }
    return Subject("", tuple(value), found.place, same={} if lines else same, notes=found.notes)


def _variables(project: Project, python: str) -> Subject:
    found = test_setup.find(project, python)
    value = tuple(f"{name}={text}" for name, text in found.variables.items())
    place = found.place if found.variables else ""
    return Subject(
        "", value or ("none",), place, same={"env": dict(found.variables)} if value else {}
    )


def _linters(project: Project, gate: str, python: str) -> Subject:
    chosen = linting.choose(project, gate, python)
    if not chosen.calls:
        why = chosen.why.removeprefix(f"{_NONE}: ")
        return Subject("", (_NONE,), notes=(why, *chosen.notes))
    value = tuple(
        f"{shlex.join(call.checking)}{_over(call.files)}, {call.tool}" for call in chosen.calls
    )
    place = "; ".join(dict.fromkeys(call.place for call in chosen.calls))
    whole = len(chosen.calls) == 1 and chosen.calls[0].files is None
    same = {gate: list(chosen.calls[0].line)} if whole else {}
    return Subject("", value, place, same=same, notes=chosen.notes)


def _over(files: Sequence[str] | None) -> str:
    return "" if files is None else f" over {len(files)} files"


def _command(args: Sequence[str]) -> str:
    """Return a command, with the number of its files where they are many."""
    files = [each for each in args if each.endswith((".py", ".pyi"))]
    if len(files) <= _SHOWN:
        return shlex.join(args)
    return f"{shlex.join(each for each in args if each not in files)}{_over(files)}"


def _types(project: Project, python: str) -> Subject:
    found = type_places.decide(project, python)
    if not found.checks:
        why = Types().configured(project).removeprefix(f"{_NONE}: ")
        return Subject("", (_NONE,), notes=(why,))
    value = tuple(
        f"{_command(check.args)}, {check.label}"
        + (f", over {check.guessed} by a guess" if check.guessed else "")
        + (f", on Python {found.python}" if found.python != python else "")
        for check in found.checks
    )
    place = "; ".join(dict.fromkeys(check.place for check in found.checks))
    same = {"typecheck": list(found.checks[0].args)} if len(found.checks) == 1 else {}
    return Subject("", value, place, same=same, notes=found.notes)


def _build(project: Project) -> Subject:
    if why := project.unbuildable:
        return Subject("", (_NONE,), notes=(f"{project.name} {why}",))
    package = project.package
    backend, place = package.backend, package.path
    if not backend:
        own = "setup.py" if project.has("setup.py") else setup_cfg.PATH
        backend, place = f"setuptools, by its {own}", join(project.where, own)
    source = version_source(project).value
    return Subject("", (f"by {backend}", f"version: {source}"), place)


# -- how it is printed ----------------------------------------------------------------------------


def text(found: Sequence[Subject]) -> str:
    """Return the subjects for people."""
    lines: list[str] = []
    for subject in found:
        lines.append(f"{subject.name}:")
        lines += [f"  {line}" for line in subject.value]
        if subject.error:
            lines.append(f"  cannot be read: {subject.error}")
        if subject.place:
            lines.append(f"  from: {subject.place}")
        lines += [f"  note: {note}" for note in subject.notes]
        if subject.settings:
            lines.append(f"  to change it: {', '.join(subject.settings)} in [tool.wheelwright]")
    return harmless("\n".join(lines))


def as_json(found: Sequence[Subject]) -> str:
    """Return the subjects as JSON: a list of objects with the fields of `Subject`."""
    return json.dumps([asdict(subject) for subject in found], indent=2)


def as_toml(found: Sequence[Subject]) -> str:
    """Return the [tool.wheelwright] that leads to the same.

    What no setting can be is a comment.
    """
    document = tomlkit.document()
    table = tomlkit.table()
    for subject in found:
        if subject.settings and not subject.same and subject.value not in ((_NONE,), ("none",)):
            table.add(
                tomlkit.comment(f"{subject.name}: no setting leads to it; from {subject.place}")
            )
        for key, value in subject.same.items():
            if isinstance(value, dict):
                inline = tomlkit.inline_table()
                inline.update(value)
                table[key] = inline
            else:
                table[key] = value
    tool = tomlkit.table(is_super_table=True)
    tool["wheelwright"] = table
    document["tool"] = tool
    return tomlkit.dumps(document)
