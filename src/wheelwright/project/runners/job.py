"""What a runner does in one of its environments: the shape that every reader here returns."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from wheelwright.project.files import join

# A requirement line that has a path: `-r FILE`, `-c FILE`, `-e DIR[extra]`, `./DIR[extra]`.
_LINE: Final = re.compile(r"(?P<option>-[rce] |)(?P<path>[^\[\]]+)(?P<extras>\[[^\[\]]*\])?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is set.

    Attributes:
        path: the file, from the root of what was read.
        line: counted from 1; 0 stands for the whole file.
        within: the section, table or function, such as `[testenv]`; empty for none.
    """

    path: str
    line: int = 0
    within: str = ""

    def __str__(self) -> str:
        name = f"{self.path}:{self.line}" if self.line else self.path
        return f"{name} {self.within}" if self.within else name


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that the file computes, so that reading cannot tell it.

    Attributes:
        text: the source line, without blanks around it.
        subject: what is missing: "requirements", "command", "variables" or "pythons".
    """

    place: Place
    text: str
    subject: str


@dataclass(frozen=True, slots=True)
class Job:
    """One environment of a runner: a tox environment, a nox session, a hatch environment.

    Attributes:
        runner: "tox", "nox", "hatch" or "pdm".
        name: what the runner calls it, such as `py312`, `tests` or `hatch-test`.
        commands: command lines in their order, each split into arguments; the caller's own
            arguments (`{posargs}`, `session.posargs`, `{args}`) stand with their default.
        requirements: lines as pip reads them, `-r FILE`, `-c FILE` and `-e PATH` among them.
        groups: dependency groups (PEP 735) of the project.
        extras: extras of the package, which it is installed with.
        variables: of the environment of `commands`.
        pythons: the versions that it names, such as `3.12`; empty if it takes any.
        installs: whether the package itself is installed.
        workdir: where `commands` run, from the root; empty for the root.
        unread: what is computed.
        tags: names for several at once: nox's tags.
        default: whether the runner runs it if the caller names none.
        resolution: which versions it resolves to, such as `lowest-direct`; empty for the usual.
    """

    runner: str
    name: str
    place: Place
    commands: tuple[tuple[str, ...], ...] = ()
    requirements: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    pythons: tuple[str, ...] = ()
    installs: bool = True
    workdir: str = ""
    unread: tuple[Unread, ...] = ()
    tags: tuple[str, ...] = ()
    default: bool = True
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class LocalPath:
    """The path in a requirement line.

    Attributes:
        option: `-r`, `-c`, `-e`, or empty.
        path: from the root; empty for the root itself, absolute for one outside.
        extras: with their brackets; empty for none.
    """

    option: str
    path: str
    extras: str = ""

    def __str__(self) -> str:
        if self.option in ("-r", "-c"):
            return f"{self.option} {self.path}"
        place = self.path if self.path.startswith(("/", "../")) else f"./{self.path}"
        return f"{self.option} {place}{self.extras}".lstrip()


def local_path(line: str, where: str = "") -> LocalPath | None:
    """Return the path that a requirement line has, from `where`; None for a line without one."""
    found = _LINE.fullmatch(line.strip()) if len(line) < 5000 else None
    if found is None or "://" in line:
        return None
    option, path = found["option"].strip(), found["path"].strip()
    if not option and not path.startswith((".", "/")):
        return None
    inside = path if path.startswith("/") else join(where, path)
    return LocalPath(option, inside, found["extras"] or "")


def moved(job: Job, where: str) -> Job:
    """Return a job that was read in a directory, with its paths from the root."""
    if not where:
        return job
    lines = [(line, local_path(line, where)) for line in job.requirements]
    return replace(
        job,
        place=_moved(job.place, where),
        requirements=tuple(str(path) if path else line for line, path in lines),
        workdir=job.workdir if job.workdir.startswith("/") else join(where, job.workdir),
        unread=tuple(replace(each, place=_moved(each.place, where)) for each in job.unread),
    )


def _moved(place: Place, where: str) -> Place:
    return replace(place, path=join(where, place.path))


def concerns(job: Job, where: str) -> bool:
    """Whether a job of a repository names a directory of it: installs it, or runs there."""
    named = [path.path for line in job.requirements if (path := local_path(line))]
    named += [job.workdir]
    named += [posixpath.normpath(word) for command in job.commands for word in command]
    return any(f"/{path}/".find(f"/{where}/") >= 0 for path in named)
