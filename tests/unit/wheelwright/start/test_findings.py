"""How findings are printed: a table for people, and JSON."""

import json

import pytest

from wheelwright.start.findings import Finding, State, as_json, conclusion, missing, text

FOUND = Finding("git", "default branch", State.FOUND, "trunk (refs/remotes/origin/HEAD)")
LACKING = Finding("git", "history", State.MISSING, "shallow", ("git fetch --unshallow --tags",))
UNSEEN = Finding("GitHub", "settings", State.UNSEEN, "no token is given")


def test_table_has_an_area_each_and_what_to_do_next() -> None:
    """Findings are in columns below their area, and a command has a line of its own."""
    expected = """\
git
  found           default branch  trunk (refs/remotes/origin/HEAD)
  missing         history         shallow
                                  -> git fetch --unshallow --tags

GitHub
  cannot be seen  settings        no token is given"""

    assert expected == text([FOUND, LACKING, UNSEEN])


def test_long_texts_are_wrapped_and_commands_are_not() -> None:
    """A sentence continues in its column; a command is never broken."""
    long = Finding("git", "x", State.MISSING, "word " * 30, ("command " * 30,))
    lines = text([long], 80).splitlines()

    assert max(map(len, lines[1:-1])) <= 80
    assert lines[-1].strip() == f"-> {('command ' * 30).strip()}"


def test_text_of_others_stays_on_its_line() -> None:
    """A name with control characters makes no line of its own, and no colour."""
    evil = Finding("git", "x", State.FOUND, "a\n::error::b\x1b[31mc")

    assert ["git", "  found           x  a ::error::bc"] == text([evil]).splitlines()


def test_json_has_every_field() -> None:
    """Programs get all of it, with the state by its name."""
    assert [
        {
            "area": "git",
            "subject": "history",
            "state": "missing",
            "seen": "shallow",
            "next": ["git fetch --unshallow --tags"],
        }
    ] == json.loads(as_json(missing([FOUND, LACKING, UNSEEN])))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "nothing is missing"),
        ([State.FOUND], "nothing is missing"),
        ([State.FOUND, State.UNSEEN], "nothing is missing, 1 cannot be seen"),
        ([State.MISSING, State.MISSING], "2 missing"),
        ([State.MISSING, State.UNSEEN, State.UNSEEN], "1 missing, 2 cannot be seen"),
    ],
)
def test_conclusion_counts(states: list[State], expected: str) -> None:
    """What cannot be seen is not there either, so it is counted apart."""
    assert expected == conclusion([Finding("git", "remote", state) for state in states])
