"""docs/security.md names every test of this folder, and shows the table that the code has.

Run as a program, this writes the table into the page.
"""

from __future__ import annotations

import re
from pathlib import Path

from wheelwright.container.privileges import table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- kinds: begin -->\n", "<!-- kinds: end -->\n"


def test_the_page_shows_the_table_of_the_code() -> None:
    """What a step may see is written on the page as the code has it."""
    written = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert table() == written, "run: uv run python tests/hostile/test_security_page.py"


def test_the_page_names_every_test_of_an_attack() -> None:
    """Every file of tests here stands on the page, and no other one does."""
    named = re.findall(r"`tests/hostile/(test_\w+\.py)`", PAGE.read_text(encoding="utf-8"))
    here = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}
    assert here == set(named)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
