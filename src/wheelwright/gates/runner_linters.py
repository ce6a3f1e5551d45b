"""The linters and formatters that an environment of tox, nox, hatch or PDM calls (pure)."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from wheelwright.environment.places import SOURCE
from wheelwright.environment.runner_jobs import RUNNERS, jobs, unwrapped_job
from wheelwright.environment.tools import Tool, asked_of, tool
from wheelwright.errors import ProjectError
from wheelwright.gates import hooks
from wheelwright.gates.linter_commands import FLAKE8, changes, is_check
from wheelwright.gates.linters import Call
from wheelwright.project.hook_programs import PROGRAMS, of_entry
from wheelwright.project.model import Project
from wheelwright.project.reading import requirement_or_none, shortened
from wheelwright.project.runners.calling import IGNORED, INVERTED, programs
from wheelwright.project.runners.job import Job

# Programs that a runner's environment may call beside a linter: other gates run them, or they
# check nothing.
_KNOWN: Final = frozenset(
    {
        *(each.distribution for each in PROGRAMS.values()),
        *("coverage", "pip", "pre-commit", "prek", "pytest", "tox", "uv"),
    }
)
# Linters that no gate runs: named wherever an environment calls them.
_OTHERS: Final = frozenset({"doc8", "pycodestyle", "pydocstyle", "pyflakes", "pylint", "vulture"})
# Requirements of a runner's environment that change what flake8 finds.
_PLUGIN: Final = re.compile(
    r"flake8[-_].+|.+[-_]flake8|pep8-naming|pyflakes|pycodestyle|mccabe|dlint"
)
_SHELL: Final = frozenset("$`|<>*?(){}")


def calls(
    project: Project, gate: str, subject: Iterable[str], python: str
) -> tuple[list[Call], list[str]]:
    """Return what the first runner calls of some programs, and notes about it."""
    wanted = frozenset(subject)
    for runner in RUNNERS:
        found = [
            (job, call)
            for job in _jobs(project, gate, runner, python)
            for call in _of_job(project, job, wanted, python)
        ]
        # Where something checks, what changes files is not how the project checks.
        checking = [each for each in found if not changes(each[1].program, each[1].line)]
        if kept := checking or found:
            once = {(call.line, call.workdir): call for _, call in reversed(kept)}
            ordered = sorted(once.values(), key=[call for _, call in kept].index)
            own = {str(job.place): job for job, _ in kept}
            return ordered, [note for job in own.values() if (note := _not_run(job))]
    return [], []


def _jobs(project: Project, gate: str, runner: str, python: str) -> tuple[Job, ...]:
    try:
        found = jobs(project, runner, python)
        return tuple(unwrapped_job(project, job) for job in found) if runner == "tox" else found
    except ProjectError as error:
        around = f"{gate} in [tool.wheelwright] goes around it"
        hint = f"{error.hint}; {around}" if error.hint else around
        raise ProjectError(error.message, hint) from error


def _of_job(project: Project, job: Job, wanted: frozenset[str], python: str) -> Iterator[Call]:
    """Yield what an environment calls of some programs."""
    if any(each.subject == "command" for each in job.unread):
        return
    for command in _commands(job):
        found = of_entry(shlex.join(command))
        if found is None or found[0].name not in wanted or not is_check(found[1]):
            continue
        program, line = found
        yield Call(
            program,
            line,
            str(replace(job.place, line=0)),
            _tool_of(project, job, program.distribution, python),
            workdir=job.workdir.removeprefix(SOURCE).lstrip("/")
            if f"{job.workdir}/".startswith(f"{SOURCE}/")
            else job.workdir,
            variables={name: text for name, text in job.variables.items() if name != "PATH"},
        )


def _commands(job: Job) -> Iterator[tuple[str, ...]]:
    """Yield the commands of an environment whose exit codes count, those of a simple shell too."""
    for command in job.commands:
        if tuple(command[:4]) in (IGNORED, INVERTED):
            continue
        if tuple(command[:2]) != ("sh", "-c") or len(command) != 3:
            yield command
            continue
        for part in re.split(r"&&|[;\n]", command[2]):
            if not _SHELL.intersection(part):
                try:
                    yield tuple(shlex.split(part))
                except ValueError:
                    continue


def _tool_of(project: Project, job: Job, name: str, python: str) -> Tool:
    """Return a program as an environment installs it."""
    found = tool(project, name, python)
    asked = asked_of(name, job.requirements, python)
    place = str(replace(job.place, line=0))
    if asked and asked.exact:
        found = replace(found, version=asked.exact, specifier="", chosen_by=f"fixed in {place}")
    elif asked and asked.specifier and found.chosen_by.startswith("pinned by wheelwright"):
        found = replace(found, version="", specifier=asked.specifier, chosen_by=f"from {place}")
    if name != FLAKE8:
        return found
    read = ((line, requirement_or_none(line)) for line in job.requirements)
    plugins = [line for line, each in read if each and _PLUGIN.fullmatch(each.name.lower()[:100])]
    return replace(found, beside=tuple(plugins))


def _not_run(job: Job) -> str:
    """Return the note about what else an environment of a linter calls; empty for nothing."""
    called = (name for command in job.commands for name in programs(command))
    named = _KNOWN | _OTHERS
    names = [name for name in dict.fromkeys(called) if name and name not in named]
    place = str(replace(job.place, line=0))
    return f"not run of {place}: {hooks.listed(names)}" if names else ""


def others(project: Project, python: str) -> list[str]:
    """Return notes on linters that environments call, and that no gate runs."""
    found: dict[str, str] = {}
    for runner in RUNNERS:
        # A broken file is an error of what needs it.
        with contextlib.suppress(ProjectError):
            for job in jobs(project, runner, python):
                place = f"{job.name} of {job.place.path}"
                for command in _commands(job):
                    for name in programs(command):
                        if name in _OTHERS:
                            found.setdefault(name, place)
    return [f"{name} is called by {place}, and no gate runs it" for name, place in found.items()]


def unread(project: Project, python: str) -> str:
    """Return the end of a sentence about environments whose commands are computed."""
    for runner in RUNNERS:
        for job in jobs(project, runner, python):
            name = re.split(r"[-_:.(]", job.name.lower()[:100])
            for each in job.unread:
                if each.subject == "command" and {"lint", "style", "format", "fmt"} & set(name):
                    return f"; {each.place} computes a command: {shortened(each.text)}"
    return ""
