"""The manual has a section for every stop, and a message leads to it."""

import re
from pathlib import Path

from wheelwright.release.decide.stops import Reason, anchor

DOCS = Path(__file__).parents[5] / "docs"


def test_manual_has_a_section_for_every_stop() -> None:
    """The headings of docs/recovery.md are the reasons' titles, in their order."""
    headings = re.findall(r"^## (.+)$", (DOCS / "recovery.md").read_text(), re.MULTILINE)
    assert [reason.value for reason in Reason] == headings


def test_anchors_are_those_of_the_headings() -> None:
    """A message's link leads to its section as GitHub makes anchors."""
    assert "the-index-refused-the-upload" == anchor(Reason.INDEX_REFUSED)
    assert len(Reason) == len({anchor(reason) for reason in Reason})
    assert all(reason.hint for reason in Reason)
