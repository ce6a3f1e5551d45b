"""Versions as people write them, with zeros in front of their numbers."""

import pytest

from tests.unit.wheelwright.release.imaginary import a_plan
from tests.unit.wheelwright.release.packages import HATCH, STATIC, project
from wheelwright.release.decide import editing, tags
from wheelwright.release.decide.tokens import like


@pytest.mark.parametrize(
    ("old", "version", "expected"),
    [
        ("2026.01.05", "2026.1.6", "2026.01.06"),
        ("2026.01.05", "2026.11.30", "2026.11.30"),
        ("2026.01.5", "2026.2.6", "2026.02.6"),
        ("v2026.01.14", "2026.2.1", "2026.02.01"),
        ("26.04", "26.5", "26.05"),
        ("26.04", "26.4.1", "26.4.1"),
        ("1!26.04", "1!26.5rc1", "1!26.05rc1"),
        ("2026.01.05", "2026.1.5.post1", "2026.01.05.post1"),
        # No zeros, no form of its own.
        ("1.2.3", "1.2.4", "1.2.4"),
        ("0.1.0", "0.1.1", "0.1.1"),
        ("1.0", "1.1", "1.1"),
        ("", "1.1", "1.1"),
        ("next", "1.1", "1.1"),
    ],
)
def test_version_is_written_like_another(old: str, version: str, expected: str) -> None:
    """Zeros in front of a number stay, where the version has as many numbers."""
    assert expected == like(old, version)


@pytest.mark.parametrize(
    ("names", "version", "tag"),
    [
        (["2026.01.05"], "2026.2.1", "2026.02.01"),
        (["v2026.01.05", "v2026.11.30"], "2026.12.1", "v2026.12.01"),
        (["2025.01.05", "2026.2.1"], "2026.2.2", "2026.2.2"),
        (["1.2.3"], "1.2.4", "1.2.4"),
    ],
)
def test_tag_keeps_its_zeros(names: list[str], version: str, tag: str) -> None:
    """The newest tag that shows how numbers are written decides."""
    found = tags.read({f"refs/tags/{name}": "a" for name in names}, "demo", member=False)
    assert tag == found.form.name(version)
    assert version == found.form.version(tag)
    # All of them are of one form.
    assert "" == found.other


def test_file_keeps_its_zeros() -> None:
    """The version in a file is written as before, whatever the index makes of it."""
    plan = a_plan(version="2026.2.1")
    static = project(STATIC.replace("1.2.3", "2026.01.05"))
    assert "version = '2026.02.01'   #" in editing.version_texts(static, plan)["pyproject.toml"]
    path = "src/demo/__about__.py"
    module = project(HATCH, {path: "__version__ = '2026.01.05'\n"})
    assert {path: "__version__ = '2026.02.01'\n"} == editing.version_texts(module, plan)
