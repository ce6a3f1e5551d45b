"""The pinned actions of a workflow that is there already: which are newer, which are unknown.

`workflows` keeps a pin of an existing file that is newer than its own, such as one that Dependabot
brought in meanwhile (`newest`). It cannot know who wrote such a pin, so it names them (`foreign`),
and asks the action's repository whether the version's tag has that commit (`tag_of`, `is_of`). A
pin that is not of its tag does not count (`without`).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from packaging.version import Version

from wheelwright.pins import ACTIONS
from wheelwright.project.reading import parse_version

_USED = re.compile(
    r"(?P<name>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40})(?P<gap>[ \t]+#[ \t]*)(?P<version>v[\w.]+)"
)


def newest(text: str, existing: str) -> str:
    """Return the text, with each pin for which `existing` has a newer version replaced by that."""
    have: dict[str, re.Match[str]] = {}
    for match in _USED.finditer(existing):
        have[match["name"]] = max(
            (match, have.get(match["name"], match)), key=lambda each: _parse(each["version"])
        )

    def pin(match: re.Match[str]) -> str:
        other = have.get(match["name"])
        if other is None or _parse(other["version"]) <= _parse(match["version"]):
            return match[0]
        return f"{match['name']}@{other['commit']}{match['gap']}{other['version']}"

    return _USED.sub(pin, text)


def foreign(text: str) -> tuple[str, ...]:
    """Return the pins of a text that are not those of `pins.py`, each once, as they are written."""
    ours = {f"{action.name}@{action.commit}" for action in ACTIONS.values()}
    used = [match for match in _USED.finditer(text) if _action(match) not in ours]
    return tuple(dict.fromkeys(f"{use['name']}@{use['commit']} # {use['version']}" for use in used))


def tag_of(pin: str) -> tuple[str, str]:
    """Return the address of a pin's repository, and the full name of its version's tag."""
    name, _, rest = pin.partition("@")
    version = rest.partition("#")[2].strip()
    return f"https://github.com/{'/'.join(name.split('/')[:2])}", f"refs/tags/{version}"


def is_of(pin: str, listed: str) -> bool:
    """Whether the commit of a pin is that of its tag, given what `git ls-remote` lists.

    An annotated tag is listed twice, the second time with `^{}` and its commit.
    """
    commit = pin.partition("@")[2].partition(" ")[0]
    _, tag = tag_of(pin)
    lines = (line.split("\t") for line in listed.splitlines())
    return any(line[0] == commit and line[-1] in (tag, f"{tag}^{{}}") for line in lines)


def without(text: str, pins: Collection[str]) -> str:
    """Return a text in which these pins are older than any other."""

    def aged(match: re.Match[str]) -> str:
        pin = f"{match['name']}@{match['commit']} # {match['version']}"
        return match[0].removesuffix(match["version"]) + "v0" if pin in pins else match[0]

    return _USED.sub(aged, text)


def _action(match: re.Match[str]) -> str:
    """Return an action and its commit; `actions/cache/save` is a part of `actions/cache`."""
    return f"{'/'.join(match['name'].split('/')[:2])}@{match['commit']}"


def _parse(version: str) -> Version:
    # A branch or another name is older than any version.
    return parse_version(version) or Version("0.dev0")
