"""Sections of several packages in one changelog: those of the project alone count."""

import pytest

from tests.unit.wheelwright.release.decide.changelog.test_writing import (
    noted,
    noted_waiting,
    outlined,
    released,
)

OTHER = "### Unreleased\n\n- Not ours.\n\n### 1.2.3\n\n- Not ours, old.\n"
OURS = "### Unreleased\n\n- New.\n\n### 1.2.3\n\n- Old.\n"


@pytest.mark.parametrize(
    "text",
    [
        f"# Log\n\n## teasel\n\n{OURS}\n## other\n\n{OTHER}",
        f"# Log\n\n## other\n\n{OTHER}\n## `teasel`\n\n{OURS}",
        f"# Log\n\n## A\n\n{OTHER}\n## Teasel\n\n{OURS}\n## B\n\n{OTHER}",
    ],
)
def test_section_below_the_project_s_own_heading_waits(text: str) -> None:
    """Of a file with a part for each package only the project's is read and written."""
    made = released(outlined(text))
    assert "- New." == noted(made)
    assert 1 == made.count("1.2.4")
    assert text.count("- Not ours.") == made.count("### Unreleased\n\n- Not ours.")
    assert "" == noted_waiting(made)


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        (
            "## other 1.2.4 (unreleased)\n\n- Not ours.\n\n"
            "## teasel 1.2.4 (unreleased)\n\n- New.\n\n## teasel 1.2.3 (2025-01-02)\n\n- Old.\n",
            "## teasel 1.2.4 (2026-01-31)",
        ),
        (
            "## other v3.0.1 (2025-02-02)\n\n- Not ours.\n\n"
            "## teasel Unreleased\n\n- New.\n\n## teasel v1.2.3 (2025-01-02)\n\n- Old.\n",
            "## teasel v1.2.4 (2026-01-31)",
        ),
        (
            "## teasel-extra@1.2.4\n\n- Not ours.\n\n"
            "## Unreleased\n\n- New.\n\n## teasel@1.2.3\n\n- Old.\n",
            "## teasel@1.2.4",
        ),
        (
            "## Release 1.2.4 (unreleased)\n\n- New.\n\n## teasel 1.2.3 (2025-01-02)\n\n- Old.\n",
            "## teasel 1.2.4 (2026-01-31)",
        ),
    ],
)
def test_title_with_another_name_is_of_another_package(text: str, heading: str) -> None:
    """Where titles have the project's name, those with another one are not its releases."""
    made = released(outlined(text))
    assert f"{heading}\n\n- New.\n" in made
    assert "- New." == noted(made)


def test_name_of_the_project_may_be_the_title_of_the_file() -> None:
    """Without other packages beside it nothing is left out."""
    made = released(outlined(f"# teasel\n\n## Notes\n\n{OURS}"))
    assert "- New." == noted(made)


def test_other_name_alone_is_an_older_one_of_the_project() -> None:
    """A file that has the project's name nowhere is the project's."""
    made = released(outlined("## Unreleased\n\n- New.\n\n## oldname 1.2.3\n\n- Old.\n"))
    assert made.startswith("## Unreleased\n\n## oldname 1.2.4\n\n- New.\n")
