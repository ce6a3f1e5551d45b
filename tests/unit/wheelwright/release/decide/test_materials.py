"""The files beside the distributions of a GitHub release."""

import json

import pytest

from wheelwright.release.decide.materials import files, names, sbom

TEXT = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "serialNumber": "urn:uuid:4578e1d1-20b6-4803-9850-f99f968197f5",
        "metadata": {
            "timestamp": "2026-11-27T03:05:59.202910531Z",
            "component": {"name": "demo", "version": "1.2.3"},
        },
        "components": [{"name": "idna", "version": "3.10"}],
    }
)


def test_the_list_of_dependencies_is_the_same_on_every_run() -> None:
    """Number and time of uv are replaced by those of the release; everything else stays."""
    again = TEXT.replace("4578e1d1", "00000000").replace("2026-11-27T03", "2027-01-01T00")
    made = sbom(TEXT, "demo", "1.2.4", 1_767_225_600)

    assert made == sbom(again, "demo", "1.2.4", 1_767_225_600)
    found = json.loads(made)
    assert ("2026-01-01T00:00:00Z", "1.2.4") == (
        found["metadata"]["timestamp"],
        found["metadata"]["component"]["version"],
    )
    assert [{"name": "idna", "version": "3.10"}] == found["components"]


def test_another_release_has_another_number() -> None:
    """A serial number names one file."""
    one, two = (
        json.loads(sbom(TEXT, "demo", version, 0))["serialNumber"] for version in ("1", "2")
    )

    assert one != two


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": {}}', '{"metadata": 1}'])
def test_another_text_is_refused(text: str) -> None:
    """What uv prints in another shape is an error, not a file of the release."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever reader refuses it
        sbom(text, "demo", "1", 0)


def test_names_are_those_that_tools_look_for() -> None:
    """PEP 751 takes pylock.NAME.toml without a dot in the name."""
    assert ("zope.event-1.0.cdx.json", "pylock.zope-event.toml") == names("zope.event", "1.0")
    assert [64] == [len(each.sha256) for each in files({"a": "text"})]
