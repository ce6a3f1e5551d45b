"""The interface of a gate, and what a gate may plan: data that `run` carries out.

A gate is a frozen dataclass in a file of its own. It says what to run and judges what came out; it
runs nothing itself. `GATES` in `ci.py` registers it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

from wheelwright.container.output import Output
from wheelwright.container.privileges import CODE, Kind
from wheelwright.environment.tools import Tool
from wheelwright.gates.result import GateResult
from wheelwright.project.model import Project


class Tree(Enum):
    """Which files a step sees."""

    SOURCE = "the source"
    DECIDING = "the files that decide what is installed"
    INSTALLED = "the source, and the environment that its tests run in"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, whose exit code is judged.

    Attributes:
        name: how people call it.
        tool: installed beside what the tree holds; without one the container has uv alone.
        workdir: container path; empty for the root of the source, or the environment's own.
        groups: dependency groups to install beside the test dependencies, for `Tree.INSTALLED`.
        before: commands that have to succeed first.
        variables: environment of the command.
        kind: what it may see. A step that installs may build where that alone helps.
        builds: whether a "no" of a step that installs may come of not building alone.
        report: container path of a file that the command writes, and that is judged.
        version: a pattern that `--version` of the program has to print, or it is another one, and
            is not run; empty to not ask.
        fresh: whether it runs each time; otherwise an earlier "yes" is an answer.
    """

    name: str
    args: tuple[str, ...]
    tree: Tree = Tree.SOURCE
    tool: Tool | None = None
    workdir: str = ""
    groups: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = CODE
    builds: bool = False
    report: str = ""
    version: str = ""
    fresh: bool = False

    def is_it(self, told: str) -> bool:
        """Whether a program that says this of its version is the one that is meant."""
        return re.search(self.version, told[:10_000], re.MULTILINE) is not None


GatePlan: TypeAlias = tuple[Step, ...]
"""What a gate runs, one after the other; nothing where the project's own files tell all."""


@dataclass(frozen=True, slots=True)
class Ran(Output):
    """What a step left.

    Attributes:
        tool: the tool with its version and who chose that, for people.
        version: what `--version` of the program printed, where the step asks for it.
        impostor: whether that is another program; it was not run.
        report: text of the step's report; empty where the exit code is no verdict.
    """

    tool: str = ""
    version: str = ""
    impostor: bool = False
    report: str = ""


class Listed(Protocol):
    """What `ci`, `skip` and the functions know of a gate: fields with defaults, in each gate."""

    @property
    def name(self) -> str:
        """In the table of `ci`, and in `skip`."""

    @property
    def function(self) -> str:
        """On the command line, such as `lock-check`."""

    @property
    def help(self) -> str:
        """What it checks, in one sentence."""

    @property
    def in_ci(self) -> bool:
        """Whether `ci` runs it."""

    def configured(self, project: Project) -> str:
        """Return why the gate does not apply; empty where it does."""


class Gate(Listed, Protocol):
    """A gate that plans commands and judges their output; pure."""

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return what to run.

        Raises:
            RequestError: the gate's options cannot be followed.
            ProjectError: the project's files cannot be.
        """

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return the verdict on what ran, a value for each step of the plan.

        Raises:
            ToolFailed: a tool reached no verdict.
        """
