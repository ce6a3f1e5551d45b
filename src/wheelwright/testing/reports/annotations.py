"""`::error` lines, which GitHub shows at the line of the file that they name.

Source: GitHub's documentation, "Workflow commands", and the escaping of its own toolkit
(`packages/core/src/command.ts`: `escapeData`, `escapeProperty`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wheelwright.errors import RequestError
from wheelwright.gates.linters import Issue
from wheelwright.project.files import join
from wheelwright.project.pyproject import line_of
from wheelwright.project.reading import json_data
from wheelwright.testing.reports.model import MatrixReport, more_failures, shortfall

# mypy `a.py:1: error: text  [code]` (with or without a column), pyright
# `  a.py:1:2 - error: text (code)`.
_ON_ONE_LINE = re.compile(
    r"^\s*(?P<file>[^\s:][^:\n]*):(?P<line>\d+)(?::(?P<column>\d+))?(?::| -) error: (?P<text>.+)$"
)
# ty `error[code]: text`, pyrefly `ERROR text [code]`, then ` --> a.py:1:2`.
_HEAD = re.compile(r"^\s*(?:error\[(?P<code>[\w-]+)\]:?|ERROR) (?P<text>.+)$")
_ARROW = re.compile(r"^\s*--> (?P<file>[^:\n]+):(?P<line>\d+)(?::(?P<column>\d+))?")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line for GitHub; without a file it is shown for the run, line 0 is left out."""

    title: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        # A report may name anything; GitHub shows only files of the repository.
        outside = self.file.startswith("/") or ".." in self.file.split("/")
        file = "" if outside else self.file
        placed = bool(file) and self.line > 0
        properties = {
            "file": file,
            "line": str(self.line) if placed else "",
            "col": str(self.column) if placed and self.column > 0 else "",
            "title": self.title,
        }
        listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
        return f"::error {listed}::{escaped(self.message)}"


def escaped(text: str) -> str:
    """Escape the text of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def render(annotations: Iterable[Annotation]) -> str:
    """Return the lines, each once; those that name a line of code first.

    GitHub shows ten errors of a step and drops the rest.
    """
    unique = dict.fromkeys(annotations)
    ordered = sorted(unique, key=lambda each: not (each.file and each.line))
    return "".join(f"{annotation}\n" for annotation in ordered)


def of_tests(report: MatrixReport) -> list[Annotation]:
    """Return failing tests, each once with its cells, then cells that failed without one."""
    cells: dict[tuple[str, str, str, int], list[str]] = {}
    for cell in report.cells:
        for each in cell.failures:
            key = (each.test, each.message, each.file, each.line)
            cells.setdefault(key, []).append(cell.cell.name)
    found = [
        Annotation(f"{test} ({', '.join(names)})", message or "failed", file, line)
        for (test, message, file, line), names in cells.items()
    ]
    found += [
        Annotation(f"cell {cell.cell.name}", cell.note)
        for cell in report.failed
        if not cell.failures
    ]
    found += [
        Annotation(f"more failures ({', '.join(names)})", rest)
        for rest, names in more_failures(report)
    ]
    if missing := shortfall(report.coverage):
        found.append(Annotation("coverage", missing))
    return found


def of_lint(issues: Iterable[Issue], where: str = "") -> list[Annotation]:
    """Return what linters found; `where` is the directory that their paths start from."""
    return [
        Annotation(
            f"{issue.linter} {issue.code}",
            issue.message,
            join(where, issue.path),
            issue.line,
            issue.column,
        )
        for issue in issues
    ]


def of_types(report: str, where: str = "") -> list[Annotation]:
    """Return the errors in a type checker's own report, of whichever checker."""
    found: list[Annotation] = []
    title = text = ""
    for line in report.splitlines():
        if error := _ON_ONE_LINE.match(line):
            found.append(_typed("type error", error["text"].strip(), error, where))
        elif head := _HEAD.match(line):
            title, text = f"type error {head['code'] or ''}".strip(), head["text"].strip()
        elif text and (arrow := _ARROW.match(line)):
            found.append(_typed(title, text, arrow, where))
            text = ""
    return found


def _typed(title: str, text: str, match: re.Match[str], where: str) -> Annotation:
    # Some checkers name files from where they run, others from the root.
    path = match["file"] if match["file"].startswith(f"{where}/") else join(where, match["file"])
    return Annotation(title, text, path, int(match["line"]), int(match["column"] or 0))


def of_audit(report: str, lock: str = "", path: str = "uv.lock") -> list[Annotation]:
    """Return the vulnerabilities in pip-audit's JSON, at the package's line of the lock.

    Raises:
        RequestError: not such a report.
    """
    # Not the gate's reader: the gate requires what its own pip-audit writes, this is anyone's file.
    try:
        data = json_data(report)
        dependencies: Sequence[dict[str, object]] = (
            data["dependencies"] if isinstance(data, dict) else data
        )
        rows = [
            (str(each["name"]), str(each.get("version", "")), vulnerability)
            for each in dependencies
            for vulnerability in _list(each.get("vulns", []))
        ]
        return [
            Annotation(
                str(vulnerability["id"]),
                f"{name} {version}: {vulnerability['id']}, {_fixed(vulnerability)}",
                path if lock else "",
                (line_of(lock, f'name = "{name}"') or 0) if lock else 0,
            )
            for name, version, vulnerability in rows
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError(
            f"the audit is not pip-audit's JSON: {error!r}", "make it with `pip-audit -f json`"
        ) from error


def _list(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise TypeError(f"vulns is {value!r}")
    return value


def _fixed(vulnerability: dict[str, object]) -> str:
    versions = vulnerability.get("fix_versions")
    if isinstance(versions, list) and versions:
        return f"fixed in {', '.join(map(str, versions))}"
    return "no fixed version yet"
