"""What is public of a release, compared."""

import json
from dataclasses import replace

import pytest

from wheelwright.release.decide.published import (
    Checked,
    Published,
    Publisher,
    changes,
    publishers,
)

ONE, OTHER = "1" * 64, "2" * 64
WORKFLOW = Publisher("GitHub", "octo-org/sample", "release.yml")
SAME = Checked("sample-1.0.tar.gz", ONE, ONE, ONE, ONE, (WORKFLOW,))


def of(*files: Checked, notes: tuple[str, ...] = ()) -> Published:
    """Return a release of these files."""
    return Published("sample", "1.0", "v1.0", files, notes)


def test_a_release_that_is_the_same_everywhere_is_verified() -> None:
    """No problem, and the text names the publisher and its workflow."""
    found = of(SAME)

    assert () == found.problems
    assert "sample 1.0 (v1.0): verified" == found.title
    assert "attestation  GitHub, octo-org/sample, release.yml (verified)" in found.text()


def test_what_was_not_compared_is_no_problem_and_is_named() -> None:
    """A wheel for another platform is not built here, and GitHub may be unseen."""
    found = of(replace(SAME, asset=None, rebuilt=None))

    assert () == found.problems
    assert 2 == found.text().count("not compared")


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (
            replace(SAME, downloaded=OTHER),
            f"sample-1.0.tar.gz: the index lists {ONE} and sends {OTHER}",
        ),
        (
            replace(SAME, asset=OTHER),
            f"sample-1.0.tar.gz: the GitHub release has {OTHER}, and the index {ONE}",
        ),
        (replace(SAME, asset=""), "sample-1.0.tar.gz: the GitHub release lacks it"),
        (
            replace(SAME, rebuilt=OTHER),
            f"sample-1.0.tar.gz: the tag's commit builds {OTHER}, and the index has {ONE}",
        ),
        (
            replace(SAME, attestation="bad signature"),
            "sample-1.0.tar.gz: its attestations do not verify: bad signature",
        ),
        (replace(SAME, listed=""), "sample-1.0.tar.gz is not on the index"),
    ],
    ids=["download", "github", "no-asset", "rebuild", "attestation", "not-listed"],
)
def test_each_difference_is_a_problem(file: Checked, problem: str) -> None:
    """It is named once, with both digests, in the text and as data."""
    found = of(file)

    assert (problem,) == found.problems
    assert f"problem: {problem}" in found.text()
    assert [problem] == json.loads(found.json())["problems"]
    assert found.title.endswith(": differs")


def test_a_version_without_a_file_is_a_problem() -> None:
    """Nothing to compare is not the same as nothing that differs."""
    assert ("the index has no file of sample 1.0",) == of().problems


def test_provenance_names_each_publisher_once() -> None:
    """Two bundles of one workflow are one publisher; control characters are left out."""
    bundle = {
        "publisher": {
            "kind": "GitHub",
            "repository": "octo-org/sample\x1b[31m",
            "workflow": "release.yml",
            "environment": None,
        },
        "attestations": [],
    }
    text = json.dumps({"version": 1, "attestation_bundles": [bundle, bundle]})

    assert (Publisher("GitHub", "octo-org/sample[31m", "release.yml"),) == publishers(text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"attestation_bundles": [1]}', "null"])
def test_another_text_is_not_taken_for_provenance(text: str) -> None:
    """It is an error of its own."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever reader refuses it
        publishers(text)


def test_another_publisher_than_before_is_a_note() -> None:
    """The project's page shows it to everybody; the same one is not worth a line."""
    assert () == changes("1.1", [WORKFLOW], "1.0", [WORKFLOW])
    assert () == changes("1.1", [], "", [])
    assert (
        "1.1 is published by: no attestation; 1.0: GitHub, octo-org/sample, release.yml",
    ) == changes("1.1", [], "1.0", [WORKFLOW])
