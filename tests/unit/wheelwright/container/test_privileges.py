"""The table of what each kind of step may see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wheelwright
from wheelwright.container import privileges
from wheelwright.container.privileges import KINDS, RELEASE, Cache, Credential, Kind, released
from wheelwright.environment.tools import pinned
from wheelwright.pins import DEFAULT_PYTHON


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_foreign_code_meets_no_secret_and_no_cache_of_others(kind: Kind) -> None:
    """A kind that runs foreign code has no secret, and at most a volume of its own."""
    assert not (kind.foreign and kind.secrets)
    assert not (kind.foreign and kind.cache is Cache.SHARED)


@pytest.mark.parametrize(
    "row",
    [
        {"foreign": True, "secrets": (Credential.INDEX,)},
        {"foreign": True, "cache": Cache.SHARED},
    ],
)
def test_a_row_that_breaks_the_rules_cannot_be_made(row: dict[str, object]) -> None:
    """The rules hold for whoever adds a kind later."""
    with pytest.raises(AssertionError):
        Kind("careless", **row)  # type: ignore[arg-type]  # of a row


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_step_of_a_release_has_a_cache_of_foreign_code_or_a_shared_one(kind: Kind) -> None:
    """In a release every kind becomes one without a mounted cache; `uv-cache` is no part of it."""
    now = released(kind)

    assert kind.foreign == now.foreign
    assert now is privileges.KEEP or now.cache is Cache.NONE
    assert not kind.foreign or now is RELEASE


def test_the_table_has_a_row_for_each_kind() -> None:
    """The rendered table names every kind once, with its secrets and caches."""
    lines = privileges.table().splitlines()

    assert "| kind of step | foreign code | secrets | caches |" == lines[0]
    assert len(KINDS) == len(lines) - 2
    assert "| git with the token, GitHub's API | no | GitHub token | none |" in lines


def test_no_module_has_a_way_around_the_table() -> None:
    """Commands, caches and secrets are added by `steps` alone; all else names a kind."""
    added = {
        "with_exec",
        "with_mounted_cache",
        "cache_volume",
        "with_mounted_secret",
        "with_secret_variable",
    }
    root = Path(wheelwright.__file__).parent
    found = {
        path.relative_to(root).as_posix(): sorted(used)
        for path in root.rglob("*.py")
        if (used := added & _attributes(path))
    }

    assert {"container/steps.py": sorted(added)} == found


def test_containers_begin_where_they_are_chained() -> None:
    """An image is named in `container` alone, and where a release acts."""
    root = Path(wheelwright.__file__).parent
    found = {
        path.relative_to(root).parent.as_posix()
        for path in root.rglob("*.py")
        if "from_" in _attributes(path)
    }

    assert "container" in found
    assert found <= {"container", "release/act"}


def _attributes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("name", ["codecov-cli", "pypi-attestations"])
def test_the_tools_beside_secrets_come_of_a_list_with_hashes(name: str) -> None:
    """Each line of the list is one version with its hashes, and names no other place."""
    path = Path(wheelwright.__file__).parent / "locks" / f"{name}.txt"
    entries = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    lines = [line for line in entries if not line.startswith("#")]

    assert any(line.startswith(f"{name}==") for line in lines)
    assert [] == [line for line in lines if "==" not in line or "--hash=sha256:" not in line]
    assert [] == [line for line in lines if "://" in line]


def test_the_list_of_codecov_has_the_pinned_version() -> None:
    """Who raises the pin makes the list anew."""
    path = Path(wheelwright.__file__).parent / "locks" / "codecov-cli.txt"

    assert f"codecov-cli=={pinned('codecov-cli', DEFAULT_PYTHON)} " in path.read_text()
