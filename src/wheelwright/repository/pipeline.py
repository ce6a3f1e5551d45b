"""The pipelines of GitLab that a repository has already: their jobs, their stages. Pure.

GitLab reads `.gitlab-ci.yml`; what else there is, that file includes. Whatever is at the top and is
neither a keyword nor hidden (`.name`) is a job (docs.gitlab.com, "CI/CD YAML syntax reference").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project import yaml_data
from wheelwright.project.yaml_data import Items, Scalar, Table, Value
from wheelwright.repository import jobs
from wheelwright.repository.existing import is_marked
from wheelwright.repository.jobs import Job

MAIN: Final = ".gitlab-ci.yml"
"""The file that GitLab reads."""
INCLUDED: Final = ".gitlab/wheelwright.gitlab-ci.yml"
"""Ours, where a person's file has that name; theirs includes it."""

_KEYWORDS: Final = {
    *("after_script", "before_script", "cache", "default", "image", "include", "services"),
    *("spec", "stages", "types", "variables", "workflow"),
}
_ENGINES: Final = {"dagger": "DAGGER_VERSION:", "stiletto": "STILETTO_CACHE:"}
"""What a block of each engine has, and that of the other has not."""
_SCRIPTS: Final = ("before_script", "script", "after_script")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One of the two files.

    Attributes:
        ours: whether it has the marks of a block.
        names: the keys at its top.
        stages: those that it declares; empty where they are GitLab's own.
        includes: whether it names our file.
        engine: which command line it installs, where it is ours.
        error: why it cannot be read; then nothing else is known of it.
    """

    path: str
    ours: bool = False
    names: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    includes: bool = False
    engine: str = ""
    error: str = ""


def is_pipeline(path: str) -> bool:
    """Whether a path is one of the two files."""
    return path in (MAIN, INCLUDED)


def read(path: str, text: str) -> Pipeline:
    """Read a pipeline; one that is not YAML is returned with its error."""
    ours = is_marked(text)
    # A file with `spec` has a second document.
    documents = text.split("\n---\n")
    try:
        roots = [yaml_data.read(path, each) for each in documents]
    except ProjectError as error:
        return Pipeline(path, ours, error=error.message)
    tables = [each for each in roots if isinstance(each, Table)]
    if text.strip() and not tables:
        return Pipeline(path, ours, error=f"{path}: not a mapping")
    values = {name: value for each in tables for name, value in each.values.items()}
    found = [
        _job(name, body)
        for name, body in values.items()
        if isinstance(body, Table) and name not in _KEYWORDS and not name.startswith(".")
    ]
    return Pipeline(
        path,
        ours,
        tuple(values),
        tuple(_texts(values.get("stages"))),
        tuple(found),
        any(INCLUDED in each for each in _texts(values.get("include"))),
        next((name for name, mark in _ENGINES.items() if ours and mark in text), ""),
    )


def _job(name: str, body: Table) -> Job:
    """Return what a job does, read as a job of GitHub's form with one step."""
    lines = [line for key in _SCRIPTS for line in _texts(body.values.get(key))]
    step: dict[str, Value] = {"run": Scalar("\n".join(lines), body.line)}
    if variables := body.values.get("variables"):
        step["env"] = variables
    own = {key: value for key, value in body.values.items() if key == "environment"}
    steps = Items([Table(step, body.line)], body.line)
    return jobs.read(name, Table({**own, "steps": steps}, body.line), {})


def _texts(value: Value | None) -> Iterator[str]:
    """Yield the texts of a value, whatever they are nested in."""
    if isinstance(value, Scalar):
        yield value.text
    elif isinstance(value, Items):
        for each in value.values:
            yield from _texts(each)
    elif isinstance(value, Table):
        for each in value.values.values():
            yield from _texts(each)
