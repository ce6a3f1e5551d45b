"""What a Python file's expressions are worth where that can be read without running it (pure).

A value is what Python would have (a string, a list, a dictionary, ...), or one of the classes here.
`Unknown` stands for everything else. Sizes are bounded: a value that would grow past a bound is
`Unknown`, so that no file can make its reader slow.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wheelwright.project.files import join

CHARACTERS: Final = 4096
"""The longest string that is computed; command lines are shorter."""

ITEMS: Final = 1000
"""The most values in a list, inner ones counted; the longest list of a real noxfile has 60."""


DEPTH: Final = 40
"""The levels of lists in lists."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only running the file gives; `line` is where it is computed."""

    line: int


@dataclass(frozen=True, slots=True)
class Dotted:
    """Something of another module, by its full name: `os.environ`, `nox.session`."""

    name: str


@dataclass(frozen=True, slots=True)
class Located:
    """A `pathlib.Path`, from the directory of the file that is read."""

    path: str

    def __str__(self) -> str:
        return self.path or "."


@dataclass(frozen=True, slots=True)
class Group:
    """The requirements of a dependency group, as one item of a list."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the file, with the names that it sees."""

    node: ast.FunctionDef
    names: tuple[dict[str, Any], ...]


@dataclass(slots=True, eq=False)
class Options:
    """An `argparse.ArgumentParser`: the value of each option when none is given."""

    defaults: dict[str, Any] = field(default_factory=dict)
    complete: bool = True

    def add(self, names: list[Any], keywords: Mapping[str, Any]) -> None:
        """Add what `add_argument` adds; a required positional argument makes it incomplete."""
        texts = [name for name in names if isinstance(name, str)]
        if len(texts) != len(names) or not texts or "**" in keywords:
            self.complete = False
            return
        long = [name for name in texts if name.startswith("--")]
        name = (long or texts)[0]
        flag = name.startswith("-")
        if not flag and keywords.get("nargs") not in ("*", "?"):
            self.complete = False
        action = keywords.get("action")
        fallback = {"store_true": False, "store_false": True}.get(str(action))
        dest = keywords.get("dest", name.lstrip("-").replace("-", "_"))
        if not flag and keywords.get("nargs") == "*":
            fallback = []  # type: ignore[assignment]  # what argparse has there
        self.defaults[str(dest)] = keywords.get("default", fallback)


@dataclass(frozen=True, slots=True, eq=False)
class Namespace:
    """What `parse_args` returns."""

    values: Mapping[str, Any]


class Own(dict[str, Any]):
    """The data of the package's own pyproject.toml."""


_PLAIN: Final = (str, int, float, bool, type(None), list, tuple, set, dict, Located)


def is_plain(value: object) -> bool:
    """Whether a value is wholly known, what is inside of it included."""
    if isinstance(value, Own):
        return True
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple | set):
        return all(is_plain(item) for item in value)
    return isinstance(value, _PLAIN)


def unknown_within(value: object) -> Unknown | None:
    """Return the first unknown in a value, itself or inside of it."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict) and not isinstance(value, Own):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set):
        return next((found for item in value if (found := unknown_within(item))), None)
    return None


def truth(value: object) -> bool | None:
    """Return what `if` makes of a value; None where that is not known."""
    if isinstance(value, bool | int | float | str | list | tuple | set | dict | None):
        return bool(value)
    return True if isinstance(value, Located | Group | Function | Namespace) else None


def bounded(value: Any, line: int) -> Any:
    """Return a value that is not too large, else `Unknown`."""
    if isinstance(value, str) and len(value) > CHARACTERS:
        return Unknown(line)
    if isinstance(value, int) and abs(value) > 10**18:
        return Unknown(line)
    if isinstance(value, list | tuple | set | dict) and _size(value, ITEMS) < 0:
        return Unknown(line)
    return value


def _size(value: object, left: int, depth: int = 0) -> int:
    """Return what is left of a number after counting all inside of a value; negative: too many."""
    if isinstance(value, Own):
        return left - 1
    if depth > DEPTH:
        return -1
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple | set):
        inner = value
    left -= 1
    for item in inner:
        left = _size(item, left, depth + 1)
        if left < 0:
            break
    return left


def listed(value: object, line: int) -> list[Any]:
    """Return what `*value` or `for` gives; one `Unknown` where that is not known."""
    if isinstance(value, Own):
        return [Unknown(line)]
    if isinstance(value, list | tuple | dict):
        return list(value)
    if isinstance(value, set):
        return sorted(value, key=repr) if is_plain(value) else [Unknown(line)]
    if isinstance(value, str) and len(value) <= ITEMS:
        return list(value)
    return [value if isinstance(value, Unknown) else Unknown(line)]


_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset(
        {
            "capitalize", "casefold", "count", "endswith", "find", "isdigit", "join", "lower",
            "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rpartition",
            "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
        }
    ),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    set: frozenset({"copy", "difference", "intersection", "issubset", "issuperset", "union"}),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
}  # fmt: skip
"""Methods that change nothing, and take at most the square of a bound in time."""

CHANGING: Final = frozenset(
    {"add", "append", "extend", "insert", "remove", "setdefault", "update", "pop", "clear"}
)
"""Methods that change a list, a set or a dictionary."""


def method(owner: Any, name: str, arguments: list[Any], line: int) -> Any:
    """Return what a method without keywords returns."""
    if isinstance(owner, Located):
        return _located(owner, name, arguments, line)
    kind = next((kind for kind in _METHODS if isinstance(owner, kind)), None)
    if kind is None:
        return owner if isinstance(owner, Unknown) else Unknown(line)
    if isinstance(owner, dict) and name in ("get", "items", "keys", "values", "copy"):
        return _of_dict(owner, name, arguments, line)
    if found := unknown_within([owner, *arguments]):
        return found
    if kind is str and name == "format":
        return _formatted(owner, arguments, line)
    if name not in _METHODS[kind] or not is_plain(owner) or not is_plain(arguments):
        return Unknown(line)
    if any(isinstance(each, str) and len(each) > CHARACTERS for each in (owner, *arguments)):
        return Unknown(line)
    try:
        found = getattr(owner, name)(*arguments)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        return Unknown(line)
    return bounded(found, line)


def _of_dict(owner: dict[Any, Any], name: str, arguments: list[Any], line: int) -> Any:
    if name != "get":
        found = getattr(owner, name)()
        return bounded(found if isinstance(found, dict) else list(found), line)
    if not arguments or unknown_within(arguments[0]):
        return Unknown(line)
    try:
        return owner.get(*arguments[:2])
    except TypeError:
        return Unknown(line)


def _located(owner: Located, name: str, arguments: list[Any], line: int) -> Any:
    if name in ("absolute", "expanduser", "resolve"):
        return owner
    if name == "as_posix":
        return str(owner)
    if name == "joinpath":
        return located([owner, *arguments], line)
    return Unknown(line)


def located(parts: list[Any], line: int) -> Any:
    """Return the path that `Path(*parts)` is."""
    if found := unknown_within(parts):
        return found
    if not all(isinstance(part, str | Located) for part in parts):
        return Unknown(line)
    texts = [part.path if isinstance(part, Located) else part for part in parts]
    return bounded(Located(join(*texts)), line)


def _formatted(template: str, arguments: list[Any], line: int) -> Any:
    """Return `template.format(*arguments)` where it has plain fields only."""
    text, number = "", 0
    try:
        for before, name, spec, conversion in string.Formatter().parse(template):
            text += before
            if name is None:
                continue
            position = int(name) if name else number
            number += 1
            if spec or conversion:
                return Unknown(line)
            text += str(arguments[position])
    except (ValueError, IndexError):
        return Unknown(line)
    return bounded(text, line)


def _sorted(value: Any) -> Any:
    return sorted(value)


BUILTINS: Final[Mapping[str, Callable[..., Any]]] = {
    "all": all,
    "any": any,
    "bool": bool,
    "dict": dict,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "reversed": lambda value: list(reversed(value)),
    "set": set,
    "sorted": _sorted,
    "str": str,
    "tuple": tuple,
    "zip": lambda *values: [tuple(each) for each in zip(*values, strict=False)],
    "enumerate": lambda *values: [tuple(each) for each in enumerate(*values)],
    "range": lambda *values: _range(*values),
}
"""Functions that are called, without keywords."""


def _range(*values: int) -> list[int]:
    found = range(*values)
    if len(found) > ITEMS:
        raise ValueError("too many")
    return list(found)


_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "builtins.bool": bool,
    "builtins.dict": dict,
    "builtins.int": int,
    "builtins.list": list,
    "builtins.set": set,
    "builtins.str": str,
    "builtins.tuple": tuple,
    "pathlib.Path": Located,
    "pathlib.PurePath": Located,
}


def is_of(value: Any, kinds: Any, line: int) -> Any:
    """Return what `isinstance` returns, for a value whose type is known."""
    if not isinstance(value, _PLAIN):
        return value if isinstance(value, Unknown) else Unknown(line)
    wanted = [
        _TYPES.get(kind.name) if isinstance(kind, Dotted) else None
        for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
    ]
    if any(kind is not None and isinstance(value, kind) for kind in wanted):
        return True
    return Unknown(line) if None in wanted else False


def builtin(name: str, arguments: list[Any], line: int) -> Any:
    """Return what a function of Python's own returns."""
    holding = name in ("list", "tuple", "len", "dict", "enumerate", "zip")
    if not holding and (found := unknown_within(arguments)):
        return found
    if any(isinstance(each, Unknown) for each in arguments):
        return next(each for each in arguments if isinstance(each, Unknown))
    if name == "str" and len(arguments) == 1 and not isinstance(arguments[0], str | int | Located):
        return Unknown(line)
    allowed = (str, int, float, type(None), list, tuple, set, dict, Located)
    if any(not isinstance(each, allowed) or isinstance(each, Own) for each in arguments):
        return Unknown(line)
    if any(isinstance(each, str) and len(each) > CHARACTERS for each in arguments):
        return Unknown(line)
    if name in ("set", "max", "min", "sorted", "any", "all") and not is_plain(arguments):
        return Unknown(line)
    try:
        return bounded(BUILTINS[name](*arguments), line)
    except (TypeError, ValueError, IndexError, OverflowError):
        return Unknown(line)
