"""The version to release, from the request and the current version (PEP 440).

    | from       | patch | minor | major | stable | alpha | beta | rc  | post        | dev  |
    |------------|-------|-------|-------|--------|-------|------|-----|-------------|------|
    | 1.2.3      | 1.2.4 | 1.3.0 | 2.0.0 | -      | -     | -    | -   | 1.2.3.post1 | -    |
    | 1.2.3a1    | 1.2.3 | 1.3.0 | 2.0.0 | 1.2.3  | a2    | b1   | rc1 | a1.post1    | -    |
    | 1.2.3rc1   | 1.2.3 | 1.3.0 | 2.0.0 | 1.2.3  | -     | -    | rc2 | rc1.post1   | -    |
    | 1.2.3.dev4 | 1.2.3 | 1.3.0 | 2.0.0 | 1.2.3  | a1    | b1   | rc1 | 1.2.3.post1 | dev5 |
    | 1.3.0rc1   | 1.3.0 | 1.3.0 | 2.0.0 | 1.3.0  | -     | -    | rc2 | rc1.post1   | -    |

"-" is refused. It is the table of `uv version --bump` but for one thing: from a pre-release, a
component that the pre-release already leads to is finished rather than skipped. `patch` makes
1.2.3 of 1.2.3rc1, where uv makes 1.2.4 and 1.2.3 would never be released. The note has it.

A component and a pre-release together (`minor` and `rc`) start that pre-release, or count on
when the current version is one of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from packaging.version import Version

from wheelwright.project.arguments import argument
from wheelwright.project.reading import parse_version
from wheelwright.project.suggestions import unknown
from wheelwright.release.decide.stops import Reason, Stop

BUMPS: Final = ("patch", "minor", "major", "stable")
PRES: Final = ("alpha", "beta", "rc", "dev")

_LETTERS: Final = {"alpha": "a", "beta": "b", "rc": "rc"}
_PLACES: Final = {"major": 0, "minor": 1, "patch": 2}


@dataclass(frozen=True)
class Bump:
    """Which version is requested; empty means not given."""

    bump: str = argument("patch, minor, major, or stable: a pre-release made final.", "")
    pre: str = argument("alpha, beta, rc or dev; with --bump, the first of it.", "")
    post: bool = argument("A post-release of the current version.", False)
    version: str = argument("The version itself, such as 1.2.0.", "")

    @property
    def as_options(self) -> str:
        """The request as options."""
        given = [f"--{key} {value}" for key, value in self._given() if value]
        return " ".join([*given, *(["--post"] if self.post else [])])

    def _given(self) -> tuple[tuple[str, str], ...]:
        return ("bump", self.bump), ("pre", self.pre), ("version", self.version)

    def refusal(self) -> Stop | None:
        """Return what is wrong with the request itself, whatever the package is."""
        given = [f"--{key}" for key, value in self._given() if value] + ["--post"] * self.post
        if not given:
            return Stop.at(Reason.NO_BUMP)
        for key, value, known in (("bump", self.bump, BUMPS), ("pre", self.pre, PRES)):
            if value and value not in known:
                return Stop.at(Reason.BAD_REQUEST, unknown(f"--{key}", value, known))
        alone = self.version or self.post or self.bump == "stable"
        if alone and len(given) > 1:
            why = "--version, --post and --bump stable cannot be combined with others"
            return _refused(" ".join(given), why)
        return None


@dataclass(frozen=True)
class Request(Bump):
    """The version, and whether it may be below the latest."""

    allow_lower: bool = argument(
        "Allow a version below the latest, or a base without the latest release.", False
    )


@dataclass(frozen=True, slots=True)
class Versioned:
    """The version, and what may be unexpected about it."""

    version: str
    note: str = ""


def rehearsed(current: str, epoch_s: int) -> str:
    """Return the version of a rehearsal: unique, and before everything that is released next.

    A development release of the next patch, numbered by the time: 1.2.4.dev20261127031500. Empty
    where the current version is not one.
    """
    version = parse_version(current or "0.0.0")
    if version is None:
        return ""
    major, minor, patch = (*version.release, 0, 0)[:3]
    final = version.release if version.pre or version.dev is not None else (major, minor, patch + 1)
    stamp = datetime.fromtimestamp(epoch_s, UTC).strftime("%Y%m%d%H%M%S")
    return f"{_text(version, final)}.dev{stamp}"


def newest(versions: Iterable[str]) -> str:
    """Return the highest, as it is spelled; empty where there is none."""
    return max((text for text in versions if parse_version(text)), key=Version, default="")


def next_version(current: str, request: Bump) -> Versioned | Stop:
    """Return what the request makes of the current version.

    `current` is empty for a package that was never released and whose version comes from tags.
    """
    if refusal := request.refusal():
        return refusal
    if request.version:
        return _explicit(request.version)
    version = parse_version(current or "0.0.0")
    if version is None:
        return _refused(f'version "{current}"', "it is not PEP 440; correct it, or pass --version")
    if version.local:
        return _refused(f"version {current}", "an index takes no local version; pass --version")
    if request.post:
        return Versioned(_post(version))
    if request.bump == "stable":
        if not _precedes(version):
            return _refused(f"stable of {version}", "it is final already")
        return Versioned(_text(version, version.release))
    if request.bump:
        return _component(version, request)
    return _pre(version, request.pre)


def _explicit(text: str) -> Versioned | Stop:
    version = parse_version(text)
    if version is None:
        return _refused(f'--version "{text}"', "it is not a version (PEP 440)")
    if version.local:
        return _refused(f"--version {text}", f"an index takes no local version (+{version.local})")
    note = f"{text} is {version} for the index" if str(version) != text else ""
    return Versioned(str(version), note)


def _component(version: Version, request: Bump) -> Versioned | Stop:
    place = _PLACES[request.bump]
    release = (*version.release, *(0,) * (place + 1 - len(version.release)))
    # 1.3.0rc1 leads to 1.3.0: that is its next patch, and its next minor too, but no next major.
    leads = not any(release[place + 1 :]) or request.bump == "patch"
    finishes = _precedes(version) and leads
    if finishes:
        # As it is written: 26.3.dev0 leads to 26.3, not to 26.3.0.
        target = version.release
    else:
        target = (*release[:place], release[place] + 1, *(0,) * (len(release) - place - 1))
    final = _text(version, target)
    skipped = f"{request.bump} of {version} is {final}"
    if not request.pre:
        return Versioned(final, f"{skipped}: it finishes the pre-release" if finishes else "")
    if not finishes:
        return Versioned(final + _first(request.pre))
    counted = _pre(version, request.pre)
    if isinstance(counted, Stop):
        return counted
    return Versioned(counted.version, f"{skipped}, which {version} leads to: it counts on")


def _pre(version: Version, pre: str) -> Versioned | Stop:
    what = f"{pre} of {version}"
    if not _precedes(version):
        return _refused(what, f"add its version: --bump patch --pre {pre}, or minor, or major")
    final = _text(version, version.release)
    if pre == "dev":
        if version.dev is None or version.pre:
            return _refused(what, "it would be lower")
        return Versioned(f"{final}.dev{version.dev + 1}")
    letter = _LETTERS[pre]
    if version.pre is None:
        return Versioned(f"{final}{letter}1")
    has, number = version.pre
    if letter < has:
        return _refused(what, "it would be lower")
    if letter > has:
        return Versioned(f"{final}{letter}1")
    # A development release of a pre-release leads to that one.
    leads = version.dev is not None and version.post is None
    return Versioned(f"{final}{letter}{number if leads else number + 1}")


def _precedes(version: Version) -> bool:
    """Whether its final release is still to come; for a development release of a post it is not."""
    return version.pre is not None or (version.dev is not None and version.post is None)


def _first(pre: str) -> str:
    return ".dev1" if pre == "dev" else f"{_LETTERS[pre]}1"


def _post(version: Version) -> str:
    pre = "".join(map(str, version.pre or ()))
    leads = version.dev is not None and version.post is not None
    number = (version.post or 0) + (0 if leads else 1)
    return f"{_text(version, version.release)}{pre}.post{number}"


def _text(version: Version, release: tuple[int, ...]) -> str:
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))


def _refused(what: str, why: str) -> Stop:
    return Stop.at(Reason.BAD_REQUEST, f"{what}: {why}")
