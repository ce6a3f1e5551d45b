"""The package index does not know our distribution's name, or the project of that name is ours.

Whoever registers the name could upload what `pip install NAME` runs. Nothing of ours runs that, but
a person may: `nightly` asks every night.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
ADDRESS = PROJECT["urls"]["Repository"]
INDEX = "https://pypi.org/pypi"


def is_ours(answer: Mapping[str, Any]) -> bool:
    """Whether a project of the index names our repository, with or without `.git`."""
    urls = answer["info"].get("project_urls") or {}
    named = urls.get("Repository") or ""
    return bool(_plain(named)) and _plain(named) == _plain(ADDRESS)


def _plain(address: str) -> str:
    return address.strip().rstrip("/").removesuffix(".git").casefold()


@pytest.mark.network
def test_name_on_the_index_is_free_or_ours() -> None:
    """404 for the name of pyproject.toml, or a project whose Repository is this one."""
    answer = httpx.get(f"{INDEX}/{PROJECT['name']}/json", timeout=60, follow_redirects=True)

    assert answer.status_code in (200, 404)
    assert answer.status_code == 404 or is_ours(answer.json())


@pytest.mark.network
@pytest.mark.parametrize("name", ["wheelwright", "stiletto"])
def test_question_is_not_blind(name: str) -> None:
    """Both names of others are found, and are not ours: so the commands keep to the address."""
    answer = httpx.get(f"{INDEX}/{name}/json", timeout=60, follow_redirects=True)

    assert 200 == answer.status_code
    assert not is_ours(answer.json())


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ({"Repository": ADDRESS}, True),
        ({"Repository": f"{ADDRESS.removesuffix('.git')}/"}, True),
        ({"Repository": f"{ADDRESS.removesuffix('.git')}-fork"}, False),
        ({"Homepage": ADDRESS}, False),
        ({"Repository": ""}, False),
        ({}, False),
        (None, False),
    ],
)
def test_project_is_ours_by_its_repository(urls: dict[str, str] | None, expected: bool) -> None:
    """Another repository, another label, none at all: the project is somebody else's."""
    assert expected == is_ours({"info": {"project_urls": urls}})
