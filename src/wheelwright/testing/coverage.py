"""Coverage: whether to measure it, how pytest measures it, how cells are combined.

| the tests' own dependencies have | pytest is run as |
|---|---|
| pytest-cov | `pytest --cov ...`, which also measures the workers of pytest-xdist |
| coverage, but not pytest-cov | `coverage run -m pytest`, as a pytest plugin's own tests need it |
| neither | as the first, with pytest-cov pinned here |

Every cell has its sources at the same path, so that data of all cells name the same files. The
project's own configuration of coverage applies, except for where data and reports go, and for
its `fail_under`: that judges the total, not a cell.
"""

from __future__ import annotations

import configparser
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.environment.plan import SOURCE
from wheelwright.environment.test_dependencies import TestDependencies, requirements
from wheelwright.environment.tools import Tool, pinned, tool
from wheelwright.errors import ProjectError, ToolFailed
from wheelwright.project.layout import own_code
from wheelwright.project.model import Project
from wheelwright.project.reading import ini, is_strings, json_data
from wheelwright.project.runners.calling import programs
from wheelwright.testing.commands import pytest_word
from wheelwright.testing.reports.model import Coverage, FileCoverage

# Not a hidden file, as coverage's own default is: GitHub's artifacts leave those out.
DATA = "coverage.data"
"""Name of a data file in the directory of reports; parallel ones add a suffix."""

FILE = "COVERAGE_FILE"
"""The variable that names the data file, above any configuration."""

COMBINED = "/coverage"
"""Container path of the directory that combined data and reports go to."""

CELLS = f"{COMBINED}/cells"
"""Container path of the directories with the coverage of each cell."""

PROGRAMS = "/opt/wheelwright/coverage"
"""Container path of the directory of the programs that report."""

TOTAL = "coverage-total.sh"
REPORTS = "coverage-reports.sh"
HELPERS = ("coverage_paths.py", "coverage_lines.py")
"""What `TOTAL` runs; `REPORTS` runs the first."""

LINES = "/opt/wheelwright/coverage-lines.json"

# Where a project configures coverage, by section; source: coverage's reference, "Configuration".
_INI = ((".coveragerc", ""), ("setup.cfg", "coverage:"), ("tox.ini", "coverage:"))
# `coverage report --format=markdown` came with it.
_REPORTS_MARKDOWN = Version("7.0")


def configured(project: Project, wanted: TestDependencies) -> bool:
    """Whether the project measures coverage: it configures it, or installs a tool for it."""
    return (
        project.configures("tool", "coverage")
        or any(True for _ in _sections(project))
        or bool(_names(project, wanted) & {"pytest-cov", "coverage"})
    )


def minimum(project: Project, args: Sequence[str] = ()) -> float:
    """Return what the project requires, in percent; 0 where it requires nothing.

    That is the last `--cov-fail-under` of pytest's arguments, which are `args` or those of the
    settings behind `addopts`, else `fail_under` of coverage's configuration.

    Raises:
        ProjectError: not a number.
    """
    found: list[tuple[str, object]] = []
    for path, words in (*_addopts(project), ("pytest-args", args or project.settings.pytest_args)):
        found = [(path, value) for value in _required(words)[-1:]] or found
    if not found:
        for path, name, section in _sections(project):
            if name == "report" and "fail_under" in section:
                found.append((path, section["fail_under"]))
        table = project.package.table("tool", "coverage", "report")
        found += [("pyproject.toml", table["fail_under"])] if "fail_under" in table else []
    if not found:
        return 0.0
    path, value = found[0]
    try:
        return float(str(value))
    except ValueError as error:
        raise ProjectError(
            f"{path}: fail_under = {value!r} is not a number", "correct it"
        ) from error


def with_tool(project: Project, wanted: TestDependencies, python: str) -> TestDependencies:
    """Return the dependencies with a tool that measures, pinned where they have none."""
    if _names(project, wanted) & {"pytest-cov", "coverage"}:
        return wanted
    added = f"pytest-cov=={pinned('pytest-cov', python)}"
    return replace(wanted, added=(*wanted.added, added))


def commands(
    project: Project, wanted: TestDependencies, lines: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    """Return the commands that measure; `wanted` is from `with_tool`.

    What the project combines and reports of its own coverage is left out: the cells' data are
    combined, and reported once.
    """
    measuring = any("coverage" in programs(line) and "run" in line for line in lines)
    kept = [line for line in lines if "coverage" not in programs(line) or "run" in line]
    if measuring:
        return tuple(kept)
    return tuple(
        command(project, wanted, line) if pytest_word(line) is not None else line for line in kept
    )


def command(project: Project, wanted: TestDependencies, pytest: Sequence[str]) -> tuple[str, ...]:
    """Return the command that measures, for pytest's own; `wanted` is from `with_tool`."""
    at = pytest_word(pytest) or 0
    if at:
        # `python -m pytest`: the plugin measures, whatever started pytest.
        return (*pytest[: at + 1], *command(project, wanted, pytest[at:])[1:])
    names = _names(project, wanted)
    if "coverage" in names and "pytest-cov" not in names:
        return ("coverage", "run", "-m", *pytest)
    program, *args = pytest
    configured = (
        any(
            "--cov" in (project.text(name) or "") for name in ("pytest.ini", "tox.ini", "setup.cfg")
        )
        or "--cov" in str(project.package.table("tool", "pytest"))
        or any(arg.split("=")[0] == "--cov" for arg in args)
    )
    chosen = () if configured else (_target(project),)
    # Behind the project's own: a cell alone is not judged.
    return (program, *chosen, "--cov-report=", *args, "--cov-fail-under=0")


def _target(project: Project) -> str:
    """Return `--cov`, with a directory where the configuration names no source."""
    table = project.package.table("tool", "coverage", "run")
    keys = ("source", "source_pkgs", "source_dirs", "include")
    if any(key in table for key in keys) or any(
        name == "run" and any(key in section for key in keys)
        for _, name, section in _sections(project)
    ):
        return "--cov"
    code = own_code(project)
    return "--cov=." if code.endswith(".py") else f"--cov={code}"


# -- combining ------------------------------------------------------------------------------------


def reporter(project: Project, python: str) -> Tool:
    """Return coverage to combine and report with, in the project's version if that is able to."""
    found = tool(project, "coverage", python, exact=True)
    if Version(found.version) < _REPORTS_MARKDOWN:
        found = Tool("coverage", pinned("coverage", python), "pinned by wheelwright")
    # Below Python 3.11 it needs a library to read pyproject.toml.
    return replace(found, extra="toml")


def totalling(where: str, cells: Sequence[str], files: Iterable[str]) -> tuple[str, ...]:
    """Return the command that makes one data file of many, its JSON, and the lines of its files.

    `cells` get the same of their own files. coverage names files from `where`. Here each is named
    from the source's root: other programs look for them in the repository, as Codecov does.
    """
    command = ("sh", f"{PROGRAMS}/{TOTAL}", COMBINED, SOURCE, where, LINES)
    return (*command, str(len(cells)), *cells, *files)


def reporting(where: str, at: str = COMBINED) -> tuple[str, ...]:
    """Return the command for the other reports, behind that of `totalling`."""
    return ("sh", f"{PROGRAMS}/{REPORTS}", at, SOURCE, where)


def read(text: str, least: float = 0.0) -> Coverage:
    """Read coverage's JSON report, with paths from the root.

    Raises:
        ToolFailed: not such a report.
    """
    try:
        data = json_data(text)
        files = [
            FileCoverage(
                path=path,
                percent=file["summary"]["percent_covered"],
                statements=file["summary"]["num_statements"]
                + file["summary"].get("num_branches", 0),
                missing=file["summary"]["missing_lines"]
                + file["summary"].get("missing_branches", 0),
            )
            for path, file in data["files"].items()
        ]
        total = data["totals"]["percent_covered"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolFailed(f"coverage.json is not coverage's report: {error!r}") from error
    return Coverage(total, tuple(sorted(files, key=lambda file: file.path)), least)


# -- what the project configures ------------------------------------------------------------------


def _addopts(project: Project) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the file that configures pytest and its `addopts`, of the first that has some.

    Source: pytest's reference, "Initialization: determining rootdir and configfile".
    """
    for path, name in (
        ("pytest.ini", "pytest"),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ):
        if path == "tox.ini" and (table := project.package.table("tool", "pytest")):
            options = table.get("ini_options", table)
            value = options.get("addopts", "") if isinstance(options, dict) else ""
            yield "pyproject.toml", value if is_strings(value) else _words(str(value))
            return
        text = project.text(path)
        if text is not None and name in (parser := ini(path, text)):
            yield path, _words(parser[name].get("addopts", ""))
            return


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        # pytest refuses it, too.
        return []


def _required(words: Sequence[str]) -> list[str]:
    """Return the values of `--cov-fail-under`."""
    option = "--cov-fail-under"
    following = [word for before, word in pairwise(words) if before == option]
    return following + [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]


def _sections(project: Project) -> Iterator[tuple[str, str, configparser.SectionProxy]]:
    """Yield file, name and content of each section of coverage in the project's ini files."""
    for path, prefix in _INI:
        if (text := project.text(path)) is None:
            continue
        parser = ini(path, text)
        for name in parser.sections():
            if name.startswith(prefix):
                yield path, name.removeprefix(prefix), parser[name]


def _names(project: Project, wanted: TestDependencies) -> set[str]:
    return {canonicalize_name(each.name) for each in requirements(project, wanted)}
