"""What calls a type checker: environments of runners, and hooks of pre-commit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from wheelwright.environment import runner_jobs, test_dependencies
from wheelwright.environment.places import SOURCE
from wheelwright.environment.test_dependencies import TestDependencies
from wheelwright.environment.tools import Asked, Tool, asked_of, hook_tool, tool
from wheelwright.errors import ProjectError
from wheelwright.gates.checkers import BY_NAME, HINT, Checker, called
from wheelwright.gates.gate import Tree
from wheelwright.gates.table import counted
from wheelwright.gates.type_check import Check, in_tests, named, with_interpreter
from wheelwright.project import precommit
from wheelwright.project.files import join
from wheelwright.project.interpreters import written
from wheelwright.project.model import Project
from wheelwright.project.precommit import Hook, Hooks
from wheelwright.project.pythons import minor_of
from wheelwright.project.reading import shortened
from wheelwright.project.runners.calling import in_environment
from wheelwright.project.runners.job import Job

NAMES: Final = (
    *("typing", "types", "type", "typecheck", "typechecking", "typechecks"),
    *("mypy", "pyright", "basedpyright", "ty", "pyrefly", "stubtest"),
)
"""What an environment for type checkers is called, the likeliest first."""

_COMPUTED: Final = ("command", "requirements")
# Languages of hooks whose program is that of the project's environment.
_UNMANAGED: Final = "runs what is installed"


# -- runners --------------------------------------------------------------------------------------


def all_jobs(project: Project, python: str) -> list[Job]:
    """Return every job of the runners, in the order of the runners.

    Raises:
        ProjectError: a runner's file is broken.
    """
    try:
        return [
            job
            for runner in runner_jobs.RUNNERS
            for job in runner_jobs.jobs(project, runner, python)
        ]
    except ProjectError as error:
        raise ProjectError(error.message, HINT) from error


def chosen_jobs(jobs: Sequence[Job], python: str) -> tuple[list[Job], tuple[str, ...]]:
    """Return the job that checks types, with those of the same runner for other checkers.

    What is computed in a job that may be meant is a note.
    """
    notes: list[str] = []
    for runner in dict.fromkeys(job.runner for job in jobs):
        chosen: list[Job] = []
        names: set[str] = set()
        for job in _candidates([job for job in jobs if job.runner == runner], python):
            own = _checkers(job)
            if own <= names and (own or chosen):
                continue
            if chosen and (_rank(job) == len(NAMES) or not job.default or own & names):
                continue
            unread = next((each for each in job.unread if each.subject in _COMPUTED), None)
            if unread is not None:
                notes.append(
                    f"{unread.place} computes the {unread.subject} of {job.name} "
                    f"({shortened(unread.text)}), which is not read: "
                    "set typecheck in [tool.wheelwright]"
                )
            elif own:
                chosen.append(job)
                names |= own
        if chosen:
            return chosen, tuple(dict.fromkeys(notes))
    return [], tuple(dict.fromkeys(notes))


def own_python(jobs: Iterable[Job], python: str) -> str:
    """Return the Python that an environment names in place of a given one; empty for none."""
    for job in jobs:
        names = [name for each in job.pythons if (name := written(each))]
        if names and not _fits(job, python) and minor_of(python) not in map(minor_of, names):
            return names[0]
    return ""


def _fits(job: Job, python: str) -> bool:
    """Whether a job takes a Python: it names that, or none."""
    return not job.pythons or bool({python, minor_of(python), "3"} & set(job.pythons))


def _candidates(jobs: Iterable[Job], python: str) -> list[Job]:
    """Return the jobs that call a checker, or may do so, the likeliest first."""

    def order(job: Job) -> tuple[int, bool, bool]:
        return _rank(job), not _fits(job, python), not job.default

    def may_check(job: Job) -> bool:
        computed = any(each.subject == "command" for each in job.unread)
        return bool(_checkers(job)) or (computed and _rank(job) < len(NAMES))

    return sorted((job for job in jobs if may_check(job)), key=order)


def _checkers(job: Job) -> set[str]:
    return {checker.name for command in job.commands if (checker := called(command))}


def _rank(job: Job) -> int:
    parts = set(re.split(r"[-_.:(\s]+", job.name[:300].lower()))
    return next((rank for rank, name in enumerate(NAMES) if name in parts), len(NAMES))


def of_job(project: Project, job: Job, python: str) -> Iterator[Check]:
    """Yield a check for each checker that a job calls, as it is written there."""
    # The scripts of PDM run in the environment of the project, and install nothing.
    wanted = None if job.runner == "pdm" else test_dependencies.of_job(project, job)
    commands = [(checker, line) for line in job.commands if (checker := called(line))]
    names = [checker.name for checker, _ in commands]
    before = tuple(line for line in job.commands[:1] if line[:2] == ("mkdir", "-p"))
    for checker, line in commands:
        place = named(job.place)
        if names.count(checker.name) > 1:
            place += f", `{shortened(' '.join(line))}`"
        check = Check(
            checker,
            in_environment(line),
            place,
            workdir=join(SOURCE, job.workdir),
            # Our own places for programs stand in it.
            variables={key: text for key, text in job.variables.items() if key != "PATH"},
            before=before,
        )
        if wanted is None:
            yield with_interpreter(in_tests(project, check, python))
        else:
            yield _in_job(project, check, job, wanted, python)


def _in_job(
    project: Project, check: Check, job: Job, wanted: TestDependencies, python: str
) -> Check:
    """Return a check over what a job installs, with the checker in it."""
    name = check.checker.name
    place, asked = _asked_by(project, job, wanted, name, python)
    locked = project.lock.version(name, python) if project.lock and wanted.installs else ""
    if asked is None or (asked == Asked() and name == "pyright"):
        found = tool(project, name, python)
    elif locked and place != named(job.place):
        found = Tool(name, locked, "locked in uv.lock")
    else:
        chosen_by = f"{'fixed in' if asked.exact else 'from'} {place}"
        found = Tool(name, asked.exact, chosen_by, specifier=asked.specifier)
    if name == "pyright":
        # That of the environment would fetch Node from elsewhere.
        beside = replace(found, extra="nodejs")
        return replace(check, tool=beside, wanted=wanted, chosen_by=found.chosen_by)
    if asked is None:
        wanted = replace(wanted, added=(*wanted.added, found.requirement))
    return replace(check, wanted=wanted, chosen_by=found.chosen_by)


def _asked_by(
    project: Project, job: Job, wanted: TestDependencies, name: str, python: str
) -> tuple[str, Asked | None]:
    """Return what a job's requirements say of a checker, and where; None if they do not."""
    package = project.package
    groups = [(f'group "{group}"', package.group(group)) for group in wanted.groups]
    groups += [(f'group "{group}"', project.root.group(group)) for group in wanted.root_groups]
    own = [str(each) for each in test_dependencies.requirements(project, wanted)]
    own += package.dependencies if wanted.installs else ()
    for place, lines in (*groups, (named(job.place), [*wanted.lines, *own])):
        if asked := asked_of(name, lines, python, wanted.constraints):
            return place, asked
    return "", None


# -- hooks ----------------------------------------------------------------------------------------


def of_hooks(project: Project, python: str) -> tuple[list[Check], str]:
    """Return the checks of pre-commit's hooks; where none of them gets a file, why none runs."""
    text = project.text(precommit.PATH)
    if text is None:
        return [], ""
    hooks = precommit.read(text)
    calling = [hook for hook in hooks.hooks if hook.automatic and _checker_of(hook)]
    found = [check for hook in calling if (check := _of_hook(project, hook, hooks, python))]
    why = ""
    if calling and not found:
        names = ", ".join(dict.fromkeys(hook.name for hook in calling))
        why = f"the hook {names} of {precommit.PATH} gets no file of {project.name}"
    return found, why


def hooked(project: Project) -> dict[str, str]:
    """Return the place of a hook for each checker that has one; none where they are broken."""
    try:
        hooks = precommit.read(project.text(precommit.PATH) or "").hooks
    except ProjectError:
        return {}
    calling = ((_checker_of(hook), hook) for hook in hooks if hook.automatic)
    return {checker.name: f"{precommit.PATH} {hook.name}" for checker, hook in calling if checker}


def _checker_of(hook: Hook) -> Checker | None:
    return BY_NAME.get(hook.program.name) if hook.program else None


def _of_hook(project: Project, hook: Hook, hooks: Hooks, python: str) -> Check | None:
    """Return the check of one hook; None where it gets no file."""
    checker = _checker_of(hook)
    start = f"{project.where}/" if project.where else ""
    files = [path for path in project.paths if path.startswith(start)]
    files = precommit.selected(files, hook, hooks, project.executables)
    if checker is None or not (files or hook.always_run):
        return None
    given = files if hook.pass_filenames else []
    place = f"{precommit.PATH} {hook.name}"
    if hook.pass_filenames:
        place += f" over {counted(len(files), 'file')}"
    check = Check(checker, (*hook.checking, *given), place, workdir=SOURCE)
    if hook.unversioned == _UNMANAGED:
        return with_interpreter(in_tests(project, check, python))
    found = hook_tool(hook, checker.name, python)
    return replace(check, tool=found, chosen_by=found.chosen_by, tree=Tree.SOURCE)
