"""What the commands of a workflow call in the repository, a level deep: pure.

| command              | what is read of the repository          |
|----------------------|-----------------------------------------|
| scripts/publish      | the file                                |
| python publish.py    | the file; not setup.py                  |
| make publish         | the recipe in the Makefile              |
| just publish         | the recipe in the justfile              |
| tox -e publish       | the section [testenv:publish]           |
| nox -s publish       | the function `publish` of noxfile.py    |
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

_RECIPES: Final = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
}
_SCRIPTS: Final = ("", ".sh", ".bash", ".py")
"""How the names of scripts end."""
_RUNS: Final = re.compile(
    r"|(?:.*/)?python[\d.]*|(?:ba)?sh|exec|source|\.|run|sudo|env|-\w+|\w+=.*"
)
"""What stands before a script that is run."""
_COMMAND: Final = re.compile(r"(?:^|[\s;&|(/])(?P<name>make|just|tox|nox)[ \t]+(?P<rest>[^;&|\n]*)")
_CHOSEN: Final = re.compile(
    r"(?:^|\s)(?:-[esf]|--env|--sessions?)(?:[ =]+|(?=\S))((?:[^\s-]\S*\s*)+)"
)


def without_comments(script: str) -> str:
    """Return a shell script without comments, each continued line with the one before it."""
    text = re.sub(r"\\\n\s*", " ", script)
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def chosen(command: str) -> list[str]:
    """Return the environments or sessions that a command of tox or nox names; none for all."""
    found = _CHOSEN.findall(command)
    return [name for each in found for name in re.split(r"[\s,]+", each.strip("'\" \t")) if name]


def paths(script: str, names: Collection[str]) -> Iterator[str]:
    """Yield the files of a repository that a script calls."""
    for line in re.split(r"[\n;&|()]+", script):
        words = [word.strip("'\"") for word in line.split()]
        for before, word in zip(("", *words), words, strict=False):
            path = posixpath.normpath(word) if word else ""
            ending = posixpath.splitext(path)[1]
            known = path in names and ending in _SCRIPTS and path != "setup.py"
            if known and _RUNS.fullmatch(before):
                yield path
    for command in _COMMAND.finditer(script):
        yield from (path for path in _RECIPES[command["name"]] if path in names)


def texts(script: str, files: Mapping[str, str]) -> dict[str, str]:
    """Return what a script runs of the files, each as commands, by path."""
    found: dict[str, list[str]] = {}
    recipes = {path for each in _RECIPES.values() for path in each}
    for path in paths(script, files):
        if path not in recipes:
            found.setdefault(path, []).append(_commands(path, files[path]))
    for command in _COMMAND.finditer(script):
        name, rest = command["name"], command["rest"]
        targets = chosen(rest) if name in ("tox", "nox") else rest.split()
        for path in _RECIPES[name]:
            for target in targets if path in files else ():
                text = _recipe(name, target, files[path])
                found.setdefault(path, []).append(_commands(path, text))
    return {path: "\n".join(each) for path, each in found.items()}


def _recipe(name: str, target: str, text: str) -> str:
    """Return the part of a file that a target, an environment or a session runs."""
    escaped = re.escape(target)
    pattern = {
        "make": rf"^{escaped}[ \t]*:(?!=)[^\n]*\n((?:[ \t][^\n]*(?:\n|\Z))*)",
        "just": rf"^@?{escaped}(?:[ \t][^:\n]*)?:(?!=)[^\n]*\n((?:[ \t][^\n]*(?:\n|\Z)|\n)*)",
        "tox": rf"^\[testenv:{escaped}\]\s*\n((?:(?!\[)[^\n]*(?:\n|\Z))*)",
        "nox": rf"^def {escaped}\([^\n]*\n((?:[ \t)][^\n]*(?:\n|\Z)|\n)*)",
    }[name]
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""


def _commands(path: str, text: str) -> str:
    """Return a text as lines of commands; in Python a call's arguments are such a line."""
    if path.endswith(".py"):
        calls = re.findall(r"\((\s*\[?\s*f?[\"'][^()]*)\)", text)
        return "\n".join(" ".join(re.sub(r"[\"'\[\],\s]+", " ", call).split()) for call in calls)
    lines = without_comments(text).splitlines()
    if path in _RECIPES["tox"]:
        lines = [re.sub(r"^\s*(?:commands\s*=)?\s*-?\s*", "", line) for line in lines]
    return "\n".join(lines)
