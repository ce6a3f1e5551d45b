"""Searches in directories and files, over the wire."""

from __future__ import annotations

import dagger
import pytest
from wire_bench import Session, fails

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.network]


def tree(one: Session) -> dagger.Directory:
    """Return a directory in which `foo` is found at several places."""
    return (
        one.dag.directory()
        .with_new_file("a.txt", "one\ntwo Foo bar foo\n")
        .with_new_file("sub/b.txt", "foo\nfoo")
        .with_symlink("sub", "link")
    )


async def lines(found: list[dagger.SearchResult]) -> list[tuple[str, int]]:
    """Return the file and the line of each result."""
    return [(await each.file_path(), await each.line_number()) for each in found]


async def test_results_are_in_the_order_of_paths(one: Session) -> None:
    """Each line that matches is a result; links are not followed, unless one is named."""
    assert [("a.txt", 2), ("sub/b.txt", 1), ("sub/b.txt", 2)] == await lines(
        await tree(one).search("foo")
    )
    assert [("sub/b.txt", 1), ("sub/b.txt", 2)] == await lines(
        await tree(one).search("foo", paths=["/link"])
    )
    assert [("a.txt", 2), ("sub/b.txt", 1)] == await lines(await tree(one).search("foo", limit=2))


async def test_a_match_has_its_place(one: Session) -> None:
    """Positions count bytes, from the start of the file and of the line."""
    found = await one.dag.file("f", "é\né foo\n").search("FOO", insensitive=True)
    part = (await found[0].submatches())[0]

    assert ("f", 2, 3, "é foo\n") == (
        await found[0].file_path(),
        await found[0].line_number(),
        await found[0].absolute_offset(),
        await found[0].matched_lines(),
    )
    assert ("foo", 3, 6) == (await part.text(), await part.start(), await part.end())


async def test_a_search_stays_in_its_directory(one: Session) -> None:
    """Paths above the directory, absent ones and what is no expression are refused."""
    assert "leaves the directory" in await fails(tree(one).search("foo", paths=["../x"]))
    assert "search failed" in await fails(tree(one).search("foo", paths=["absent"]))
    assert "search failed" in await fails(tree(one).search("("))
    assert "search failed" in await fails(tree(one).search("foo", globs=["[a"]))
