"""The files of two commits of one parent, side by side."""

from __future__ import annotations

from wheelwright.release.decide.replay.comparing import Compared, Verdict, compared


def test_each_file_has_its_verdict() -> None:
    """Same, different, only in one of both; a file that neither changes is not listed."""
    found = compared(
        {
            "same": ("a", "b"),
            "removed by both": ("a", None),
            "differs": ("a", "b"),
            "theirs": ("a", "b"),
            "theirs, new": (None, "b"),
        },
        {"same": "b", "removed by both": None, "differs": "c", "ours": "b", "kept": "a"},
        {"ours": "a", "kept": "a"},
    )
    assert {
        "same": Verdict.SAME,
        "removed by both": Verdict.SAME,
        "differs": Verdict.DIFFERS,
        "theirs": Verdict.ONLY_THEIRS,
        "theirs, new": Verdict.ONLY_THEIRS,
        "ours": Verdict.ONLY_OURS,
    } == {each.path: each.verdict for each in found}


def test_a_difference_is_a_patch_from_theirs_to_ours() -> None:
    """Three lines of context are left, and of many lines the first."""
    theirs = "".join(f"{number}\n" for number in range(20))
    file = Compared("a", theirs, theirs, theirs.replace("10\n", "ten\n"))

    whole = ["--- theirs", "+++ ours", "-10", "+ten", " 11", " 12", " 13"]
    assert whole == file.diff()
    assert ["--- theirs", "+++ ours", "-10", "... 4 more lines"] == file.diff(3)
    assert [] == Compared("a", "x", "y", "y").diff()


def test_ends_of_lines_are_a_difference() -> None:
    """Texts of the same lines with other ends differ, and the patch names that."""
    file = Compared("a", "old\r\n", "new\r\n", "new\n")
    assert (Verdict.DIFFERS, ["only the ends of lines differ"]) == (file.verdict, file.diff())


def test_large_files_are_compared_in_time() -> None:
    """Two files without a common line are compared as far as a reader looks."""
    one = "".join(f"a{number}\n" for number in range(200_000))
    file = Compared("a", None, one, one.replace("a", "b"))
    assert 2_001 == len(file.diff())
