"""What a runner does in one of its environments: the shape that every reader here returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
