"""What `tox config` prints about the environments of a file, as jobs (pure).

The file is a language: factors, references, conditions. tox evaluates it, in a step that sees that
file and nothing else of the project, with `inside/toxfile.py` where a plugin of the project's own
would be.

- No code of the project runs: its `toxfile.py` is not there, `requires` is not installed, and no
  substitution of tox starts a program.
- No interpreter is looked for, nothing is installed, and no network is needed.
- `{env:NAME}` sees the step's own environment, so its default counts; `{posargs}` is its default.
- What would be read from other files is not known: `set_env = file|PATH` becomes `Unread`,
  `base_python_file` names no Python, and a glob matches nothing.
- Settings of plugins are not known, but for tox-uv's: an environment with its
  `uv-venv-lock-runner` has no `deps`, and uv's default groups where it names none.
- `commands_pre` come before `commands`. What they install by pip is among the requirements, and
  what they install by another program is `Unread`. `commands_post` are left out.
"""

from __future__ import annotations

import itertools
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.pins import KNOWN_PYTHONS
from wheelwright.project.files import Snapshot, join
from wheelwright.project.reading import cut, json_data, search, shortened, toml
from wheelwright.project.runners.calling import IGNORED, INVERTED, installs, programs
from wheelwright.project.runners.job import Job, Place, Unread
from wheelwright.project.runners.tox_places import places

PLUGIN: Final = "toxfile.py"
"""Where tox looks for a plugin of a project: beside its configuration."""

# No program writes there before the commands run; `mkdir` is the first of them.
_WORK: Final = "/tmp/tox"  # noqa: S108 - as above
PRINTED: Final = "wheelwright-tox.json"
"""What is written, in the directory of the file, which only this step has."""

# As in inside/toxfile.py.
_PLACE: Final = "/opt/wheelwright/tox-environment"

_COMMANDS: Final = ("extra_setup_commands", "commands_pre", "commands")
# A key that tox could not evaluate -> what of a job is then missing.
_SUBJECTS: Final = {
    "deps": "requirements",
    "constraints": "requirements",
    "extras": "requirements",
    "dependency_groups": "requirements",
    "set_env": "variables",
    "change_dir": "command",
    **dict.fromkeys(_COMMANDS, "command"),
    "base_python": "pythons",
}
_KEYS: Final = (
    *_SUBJECTS,
    *("runner", "platform", "package", "skip_install", "install_command"),
    *("only_groups", "no_default_groups", "uv_sync_flags", "uv_resolution"),
)
_LOCK_RUNNER: Final = "uv-venv-lock-runner"

_PYTHON: Final = re.compile(r"(?:c?python|py|(pypy)|)([23])\.?([0-9]{1,2})(?:\.[0-9]{1,3})?(t?)d?")
_OPTIONS: Final = ("-r", "-c", "-e")
# A requirement that is a path, with its extras; a comment behind a requirement.
_PATH: Final = re.compile(r"(\.{1,2}(?:/[^][]*)?|/[^][]*)(?:\[([^][]*)\])?")
_EDITABLE: Final = re.compile(r"([^][]*)(?:\[([^][]*)\])?")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_EXCEPTION: Final = re.compile(r"[A-Z][A-Za-z]{0,100}\(")


@dataclass(frozen=True, slots=True)
class Environments:
    """What a configuration of tox has.

    Attributes:
        place: the file.
        jobs: the environments of the file, in the order of `env_list`, then as written.
        implied: those that tox makes from a name: `py312` out of `[testenv]`; and for a Python
            that `env_list` lacks, the first one there with this Python instead.
    """

    place: Place
    jobs: tuple[Job, ...]
    implied: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are when the commands run.

    Attributes:
        root: what the paths of the snapshot are relative to, there and where tox printed.
        environment: the virtual environment.
        python: its version, such as `3.12`.
    """

    root: str
    environment: str
    python: str


def command(place: Place, pythons: Iterable[str] = KNOWN_PYTHONS) -> tuple[str, ...]:
    """Return the command that writes JSON to `PRINTED`, to run in the directory of the file.

    What tox logs goes to stderr. It fails if nothing was written; values that cannot be evaluated
    are part of it. `pythons` get an environment where `env_list` has none.
    """
    return (
        *("sh", "-c", f'"$@" >&2; test -s {PRINTED}', "sh"),
        *("env", f"WHEELWRIGHT_PYTHONS={','.join(pythons)}"),
        *("tox", "config", "--colored", "no", "--no-provision"),
        *("-c", posixpath.basename(place.path), "--workdir", _WORK),
        *("-e", "ALL", "--core", "-k", "env_list", *_KEYS),
        *("--format", "json", "-o", PRINTED),
    )


def failure(place: Place, log: str) -> ProjectError:
    """Return the error for a file that tox does not read; `log` is what it wrote to stderr."""
    lines = [line for line in log.splitlines() if "Error| " in line] or log.splitlines()[-1:]
    reason = lines[0].partition("Error| ")[2] or lines[0] if lines else "no reason given"
    return ProjectError(
        f"tox cannot read {place.path}: {shortened(reason)}",
        "correct it, or set `test` in [tool.wheelwright]",
    )


def read(output: str, files: Snapshot, place: Place, layout: Layout) -> Environments:
    """Return the environments that `command` printed, but for those of other systems.

    Raises:
        ProjectError: it is not what tox prints.
    """
    try:
        data = json_data(output)
        listed = frozenset(_strings(data["tox"]["env_list"]))
        found = {
            name: values
            for name, values in data["env"].items()
            if isinstance(values, dict) and _for_linux(values.get("platform"), place)
        }
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {shortened(error)}"
        raise failure(place, f"its output is not understood: {reason}") from error
    where = places(place, files.texts.get(place.path, ""))
    locked = any(values.get("runner") == _LOCK_RUNNER for values in found.values())
    reader = _Reader(files, place, layout, _default_groups(files, place) if locked else ())
    jobs: list[Job] = []
    implied: list[Job] = []
    for name, values in found.items():
        written = name in listed or name in where.own
        (jobs if written else implied).append(reader.job(name, values, where.of(name)))
    return Environments(place, tuple(jobs), tuple(implied))


def _for_linux(platform: object, place: Place) -> bool:
    """Whether the pattern `platform` of an environment matches the start of `linux`."""
    if not isinstance(platform, str) or not platform:
        return True
    return search(rf"\A(?:{platform})", "linux", f"{place.path}, platform") is not None


def _default_groups(files: Snapshot, place: Place) -> tuple[str, ...]:
    """Return the dependency groups that uv installs where none is named."""
    path = join(posixpath.dirname(place.path), "pyproject.toml")
    data = toml(path, (files.text(path) or "").removeprefix("\ufeff"))
    groups, tool = data.get("dependency-groups"), data.get("tool")
    known = tuple(groups) if isinstance(groups, dict) else ()
    settings = tool.get("uv") if isinstance(tool, dict) else None
    named = settings.get("default-groups", ["dev"]) if isinstance(settings, dict) else ["dev"]
    return known if named == "all" else tuple(name for name in _strings(named) if name in known)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is the same for all environments of a file."""

    files: Snapshot
    file: Place
    layout: Layout
    default_groups: tuple[str, ...]

    @property
    def directory(self) -> str:
        return posixpath.dirname(self.file.path)

    def job(self, name: str, values: Mapping[str, Any], place: Place) -> Job:
        """Return one environment."""
        unread = [
            Unread(place, f"{key} = {shortened(error)}", subject)
            for key, subject in _SUBJECTS.items()
            if (error := _error(values.get(key)))
        ]
        workdir = self._relative(_text(values.get("change_dir")), self.directory)
        lines = [(self.directory, line) for line in _requirements(values)]
        commands: list[tuple[str, ...]] = []
        for printed in (line for key in _COMMANDS for line in _strings(values.get(key))):
            words = self._words(name, printed)
            added = installs(words)
            if added is None:
                commands += [words] if words else []
            elif added.unknown:
                unread.append(Unread(place, cut(printed), "requirements"))
            else:
                lines += [(workdir, line) for line in added.lines]
        if any("pip" in programs(words) for words in commands):
            # tox makes its environments with it.
            lines.append((self.directory, "pip"))
        variables = self._variables(name, values.get("set_env"))
        used = "\n".join([workdir, *itertools.chain(*commands), *variables.values()])
        made = [path for path in self._temporary(name) if path in used]
        made = [path for path in made if not any(each.startswith(f"{path}/") for each in made)]
        requirements, extras, itself = self._kept(lines)
        groups, more = self._groups(values)
        return Job(
            runner="tox",
            name=name,
            place=place,
            commands=tuple([("mkdir", "-p", *made), *commands] if made else commands),
            requirements=requirements,
            groups=groups,
            extras=tuple(dict.fromkeys([*_strings(values.get("extras")), *more, *extras])),
            variables=variables,
            pythons=tuple(
                dict.fromkeys(
                    version
                    for written in _strings(values.get("base_python"))
                    if (version := version_named(written))
                )
            ),
            installs=itself or self._installs(values),
            workdir=workdir,
            unread=tuple(unread),
            resolution=_text(values.get("uv_resolution")),
        )

    # -- paths ------------------------------------------------------------------------------------

    def _temporary(self, name: str) -> tuple[str, ...]:
        """Return the directories that tox makes before it runs the commands."""
        own = f"{_WORK}/{name}"
        return (*(f"{own}/{each}" for each in ("tmp", "log")), own, _WORK)

    def _placed(self, name: str, text: str) -> str:
        """Replace what stood for the virtual environment when tox printed."""
        environment, python = self.layout.environment, self.layout.python
        library = python if python.startswith("pypy") else f"python{python}"
        packages = f"{environment}/lib/{library}/site-packages"
        text = text.replace(f"{_PLACE}/site-packages", packages)
        text = text.replace(f"{_PLACE}/bin", f"{environment}/bin")
        return text.replace(f"{_WORK}/{name}/bin/", f"{environment}/bin/")

    def _words(self, name: str, printed: str) -> tuple[str, ...]:
        """Split a command as tox printed it; a prefix becomes a shell that does the same."""
        prefix = {"- ": IGNORED, "! ": INVERTED}.get(printed[:2], ())
        try:
            words = shlex.split(printed[2:] if prefix else printed)
        except ValueError:
            return ()
        words = [self._placed(name, word) for word in words]
        words[:1] = [word.removeprefix(f"{self.layout.environment}/bin/") for word in words[:1]]
        return (*prefix, *words) if words else ()

    def _relative(self, path: str, directory: str) -> str:
        """Return a path from the root; one outside stays absolute."""
        root = self.layout.root
        if path.startswith("/"):
            path = posixpath.normpath(path)
            return "" if path == root else path.removeprefix(f"{root}/")
        return join(directory, path)

    # -- values -----------------------------------------------------------------------------------

    def _variables(self, name: str, printed: object) -> dict[str, str]:
        if not isinstance(printed, dict) or _error(printed):
            return {}
        return {
            str(key): self._placed(name, str(value))
            for key, value in printed.items()
            # What tox sets itself, and Python does so anyway.
            if (key, value) != ("PYTHONIOENCODING", "utf-8")
        }

    def _kept(self, lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], list[str], bool]:
        """Return the lines but for the package itself; its extras there; and whether it is there.

        Each line comes with the directory that its path is relative to.
        """
        kept: dict[str, None] = {}
        extras: list[str] = []
        itself = False
        for directory, line in lines:
            text = _COMMENT.sub("", line, count=1).strip()
            option, _, path = text.partition(" ")
            path = path.strip()
            if not text or text in _OPTIONS:
                continue
            if option in _OPTIONS and "://" in path:
                match = None
            elif option in ("-r", "-c"):
                text, match = f"{option} {self._relative(path, directory)}", None
            elif option == "-e":
                match = _EDITABLE.fullmatch(path)
            else:
                option, match = "", _PATH.fullmatch(text)
            if match:
                where, named = self._relative(match[1], directory), match[2] or ""
                if where == self.directory:
                    itself = True
                    extras += [extra.strip() for extra in named.split(",") if extra.strip()]
                    continue
                where = where if where.startswith("/") or option else f"./{where}"
                text = f"{option} {where}{f'[{named}]' if named else ''}".strip()
            kept[text] = None
        return tuple(kept), extras, itself

    def _groups(self, values: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
        """Return the dependency groups, and the extras that `uv sync` is given."""
        groups = [*_strings(values.get("dependency_groups")), *_strings(values.get("only_groups"))]
        extras: list[str] = []
        if values.get("runner") == _LOCK_RUNNER:
            for option, value in _options(_strings(values.get("uv_sync_flags"))):
                if option in ("--group", "--only-group"):
                    groups.append(value)
                elif option == "--extra":
                    extras.append(value)
            if values.get("no_default_groups") is False and not values.get("only_groups"):
                groups += self.default_groups
        return tuple(dict.fromkeys(groups)), extras

    def _installs(self, values: Mapping[str, Any]) -> bool:
        if values.get("skip_install") is True or values.get("package") == "skip":
            return False
        names = ("pyproject.toml", "setup.py", "setup.cfg")
        there = any(self.files.has(join(self.directory, name)) for name in names)
        return there and not values.get("only_groups")


def _requirements(values: Mapping[str, Any]) -> list[str]:
    """Return the lines of requirements and constraints that are installed before the commands."""
    lines = [*_strings(values.get("deps")), *_strings(values.get("constraints"))]
    try:
        installing = shlex.split(_text(values.get("install_command")))
    except ValueError:
        installing = []
    lines += [
        f"-c {value}" for option, value in _options(installing) if option in ("-c", "--constraint")
    ]
    return [] if values.get("runner") == _LOCK_RUNNER else lines


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each word with the one after it, and both sides of each `OPTION=VALUE`."""
    for word, value in itertools.pairwise([*words, ""]):
        option, equals, inside = word.partition("=")
        yield (option, inside) if equals else (word, value)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _error(value: object) -> str:
    """Return why tox could not evaluate a key; empty if it could."""
    # `set_env` may have a variable of that name; what tox writes is an exception's `repr`.
    error = _text(value.get("error")) if isinstance(value, dict) and len(value) == 1 else ""
    return error if _EXCEPTION.match(error) else ""


def version_named(name: str) -> str:
    """Return `3.12` of `py312`, `python3.12` and `3.12`; empty for a name without a version."""
    match = _PYTHON.fullmatch(name)
    return f"{match[1] or ''}{match[2]}.{match[3]}{match[4]}" if match else ""
