"""Tests that exist, but that pytest did not run: named in the result.

| where | what is looked for |
|---|---|
| tox.ini, tox.toml, `[tool.tox]` | commands of a test environment that call another runner |
| noxfile.py | `session.run(...)` of the same |
| Makefile | recipes of `test`, `tests` and `check` |
| modules named like tests | classes of unittest |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wheelwright.errors import ProjectError
from wheelwright.project import reading
from wheelwright.project.model import Project

PATTERNS = ("**/test*.py", "**/*test.py", "**/*tests.py", "**/tests/**/*.py", "**/test/**/*.py")
"""Where modules with tests of unittest are looked for."""

FILES_MAX, SIZE_MAX = 200, 256 * 1024
"""So many modules are read, of so many bytes; one is enough to know."""

_SHOWN = 5
# Programs that run tests, and are not pytest.
_RUNNER = re.compile(
    r"\b(?:unittest|nose2?|nosetests|trial|stestr|testr|ward|behave|green|zope-testrunner"
    r"|testrunner|run_?tests?(?:\.py|\.sh)?)\b|manage\.py\s+test|django-admin\s+test"
    r"|setup\.py\s+test|\S*tests?(?:\.py|/__main__\.py)\b|-m\s+\S+\.tests?\b"
)
_UNITTEST = re.compile(r"^(?:import|from)\s+unittest\b", re.MULTILINE)
_CLASS = re.compile(r"^class\s+\w+\([^)\n]*TestCase\b", re.MULTILINE)
_NOX = re.compile(r"\.run(?:_always)?\(([^()]{1,500})\)")
_RECIPE = re.compile(r"^(?:tests?|check)\s*:[^=\n]*\n((?:\t[^\n]*\n?)+)", re.MULTILINE)


def found(project: Project, modules: Mapping[str, str]) -> list[str]:
    """Return what is there, a sentence each; `modules` are texts of files named like tests."""
    sentences = list(dict.fromkeys([*_tox(project), *_nox(project), *_make(project)]))
    cases = _cases(modules)
    if cases:
        more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
        sentences.append(f"tests of unittest are in {', '.join(cases[:_SHOWN])}{more}")
    return sentences


def _cases(modules: Mapping[str, str]) -> list[str]:
    return [
        path
        for path, text in sorted(modules.items())
        if _UNITTEST.search(text) and _CLASS.search(text)
    ]


def hint_for(modules: Mapping[str, str]) -> str:
    """Return the two acts that end it."""
    names = sorted({path.rpartition("/")[2] for path in _cases(modules)})[:_SHOWN] or ["tests.py"]
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"have pytest run them (it runs unittest's, too: python_files = [{listed}] in "
        "[tool.pytest.ini_options], or pytest-args in [tool.wheelwright]), "
        'or leave them out: skip = ["tests"] in [tool.wheelwright]'
    )


def _sentences(place: str, command: str) -> Iterator[str]:
    line = " ".join(command[:1000].split())
    if _RUNNER.search(line) and "pytest" not in line:
        yield f"{place} has `{reading.shortened(line)}`"


def _tox(project: Project) -> Iterator[str]:
    if (text := project.text("tox.ini")) is not None:
        yield from _ini("tox.ini", text)
    if (text := project.text("tox.toml")) is not None:
        yield from _toml("tox.toml", reading.toml("tox.toml", text))
    table = project.package.table("tool", "tox")
    yield from _toml("[tool.tox]", table)
    legacy = table.get("legacy_tox_ini")
    if isinstance(legacy, str):
        yield from _ini("[tool.tox]", legacy)


def _ini(place: str, text: str) -> Iterator[str]:
    try:
        parser = reading.ini(place, text)
    except ProjectError:
        # Where the file is needed for more than a name, the error is reported.
        return
    for name in parser.sections():
        if name.startswith("testenv"):
            commands = parser[name].get("commands") or ""
            for line in commands.replace("\\\n", " ").splitlines():
                yield from _sentences(place, line)


def _toml(place: str, data: Mapping[str, Any]) -> Iterator[str]:
    environments = data.get("env")
    tables = [data.get("env_run_base")]
    tables += list(environments.values()) if isinstance(environments, dict) else []
    for table in tables:
        commands = table.get("commands") if isinstance(table, dict) else None
        for command in commands if isinstance(commands, list) else []:
            args = command if isinstance(command, list) else [command]
            yield from _sentences(place, " ".join(str(arg) for arg in args))


def _nox(project: Project) -> Iterator[str]:
    for call in _NOX.finditer(project.text("noxfile.py") or ""):
        args = re.findall(r"""["']([^"'\n]*)["']""", call[1])
        yield from _sentences("noxfile.py", " ".join(args))


def _make(project: Project) -> Iterator[str]:
    for recipe in _RECIPE.finditer(project.text("Makefile") or ""):
        for line in recipe[1].splitlines():
            yield from _sentences("Makefile", line.strip().lstrip("@-"))
