"""What each function costs: processes of the module, steps, and requests to the engine.

On Dagger a process is seconds, a step one or two, and a request some milliseconds. So a number that
grows is seen here first. A request more or less is no reason to fail: two that run at the same time
may both ask for the same thing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from .bench import FIXTURES, Bench
from .repositories import repository


class Costs(NamedTuple):
    """What one call costs; `requests` is the limit of the function's own."""

    processes: int
    steps: int
    requests: int


# The steps of `test` are: list the files; fetch what builds the package, install it apart; beside
# these, install what has a wheel; run pytest. Each cell of a matrix has the last two. In `ci` the
# tests and the type checker share the build.
TABLE = {
    "versions": Costs(2, 1, 42),
    "lint": Costs(2, 3, 50),
    "check-format": Costs(2, 3, 50),
    "typecheck": Costs(2, 5, 84),
    "build": Costs(2, 3, 72),
    "test": Costs(2, 5, 102),
    "matrix": Costs(2, 7, 125),
    "ci": Costs(2, 12, 185),
}
PARTS_OF_CI = ("lint", "check-format", "typecheck", "build")
WORDS = {"test": ("--python=3.11",), "matrix": ("--python=3.11,3.12",)}


@pytest.fixture(scope="module")
def millrace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a package that is built, linted and typed, as no other test has it."""
    names = ("pyproject.toml", "uv.lock", "README.md", "src/millrace", "tests")
    root = FIXTURES / "hatchling-src"
    files: dict[str, str] = {"tests/nonce.txt": "costs\n"}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name.startswith(names) and path.suffix != ".pyc":
            files[name] = path.read_text(encoding="utf-8")
    return repository(tmp_path_factory.mktemp("costs") / "millrace", files)


@pytest.mark.parametrize(
    "function",
    [pytest.param(each, marks=pytest.mark.slow if each in PARTS_OF_CI else ()) for each in TABLE],
)
def test_a_function_costs_what_the_table_has(
    stiletto: Bench, millrace: Path, function: str
) -> None:
    """The processes and steps of a first call are as listed, and its requests at most that."""
    at = ("-m", stiletto.module, "--source", ".")
    ended = stiletto.run("call", *at, function, *WORDS.get(function, ()), cwd=millrace)
    assert 0 == ended.code, str(ended)
    explained = stiletto.run("explain", "-m", stiletto.module, "--all", "--json", cwd=millrace)
    notes = json.loads(explained.out)["steps"]
    functions = [each for each in notes if each["kind"] == "function"]
    ran = [each for each in functions if each["outcome"] == "done"]
    expected = TABLE[function]
    steps = [each["name"] for each in notes if each["kind"] == "step"]
    assert expected.steps == len(steps), "\n".join(steps)
    # The object itself is made by the first call, and stored.
    assert {len(ran)} <= {expected.processes, expected.processes - 1}
    assert expected.requests >= functions[-1]["requests"] > expected.requests // 2


def test_one_step_measures_all_cells(stiletto: Bench, millrace: Path) -> None:
    """The coverage of each cell and that of all together are made at once."""
    at = ("-m", stiletto.module, "--source", ".")
    words = ("matrix", "--python=3.11,3.12", "--coverage-min=1")
    ended = stiletto.run("call", *at, *words, cwd=millrace)
    assert 0 == ended.code, str(ended)
    explained = stiletto.run("explain", "-m", stiletto.module, "--all", "--json", cwd=millrace)
    names = [each["name"] for each in json.loads(explained.out)["steps"]]

    assert 1 == sum("coverage-total.sh" in name for name in names), "\n".join(names)
