"""What is a heading: the two parsers decide, and their lines are those of the file."""

import pytest

from wheelwright.release.decide.changelog.document import Markup
from wheelwright.release.decide.changelog.reading import LARGEST, markup_of, read


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("CHANGELOG.md", "1.0\n===\n", Markup.MARKDOWN),
        ("CHANGES.rst", "# 1.0\n", Markup.RST),
        ("CHANGES.txt", "## 1.0\n", Markup.MARKDOWN),
        ("CHANGES.txt", "1.0\n===\n", Markup.RST),
        ("NEWS", "1.0\n---\n", Markup.RST),
        ("docs/History.Markdown", "", Markup.MARKDOWN),
    ],
)
def test_markup_is_known_by_the_name_or_by_headings(path: str, text: str, expected: Markup) -> None:
    """Only a name without a telling ending leaves it to the text."""
    assert expected is markup_of(path, text)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.md", "---\ntitle: x\n---\n# A\n", [("A", 3)]),
        ("a.md", "<!--\n# A\n-->\n# B\n", [("B", 3)]),
        ("a.md", "> # A\n\n- # B\n\n# C\n", [("C", 4)]),
        ("a.md", "    # A\n\n# B\n", [("B", 2)]),
        ("a.md", "```\n# A\n", []),
        ("a.md", "A\n=\n\nB\nC\n---\n", [("A", 0), ("B C", 3)]),
        ("a.md", "# A\r\n\r\n## B\r\n", [("A", 0), ("B", 2)]),
        ("a.md", "x\x0by\u2028z\n# A\n", [("A", 1)]),
        ("a.rst", "A\n=\n\n::\n\n  B\n  =\n\nC\n-\n", [("A", 0), ("C", 8)]),
        ("a.rst", "===\n A\n===\n\n.. note::\n\n   B\n   =\n\nC\n-\n", [("A", 0), ("C", 9)]),
        ("a.rst", "A\n=\n\n.. B\n   -\n\nC\n=\n", [("A", 0), ("C", 6)]),
        ("a.rst", "A\n=\n\nx\n\n----\n\ny\n", [("A", 0)]),
        ("a.rst", "", []),
    ],
)
def test_headings_are_those_of_the_markup(
    path: str, text: str, expected: list[tuple[str, int]]
) -> None:
    """Fences, comments, lists, literal blocks and front matter have none."""
    assert expected == [(each.title, each.start) for each in read(path, text).headings]


@pytest.mark.parametrize("path", ["a.md", "a.rst"])
def test_large_file_is_parsed_in_part(path: str) -> None:
    """What waits is at the top; the rest of a large file stays as it is."""
    text = (
        "1.2\n===\n\n"
        + "- An entry, as long as entries are in the changelogs of many projects\n" * 10_000
        + "\n1.1\n===\n"
    )
    document = read(path, text)
    assert len(text) > LARGEST
    assert ["1.2"] == [each.title for each in document.headings]
    assert text == document.replaced([])


@pytest.mark.parametrize("line", ["<!--" * 50_000, "- " * 5_000, "> " * 5_000, "[" * 50_000])
@pytest.mark.parametrize("path", ["a.md", "a.rst"])
@pytest.mark.timeout(20)
def test_any_text_is_read_in_a_bounded_time(path: str, line: str) -> None:
    """A text that is made to be slow is not."""
    assert read(path, f"# A\n\n{line}\n").lines[2] == line
