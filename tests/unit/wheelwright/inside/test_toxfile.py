"""The plugin that lets tox print what it would do; `test_tox_config` runs tox with it."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from wheelwright.inside.toxfile import extended
from wheelwright.pins import TOOLS


@pytest.mark.parametrize(
    ("listed", "pythons", "expected"),
    [
        ([], ["3.12", "pypy3.11"], ["py312", "pypy311"]),
        (["lint", "py311"], ["3.11", "3.12", "3.14t"], ["py312", "py314t"]),
        (["lint", "py3.11"], ["3.11", "3.12", "pypy3.11"], ["py3.12", "pypy3.11"]),
        (["3.11-tests", "3.11-mypy"], ["3.12"], ["3.12-tests"]),
        (["stress-py311-a", "py312"], ["3.12", "3.13"], ["stress-py313-a"]),
        (["tests"], [""], []),
    ],
)
def test_other_pythons_are_named_as_those_of_the_file(
    listed: list[str], pythons: list[str], expected: list[str]
) -> None:
    """The first name with a Python is the model; a Python that is listed gets none."""
    assert expected == extended(listed, pythons)


def test_the_plugin_is_tested_with_the_pinned_tox() -> None:
    """It derives from classes of tox, so a new pin needs the same version in the lock."""
    assert TOOLS["tox"][0][1] == version("tox")
