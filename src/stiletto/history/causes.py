"""Why a step or a function ran: what differs from its last success (pure).

A step is made of layers, mounts, a command and its surroundings. Where a layer differs that another
step made, that step's own inputs are compared: so the deepest inputs that differ are named, and not
that everything above them differs, too.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from stiletto.history.changes import FileChange, Listings, beneath, changes, count, short
from stiletto.history.inputs import OF_IMAGE, Inputs, Origin

PATHS_MAX = 6
"""How many paths are shown; of more, one less and how many are left out."""

IMAGE, ENVIRONMENT, COMMAND, DEPENDENCIES = "image", "environment", "command", "dependencies"
ASPECTS = (IMAGE, ENVIRONMENT, COMMAND, DEPENDENCIES)
"""What a step always has, and what therefore is named where it is unchanged."""

_VOLUME = "cache volume"
_PLAIN = {
    "workdir": ("working directory", COMMAND),
    "user": ("user", COMMAND),
    "stdin": ("standard input", COMMAND),
    "provider": ("sandbox", ""),
    "expect": ("expected exit code", COMMAND),
    "redirects": ("redirections", COMMAND),
    "init": ("init", COMMAND),
    "volatile": ("volatile variables", ENVIRONMENT),
}
"""Inputs of a step that are shown as they are: how they are named, and the aspect."""

_TEXT_MAX = 60
_ID = re.compile(r"(\w+)@(sha256:[0-9a-f]{64})")
_DIGEST = re.compile(r"(?:sha256:)?\b[0-9a-f]{32,}\b")


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that differs, with lines of details; `aspect` is one of `ASPECTS`, or empty."""

    title: str
    lines: tuple[str, ...] = ()
    aspect: str = field(default="", compare=False)


@dataclass(frozen=True)
class Comparison:
    """What two runs are compared with: what is known of inputs, and of directories.

    `sources` are the trees that the functions of the call were given.
    """

    inputs: Callable[[str], Inputs | None]
    listings: Listings
    sources: frozenset[str] = frozenset()
    _seen: dict[tuple[str, str], tuple[Cause, ...]] = field(default_factory=dict, repr=False)

    # -- steps --------------------------------------------------------------------------------

    def step(self, before: Inputs, after: Inputs) -> list[Cause]:
        """Return what differs, the deepest first, each once."""
        found: dict[Cause, Cause] = {}
        for each in (*self._below(before, after), *self._own(before, after)):
            if each not in found or each.aspect:
                found[each] = each
        # A volume may be named after what it is filled with: that is named already.
        others = [each for each in found.values() if not each.title.startswith(_VOLUME)]
        return others or list(found.values())

    def _below(self, before: Inputs, after: Inputs) -> Iterator[Cause]:
        old, new = _root(before), _root(after)
        if old[:1] != new[:1]:
            yield _image(before.image or "".join(old[:1]), after.image or "".join(new[:1]))
        yield from self._layers(before, after, old[1:], new[1:])

    def _layers(
        self, before: Inputs, after: Inputs, old: Sequence[str], new: Sequence[str]
    ) -> Iterator[Cause]:
        signs = [
            [_sign(inputs.layers.get(key)) for key in keys]
            for inputs, keys in ((before, old), (after, new))
        ]
        matcher = SequenceMatcher(None, signs[0], signs[1], autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                pairs = zip(old[i1:i2], new[j1:j2], strict=True)
            else:
                # Two commands at one place are compared; what is left over was added or removed.
                pairs = zip(old[i1:i2], new[j1:j2], strict=False)
                both = min(i2 - i1, j2 - j1)
                yield from self._alone("removed", before, old[i1 + both : i2])
                yield from self._alone("added", after, new[j1 + both : j2])
            for one, other in pairs:
                if one != other:
                    yield from self._layer(before, after, one, other)

    def _alone(self, what: str, inputs: Inputs, keys: Sequence[str]) -> Iterator[Cause]:
        for key in keys:
            origin = inputs.layers.get(key, Origin())
            aspect = DEPENDENCIES if origin.step else ""
            yield Cause(f"{origin.step or 'files beneath'}: {what}", aspect=aspect)

    def _layer(self, before: Inputs, after: Inputs, old: str, new: str) -> Iterator[Cause]:
        one, other = before.layers.get(old, Origin()), after.layers.get(new, Origin())
        if one.merged and other.merged:
            yield from self._merged(before, after, old, new)
        elif one.tree and other.tree:
            # What was copied from the result of a step is explained by what that step saw, and a
            # file of an image by what the image is.
            was, is_now = dict(one.copied), dict(other.copied)
            explained = [path for path in was if path in is_now and was[path] != is_now[path]]
            explained = [path for path in explained if _are_alike(was[path], is_now[path])]
            for path in explained:
                yield from self._copied(was[path], is_now[path])
            workdir = str(after.data.get("workdir", ""))
            yield from self._files("files", one.tree, other.tree, workdir, explained)
            gone = sorted({*one.removed} ^ {*other.removed})
            if gone:
                yield Cause("paths that are removed", _cut(gone))
        elif one.step and other.step:
            yield from self._step_beneath(old, new)
        else:
            yield Cause(f"{one.step or 'files'} -> {other.step or 'files'}")

    def _merged(self, before: Inputs, after: Inputs, old: str, new: str) -> Iterator[Cause]:
        """Compare what two layers were merged from."""
        one, other = self.inputs(old), self.inputs(new)
        if one is None or other is None:
            yield Cause("layers beneath: what they were is not recorded any more")
            return
        one, other = replace(one, data=before.data), replace(other, data=after.data)
        merged = before.layers[old].merged, after.layers[new].merged
        yield from self._layers(one, other, *merged)

    def _copied(self, old: str, new: str) -> Iterator[Cause]:
        if old.startswith(OF_IMAGE):
            yield _image(old.removeprefix(OF_IMAGE), new.removeprefix(OF_IMAGE))
        else:
            yield from self._step_beneath(old, new)

    def _step_beneath(self, old: str, new: str) -> Iterator[Cause]:
        saw, sees = self.inputs(old), self.inputs(new)
        if saw is None or sees is None:
            yield Cause("a step beneath: what it saw before is not recorded any more")
        elif (old, new) not in self._seen:
            self._seen[old, new] = ()
            causes = self.step(saw, sees)
            self._seen[old, new] = tuple(replace(each, aspect=DEPENDENCIES) for each in causes)
            yield from self._seen[old, new]
        else:
            yield from self._seen[old, new]

    def _files(
        self, title: str, before: str, after: str, at: str = "", without: Sequence[str] = ()
    ) -> Iterator[Cause]:
        """Compare trees; paths beneath the directory `at` come first, and are shown without it."""
        try:
            found = changes(before, after, self.listings)
            where = f"{at.strip('/')}/"
            found = [each for each in found if not _is_beneath(each.path, without)]
            inner = [each for each in found if at and each.path.startswith(where)]
            others = [each for each in found if each not in inner]
            total, whole = self._total(after, at if inner and not others else "")
        except LookupError:
            yield Cause(f"{title}: what they were is not recorded any more")
            return
        if found:
            below = f" of {at}{whole}" if inner and not others else ""
            named = [_within(each, where) for each in inner]
            named += [_absolute(each) if at else each for each in others]
            counted = f"{len(found)} of {total}" if len(found) <= total else f"{len(found)}"
            yield Cause(f"{title}{below}: {counted} changed", _cut(_table(named)))

    def _total(self, tree: str, at: str) -> tuple[int, str]:
        """Return how many files a directory of a tree has, and whether it is a whole source."""
        directory = beneath(tree, at, self.listings)
        if directory is None:
            return 0, ""
        names = self.listings(directory).keys()
        for source in self.sources if at else ():
            given = self.listings(source).keys() - {".git"}
            if source == directory or (given and given <= names):
                return count(directory, self.listings), ", the whole source"
        return count(directory, self.listings), ""

    def _own(self, before: Inputs, after: Inputs) -> Iterator[Cause]:
        old, new = before.data, after.data
        for name, (title, aspect) in _PLAIN.items():
            if old.get(name) != new.get(name):
                yield Cause(f"{title}: {_arrow(old.get(name), new.get(name))}", aspect=aspect)
        if old.get("args") != new.get("args"):
            words = _words(old.get("args", ()), new.get("args", ()))
            yield Cause(f"command: {words}", aspect=COMMAND)
        if old.get("format") != new.get("format"):
            yield Cause("written by another version of Stiletto")
        for name, one, other in _items(old, new, "env"):
            yield Cause(f"variable {name}: {_arrow(one, other)}", aspect=ENVIRONMENT)
        for name, one, other in _items(old, new, "secrets"):
            yield Cause(f"secret {name}: {_presence(one, other, 'has another value')}")
        for name, one, other in _items(old, new, "services"):
            yield Cause(f"service {name}: {_presence(one, other, 'changed')}")
        for target, one, other in _items(old, new, "mounts"):
            yield from self._mount(before, after, target, one, other)

    def _mount(
        self, before: Inputs, after: Inputs, target: str, old: Any, new: Any
    ) -> Iterator[Cause]:
        kinds = [each[0] if each else "" for each in (old, new)]
        if kinds[0] != kinds[1] or not old or not new:
            yield Cause(f"mount {target}: {_presence(old, new, f'{kinds[0]} -> {kinds[1]}')}")
        elif kinds[0] == "secret":
            yield Cause(f"secret at {target}: has another value, mode or owner")
        elif kinds[0] in ("directory", "file") and old[1] != new[1]:
            trees = [
                inputs.trees.get(key, "") for inputs, key in ((before, old[1]), (after, new[1]))
            ]
            yield from self._files(f"files of {target}", trees[0], trees[1])
        else:
            yield Cause(f"{_VOLUME if kinds[0] == 'cache' else 'mount'} at {target}: another one")

    # -- functions ----------------------------------------------------------------------------

    def function(self, before: Inputs, after: Inputs) -> list[Cause]:
        """Return what differs between two calls of a function, the module's code first."""
        return list(dict.fromkeys(self._call(before, after)))

    def _call(self, before: Inputs, after: Inputs) -> Iterator[Cause]:
        old, new = before.data, after.data
        if old.get("format") != new.get("format"):
            yield Cause("written by another version of Stiletto")
        if old.get("code") != new.get("code"):
            trees = before.trees.get("code", ""), after.trees.get("code", "")
            if all(trees):
                yield from self._files("the module's code", *trees)
            else:
                yield Cause("the module's code changed")
        if old.get("function") != new.get("function"):
            yield Cause(f"function: {_arrow(old.get('function'), new.get('function'))}")
        yield from self._parent(before, after)
        for name, one, other in _items(old, new, "args"):
            found = list(self._argument(before, after, name, _parsed(one), _parsed(other)))
            yield from found or [Cause(f"argument {_option(name)}: the same in another form")]

    def _parent(self, before: Inputs, after: Inputs) -> Iterator[Cause]:
        """Compare the objects that a function was called of, field by field."""
        old, new = before.data.get("parent"), after.data.get("parent")
        if _json(old) == _json(new):
            return
        states = [_state(each) for each in (old, new)]
        found: list[Cause] = []
        for name in sorted({*states[0], *states[1]}):
            one, other = states[0].get(name), states[1].get(name)
            found += self._argument(before, after, name, one, other)
        yield from found or [Cause("the object of the function is another one")]

    def _argument(
        self, before: Inputs, after: Inputs, name: str, old: Any, new: Any
    ) -> Iterator[Cause]:
        if _json(old) == _json(new):
            return
        title = _option(name)
        ids = [_ID.fullmatch(each) if isinstance(each, str) else None for each in (old, new)]
        if ids[0] is not None and ids[1] is not None:
            if ids[0][1] == "Secret":
                yield Cause(f"secret {title}: has another value")
                return
            trees = before.trees.get(str(old), ""), after.trees.get(str(new), "")
            if all(trees):
                yield from self._files(f"files of {title}", *trees)
            else:
                yield Cause(f"argument {title}: another {ids[1][1]}")
            return
        yield Cause(f"argument {title}: {_arrow(old, new)}")


def _are_alike(old: str, new: str) -> bool:
    """Whether two origins are both images, or both steps."""
    return old.startswith(OF_IMAGE) == new.startswith(OF_IMAGE)


def _image(old: str, new: str) -> Cause:
    return Cause(f"image: {old} -> {new}", aspect=IMAGE)


def _root(inputs: Inputs) -> list[str]:
    return [str(key) for key in inputs.data.get("root", ())]


def _sign(origin: Origin | None) -> str:
    """Return what makes layers comparable: steps by their program, trees with trees."""
    if origin is None:
        return "unknown"
    if origin.step:
        return f"step {origin.step.partition(' ')[0]}"
    return "merged" if origin.merged else "tree"


def _items(
    old: Mapping[str, Any], new: Mapping[str, Any], name: str
) -> Iterator[tuple[str, Any, Any]]:
    """Yield what differs in two mappings: name, what it was, what it is."""
    one, other = old.get(name, {}), new.get(name, {})
    for key in sorted({*one, *other}):
        if one.get(key) != other.get(key):
            yield key, one.get(key), other.get(key)


def _option(name: str) -> str:
    """Return how an argument is typed."""
    return name.replace("_", "-").rstrip("-")


def _json(data: Any) -> str:
    return json.dumps(data, sort_keys=True)


def _state(parent: Any) -> Mapping[str, Any]:
    """Return the fields of the object that a function was called of."""
    if isinstance(parent, list | tuple) and len(parent) == 2:
        data = _parsed(parent[1])
        return data if isinstance(data, dict) else {}
    return {}


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _words(old: Sequence[str], new: Sequence[str]) -> str:
    """Return which words of a command differ."""
    parts: list[str] = []
    matcher = SequenceMatcher(None, list(old), list(new), autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            was, is_now = shlex.join(old[i1:i2]), shlex.join(new[j1:j2])
            if was and is_now:
                parts.append(f"{_text(was)} -> {_text(is_now)}")
            else:
                parts.append(f"{_text(is_now)} added" if is_now else f"{_text(was)} removed")
    return ", ".join(parts)


def _presence(old: Any, new: Any, changed: str) -> str:
    if old is None:
        return "added"
    return "removed" if new is None else changed


def _arrow(old: Any, new: Any) -> str:
    return f"{_text(old)} -> {_text(new)}"


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _DIGEST.sub(lambda found: short(found[0]), text)
    text = text.replace("\n", "\\n") or '""'
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 3]}..."


def _is_beneath(path: str, directories: Sequence[str]) -> bool:
    return any(f"{path}/".startswith(f"{each.strip('/')}/".lstrip("/")) for each in directories)


def _within(change: FileChange, where: str) -> FileChange:
    """Return a change by its paths beneath a directory."""
    now = change.now.removeprefix(where) if change.now.startswith(where) else f"/{change.now}"
    return replace(change, path=change.path.removeprefix(where), now=now if change.now else "")


def _absolute(change: FileChange) -> FileChange:
    return replace(change, path=f"/{change.path}", now=f"/{change.now}" if change.now else "")


def _table(found: Sequence[FileChange]) -> list[str]:
    width = min(max(len(each.path) for each in found[:PATHS_MAX]), 50)
    return [f"{each.path:<{width}}   {each.what}{each.now}" for each in found]


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the first lines, the last of which counts those that are left out."""
    if len(lines) <= PATHS_MAX:
        return tuple(lines)
    kept = PATHS_MAX - 1
    return (*lines[:kept], f"and {len(lines) - kept} more")
