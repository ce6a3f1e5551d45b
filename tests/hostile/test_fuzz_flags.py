"""Whatever stands on a command line: it is done, or one error says what is wrong with it.

uv run pytest tests/hostile/test_fuzz_flags.py              1,000 inputs of each kind
uv run pytest tests/hostile/test_fuzz_flags.py -m slow     10,000 inputs of each kind
"""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from flag_lines import lines
from flag_sample import Lines
from fuzzing import give
from hypothesis import strategies as st

from stiletto.cli.prune import read_duration_s
from stiletto.errors import StilettoError
from stiletto.store.limit import read_size_bytes
from wheelwright import notify
from wheelwright.container import limits
from wheelwright.environment import services
from wheelwright.errors import RequestError, WheelwrightError
from wheelwright.gates.security import Security
from wheelwright.github import plan, ruleset
from wheelwright.github.calls import Engine, caller
from wheelwright.github.options import Choices
from wheelwright.project import pythons, workspace
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.release.decide import urls
from wheelwright.release.decide.stops import Stop
from wheelwright.release.decide.version import Request, next_version
from wheelwright.testing import cells
from wheelwright.testing.cells import Cell
from wheelwright.testing.plan import TestOptions, make
from wheelwright.testing.reports import history

GROWTH_MAX_KB = 1 << 20


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    """One place and one store for all inputs: what one of them breaks fails the next."""
    with Lines.at(tmp_path_factory.mktemp("flags")) as made:
        yield made


def peak_kb() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def judge(shell: Lines, words: Sequence[str]) -> None:
    """Run a command line; an error is one of ours, says so, and is no copy of the input."""
    ended = shell(words)
    assert 0 <= ended.code < 128
    assert 70 != ended.code, ended.err
    traced = "--debug" in " ".join(words) or any(word[:1] == "-" and "d" in word for word in words)
    assert traced or "Traceback" not in ended.err
    assert bool(ended.code) == ("Error: " in ended.err), ended
    assert len(ended.err) < 20_000, ended.err[:1000]


def fuzz(strategy: st.SearchStrategy[Any], count: int, act: Callable[[Any], object]) -> None:
    """Give so many inputs to an act, which may not need a gigabyte for them."""
    before_kb = peak_kb()
    give(strategy, count, act)
    assert peak_kb() - before_kb < GROWTH_MAX_KB


def test_any_line_is_answered(shell: Lines) -> None:
    """A thousand command lines end in a result or in one of our errors."""
    fuzz(lines(), 1_000, partial(judge, shell))
    assert b"v0.21.8" in shell(["version"]).out


@pytest.mark.parametrize(
    "words",
    [
        ["run", "a\0b"],
        ["call", "--workdir", "x" * 9_000, "lint"],
        ["-m", "x" * 300, "functions"],
        ["call", "--source", "x" * 300, "lint"],
        ["call", "take-int", "--it", "9" * 5000],
        ["call", "take-float", "--it", "\u0663"],
        ["call", "take-json", "--it", "[" * 100_000],
        ["call", "take-own", "x" * 100_000],
        ["check", "a\rb"],
        ["call", "take-secret", "--it", "cmd://true"],  # PATH has no sh
    ],
    ids=lambda words: ascii(words[-2:])[:30],
)
def test_line_is_refused_in_one_error(shell: Lines, words: Sequence[str]) -> None:
    """What no path, number or JSON can be is refused, and the refusal can be read."""
    judge(shell, words)
    ended = shell(words)
    assert 1 == ended.code
    assert ended.err.startswith("Error: ")


def test_size_beyond_any_disk_keeps_everything(shell: Lines) -> None:
    """A size or an age without measure is one that nothing reaches."""
    assert 0 == shell(["prune", "--keep", "9" * 400 + "tb"]).code
    assert 0 == shell(["prune", "--unused-for", "9" * 400 + "w"]).code


@pytest.mark.repeated
@pytest.mark.timeout(1800)
def test_ten_thousand_lines_are_answered(shell: Lines) -> None:
    """Ten thousand command lines end in a result or in one of our errors."""
    fuzz(lines(), 10_000, partial(judge, shell))
    assert b"v0.21.8" in shell(["version"]).out


# -- arguments of the module that have a grammar --------------------------------------------------

PYPROJECT = """\
[project]
name = "quay"
version = "1.2.3"
requires-python = ">=3.11"
[project.optional-dependencies]
docs = ["sphinx"]
[dependency-groups]
tests = ["pytest"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[[tool.uv.index]]
name = "inner"
url = "https://inner.example/simple/"
publish-url = "https://inner.example/upload/"
"""
PROJECT = describe(Snapshot({"pyproject.toml": PYPROJECT}, frozenset({"pyproject.toml", "tests/"})))
AT = f"github.com/owner/name@{'0' * 40}"

WORDS = (
    *("3.12", "3.1\uff12", "3.\u0661\u0662", "3.12.1", f"3.{'1' * 5000}", "3.11,3.12"),
    *("locked", "highest", "lowest-direct", "tests", "tests+docs", "+", "docs", "3.12*", "[", "*"),
    *("postgres:16", "redis:7+postgres", "postgres", "postgres:", "redis@sha256:0", "windows"),
    *("90s", "1h30m", "0", "00", "\u0663s", f"{'9' * 5000}h", "1m1", "-1s", "1.5h", "7d", "5GB"),
    *(f"{'9' * 400}tb", f"{'9' * 400}w", "patch", "minor", "major", "stable", "rc", "dev", "alpha"),
    *("1.2.3", "v1.2.3", "1!2", "1.0+l", f"1.{'9' * 5000}", "1.\u0663", "1.0rc1.post2.dev3"),
    *("low", "medium", "high", "quay", "QUAY", "./", "..", "/", "inner", "main", "release/x"),
    *("pypi", "dagger", "stiletto", AT, f"https://{AT}", f"x[stiletto] @ git+https://{AT}"),
    *("git@github.com:owner/name", "https://u:p@h/o/n", "ssh://git@h:22/o/n", "${{ x }}", "a b"),
    *("{name} {version}", "{", "{0}", "{name.x}", "{name!r:>9}", "{name:{what}}", "team:1"),
    *("-k", "--co", "-p", "no:x", "'", '"', "\n", "\0", "::", "", " ", "x" * 9_000, "(" * 9_000),
)
ANY = st.sampled_from(WORDS) | st.text(max_size=8) | st.sampled_from(WORDS).map(str.upper)
SOME = st.lists(ANY, max_size=3).map(tuple)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 11)


def read_selection(axes: tuple[list[str], ...]) -> None:
    """Plan a matrix, and show it in every way."""
    asked = cells.Selection(*axes)
    planned = cells.plan(PROJECT, asked)
    cells.table(PROJECT, planned)
    json.loads(cells.github(planned).partition("=")[2] or "{}")
    cells.runnable(planned, asked)


def read_tests(given: tuple[tuple[str, ...], ...]) -> None:
    """Find what the tests need, and their command."""
    groups, extras, args = given
    make(PROJECT, Cell("", "3.12", "", groups, extras), TestOptions(args))


def read_version(given: tuple[str, str, str, str, bool]) -> None:
    """Read a request for a version."""
    current, bump, pre, version, post = given
    made = next_version(current, Request(bump, pre, post, version))
    assert made.text() if isinstance(made, Stop) else made.version


def read_workflows(given: tuple[str, ...]) -> None:
    """Write the workflows."""
    branch, module, package, stiletto, environment, proposing, index = given
    for engine in Engine:
        who = caller(None, engine, module or AT, package, stiletto)
        choices = Choices(
            branch, environment=environment, propose_environment=proposing, index=index
        )
        plan.workflows(PROJECT, who, choices)


def read_place(given: tuple[str, ...]) -> None:
    """Read addresses of a remote and of an index."""
    remote, api, index, publish, check = given
    urls.hub_of(urls.https(remote), api)
    urls.origin(f'[remote "origin"]\n\turl = {remote}\n')
    urls.index_urls(PROJECT, "quay", index, publish, check)


def read_rules(given: tuple[list[str], int, list[str]]) -> None:
    """Write a ruleset."""
    checks, approvals, bypass = given
    options = ruleset.Options(checks=checks, approvals=approvals, bypass=bypass)
    ruleset.text(ruleset.branch(options)).encode()


def read_message(given: tuple[str, str, str]) -> None:
    """Fill a message in."""
    message, what, link = given
    notify.compose(message, PROJECT, what=what, link=link)


ROW = '{"at": "x", "step": "3.12", "outcome": "passed", "seconds": 1}'
ROWS = st.sampled_from(
    (
        *(ROW, ROW.replace("1}", "true}"), ROW.replace("1}", "1e999}"), "{}", "1", "NaN"),
        *(ROW.replace("1}", '1, "ran_at": []}'), "[" * 9_000, "9" * 5000, "\u2028"),
    )
)
ARGUMENTS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], object]]] = {
    "durations": (ANY, lambda text: limits.seconds(text, "--timeout")),
    "sizes": (ANY, lambda text: read_size_bytes(text, "--keep")),
    "ages": (ANY, read_duration_s),
    "python": (ANY, lambda text: pythons.choose(PROJECT.metadata, text, "", text)),
    "cells": (st.tuples(*[SOME] * 7), read_selection),
    "tests": (st.tuples(*[SOME] * 3), read_tests),
    "services": (SOME, services.servers),
    "severity": (ANY, lambda text: Security(severity=text).plan(PROJECT, "3.12")),
    "package": (ANY, lambda text: workspace.locate(text, {"": "quay", "p/a": "a"})),
    "version": (st.tuples(ANY, ANY, ANY, ANY, st.booleans()), read_version),
    "workflows": (st.tuples(*[ANY | st.just("")] * 7), read_workflows),
    "places": (st.tuples(*[ANY | st.just("")] * 5), read_place),
    "rules": (st.tuples(SOME, WHOLE, SOME), read_rules),
    "message": (st.tuples(ANY, ANY, ANY), read_message),
    "history": (
        st.tuples(st.lists(ROWS, max_size=5).map("\n".join), WHOLE),
        lambda given: history.trend(*given),
    ),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("durations", f"{'9' * 5000}h"),
        ("durations", "\u0663s"),
        ("python", f"3.{'1' * 5000}"),
        ("python", "3.1\uff12"),
        ("message", ("{name:{what}}", "", "")),
        ("message", ("{name:>9999999999}", "", "")),
        ("history", ("[" * 9_000, 5)),
        ("history", (ROW.replace("1}", '1, "ran_at": []}'), 5)),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_argument_is_refused(name: str, value: Any) -> None:
    """A number, a form or a line that nobody writes is refused by one of our errors."""
    with pytest.raises(RequestError):
        ARGUMENTS[name][1](value)


def test_version_of_too_many_digits_is_refused() -> None:
    """A number that Python does not read is no part of a version."""
    assert isinstance(next_version("1.2", Request(version=f"1.{'9' * 5000}")), Stop)


def fuzz_argument(name: str, count: int) -> None:
    """Give so many values to what reads an argument."""
    strategy, act = ARGUMENTS[name]

    def judged(value: Any) -> None:
        said = ""
        try:
            act(value)
        except (WheelwrightError, StilettoError) as error:
            said = str(error)
        # What is given three times may be said three times.
        assert len(said) < 40_000, said[:1000]

    fuzz(strategy, count, judged)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_any_argument_is_answered(name: str) -> None:
    """Values for each of the module's arguments that have a grammar end in one of our errors."""
    fuzz_argument(name, 1_000 // len(ARGUMENTS) + 1)


@pytest.mark.repeated
@pytest.mark.parametrize("name", ARGUMENTS)
def test_ten_thousand_arguments_are_answered(name: str) -> None:
    """Ten thousand values for these arguments end in a result or in one of our errors."""
    fuzz_argument(name, 10_000 // len(ARGUMENTS) + 1)
