"""The manual has a section for every stop, and a message explains itself."""

import re
from pathlib import Path

from wheelwright.release.decide.stops import Reason, Stop

DOCS = Path(__file__).parents[5] / "docs"


def test_manual_has_a_section_for_every_stop() -> None:
    """The headings of docs/recovery.md are the reasons' titles, in their order."""
    headings = re.findall(r"^## (.+)$", (DOCS / "recovery.md").read_text(), re.MULTILINE)
    assert [reason.value for reason in Reason] == headings


def test_message_explains_itself_without_a_page_of_this_repository() -> None:
    """The reader's repository has no docs/recovery.md: each reason comes with what to do next."""
    assert all(reason.hint for reason in Reason)
    assert all("docs/" not in Stop.at(reason, "seen").text() for reason in Reason)
