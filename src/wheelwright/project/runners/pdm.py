"""Reads PDM's scripts, `[tool.pdm.scripts]` (pure).

Source: PDM's manual, "PDM Scripts". A job for each script, under its name. Scripts install nothing:
what is there is what `pdm install` has installed, so `groups` and `requirements` are empty, and
what tests need is decided elsewhere (`dev_dependencies.py`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import DEPTH, cut, is_strings, shortened
from wheelwright.project.runners.calling import IGNORED
from wheelwright.project.runners.job import Job, Place, Unread
from wheelwright.project.runners.keys import KeyLines

COMMANDS: Final = 500
"""Commands of one script, those of scripts that it names included."""

JOBS: Final = 10_000
"""Scripts of the file, and their commands."""

CHARACTERS: Final = 10_000
"""The longest command."""

_KEYS: Final = ("tool", "pdm", "scripts")
_KINDS: Final = ("cmd", "shell", "call", "composite")
_FIELD: Final = re.compile(r"\{(?P<name>args|pdm|run_cwd)(?::(?P<default>[^{}]*))?\}")
_CALL: Final = re.compile(r"(?P<module>[\w.]+):(?P<function>[\w.]+)(?P<arguments>\(.*\))?")


def read(files: Snapshot) -> tuple[Job, ...]:
    """Return every script of PDM in pyproject.toml; none without any.

    Raises:
        ProjectError: a script that is not of PDM's shapes, or scripts that run each other.
    """
    text = files.text("pyproject.toml")
    if text is None:
        return ()
    package = pyproject.parse("pyproject.toml", text)
    table = package.table("tool", "pdm").get("scripts")
    if table is None:
        return ()
    lines = KeyLines(text)
    if not isinstance(table, Mapping):
        place = Place(package.path, lines.line(*_KEYS), "[tool.pdm.scripts]")
        raise ProjectError(f"{place} is not a table", "write it as one")
    scripts = _Scripts(package.path, lines, table)
    found: list[Job] = []
    size = 0
    for name in table:
        if name == "_":
            continue
        found.append(scripts.job(name))
        size += 1 + len(found[-1].commands)
        if size > JOBS:
            raise ProjectError(
                f"{package.path} has more than {JOBS} scripts and commands of PDM",
                "make it smaller",
            )
    return tuple(found)


@dataclass(slots=True)
class _Ran:
    """What a script runs, gathered from all scripts that it names."""

    commands: list[tuple[str, ...]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    workdirs: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scripts:
    path: str
    lines: KeyLines
    table: Mapping[str, Any]

    def job(self, name: str) -> Job:
        """Return what a script does."""
        ran = _Ran()
        self._hooked(name, {}, ran, ())
        return Job(
            runner="pdm",
            name=name,
            place=self._place(name),
            commands=tuple(ran.commands),
            variables=ran.variables,
            workdir=next(iter(ran.workdirs), ""),
            unread=tuple(ran.unread),
        )

    def _hooked(
        self, name: str, options: Mapping[str, Any], ran: _Ran, active: tuple[str, ...]
    ) -> None:
        """Add a script, and those that PDM runs before and after it."""
        for each in (f"pre_{name}", name, f"post_{name}"):
            if each == name or each in self.table:
                self._add(each, options, ran, active)

    def _add(
        self, name: str, options: Mapping[str, Any], ran: _Ran, active: tuple[str, ...]
    ) -> None:
        place = self._place(name)
        if name in active or len(active) >= DEPTH // 2:
            chain = " -> ".join((*active, name))
            raise ProjectError(f"{place}: scripts run each other: {shortened(chain)}", "remove one")
        script = self.table[name]
        if not isinstance(script, Mapping):
            script = {"cmd": script}
        kind = next((each for each in _KINDS if each in script), "")
        given = {**script, **options}
        if kind == "composite":
            self._composite(name, script, options, ran, active)
            return
        self._set(given, place, ran)
        command = self._command(kind, script.get(kind), place, ran)
        if command:
            ran.commands.append(command)
            shared = self.table.get("_")
            fallback = shared.get("working_dir", "") if isinstance(shared, Mapping) else ""
            workdir = given.get("working_dir", fallback)
            if not isinstance(workdir, str):
                raise ProjectError(f"{place}: working_dir is not a string", "correct it")
            ran.workdirs.append(join(workdir))
        if len(ran.commands) > COMMANDS:
            raise ProjectError(f"{place} runs more than {COMMANDS} commands", "make it smaller")

    def _composite(
        self,
        name: str,
        script: Mapping[str, Any],
        options: Mapping[str, Any],
        ran: _Ran,
        active: tuple[str, ...],
    ) -> None:
        """Add the parts of a script: other scripts, with arguments, and command lines."""
        place = self._place(name)
        parts = script["composite"]
        if not is_strings(parts):
            raise ProjectError(f"{place}: composite is not a list of strings", "write it as one")
        own = {key: value for key, value in script.items() if key in ("env_file", "working_dir")}
        env = {**self._table(script, place), **self._table(options, place)}
        inner = {**own, **options, **({"env": env} if env else {})}
        for part in parts:
            if len(part) > CHARACTERS:
                raise ProjectError(f"{place}: a part is too long", "make it smaller")
            word, _, arguments = self._filled(part).strip().partition(" ")
            start = len(ran.commands)
            if word in self.table and word != "_":
                self._hooked(word, inner, ran, (*active, name))
            elif word:
                self._set(inner, place, ran)
                if command := self._words(f"{word} {arguments}", place, ran):
                    ran.commands.append(command)
                    ran.workdirs.append(join(str(inner.get("working_dir", ""))))
                arguments = ""
            if arguments and len(ran.commands) > start:
                # With arguments, they go to the script itself; to the last of what it runs.
                last = ran.commands[-1]
                ran.commands[-1] = (
                    (*last[:2], f"{last[2]} {arguments}")
                    if last[:2] == ("sh", "-c") and len(last) == 3
                    else (*last, *self._words(arguments, place, ran))
                )
            if script.get("keep_going") is True:
                for number in range(start, len(ran.commands)):
                    ran.commands[number] = (*IGNORED, *ran.commands[number])
            if len(ran.commands) > COMMANDS:
                raise ProjectError(f"{place} runs more than {COMMANDS} commands", "make it smaller")

    def _command(self, kind: str, value: Any, place: Place, ran: _Ran) -> tuple[str, ...]:
        if kind == "cmd" and isinstance(value, list) and is_strings(value):
            words: list[str] = []
            for each in value:
                filled = self._filled(each)
                words += [each] if filled == each else self._words(filled, place, ran)
            return tuple(words)
        if kind not in ("cmd", "shell", "call") or not isinstance(value, str):
            raise ProjectError(
                f"{place} is neither a command line nor a table with one of {', '.join(_KINDS)}",
                "correct it",
            )
        if len(value) > CHARACTERS:
            raise ProjectError(
                f"{place} has a command of more than {CHARACTERS} characters", "make it smaller"
            )
        text = self._filled(value)
        if kind == "shell":
            return ("sh", "-c", text)
        if kind == "call":
            found = _CALL.fullmatch(text.strip())
            if found is None:
                raise ProjectError(
                    f"{place}: {shortened(repr(text))} is not a call", "write it like module:main"
                )
            call = f"{found['function']}{found['arguments'] or '()'}"
            module = found["module"]
            return ("python", "-c", f"import sys, {module} as m; sys.exit(m.{call})")
        return self._words(text, place, ran)

    def _words(self, text: str, place: Place, ran: _Ran) -> tuple[str, ...]:
        """Split a command line; PDM runs no shell for it, but fills variables."""
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise ProjectError(
                f"{place}: {shortened(repr(text))} cannot be split: {error}", "close the quotes"
            ) from error
        if any("$" in word for word in words):
            ran.unread.append(Unread(place, cut(text), "command"))
            return ()
        return words

    def _filled(self, text: str) -> str:
        """Return a text with PDM's fields filled, for a caller without arguments."""
        fixed = {"pdm": "pdm", "run_cwd": "."}
        return _FIELD.sub(lambda match: fixed.get(match["name"]) or match["default"] or "", text)

    def _set(self, script: Mapping[str, Any], place: Place, ran: _Ran) -> None:
        """Add the variables of a script, those for all scripts included."""
        shared = self.table.get("_", {})
        if not isinstance(shared, Mapping):
            raise ProjectError(f"{self._place('_')} is not a table", "write it as one")
        for options, where in ((shared, self._place("_")), (script, place)):
            ran.variables.update(self._table(options, where))
            named = options.get("env_file")
            if named is not None:
                path = named.get("override") if isinstance(named, Mapping) else named
                unread = Unread(where, f"env_file = {shortened(repr(path))}", "variables")
                if unread not in ran.unread:
                    ran.unread.append(unread)

    def _table(self, script: Mapping[str, Any], place: Place) -> dict[str, str]:
        env = script.get("env", {})
        if not isinstance(env, Mapping):
            raise ProjectError(f"{place}: env is not a table", "write it as one")
        return {key: str(value) for key, value in env.items() if isinstance(value, str | int)}

    def _place(self, name: str) -> Place:
        return Place(self.path, self.lines.line(*_KEYS, name), f"[tool.pdm.scripts] {name}")
