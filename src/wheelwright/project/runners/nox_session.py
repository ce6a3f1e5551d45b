"""Follows one nox session: what it installs, runs and sets (pure)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import cut, specifiers, toml
from wheelwright.project.runners.installing import Installed, Known, pip, unwrapped
from wheelwright.project.runners.job import Place, Unread
from wheelwright.project.runners.python import values
from wheelwright.project.runners.python.expressions import Names
from wheelwright.project.runners.python.statements import Reading
from wheelwright.project.runners.python.values import Dotted, Function, Group, Located, Own, Unknown
from wheelwright.project.runners.tox import is_test

SESSION: Final = Dotted("<session>")
"""The session that a function gets."""

UNREAD: Final = 50
"""Computed places of one session that are named; the first is what is shown."""

# Where the environment itself is: set for uv and pip, and nothing that tests read.
_OF_INSTALLERS: Final = frozenset({"UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV"})

# Programs that a container for tests may have; others it has not.
_THERE: Final = frozenset({"bash", "cc", "gcc", "git", "pip", "python", "python3", "sh", "uv"})

_INSTALLS: Final = frozenset(
    {"conda_install", "install", "poetry", "run_always", "run_install", "run_script"}
)
_RUNS: Final = frozenset({"chdir", "cd", "install_and_run_script", "run"})
_CLASSIFIER: Final = "Programming Language :: Python :: 3."


class NoxReading(Reading):
    """A reading that knows nox's own functions.

    Attributes:
        files: what was read, with paths from the noxfile's directory.
    """

    def __init__(self, path: str, files: Snapshot, environment: Mapping[str, str]) -> None:
        super().__init__(path, environment)
        self.files = files

    def attribute(self, name: str) -> Any:
        """Return what nox sets; another module's name for all else."""
        return Dotted(name)

    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Return what nox's functions on pyproject.toml return."""
        short = name.removeprefix("nox.project.")
        if short == "load_toml" and not keywords and len(arguments) < 2:
            return self._loaded(arguments, line)
        own = bool(arguments) and isinstance(arguments[0], Own)
        if short == "python_versions" and own:
            return self._versions(arguments[0], arguments[1:], keywords, line)
        if short == "dependency_groups" and own:
            texts = [each for each in arguments[1:] if isinstance(each, str)]
            if len(texts) == len(arguments) - 1:
                return tuple(Group(each) for each in texts)
        if name == "shutil.which" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Unknown(line) if arguments[0] in _THERE else None
        return values.unknown_within(arguments) or Unknown(line)

    def assign(self, name: str, key: Any, value: Any, line: int) -> None:
        """Take note of a variable of the environment."""
        if name == "os.environ":
            self.export(key, value if values.is_plain(value) else Unknown(line))

    def text(self, path: str, line: int) -> Any:
        """Return a file's text, if it is one of those that are read."""
        found = self.files.text(join(path))
        return Unknown(line) if found is None else values.bounded(found, line)

    def unsure(self, body: Sequence[ast.stmt], names: Names, found: Unknown) -> None:
        """Nothing at the level of the file is lost by a condition that is not known."""

    def _loaded(self, arguments: list[Any], line: int) -> Any:
        path = arguments[0] if arguments else "pyproject.toml"
        if not isinstance(path, str | Located):
            return values.unknown_within(arguments) or Unknown(line)
        place = join(str(path))
        text = self.files.text(place)
        if text is None or place != "pyproject.toml":
            return Unknown(line)
        return Own(toml(place, text))

    def _versions(self, own: Own, rest: list[Any], keywords: Mapping[str, Any], line: int) -> Any:
        """Return what `python_versions` returns: from the classifiers, else up to a maximum."""
        project = own.get("project", {})
        most = keywords.get("max_version")
        if rest or not isinstance(project, dict):
            return Unknown(line)
        try:
            if most is None:
                lines = project.get("classifiers", [])
                found = [each.split()[-1] for each in lines if each.startswith(_CLASSIFIER)]
                return sorted(found, key=lambda each: [int(part) for part in each.split(".")])
            oldest = max(
                int(each.version.split(".")[1])
                for each in specifiers(project.get("requires-python", ""))
                if each.operator in (">", ">=", "~=")
            )
            newest = min(int(most.split(".")[1]), 99)
            return [f"3.{minor}" for minor in range(oldest, newest + 1)]
        except (AttributeError, IndexError, TypeError, ValueError):
            return Unknown(line)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of a session, where it runs, and what is set for it alone."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    workdir: str

    @property
    def tests(self) -> bool:
        """Whether it runs tests."""
        return is_test(self.command)


class SessionReading(NoxReading):
    """The reading of one session, for one Python and one set of parameters."""

    def __init__(
        self, noxfile: NoxReading, lines: Sequence[str], known: Known, name: str, python: str | None
    ) -> None:
        super().__init__(noxfile.path, noxfile.files, noxfile.environment)
        self.exported = dict(noxfile.exported)
        self.steps = noxfile.steps
        self.ran: list[Ran] = []
        self.installed = Installed()
        self.variables: dict[Any, Any] = {}
        self.unread: list[Unread] = []
        self._lines = lines
        self._known = known
        self._name = name
        self._python = python

    def follow(self, function: Function, parameters: Mapping[str, Any]) -> None:
        """Follow the session's function."""
        line = function.node.lineno
        try:
            local = self.parameters(function, [SESSION], dict(parameters), line)
            self.block(function.node.body, (local, *function.names))
        except RecursionError:
            self.steps = -1
        if self.spent:
            self.miss(Unknown(line), "command")

    def miss(self, found: Unknown, *subjects: str) -> None:
        """Take note of something that is computed."""
        text = self._lines[found.line - 1].strip() if found.line <= len(self._lines) else ""
        if len(self.unread) >= UNREAD:
            return
        for subject in subjects:
            unread = Unread(Place(self.path, found.line, self._name), cut(text), subject)
            if unread not in self.unread:
                self.unread.append(unread)

    def attribute(self, name: str) -> Any:
        """Return what a session has, for a caller without arguments."""
        match name:
            case "<session>.python":
                return self._python
            case "<session>.name":
                return self._name
            case "<session>.posargs":
                return []
            case "<session>.interactive":
                return False
            case "<session>.invoked_from":
                return Located("")
            case "<session>.venv_backend":
                return "uv"
            case "<session>.virtualenv.location":
                return Located(f".nox/{self._name}")
        return super().attribute(name)

    def assign(self, name: str, key: Any, value: Any, line: int) -> None:
        """Take note of a variable, for the session or for everything."""
        if name == "<session>.env":
            if key is None or isinstance(key, str):
                self._set(value if key is None else {key: value}, line)
            else:
                self.miss(values.unknown_within(key) or Unknown(line), "variables")
        else:
            super().assign(name, key, value, line)

    def unsure(self, body: Sequence[ast.stmt], names: Names, found: Unknown) -> None:
        """Take note of what a condition that is not known may install, run or set."""
        subjects: dict[str, None] = {}
        for node in (inner for statement in body for inner in ast.walk(statement)):
            self.steps -= 1
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
                    self.name(name, names) == SESSION
                ):
                    subjects.update(dict.fromkeys(_subjects(attr)))
                case ast.Attribute(value=ast.Name(id=name), attr="poetry") if (
                    self.name(name, names) == SESSION
                ):
                    subjects["requirements"] = None
                case ast.Subscript(
                    value=ast.Attribute(value=ast.Name(id=name), attr="env"), ctx=ast.Store()
                ) if self.name(name, names) == SESSION:
                    subjects["variables"] = None
                case ast.Call(args=arguments) if any(
                    isinstance(each, ast.Name) and self.name(each.id, names) == SESSION
                    for each in arguments
                ):
                    subjects.update({"requirements": None, "command": None})
        self.miss(found, *subjects)

    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Follow a call of the session, or of another module's function."""
        owner, _, short = name.rpartition(".")
        if owner == "<session>":
            return self._of_session(short, arguments, keywords, line)
        if owner == "<session>.env":
            return self._of_env(short, arguments, keywords, line)
        if owner == "<session>.poetry" or name.startswith("nox_poetry."):
            self._poetry(short, [each for each in arguments if each != SESSION], keywords, line)
        elif SESSION in arguments or SESSION in keywords.values():
            # Another module's function may install and run anything.
            self.miss(Unknown(line), "requirements", "command")
        return super().call(name, arguments, keywords, line)

    def held(self, value: Any) -> Any:
        """Return the variables for `session.env`."""
        if value == Dotted("<session>.env"):
            return {**self.environment, **self.variables}
        return super().held(value)

    def _of_session(
        self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int
    ) -> Any:
        match name:
            case "install":
                texts = self._texts(arguments, "requirements", line)
                self._install(pip(texts, self._known, self._here()), line)
            case "run" | "run_always" | "run_install":
                self._run(name, arguments, keywords, line)
            case "conda_install" | "install_and_run_script":
                self.miss(Unknown(line), "requirements" if name[0] == "c" else "command")
            case "chdir" | "cd":
                place = values.located(arguments, line)
                if isinstance(self.workdir, str) and isinstance(place, Located):
                    self.workdir = join(self.workdir, place.path)
                else:
                    self.workdir = place if isinstance(place, Unknown) else Unknown(line)
            case "create_tmp":
                return Located("/tmp")  # noqa: S108 - what a container has for it
            case "error" | "skip":
                self.ended = True
        return Unknown(line)

    def _of_env(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        given = arguments[0] if arguments else {}
        match name:
            case "update":
                self._set(given, line)
                self._set(keywords, line)
                return None
            case "setdefault" if len(arguments) == 2 and isinstance(given, str):
                self._set({given: arguments[1], **self.variables}, line)
                return self.variables.get(given, Unknown(line))
            case "copy":
                return dict(self.variables)
            case "get" | "pop" if arguments and isinstance(given, str):
                return self.variables.get(given, arguments[1] if len(arguments) > 1 else None)
        return Unknown(line)

    def _poetry(
        self, name: str, arguments: list[Any], keywords: Mapping[str, Any], line: int
    ) -> None:
        """Follow nox-poetry: `session.poetry.installroot()`, or its function of the same name."""
        if name == "installroot":
            extras = values.listed(keywords.get("extras", []), line)
            self._install(
                Installed(installs=True, extras=self._texts(extras, "requirements", line)), line
            )
        elif name == "install":
            texts = self._texts(arguments, "requirements", line)
            self._install(pip(texts, self._known, self._here()), line)
        else:
            self.miss(Unknown(line), "requirements")

    def _run(self, name: str, arguments: list[Any], keywords: Mapping[str, Any], line: int) -> None:
        start = [each for each in arguments[:3] if isinstance(each, str)]
        installs = name != "run" or unwrapped(start, self._known)[0] is not None
        subject = "requirements" if installs else "command"
        unknown = values.unknown_within(arguments)
        words = self._texts(arguments, subject, line)
        if unknown is not None or len(words) != len(arguments):
            return
        here = self._here()
        installed, left = unwrapped(words, self._known, here)
        if installed is not None:
            self._install(installed, line)
        if left and left[0].startswith(".nox/"):
            # A program of nox's own environment, which is not there.
            self.miss(Unknown(line), "command")
        elif left:
            own = self._variables(keywords.get("env"), line) if name == "run" else {}
            self.ran.append(Ran(left, own, here))

    def _install(self, installed: Installed, line: int) -> None:
        if len(self.installed.requirements) > values.ITEMS:
            self.miss(Unknown(line), "requirements")
            return
        self.installed.add(installed)
        if installed.unread:
            self.miss(Unknown(line), "requirements")

    def _texts(self, items: Iterable[Any], subject: str, line: int) -> list[str]:
        """Return arguments as strings, without those that are computed."""
        found = []
        for item in items:
            if isinstance(item, Group) and subject == "requirements":
                found.append(f"--group={item.name}")
            elif isinstance(item, str | int | float | Located) and not isinstance(item, bool):
                found.append(str(item))
            else:
                self.miss(values.unknown_within(item) or Unknown(line), subject)
        self.steps -= len(found)
        return found

    def _here(self) -> str:
        if isinstance(self.workdir, Unknown):
            self.miss(self.workdir, "command")
            return ""
        return self.workdir

    def _set(self, given: Any, line: int) -> None:
        self.variables.update(self._variables(given, line))

    def _variables(self, given: Any, line: int) -> dict[str, str]:
        """Return variables; one that is None is not set, as in nox."""
        if given is None or given in (Dotted("os.environ"), Dotted("<session>.env")):
            return {}
        if not isinstance(given, dict):
            self.miss(values.unknown_within(given) or Unknown(line), "variables")
            return {}
        found = {}
        for key, value in given.items():
            if not isinstance(key, str) or key in _OF_INSTALLERS or value is None:
                continue
            if isinstance(value, str | int | float | Located):
                found[key] = str(value)
            else:
                self.miss(values.unknown_within(value) or Unknown(line), "variables")
        return found

    def everything_set(self) -> dict[str, str]:
        """Return the variables of the session's tests; of all commands where none runs tests."""
        tests = [each for each in self.ran if each.tests] or self.ran
        found = self._variables(self.exported, 0) | dict(self.variables)
        for each in tests:
            found |= each.variables
        return found


def _subjects(method: str) -> tuple[str, ...]:
    """Return what is missing where a method of the session may have been called or not."""
    if method in _INSTALLS:
        return ("requirements",)
    return ("command",) if method in _RUNS else ()
