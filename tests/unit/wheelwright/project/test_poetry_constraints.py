"""Poetry's constraints as PEP 440 and PEP 508."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from wheelwright.project.poetry_constraints import (
    platform_marker,
    python_marker,
    python_specifier,
    specifier,
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("^1.2", ">=1.2,<2.0"),
        ("^0.3", ">=0.3,<0.4"),
        ("~1.2", ">=1.2,<1.3"),
        ("~2", ">=2,<3"),
        ("1.2", "==1.2"),
        ("1.*", "==1.*"),
        ("*", ""),
        (">=1.0 <2.0", ">=1.0,<2.0"),
        (">=1,!=1.5,<2", ">=1,!=1.5,<2"),
        ("^1 || ^3", ">=1,!=2.*,<4"),
        ("^1.2 || ^1.4", ">=1.2,<2.0"),
        ("^1.2 || ^2.0", ">=1.2,<3.0"),
        ("<1 || >=2", "!=1.*"),
        ("1.2 || 1.4", ">=1.2,<=1.4"),
    ],
)
def test_a_constraint_is_a_specifier(written: str, found: str) -> None:
    """Each form of Poetry's is what PEP 440 says for it, or the nearest that allows all of it."""
    assert found == specifier(written)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("^3.9", ">=3.9,<4.0"),
        ("~3.10", ">=3.10,<3.11"),
        (">=3.10,<4.0", ">=3.10,<4.0"),
        ("3.9", ">=3.9,<3.10"),
        ("3.9.4", "==3.9.4"),
        ("*", ""),
        ("<4,>=3.6,!=3.7.*", "<4,>=3.6,!=3.7.*"),
        ("~2.7 || ^3.5", ">=2.7,!=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,!=3.4.*"),
    ],
)
def test_a_constraint_of_python_is_a_specifier(written: str, found: str) -> None:
    """Of Python a minor version stands for its patch releases."""
    assert found == python_specifier(written)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("<3.11", 'python_version < "3.11"'),
        ("^3.9", 'python_version >= "3.9" and python_version < "4.0"'),
        ("3.9.1", 'python_full_version == "3.9.1"'),
        ("<3 || >=3.12", '(python_version < "3") or (python_version >= "3.12")'),
        ("*", ""),
    ],
)
def test_a_constraint_of_python_is_a_marker(written: str, found: str) -> None:
    """The `python` of a dependency is a condition of it."""
    assert found == python_marker(written)


def test_a_platform_is_a_marker() -> None:
    """The `platform` of a dependency is a condition, too; several are alternatives."""
    assert 'sys_platform != "win32"' == platform_marker("!=win32")
    assert 'sys_platform == "linux" or sys_platform == "darwin"' == (
        platform_marker("linux || darwin")
    )
    with pytest.raises(InvalidSpecifier):
        platform_marker('linux" or "')


@pytest.mark.parametrize(
    "written",
    ["", "^^1", "latest", ">2,<1", "9" * 101, "^1," * 400, ">=1 " * 60, "1.2.3 - 2", "\ud800"],
)
def test_anything_else_is_invalid(written: str) -> None:
    """What Poetry does not read, what no version fits, and what is too long are one error."""
    for read in (specifier, python_specifier, python_marker):
        with pytest.raises(InvalidSpecifier):
            read(written)


def test_poetry_core_leaves_no_traces() -> None:
    """Its vendored packages are neither imported nor found by a later import."""
    program = (
        "import sys; before = list(sys.path)\n"
        "from wheelwright.project.poetry_constraints import *\n"
        "specifier('^1'), python_specifier('^3 || ^4')\n"
        "python_marker('^3.9'), platform_marker('a')\n"
        "print(before == sys.path, [name for name in sys.modules if 'lark' in name],\n"
        "      '_vendor' in sys.modules['packaging'].__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "True [] False\n" == done.stdout


SINGLE = st.builds(
    "{}{}".format,
    st.sampled_from(["^", "~", ">=", "<=", "<", ">", "!=", "", "==", "~="]),
    st.sampled_from(["1", "1.2", "1.2.3", "2.0", "3.*", "4", "0.3", "1.5"]),
)
WRITTEN = st.lists(st.lists(SINGLE, min_size=1, max_size=3).map(",".join), min_size=1, max_size=3)
VERSIONS = [f"{major}.{minor}.{patch}" for major in range(6) for minor in (0, 2, 3, 5)
            for patch in (0, 3, 4)]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(WRITTEN)
def test_a_specifier_allows_what_the_constraint_allows(parts: list[str]) -> None:
    """No version that Poetry would take is left out; without `||` none is added either."""
    from poetry.core.constraints.version import Version as PoetryVersion
    from poetry.core.constraints.version import parse_constraint

    written = " || ".join(parts)
    try:
        found = SpecifierSet(specifier(written))
    except InvalidSpecifier:
        return
    constraint = parse_constraint(written)
    wanted = {text for text in VERSIONS if constraint.allows(PoetryVersion.parse(text))}
    allowed = {text for text in VERSIONS if found.contains(Version(text))}

    assert wanted <= allowed
    assert len(parts) > 1 or wanted == allowed


@settings(max_examples=250, deadline=None)
@given(st.text("^~<>=!*.,| 0123456789abdevpx-+", max_size=20))
def test_any_text_is_read_or_invalid(written: str) -> None:
    """Whatever the text: a specifier and a marker, or the one error."""
    for read in (specifier, python_specifier, python_marker, platform_marker):
        try:
            found = read(written)
        except InvalidSpecifier:
            continue
        assert isinstance(Marker(found) if "marker" in read.__name__ and found else found, object)
