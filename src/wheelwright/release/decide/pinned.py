"""A plan that is performed exactly: what `release-plan --format json` wrote, read again. Pure.

It is the caller's, and may have travelled: nothing is taken from it but what is listed here, each
of its own form. It decides base commit, time and build tools; all else is made again, and has to
come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from wheelwright.distribution import backend
from wheelwright.distribution.file import File, file_project, file_version
from wheelwright.project.reading import json_data, parse_version
from wheelwright.release.decide.refs import line
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Asked, Pinned, Plan

FORMAT: Final = 1
"""Of the JSON; a plan of another one is not read."""

LONGEST_BYTES: Final = 64 * 1024 * 1024
"""Of the file: a plan has the texts of a release, and the diff of its commit."""

_LATEST_S: Final = 2**33
_MOST_FILES: Final = 1_000
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a plan in JSON decides, and what has to come out of it."""

    package: str
    version: str
    base: str
    base_commit: str
    epoch_s: int
    tag: str
    branch: str
    publish_url: str
    asked: Asked
    pinned: Pinned

    def onto(self, plan: Plan, urls: IndexUrls) -> Plan | Stop:
        """Return the plan of this run with what the file decides, or how they differ."""
        pairs = (
            ("package", self.package, plan.package),
            ("version", self.version, plan.version),
            ("base", self.base, plan.base),
            ("base commit", self.base_commit, plan.base_commit),
            ("tag", self.tag, plan.tag),
            ("branch", self.branch, plan.branch),
            ("index", self.publish_url, urls.shown[0]),
        )
        differing = [
            f"{name} is {now}, and {then} is planned" for name, then, now in pairs if then != now
        ]
        if differing:
            return Stop.at(Reason.NOT_AS_PLANNED, "; ".join(differing))
        return replace(plan, epoch_s=self.epoch_s, asked=self.asked, pinned=self.pinned)


def read(text: str) -> PlanFile:
    """Read a plan in JSON.

    Raises:
        ValueError: it is none, or one that is not of this format.
    """
    data = _of(json_data(text), dict, "the plan")
    if data.get("format") != FORMAT:
        raise ValueError(f"format {data.get('format')!r} is not {FORMAT}")
    package, version = _line(data, "package"), _line(data, "version")
    if str(parse_version(version) or "") != version:
        raise ValueError(f"version cannot be {version!r}")
    epoch_s = data.get("epoch_s")
    if not isinstance(epoch_s, int) or isinstance(epoch_s, bool) or not 0 < epoch_s < _LATEST_S:
        raise ValueError(f"epoch_s is not a time: {epoch_s!r}")
    pins = tuple(_of(each, str, "a build tool") for each in _list(data, "build_requires"))
    if backend.recorded(pins) != pins:
        raise ValueError("build_requires has more than versions and hashes")
    asked = _of(data.get("asked"), dict, "asked")
    files = _list(data, "files")
    if len(files) > _MOST_FILES:
        raise ValueError(f"files are {len(files)}, and {_MOST_FILES} are the most")
    index = _of(data.get("index"), dict, "index")
    return PlanFile(
        package=package,
        version=version,
        base=_line(data, "base"),
        base_commit=_matching(data, "base_commit", _COMMIT),
        epoch_s=epoch_s,
        tag=_line(data, "tag"),
        branch=_line(data, "branch"),
        publish_url=_line(index, "publish_url"),
        asked=Asked(_line(asked, "run"), _line(asked, "request")),
        pinned=Pinned(
            commit=_matching(data, "commit", _COMMIT),
            build_requires=pins,
            files=tuple(_file(each, package, version) for each in files),
        ),
    )


def _file(data: object, package: str, version: str) -> File:
    fields = _of(data, dict, "a file")
    name = _line(fields, "name")
    if file_version(name) != version or file_project(name) != package:
        raise ValueError(f"{name!r} is not a distribution of {package} {version}")
    return File(name, _matching(fields, "sha256", _SHA256))


def _of(value: object, kind: type, what: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{what} is not of the kind {kind.__name__}")
    return value


def _list(data: Mapping[str, object], key: str) -> list[object]:
    found: list[object] = _of(data.get(key), list, key)
    return found


def _line(data: Mapping[str, object], key: str) -> str:
    text = data.get(key)
    if not isinstance(text, str) or line(text) != text:
        raise ValueError(f"{key} is not a line")
    return text


def _matching(data: Mapping[str, object], key: str, pattern: re.Pattern[str]) -> str:
    text = _line(data, key)
    if not pattern.fullmatch(text):
        raise ValueError(f"{key} cannot be {text!r}")
    return text
