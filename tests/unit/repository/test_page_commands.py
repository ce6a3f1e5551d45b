"""Every command of every page is run by tests/e2e/test_pages.py, or has a reason beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.repository.page_commands import CLONE, PAGES, Block, Command, blocks, of_pages

ROOT = Path(__file__).resolve().parents[3]
NEED = re.compile(r"\b(?:needs|measures|removes)\b|\btests/\S+\.py\b")
COMMAND = r"(?:\$ |(?:build/\S*/)?uv |dagger |stiletto |git |gh |pip |python3? -m |export )"


def test_reasons_name_what_is_needed() -> None:
    """A block that is not run has a reason: what it needs, or what runs it instead."""
    found = {
        f"{page.name}:{block.line}: {block.not_run}"
        for page, block in of_pages()
        if block.not_run and not (NEED.search(block.not_run) and len(block.not_run) > 15)
    }
    assert set() == found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_in_fences(page: Path) -> None:
    """No command is in an indented block, in a fence of another language, or in one without."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(rf"(?:\n\n|^)((?: {{4,}}){COMMAND}.*)", prose)
    other = [
        line
        for language, body in fences
        if language not in ("console", "sh", "text")
        for line in body.splitlines()
        if re.match(rf" *{COMMAND}", line)
    ]

    assert [] == indented
    assert [] == other
    assert set() == {"bash", "shell", "zsh"} & {language for language, _ in fences}


def test_places_exits_and_reasons_are_read() -> None:
    """A comment about the place lasts until the next; those about a block are of the next block."""
    text = """
<!-- run in: new -->
```sh
one   # first
# a comment
two
```

<!-- exits with 1 -->
```console
$ three \\
    --more
shown
```

<!-- not run: needs GitHub -->
```console
$ four
```

```python
five
```

    ```console
    $ uv run six
    ```
"""
    expected = [
        Block(3, (Command("one   # first"), Command("two")), "new", begins=True),
        Block(10, (Command("three  --more", ("shown",)),), "new", code=1),
        Block(17, (Command("four"),), "new", not_run="needs GitHub"),
        Block(25, (Command("uv run six"),), place=CLONE),
    ]
    assert expected == [*blocks(text)]


def test_picture_of_the_readme_is_small() -> None:
    """README.md shows the report, as a PNG that loads quickly."""
    picture = ROOT / "docs" / "report.png"

    assert "](docs/report.png)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    assert 20_000 < picture.stat().st_size < 150_000
