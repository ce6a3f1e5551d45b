"""Where an environment is in a file of tox."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.project.runners.job import Place
from wheelwright.project.runners.tox_places import expanded, places

INI = """\
[tox]
[testenv]
deps = a
[testenv:py3{11,12}-dj{42,52}, lint]
[testenv:lint]
"""
LEGACY = "[tool.tox]\nlegacy_tox_ini = '''\n[testenv:lint]\n'''\n"
TOML = """\
[env_run_base]
[env_base.min]
factors = [["3.11"]]
[env."3.14"]
[env.typing.set_env]
A = "1"
[env.typing]
"""


@pytest.mark.parametrize(
    ("path", "text", "name", "expected"),
    [
        ("tox.ini", INI, "py312-dj42", "tox.ini:4 [testenv:py3{11,12}-dj{42,52}, lint]"),
        ("tox.ini", INI, "lint", "tox.ini:4 [testenv:py3{11,12}-dj{42,52}, lint]"),
        ("tox.ini", INI, "py313", "tox.ini:2 [testenv]"),
        ("tox.ini", "", "py313", "tox.ini"),
        ("tox.toml", TOML, "3.14", 'tox.toml:4 [env."3.14"]'),
        ("tox.toml", TOML, "typing", "tox.toml:5 [env.typing.set_env]"),
        ("tox.toml", TOML, "min-3.11", "tox.toml:2 [env_base.min]"),
        ("tox.toml", TOML, "3.12", "tox.toml:1 [env_run_base]"),
        ("pyproject.toml", "\n[tool.tox.env.lint]", "lint", "pyproject.toml:2 [tool.tox.env.lint]"),
    ],
)
def test_an_environment_is_where_its_section_is(
    path: str, text: str, name: str, expected: str
) -> None:
    """Else it is where the section is that it inherits from, else anywhere in the file."""
    assert expected == str(places(Place(path), text).of(name))


def test_sections_inside_of_a_string() -> None:
    """The ini text in a pyproject.toml has the lines of that file."""
    within = "[tool.tox] legacy_tox_ini"
    found = places(Place("pyproject.toml", within=within), LEGACY)

    assert "pyproject.toml:3 [testenv:lint]" == str(found.of("lint"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("lint", ["lint"]),
        ("py{311,312}-{a,b}", ["py311-a", "py311-b", "py312-a", "py312-b"]),
        ("3.1{0-2}-tests", ["3.10-tests", "3.11-tests", "3.12-tests"]),
        ("py{12-11}", ["py12", "py11"]),
        ("a{,-b}, c", ["a", "a-b", "c"]),
        ("a{b", ["a{b"]),
    ],
)
def test_names_of_a_section(header: str, expected: list[str]) -> None:
    """Choices and ranges in braces are expanded as tox does it."""
    assert expected == list(expanded(header))


def test_a_section_of_too_many_names_is_cut() -> None:
    """A few characters name more environments than fit into memory."""
    text = "[testenv:{1-9999}-{1-9999}-{1-9999}]\n" * 100

    assert 20_000 == len(places(Place("tox.ini"), text).own)


@given(st.text(st.sampled_from("{},-19a"), max_size=40))
@settings(max_examples=250)
def test_any_header_is_expanded(header: str) -> None:
    """No header raises anything, and each has a name."""
    assert list(itertools.islice(expanded(header), 100))
