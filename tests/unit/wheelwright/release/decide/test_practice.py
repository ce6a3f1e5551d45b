"""How the next release is made, read from the last one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.project.release_settings import ReleaseSettings
from wheelwright.release.decide import practice as practices
from wheelwright.release.decide import tags
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.practice import Practice, usable_branch, usable_line
from wheelwright.release.decide.tags import Form

TAGS = ("v1.2.2", "v1.2.3")


def last(
    message: str = "x", merge: str = "", *, tag: str = "v1.2.3", annotated: bool = False
) -> LastRelease:
    """Return a last release with a message."""
    return LastRelease("1.2.3", "1.2.2", tag, "c" * 40, "p" * 40, message, annotated, merge=merge)


def of(
    release: LastRelease | None,
    settings: ReleaseSettings | None = None,
    heads: tuple[str, ...] = (),
    released_name: str = "",
    names: tuple[str, ...] = TAGS,
) -> Practice:
    """Return the practice of teasel."""
    refs = {f"refs/tags/{name}": name for name in names}
    found = tags.read(refs, "teasel", member=False)
    return practices.practice(
        "teasel", found, release, settings or ReleaseSettings(), heads, released_name
    )


def title(found: Practice) -> str:
    """Return the title of 1.2.4."""
    return found.line(found.title, "teasel", "1.2.4", "2026-01-31")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("chore(release): 1.2.3", "chore(release): 1.2.4"),
        ("Release 1.2.3", "Release 1.2.4"),
        ("Release v1.2.3 (#12)", "Release v1.2.4"),
        ("Release teasel 1.2.3", "Release teasel 1.2.4"),
        ("Bump version: 1.2.2 → 1.2.3", "Bump version: 1.2.3 → 1.2.4"),
        ("Bump version from 1.2.2 to 1.2.3", "Bump version from 1.2.3 to 1.2.4"),
        ("1.2.3", "1.2.4"),
        ("v1.2.3", "v1.2.4"),
        ("🔖 Release 1.2.3", "🔖 Release 1.2.4"),
        (":bookmark: 1.2.3", ":bookmark: 1.2.4"),
        ("Release 1.2.3 (2025-12-24)", "Release 1.2.4 (2026-01-31)"),
        ("chore(release): 1.2.3 [skip ci]", "chore(release): 1.2.4"),
        ("Merge pull request #7 from o/release/1.2.3\n\nPrepare 1.2.3", "Prepare 1.2.4"),
        ("patch: release 1.2.3", "patch: release 1.2.4"),
        ("Bump version number to 1.2.3", "Bump version number to 1.2.4"),
        ("Bump version: v1.2.2 → v1.2.3", "Bump version: v1.2.3 → v1.2.4"),
        ("chore(main): release 1.2.3", "chore(main): release 1.2.4"),
        ("Release 1.2.3 #45", "Release 1.2.4"),
        ("Release 1.2.3 [#45]", "Release 1.2.4"),
        ("Bump for release", "Bump for release"),
        ("Prepare release", "Prepare release"),
    ],
)
def test_style_of_commits_title_is_that_of_the_last_release(message: str, expected: str) -> None:
    """The version and the number of the pull request are replaced, the rest is kept."""
    assert expected == title(of(last(message)))


@pytest.mark.parametrize(
    ("message", "names", "version", "new", "expected"),
    [
        ("Release 2026.01.05", ("2026.01.05",), "2026.1.5", "2026.2.1", "Release 2026.02.01"),
        ("Release 2026.1.5", ("2026.01.05",), "2026.1.5", "2026.2.1", "Release 2026.2.1"),
        (
            *("Bump 2026.01.04 -> 2026.01.05", ("2026.01.04", "2026.01.05")),
            *("2026.1.5", "2026.2.1", "Bump 2026.01.05 -> 2026.02.01"),
        ),
        ("v1.3.0-rc.1", ("v1.3.0-rc.1",), "1.3.0rc1", "1.3.0rc2", "v1.3.0-rc.2"),
        ("v1.3.0-rc.1", ("v1.3.0-rc.1",), "1.3.0rc1", "1.3.0", "v1.3.0"),
        ("Release 1.3.0rc1", ("v1.3.0-rc.1",), "1.3.0rc1", "1.3.0rc2", "Release 1.3.0rc2"),
        ("Release 1.2.3-final", ("1.2.3-final",), "1.2.3", "1.2.4", "Release 1.2.4-final"),
        ("Release 1.2.3.post1", ("1.2.3", "1.2.3.post1"), "1.2.3.post1", "1.2.4", "Release 1.2.4"),
    ],
)
def test_style_of_commits_version_is_spelled_as_before(
    message: str, names: tuple[str, ...], version: str, new: str, expected: str
) -> None:
    """A title with the version as the tag spells it has the next one in the same way."""
    found = tags.read({f"refs/tags/{name}": name for name in names}, "teasel", member=False)
    before = found.before(version)
    release = LastRelease(
        version, str(before.version) if before else "", names[-1], "c", "p", message, False
    )
    made = practices.practice("teasel", found, release, ReleaseSettings())
    assert expected == made.line(made.title, "teasel", new, "2026-01-31")


@pytest.mark.parametrize(
    ("head", "merge", "expected"),
    [
        ("bump-1.2.2-to-1.2.3", "", "release/v1.2.4"),
        ("release-1.2.3-2", "", "release/v1.2.4"),
        ("release/456-bump-1.2.3", "", "release/v1.2.4"),
        ("release-1.2.3", "", "release-1.2.4"),
        ("", "Merge remote-tracking branch 'origin/release-1.2.3'", "release-1.2.4"),
        ("", "Merge remote-tracking branch 'fork/release/1.2.3' into main", "release/1.2.4"),
    ],
)
def test_branch_has_no_number_but_the_version(head: str, merge: str, expected: str) -> None:
    """What was numbered for the last release alone is not repeated; a remote's name is left out."""
    found = of(last("x", merge), heads=(head,) if head else ())
    assert expected == found.branch.name("1.2.4")


@pytest.mark.parametrize(
    "message",
    [
        "Fix the parser (#12)",
        "Update release notes",
        "minor: release 1.2.3",
        "Release 1.2.3: the big refactoring",
        "Release 1.2.3 for Python 3.14",
        "Release 1.2.30",
        "Release 1.2.3 and 1.2.3",
        "Release {version} 1.2.3",
        "Release 1.2.3 \u202e",
        "Release 1.2.3 " + "!" * 200,
        "Merge pull request #7 from o/topic",
        "",
    ],
)
def test_title_of_one_release_alone_is_not_used(message: str) -> None:
    """What no other release would be called is not repeated: the usual title remains."""
    assert "" == title(of(last(message)))


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.4", "patch: release 1.2.4"),
        ("1.3.0", "minor: release 1.3.0"),
        ("2.0", "major: release 2.0"),
    ],
)
def test_kind_of_release_in_a_title_is_that_of_the_next(version: str, expected: str) -> None:
    """A title that names the part of the version that grew names the one that grows now."""
    found = of(last("patch: release 1.2.3"))
    assert expected == found.line(found.title, "teasel", version, "")


def test_style_of_commits_sign_off_and_annotated_tag() -> None:
    """A sign-off and a tag with a message are kept."""
    signed = last("chore(release): 1.2.3\n\nSigned-off-by: A <a@example.org>", annotated=True)
    assert (True, True) == (of(signed).sign_off, of(signed).annotated)
    assert (False, False) == (of(last()).sign_off, of(last()).annotated)


@pytest.mark.parametrize(
    ("heads", "message", "merge", "expected"),
    [
        (("prepare-1.2.3",), "x", "", "prepare-1.2.4"),
        ((), "x", "Merge pull request #7 from o/rel/1.2.3\n\nx", "rel/1.2.4"),
        ((), "Merge branch 'release-1.2.3'", "", "release-1.2.4"),
        ((), "Merge branch 'release/v1.2.3' into main", "", "release/v1.2.4"),
        ((), "Merged in bump-1.2.3 (pull request #3)", "", "bump-1.2.4"),
        (("topic", "release/teasel-1.2.3"), "x", "", "release/teasel-1.2.4"),
        (("fix-1.2.3",), "x", "", "release/v1.2.4"),
        (("deploy/1.2.3",), "x", "", "release/v1.2.4"),
        (("v1.2.3",), "x", "", "release/v1.2.4"),
        (("release-1.2.30",), "x", "", "release/v1.2.4"),
        (("release..1.2.3",), "x", "", "release/v1.2.4"),
        (("release-main",), "x", "", "release/v1.2.4"),
    ],
)
def test_branch_is_that_of_the_last_release(
    heads: tuple[str, ...], message: str, merge: str, expected: str
) -> None:
    """A branch that says that it is a release's gives the form; any other one does not."""
    assert expected == of(last(message, merge), heads=heads).branch.name("1.2.4")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("v1.2.3", "v1.2.4"), ("teasel 1.2.3", "teasel 1.2.4"), ("1.2.3: Codename", ""), ("", "")],
)
def test_name_of_the_github_release(name: str, expected: str) -> None:
    """The last release's name gives the form, unless it has a name of its own."""
    found = of(last(), released_name=name)
    assert expected == found.line(found.release_name, "teasel", "1.2.4", "")


@pytest.mark.parametrize(
    ("tag", "shown", "expected"),
    [
        ("v1.2.3", "Version 1.2.3", "Version 1.2.4"),
        ("v1.2.3", "1.2.3: Codename", ""),
        ("v9.9", "v9.9", ""),
    ],
)
def test_name_of_the_github_release_without_a_history(tag: str, shown: str, expected: str) -> None:
    """A job that has only tags and GitHub reads the name in the same way."""
    found = tags.read({f"refs/tags/{name}": name for name in TAGS}, "teasel", member=False)
    assert expected == practices.release_name("teasel", "1.2.4", found, tag, shown, "")


def test_settings_come_first() -> None:
    """What is set replaces what is read, and the notes say so."""
    settings = ReleaseSettings(
        branch="next/{tag}", title="{name} {version} is out", release_name="{name} {tag}"
    )
    found = of(last("Release 1.2.3"), settings, ("prepare-1.2.3",), "v1.2.3")
    assert (
        "tag v1.2.4, as in v1.2.3",
        "branch next/v1.2.4, by [tool.wheelwright.release] branch",
        'title "teasel 1.2.4 is out", by [tool.wheelwright.release] title',
        'GitHub release "teasel v1.2.4", by [tool.wheelwright.release] release-name',
    ) == found.notes("teasel", "1.2.4", "")


def test_notes_name_the_release_that_was_read() -> None:
    """Each choice is shown with the version that it is taken from."""
    signed = last("Release 1.2.3\n\nSigned-off-by: A <a@example.org>")
    assert (
        "tag v1.2.4, as in v1.2.3",
        "branch rel-1.2.4, as in 1.2.3",
        'title "Release 1.2.4", signed off, as in 1.2.3',
    ) == of(signed, heads=("rel-1.2.3",)).notes("teasel", "1.2.4", "")


def test_first_release_has_the_usual_names() -> None:
    """Without a release before it there is nothing to read, and nothing to note."""
    found = of(None, names=())
    assert ("v0.1", "release/v0.1", ()) == (
        found.tag.name("0.1"),
        found.branch.name("0.1"),
        found.notes("teasel", "0.1", ""),
    )


def test_branch_follows_the_form_of_the_tag() -> None:
    """The usual branch has the tag in its name."""
    assert "release/teasel==1.2.4" == of(None, names=("teasel==1.2.3",)).branch.name("1.2.4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Release 1.2.4", True),
        ("Release", False),
        ("Release 1.2.4 [ci skip]", False),
        ("Release 1.2.4\n", False),
        (" 1.2.4", False),
        ("1.2.4" + "x" * 200, False),
    ],
)
def test_usable_lines(text: str, expected: bool) -> None:
    """A title is one line with its version, which keeps no workflow from starting."""
    assert expected == usable_line(text, "1.2.4")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form("release/"), True),
        (Form("", "-release"), True),
        (Form("chore/bump-"), True),
        (Form("v"), True),
        (Form("deploy/"), False),
        (Form("previous-"), False),
        (Form("-release-"), False),
        (Form("release/", "~1"), False),
    ],
)
def test_usable_branches(form: Form, expected: bool) -> None:
    """A branch names what it is for, and is a name that git accepts."""
    assert expected == usable_branch(form)


ANYTHING = st.text(max_size=40)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_text_of_anyone_makes_a_usable_release(before: str, after: str, name: str) -> None:
    """Whatever messages, branches and names are, what comes out is one line, or a safe name."""
    release = last(f"{before}1.2.3{after}", f"Merge branch '{name}'")
    found = of(release, heads=(f"{before}1.2.3{after}",), released_name=f"{name}1.2.3")
    assert usable_branch(found.branch)
    for template in (found.title, found.release_name):
        line = found.line(template, "teasel", "1.2.4", "2026-01-31")
        assert not line or usable_line(line, "1.2.4")
    assert all(note.isprintable() for note in found.notes("teasel", "1.2.4", "2026-01-31"))
