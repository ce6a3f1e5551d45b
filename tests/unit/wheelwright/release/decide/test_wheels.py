"""Wheels that were built elsewhere."""

from collections.abc import Mapping

import pytest

from wheelwright.distribution.verify import Distribution
from wheelwright.release.decide.wheels import abi3, identifiers, listed, problems

METADATA = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nRequires-Dist: idna\n\nThe text.\n"
WHEEL = "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"


def distribution(name: str, members: Mapping[str, str], metadata: str = METADATA) -> Distribution:
    """Return a distribution; contents of members are given in the place of their digests."""
    found = {path: (contents, "644") for path, contents in members.items()}
    return Distribution(name, "0" * 64, 1, metadata, found)


SDIST = distribution(
    "demo-1.0.tar.gz",
    {"demo-1.0/src/demo/__init__.py": "one", "demo-1.0/src/demo/_fast.c": "c"},
)


def test_a_wheel_of_the_same_commit_is_accepted() -> None:
    """Python files are the sdist's at the same path; a compiled file is not compared."""
    wheel = distribution(WHEEL, {"demo/__init__.py": "one", "demo/_fast.so": "machine code"})

    assert () == problems([SDIST, wheel])


@pytest.mark.parametrize("path", ["demo/__init__.py", "demo-1.0.data/purelib/demo/__init__.py"])
def test_a_python_file_of_another_commit_is_named(path: str) -> None:
    """Other contents are a problem, wherever the wheel installs them from."""
    wheel = distribution(WHEEL, {path: "two"})

    assert (f"{WHEEL}: {path} is not a file of the release commit",) == problems([SDIST, wheel])


def test_a_python_file_at_another_path_is_named() -> None:
    """The same contents under another name are another module."""
    wheel = distribution(WHEEL, {"demo/other.py": "one", "init__.py": "one"})

    assert 2 == len(problems([SDIST, wheel]))


def test_other_metadata_is_named_by_its_field() -> None:
    """Dependencies, and the text for people, are those of the release commit."""
    other = METADATA.replace("idna", "evil").replace("The text.", "Another.")
    wheel = distribution(WHEEL, {}, other)

    assert (
        f"{WHEEL}: METADATA has another requires-dist than the release commit",
        f"{WHEEL}: METADATA has another description than the release commit",
    ) == problems([SDIST, wheel])


def test_a_field_that_the_sdist_calls_dynamic_may_differ() -> None:
    """A back end may know a dependency only where it builds (core metadata 2.2, Dynamic)."""
    sdist = distribution(
        "demo-1.0.tar.gz", {}, METADATA.replace("Name:", "Dynamic: Requires-Dist\nName:")
    )
    wheel = distribution(WHEEL, {}, METADATA.replace("Requires-Dist: idna", "Requires-Dist: numpy"))

    assert () == problems([sdist, wheel])


def test_identifiers_are_the_lines_of_cibuildwheel() -> None:
    """Whatever else it prints is left out; the list has a line for each platform with wheels."""
    printed = "Warning: something\ncp312-manylinux_x86_64\ncp313t-macosx_arm64\n\n"

    assert ("cp312-manylinux_x86_64", "cp313t-macosx_arm64") == identifiers(printed)
    assert "linux: a-b, c-d" == listed({"linux": ("a-b", "c-d"), "macos": ()})
    assert "none" == listed({})


def test_wheels_of_the_stable_abi_are_found_by_their_tag() -> None:
    """Compressed tags count, too; a name that is not a wheel's is not one."""
    names = ("demo-1.0-cp310-abi3-win_amd64.whl", "demo-1.0-cp315-abi3.abi3t-win_amd64.whl", WHEEL)

    assert names[:2] == abi3([distribution(name, {}) for name in (*names, "abi3.whl")])
