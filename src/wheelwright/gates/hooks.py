"""The linters and formatters that hooks of pre-commit run, over the files of each hook (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from wheelwright.environment.tools import Tool, hook_tool, tool
from wheelwright.gates.linter_commands import is_check
from wheelwright.gates.linters import Call
from wheelwright.project import precommit
from wheelwright.project.files import join, upward
from wheelwright.project.model import Project
from wheelwright.project.precommit import Hook, Hooks

_NAMES: Final = 8
"""Hooks that a note names."""
# Languages whose program comes from the project's own environment.
_UNMANAGED: Final = frozenset({"system", "script", "unsupported", "unsupported_script"})


@dataclass(frozen=True, slots=True)
class Configured:
    """A configuration of pre-commit.

    Attributes:
        where: its directory, which paths and patterns start at.
    """

    hooks: Hooks
    text: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Hooked:
    """What the hooks run of some programs.

    Attributes:
        calls: those that get a file.
        idle: the names of those that get none.
    """

    calls: tuple[Call, ...] = ()
    idle: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether some hook runs one of the programs."""
        return bool(self.calls or self.idle)


def configured(project: Project) -> Configured | None:
    """Return the configuration in the package's directory, else the nearest above it.

    Raises:
        ProjectError: it is broken.
    """
    for where in upward(project.where):
        path = join(where, precommit.PATH)
        if (text := project.files.text(path)) is not None:
            return Configured(precommit.read(text, path), text, where)
    return None


def calls(project: Project, python: str, programs: Iterable[str]) -> Hooked:
    """Return what hooks of a commit or a push run of some programs, in their order.

    Of the files those count that are in the package.

    Raises:
        ProjectError: the configuration is broken, or a pattern or a type in it.
    """
    if (found := configured(project)) is None:
        return Hooked()
    wanted = frozenset(programs)
    ran: list[Call] = []
    idle: list[str] = []
    for number, hook in enumerate(found.hooks.hooks):
        if not hook.automatic or hook.program is None or hook.program.name not in wanted:
            continue
        if not is_check(hook.command):
            continue
        call = _call(project, python, found, number, hook)
        if call is None:
            idle.append(hook.name)
        else:
            ran.append(call)
    return Hooked(tuple(ran), tuple(idle))


def _call(project: Project, python: str, found: Configured, number: int, hook: Hook) -> Call | None:
    """Return what a hook runs; None for one that gets no file."""
    assert hook.program is not None
    own, every = (
        _within(project, found, names)
        for names in _selected(
            project.paths,
            tuple(project.executables.items()),
            found.text,
            found.hooks.path,
            found.where,
            number,
        )
    )
    if not own and not hook.always_run:
        return None
    return Call(
        hook.program,
        hook.command,
        f"{found.hooks.path} {hook.name}",
        _tool(project, python, hook),
        workdir=found.where,
        files=own if hook.pass_filenames and own else None,
        left_out=len(every) - len(own),
    )


def _within(project: Project, found: Configured, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of a configuration's files that are in the package."""
    if project.where == found.where:
        return names
    below = project.where.removeprefix(f"{found.where}/") + "/"
    return tuple(name for name in names if name.startswith(below))


@lru_cache(maxsize=32)
def _selected(
    paths: tuple[str, ...],
    executables: tuple[tuple[str, str], ...],
    text: str,
    path: str,
    where: str,
    number: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files of a hook, and those that it has without any pattern; kept for the next."""
    hooks = precommit.read(text, path)
    hook = hooks.hooks[number]
    start = f"{where}/" if where else ""
    below = [each.removeprefix(start) for each in paths if each.startswith(start)]
    scripts = {each.removeprefix(start): line for each, line in executables}
    every = precommit.selected(
        below, replace(hook, files="", exclude=""), replace(hooks, files="", exclude=""), scripts
    )
    return tuple(precommit.selected(every, hook, hooks, scripts)), tuple(every)


def _tool(project: Project, python: str, hook: Hook) -> Tool:
    """Return the program in its version: the hook's own, or what the project installs."""
    assert hook.program is not None
    name = hook.program.distribution
    if hook.language in _UNMANAGED:
        return tool(project, name, python)
    return hook_tool(hook, name, python)


def not_run(project: Project) -> str:
    """Return the note that lists the hooks that no gate runs; empty for none.

    Raises:
        ProjectError: the configuration is broken.
    """
    found = configured(project)
    names = list(dict.fromkeys(hook.name for hook in found.hooks.not_run)) if found else []
    return f"hooks not run: {listed(names)}" if names else ""


def listed(names: Sequence[str]) -> str:
    """Return names for a note, of many the first."""
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
