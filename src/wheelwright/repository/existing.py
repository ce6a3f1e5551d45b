"""The workflows that a repository has already: what starts them, and what their jobs do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project import yaml_data
from wheelwright.project.yaml_data import Items, Scalar, Table, Value
from wheelwright.repository import jobs
from wheelwright.repository.jobs import Job

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

_ENGINES: Final = {
    "dagger": "name: Install Dagger",
    "stiletto": "kernel.apparmor_restrict_unprivileged_userns",
}
"""What a block of each engine has, and that of the other has not."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A file below .github/workflows.

    Attributes:
        ours: whether it has the marks of a block.
        triggers: what starts it, as a person would say it: `push of tags *`.
        error: why it cannot be read; then nothing else is known of it.
        engine: which command line it installs, of a workflow that is ours.
    """

    path: str
    name: str = ""
    ours: bool = False
    triggers: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    error: str = ""
    engine: str = ""

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


def read(path: str, text: str, files: Mapping[str, str] | None = None) -> Workflow:
    """Read a workflow; one that is not YAML is returned with its error.

    `files` are those of the repository that its steps call, by path.
    """
    ours = is_marked(text)
    try:
        root = yaml_data.read(path, text)
    except ProjectError as error:
        return Workflow(path, ours=ours, error=error.message)
    if not isinstance(root, Table):
        return Workflow(path, ours=ours, error=f"{path}: not a mapping")
    found = tuple(jobs.read(name, body, files or {}) for name, body in _jobs(root))
    triggers = tuple(_triggers(root.values.get("on")))
    engine = next((name for name, mark in _ENGINES.items() if mark in text), "") if ours else ""
    return Workflow(path, _text(root.values.get("name")), ours, triggers, found, engine=engine)


def called(texts: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Return the files of a repository that the steps of workflows call."""
    found: set[str] = set()
    present = frozenset(names)
    for path, text in texts.items():
        if not is_workflow(path) or is_marked(text):
            continue
        try:
            root = yaml_data.read(path, text)
        except ProjectError:
            continue
        if isinstance(root, Table):
            found.update(name for _, body in _jobs(root) for name in jobs.wanted(body, present))
    return found


def _jobs(root: Table) -> Iterator[tuple[str, Table]]:
    listed = root.values.get("jobs")
    for name, body in listed.values.items() if isinstance(listed, Table) else ():
        if isinstance(body, Table):
            yield name, body


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


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, Scalar):
        yield value.text
    elif isinstance(value, Items):
        yield from (each.text for each in value.values if isinstance(each, Scalar))


def _text(value: Value | None) -> str:
    return value.text if isinstance(value, Scalar) else ""
