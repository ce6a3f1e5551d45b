"""Linters and formatters: how each reports, how it writes, and what its output means (pure).

| program | gate | reports with | writes with | findings |
|---|---|---|---|---|
| ruff check | lint | --no-fix --output-format=json | --fix-only | exit code 1, JSON |
| flake8 | lint | --format=default | | exit code 1, a line each |
| isort | lint | --check-only --diff | isort | exit code 1, a diff |
| ruff format | format | --diff | ruff format | exit code 1, a diff |
| black | format | --check --diff | black | exit code 1, a diff |

The order of imports is a matter of `lint`, as ruff's own rules of isort are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from wheelwright.container.output import broken, readable
from wheelwright.environment.places import SOURCE
from wheelwright.environment.tools import Tool
from wheelwright.gates.gate import Ran, Step
from wheelwright.gates.linter_commands import BLACK, CHECKING, FLAKE8, ISORT, WRITING
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.gates.table import counted
from wheelwright.project.files import join
from wheelwright.project.hook_programs import RUFF_CHECK, RUFF_FORMAT, Program
from wheelwright.project.reading import json_data

LINTERS: Final = (RUFF_CHECK, FLAKE8, ISORT)
FORMATTERS: Final = (RUFF_FORMAT, BLACK)

_DIFF_LINES: Final = 60
# Linux takes 128 KiB for one argument, and macOS 1 MiB for all of them.
_BATCH: Final = 100_000
# black prints it, and ends with exit code 0.
_NO_FILE: Final = re.compile(r"^No Python files are present to be formatted", re.M)
_COUNT: Final = re.compile(r"^(\d{1,9}) files? would be reformatted", re.M)
_HEAD: Final = re.compile(
    r"^--- ([^\t\n]+)(?:\t.*)?\n\+\+\+ ([^\t\n]+)(?:\t.*)?\n@@ ", re.MULTILINE
)
_UNSORTED: Final = re.compile(r"^ERROR: (.+) Imports are incorrectly sorted", re.M)
_FOUND: Final = re.compile(
    r"^(?P<path>[^:\n]+):(?P<line>\d{1,9}):(?P<column>\d{1,9}): (?P<code>[A-Z]+\d+) (?P<rest>.*)$",
    re.M,
)
_VERSION: Final = re.compile(r"\d+\.\d+[\w.+-]*")


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding; the path is relative to the source, lines and columns count from 1."""

    path: str
    line: int
    column: int
    code: str
    message: str
    fixable: bool
    linter: str = "ruff"

    def __str__(self) -> str:
        mark = " [fixable]" if self.fixable else ""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}{mark}"


@dataclass(frozen=True, slots=True)
class Call:
    """One program, as the project calls it.

    Attributes:
        line: from the program on, as written.
        place: where that is written, such as `tox.ini [testenv:lint]`.
        workdir: where it runs, from the root of the source.
        files: what follows the command, from there; None where the command names what it reads.
        variables: of its environment.
        left_out: how many files of its types its hook leaves out.
        whole: whether it runs over the whole directory because nothing names files.
    """

    program: Program
    line: tuple[str, ...]
    place: str
    tool: Tool
    workdir: str = ""
    files: tuple[str, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    whole: bool = False

    @property
    def checking(self) -> tuple[str, ...]:
        """The command that reports and changes nothing, without files."""
        return CHECKING[self.program.name](self.line)

    @property
    def writing(self) -> tuple[str, ...]:
        """The command that changes files, without these; empty for a program that cannot."""
        return WRITING[self.program.name](self.line)

    def over_files(self, command: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the command lines over the files, as many as their length needs."""
        if self.files is None:
            return [command]
        return [(*command, *batch) for batch in _batches(self.files)]

    def steps(self) -> list[Step]:
        """Return the steps that check."""
        return [
            Step(
                self.program.name,
                args,
                tool=self.tool,
                workdir=join(SOURCE, self.workdir),
                variables=self.variables,
                version="" if self.tool.version else r"\d\.\d",
            )
            for args in self.over_files(self.checking)
        ]

    def judge(self, gate: str, ran: Sequence[Ran]) -> GateResult:
        """Turn the outputs of the steps into a result.

        Raises:
            ToolFailed: the program reached no verdict: broken configuration, a crash.
        """
        result = _JUDGES[self.program.name](self, gate, ran)
        note = f"{result.note}; {label(self, ran)}, from {self.place}"
        if result.verdict is Verdict.NOT_CONFIGURED:
            note = f"{result.note}, from {self.place}"
        if self.whole:
            note += ", over the whole directory because nothing names files"
        if self.left_out:
            note += f"; the hook leaves out {counted(self.left_out, 'file')}"
        return GateResult(gate, result.verdict, note, result.details)

    def issues(self, ran: Sequence[Ran]) -> list[Issue]:
        """Return what a linter found; a file whose imports are not sorted is one finding."""
        if self.program.name == RUFF_CHECK:
            return [issue for output in ran for issue in ruff_issues(output.stdout)]
        if self.program.name == FLAKE8:
            return [issue for output in ran for issue in self._flake8_issues(output.stdout)]
        if self.program.name == ISORT:
            message = "the imports are not sorted"
            paths = [path for output in ran for path in self._unsorted(output)]
            return [
                Issue(path, 1, 1, "unsorted-imports", message, fixable=True, linter=ISORT)
                for path in paths
            ]
        return []

    def _flake8_issues(self, text: str) -> Iterator[Issue]:
        for found in _FOUND.finditer(text):
            line, column = int(found["line"]), int(found["column"])
            path = self.from_root(found["path"])
            yield Issue(
                path, line, column, found["code"], found["rest"], fixable=False, linter=FLAKE8
            )

    def _unsorted(self, output: Ran) -> list[str]:
        return [self.from_root(found[1]) for found in _UNSORTED.finditer(output.stderr)]

    def from_root(self, path: str) -> str:
        """Return a path that the program printed, from the root of the source."""
        if path.startswith("/"):
            # Where files are mapped (no containers), the prefix before the source differs.
            _, found, rest = path.partition(f"{SOURCE}/")
            return join(rest) if found else path
        return join(self.workdir, path)


def label(call: Call, ran: Sequence[Ran]) -> str:
    """Return the program with its version and who chose that."""
    printed = next((_VERSION.search(output.version[:10_000]) for output in ran), None)
    if printed and not call.tool.version:
        return f"{call.tool.name} {printed[0]} ({call.tool.chosen_by})"
    return next((output.tool for output in ran if output.tool), str(call.tool))


def _batches(files: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the files in parts that fit on a command line."""
    batch: list[str] = []
    size = 0
    for file in files:
        path = f"./{file}" if file.startswith(("-", "@")) else file
        size += len(path.encode("utf-8", "surrogateescape")) + 1
        if batch and size > _BATCH:
            yield tuple(batch)
            batch, size = [], len(path)
        batch.append(path)
    if batch:
        yield tuple(batch)


# -- verdicts -------------------------------------------------------------------------------------


def _judge_issues(call: Call, gate: str, ran: Sequence[Ran]) -> GateResult:
    """Judge what ruff check or flake8 left."""
    name = call.tool.name
    for output in ran:
        if output.exit_code not in (0, 1) or (output.exit_code and not call.issues([output])):
            raise broken(name, output)
    found = call.issues(ran)
    if not found:
        nothing = _nothing_seen(call, gate, ran)
        return nothing or GateResult(gate, Verdict.PASSED, "no issues")
    details = "\n".join(map(str, found))
    note = f"{counted(len(found), 'issue')} in {counted(len({i.path for i in found}), 'file')}"
    fixable = sum(issue.fixable for issue in found)
    if fixable:
        note += f", {fixable} of them fixed by `format`"
    if not any(output.exit_code for output in ran):
        return GateResult(gate, Verdict.PASSED, f"{note}; the command ends with 0 anyway", details)
    return GateResult(gate, Verdict.FAILED, note, details)


def _judge_diff(call: Call, gate: str, ran: Sequence[Ran]) -> GateResult:
    """Judge what a formatter, or isort, left."""
    for output in ran:
        if output.exit_code not in (0, 1):
            raise broken(call.tool.name, output)
    red = [output for output in ran if output.exit_code]
    sorts = call.program.name == ISORT
    if not red:
        passed = "the imports are sorted" if sorts else "all files are formatted"
        return _nothing_seen(call, gate, ran) or GateResult(gate, Verdict.PASSED, passed)
    paths = [path for output in red for path in _changed(call, output)]
    count = 0
    for output in red:
        # A removed line may look like the head of a file: the program's own count is right.
        own = _COUNT.search(output.stderr)
        heads = len(_changed(call, output))
        if not own and not heads:
            raise broken(call.tool.name, output)
        count += int(own[1]) if own else heads
    lines = "\n".join(output.stdout.rstrip() for output in red).splitlines()
    left = len(lines) - _DIFF_LINES
    more = [f"[{left} more lines of the diff]"] if left > 0 else []
    listed = ", ".join(paths[:5]) + (", ..." if len(paths) > 5 else "")
    subject = f"{call.program.name} would change {counted(count, 'file')} ({listed})"
    note = subject if sorts else f"{counted(count, 'file')} would change ({listed})"
    details = "\n".join([*lines[:_DIFF_LINES], *more])
    return GateResult(gate, Verdict.FAILED, f"{note}; `format` writes them", details)


def _changed(call: Call, output: Ran) -> list[str]:
    """Return the files that would change."""
    if call.program.name == ISORT and (found := [*_UNSORTED.finditer(output.stderr)]):
        return [call.from_root(each[1]) for each in found]
    # A head has three lines, the last one the first hunk's.
    heads = [
        (head[1].removesuffix(":before"), head[2].removesuffix(":after"))
        for head in _HEAD.finditer(output.stdout)
    ]
    return [call.from_root(before) for before, after in heads if before == after]


def _nothing_seen(call: Call, gate: str, ran: Sequence[Ran]) -> GateResult | None:
    if any(_NO_FILE.search(output.stderr) for output in ran):
        why = f"{label(call, ran)} found no Python file: its configuration leaves none"
        return GateResult(gate, Verdict.NOT_CONFIGURED, f"not configured: {why}")
    found = [looked_at_nothing(gate, label(call, ran), output) for output in ran]
    return found[0] if found and all(found) else None


_JUDGES: Final[Mapping[str, Callable[[Call, str, Sequence[Ran]], GateResult]]] = {
    RUFF_CHECK: _judge_issues,
    FLAKE8: _judge_issues,
    ISORT: _judge_diff,
    RUFF_FORMAT: _judge_diff,
    BLACK: _judge_diff,
}


def ruff_issues(report: str) -> list[Issue]:
    """Read ruff's JSON report.

    Raises:
        ToolFailed: it is of another shape.
    """
    with readable("ruff"):
        return [
            Issue(
                path=_mapped(item["filename"]),
                line=item["location"]["row"],
                column=item["location"]["column"],
                code=item["code"] or "syntax-error",
                message=item["message"],
                fixable=(item.get("fix") or {}).get("applicability") == "safe",
            )
            for item in json_data(report)
        ]


def _mapped(path: str) -> str:
    _, found, rest = path.partition(f"{SOURCE}/")
    return join(rest) if found else posixpath.normpath(path)
