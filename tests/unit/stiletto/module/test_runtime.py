"""Which interpreter and which dependencies a module's environment gets."""

from __future__ import annotations

import tomllib

import pytest

from stiletto.module.runtime import KNOWN_PYTHONS, SDK_REQUIREMENT, python_tags, uv_project


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.12", ["3.12"]),
        ("3.12.4", ["3.12"]),
        ("==3.12.*", ["3.12"]),
        ("~=3.11", ["3.11"]),
        (">=3.13", ["3.13", "3.14"]),
        (">=3.11,<3.14", ["3.11", "3.12", "3.13", "3.14"]),
        (" >=3.12", ["3.12", "3.13", "3.14"]),
        (">=3.9", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("", list(KNOWN_PYTHONS)),
        (">=3", list(KNOWN_PYTHONS)),
    ],
)
def test_interpreters(wanted: str, expected: list[str]) -> None:
    """The first version named is tried first, newer ones only where it is a lower bound."""
    assert expected == list(python_tags(wanted))


def test_project_is_used_as_it_is() -> None:
    """A project with the SDK among its dependencies keeps its text and its lock."""
    text = '[project]\nname = "x"\ndependencies = ["dagger-io"]  # kept\n'

    assert (text, True) == uv_project(text, has_lock=True, has_sdk=True)
    assert (text, False) == uv_project(text, has_lock=False, has_sdk=True)


def test_vendored_sdk_is_replaced() -> None:
    """An SDK that the real engine would make on the fly comes from the index instead."""
    text = """
    [project]
    name = "x"
    dependencies = ["dagger-io"]
    [tool.uv.sources]
    dagger-io = { path = "sdk", editable = true }
    other = { path = "other" }
    """
    made, frozen = uv_project(text, has_lock=True, has_sdk=True)

    assert {"other": {"path": "other"}} == tomllib.loads(made)["tool"]["uv"]["sources"]
    assert not frozen


def test_missing_sdk_is_added() -> None:
    """A project without the SDK gets it; its lock cannot be used as it is."""
    made, frozen = uv_project(
        '[project]\nname = "x"\ndependencies = ["anyio"]\n', has_lock=True, has_sdk=False
    )

    assert ["anyio", SDK_REQUIREMENT] == tomllib.loads(made)["project"]["dependencies"]
    assert not frozen


@pytest.mark.parametrize("text", ["", "[tool.x]\na = 1\n"])
def test_project_without_a_table_gets_one(text: str) -> None:
    """The SDK is installed also where pyproject.toml has no project table."""
    made, _ = uv_project(text, has_lock=False, has_sdk=False)

    assert [SDK_REQUIREMENT] == tomllib.loads(made)["project"]["dependencies"]
