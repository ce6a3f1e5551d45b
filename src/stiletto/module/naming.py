"""Converts names in a module's code to the API's names.

Functions, fields and arguments are lowerCamel; types are Camel, the module's name in front.
"""

from __future__ import annotations

import re


def _words(name: str) -> list[str]:
    return [
        word
        for part in re.split(r"[^0-9A-Za-z]+", name)
        for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", part)
    ]


def camel(name: str) -> str:
    """Return `name` as a type name: `test_run` -> `TestRun`."""
    return "".join(word[:1].upper() + word[1:].lower() for word in _words(name))


def lower_camel(name: str) -> str:
    """Return `name` as a field name: `check_format` -> `checkFormat`."""
    whole = camel(name)
    first = _words(name)[0] if _words(name) else ""
    return whole[: len(first)].lower() + whole[len(first) :]


def type_name(module: str, original: str, name: str) -> str:
    """Return a type's name in the API, the module's name in front.

    The module's own name counts where a word ends: `PostIt` of the module `post` stays what it
    is, `Postman` becomes `PostPostman` (core/gqlformat.go, namespaceObject).
    """
    name = camel(name) if "_" in name or name[:1].islower() else name
    rest = name.removeprefix(camel(original))
    if rest != name and (not rest or not rest[0].islower()):
        return camel(module) + rest
    return camel(module) + name
