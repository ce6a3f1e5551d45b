"""A "no" is never an answer from the store; a "yes" is, and so are the files of both."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.bench import Bench, Ended

from wheelwright.container import attempting
from wheelwright.inside import attempts

KEY = "0123456789abcdef" * 4
PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "quay-clock"
version = "1.0.0"
requires-python = ">=3.11,<3.12"

[dependency-groups]
tests = ["pytest>=8"]
"""
FLAKY = "import time\n\n\ndef test_clock():\n    assert time.time_ns() % 10 == 11\n"


@pytest.fixture
def flaky(tmp_path: Path) -> Path:
    """Return a package whose one test never passes, and says something else each time."""
    package = tmp_path / "quay-clock"
    (package / "tests").mkdir(parents=True)
    (package / "pyproject.toml").write_text(PYPROJECT)
    (package / "src" / "quay_clock").mkdir(parents=True)
    (package / "src" / "quay_clock" / "__init__.py").touch()
    (package / "tests" / "test_clock.py").write_text(FLAKY)
    return package


def pytests(ended: Ended) -> int:
    """Count the processes of pytest that a call started."""
    return sum(name.startswith("pytest ") for name in ended.ran)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_red_test_runs_again_and_a_reader_gets_the_newest_run(
    stiletto: Bench, flaky: Path, tmp_path: Path
) -> None:
    """Each judging call runs a red test again, once; reading calls show the newest run."""
    said = []
    for _ in range(3):
        ended = stiletto.fails(flaky, "test")
        assert 1 == pytests(ended)
        said.append(next(line for line in ended.error.splitlines() if "test_clock.py:5: " in line))
    assert 3 == len(set(said))

    judged = stiletto.fails(flaky, "matrix")
    reports = stiletto.passes(flaky, "matrix-run", "reports", "-o", tmp_path / "reports")
    lines = stiletto.passes(flaky, "annotations")
    again = stiletto.fails(flaky, "matrix")

    assert [1, 0, 0, 1] == [pytests(each) for each in (judged, reports, lines, again)]
    table = (tmp_path / "reports" / "table.txt").read_text()
    assert "kept: 1 cell ran earlier, begun at 20" in table
    (line,) = lines.out.splitlines()
    assert line.startswith("::error file=tests/test_clock.py,line=5,")
    (clock,) = re.findall(r"\d{15,}", line)
    assert clock in judged.said
    assert clock not in again.said


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_reader_starts_nothing_until_there_is_a_newer_run(stiletto: Bench, flaky: Path) -> None:
    """It gives the answer of the last reader, with the same words; then the newest run's."""
    # Other attempts than those of the tests above, which are made as Dagger keeps results.
    (flaky / "pyproject.toml").write_text(PYPROJECT.replace("quay-clock", "quay-reader"))
    (flaky / "src" / "quay_clock").rename(flaky / "src" / "quay_reader")
    # Dagger runs a reader in each call.
    usual = replace(stiletto, env={**stiletto.env, "STILETTO_CACHING": "content"})
    for function, field in (("test", "log"), ("matrix", "table")):
        usual.fails(flaky, function)
        reader = (f"{function}-run", field, *(("contents",) if field == "log" else ()))
        first, second = usual.passes(flaky, *reader), usual.passes(flaky, *reader)
        judged = usual.fails(flaky, function)
        newest = usual.passes(flaky, *reader)

        assert [] == second.ran
        assert first.out == second.out
        assert [0, 0, 1, 0] == [pytests(each) for each in (first, second, judged, newest)]
        (clock, *_) = re.findall(r"assert \((\d{15,})", newest.out)
        assert clock in judged.said
        assert clock not in second.out


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_rerun_repeats_a_green_run(stiletto: Bench, flaky: Path) -> None:
    """A green run is an answer from the store, unless the caller asks for another one."""
    (flaky / "tests" / "test_clock.py").write_text("def test_good():\n    pass\n")
    counts = [pytests(stiletto.passes(flaky, "test", *words)) for words in ((), (), ("--rerun",))]
    counts.append(pytests(stiletto.passes(flaky, "test-run", "--rerun", "verdict")))

    assert [1, 0, 1, 1] == counts


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_red_gate_runs_again(stiletto: Bench, flaky: Path) -> None:
    """A linter that said no is asked again by the next call."""
    (flaky / "pyproject.toml").write_text(PYPROJECT + "\n[tool.ruff]\nline-length = 100\n")
    (flaky / "src" / "quay_clock" / "__init__.py").write_text("import os\n")
    calls = [stiletto.fails(flaky, "lint"), stiletto.fails(flaky, "lint")]

    assert [1, 1] == [sum(name.startswith("ruff ") for name in each.ran) for each in calls]


# -- without an engine ----------------------------------------------------------------------------


class Kept:
    """A step whose attempts end as told, one after the other, and the names kept of them."""

    def __init__(self, directory: Path, *green: bool, known: bool = True) -> None:
        self.directory = directory
        self.known = known
        self.green = list(green)
        self.began: dict[str, float] = {}

    async def tell(self, _python: str, *words: str) -> str:
        """Answer as the program does."""
        return attempts.main([str(self.directory), *words]).strip()

    async def run(self, attempt: str) -> int:
        """Run an attempt, or find it; return its place."""
        self.began.setdefault(attempt, time.time())
        return list(self.began).index(attempt)

    async def call(self, *, reading: bool = False, rerun: bool = False) -> int:
        """Make one call; return the place of the attempt that it answers with."""
        attempting.begin(reading=reading, rerun=rerun)

        async def key() -> str:
            return KEY

        return await attempting.settled(
            self.run,
            key,
            "3.11",
            red=lambda place: not (self.green[place] if place < len(self.green) else False),
            began=lambda place: list(self.began.values())[place] if self.known else None,
        )


@pytest.fixture(params=[True, False], ids=["times-known", "times-unknown"])
def known(request: pytest.FixtureRequest) -> bool:
    """Say whether a step tells when it began."""
    return bool(request.param)


def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *green: bool, known: bool = True) -> Kept:
    """Return a step whose attempts are kept in a directory instead of a volume."""
    made = Kept(tmp_path, *green, known=known)
    monkeypatch.setattr(attempting, "_run_program", made.tell)
    return made


async def test_red_runs_once_in_each_judging_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """The first call runs the first attempt, each one after it another one."""
    steps = kept(tmp_path, monkeypatch, known=known)

    assert [0, 1, 2] == [await steps.call() for _ in range(3)]
    assert 3 == len(steps.began)


async def test_green_is_an_answer_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Once an attempt is green, judging calls answer with it and run nothing."""
    steps = kept(tmp_path, monkeypatch, False, True, known=known)

    assert [0, 1, 1, 1] == [await steps.call() for _ in range(4)]
    assert 2 == len(steps.began)


async def test_green_first_attempt_asks_for_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that has always been green costs no step of ours."""
    steps = kept(tmp_path, monkeypatch, True)

    assert [0, 0] == [await steps.call() for _ in range(2)]
    assert "" == attempts.main([str(tmp_path), "table"])


async def test_reading_call_gets_the_newest_and_runs_only_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """A reader runs where nothing ran, and else takes what the last judging call left."""
    steps = kept(tmp_path, monkeypatch, known=known)
    read = [await steps.call(reading=True), await steps.call(reading=True)]
    assert ([0, 0], 1) == (read, len(steps.began))
    if known:
        assert 1 == await steps.call()
        assert 1 == await steps.call(reading=True)


async def test_rerun_always_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that asks for it runs another attempt, though a green one is there."""
    steps = kept(tmp_path, monkeypatch, True, True, True)

    assert [0, 1, 2] == [await steps.call(rerun=rerun) for rerun in (False, True, True)]


@pytest.mark.parametrize("text", ["", "x", "a b", "a b c\n", "\x00", "-a b\n", "a" * 6000 + " b\n"])
async def test_broken_names_count_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """What cannot be read in the volume costs a run more, and is no error."""
    (tmp_path / KEY).write_text(text)
    steps = kept(tmp_path, monkeypatch)

    assert [0, 1] == [await steps.call() for _ in range(2)]


def test_volume_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest names go when there are too many."""
    monkeypatch.setattr(attempts, "_KEPT_MAX", 10)
    for number in range(40):
        attempts.main([str(tmp_path), "next", f"{number:064x}", "call"])

    assert len(list(tmp_path.iterdir())) <= 12
    assert f"{39:064x} call\n" in attempts.main([str(tmp_path), "table"])


@pytest.mark.parametrize("key", ["../x", "x", "", KEY + "/..", KEY.upper()])
def test_key_is_no_path(tmp_path: Path, key: str) -> None:
    """Only digests are names in the volume."""
    with pytest.raises(SystemExit):
        attempts.main([str(tmp_path), "next", key, "call"])
