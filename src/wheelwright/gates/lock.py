"""Do the locks match pyproject.toml? uv, Poetry and PDM say so, each of its own lock.

| lock | command | in which version |
|---|---|---|
| uv.lock | `uv lock --check` | that of every container |
| poetry.lock | `poetry check --lock` | the last Poetry 1 for a lock of that, where it runs |
| pdm.lock | `pdm lock --check` | one: it reads every lock of PDM 2 |
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.container.output import Output, broken
from wheelwright.container.privileges import INSTALL, PACKAGE
from wheelwright.environment.others import unchecked
from wheelwright.environment.plan import SOURCE
from wheelwright.environment.tools import Tool, pinned
from wheelwright.errors import ToolFailed
from wheelwright.gates.gate import GatePlan, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.pins import POETRY_1, POETRY_1_PYTHON
from wheelwright.project import building, other_locks
from wheelwright.project.files import join
from wheelwright.project.local_paths import local_packages
from wheelwright.project.model import Project
from wheelwright.project.pythons import minor_key

# The table of [tool] that makes a lock beside uv.lock more than a leftover.
_WRITERS: Final[Mapping[str, str]] = {"poetry.lock": "poetry", "pdm.lock": "pdm"}
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    # Plugins are the project's code, and none changes what is hashed.
    "poetry": ("poetry", "check", "--lock", "--no-plugins", "--no-ansi", "--no-interaction"),
    "pdm": ("pdm", "lock", "--check"),
}
_VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "poetry": {},
    "pdm": {"PDM_CHECK_UPDATE": "false", "PDM_NON_INTERACTIVE": "1", "NO_COLOR": "1"},
}
# What each prints of a lock that is out of date; PDM has changed its words once.
_STALE: Final[Mapping[str, tuple[str, ...]]] = {
    "poetry": ("changed significantly since poetry.lock",),
    "pdm": ("doesn't satisfy the project requirements", "hash doesn't match pyproject.toml"),
}


@dataclass(frozen=True, slots=True)
class Lock:
    """Each lock by the tool that writes it; no command writes anything."""

    name: str = "lock"
    function: str = "lock-check"
    help: str = "Check that uv.lock, poetry.lock and pdm.lock match pyproject.toml."
    in_ci: bool = True

    def configured(self, project: Project) -> str:
        """Return why there is nothing to compare; empty where there is a lock."""
        if project.lock is not None or _others(project):
            return ""
        rest = unchecked(project, self.name)
        names = "no uv.lock, poetry.lock or pdm.lock"
        return f"not configured: {project.name} has {names} (`uv lock` makes one){rest}"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the commands, each of which resolves or hashes, and writes nothing.

        Raises:
            ProjectError: a lock is broken.
        """
        uv = () if project.lock is None else (_uv(project),)
        return (*uv, *(_other(project, path, python) for path in _others(project)))

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn what the tools printed into the gate's result.

        Raises:
            ToolFailed: one of them reached no verdict.
        """
        left = list(ran)
        results = [] if project.lock is None else [self._judge_uv(left.pop(0))]
        others = _others(project)
        for path, output in zip(others, left, strict=True):
            results.append(self._judge_other(project, path, output))
        failed = [each for each in results if each.verdict is Verdict.FAILED]
        notes = [each.note for each in failed or results]
        checked = {posixpath.basename(path) for path in others}
        return GateResult(
            self.name,
            Verdict.FAILED if failed else Verdict.PASSED,
            "; ".join(notes) + unchecked(project, self.name, checked),
            "\n".join(each.details for each in failed if each.details),
        )

    def _judge_uv(self, output: Output) -> GateResult:
        if output.exit_code == 0:
            return GateResult(self.name, Verdict.PASSED, "uv.lock matches pyproject.toml")
        if output.exit_code == 1 and "needs to be updated" in output.stderr:
            stale = "uv.lock does not match pyproject.toml; run `uv lock` and commit it"
            return GateResult(self.name, Verdict.FAILED, stale)
        if building.needs_credential(output.stderr):
            raise ToolFailed(
                "uv.lock cannot be compared without asking a private index: "
                f"{building.last_line(output.stderr)}",
                "run `uv lock` and commit it; pass --netrc; code that has to be built for it, as "
                "for dynamic metadata, does not get those credentials",
            )
        raise broken("uv lock --check", output)

    def _judge_other(self, project: Project, path: str, output: Ran) -> GateResult:
        writer = _WRITERS[posixpath.basename(path)]
        if output.exit_code == 0:
            note = f"{path} matches pyproject.toml; {output.tool}"
            return GateResult(self.name, Verdict.PASSED, note)
        printed = " ".join(f"{output.stdout}\n{output.stderr}".split())
        if any(sign in printed for sign in _STALE[writer]):
            remedy = f"run `{writer} lock` and commit it"
            old = writer == "poetry" and _of_poetry_1(_read(project, path))
            if old and project.package.project and POETRY_1 not in output.tool:
                remedy += " (a lock of Poetry 1 has no hash of [project], which Poetry 2 compares)"
            note = f"{path} does not match pyproject.toml; {remedy}; {output.tool}"
            return GateResult(self.name, Verdict.FAILED, note)
        if writer == "pdm" and "not compatible" in printed:
            note = f"{path} has a format that {output.tool} does not read; run `pdm lock`"
            return GateResult(self.name, Verdict.FAILED, note)
        errors = [line for line in output.stderr.splitlines() if line.startswith("Error:")]
        if writer == "poetry" and errors:
            # It looks at pyproject.toml first, and so does the package's own CI.
            note = f"`poetry check --lock` finds errors in pyproject.toml; {output.tool}"
            return GateResult(self.name, Verdict.FAILED, note, "\n".join(errors))
        raise broken(" ".join(_COMMANDS[writer][:3]), output)


def needs_source(project: Project) -> bool:
    """Whether uv has to build something of the source to know its requirements.

    Raises:
        ProjectError: uv.lock is broken.
    """
    pyprojects = (project.root, *project.members.values())
    dynamic = any(each.project and each.dynamic for each in pyprojects)
    return dynamic or local_packages(project)


def _uv(project: Project) -> Step:
    """Return the step for uv.lock.

    uv asks the package's own back end for metadata that it fills in, whatever `--no-build` says.
    So that is a step that builds the package: without credentials. A lock that matches needs none.
    """
    args = ("uv", "lock", "--check")
    whole = needs_source(project)
    return Step(
        " ".join(args),
        args,
        tree=Tree.SOURCE if whole else Tree.DECIDING,
        workdir=join(SOURCE, project.base),
        kind=PACKAGE if whole else INSTALL,
        history=whole,
        builds=bool(building.sdists(project)),
    )


def _others(project: Project) -> list[str]:
    """Return the paths of the other locks that their own tools check."""
    found = []
    for name, writer in _WRITERS.items():
        path = project.path(name)
        beside = join(posixpath.dirname(path), "pyproject.toml")
        used = project.lock is None or project.configures("tool", writer)
        if path and used and project.files.has(beside):
            found.append(path)
    return found


def _other(project: Project, path: str, python: str) -> Step:
    writer = _WRITERS[posixpath.basename(path)]
    lock = _read(project, path)
    version = pinned(writer, python)
    if (
        writer == "poetry"
        and _of_poetry_1(lock)
        and minor_key(python) <= minor_key(POETRY_1_PYTHON)
    ):
        # On a newer Python it is Poetry 2, which hashes [project], too, and all else the same.
        version = POETRY_1
    args = _COMMANDS[writer]
    return Step(
        " ".join(args[:3]),
        args,
        tool=Tool(writer, version, "pinned by wheelwright"),
        workdir=join(SOURCE, posixpath.dirname(path)),
        variables=_VARIABLES[writer],
    )


def _read(project: Project, path: str) -> other_locks.OtherLock:
    return other_locks.read(path, project.files.texts[path])


def _of_poetry_1(lock: other_locks.OtherLock) -> bool:
    """Whether Poetry 1 wrote it; before 1.3 it did not say so, and formats up to 2.0 are its."""
    if lock.written_by:
        return lock.written_by.startswith("1.")
    return lock.lock_version.startswith("1.") or lock.lock_version == "2.0"
