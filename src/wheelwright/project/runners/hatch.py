"""Reads hatch's environments in pyproject.toml and hatch.toml (pure).

Source: hatch's manual, and hatch 1.18.2 where it is silent. Each script of each environment is a
job, named as `hatch run` takes it: `types:check`, and `test.py3.12-5.2:run` for an environment of a
matrix. An environment without scripts is a job without commands. Hatch's own environments are jobs
where the project has a table of their name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import DEPTH, cut, is_strings, shortened, toml
from wheelwright.project.runners import hatch_defaults, installing
from wheelwright.project.runners.calling import IGNORED
from wheelwright.project.runners.commands import split
from wheelwright.project.runners.hatch_fields import LONGEST, Fields
from wheelwright.project.runners.hatch_tables import Environment, Source, environments
from wheelwright.project.runners.installing import Installed, Known, unwrapped
from wheelwright.project.runners.job import Job, Place, Unread

PATH: Final = "hatch.toml"

COMMANDS: Final = 500
"""Commands of one script, those of scripts that it names included."""

JOBS: Final = 10_000
"""Scripts of all environments, and their commands."""

# A dependency on a directory of the project.
_LOCAL: Final = re.compile(
    r"[\w.-]+ ?(?P<extras>\[[\w ,.-]*\])? ?@ ?\{root:(?P<above>parent:)?uri\}/(?P<path>\S+)"
)
_STATIC_ANALYSIS: Final = frozenset({"hatch-static-analysis", "hatch-check-code"})


def read(files: Snapshot, environment: Mapping[str, str] | None = None) -> tuple[Job, ...]:
    """Return what each script of each environment does; none without environments.

    Raises:
        ProjectError: a file that is not TOML, or a value that is not of its shape.
    """
    text = files.text("pyproject.toml")
    package = pyproject.parse("pyproject.toml", text) if text is not None else None
    hatch: Mapping[str, Any] = package.table("tool", "hatch") if package else {}
    source = Source("pyproject.toml", text or "", ("tool", "hatch", "envs"))
    own = files.text(PATH)
    if own is not None:
        mine = toml(PATH, own)
        if "envs" in mine:
            source = Source(PATH, own, ("envs",))
        # What is in hatch.toml replaces the table of that name, not only its keys.
        hatch = {**hatch, **mine}
    tables = hatch.get("envs")
    if tables is None:
        return ()
    variables = dict(environment or {})
    reader = _Hatch(source, installing.known(package) if package else Known(), variables)
    return reader.jobs(tables, computed=_has_collectors(hatch))


def _has_collectors(hatch: Mapping[str, Any]) -> bool:
    """Whether a plugin changes the environments."""
    env = hatch.get("env")
    collectors = env.get("collectors") if isinstance(env, Mapping) else None
    return isinstance(collectors, Mapping) and any(name != "default" for name in collectors)


@dataclass(frozen=True, slots=True)
class _Hatch:
    source: Source
    known: Known
    variables: Mapping[str, str]

    def jobs(self, tables: Any, *, computed: bool) -> tuple[Job, ...]:
        """Return the jobs of all environments."""
        found: dict[str, Job] = {}
        size = 0
        for each in environments(self.source, tables, self.variables):
            for job in self._of(each, computed=computed):
                found[job.name] = job
                size += 1 + len(job.commands)
                if size > JOBS:
                    raise ProjectError(
                        f"{self.source.path} has more than {JOBS} scripts and commands",
                        "make it smaller",
                    )
        return tuple(found.values())

    def _of(self, each: Environment, *, computed: bool) -> Iterator[Job]:
        """Yield the jobs of one environment."""
        config = each.config
        where = self.source.place(each.base)
        unread: list[Unread] = []
        fields = Fields(each.name, self.variables, each.matrix)
        own = {
            key: value
            for key, raw in config.get("env-vars", {}).items()
            if (value := self._filled(fields, raw, where, "variables", unread)) is not None
        }
        fields = Fields(each.name, {**self.variables, **own}, each.matrix)
        installed = self._installed(each, fields, unread)
        if computed and not (installed.requirements or installed.groups or installed.extras):
            text = "a plugin collects environments, and this one has no dependencies here"
            unread.append(Unread(where, text, "requirements"))
        first = self._commands(self._strings(each, "pre-install-commands"), fields, where, unread)
        then = self._commands(self._strings(each, "post-install-commands"), fields, where, unread)
        scripts = {**config.get("extra-scripts", {}), **config.get("scripts", {})}
        for name in scripts or [""]:
            here = self.source.place(each.base, "scripts", name) if name else where
            missing, given = list(unread), fields
            if each.base in _STATIC_ANALYSIS and not config.get("config-path"):
                text = f"the ruff rules of hatch {hatch_defaults.VERSION}, which no file has"
                missing.append(Unread(where, text, "command"))
            if each.base == hatch_defaults.TEST and name in ("run", "run-cov"):
                given = self._of_tests(each, fields)
            lines = self._expanded(scripts, name, (), []) if name else []
            commands = self._commands(lines, given, here, missing)
            more = Installed()
            more.add(installed)
            # What comes before the installation is not part of the environment.
            ran = [*first]
            for command in (*then, *commands):
                extra, left = unwrapped(command, self.known)
                if extra is not None:
                    more.add(extra)
                    if extra.unread:
                        text = cut(" ".join(command))
                        missing.append(Unread(here, text, "requirements"))
                if left:
                    ran.append(left)
            python = config.get("python")
            yield Job(
                runner="hatch",
                name=f"{each.name}:{name}" if name else each.name,
                place=here,
                commands=tuple(ran),
                requirements=tuple(more.requirements),
                groups=tuple(more.groups),
                extras=tuple(more.extras),
                variables=own,
                pythons=(python,) if isinstance(python, str) and python else (),
                installs=config.get("skip-install", False) is not True,
                unread=tuple(missing),
            )

    def _installed(self, each: Environment, fields: Fields, unread: list[Unread]) -> Installed:
        """Return what an environment installs beside the package."""
        where = self.source.place(each.base)
        found = Installed(
            groups=[canonicalize_name(name) for name in self._strings(each, "dependency-groups")],
            extras=[canonicalize_name(name) for name in self._strings(each, "features")],
        )
        for key in ("dependencies", "extra-dependencies"):
            for line in self._strings(each, key):
                if local := _LOCAL.fullmatch(" ".join(line.split())):
                    near = join(".." if local["above"] else "", local["path"])
                    near = near if near.startswith("..") else f"./{near}"
                    found.requirements.append(f"{near}{local['extras'] or ''}")
                    continue
                text = self._filled(fields, line, where, "requirements", unread)
                if text is not None:
                    found.requirements.append(text)
        members = each.config.get("workspace", {}).get("members", [])
        for member in members if isinstance(members, list) else []:
            path = member.get("path") if isinstance(member, Mapping) else member
            if not isinstance(path, str) or any(sign in path for sign in "*?["):
                place = self.source.place(each.base, "workspace")
                unread.append(Unread(place, cut(f"members = [{path!r}]"), "requirements"))
            else:
                features = member.get("features", []) if isinstance(member, Mapping) else []
                extras = f"[{','.join(features)}]" if features and is_strings(features) else ""
                found.requirements.append(f"-e ./{join(path)}{extras}")
        return found

    def _of_tests(self, each: Environment, fields: Fields) -> Fields:
        """Return the fields of hatch's own test command, with the arguments that it adds."""
        config = each.config
        given = self._strings(each, "extra-args")
        if config.get("randomize", False) is not True:
            given += ["-p", "no:randomly"]
        if config.get("parallel", False) is True:
            given += ["-n", "logical"]
        if isinstance(retries := config.get("retries"), int):
            given += ["-r", "aR", "--reruns", str(retries)]
        if isinstance(delay := config.get("retry-delay"), int | float):
            given += ["--reruns-delay", str(delay)]
        default = self._strings(each, "default-args") if "default-args" in config else ["tests"]
        own = {"HATCH_TEST_ARGS": f" {_quoted(given)}"}
        return Fields(
            fields.environment, {**fields.variables, **own}, fields.matrix, _quoted(default)
        )

    def _commands(
        self, lines: Sequence[str], fields: Fields, where: Place, unread: list[Unread]
    ) -> list[tuple[str, ...]]:
        found = []
        for line in lines:
            ignored = line.startswith("- ")
            text = self._filled(fields, line.removeprefix("- "), where, "command", unread)
            if text is None:
                continue
            if command := split(text):
                found.append((*IGNORED, *command) if ignored else command)
        return found

    def _expanded(
        self, scripts: Mapping[str, Any], name: str, active: tuple[str, ...], found: list[str]
    ) -> list[str]:
        """Return the lines of a script; a line that begins with a script's name is that script."""
        if name in active or len(active) >= DEPTH:
            chain = " -> ".join((*active, name))
            raise ProjectError(
                f"{self.source.path}: scripts run each other: {shortened(chain)}", "remove one"
            )
        lines = scripts[name]
        lines = [lines] if isinstance(lines, str) else lines
        if not is_strings(lines):
            raise ProjectError(
                f'{self.source.path}: script "{shortened(name)}" is neither a string nor a list '
                "of strings",
                "correct it",
            )
        for line in lines:
            ignored = line.startswith("- ")
            word, _, arguments = line.removeprefix("- ").partition(" ")
            if word not in scripts:
                found.append(line)
                continue
            start = len(found)
            self._expanded(scripts, word, (*active, name), found)
            for number in range(start, len(found)):
                text = f"{found[number]} {arguments}" if arguments else found[number]
                mark = "- " if ignored and not arguments and not text.startswith("- ") else ""
                if len(text) > LONGEST:
                    raise ProjectError(
                        f'{self.source.path}: script "{shortened(name)}" has a command of more '
                        f"than {LONGEST} characters",
                        "make it smaller",
                    )
                found[number] = mark + text
            if len(found) > COMMANDS:
                raise ProjectError(
                    f'{self.source.path}: script "{shortened(name)}" runs more than {COMMANDS} '
                    "commands",
                    "make it smaller",
                )
        return found

    def _filled(
        self, fields: Fields, text: Any, where: Place, subject: str, unread: list[Unread]
    ) -> str | None:
        if not isinstance(text, str):
            raise ProjectError(f"{where}: {shortened(repr(text))} is not a string", "correct it")
        try:
            return fields.filled(text)
        except ValueError:
            unread.append(Unread(where, cut(text), subject))
            return None

    def _strings(self, each: Environment, key: str) -> list[str]:
        value = each.config.get(key, [])
        if not isinstance(value, list) or not is_strings(value):
            raise self.source.wrong((each.base, key), "a list of strings")
        if len(value) > COMMANDS:
            raise self.source.wrong((each.base, key), f"a list of at most {COMMANDS} strings")
        return list(value)


def _quoted(arguments: Sequence[str]) -> str:
    return " ".join(
        each if re.fullmatch(r"[\w@%+=:,./-]+", each) else "'" + each.replace("'", "'\"'\"'") + "'"
        for each in arguments
    )
