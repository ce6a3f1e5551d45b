"""The version that a request makes of the current one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.version import Version

from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.version import (
    BUMPS,
    PRES,
    Request,
    Versioned,
    newest,
    next_version,
    rehearsed,
)

COLUMNS = ("patch", "minor", "major", "stable", "alpha", "beta", "rc", "post", "dev")
TABLE = {
    "1.2.3": "1.2.4 1.3.0 2.0.0 - - - - 1.2.3.post1 -",
    "1.2.3a1": "1.2.3 1.3.0 2.0.0 1.2.3 1.2.3a2 1.2.3b1 1.2.3rc1 1.2.3a1.post1 -",
    "1.2.3rc1": "1.2.3 1.3.0 2.0.0 1.2.3 - - 1.2.3rc2 1.2.3rc1.post1 -",
    "1.2.3.dev4": "1.2.3 1.3.0 2.0.0 1.2.3 1.2.3a1 1.2.3b1 1.2.3rc1 1.2.3.post1 1.2.3.dev5",
    "26.3.dev0": "26.3 26.3 27.0 26.3 26.3a1 26.3b1 26.3rc1 26.3.post1 26.3.dev1",
    "8.4.2.dev": "8.4.2 8.5.0 9.0.0 8.4.2 8.4.2a1 8.4.2b1 8.4.2rc1 8.4.2.post1 8.4.2.dev1",
    "1.3.0rc1": "1.3.0 1.3.0 2.0.0 1.3.0 - - 1.3.0rc2 1.3.0rc1.post1 -",
    "2.0.0b2": "2.0.0 2.0.0 2.0.0 2.0.0 - 2.0.0b3 2.0.0rc1 2.0.0b2.post1 -",
    "1.2": "1.2.1 1.3 2.0 - - - - 1.2.post1 -",
    "1!2.0.post3": "1!2.0.1 1!2.1 1!3.0 - - - - 1!2.0.post4 -",
    "2026.4": "2026.4.1 2026.5 2027.0 - - - - 2026.4.post1 -",
}


def asked(word: str) -> Request:
    """Return the request of a column."""
    if word in BUMPS:
        return Request(bump=word)
    return Request(pre=word) if word in PRES else Request(post=True)


@pytest.mark.parametrize("current", TABLE)
def test_table(current: str) -> None:
    """Every cell of the table is what comes out; "-" is refused."""
    answers = [next_version(current, asked(word)) for word in COLUMNS]
    said = [answer.version if isinstance(answer, Versioned) else "-" for answer in answers]
    assert TABLE[current].split() == said


def test_finishing_a_pre_release_is_said() -> None:
    """`patch` of a release candidate finishes it, and the note tells that nothing is skipped."""
    made = next_version("1.2.3rc1", Request(bump="patch"))
    assert Versioned("1.2.3", "patch of 1.2.3rc1 is 1.2.3: it finishes the pre-release") == made


@pytest.mark.parametrize(
    ("current", "bump", "pre", "version"),
    [
        ("1.2.3", "patch", "rc", "1.2.4rc1"),
        ("1.2.3", "minor", "alpha", "1.3.0a1"),
        ("1.2.3", "major", "dev", "2.0.0.dev1"),
        ("1.2.3", "minor", "beta", "1.3.0b1"),
        ("1.3.0rc1", "minor", "rc", "1.3.0rc2"),
        ("1.3.0a1", "minor", "beta", "1.3.0b1"),
        ("1.2.4rc1", "minor", "rc", "1.3.0rc1"),
        ("", "minor", "", "0.1.0"),
    ],
)
def test_component_and_pre_release_together(
    current: str, bump: str, pre: str, version: str
) -> None:
    """Both together start that pre-release, or count on when it has begun."""
    made = next_version(current, Request(bump=bump, pre=pre))
    assert isinstance(made, Versioned)
    assert version == made.version


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request(bump="mayor"), 'unknown --bump "mayor" (did you mean "major"?)'),
        (Request(bump="tiny"), 'unknown --bump "tiny" (known: patch, minor, major, stable)'),
        (Request(pre="gamma"), 'unknown --pre "gamma" (known: alpha, beta, rc, dev)'),
        (Request(version="1.0", bump="patch"), "--bump stable cannot be combined with others"),
        (Request(bump="stable", pre="rc"), "cannot be combined"),
        (Request(version="one"), '--version "one": it is not a version (PEP 440)'),
        (Request(version="1.0+local"), "an index takes no local version (+local)"),
        (Request(pre="rc"), "add its version: --bump patch --pre rc"),
    ],
)
def test_request_that_cannot_be_followed_says_why(request_: Request, says: str) -> None:
    """Words that contradict each other or are no version are refused with the reason."""
    made = next_version("1.2.3", request_)
    assert isinstance(made, Stop)
    assert Reason.BAD_REQUEST is made.reason
    assert says in made.text()


def test_no_bump_stops_at_once() -> None:
    """A release that nothing asks for is not guessed."""
    made = next_version("1.2.3", Request())
    assert isinstance(made, Stop)
    assert Reason.NO_BUMP is made.reason


def test_explicit_version_is_normalized_and_says_so() -> None:
    """An unusual spelling is released in its normal form."""
    made = next_version("1", Request(version="v1.2.0-RC1"))
    assert Versioned("1.2.0rc1", "v1.2.0-RC1 is 1.2.0rc1 for the index") == made


def test_newest_orders_as_versions_do() -> None:
    """Order is dev < a < b < rc < final < post; an epoch beats all, other words nothing."""
    order = ["1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.post1", "1!0.1"]
    assert order == sorted(order, key=Version)
    assert "1!0.1" == newest([*order, "latest"])
    assert "" == newest([])


numbers = st.integers(0, 30)


@st.composite
def versions(draw: st.DrawFn) -> str:
    """Draw any version without a local part."""
    release = ".".join(map(str, draw(st.lists(numbers, min_size=1, max_size=4))))
    epoch = draw(st.sampled_from(["", "1!"]))
    pre = draw(st.sampled_from(["", "a1", "b2", "rc3"]))
    post = draw(st.sampled_from(["", ".post1"]))
    dev = draw(st.sampled_from(["", ".dev4"]))
    return f"{epoch}{release}{pre}{post}{dev}"


@given(versions(), st.sampled_from(COLUMNS), st.sampled_from(["", *PRES]))
def test_every_bump_goes_up(current: str, word: str, pre: str) -> None:
    """Whatever is not refused is higher than what it was made of, and in its normal spelling."""
    request = asked(word) if word in PRES or word == "post" else Request(bump=word, pre=pre)
    made = next_version(current, request)
    assume(isinstance(made, Versioned))
    assert isinstance(made, Versioned)
    assert Version(made.version) > Version(current)
    assert str(Version(made.version)) == made.version


def test_a_rehearsal_has_a_version_of_its_own() -> None:
    """It is unique by its time, and precedes the release that follows."""
    at_s = 1_767_225_600

    assert "1.2.4.dev20260101000000" == rehearsed("1.2.3", at_s)
    assert "1.3.0.dev20260101000000" == rehearsed("1.3.0rc1", at_s)
    assert "0.0.1.dev20260101000000" == rehearsed("", at_s)
    assert "1!2.0.1.dev20260101000000" == rehearsed("1!2.0", at_s)
    assert "" == rehearsed("latest", at_s)
