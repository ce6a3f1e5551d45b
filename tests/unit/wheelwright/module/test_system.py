"""The caller's image and packages, above the project's settings."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.environment.plan import system
from wheelwright.environment.system import System
from wheelwright.errors import RequestError
from wheelwright.module.system import chosen

OWN = """
[project]
name = "demo"
version = "1"

[tool.wheelwright]
image = "registry.example/demo:1"
system-packages = ["git"]

[[tool.wheelwright.matrix.include]]
python = "3.12"
image = "registry.example/demo:2"
"""


def test_without_arguments_the_settings_hold() -> None:
    """The image is marked as one that was named, and the packages are below everything."""
    found = chosen(project(OWN), "", "")

    assert System("registry.example/demo:1", ("git",), named=True) == system(found, "3.12")
    assert ["registry.example/demo:2"] == [each.image for each in found.settings.matrix.include]


def test_arguments_replace_the_settings() -> None:
    """An image of the caller is that of every cell."""
    found = chosen(project(OWN), "python:3.12-slim@sha256:" + "0" * 64, "libpq-dev, npm")

    assert ("libpq-dev", "npm") == system(found, "3.12").packages
    assert system(found, "3.12").image.startswith("python:3.12-slim@sha256:")
    assert [None] == [each.image for each in found.settings.matrix.include]


@pytest.mark.parametrize(
    ("image", "packages", "message"),
    [
        ("-v x", "", '--image "-v x" is not the address of an image; write it as python:3.12-slim'),
        (
            "",
            "git,--force",
            '"--force" is not the name of a Debian package; write them as git,libpq',
        ),
    ],
)
def test_what_cannot_be_one_is_refused(image: str, packages: str, message: str) -> None:
    """Neither can become an option of a command."""
    with pytest.raises(RequestError) as raised:
        chosen(project(OWN), image, packages)
    assert message in str(raised.value)
