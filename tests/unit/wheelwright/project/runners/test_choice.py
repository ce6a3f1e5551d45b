"""Choosing the job that tests."""

import pytest

from wheelwright.errors import RequestError
from wheelwright.project.runners.choice import job_that_tests as choose
from wheelwright.project.runners.job import Job, Place

PYTEST = (("pytest",),)
PLACE = Place("noxfile.py", 5, "tests")


def job(
    name: str,
    *pythons: str,
    commands: tuple[tuple[str, ...], ...] = PYTEST,
    runner: str = "nox",
    tags: tuple[str, ...] = (),
    default: bool = True,
) -> Job:
    """Return a job that runs pytest."""
    return Job(runner, name, PLACE, commands=commands, pythons=pythons, tags=tags, default=default)


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([job("lint"), job("test"), job("tests")], "tests"),
        ([job("docs"), job("unit_tests")], "unit-tests"),
        ([job("a"), job("b", tags=("tests",))], "b"),
        ([job("a", default=False), job("b")], "b"),
        ([job("downstream_requests"), job("checks", default=False)], "checks"),
        ([job("lint", commands=(("ruff", "check"),)), job("bench")], "bench"),
        ([job("lint", commands=(("ruff", "check"),))], None),
        ([job("tests", commands=())], None),
        ([], None),
        ([job("docs:test", runner="hatch"), job("default:test", runner="hatch")], "default:test"),
        ([job("default:cov", runner="hatch"), job("test:run", runner="hatch")], "test:run"),
        ([job("types:test", runner="hatch"), job("default:cov", runner="hatch")], "types:test"),
    ],
)
def test_order_of_choice(jobs: list[Job], expected: str | None) -> None:
    """A usual name goes before a tag, that before what runs by default and calls tests."""
    found = choose(jobs, "3.12", "")
    assert expected == (found and found.job.name.replace("_", "-"))


def test_another_python_has_a_note() -> None:
    """A session that does not name the Python is taken all the same, and the note names its own."""
    found = choose([job("tests", "3.11", "3.12")], "3.13", "")
    assert found is not None
    assert ("noxfile.py names 3.11 and 3.12 for tests, not 3.13",) == found.notes
    same = choose([job("tests", "3.11", "3.12")], "3.12.4", "")
    assert same is not None
    assert () == same.notes


def test_first_combination_for_the_python_runs() -> None:
    """Of a matrix, the first job of the Python is taken; the note names the others of it."""
    jobs = [
        job("tests(dj='4.2')", "3.11"),
        job("tests(dj='5.1')", "3.12"),
        job("tests(dj='5.2')", "3.12"),
    ]
    found = choose(jobs, "3.12", "")
    assert found is not None
    assert "tests(dj='5.1')" == found.job.name
    (note,) = found.notes
    assert "tests(dj='5.2')" in note
    assert "tests(dj='4.2')" not in note


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("tests(dj='5.2')", "tests(dj='5.2')"),
        ("tests-3.12(dj='5.2')", "tests(dj='5.2')"),
        ("tests-3.12", "tests(dj='5.1')"),
        ("tests", "tests(dj='5.1')"),
        ("lint", "lint"),
    ],
)
def test_names_of_nox(chosen: str, expected: str) -> None:
    """A session is named as nox lists it, or without its Python or parameters."""
    jobs = [job("lint"), job("tests(dj='5.1')", "3.12"), job("tests(dj='5.2')", "3.12")]
    found = choose(jobs, "3.12", chosen)
    assert found is not None
    assert expected == found.job.name


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("test", "default:test"),
        ("default:cov", "default:cov"),
        ("hatch-test", "hatch-test.py3.12:run"),
        ("hatch-test:cov", "hatch-test.py3.12:cov"),
        ("hatch-test.py3.11:run", "hatch-test.py3.11:run"),
    ],
)
def test_names_of_hatch(chosen: str, expected: str) -> None:
    """A script of the default environment, an environment, or both."""
    jobs = [
        job("default:test", runner="hatch"),
        job("default:cov", runner="hatch"),
        *(
            job(f"hatch-test.py{python}:{script}", python, runner="hatch")
            for python in ("3.11", "3.12")
            for script in ("cov", "run")
        ),
    ]
    found = choose(jobs, "3.12", chosen)
    assert found is not None
    assert expected == found.job.name


def test_unknown_name_lists_the_known() -> None:
    """A name that no job has is an error with the names to choose from."""
    with pytest.raises(RequestError, match=r'nox has nothing called "x" \(it has: tests, lint\)'):
        choose([job("tests"), job("lint")], "3.12", "x")
