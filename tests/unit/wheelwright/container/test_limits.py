"""Time limits: how they are read, put around steps, and told."""

from __future__ import annotations

import pytest

from wheelwright.container import limits, users
from wheelwright.errors import RequestError
from wheelwright.testing.commands import recorded


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("0", 0)]
)
def test_durations_are_read(text: str, expected: int) -> None:
    """Hours, minutes and seconds add up, and 0 is no limit."""
    assert expected == limits.seconds(text, "--timeout")


@pytest.mark.parametrize("text", ["", "9x", "m", "10", "5m later"])
def test_what_is_no_duration_is_named(text: str) -> None:
    """A wrong duration is refused with the argument's name and examples."""
    with pytest.raises(RequestError, match=r"--timeout: invalid duration .*; pass one such as 90s"):
        limits.seconds(text, "--timeout")


def test_a_limit_stands_around_every_step_planned_after_it() -> None:
    """The command carries its limit, so that any engine can hold it."""
    limits.limit_steps(60)
    try:
        assert ["timeout", "--signal=KILL", "60s", "pytest"] == limits.limited(["pytest"])
    finally:
        limits.limit_steps(0)
    assert ["pytest"] == limits.limited(["pytest"])


def test_people_see_the_command_without_its_limit() -> None:
    """The limit is how a step runs, not what it is."""
    limited = ["timeout", "--signal=KILL", "60s", "uv", "sync"]
    assert ["uv", "sync"] == limits.unlimited(limited)
    given = users.installing(["uv", "sync"], users.OWNER)
    assert ["uv", "sync"] == limits.unlimited(given) == limits.unlimited([*limited[:3], *given])
    assert ["timeout", "5", "x"] == limits.unlimited(["timeout", "5", "x"])
    assert ["pytest", "-x"] == limits.unlimited(recorded([("pytest", "-x")]).command)


def test_a_step_that_met_its_limit_is_told_with_what_it_last_printed() -> None:
    """The message has the step's name, the limit, the next act and the last lines."""
    limited = ["timeout", "--signal=KILL", "60s", "pytest", "-q"]
    expected = (
        'step "pytest -q" was killed: it did not end within 60s, or memory ran out; '
        "raise --step-timeout if it needs longer\nit last printed:\n  one\n  two"
    )
    assert expected == limits.stopped(limited, 137, "one\ntwo\n")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (137, "", "ended by SIGKILL after 0.3 s"),
        (139, "", "ended by SIGSEGV after 0.3 s"),
        (137, "ended by SIGKILL after 1.5 s", "ended by SIGKILL after 1.5 s"),
        (
            137,
            "x; ended by SIGKILL after 2.0 s; memory ran out: the limit\nmore",
            "ended by SIGKILL after 2.0 s; memory ran out: the limit",
        ),
    ],
)
def test_a_step_that_something_else_killed_is_told_so(
    code: int, message: str, expected: str
) -> None:
    """A kill before the limit is no limit's, and of memory only where the engine knows."""
    limited = ["timeout", "--signal=KILL", "60s", "pytest"]
    error = RuntimeError("x")
    vars(error)["wheelwright_took_s"] = 0.3
    how = limits.ended(error, code, message)
    assert not limits.met(limited, code, how)
    said = limits.stopped(limited, code, "", how)
    assert f'step "pytest" failed: {expected}\nit printed nothing' == said


def test_a_kill_at_the_limit_is_the_limits() -> None:
    """A step that took as long as it may was ended by its limit, and memory is not named."""
    limited = ["timeout", "--signal=KILL", "60s", "pytest"]
    how = limits.Ended("SIGKILL", 60.1)
    assert limits.met(limited, 137, how)
    assert "did not end within 60s; raise --step-timeout" in limits.stopped(limited, 137, "", how)


@pytest.mark.parametrize(("command", "code"), [(["pytest"], 137), (["timeout", "x"], 1)])
def test_other_ends_are_not_told_as_a_limit(command: list[str], code: int) -> None:
    """A step without a limit, or with another exit code, did not meet one."""
    assert "" == limits.stopped(command, code, "")


def test_the_steps_under_way_are_known_when_a_call_runs_out_of_time() -> None:
    """What was waited for when an error came is still named after it; what ended is not."""
    with limits.under_way("uv lock"):
        pass
    with pytest.raises(TimeoutError), limits.under_way("pytest"):
        raise TimeoutError
    assert ["pytest"] == limits.running()
