"""The address of this repository stands in pyproject.toml, and nowhere in another form."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wheelwright import identity

REPOSITORY = Path(__file__).resolve().parents[3]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
SOURCES = sorted(
    path
    for top in ("src", ".github", ".ci")
    for path in (REPOSITORY / top).rglob("*")
    if path.is_file() and path.suffix != ".pyc"
)
HOST = urlsplit(identity.repository()).netloc
PATH = urlsplit(identity.repository()).path.removesuffix(".git")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_pages_have_the_address_of_pyproject_toml(path: Path) -> None:
    """Every mention of the host is the repository; no page leaves its owner to the reader."""
    text = path.read_text(encoding="utf-8")

    assert [] == re.findall(rf"{re.escape(HOST)}(?!{re.escape(PATH)}\b)\S*", text)
    assert [] == re.findall(r"\S*OWNER/wheelwright\S*", text)


def test_code_reads_the_address() -> None:
    """No source, template or workflow has the host: all read it from the metadata."""
    found = [path for path in SOURCES if HOST.encode() in path.read_bytes()]

    assert [] == found
