"""The distributions of the index beside those that are built again."""

from __future__ import annotations

from wheelwright.distribution.verify import Distribution
from wheelwright.release.decide.replay.building import compared
from wheelwright.release.decide.replay.comparing import Verdict


def distribution(name: str, metadata: str, **members: str) -> Distribution:
    """Return a distribution with members of these digests."""
    found = {path.replace("__", "/"): (digest, "0644") for path, digest in members.items()}
    return Distribution(name, "0" * 64, 1, metadata, found)


def test_distributions_are_compared_by_their_contents() -> None:
    """Names, metadata, and the list and contents of members; times of archives do not count."""
    theirs = (
        distribution("a-1.tar.gz", "Name: a\nSummary: old\n", a__x="1", a__y="1", a__old="1"),
        distribution("a-1-py3-none-any.whl", "Name: a\n", x="1"),
        distribution("a-1-cp313-cp313-linux_armv7l.whl", "Name: a\n"),
    )
    ours = (
        distribution("a-1.tar.gz", "Name: a\nSummary: new\n", a__x="1", a__y="2", a__new="1"),
        distribution("a-1-py3-none-any.whl", "Name: a\n", x="1"),
    )
    found = {each.name: each for each in compared(theirs, ours)}

    assert {
        "a-1.tar.gz": Verdict.DIFFERS,
        "a-1-py3-none-any.whl": Verdict.SAME,
        "a-1-cp313-cp313-linux_armv7l.whl": Verdict.ONLY_THEIRS,
    } == {name: each.verdict for name, each in found.items()}
    sdist = found["a-1.tar.gz"]
    assert ("-Summary: old", "+Summary: new") == sdist.metadata
    assert (
        ("a/new", Verdict.ONLY_OURS),
        ("a/old", Verdict.ONLY_THEIRS),
        ("a/y", Verdict.DIFFERS),
    ) == sdist.members
    assert ["a-1.tar.gz  differs", "  -Summary: old", "  ... 4 more"] == list(sdist.lines(1))


def test_the_list_of_a_wheels_members_is_no_difference_of_its_own() -> None:
    """RECORD differs with any other member, so that it is not listed beside them."""
    name = "a-1-py3-none-any.whl"
    one, other = (
        Distribution(name, "", 1, "", {"a-1.dist-info/RECORD": (digest, ""), "a": ("1", "")})
        for digest in ("1", "2")
    )
    assert [Verdict.SAME] == [each.verdict for each in compared((one,), (other,))]


def test_another_spelling_of_a_name_is_a_difference_of_that_alone() -> None:
    """A file from before PEP 625 is compared, member by member, with the one of today's name."""

    def of(sdist: str, wheel: str) -> tuple[Distribution, ...]:
        return (
            Distribution(f"{sdist}.tar.gz", "", 1, "", {f"{sdist}/setup.py": ("1", "")}),
            Distribution(
                f"{wheel}-py3-none-any.whl", "", 1, "", {f"{wheel}.dist-info/WHEEL": ("1", "")}
            ),
        )

    made = compared(of("a.b-0.51", "A_B-0.51"), of("a_b-0.51", "a_b-0.51"))

    wheel, sdist = made
    assert [(Verdict.DIFFERS, (), ())] * 2 == [
        (each.verdict, each.metadata, each.members) for each in made
    ]
    assert ["a_b-0.51.tar.gz  differs (theirs: a.b-0.51.tar.gz)"] == list(sdist.lines(5))
    assert "A_B-0.51-py3-none-any.whl" == wheel.data()["theirs"]
