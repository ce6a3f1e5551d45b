"""The site of docs/: strict, complete, the same as the pages, and from one host."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.unit.repository.site import (
    BLOCKS,
    DOCS,
    Built,
    build,
    configuration,
    copied,
    dead,
    elsewhere,
    listed,
    pages,
    read,
)

MARKDOWN = MarkdownIt("commonmark").enable("table")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build docs/ as it is."""
    docs = copied(tmp_path_factory.mktemp("built") / "docs")
    done = build(docs)
    assert (0, "No issues found") == (done.returncode, done.stderr.strip())
    return docs / "site"


def test_ci_builds_the_site() -> None:
    """`.ci/run` has the command of CONTRIBUTING.md, which is strict."""
    command = "zensical build --strict --config-file docs/zensical.toml"
    contributing = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert f"$ uv run {command}\n" in contributing
    assert f"\nuv run --locked {command}\n" in (DOCS.parent / ".ci/run").read_text(encoding="utf-8")


def test_navigation_has_every_page_once() -> None:
    """A page that nobody listed is not in the site's menu."""
    assert pages() == sorted(map(Path, listed(configuration()["nav"])))


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    """Fonts, scripts, styles and images are files of the site."""
    assert [] == elsewhere(site)


def test_every_address_leads_somewhere(site: Path) -> None:
    """Links, anchors, images, styles and scripts of the written pages exist."""
    assert [] == dead(site)


@pytest.mark.parametrize("page", pages(), ids=str)
def test_site_has_what_the_page_has(site: Path, page: Path) -> None:
    """As many headings, lists, tables and blocks of code as CommonMark has, which GitHub shows."""
    built = site / page.parent / ("index.html" if page.stem == "README" else f"{page.stem}.html")
    written = MARKDOWN.render((DOCS / page).read_text(encoding="utf-8"))
    expected = Built(f"<article>{written}</article>").blocks

    assert BLOCKS & expected.keys()
    assert expected == Counter(read(built).blocks)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[page](nowhere.md)", "page does not exist"),
        ("[anchor](ci.md#nowhere)", "anchor does not exist"),
        ("[own anchor](#nowhere)", "anchor does not exist"),
        ("[outside](../README.md)", "page does not exist"),
        ("[named][nowhere]\n\n[nowhere]: nowhere.md", "page does not exist"),
    ],
)
def test_dead_link_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    """The build names what leads nowhere, and fails."""
    docs = copied(tmp_path / "docs")
    with (docs / "security.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{text}\n")
    done = build(docs)

    assert 1 == done.returncode
    assert complaint in done.stderr
    assert "security.md" in done.stderr


@pytest.mark.parametrize(
    ("html", "of_another_host", "missing"),
    [
        ('<img src="drawn.svg">', [], ["a.html: drawn.svg"]),
        ('<img src="https://example.org/a.svg">', ["a.html: https://example.org/a.svg"], []),
        ('<script src="//example.org/a.js">', ["a.html: //example.org/a.js"], []),
        ('<p style="background: url(http://h/a)">', ["a.html: http://h/a"], []),
        ('<a href="https://example.org/">', [], []),
        ('<a href="a.html#here"><p id="here">', [], []),
        ('<a href="a.html#there">', [], ["a.html: a.html#there"]),
    ],
)
def test_what_the_rules_find(
    tmp_path: Path, html: str, of_another_host: list[str], missing: list[str]
) -> None:
    """An image that is not there is found, and whatever a browser would load from elsewhere."""
    (tmp_path / "a.html").write_text(html, encoding="utf-8")

    assert of_another_host == elsewhere(tmp_path)
    assert missing == dead(tmp_path)
