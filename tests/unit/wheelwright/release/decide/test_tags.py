"""Which tags are versions of a package, and what form the next one has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.release.decide import tags
from wheelwright.release.decide.tags import Form, Tags


def read(*names: str, package: str = "teasel", **given: str | bool) -> Tags:
    """Read tags whose commits are named after them."""
    refs = {f"refs/tags/{name}": f"commit of {name}" for name in names}
    member = bool(given.pop("member", False))
    current, setting = (str(given.pop(key, "")) for key in ("current", "setting"))
    assert not given
    refs |= {"refs/heads/main": "m"}
    return tags.read(refs, package, member=member, current=current, setting=setting)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("v1.2.3", "v1.2.4"),
        ("1.2.3", "1.2.4"),
        ("teasel-1.2.3", "teasel-1.2.4"),
        ("teasel-v1.2.3", "teasel-v1.2.4"),
        ("teasel==1.2.3", "teasel==1.2.4"),
        ("teasel@1.2.3", "teasel@1.2.4"),
        ("release-1.2.3", "release-1.2.4"),
        ("teasel/v1.2.3", "teasel/v1.2.4"),
        ("Teasel-1.2.3", "Teasel-1.2.4"),
        ("release/1.2.3", "release/1.2.4"),
        ("rel-1.2.3", "rel-1.2.4"),
        ("V1.2.3", "V1.2.4"),
        ("v.1.2.3", "v.1.2.4"),
        ("1.2.3-release", "1.2.4-release"),
        ("version-1.2.3", "version-1.2.4"),
    ],
)
def test_tags_form_is_that_of_the_newest_version(last: str, expected: str) -> None:
    """The next tag has the form of the last, and the note names that tag."""
    found = read(last)
    assert {"1.2.3": f"commit of {last}"} == found.commits
    assert expected == found.form.name("1.2.4")
    assert (f"tag {expected}, as in {last}",) == found.notes("1.2.4")


@pytest.mark.parametrize("spelled", ["my_py3-tool", "my.py3.tool", "My-Py3-Tool", "my-py3-tool"])
def test_name_in_a_tag_may_be_spelled_in_any_way(spelled: str) -> None:
    """Names that an index takes for the same are the same here, digits in them or not."""
    found = read(f"{spelled}-1.2.3", package="my-py3-tool")
    assert f"{spelled}-1.2.4" == found.form.name("1.2.4")


def test_tags_bare_are_versions() -> None:
    """A version in tags without v is the newest version."""
    newest = read("2.4.0", "2.3.9", "2.4.0rc1").newest
    assert newest is not None
    assert "2.4.0" == str(newest.version)


def test_tags_mixed_newest_version_decides() -> None:
    """Older forms count as released; a moving tag, a baseline and other packages do not."""
    found = read("v0.9.0", "1.2.3", "v1", "baseline-2025", "other-3.0.0", "teasel-core-4.0")
    assert {"0.9.0", "1.2.3"} == set(found.commits)
    assert (
        "tag 1.2.4, as in 1.2.3: the form of the newest version decides, and v0.9.0 has another",
    ) == found.notes("1.2.4")


def test_note_of_a_release_that_has_its_tag_already() -> None:
    """The tag that is named is the one before, whenever the same command runs."""
    assert ("tag v1.2.4, as in v1.2.3",) == read("v1.2.3", "v1.2.4").notes("1.2.4")


def test_form_used_more_often_is_preferred_for_one_version() -> None:
    """Two tags of the newest version: the form of the others decides."""
    assert "1.2.4" == read("v1.2.3", "1.2.3", "1.2.2", "1.2.1").form.name("1.2.4")
    assert "v1.2.4" == read("1.2.3", "v1.2.3", "v1.2.2").form.name("1.2.4")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("v1", "v2", "v3"), {"1", "2", "3"}),
        (("v2.0.0rc1", "v1.9.0", "v2"), {"1.9.0", "2.0.0rc1"}),
        (("v1.9.0", "v2"), {"1.9.0", "2"}),
        (("v1.9.0", "2025"), {"1.9.0"}),
        (("2025.1", "2025.2", "2026.1"), {"2025.1", "2025.2", "2026.1"}),
        (("v1.2.3", "v1.2"), {"1.2", "1.2.3"}),
        (("1!1.0", "2025.1"), {"1!1.0", "2025.1"}),
    ],
)
def test_single_number_counts_where_it_can_be_the_next_version(
    names: tuple[str, ...], expected: set[str]
) -> None:
    """A tag that moves with its major version is not a version, and a year is not one."""
    assert expected == set(read(*names).commits)


@pytest.mark.parametrize(
    "name",
    [
        "nightly",
        "v",
        "v1.2.x",
        "debian/1.2-1",
        "v1.2.3+local",
        "docs-1.2.3",
        "v\u0661.2",
        "v1.2.3-dirty",
    ],
)
def test_other_tags_are_not_versions(name: str) -> None:
    """What no index takes as a version of the package is left out; the default form remains."""
    found = read(name)
    assert ({}, "v0.1") == (found.commits, found.form.name("0.1"))


def test_tags_that_are_not_read_are_noted() -> None:
    """A repository whose tags are all of another kind is not silently taken for a new one."""
    assert (
        "tag v0.0.1: rel_2_0_1 is not read as a version of the package; "
        "if it is one, set tag in [tool.wheelwright.release]",
    ) == read("rel_2_0_1", "rel_2_0_0", "nightly").notes("0.0.1")
    assert () == read("nightly", "baseline-2025").notes("0.0.1")
    assert () == read("rel_2_0_1", "v1.0").notes("1.1")[1:]


@pytest.mark.parametrize("tag", ["core-v1.2.3", "core/1.2.3", "packages/teasel-core/v1.2.3"])
def test_tags_of_a_member_s_directory_are_noted(tag: str) -> None:
    """A member that is tagged under another name is not silently taken for a new one."""
    found = read(tag, "web-v2.0.0", package="teasel-core", member=True)
    assert (f"tag teasel-core-v0.0.1: {found.unread_note}",) == found.notes("0.0.1")
    assert found.unread_note.startswith(f"{tag} is not read as a version of the package")
    assert "" == read("web-v2.0.0", "re-1.0", package="teasel-core", member=True).unread_note


@pytest.mark.parametrize(
    ("names", "version", "expected"),
    [
        (("v1.3.0-rc.1", "v1.2.0"), "1.3.0rc2", "v1.3.0-rc.2"),
        (("v1.3.0-rc.1", "v1.2.0"), "1.3.0", "v1.3.0"),
        (("v1.3.0-beta1", "v1.3.0-beta2"), "1.3.0b3", "v1.3.0-beta3"),
        (("v1.3.0-beta.1",), "1.3.0rc1", "v1.3.0-rc.1"),
        (("v1.3.0-beta.1", "v1.2.0-RC1"), "1.3.0rc1", "v1.3.0-RC1"),
        (("v1.3.0-rc1",), "1.4.0a1", "v1.4.0-alpha1"),
        (("1.3.0.rc1",), "1.3.0rc2", "1.3.0.rc2"),
        (("1.3.0RC1",), "1.3.0rc2", "1.3.0RC2"),
        (("v1.3.0-alpha",), "1.3.0a1", "v1.3.0-alpha1"),
        (("v1.3a1",), "1.3b1", "v1.3b1"),
        (("v1.3.0.dev1",), "1.3.0.dev2", "v1.3.0.dev2"),
        (("v1.3.0-dev1",), "1.3.0.dev2", "v1.3.0-dev2"),
        (("v1.2.3-post1",), "1.2.3.post2", "v1.2.3-post2"),
        (("2026.01.05-rc1",), "2026.2.1rc2", "2026.02.01-rc2"),
        (("1!1.3.0-rc.1",), "1!1.3.0rc2", "1!1.3.0-rc.2"),
    ],
)
def test_tags_form_of_a_pre_release_is_that_of_the_last(
    names: tuple[str, ...], version: str, expected: str
) -> None:
    """What stands in front of a pre-release's number is kept, and the tag is that version again."""
    found = read(*names)
    assert expected == found.form.name(version)
    assert version == found.form.version(expected)


def test_member_has_tags_of_its_own() -> None:
    """Where tags bear the member's name, those without a name are the workspace's."""
    found = read(
        "teasel-core-v1.0.0", "v9.0.0", "teasel-web-v3.0.0", package="teasel-core", member=True
    )
    assert {"1.0.0"} == set(found.commits)
    assert "teasel-core-v1.0.1" == found.form.name("1.0.1")
    assert not found.shared


def test_member_without_tags_begins_with_its_name() -> None:
    """The first tag of a member bears its name, as it always did."""
    assert "teasel-core-v0.1" == read(package="teasel-core", member=True).form.name("0.1")


def test_tags_lockstep_stand_for_all_members() -> None:
    """A member without tags of its own is released with the workspace's, and the note says so."""
    found = read("3.1.0", "3.0.0", package="teasel-core", member=True)
    assert ("tag 3.1.1, as in 3.1.0", "the tag 3.1.1 stands for all members of the workspace") == (
        found.notes("3.1.1")
    )


def test_member_with_another_version_is_not_in_lockstep() -> None:
    """A member whose own version is none of the tags' has releases of its own."""
    apart = read("v3.1.0", package="teasel-core", member=True, current="0.1.0")
    assert ({}, "teasel-core-v0.1.1") == (apart.commits, apart.form.name("0.1.1"))
    assert read("v3.1.0", package="teasel-core", member=True, current="3.1.0").shared


def test_setting_decides_the_form_and_older_tags_still_count() -> None:
    """`tag` in [tool.wheelwright.release] replaces the form, and nothing is released twice."""
    found = read("v1.2.3", "build/1.3.0", setting="build/{version}")
    assert {"1.2.3", "1.3.0"} == set(found.commits)
    assert ("tag build/1.3.1, by [tool.wheelwright.release] tag",) == found.notes("1.3.1")
    assert "teasel-1.3.1" == read("v1.2.3", setting="{name}-{version}").form.name("1.3.1")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form("v"), "v*"),
        (Form(""), "[0-9]*"),
        (Form("teasel=="), "teasel==[0-9]*"),
        (Form("c++-"), r"c\+\+-[0-9]*"),
        (Form("", "-release"), "[0-9]*-release"),
    ],
)
def test_pattern_of_a_form(form: Form, expected: str) -> None:
    """GitHub's filters get the form with a digit where the version begins."""
    assert expected == form.pattern


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form("v"), True),
        (Form(""), True),
        (Form("Teasel@v"), True),
        (Form("release/"), True),
        (Form("", "-final"), True),
        (Form("deploy-"), False),
        (Form("teasel-core-"), False),
        (Form("v", "; rm"), False),
        (Form("-"), False),
        (Form("v", ".lock"), False),
    ],
)
def test_known_forms_name_nothing_but_the_package(form: Form, expected: bool) -> None:
    """A form from elsewhere is taken if it says that a tag is a version, and no more."""
    assert expected == tags.known(form, "teasel")


def test_version_before_another() -> None:
    """The tag before a version is that of the highest lower version, in whatever form."""
    found = read("v1.0", "1.1", "1.3rc1")
    before = found.before("1.2")
    assert before is not None
    assert ("1.1", None) == (before.tag, found.before("0.1"))


def test_changes_begin_at_the_newest_tag_before_the_version() -> None:
    """Neither a later tag nor the version's own counts, so that going on finds the same place."""
    found = read("v1.2.3", "v1.2.4", "2.0.0")
    expected = ("commit of v1.2.3", "commit of v1.2.4", "")
    assert expected == (found.since("1.2.4"), found.since("1.3.0"), found.since("1.0.0"))


@pytest.mark.timeout(20)
def test_ten_thousand_tags_are_read_at_once() -> None:
    """The time for tags grows with their number, not with its square."""
    found = read(*(f"v1.{number}.0" for number in range(10_000)))
    assert "v1.10000.0" == found.form.name("1.10000.0")
    assert 10_000 == len(found.commits)


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_tag_is_read_or_left_out(prefix: str, suffix: str) -> None:
    """A tag of any text is no error, and what is read of it names the same version again."""
    tag = f"{prefix}1.2.3{suffix}"
    for each in read(tag).found:
        assert str(each.version) == each.form.version(tag)
