"""Options of a call that the next call finds in [tool.wheelwright.github]."""

import pytest

from wheelwright.github.options import Options
from wheelwright.github.remembering import added, lines
from wheelwright.project.github_settings import GitHubSettings

NEW = ['engine = "stiletto"', 'branch = "trunk"']


def test_options_that_decide_are_remembered() -> None:
    """Those that differ from the default, and that the table does not have."""
    options = Options(engine="stiletto", branch="trunk", environment="pypi")

    assert NEW == lines(options, GitHubSettings())
    assert NEW[:1] == lines(options, GitHubSettings(branch="main"))
    assert [] == lines(Options(), GitHubSettings())
    assert ['jobs = "cells"', "shards = 4"] == lines(
        Options(jobs="cells", shards=4), GitHubSettings()
    )
    assert [] == lines(Options(jobs="one"), GitHubSettings())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[project]\nname = "a" # x\n',
            '[project]\nname = "a" # x\n\n[tool.wheelwright.github]\n{}',
        ),
        ("[tool.a]", "[tool.a]\n\n[tool.wheelwright.github]\n{}"),
        (
            "[tool.wheelwright.github] # ours\nsarif = true\n[tool.b]\n",
            "[tool.wheelwright.github] # ours\n{}sarif = true\n[tool.b]\n",
        ),
    ],
)
def test_lines_are_added(before: str, after: str) -> None:
    """In the table that is there, or in a new one at the end; the rest stays byte for byte."""
    assert after.format("".join(f"{line}\n" for line in NEW)) == added(before, NEW)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.wheelwright]\ngithub = { sarif = true }\n",
        "tool = { wheelwright = {} }\n",
        'x = """\n[tool.wheelwright.github]\n"""\n',
        "[tool.wheelwright]\ngithub.sarif = true\n",
    ],
)
def test_other_forms_are_left_to_a_person(text: str) -> None:
    """A table that lines cannot be added to is not touched."""
    assert added(text, NEW) is None
