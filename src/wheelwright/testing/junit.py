"""pytest's JUnit reports: read one, and merge those of the cells into one document.

pytest writes families xunit1 (with file and line) and xunit2 (without); both are read. What a
report does not say about a failure's place, its traceback does.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wheelwright.errors import ToolFailed

__all__ = ["Case", "CellDocument", "Suite", "merge", "read"]

# Each entry of a traceback ends, or in short style begins, with a line such as
# `tests/test_a.py:12: AssertionError`.
_PLACE = re.compile(r"^(?P<file>[^\s:/][^:\n]*\.py):(?P<line>\d+):", re.MULTILINE)
# Collection errors end in Python's own traceback instead.
_FRAME = re.compile(r'File "/src/(?P<file>[^"]+)", line (?P<line>\d+)')
_BAD_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes:
        outcome: passed, failed, error or skipped.
        message, text: pytest's one line and its whole output for it.
        file, line: where it failed, from the directory that pytest ran in; line 0 is unknown.
    """

    name: str
    seconds: float
    outcome: str = "passed"
    message: str = ""
    text: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """A whole report; `started` is pytest's own ISO time, empty where it wrote none."""

    tests: int
    failed: int
    errors: int
    skipped: int
    duration_s: float
    started: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class CellDocument:
    """What a cell brings to the merged report; `reason` says why it has no text."""

    cell: str
    properties: Mapping[str, str]
    text: str = ""
    reason: str = ""


def read(text: str, name: str = "junit.xml") -> Suite:
    """Read one report.

    Raises:
        ToolFailed: it is not XML, as after a full disk.
    """
    root = _parse(text, name)
    suites = _suites(root)

    def total(key: str) -> int:
        return sum(int(suite.get(key, 0)) for suite in suites)

    return Suite(
        tests=total("tests"),
        failed=total("failures"),
        errors=total("errors"),
        skipped=total("skipped"),
        duration_s=sum(float(suite.get("time", 0)) for suite in suites),
        started=next((suite.get("timestamp", "") for suite in suites), ""),
        cases=tuple(map(_case, root.iter("testcase"))),
    )


def merge(package: str, documents: Iterable[CellDocument]) -> str:
    """Return one document: every testsuite carries its cell in its name and as a property.

    A cell without a report becomes a suite with one error, so that who reads only this file
    does not take it for a smaller matrix.
    """
    merged = ElementTree.Element("testsuites", name=package)
    for document in documents:
        if document.text:
            suites = _suites(_parse(document.text, f"junit.xml of cell {document.cell}"))
        else:
            suites = [_unreported(document)]
        for suite in suites:
            suite.set("name", f"{document.cell}: {suite.get('name', 'pytest')}")
            properties = suite.find("properties")
            if properties is None:
                properties = ElementTree.Element("properties")
                suite.insert(0, properties)
            for key, value in {"cell": document.cell, **document.properties}.items():
                ElementTree.SubElement(properties, "property", name=key, value=value)
            merged.append(suite)
    ElementTree.indent(merged)
    return ElementTree.tostring(merged, encoding="unicode", xml_declaration=True) + "\n"


def _parse(text: str, name: str) -> ElementTree.Element:
    try:
        # The report was written by this run's own pytest, which escapes what tests say; and
        # Python's expat refuses the entity bombs that the linter has in mind.
        return ElementTree.fromstring(text)  # noqa: S314 - see above
    except ElementTree.ParseError as error:
        raise ToolFailed(f"{name} is not XML: {error}") from error


def _suites(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [root] if root.tag == "testsuite" else list(root.iter("testsuite"))


def _unreported(document: CellDocument) -> ElementTree.Element:
    suite = ElementTree.Element(
        "testsuite", name="pytest", tests="1", failures="0", errors="1", skipped="0", time="0"
    )
    case = ElementTree.SubElement(suite, "testcase", name=f"cell {document.cell}", time="0")
    # XML has no way to write most control characters, not even escaped.
    reason = _BAD_XML.sub("?", document.reason)
    error = ElementTree.SubElement(case, "error", message=reason.partition("\n")[0])
    error.text = reason
    return suite


def _case(element: ElementTree.Element) -> Case:
    classname, name = element.get("classname", ""), element.get("name", "")
    full = f"{classname}::{name}" if classname else name
    seconds = float(element.get("time", 0))
    if element.find("skipped") is not None:
        return Case(full, seconds, "skipped")
    # A test that failed and then broke in its teardown has both; the first is the cause.
    for outcome, tag in (("failed", "failure"), ("error", "error")):
        if (found := element.find(tag)) is not None:
            text = found.text or ""
            message = _reason(found.get("message") or tag, text)
            file, line = _place(text, element)
            return Case(full, seconds, outcome, message, text, file, line)
    return Case(full, seconds)


def _reason(message: str, text: str) -> str:
    """Return one line that says why: for a file that was not collected, its last error."""
    if message.strip() == "collection failure":
        errors = [line[2:] for line in text.splitlines() if line.startswith("E  ")]
        message = errors[-1] if errors else message
    line = message.strip().splitlines()[0] if message.strip() else ""
    return line if len(line) <= 200 else line[:197] + "..."


def _place(text: str, element: ElementTree.Element) -> tuple[str, int]:
    for pattern in (_PLACE, _FRAME):
        if found := list(pattern.finditer(text)):
            return found[-1]["file"], int(found[-1]["line"])
    if file := element.get("file"):
        # xunit1 counts lines from 0.
        return file, int(element.get("line", -1)) + 1
    module = [part for part in element.get("classname", "").split(".") if part]
    while module and not module[-1][:1].islower():
        module.pop()  # a test's class
    return ("/".join(module) + ".py" if module else ""), 0
