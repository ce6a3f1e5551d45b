"""Changesets merged and made into patches, by git: over the wire."""

from __future__ import annotations

import dagger
import pytest
from dagger import ChangesetMergeConflict as OnConflict
from wire_bench import Session, fails

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES = "".join(f"{number}\n" for number in range(20))


def base(one: Session) -> dagger.Directory:
    """Return what all changesets here start from."""
    return one.dag.directory().with_new_file("lines", LINES).with_new_file("gone", "gone\n")


async def test_edits_of_one_file_at_two_places_are_merged(one: Session) -> None:
    """Changes to different lines of a file do not conflict; FAIL_EARLY looks at files only."""
    top = base(one).with_new_file("lines", "top\n" + LINES).changes(base(one))
    end = base(one).with_new_file("lines", LINES + "end\n").changes(base(one))

    assert (
        "top\n" + LINES + "end\n" == await top.with_changeset(end).after().file("lines").contents()
    )
    early = top.with_changeset(end, on_conflict=OnConflict.FAIL_EARLY)
    assert "conflict at lines" in await fails(early.is_empty())


@pytest.mark.parametrize(
    ("on_conflict", "left"),
    [
        (OnConflict.PREFER_OURS, "ours\n"),
        (OnConflict.PREFER_THEIRS, None),
        (OnConflict.LEAVE_CONFLICT_MARKERS, "ours\n"),
    ],
)
async def test_a_file_changed_here_and_removed_there(
    one: Session, on_conflict: OnConflict, left: str | None
) -> None:
    """What is preferred decides; where markers are to be left, the changed file stays."""
    ours = base(one).with_new_file("gone", "ours\n").changes(base(one))
    theirs = base(one).without_file("gone").changes(base(one))
    after = ours.with_changeset(theirs, on_conflict=on_conflict).after()

    assert (["lines"] if left is None else ["gone", "lines"]) == await after.entries()
    if left is not None:
        assert left == await after.file("gone").contents()
    assert "conflict at gone" in await fails(ours.with_changeset(theirs).is_empty())


async def test_many_changesets_are_merged(one: Session) -> None:
    """Several changesets are merged at once; two that add the same file conflict."""
    start = base(one)
    added = [start.with_new_file(name, name).changes(start) for name in ("a", "b", "c")]

    made = added[0].with_changesets(added[1:])
    assert ["a", "b", "c"] == await made.added_paths()
    other = start.with_new_file("c", "another").changes(start)
    assert "conflict" in await fails(made.with_changesets([other, *added[:1]]).is_empty())


async def test_a_patch_leads_from_before_to_after(one: Session) -> None:
    """The patch of a changeset, applied to where it starts, gives where it ends."""
    after = (
        base(one)
        .with_new_file("new/x", "x", permissions=0o755)
        .without_file("gone")
        .with_new_file("lines", LINES.replace("7", "seven"))
    )
    patch = after.changes(base(one)).as_patch()
    made = base(one).with_patch_file(patch)

    assert "diff.patch" == await patch.name()
    assert await after.changes(made).is_empty()
    assert await made.changes(after).is_empty()


async def test_a_patch_cannot_leave_its_directory(one: Session) -> None:
    """A patch that names a file above the directory, or beyond a link, is refused."""
    hunk = "@@ -0,0 +1 @@\n+x\n"
    above = f"--- /dev/null\n+++ b/../../above\n{hunk}"
    beyond = f"--- /dev/null\n+++ b/link/x\n{hunk}"
    linked = base(one).with_symlink("/etc", "link")

    assert "does not apply" in await fails(base(one).with_patch(above).sync())
    assert "does not apply" in await fails(linked.with_patch(beyond).sync())


async def test_a_repository_in_a_tree_is_not_opened(one: Session) -> None:
    """The configuration of a tree's own repository does not count, and stays as it is."""
    config = '[core]\n\tfsmonitor = /bin/false\n[filter "x"]\n\tsmudge = false\n'
    tree = base(one).with_new_file(".git/config", config).with_new_file(".gitattributes", "* x\n")
    made = tree.with_patch("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+new\n")

    assert "new\n" == await made.file("n").contents()
    assert config == await made.file(".git/config").contents()


async def test_a_renamed_file_is_one_change(one: Session) -> None:
    """Statistics show what git takes for a rename, with the lines that differ."""
    after = base(one).without_file("lines").with_new_file("d/moved", LINES + "more\n")
    stats = await after.changes(base(one)).diff_stats()
    moved = stats[1]

    assert ["d/", "d/moved"] == [await each.path() for each in stats]
    assert ("lines", 1, 0) == (
        await moved.old_path(),
        await moved.added_lines(),
        await moved.removed_lines(),
    )
