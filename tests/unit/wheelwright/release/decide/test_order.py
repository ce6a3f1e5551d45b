"""Which releases a new version has to be higher than."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from wheelwright.distribution.file import File
from wheelwright.release.decide import order
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.plan import RunIdentity, Survey, decide
from wheelwright.release.decide.status import of_survey
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.version import Request
from wheelwright.release.decide.world import Journal, Plan

# As httpx had it: a beta of 2019 is above all that came later.
HTTPX = Survey(
    package="httpx",
    current="0.28.0",
    base="master",
    base_commit="base",
    tags={"0.28.0": "tagged", "1.0.0b0": "abandoned"},
    releases=frozenset({"0.28.0", "1.0.0b0"}),
    index=(File("httpx-0.28.0.tar.gz", ""), File("httpx-1.0.0b0.tar.gz", "")),
    changes="- Something.",
)


def planned(survey: Survey, request: Request) -> Plan:
    """Return the plan, where there has to be one."""
    plan = decide(request, RunIdentity("one", epoch_s=7), survey)
    assert isinstance(plan, Plan), plan.text()
    return plan


def stopped(survey: Survey, request: Request) -> list[Reason]:
    """Return the reasons of a stop."""
    stop = decide(request, RunIdentity("one", epoch_s=7), survey)
    assert isinstance(stop, Stop)
    return [problem.reason for problem in stop.problems]


def files(version: str, *, yanked: bool = False, at: float = 0.0) -> tuple[File, ...]:
    """Return the file of a version on the index."""
    return (File(f"demo-{version}.tar.gz", "", yanked=yanked, uploaded_s=at),)


@pytest.mark.parametrize("bump", ["patch", "minor"])
def test_abandoned_pre_release_above_is_a_note(bump: str) -> None:
    """A later release of the line goes on below a pre-release that was never finished."""
    plan = planned(HTTPX, Request(bump=bump))
    assert "1.0.0b0 is higher, and does not count: it is a pre-release of another version" in (
        plan.notes
    )


def test_finishing_the_abandoned_line_is_no_step_back() -> None:
    """The final version of that pre-release is above it."""
    assert "1.0.0" == planned(HTTPX, Request(version="1.0.0")).version


def test_lower_pre_release_of_the_same_version_is_refused() -> None:
    """1.0.0a1 comes before 1.0.0b0, whatever the line has become."""
    assert [Reason.NOT_HIGHER] == stopped(HTTPX, Request(version="1.0.0a1"))
    assert [Reason.NOT_HIGHER] == stopped(HTTPX, Request(version="1.0a1"))


def test_status_is_that_of_the_line_that_is_released() -> None:
    """An abandoned pre-release is not what stands last."""
    assert of_survey(HTTPX).public.startswith("httpx 0.28.0: 1 file on the index")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("--bump", "patch"), "release --bump patch --base 1.x --allow-lower"),
        (("--version", "0.1"), "release --bump patch --base 1.x"),
    ],
    ids=["a bump", "a version that may be mistyped"],
)
def test_next_command_of_an_older_line(request_: tuple[str, ...], expected: str) -> None:
    """What comes next is not what has just stopped."""
    commands = Commands(request=request_, places=("--base", "1.x"))
    survey = replace(HTTPX, tags={"2.0": "newer"}, commands=commands)
    stop = decide(Request(bump="patch"), RunIdentity("one"), survey)
    assert f"dagger call wheelwright {expected}" == of_survey(survey, stop).next


def test_status_of_a_pre_release_made_here_is_its_own() -> None:
    """A candidate whose pull request is open stands last, although the base lacks it."""
    survey = replace(HTTPX, journals={"1.0.0b0": Journal("abandoned", "base", "abandoned")})
    assert of_survey(survey).public.startswith("httpx 1.0.0b0: ")


@pytest.mark.parametrize(
    ("version", "index", "tags", "expected"),
    [
        ("1.2.4", {"2.0.0": files("2.0.0")}, (), "2.0.0"),
        ("1.2.4", {}, ("2.0.0",), "2.0.0"),
        ("1.2.4", {"2.0.0": files("2.0.0", yanked=True)}, ("2.0.0",), ""),
        ("1.2.4", {"2.0.0.0": files("2.0.0.0", yanked=True)}, ("2.0.0",), ""),
        (
            "1.2.4",
            {"2.0.0": (*files("2.0.0", yanked=True), *files("2.0.0"))},
            (),
            "2.0.0",
        ),
        ("1.2.4", {"2.0.0.dev1": files("2.0.0.dev1")}, (), ""),
        ("1.2.4", {"1.2.4.post1": files("1.2.4.post1")}, (), "1.2.4.post1"),
        ("1.3.0b1", {"1.3.0rc1": files("1.3.0rc1")}, (), "1.3.0rc1"),
        ("1.3b1", {}, ("1.3.0rc1",), "1.3.0rc1"),
        ("1.3.0", {"1.3.0rc1": files("1.3.0rc1")}, ("1.3.0rc1",), ""),
        ("1.9", {}, ("1!0.1",), "1!0.1"),
        ("1.9", {}, ("1!0.1a1",), ""),
        ("1.2.4", {"9.0": files("9.0", at=5.0), "1.2.3": files("1.2.3", at=9.0)}, (), ""),
        ("1.2.4", {"9.0": files("9.0", at=9.0), "1.2.3": files("1.2.3", at=5.0)}, (), "9.0"),
        ("1.2.4", {"9.0": files("9.0"), "1.2.3": files("1.2.3", at=9.0)}, (), "9.0"),
        ("1.2.4", {"9.0": files("9.0", at=5.0), "1.2.3": files("1.2.3")}, (), "9.0"),
        ("1.2.2", {"1.2.3": files("1.2.3", at=9.0)}, (), "1.2.3"),
    ],
    ids=[
        *("a final", "a final's tag", "yanked", "yanked in another spelling", "yanked in part"),
        *("a development release", "a post-release", "same version", "same version in short"),
        *("finished", "an epoch", "a pre-release of an epoch", "passed over", "released later"),
        *("of unknown time", "own of unknown time", "the own one"),
    ],
)
def test_what_stops_a_version(
    version: str, index: dict[str, Sequence[File]], tags: tuple[str, ...], expected: str
) -> None:
    """A final release stops a lower version, unless it is yanked or was passed over already."""
    found, note = order.higher(version, "1.2.3", index, tags)
    assert expected == found
    everything = any(parsed for parsed in (*index, *tags) if parsed != "1.2.3")
    assert bool(note) == (everything and not expected and version != "1.3.0")


def test_yanked_releases_are_those_of_which_nothing_is_left() -> None:
    """Only a release above counts, and one file that is not yanked keeps it."""
    index = {
        "0.9": files("0.9", yanked=True),
        "9.0": files("9.0", yanked=True),
        "9.1": (*files("9.1", yanked=True), *files("9.1")),
    }
    assert frozenset({"9.0"}) == order.yanked("1.2.4", index)


def test_version_that_the_base_has_and_nobody_released_is_a_note() -> None:
    """A bump leaves out what was written into the files beforehand; the note has the command."""
    survey = replace(HTTPX, current="0.29.0")
    assert "0.29.0" == planned(survey, Request(bump="minor")).version
    notes = planned(survey, Request(bump="patch")).notes
    assert (
        "master has 0.29.0, which was never released: "
        "dagger call wheelwright release --version 0.29.0 would release it"
    ) in notes
    assert "0.29.0" == planned(survey, Request(version="0.29.0")).version


@pytest.mark.parametrize(
    ("current", "from_tags"),
    [("0.28.0", False), ("0.29.0.dev0", False), ("0.29.0", True), ("", False)],
    ids=["released", "a development version", "from tags", "unknown"],
)
def test_nothing_is_left_out(current: str, from_tags: bool) -> None:
    """Without such a version there is no such note."""
    survey = replace(HTTPX, current=current, from_tags=from_tags)
    notes = planned(survey, Request(bump="major")).notes
    assert not [note for note in notes if "never released" in note]
