"""A lock that is out of date, and what comparing it needs."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, judged, project
from wheelwright.container.privileges import INSTALL, PACKAGE
from wheelwright.errors import ToolFailed
from wheelwright.gates.gate import Ran
from wheelwright.gates.lock import Lock, needs_source
from wheelwright.gates.result import Verdict


def test_stale_lock_fails_and_a_broken_resolution_is_no_verdict() -> None:
    """Uv's word about an update is a finding; any other failure is uv's own."""
    stale = Ran(1, "", "error: The lockfile at `uv.lock` needs to be updated, but `--check`")
    assert Verdict.FAILED is judged(Lock(), stale).verdict
    assert Verdict.PASSED is judged(Lock(), Ran(0)).verdict
    with pytest.raises(ToolFailed, match="No solution found"):
        judged(Lock(), Ran(1, "", "No solution found"))


def test_lock_check_needs_the_source_only_where_something_is_built() -> None:
    """Static metadata is compared by the files alone, dynamic metadata needs the source."""
    assert not needs_source(project(LIKE_CLICK))
    assert needs_source(project(LIKE_ATTRS))
    assert "not configured: likeclick has no uv.lock (`uv lock` makes one)" == (
        Lock().configured(project(LIKE_CLICK))
    )


def test_asking_the_back_end_is_a_step_of_the_package() -> None:
    """Where uv runs the package's own code, there is no credential and no shared cache."""
    (static,) = Lock().plan(project(LIKE_CLICK), "3.12")
    (dynamic,) = Lock().plan(project(LIKE_ATTRS), "3.12")
    assert (INSTALL, PACKAGE) == (static.kind, dynamic.kind)
