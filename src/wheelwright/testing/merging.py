"""Makes one record and one report of those of several commands (pure).

tox may call pytest twice in one environment, for two directories: that is one run.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import fields

from wheelwright.testing import junit
from wheelwright.testing.record import Counts, Record


def records(found: Sequence[Record]) -> Record:
    """Return the record of all commands that ran; there is one at least."""
    if len(found) == 1:
        return found[0]
    first = found[0]
    statuses = [each.status for each in found]
    known = [status for status in statuses if status is not None]
    selected = [each.selected for each in found]
    return Record(
        began_at=first.began_at,
        pytest=first.pytest,
        python=first.python,
        root=first.root,
        session=all(each.session for each in found),
        paths=tuple(path for each in found for path in each.paths),
        files=first.files,
        selected=None if None in selected else sum(each.selected or 0 for each in found),
        deselected=sum(each.deselected for each in found),
        last=found[-1].last or first.last,
        counts=_sum([each.counts for each in found]),
        failures=tuple(failure for each in found for failure in each.failures),
        slowest=tuple(sorted((each for one in found for each in one.slowest), reverse=True)[:15]),
        ignored=tuple(name for each in found for name in each.ignored),
        status=next((each for each in known if each), 0) if None not in statuses else None,
        seconds=sum(each.seconds for each in found),
        seen=sum(each.seen for each in found),
        silent=tuple(name for each in found for name in each.silent),
    )


def _sum(counts: Sequence[Counts]) -> Counts:
    names = [field.name for field in fields(Counts)]
    return Counts(**{name: sum(getattr(each, name) for each in counts) for name in names})


def reports(texts: Sequence[str]) -> str:
    """Return the reports as one document; each was found to be one."""
    if len(texts) == 1:
        return texts[0]
    root = ElementTree.Element("testsuites")
    for text in texts:
        root.extend(junit.suites(text))
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
