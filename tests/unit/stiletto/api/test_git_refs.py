"""What ls-remote lists, and how names and patterns are found in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.api.git_refs import Listing
from stiletto.errors import UsageError

ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)

LISTED = f"""\
ref: refs/heads/main\tHEAD
{ONE}\tHEAD
{TWO}\trefs/heads/feature/x
{ONE}\trefs/heads/main
{TWO}\trefs/heads/same
{TWO}\trefs/pull/7/head
{THREE}\trefs/tags/annotated
{ONE}\trefs/tags/annotated^{{}}
{ONE}\trefs/tags/same
{ONE}\trefs/tags/sub/v2.0.0
{ONE}\trefs/tags/v0.9
{ONE}\trefs/tags/v1.10.0
{ONE}\trefs/tags/v1.10.0-rc.1
{ONE}\trefs/tags/v1.9.0
{ONE}\trefs/tags/v01.99.0
--orphan=x\trefs/heads/hostile
"""


@pytest.fixture
def listing() -> Listing:
    """A list with branches, tags, and a line that is none."""
    return Listing.parse(LISTED)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("HEAD", ("refs/heads/main", ONE)),
        ("main", ("refs/heads/main", ONE)),
        ("refs/heads/main", ("refs/heads/main", ONE)),
        ("heads/main", ("refs/heads/main", ONE)),
        ("feature/x", ("refs/heads/feature/x", TWO)),
        ("same", ("refs/heads/same", TWO)),
        ("tags/same", ("refs/tags/same", ONE)),
        ("annotated", ("refs/tags/annotated", ONE)),
        ("refs/pull/7/head", ("refs/pull/7/head", TWO)),
        ("pull/7/head", ("refs/pull/7/head", TWO)),
        (THREE, ("", THREE)),
        (THREE[:12], None),
        ("x", None),
        ("hostile", None),
        ("", None),
    ],
)
def test_lookup(listing: Listing, name: str, found: tuple[str, str] | None) -> None:
    """A name is a full one, then one below refs/, then a branch, then a tag; or a commit."""
    assert found == listing.lookup(name)


@pytest.mark.parametrize(
    ("patterns", "tags"),
    [
        (["v1.9.*"], ["v1.9.0"]),
        (["refs/tags/v1.1*"], ["v1.10.0", "v1.10.0-rc.1"]),
        (["v2*"], ["sub/v2.0.0"]),
        (["tags/v2*"], []),
        (["sub*0.0"], ["sub/v2.0.0"]),
        (["v?.9"], ["v0.9"]),
        (["v[0-1].9"], ["v0.9"]),
        (["v[!1].9", "same"], ["same", "v0.9"]),
        (["v[[:digit:]].9"], ["v0.9"]),
        ([r"v0\.9"], ["v0.9"]),
        (["v[0.9", "v0.9\\"], []),
        (["v[]"], []),
    ],
)
def test_patterns(listing: Listing, patterns: list[str], tags: list[str]) -> None:
    """Patterns match the end of a full name from a slash on; one that cannot be read, nothing."""
    assert tags == listing.tags(patterns)


def test_all_names(listing: Listing) -> None:
    """Without patterns all branches and tags are listed, annotated tags once."""
    assert ["feature/x", "main", "same"] == listing.branches()
    assert "annotated" in listing.tags()
    assert len(set(listing.tags())) == len(listing.tags())


def test_latest_version(listing: Listing) -> None:
    """The highest tag with `v` and a version wins; a pre-release comes before its release."""
    assert "v1.10.0" == listing.latest_version()
    assert Listing.parse(f"{ONE}\trefs/tags/1.0.0\n").latest_version() is None


@given(st.text(max_size=40))
def test_any_text_is_a_pattern(pattern: str) -> None:
    """No pattern is more than one that matches nothing."""
    assert isinstance(Listing.parse(LISTED).branches([pattern]), list)


def test_hostile_patterns_take_no_time(listing: Listing) -> None:
    """A pattern takes time in proportion to its length; a longer one than any path is refused."""
    begin = time.monotonic()
    name = "a" * 4000
    found = Listing.parse(f"{ONE}\trefs/tags/{name}\n").tags(["*a" * 4000 + "b"])

    assert [] == found
    assert time.monotonic() - begin < 5
    with pytest.raises(UsageError, match="longer than"):
        listing.tags(["a" * 20_000])


def test_repository_of_sha_256() -> None:
    """Refs of a repository that uses SHA-256 are listed with their whole ids."""
    listing = Listing.parse(f"{'a' * 64}\trefs/heads/main\n")

    assert (["main"], ("refs/heads/main", "a" * 64)) == (listing.branches(), listing.lookup("main"))
