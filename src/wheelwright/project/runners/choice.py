"""Chooses which of a runner's jobs is the one that tests (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from wheelwright.errors import RequestError
from wheelwright.project.reading import shortened
from wheelwright.project.runners.job import Job
from wheelwright.project.runners.tox import is_test

NAMES: Final = (
    "tests",
    "test",
    "pytest",
    "unit",
    "unit-tests",
    "unit-test",
    "unittests",
    "unittest",
    "test-unit",
    "tests-unit",
    "testing",
    "hatch-test",
)
"""What the job that tests is called, the likeliest first."""

_NAME: Final = 300
"""Characters of a name that are looked at."""

_TAGS: Final = frozenset({"tests", "test"})
_SCRIPTS: Final = ("test", "tests", "run", "pytest", "unit", "cov", "run-cov")
# Jobs that call pytest for another purpose.
_OTHERS: Final = re.compile(
    r"(?:^|[-_.:])(?:bench\w*|cov\w*|docs?|docstrings?|downstream|integration|lint|mutation|mypy|"
    r"release|typ\w+|upstream|xdoctest)(?:$|[-_.:])"
)
# `tests-3.12(django='5.2')`: nox takes the Python of a session between its name and parameters.
_NOX: Final = re.compile(r"(?P<name>.+?)-(?P<python>(?:pypy-?)?\d[\w.]*)(?P<rest>\(.*\))?")


@dataclass(frozen=True, slots=True)
class Choice:
    """The job that tests, and what should be known about the choice.

    Attributes:
        notes: sentences: the Pythons that the job does not name, what else could have run.
    """

    job: Job
    notes: tuple[str, ...] = ()


def job_that_tests(jobs: Sequence[Job], python: str, chosen: str) -> Choice | None:
    """Return the job that tests on a Python; None if no job runs tests.

    `chosen` is the name that the caller gives, without the runner's: `tests`, `tests-3.12`,
    `tests(django='5.2')`, `test.py3.12:run`. If it is empty, the first of these that has a job: a
    usual name, the tag `tests`, a job that runs by default and calls tests, any that calls tests.

    Raises:
        RequestError: no job is called as `chosen`.
    """
    if chosen:
        return _named(jobs, python, chosen)
    able = [job for job in jobs if job.commands or job.unread]
    testing = [job for job in able if any(map(is_test, job.commands))]
    likely = [job for job in testing if not _OTHERS.search(_plain(job)[:_NAME].lower())]
    for candidates in (
        _usual(able),
        [job for job in able if _TAGS & set(job.tags)],
        [job for job in likely if job.default],
        likely,
        testing,
    ):
        if candidates:
            return _for_python(candidates, python)
    return None


def _usual(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs with the likeliest name."""
    for name in NAMES:
        found = [job for job in jobs if _is_called(job, name)]
        if found:
            return found
    return []


def _is_called(job: Job, name: str) -> bool:
    """Whether a job has a usual name: nox's and PDM's own, hatch's environment or script."""
    if job.runner != "hatch":
        return _normal(_plain(job)) == name
    environment, _, script = job.name.partition(":")
    base = environment.partition(".")[0]
    tests = any(map(is_test, job.commands))
    if base == "default":
        return _normal(script) == name and tests
    usual = next((each for each in _SCRIPTS if each == script), None)
    return _normal(base) == name and usual is not None and tests


def _plain(job: Job) -> str:
    """Return a job's name without parameters."""
    return job.name.partition("(")[0]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _named(jobs: Sequence[Job], python: str, chosen: str) -> Choice:
    """Return the job with a name that the caller gives."""
    parts = _NOX.fullmatch(chosen[:_NAME])
    shorter = f"{parts['name']}{parts['rest'] or ''}" if parts else ""
    for fits in _fitting(chosen, shorter):
        if found := [job for job in jobs if fits(job)]:
            return _for_python(found, python)
    runner = jobs[0].runner if jobs else "the runner"
    names = ", ".join(dict.fromkeys(job.name for job in jobs)) or "none"
    raise RequestError(
        f'{runner} has nothing called "{shortened(chosen)}" (it has: {shortened(names)})',
        "name one of these in `runner`",
    )


def _fitting(chosen: str, shorter: str) -> tuple[Callable[[Job], bool], ...]:
    return (
        lambda job: job.name == chosen,
        lambda job: job.name == f"default:{chosen}",
        lambda job: _plain(job) == chosen,
        lambda job: bool(shorter) and job.name == shorter,
        lambda job: bool(shorter) and _plain(job) == shorter,
        lambda job: job.runner == "hatch" and _is_script_of(job, chosen),
    )


def _is_script_of(job: Job, chosen: str) -> bool:
    """Whether a job is the test script of a hatch environment, or one of its matrix."""
    environment, _, script = job.name.partition(":")
    base = environment.partition(".")[0]
    name, colon, wanted = chosen.partition(":")
    fits = script == wanted if colon else script in _SCRIPTS or not script
    return name in (environment, base) and fits


def _for_python(candidates: Sequence[Job], python: str) -> Choice:
    """Return the first job for a Python, else the first, with notes."""
    if candidates[0].runner == "hatch":
        candidates = _of_one_script(candidates)
    fitting = [job for job in candidates if not job.pythons or _names_python(job, python)]
    job = (fitting or candidates)[0]
    notes = []
    if not fitting:
        named = dict.fromkeys(each for job in candidates for each in job.pythons)
        pythons = _listed(list(named))
        notes.append(f"{job.place.path} names {pythons} for {_base(job)}, not {python}")
    alike = [each.name for each in fitting if _base(each) == _base(job) and each != job]
    if alike:
        notes.append(
            f"{job.name} is one of {len(alike) + 1} of its kind; not run: "
            f"{shortened(', '.join(alike))} (choose with `runner`)"
        )
    return Choice(job, tuple(notes))


def _of_one_script(candidates: Sequence[Job]) -> list[Job]:
    """Return the jobs of the likeliest script of a hatch environment."""
    for script in _SCRIPTS:
        if found := [job for job in candidates if job.name.partition(":")[2] == script]:
            return found
    return list(candidates)


def _names_python(job: Job, python: str) -> bool:
    minor = ".".join(python.split(".")[:2])
    return any(each in (python, minor, "3") for each in job.pythons)


def _base(job: Job) -> str:
    name = _plain(job)
    if job.runner != "hatch":
        return name
    environment, colon, script = name.partition(":")
    return f"{environment.partition('.')[0]}{colon}{script}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
