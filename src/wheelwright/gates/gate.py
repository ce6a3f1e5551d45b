"""The interface of a gate, and what a gate may plan: data that `run` carries out.

A gate is a frozen dataclass in a file of its own. It plans what to run and judges the output; it
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
from wheelwright.environment.test_dependencies import TestDependencies
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
        name: for messages.
        python: that it runs on; empty for the one of the call.
        tool: installed beside the tree; without one the container has only uv.
        history: whether it sees the repository's own .git, because something is built; others see
            an empty one, for which linters heed ignore files.
        workdir: container path; empty for the root of the source, or the environment's own.
        groups: dependency groups to install beside the test dependencies, for `Tree.INSTALLED`.
        wanted: what to install instead of the test dependencies, there; None for these.
        before: commands that have to succeed first.
        files: texts to write before that, by container path.
        variables: environment of the command.
        kind: what it may see. A step that installs may build where nothing else helps.
        builds: whether any failure of a step that installs may come from not building.
        report: container path of a file that the command writes, and that is judged.
        version: a pattern that the program has to print as its version, or it is another one, and
            is not run; empty for any.
        module: the package that its program imports, if that is a script whose version is that of
            the distribution of this step's name; empty where only the program knows.
        asks: the command that prints the version; empty for `--version` of the first argument.
        fresh: whether it runs each time; otherwise a pass is cached.
    """

    name: str
    args: tuple[str, ...]
    tree: Tree = Tree.SOURCE
    python: str = ""
    tool: Tool | None = None
    workdir: str = ""
    history: bool = False
    groups: tuple[str, ...] = ()
    wanted: TestDependencies | None = None
    before: tuple[tuple[str, ...], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = CODE
    builds: bool = False
    report: str = ""
    version: str = ""
    module: str = ""
    asks: tuple[str, ...] = ()
    fresh: bool = False

    def matches_version(self, printed: str) -> bool:
        """Whether a program that prints this as its version is the right one."""
        return re.search(self.version, printed[:10_000], re.MULTILINE) is not None


GatePlan: TypeAlias = tuple[Step, ...]
"""What a gate runs, one after the other; nothing where the project's files suffice."""


@dataclass(frozen=True, slots=True)
class Ran(Output):
    """What a step left.

    Attributes:
        tool: the tool with its version and who chose that, for people.
        version: what `--version` of the program printed, where the step needs it.
        impostor: whether that is another program; it was not run.
        report: text of the step's report; empty where the exit code is not a verdict.
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
            RequestError: invalid options of the gate.
            ProjectError: invalid files of the project.
        """

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return the verdict on what ran, a value for each step of the plan.

        Raises:
            ToolFailed: a tool reached no verdict.
        """
