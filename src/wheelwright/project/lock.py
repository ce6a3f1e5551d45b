"""uv.lock: which version of a distribution it holds, for a given Python."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.errors import ProjectError

__all__ = ["Lock", "parse"]


@dataclass(frozen=True, slots=True)
class Lock:
    """The locked packages, as uv wrote them."""

    packages: Sequence[Mapping[str, Any]]

    def version(self, name: str, python: str) -> str:
        """Return the version locked for a Python such as `3.12`; empty where there is none.

        A lock can hold several (`resolution-markers`); where two fit, the newest is taken.
        """
        wanted = canonicalize_name(name)
        found = [
            package["version"]
            for package in self.packages
            if canonicalize_name(package.get("name", "")) == wanted
            and "version" in package
            and _fits(package.get("resolution-markers", ()), python)
        ]
        return max(found, key=Version, default="")


def _fits(markers: Sequence[str], python: str) -> bool:
    if not markers:
        return True
    minor = ".".join(python.split(".")[:2])
    full = python if python.count(".") > 1 else f"{python}.0"
    environment = {"python_version": minor, "python_full_version": full, "extra": ""}
    try:
        return any(Marker(marker).evaluate(environment) for marker in markers)
    except InvalidMarker as error:
        raise ProjectError(f"uv.lock has a broken marker: {error}", "run `uv lock`") from error


def parse(text: str) -> Lock:
    """Read uv.lock.

    Raises:
        ProjectError: not TOML, such as after a merge conflict.
    """
    try:
        packages = tomllib.loads(text).get("package", [])
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"uv.lock is not valid TOML: {error}", "run `uv lock`") from error
    return Lock(packages)
