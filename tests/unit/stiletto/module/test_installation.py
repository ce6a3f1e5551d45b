"""What is installed for a module's code: which SDK, which lock, by which commands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from stiletto.errors import ModuleFailed
from stiletto.module.installation import SDK_REQUIREMENT, Installation, installation

PATH = Path("/m/pyproject.toml")
PROJECT = '[project]\nname = "x"\ndependencies = ["dagger-io{bound}", "anyio"]\n'
VENDORED = '[tool.uv.sources]\ndagger-io = {{ path = "sdk", editable = true }}\n'


def made(text: str, **locks: str) -> Installation:
    """Return the plan for a pyproject.toml and its locks, `uv_lock="..."`."""
    return installation(PATH, text, {name.replace("_", "."): of for name, of in locks.items()})


def project(plan: Installation) -> dict[str, Any]:
    """Return the pyproject.toml of a plan."""
    return tomllib.loads(plan.files["pyproject.toml"])


def test_locked_sdk_is_installed_as_it_is_locked() -> None:
    """A project that locks the SDK keeps its text and its lock."""
    text = PROJECT.format(bound=">=0.13,<0.14") + "# kept\n"
    plan = made(text, uv_lock="the lock")

    assert {"pyproject.toml": text, "uv.lock": "the lock"} == plan.files
    assert "--frozen" not in plan.commands[0]


@pytest.mark.parametrize("locks", [{}, {"requirements_lock": ""}, {"uv_lock": ""}])
def test_dynamic_project_is_built_from_its_files(locks: dict[str, str]) -> None:
    """Where uv has to build the project's metadata, the files for it are there."""
    text = '[project]\nname = "x"\ndynamic = ["version"]\ndependencies = ["dagger-io"]\n'

    assert made(text + VENDORED.format(), **locks).needs_source
    assert not made(PROJECT.format(bound=""), **locks).needs_source


def test_dynamic_project_keeps_its_lock() -> None:
    """Where only a build of the project would show whether the lock fits, it is taken as it is."""
    text = '[project]\nname = "x"\ndynamic = ["version"]\ndependencies = ["dagger-io"]\n'

    assert "--frozen" in made(text, uv_lock="").commands[0]


@pytest.mark.parametrize("bound", ["", "==0.15.0", ">=0.13,<0.14"])
@pytest.mark.parametrize("locks", [{}, {"uv_lock": ""}, {"requirements_lock": "anyio==4.0\n"}])
def test_path_means_the_engines_own_sdk(bound: str, locks: dict[str, str]) -> None:
    """With `{ path = "sdk" }` the engine's SDK stands there, whatever version is pinned."""
    plan = made(PROJECT.format(bound=bound) + VENDORED.format(), **locks)

    assert ["anyio", SDK_REQUIREMENT] == project(plan)["project"]["dependencies"]
    assert {} == project(plan)["tool"]["uv"]["sources"]


def test_other_sources_stay() -> None:
    """Only the SDK's source is replaced."""
    text = PROJECT.format(bound="") + VENDORED.format() + 'other = { path = "other" }\n'

    assert {"other": {"path": "other"}} == project(made(text))["tool"]["uv"]["sources"]


@pytest.mark.parametrize(
    "group", ["[tool.uv]\ndev-dependencies = {}\n", "[dependency-groups]\ndev = {}\n"]
)
def test_stale_pin_of_a_group_is_dropped(group: str) -> None:
    """A version of the SDK that only development requires cannot contradict the engine's own."""
    text = PROJECT.format(bound="") + group.format('["dagger-io==0.13.3", "ruff"]')
    read = project(made(text))

    assert ["ruff"] == (
        read["dependency-groups"]["dev"]
        if "dependency-groups" in read
        else read["tool"]["uv"]["dev-dependencies"]
    )


def test_missing_sdk_is_added() -> None:
    """A project without the SDK gets it."""
    plan = made('[project]\nname = "x"\ndependencies = ["anyio"]\n', uv_lock="")

    assert ["anyio", SDK_REQUIREMENT] == project(plan)["project"]["dependencies"]


@pytest.mark.parametrize("text", ["", "[tool.x]\na = 1\n"])
def test_project_without_a_table_gets_one(text: str) -> None:
    """The SDK is installed also where pyproject.toml has no project table."""
    assert [SDK_REQUIREMENT] == project(made(text))["project"]["dependencies"]


@pytest.mark.parametrize("bound", [">0,<0.15", "==0.21.7", "~=0.20.0", ">=99"])
def test_bound_that_the_engine_does_not_speak_is_refused(bound: str) -> None:
    """Without uv.lock a version that neither engine has is an error."""
    with pytest.raises(ModuleFailed, match="excludes it") as raised:
        made(PROJECT.format(bound=bound))

    assert "'dagger-io" in raised.value.message
    assert "without a version" in (raised.value.hint or "")


@pytest.mark.parametrize("bound", [">=0.15", "==0.21.8", ">=0.21.8,<0.22"])
def test_bound_that_only_dagger_refuses_is_installed_and_told(bound: str) -> None:
    """The module works on the user's machine; its author reads why it does not on Dagger."""
    plan = made(PROJECT.format(bound=bound))

    expected = ["anyio", SDK_REQUIREMENT, f"dagger-io{bound}"]
    assert expected == project(plan)["project"]["dependencies"]
    assert f"`dagger` refuses 'dagger-io{bound}' without one: run `uv lock` in /m" in plan.note
    assert "--quiet" not in plan.commands[0]


@pytest.mark.parametrize("bound", ["", "<1", ">=0"])
def test_bound_that_accepts_the_own_sdk(bound: str) -> None:
    """What accepts version 0.0.0 is installed."""
    plan = made(PROJECT.format(bound=bound))

    assert ["anyio", SDK_REQUIREMENT] == project(plan)["project"]["dependencies"]


def test_requirements_lock_is_installed() -> None:
    """Pins of a requirements.lock are used: updated without an upgrade, and nothing else."""
    lock = (
        "# made by uv\n-e ./sdk\nanyio==4.0.0 \\\n    --hash=sha256:00\n"
        "    # via dagger-io\ndagger-io==0.13.0\n"
    )
    plan = made(PROJECT.format(bound=""), requirements_lock=lock)

    assert "anyio==4.0.0\n" == plan.files["requirements.lock"]
    assert ["venv", "compile", "install"] == [
        next(word for word in command if word in ("venv", "compile", "install"))
        for command in plan.commands
    ]
    assert "--no-deps" in plan.commands[2]


def test_uv_lock_goes_before_requirements_lock() -> None:
    """With both, uv.lock is used, as on Dagger."""
    plan = made(PROJECT.format(bound=""), uv_lock="the lock", requirements_lock="anyio==4.0.0")

    assert {"pyproject.toml", "uv.lock"} == plan.files.keys()


def test_without_uv_no_lock_is_used() -> None:
    """`use-uv = false` leaves both locks out, as on Dagger."""
    text = PROJECT.format(bound="") + "[tool.dagger]\nuse-uv = false\n"

    assert {"pyproject.toml"} == made(text, uv_lock="", requirements_lock="").files.keys()


def test_indexes_of_the_project() -> None:
    """Indexes that the project names are used, those for single packages left to uv."""
    text = (
        PROJECT.format(bound="")
        + """
[[tool.uv.index]]
url = "https://a.example/simple"
default = true
[[tool.uv.index]]
name = "b"
url = "https://b.example/simple"
[[tool.uv.index]]
name = "c"
url = "https://c.example/simple"
explicit = true
"""
    )

    assert {
        "UV_DEFAULT_INDEX": "https://a.example/simple",
        "UV_INDEX": "b=https://b.example/simple",
    } == made(text).variables
