"""Reads noxfile.py, without running it (pure).

Source: https://nox.thea.codes. A session is followed as its statements are, for one Python, without
arguments of the caller (`session.posargs` is empty), on Linux, in an environment that has only the
variables that are given. A condition on anything else is not decided: what depends on it is an
`Unread` with the line that computes it.

Each combination of `nox.parametrize` is a job, under nox's name for it: `tests(django='5.2')`. All
Pythons of a session share one job.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project import pyproject
from wheelwright.project.files import Snapshot
from wheelwright.project.runners import installing
from wheelwright.project.runners.installing import Known
from wheelwright.project.runners.job import Job, Place
from wheelwright.project.runners.nox_session import NoxReading, SessionReading
from wheelwright.project.runners.python import values
from wheelwright.project.runners.python.expressions import Names
from wheelwright.project.runners.python.statements import parsed
from wheelwright.project.runners.python.values import Dotted, Function, Unknown

PATH: Final = "noxfile.py"

COMBINATIONS: Final = 200
"""Jobs of one session that are read."""

JOBS: Final = 2000
"""Jobs of the file."""

_SESSION: Final = frozenset({"nox.session", "nox.sessions.session", "nox_poetry.session"})
_UV_SESSION: Final = "nox_uv.session"


def read(
    files: Snapshot, python: str, environment: Mapping[str, str] | None = None
) -> tuple[Job, ...]:
    """Return every session of noxfile.py, as it is for one Python; none without the file.

    Raises:
        ProjectError: not Python, or pyproject.toml beside it is broken.
    """
    text = files.text(PATH)
    if text is None:
        return ()
    tree = parsed(PATH, text)
    toml = files.text("pyproject.toml")
    known = (
        installing.known(pyproject.parse("pyproject.toml", toml)) if toml is not None else Known()
    )
    noxfile = _Noxfile(files, environment or {})
    # What was declared before is read.
    with contextlib.suppress(RecursionError):
        noxfile.block(tree.body, ({},))
    lines = text.splitlines()
    found: dict[str, Job] = {}
    for declared in noxfile.declared:
        found.update({job.name: job for job in _jobs(noxfile, declared, lines, known, python)})
        if len(found) > JOBS:
            raise ProjectError(f"{PATH} has more than {JOBS} sessions", "make it smaller")
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Parameters:
    """One combination of what `nox.parametrize` gives."""

    given: Mapping[str, Any]
    identity: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Declared:
    """A session as its decorators declare it."""

    function: Function
    options: Mapping[str, Any]
    combinations: tuple[_Parameters, ...]
    synced: tuple[Any, ...] = ()


class _Noxfile(NoxReading):
    """The reading of the whole file, which finds the sessions."""

    def __init__(self, files: Snapshot, environment: Mapping[str, str]) -> None:
        super().__init__(PATH, files, environment)
        self.declared: list[_Declared] = []
        self.options: dict[str, Any] = {}
        self._called: dict[str, Any] | None = None

    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Return one set of parameters for `nox.param`; take note of sessions and of defaults."""
        if name in _SESSION:
            self._called = keywords
        chosen = self.options.get("sessions")
        if name == "nox.options.sessions.append" and isinstance(chosen, list):
            self.options["sessions"] = values.bounded([*chosen, *arguments], line)
        if name == "nox.param":
            tags = values.listed(keywords.get("tags") or [], line)
            identity = keywords.get("id")
            return _Parameters(
                {str(number): value for number, value in enumerate(arguments)},
                identity if isinstance(identity, str) else "",
                tuple(each for each in tags if isinstance(each, str)),
            )
        return super().call(name, arguments, keywords, line)

    def assign(self, name: str, key: Any, value: Any, line: int) -> None:
        """Take note of `nox.options` and of the environment."""
        if name.startswith("nox.options.") and key is None:
            self.options[name.removeprefix("nox.options.")] = value
        super().assign(name, key, value, line)

    def define(self, node: ast.FunctionDef, names: Names) -> Any:
        """Return a function; take note of it if it is a session."""
        function = Function(node, names)
        options: dict[str, Any] | None = None
        synced: tuple[Any, ...] = ()
        combinations: tuple[_Parameters, ...] = (_Parameters({}),)
        for decorator in reversed(node.decorator_list):
            call = decorator if isinstance(decorator, ast.Call) else None
            found = self.value(call.func if call else decorator, names)
            name = found.name if isinstance(found, Dotted) else ""
            keywords = self._keywords(call, names) if call else {}
            if name in _SESSION or name == _UV_SESSION:
                options = keywords
                if name == _UV_SESSION:
                    synced = _synced(keywords, node.lineno)
            elif isinstance(found, Function):
                wrapped = self._wrapped(decorator, function, names)
                options = options if wrapped is None else wrapped
            elif name == "nox.parametrize" and call:
                new = self._parametrized(call, keywords, names)
                if combinations == (_Parameters({}),):
                    combinations = new
                else:
                    pairs = ((old, each) for each in new for old in combinations)
                    combinations = tuple(
                        self._both(*pair) for pair in itertools.islice(pairs, COMBINATIONS)
                    )
        if options is not None:
            self.declared.append(_Declared(function, options, combinations, synced))
        return function

    def _wrapped(
        self, decorator: ast.expr, function: Function, names: Names
    ) -> dict[str, Any] | None:
        """Return the arguments of the `nox.session` that a decorator of the file applies."""
        self._called = None
        made = self.value(decorator, names)
        if isinstance(made, Function):
            self.apply(made, function, decorator.lineno)
        found, self._called = self._called, None
        return found

    def _both(self, one: _Parameters, other: _Parameters) -> _Parameters:
        self.steps -= 1
        if self.spent:
            return one
        return _Parameters(
            {**one.given, **other.given},
            f"{one.identity}, {other.identity}",
            (*one.tags, *other.tags),
        )

    def _keywords(self, call: ast.Call, names: Names) -> dict[str, Any]:
        return {
            keyword.arg: self.value(keyword.value, names)
            for keyword in call.keywords
            if keyword.arg is not None
        }

    def _parametrized(
        self, call: ast.Call, keywords: Mapping[str, Any], names: Names
    ) -> tuple[_Parameters, ...]:
        """Return the combinations of one `nox.parametrize`; unknown values make one of them."""
        line = call.lineno
        given = [self.value(each, names) for each in call.args]
        named = given[0] if given else keywords.get("arg_names")
        rows = given[1] if len(given) > 1 else keywords.get("arg_values_list")
        if isinstance(named, str):
            named = [name for each in named.split(",") if (name := each.strip())]
        parameters = [name for name in values.listed(named, line) if isinstance(name, str)]
        if not isinstance(rows, list | tuple):
            rows = [rows]
        ids = values.listed(given[2] if len(given) > 2 else keywords.get("ids") or [], line)
        found = []
        for number, row in enumerate(rows[:COMBINATIONS]):
            if isinstance(row, _Parameters):
                each = dataclasses.replace(
                    row, given=dict(zip(parameters, row.given.values(), strict=False))
                )
            else:
                cells = [row] if len(parameters) == 1 else values.listed(row, line)
                cells += [Unknown(line)] * (len(parameters) - len(cells))
                each = _Parameters(dict(zip(parameters, cells, strict=False)))
                if number < len(ids) and isinstance(ids[number], str):
                    each = dataclasses.replace(each, identity=ids[number])
            found.append(dataclasses.replace(each, identity=each.identity or _identity(each)))
        return tuple(found) or (_Parameters({}),)


def _identity(parameters: _Parameters) -> str:
    """Return nox's name for a combination that the file does not name."""
    return ", ".join(
        f"{name}={'?' if values.unknown_within(value) else repr(value)}"
        for name, value in parameters.given.items()
    )


def _synced(keywords: Mapping[str, Any], line: int) -> tuple[Any, ...]:
    """Return the `uv sync` that nox-uv runs before a session; none without its back end."""
    if keywords.get("venv_backend") != "uv":
        return ()
    command: list[Any] = ["uv", "sync", "--no-default-groups"]
    for key, option in (
        ("uv_groups", "--group"),
        ("uv_extras", "--extra"),
        ("uv_only_groups", "--only-group"),
    ):
        for each in values.listed(keywords.get(key) or [], line):
            command += [option, each]
    for key, option in (
        ("uv_all_groups", "--all-groups"),
        ("uv_all_extras", "--all-extras"),
        ("uv_no_install_project", "--no-install-project"),
    ):
        if keywords.get(key) is True:
            command.append(option)
    if keywords.get("uv_all_groups") is True:
        for each in values.listed(keywords.get("uv_no_groups") or [], line):
            command += ["--no-group", each]
    return tuple(command)


def _jobs(
    noxfile: _Noxfile, declared: _Declared, lines: Sequence[str], known: Known, python: str
) -> list[Job]:
    node = declared.function.node
    name = declared.options.get("name")
    name = name if isinstance(name, str) and name else node.name
    found = []
    for combination in declared.combinations:
        named = declared.options.get("python")
        named = declared.options.get("py") if named is None else named
        given = dict(combination.given)
        own = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
        if named is None and "python" in given and "python" not in own:
            named = given.pop("python")
        pythons, unknown = _pythons(named, node.lineno)
        chosen = _chosen(pythons, python)
        session = SessionReading(noxfile, lines, known, name, chosen)
        if unknown is not None:
            session.miss(unknown, "pythons")
        if declared.synced:
            session.call("<session>.run_install", list(declared.synced), {}, node.lineno)
        session.follow(declared.function, given)
        noxfile.steps = session.steps
        full = f"{name}({combination.identity})" if combination.identity else name
        found.append(_job(noxfile, declared, session, full, pythons, combination.tags))
    return found


def _job(
    noxfile: _Noxfile,
    declared: _Declared,
    session: SessionReading,
    name: str,
    pythons: tuple[str, ...],
    tags: tuple[str, ...],
) -> Job:
    node = declared.function.node
    variables = session.everything_set()
    places = [each.workdir for each in session.ran if each.tests] or [
        each.workdir for each in session.ran
    ]
    own = values.listed(declared.options.get("tags") or [], node.lineno)
    return Job(
        runner="nox",
        name=name,
        place=Place(PATH, node.lineno, node.name),
        commands=tuple(each.command for each in session.ran),
        requirements=tuple(session.installed.requirements),
        groups=tuple(session.installed.groups),
        extras=tuple(session.installed.extras),
        variables=variables,
        pythons=pythons,
        installs=session.installed.installs,
        workdir=places[0] if places else "",
        unread=tuple(session.unread),
        tags=(*(each for each in own if isinstance(each, str)), *tags),
        default=_by_default(noxfile, declared, name, pythons),
    )


def _pythons(named: Any, line: int) -> tuple[tuple[str, ...], Unknown | None]:
    """Return the Pythons that a session names, and what of them is computed."""
    if named is None or isinstance(named, bool):
        return (), None
    items = [named] if isinstance(named, str) else values.listed(named, line)
    texts = tuple(dict.fromkeys(each for each in items if isinstance(each, str)))
    unknown = next((each for each in items if isinstance(each, Unknown)), None)
    return texts, unknown


def _chosen(pythons: Sequence[str], python: str) -> str | None:
    """Return `session.python`: the caller's Python, in a session that names any."""
    if not pythons:
        return None
    return pythons[0] if pythons == ("3",) else python


def _by_default(noxfile: _Noxfile, declared: _Declared, name: str, pythons: Sequence[str]) -> bool:
    """Whether nox runs it if it is called without a session's name."""
    chosen = noxfile.options.get("sessions")
    if isinstance(chosen, list | tuple) and values.is_plain(chosen):
        plain, bracket, rest = name.partition("(")
        names = {name, plain}
        names |= {f"{plain}-{each}" for each in pythons}
        names |= {f"{plain}-{each}{bracket}{rest}" for each in pythons}
        return not names.isdisjoint({each for each in chosen if isinstance(each, str)})
    return declared.options.get("default") is not False
