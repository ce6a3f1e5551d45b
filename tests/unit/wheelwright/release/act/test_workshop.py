"""What becomes of a step that fails in a release."""

import pytest

from wheelwright.errors import ToolFailed
from wheelwright.release.act.workshop import failures_of_steps
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind


@pytest.mark.parametrize("grouped", [False, True])
def test_a_step_that_fails_is_a_failed_act(grouped: bool) -> None:
    """So the release ends with its report and gives the lock back."""
    error = ToolFailed("pip cannot install demo")
    raised = ExceptionGroup("two at once", [error]) if grouped else error
    with pytest.raises(ActFailed, match="pip cannot install demo") as caught, failures_of_steps():
        raise raised
    assert caught.value.kind is FailureKind.TOOL


def test_a_busy_server_stays_busy() -> None:
    """What may be tried again is tried again."""
    busy = ActFailed(FailureKind.BUSY, "no response", 5)
    with pytest.raises(ActFailed) as caught, failures_of_steps():
        raise ExceptionGroup("two at once", [busy])
    assert caught.value is busy


def test_a_bug_is_no_failed_act() -> None:
    """What nobody expects keeps its traceback."""
    with pytest.raises(ZeroDivisionError), failures_of_steps():
        raise ZeroDivisionError
