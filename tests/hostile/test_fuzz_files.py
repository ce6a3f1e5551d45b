"""Whatever stands in a file of a package or a module: an answer, or one of our errors.

uv run pytest tests/hostile/test_fuzz_files.py             250 inputs for each of 12 readers
uv run pytest tests/hostile/test_fuzz_files.py -m slow   2,500 inputs for each of 12 readers
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from fuzzing import give
from hypothesis import strategies as st

from stiletto.errors import StilettoError
from stiletto.module.config import parse_config
from stiletto.module.defaults import parse_env
from stiletto.module.source import read_project
from wheelwright.ci import GATES
from wheelwright.environment import plan as environment
from wheelwright.environment import services, test_dependencies
from wheelwright.environment.requirements import flatten
from wheelwright.environment.sources import expand
from wheelwright.environment.tools import tool
from wheelwright.errors import WheelwrightError
from wheelwright.gates.audit import Audit
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.run import OwnWay
from wheelwright.gates.security import Security
from wheelwright.gates.types import Types
from wheelwright.project import layout, lock, matrix, pythons
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.release.decide import edits, version_sources, version_tools
from wheelwright.release.decide.changelog import notes, reading, sections, writing
from wheelwright.release.decide.changelog.sections import Known
from wheelwright.release.decide.changelog.writing import Release, Style
from wheelwright.release.decide.stops import Problem
from wheelwright.testing import cells, coverage, junit, record, unrun, verdict
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, make, nothing_to_test
from wheelwright.testing.reports.annotations import of_audit

HEAD = '[project]\nname = "quay"\nversion = "1"\nrequires-python = ">=3.11"\n'

TOML = [
    "[project]\n", 'name = "quay"\n', 'version = "1"\n', 'dynamic = ["version"]\n',
    "[build-system]\n", 'requires = ["hatchling", "hatch-vcs"]\n',
    'build-backend = "hatchling.build"\n', "[dependency-groups]\n", 'tests = ["pytest"]\n',
    'dev = [{ include-group = "tests" }, "x"]\n', "[project.optional-dependencies]\n",
    'dependencies = ["a>=1", "quay[tests]"]\n', "[tool.uv.workspace]\n", 'members = ["p/*"]\n',
    "[tool.uv.sources]\n", "a = { workspace = true }\n", 'b = { git = "https://h/x" }\n',
    "[tool.wheelwright]\n", 'python = "3.12"\n', "pytest-args = ['-x']\n", 'skip = ["lint"]\n',
    "matrix = { include = [{ python = '3.12', os = 'x' }] }\n", "[tool.hatch.version]\n",
    'path = "v.py"\n', "pattern = '(?P<version>.*)'\n", "[tool.setuptools.dynamic]\n",
    'version = { attr = "quay.__version__" }\n', "[tool.poetry]\n", "[tool.pytest.ini_options]\n",
    "[tool.coverage.report]\n", "fail_under = 90\n", "[tool.mypy]\n", "[tool.tox]\n",
    "legacy_tox_ini = '''\n[testenv]\ndeps = pytest\n'''\n", "[tool.tox.env_run_base]\n",
    'deps = ["pytest"]\n', "[tool.towncrier]\n", "[[tool.x]]\n", "a = 1\n", "a = [1, {}]\n",
    "x.y = true\n", "requires-python = '>=3'\n", "classifiers = 3\n", "= ", "1979-05-27\n", "'",
    '"""', "{", "}", "[", "]", "#", "\n",
]  # fmt: skip
INI = [
    "[testenv]\n", "[tox]\n", "deps =\n", "deps = pytest\n", "  pytest\n", "  {py312,py311}: a\n",
    "  -r requirements-dev.txt\n", "  -c{toxinidir}/x.txt\n", "  .[tests]\n", "extras = tests\n",
    "  {[base]deps}\n", "  !py312-{a,b}: c\n", "  py,py3: d\n", "[coverage:run]\n",
    "fail_under = x\n",
    "[coverage:report]\n", "fail_under = 3\n", "[tool:pytest]\n", "[mypy]\n", "=", ":", "  ", "\n",
    "[", "]", "%(x)s\n", "#", ";", "\\\n",
]  # fmt: skip
REQUIREMENTS = [
    "pytest\n", "a==1 --hash=sha256:00\n", "-r requirements-b.txt\n", "-c requirements-dev.txt\n",
    "-e .[x,y]\n", ".\n", "--requirement=requirements-b.txt\n", "a ; python_version < '3'\n",
    "\\\n",
    "# c\n", "a[b,c]>=1,<2 @ https://h\n", "--index-url x\n", "-r", " ", "(", ")", "'", "\n",
]  # fmt: skip
HOOKS = [
    "repos:\n", "- repo: https://h/x/ruff-pre-commit\n", "  rev: v0.9.1\n", "  rev: '1.2'\n",
    "# x\n",
    "- repo: 'https://h/pre-commit/mirrors-mypy.git'\n", "  hooks:\n", "  - id: ruff\n", ":", "-",
    "rev:", "repo:", "\t", "\n",
]  # fmt: skip
ENV = [
    "QUAY_A=1\n", "QUAY_B=$QUAY_A\n", "QUAY_A=$QUAY_B\n", "export C=${QUAY_A:-x}\n", "C='a b'\n",
    'C="$C $QUAY_A"\n', "QUAY_A=${", "`x`", "$(", "\\", "'", '"', "#", "=", "$", "}", ":-", " ",
    "\n",
]  # fmt: skip
PLACES = [
    *(f"project.{key}" for key in (
        "name", "version", "dynamic", "requires-python", "classifiers", "dependencies",
        "optional-dependencies", "optional-dependencies.tests", "license", "readme",
    )),
    "project", "build-system", "build-system.requires", "build-system.build-backend",
    "build-system.backend-path", "dependency-groups", "dependency-groups.tests",
    "dependency-groups.dev", "tool", "tool.uv", "tool.uv.package", "tool.uv.sources",
    "tool.uv.sources.x", "tool.uv.workspace", "tool.uv.workspace.members",
    "tool.uv.workspace.exclude", "tool.hatch.version", "tool.hatch.version.path",
    "tool.hatch.version.pattern", "tool.hatch.version.source", "tool.setuptools.dynamic.version",
    "tool.setuptools.dynamic.version.attr", "tool.pdm.version", "tool.pdm.version.path",
    "tool.flit.module.name", "tool.maturin.manifest-path", "tool.scikit-build.metadata.version",
    "tool.commitizen", "tool.commitizen.tag_format", "tool.commitizen.version_files",
    "tool.semantic_release.tag_format", "tool.bumpversion.files", "tool.tbump.git",
    "tool.poetry.version", "tool.poetry.name", "tool.towncrier.filename",
    "tool.ruff.required-version", "tool.mypy", "tool.mypy.files", "tool.pyright", "tool.ty",
    "tool.coverage.report.fail_under", "tool.coverage.run", "tool.pytest.ini_options",
    "tool.tox.legacy_tox_ini", "tool.tox.env_run_base.deps", "tool.tox.env_run_base.extras",
    *(f"tool.wheelwright.{key}" for key in (
        "python", "groups", "extras", "pytest-args", "typecheck", "skip", "services", "migrate",
        "step-timeout", "matrix", "matrix.include", "matrix.exclude", "matrix.python",
    )),
]  # fmt: skip
PACKAGES = [*TOML, "[[package]]\n", "resolution-markers = ['x']\n"]
LOCK = [
    "version",
    "package",
    "package.name",
    "manifest",
    "build-constraint-dependencies",
    "env_run_base",
]
LOCK += ["env_run_base.deps", "filename"]
JSON = [
    "{", "}", "[", "]", ",", ":", '"name"', '"x"', '"sdk"', '"python"', '"source"', '"include"',
    '"exclude"', '"dependencies"', '"toolchains"', '"customizations"', '"argument"', '"function"',
    '"engineVersion"', '"v0.21.8"', '"pin"', '"ignoreChecks"', "null", "true", "1", "-0.5e9", "NaN",
    '"disableDefaultFunctionCaching"', '"blueprint"', '"default"', '"!a"', '".."',
]  # fmt: skip
CONFIG = {
    "name": '"quay"', "sdk": '"python"', "source": '"."', "include": '["a"]', "exclude": '["b"]',
    "engineVersion": '"v0.21.8"', "dependencies": '[{"name": "d", "source": "../d"}]',
    "toolchains": '[{"name": "t", "source": "../t", "customizations": [{"argument": "a"}]}]',
}  # fmt: skip
MARKDOWN = [
    "# Changelog\n", "## [Unreleased]\n", "## 1.0 - 2026-01-01\n", "- x\n", "[1.0]: https://h/x\n",
    "[unreleased]: https://h/compare/v1...HEAD\n", "<!--", "-->", "=====\n", "-----\n", "#", " ",
    "[",
    "]", "Unreleased\n", "\n", "### ", "```\n", "~~~~\n", "  ", "\r\n", ".. note:: ", ".. x::\n",
    "::\n", "``", "`a <b>`_", ":r:`x`", "|s|", ".. [1] ", "*", "Released 2025-01-02\n",
    "1.1 (unreleased)\n", "\ufeff", "+--+\n", "|x|\n", "== ==\n", "\t",
]  # fmt: skip
XML = [
    '<?xml version="1.0" encoding="utf-8"?>', "<testsuites>", "</testsuites>", "<testsuite>",
    '<testsuite name="pytest" tests="2" failures="1" errors="0" skipped="0" time="0.1">',
    "</testsuite>", '<testcase classname="tests.test_a" name="test_x" time="0.1">', "</testcase>",
    '<testcase classname="T" name="" file="../x" line="9" time="1e9"/>', '<failure message="m">',
    "tests/test_a.py:3: AssertionError", "</failure>", "<error/>", "<skipped/>", "<properties/>",
    '<testsuite tests="-7" time="nan"/>', '<testcase time="1 s"/>', "<!DOCTYPE a>", "<![CDATA[",
    "]]>", "<!--", "-->", "&lt;", "&x;", "&#0;", "&#x10ffff;", "<", ">", '"', "\ufffe", "\x1b",
]  # fmt: skip
EVENTS = [
    '{"e":"loading","at":1.5,"pytest":"9"}\n', '{"e":"session","root":"/src","paths":["a"]}\n',
    '{"e":"collected","tests":2,"deselected":0}\n', '{"e":"begin","test":"a.py::b"}\n',
    '{"e":"result","test":"a.py::b","kind":"passed","s":0.1}\n', '{"e":"other","test":"c"}\n',
    '{"e":"result","test":"c","kind":"failed","s":1,"message":"x\\ud800","text":"a.py:1: E"}\n',
    '{"e":"error","test":"","message":"m","file":"../x","line":-1}\n', '{"e":"more"}\n',
    '{"e":"ignored","test":1}\n', '{"e":"finish","status":0,"s":2,"junit":"","junit_size":0}\n',
    '{"e":"finish","status":1e999}\n', '"e"', "{", "}", "[", "null", ":", ",", "\n", "9" * 5000,
]  # fmt: skip
RUNNERS = [
    "test:\n", "\tpython -m unittest\n", "\t@-", "check : a b\n", "session.run(", "'python', ",
    '"-m"', ", 'unittest')", ".run_always(", "(", ")", "manage.py  test\n", "\n", "test:=x\n",
    "nose2 ",
]  # fmt: skip
REPORTS = [
    '{"runs":[', '{"results":[]', ',"invocations":[{"toolConfigurationNotifications":[{}]}]',
    ',"properties":{"metrics":{"_totals":{"loc":0}}}', "}]}", '{"dependencies":[', '{"name":"a"',
    ',"version":"1"', ',"vulns":[{"id":"X","fix_versions":[]}]', ',"skip_reason":"no"', "}]}",
    '[{"filename":"/src/a","location":{"row":1,"column":2},"code":null,"message":"m"}]',
    '{"files":{"a":{"summary":{"percent_covered":1,"num_statements":1,"missing_lines":0}}},',
    '"totals":{"percent_covered":100}}', "null", "1e999", "NaN", "[", "{", "9" * 5000, '"x"',
]  # fmt: skip


def texts(words: list[str]) -> st.SearchStrategy[str]:
    """Return texts of a format's own words, with any other text between them."""
    any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    return st.lists(st.sampled_from(words) | any_text, max_size=40).map("".join)


def values(nothing: bool) -> st.SearchStrategy[object]:
    """Return values of every type that JSON has, or TOML, which has no null."""
    leaves = st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x", "1.0", "quay[x]", "*"])
    return st.recursive(
        leaves | st.none() if nothing else leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=5,
    )


WORDS = st.sampled_from(["name", "path", "attr", "include-group", "git", "url", "version", "a b"])


def documents(places: list[str]) -> st.SearchStrategy[str]:
    """Return TOML that has at some of these dotted places a value of any type."""

    def write(pairs: list[tuple[str, object]]) -> str:
        data: dict[str, Any] = {}
        for place, value in pairs:
            *tables, key = place.split(".")
            table = data
            for name in tables:
                inner = table.get(name)
                table[name] = table = inner if isinstance(inner, dict) else {}
            table[key] = value
        return tomlkit.dumps(data)

    pairs = st.tuples(st.sampled_from(places), values(nothing=False))
    return st.lists(pairs, min_size=1, max_size=8).map(write)


def objects() -> st.SearchStrategy[str]:
    """Return JSON objects with a module's keys, whose values are theirs or any others."""
    keys = st.sampled_from(list(CONFIG))
    right = keys.map(lambda key: (key, CONFIG[key]))
    wrong = st.tuples(keys, values(nothing=True).map(json.dumps))
    members = st.lists(right | wrong, max_size=6)
    return members.map(lambda pairs: "{" + ", ".join(f'"{k}": {v}' for k, v in pairs) + "}")


@contextlib.contextmanager
def answered(base: type[Exception]) -> Iterator[None]:
    """Take an error of ours, short enough for a screen; anything else is a failure."""
    said = ""
    try:
        yield
    except base as error:
        said = str(error)
    assert len(said) < 4000, "an error is no copy of the input"


def read_package(files: dict[str, str]) -> None:
    """Read a package in every way in which it is read before anything runs."""
    project = describe(Snapshot(files, frozenset({*files, "tests/", "src/"})))
    metadata = project.metadata
    acts: list[Callable[[], object]] = [
        lambda: pythons.choose(metadata, "", project.settings.python, files.get(".python-version")),
        lambda: pythons.drift(metadata, project.files, files.get(".python-version")),
        lambda: pythons.listed(metadata, "", files.get(".python-version")),
        lambda: nothing_to_test(project, Cell("", "3.12", "")),
        lambda: environment.plan(project, "3.12", test_dependencies.find(project, "3.12")),
        lambda: environment.plan(
            project, "3.12", test_dependencies.find(project, "3.12"), resolution="lowest-direct"
        ),
        lambda: expand(project, metadata.dependencies),
        lambda: coverage.configured(project, test_dependencies.find(project, "3.12")),
        lambda: coverage.minimum(project),
        lambda: [tool(project, name, "3.12") for name in ("ruff", "mypy", "bandit")],
        lambda: Types(requested=True).plan(project, "3.12"),
        *(partial(gate.configured, project) for gate in GATES),
        *(partial(gate.plan, project, "3.12") for gate in GATES if not isinstance(gate, OwnWay)),
        lambda: layout.test_directories(project),
        lambda: cells.plan(project, cells.Selection()),
        lambda: services.servers(project.settings.services),
        lambda: version_sources.candidates(project),
        lambda: version_tools.hints(project),
        lambda: version_tools.tag_form(project),
        lambda: _version(files),
    ]
    for act in acts:
        with answered(WheelwrightError):
            act()


def _version(files: dict[str, str]) -> None:
    project = describe(Snapshot({**files, "v.py": "__version__ = '1'\n"}))
    found = version_sources.version_file(project)
    if not isinstance(found, Problem):
        edits.current_version(project)


def read_pyproject(text: str) -> None:
    """Read it as a package's, alone and behind a right beginning, and as a module's."""
    for whole in (text, HEAD + text):
        with answered(WheelwrightError):
            read_package({"pyproject.toml": whole})
        with answered(WheelwrightError):
            edits.static_version(whole, "")
        with answered(WheelwrightError):
            matrix.check(whole)


def read_tox(text: str) -> None:
    """Read it as every ini file of a package."""
    names = ("tox.ini", "setup.cfg", ".coveragerc", "mypy.ini", "pytest.ini")
    for name in names:
        with answered(WheelwrightError):
            read_package({"pyproject.toml": HEAD, name: text})


def read_requirements(text: str) -> None:
    """Read it as a requirements file that others include."""
    files = {"requirements-dev.txt": text, "requirements-b.txt": f"-r requirements-dev.txt\n{text}"}
    with answered(WheelwrightError):
        flatten(Snapshot(files), "requirements-dev.txt")
    with answered(WheelwrightError):
        read_package({"pyproject.toml": HEAD, **files})
    edits.is_export(text)


def read_hooks(text: str) -> None:
    """Read it as the hooks, and as the small files of one line."""
    with answered(WheelwrightError):
        read_package({"pyproject.toml": HEAD, ".pre-commit-config.yaml": text})
    with answered(WheelwrightError):
        read_package({"pyproject.toml": HEAD, ".python-version": text})


def read_lock(text: str) -> None:
    """Read it as uv's lock and as uv's configuration."""
    for name in ("uv.lock", "uv.toml", "tox.toml", "towncrier.toml"):
        with answered(WheelwrightError):
            read_package({"pyproject.toml": HEAD, name: text})
    # A lock is read where something needs it.
    with answered(WheelwrightError):
        lock.Lock("uv.lock", text).version("a", "3.12")


def read_changelog(text: str) -> None:
    """Read it as a changelog, and edit it where it has what a release edits."""
    for path in ("CHANGELOG.md", "CHANGES.rst"):
        document = reading.read(path, text)
        outline = sections.outline(document, Known("2.0", {"1.0"}))
        release = Release("2.0", "v2.0", date(2026, 1, 31))
        writing.inserted(outline, ["## 2.0"], release)
        if outline.newest:
            notes.of_section(document, outline.newest)
        if outline.waiting:
            notes.of_section(document, outline.waiting)
            writing.released(outline, release, Style())


def read_env(text: str) -> None:
    """Read it as defaults, and expand every value."""
    parsed = parse_env(text).namespace("quay")
    for name in ("a", "b", "c", *parsed.variables):
        with answered(StilettoError):
            parsed.lookup(name, {"HOME": "/x"})


def read_config(text: str) -> None:
    """Read it as a module's dagger.json."""
    with answered(StilettoError):
        parse_config(text, Path("dagger.json"))


def read_junit(text: str) -> None:
    """Read it as the report of a run, and merge it where it is one."""
    run = RUN if not junit.broken(text, RUN) else None
    if not junit.broken(text, run):
        junit.merge("quay", [junit.CellDocument("3.12", {"python": "3.12"}, text)])
    junit.merge("quay", [junit.CellDocument("3.12", {}, reason=text)])


def read_record(text: str) -> None:
    """Read it as the record of a run, and judge that."""
    for whole in (text, EVENTS[0] + text):
        with answered(record.RecordInvalid):
            found = record.read(whole)
            said = verdict.judge(verdict.Left(0, found))
            assert not (said.passed and (found.failures or not found.counts.ran))


def read_runners(text: str) -> None:
    """Read it as files of the runners of tests."""
    files = {"pyproject.toml": HEAD, "noxfile.py": text, "Makefile": text, "tox.ini": text}
    project = describe(Snapshot(files, frozenset(files)))
    with answered(WheelwrightError):
        unrun.found(replace(project, test_modules={"tests.py": text}))
    with answered(WheelwrightError):
        make(project, Cell("", "3.12", ""), TestOptions())


def read_report(text: str) -> None:
    """Read it as the report of each tool."""
    package = describe(Snapshot({"pyproject.toml": f"{HEAD}[tool.ruff]\n"}))
    for code in (0, 1):
        ran = [Ran(code, text, report=text)]
        for act in (
            lambda ran=ran: Lint().judge(package, "3.12", ran),
            lambda ran=ran: Security().judge(package, "3.12", ran),
            lambda ran=ran: Audit().judge(package, "3.12", ran),
            lambda: of_audit(text),
            lambda: coverage.read(text),
        ):
            with answered(WheelwrightError):
                act()


RUN = record.Record(began_at=1.0, status=0)

READERS: dict[str, tuple[st.SearchStrategy[str], Callable[[str], None]]] = {
    "pyproject.toml": (texts(TOML) | documents(PLACES), read_pyproject),
    "tox.ini": (texts(INI), read_tox),
    "requirements": (texts(REQUIREMENTS), read_requirements),
    "pre-commit": (texts(HOOKS), read_hooks),
    "uv.lock": (texts(PACKAGES) | documents(LOCK), read_lock),
    "changelog": (texts(MARKDOWN), read_changelog),
    ".env": (texts(ENV), read_env),
    "JUnit": (texts(XML), read_junit),
    "record": (texts(EVENTS), read_record),
    "other runners": (texts(RUNNERS), read_runners),
    "reports of tools": (texts(REPORTS), read_report),
    "dagger.json": (texts(JSON) | objects(), read_config),
}


def fuzz(name: str, count: int) -> None:
    """Give so many inputs to a reader."""
    inputs, reader = READERS[name]
    give(inputs, count, reader)


@pytest.mark.parametrize("name", READERS)
def test_any_text_is_answered(name: str) -> None:
    """Any text of a format ends in an answer or in one of our errors."""
    fuzz(name, 100)


@pytest.mark.repeated
@pytest.mark.parametrize("name", READERS)
def test_thousands_of_texts_are_answered(name: str) -> None:
    """Thousands of texts of a format end in an answer or in one of our errors."""
    fuzz(name, 2_500)


@pytest.mark.parametrize("text", ["", "[project]\nname = 3\n", "project = 1\n", "[project]\n\0"])
def test_the_project_of_a_module_is_read_or_refused(tmp_path: Path, text: str) -> None:
    """A module's pyproject.toml of another shape is read as far as it goes."""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with answered(StilettoError):
        assert "main" == read_project(tmp_path).package
