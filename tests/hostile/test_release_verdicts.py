"""A release whose tests only look green against what was built stops before it publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from release_attacks import start
from tests.e2e.bench import Bench
from tests.e2e.release_bench import Description, Outside, Sample

pytestmark = [pytest.mark.e2e, pytest.mark.network, pytest.mark.slow]

# Over the source all is well; against an installed file the process leaves early.
LEAVING = """\
import os
from pathlib import Path


def pytest_runtest_call(item):
    import sample_package

    if not Path(sample_package.__file__).is_relative_to("/src"):
        os._exit({code})
"""


@pytest.mark.parametrize("code", [0, pytest.param(5, marks=pytest.mark.repeated)])
def test_tests_that_leave_early_stop_the_release_at_verify(
    stiletto: Bench, tmp_path: Path, described: Description, code: int
) -> None:
    """Exit codes 0 and 5 without a report are no verification: nothing is uploaded."""
    files = {"conftest.py": LEAVING.format(code=code)}
    with Outside(tmp_path / "outside", described) as outside:
        at = start(stiletto, outside, tmp_path / "package", Sample(), files)
        ended = at.stops()

    assert f"exit code {code} and no complete report; the last test begun is " in ended.said
    assert "tests fail against the installed wheel: sample_package-1.2.4" in ended.said
    assert [] == [name for name in outside.index.files if "1.2.4" in name]
