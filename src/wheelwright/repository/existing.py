"""The workflows that a repository has already: what starts them, and what their jobs do. Pure.

What a job does is read from its name and from the commands of its steps:

    | kind    | by the job's name          | by a command or an action                 |
    |---------|----------------------------|-------------------------------------------|
    | lint    | lint, style, pre-commit    | ruff, flake8, black, pre-commit           |
    | types   | types, typing, mypy        | mypy, pyright, ty, pyrefly                |
    | tests   | test, tests, pytest, unit  | pytest, tox, nox, unittest, hatch test    |
    | build   | build, wheels, sdist       | build, uv build, cibuildwheel             |
    | audit   | audit                      | pip-audit, safety                         |
    | upload  |                            | pypa's action, uv publish, twine upload, ... |

Only an upload is certain, and only it decides anything; the rest is shown to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project import yaml_data
from wheelwright.project.yaml_data import Items, Scalar, Table, Value

DIRECTORY: Final = ".github/workflows"
DEPENDABOT: Final = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE: Final = (
    *("renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5"),
    *(".github/renovate.json", ".github/renovate.json5"),
    *(".gitlab/renovate.json", ".gitlab/renovate.json5"),
)
"""Where Renovate looks (docs.renovatebot.com, configuration options)."""

BEGIN: Final = "# >>> wheelwright"
"""How the first line of a block begins that `workflows` wrote."""
END: Final = "# <<< wheelwright"
"""Its last line."""

_NAMES: Final = {
    "lint": {"lint", "linting", "linter", "linters", "style", "pre-commit", "precommit", "ruff"},
    "types": {"types", "typing", "type", "typecheck", "mypy", "pyright", "ty"},
    "tests": {"test", "tests", "testing", "pytest", "unit", "tox", "nox"},
    "build": {"build", "wheel", "wheels", "sdist", "dist", "package"},
    "audit": {"audit"},
}
_COMMANDS: Final = {
    "lint": r"ruff|flake8|pylint|black|isort|pre-commit\s+run|prek|pre-commit/action",
    "types": r"mypy|pyright|basedpyright|ty\s+check|pyrefly",
    "tests": r"pytest|py\.test|tox|nox|unittest|hatch\s+test|hatch\s+run\s+test\S*",
    "build": r"-m\s+build|(?:uv|hatch|poetry|pdm|flit)\s+build|cibuildwheel",
    "audit": r"pip-audit|safety\s+(?:check|scan)",
}
_KINDS: Final = {
    kind: re.compile(rf"(?:^|[\s/'\"=])(?:{pattern})(?=$|[\s@:'\";])", re.MULTILINE)
    for kind, pattern in _COMMANDS.items()
}
_ACTIONS: Final = re.compile(r"(?:pypa/gh-action-pypi-publish|pypa/hatch-publish)(?:/[^@]*)?@")
# At the start of a command, behind what runs another: `uvx twine upload dist/*`.
_UPLOAD: Final = re.compile(
    r"(?:^|[;&|(]|\b(?:then|do|else|exec|sudo|run|uvx|pipx|tool)\s|-m\s)\s*"
    r"(?:[A-Z_]+=\S*\s+)*(?:--?[\w-]+(?:[= ]\S+)?\s+)*"
    r"(?P<command>uv\s+publish|twine\s+upload|flit\s+publish|poetry\s+publish|hatch\s+publish"
    r"|pdm\s+publish|maturin\s+(?:publish|upload)|rye\s+publish"
    r"|(?:python[\d.]*\s+)?setup\.py\s+(?:\S+\s+)*upload)\b(?P<rest>.*)",
    re.MULTILINE,
)
_TEST_INDEX: Final = re.compile(r"test\.?pypi", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a workflow.

    Attributes:
        kinds: what it does, in the order of the table above.
        upload: the action or command that uploads to the index; empty for none.
        environment: its environment on GitHub; empty for none.
    """

    name: str
    kinds: tuple[str, ...] = ()
    upload: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A file below .github/workflows.

    Attributes:
        ours: whether it has the marks of a block.
        triggers: what starts it, as a person would say it: `push of tags *`.
        error: why it cannot be read; then nothing else is known of it.
    """

    path: str
    name: str = ""
    ours: bool = False
    triggers: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    error: str = ""

    @property
    def uploads(self) -> tuple[Job, ...]:
        """The jobs that upload to the package index."""
        return tuple(job for job in self.jobs if job.upload)

    @property
    def stem(self) -> str:
        """Its file's name without directory and extension."""
        return self.path.rpartition("/")[2].rpartition(".")[0]


def is_workflow(path: str) -> bool:
    """Whether GitHub takes a path for a workflow."""
    directory, _, name = path.rpartition("/")
    return directory == DIRECTORY and name.endswith((".yml", ".yaml"))


def is_marked(text: str) -> bool:
    """Whether a file has a mark of a block that `workflows` wrote."""
    return any(line.startswith((BEGIN, END)) for line in text.splitlines())


def read(path: str, text: str) -> Workflow:
    """Read a workflow; one that is not YAML is returned with its error."""
    ours = is_marked(text)
    try:
        root = yaml_data.read(path, text)
    except ProjectError as error:
        return Workflow(path, ours=ours, error=error.message)
    if not isinstance(root, Table):
        return Workflow(path, ours=ours, error=f"{path}: not a mapping")
    jobs = root.values.get("jobs")
    found = [
        _job(name, body)
        for name, body in (jobs.values.items() if isinstance(jobs, Table) else ())
        if isinstance(body, Table)
    ]
    name = _text(root.values.get("name"))
    return Workflow(path, name, ours, tuple(_triggers(root.values.get("on"))), tuple(found))


def _triggers(value: Value | None) -> Iterator[str]:
    if isinstance(value, Scalar):
        yield value.text
    elif isinstance(value, Items):
        yield from (each.text for each in value.values if isinstance(each, Scalar))
    elif isinstance(value, Table):
        for event, filters in value.values.items():
            parts = [
                f"{key} {', '.join(texts)}"
                for key, given in (filters.values.items() if isinstance(filters, Table) else ())
                if key in ("tags", "branches", "types") and (texts := list(_texts(given)))
            ]
            yield f"{event} of {' and '.join(parts)}" if parts else event


def _job(name: str, body: Table) -> Job:
    title = _text(body.values.get("name"))
    words = set(re.split(r"[^a-z-]+", f"{name} {title}".lower()))
    words |= {part for word in words for part in word.split("-")}
    steps = body.values.get("steps")
    items = steps.values if isinstance(steps, Items) else ()
    tables = [each for each in items if isinstance(each, Table)]
    upload = next(filter(None, map(_upload, tables)), "")
    texts = "\n".join(
        _script(each) + "\n" + _text(each.values.get("uses")).partition("#")[0] for each in tables
    )
    kinds = [
        kind for kind in _COMMANDS if words & _NAMES.get(kind, set()) or _KINDS[kind].search(texts)
    ]
    environment = body.values.get("environment")
    if isinstance(environment, Table):
        environment = environment.values.get("name")
    return Job(name, (*kinds, *(("upload",) if upload else ())), upload, _text(environment))


def _upload(step: Table) -> str:
    """Return what in a step uploads to the index; empty for nothing, and for the index of tests."""
    uses, given = _text(step.values.get("uses")), step.values.get("with")
    if _ACTIONS.match(uses):
        values: Mapping[str, Value] = given.values if isinstance(given, Table) else {}
        urls = (_text(values.get(key)) for key in ("repository-url", "repository_url"))
        return "" if any(map(_TEST_INDEX.search, urls)) else uses.partition("@")[0]
    variables = step.values.get("env")
    texts = variables.values.values() if isinstance(variables, Table) else ()
    if any(_TEST_INDEX.search(_text(each)) for each in texts):
        return ""
    for found in _UPLOAD.finditer(_script(step)):
        if not _TEST_INDEX.search(found["rest"]) and "--dry-run" not in found["rest"].split():
            return " ".join(found["command"].split())
    return ""


def _script(step: Table) -> str:
    """Return a step's script without comments, each continued line with the one before it."""
    text = re.sub(r"\\\n\s*", " ", _text(step.values.get("run")))
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, Scalar):
        yield value.text
    elif isinstance(value, Items):
        yield from (each.text for each in value.values if isinstance(each, Scalar))


def _text(value: Value | None) -> str:
    return value.text if isinstance(value, Scalar) else ""
