"""Fills the templates beside this module: YAML files with `@word@` where a value goes.

A line with nothing but `@word@` becomes the value's lines, each indented as that line is;
an empty value removes the line. Anywhere else the value is inserted as it is. A value may have
placeholders of its own. Values that come from outside have been through `encoding` before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

_NAME = re.compile(r"@([a-z_]+)@")
_ALONE = re.compile(r"(?P<indent> *)@(?P<word>[a-z_]+)@")


def read(name: str, package: str = "wheelwright.github") -> str:
    """Return the template `name`.yml of a package."""
    place = resources.files(package) / "templates" / f"{name}.yml"
    return place.read_text(encoding="utf-8")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return the template with every placeholder replaced.

    Raises:
        KeyError: a placeholder without a value: a bug here.
    """
    lines: list[str] = []
    for line in template.rstrip("\n").split("\n"):
        alone = _ALONE.fullmatch(line)
        if not alone:
            lines.append(_NAME.sub(lambda match: values[match[1]], line))
        elif value := values[alone["word"]]:
            inner = fill(value, values).rstrip("\n").split("\n")
            lines += [alone["indent"] + each if each else each for each in inner]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    # Where a part is left out, the empty lines around it are one.
    return re.sub(r"\n{3,}", "\n\n", text)
