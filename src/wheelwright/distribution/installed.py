"""Plans the tests of an installed wheel, and judges what was installed (pure).

The source stays where the tests run: they may read it. What they import are the installed files,
which `release/inside/finder.py` sees to, with the settings that are made here.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelwright.distribution.verify import Distribution, importables
from wheelwright.project.files import join
from wheelwright.project.model import Project

FROM_WHEEL: Final = "/opt/from-wheel"
FROM_SDIST: Final = "/opt/from-sdist"
"""Where both are installed to be compared."""

IMPORTS: Final = "/opt/wheelwright/imports/log"
"""The file that `finder.py` writes."""

NAMED_MAX: Final = 10
"""Names in one message."""

_TESTS: Final = re.compile(r"tests?|testing|conftest|test_\w+|\w+_tests?")
_TEST_FILE: Final = re.compile(r"test_[^/]*\.py|[^/]*_tests?\.py|conftest\.py")
_WHICH: Final = {FROM_WHEEL: "the wheel", FROM_SDIST: "the sdist"}
# Where pytest is configured, as its reference lists it.
_CONFIGURATIONS: Final = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")


def names(wheel: Distribution) -> tuple[str, ...]:
    """Return what the wheel lets people import: top-level names, those of tests left out."""
    tops = (top.removesuffix(".py").partition(".")[0] for top in importables(wheel))
    return tuple(dict.fromkeys(each for each in tops if each.isidentifier() and not _test(each)))


def fitting(wheels: Iterable[Distribution], python: str) -> list[Distribution]:
    """Return the wheels that may be for a Linux with this Python, the most special first.

    Which processor and C library it has, only the machine knows.
    """
    major, _, rest = python.partition(".")
    number = f"{major}{''.join(re.findall('[0-9]+', rest)[:1])}"
    found = []
    for wheel in wheels:
        *_, tags = parse_wheel_filename(wheel.name)
        if any(_fits(tag, f"cp{number}", major) for tag in tags):
            found.append(wheel)
    return sorted(found, key=lambda each: (f"-cp{number}-cp{number}-" not in each.name, each.name))


def _fits(tag: Tag, interpreter: str, major: str) -> bool:
    platform = tag.platform == "any" or "linux" in tag.platform
    stable = tag.abi == "abi3" and tag.interpreter.startswith(f"cp{major}")
    pure = tag.interpreter.startswith("py") and tag.abi == "none"
    return platform and (tag.interpreter == interpreter or stable or pure)


def _test(name: str) -> bool:
    return _TESTS.fullmatch(name) is not None


def main_name(package: str, wheel: Distribution) -> str:
    """Return the name whose `__version__` is the package's; empty where that is not certain."""
    found = names(wheel)
    own = package.replace("-", "_")
    return own if own in found else found[0] if len(found) == 1 else ""


def inner_tests(paths: Iterable[str], wheel: Distribution) -> dict[str, str]:
    """Return the test modules inside the package that the wheel leaves out, and where they are.

    `paths` are those of the source, and what is returned is below it, too. Only such modules are
    imported from the source: another one that is missing in the wheel has to be missing in the
    tests, too.
    """
    tops, paths = set(names(wheel)), sorted(paths)
    root = _root(paths, tops)
    found: dict[str, str] = {}
    for path in paths if root is not None else ():
        inner = posixpath.relpath(path, root or ".")
        if inner.partition("/")[0] in tops and inner not in wheel.members:
            *directories, file = inner.split("/")
            parts = _test_module(directories, file, wheel)
            if parts:
                found[".".join(parts)] = join(root or "", *parts[:-1])
    return found


def _root(paths: Iterable[str], tops: set[str]) -> str | None:
    """Return the directory that the source has the package in; None where it has none."""
    packages = [posixpath.dirname(path) for path in paths if path.endswith("/__init__.py")]
    roots = [posixpath.dirname(each) for each in packages if posixpath.basename(each) in tops]
    # Further ones are data of tests, or examples.
    return min(roots, key=lambda root: root.count("/") + bool(root), default=None)


def _test_module(directories: list[str], file: str, wheel: Distribution) -> list[str]:
    """Return the parts of the name that a test module is imported by; empty for another file.

    That is the whole directory of tests, where the wheel has nothing of it.
    """
    module = [*directories, file.removesuffix(".py")]
    deep = next((n for n, each in enumerate(directories) if n and _test(each)), None)
    if deep is None:
        return module if _TEST_FILE.fullmatch(file) else []
    whole = directories[: deep + 1]
    partly = any(name.startswith(f"{'/'.join(whole)}/") for name in wheel.members)
    return module if partly else whole


def settings(paths: Iterable[str], wheel: Distribution) -> str:
    """Return the settings of `finder.py`."""
    own = {"names": names(wheel), "tests": inner_tests(paths, wheel)}
    return json.dumps(own)


def variables(
    project: Project, commands: Iterable[Iterable[str]], own: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of the tests' commands; `own` are those that the project sets.

    pytest does not mind that a test module is found in the source and imported as installed
    (`import_path` of _pytest/pathlib.py). Coverage of a source that nothing imports is not
    measured: it would be too little.
    """
    found = {**own, "PY_IGNORE_IMPORTMISMATCH": "1"}
    texts = (project.files.text(join(project.where, name)) for name in _CONFIGURATIONS)
    written = [text or "" for text in texts] + [" ".join(command) for command in commands]
    if any(re.search(r"(?<![\w-])--cov\b", text) for text in written):
        found["PYTEST_ADDOPTS"] = f"{own.get('PYTEST_ADDOPTS', '')} --no-cov".strip()
    return found


def without_coverage(commands: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return the commands of the tests, without those that only report coverage."""
    reports = ("combine", "erase", "html", "json", "lcov", "report", "xml")
    found = tuple(
        command
        for command in commands
        if not any(
            posixpath.basename(word) == "coverage" and after in reports
            for word, after in pairwise(command)
        )
    )
    return found or tuple(commands)


def elsewhere(log: str, wheel: str) -> list[str]:
    """Return the problems that `finder.py` wrote down: what was imported from the source."""
    found: dict[str, str] = {}
    for line in log.splitlines():
        try:
            name, file = json.loads(line)
        except ValueError:
            continue
        if isinstance(name, str) and isinstance(file, str):
            found[name] = file
    listed = [f"{_line(name)} from {_line(file)}" for name, file in sorted(found.items())]
    if not listed:
        return []
    return [f"with {wheel} installed, the tests import from the source: {_some(listed)}"]


def import_problems(
    answer: str, wheel: Distribution, package: str, version: str, *, strict: bool
) -> list[str]:
    """Return what is wrong with the imported package, from what `installed.py import` told.

    Args:
        answer: its JSON.
        wheel: what was installed.
        package: its normalized name.
        version: that of the release.
        strict: whether a module that cannot be imported is a problem.
    """
    found = _data(answer, dict)
    main = main_name(package, wheel)
    problems = []
    for name in names(wheel):
        each = found.get(name)
        each = each if isinstance(each, dict) else {"error": "the process ended"}
        if strict and each.get("error"):
            problems.append(f"cannot import {name} from {wheel.name}: {_line(each['error'])}")
        own = each.get("version")
        if name == main and isinstance(own, str) and not _same(own, version):
            problems.append(f"{name}.__version__ is {_line(own)} in {wheel.name}, not {version}")
    return problems


def _same(one: str, two: str) -> bool:
    try:
        return Version(one) == Version(two)
    except InvalidVersion:
        return one == two


def sdist_problems(answer: str, sdist: str) -> list[str]:
    """Return how what the sdist installs differs, from what `installed.py compare` told."""
    pairs = [each for each in _data(answer, list) if isinstance(each, list) and len(each) == 2]
    listed = []
    for how, name in pairs:
        where = next((_WHICH[path] for path in _WHICH if str(how).endswith(path)), "")
        listed.append(f"{_line(name)} ({f'only from {where}' if where else 'other contents'})")
    return [f"{sdist} does not install what the wheel does: {_some(listed)}"] if listed else []


def _data(answer: str, kind: type) -> Any:
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    return found if isinstance(found, kind) else kind()


def _line(text: object) -> str:
    return "".join(each if each.isprintable() else " " for each in str(text))[:300]


def _some(listed: list[str]) -> str:
    more = [f"and {len(listed) - NAMED_MAX} more"] if len(listed) > NAMED_MAX else []
    return ", ".join([*listed[:NAMED_MAX], *more])


def twine_notes(printed: str) -> tuple[str, ...]:
    """Return what `twine check --strict` would refuse, and the index takes: its warnings."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    found = (each.rstrip() for each in re.findall(r"^WARNING\s+(.+)$", plain, re.MULTILINE))
    return tuple(f"twine check --strict: {_line(each)}" for each in dict.fromkeys(found))
