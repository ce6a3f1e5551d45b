"""pytest's JUnit reports: check one, and merge those of the cells into one document."""

from __future__ import annotations

import hashlib
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wheelwright.errors import ToolFailed
from wheelwright.testing.record import Counts, Record

SIZE_MAX = 64 * 1024 * 1024
"""Bytes of a report that are read at most."""

# pytest nests five deep, and writes some dozen bytes for each element at least.
_DEPTH_MAX, _ELEMENTS_MAX = 50, 2_000_000
# The names that `testing.commands` gives to the reports of one run.
_NUMBERED = re.compile(r"junit(?:-([0-9]{1,4}))?\.xml")
_BAD_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class CellDocument:
    """A cell's part of the merged report; `reason` is why it has no text."""

    cell: str
    properties: Mapping[str, str]
    text: str = ""
    reason: str = ""


def read(text: str, name: str = "junit.xml") -> Counts:
    """Return the counts of one report; tests that failed count, whatever its totals are.

    Raises:
        ToolFailed: it is not such a report, as after a full disk.
    """
    root = _parse(text, name)
    suites, cases = _suites(root), list(root.iter("testcase"))
    for element in (*suites, *cases):
        _check_seconds(element, name)

    def total(key: str) -> int:
        return sum(_count(suite.get(key, "0"), key, name) for suite in suites)

    def marked(tag: str) -> int:
        return sum(case.find(tag) is not None and case.find("skipped") is None for case in cases)

    failed = max(total("failures"), marked("failure"))
    errors = max(total("errors"), marked("error"))
    skipped = total("skipped")
    passed = max(total("tests") - failed - errors - skipped, 0)
    return Counts(passed=passed, failed=failed, errors=errors, skipped=skipped)


def suites(text: str, name: str = "junit.xml") -> list[ElementTree.Element]:
    """Return the suites of a report.

    Raises:
        ToolFailed: it is not a report.
    """
    return _suites(_parse(text, name))


def broken(text: str, run: Record | None, name: str = "junit.xml") -> str:
    """Return why a report is not the one that pytest wrote in this run; empty where it is."""
    try:
        counts = read(text, name)
    except ToolFailed as error:
        return str(error)
    if run is None:
        return ""
    if run.junit != hashlib.sha256(text.encode()).hexdigest():
        return f"{name} is not the one that pytest wrote"
    if (counts.failed or counts.errors) and not run.failures:
        return f"{name} is invalid: it has failures, and no test failed"
    return ""


def documents(names: Iterable[str]) -> tuple[str, ...]:
    """Return the reports among the names of files, in the order that their commands ran in."""
    found = {name: _NUMBERED.fullmatch(name) for name in names}
    numbers = {name: int(match[1] or 1) for name, match in found.items() if match}
    return tuple(sorted(numbers, key=lambda name: numbers[name]))


def merge(package: str, documents: Iterable[CellDocument]) -> str:
    """Return one document: every testsuite carries its cell in its name and as a property.

    A cell without a report becomes a suite with one error, so that this file
    alone does not look like a smaller matrix.
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


class _Bounded(ElementTree.TreeBuilder):
    """Builds no tree that is deeper or larger than any report."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEPTH_MAX:
            raise ValueError(f"nested more than {_DEPTH_MAX} deep")
        if self._elements > _ELEMENTS_MAX:
            raise ValueError(f"more than {_ELEMENTS_MAX} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def _parse(text: str, name: str) -> ElementTree.Element:
    """Parse what tests may have written: bounded, and without entities of its own."""
    if len(text) > SIZE_MAX:
        raise ToolFailed(f"{name} is larger than {SIZE_MAX} bytes")
    if not text.strip():
        raise ToolFailed(f"{name} is empty")
    # pytest writes neither, and escapes the output of tests.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ToolFailed(f"{name} is not pytest's: it declares a document type")
    parser = ElementTree.XMLParser(target=_Bounded())  # noqa: S314 - bounded, see above
    try:
        parser.feed(text)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ToolFailed(f"{name} is not XML: {error}") from error
    if root.tag not in ("testsuites", "testsuite"):
        raise ToolFailed(f"{name} is not a JUnit report: it begins with <{root.tag[:40]}>")
    return root


def _count(value: str, key: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ToolFailed(f'{name} is invalid: {key}="{value[:40]}"')
    return int(value)


def _check_seconds(element: ElementTree.Element, name: str) -> None:
    value = element.get("time", "0")
    try:
        seconds = float(value) if len(value) < 40 else math.nan
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise ToolFailed(f'{name} is invalid: time="{value[:40]}"')


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
