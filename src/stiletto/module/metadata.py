"""What installed metadata a module's project has: the text of its `dist-info`.

The real engine installs the project itself, so the SDK finds the main object by its entry point,
and the module's code can read its own version and addresses. Here only the dependencies are
installed and the code is on the path; these files are what the installation would add. One that
comes from a repository says so (direct_url.json), as everything that is installed from git.

A version that only a build would find is left out. Pure.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def dist_info(pyproject: str, direct_url: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata's files by path, such as `demo-1.0.dist-info/METADATA`.

    `direct_url` is where the project comes from (PEP 610); empty where that is not known.
    """
    project = _get(tomllib.loads(pyproject), "project", dict[str, Any]())
    name = _line(_get(project, "name", ""))
    if not re.fullmatch(r"[\w.-]+", name):
        return {}
    version = _line(_get(project, "version", ""))
    known = version if re.fullmatch(r"[\w.!+-]+", version) else "0"
    folder = f"{re.sub(r'[-_.]+', '_', name)}-{known.replace('-', '_')}.dist-info"
    files = {f"{folder}/METADATA": _text(_metadata(project, name, version))}
    if points := _text(_entry_points(project)):
        files[f"{folder}/entry_points.txt"] = points
    if direct_url:
        files[f"{folder}/direct_url.json"] = json.dumps(direct_url)
    return files


def _metadata(project: Mapping[str, Any], name: str, version: str) -> Iterator[str]:
    yield "Metadata-Version: 2.1"
    yield f"Name: {name}"
    if version:
        yield f"Version: {version}"
    for key, field in (("description", "Summary"), ("requires-python", "Requires-Python")):
        if text := _line(_get(project, key, "")):
            yield f"{field}: {text}"
    for label, url in _texts(_get(project, "urls", dict[str, Any]())):
        yield f"Project-URL: {label}, {url}"
    for requirement in _get(project, "dependencies", list[Any]()):
        if isinstance(requirement, str):
            yield f"Requires-Dist: {_line(requirement)}"


def _entry_points(project: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, object] = {
        "console_scripts": project.get("scripts"),
        "gui_scripts": project.get("gui-scripts"),
        **_get(project, "entry-points", dict[str, Any]()),
    }
    for group, points in groups.items():
        if isinstance(points, dict) and points:
            yield f"[{_line(group)}]"
            yield from (f"{name} = {value}" for name, value in _texts(points))


def _texts(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield _line(name), _line(value)


def _line(text: str) -> str:
    return " ".join(text.split())


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _get(data: Mapping[str, Any], key: str, default: T) -> T:
    value = data.get(key)
    return value if isinstance(value, type(default)) else default
