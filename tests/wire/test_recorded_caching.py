"""The recorded cases about caching, with STILETTO_CACHING=dagger-0.21: then none keeps more."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from recorded_bench import Case, Recording, Verdict, cases, opened

# No command has a trace of a mount that was removed before it.
KEEPS_MORE = {"digest.mount-then-unmount"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recording(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recording]:
    """A session whose keys are no finer than Dagger's."""
    async with opened(tmp_path_factory.mktemp("recorded-caching"), "dagger-0.21") as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "case", [case for case in cases() if case.group == "digest"], ids=lambda case: case.name
)
async def test_a_step_runs_again_when_it_does_on_dagger(case: Case, recording: Recording) -> None:
    """And is answered from the cache when it is there."""
    outcome = await recording.run(case)

    if outcome.verdict is Verdict.REFUSED:
        pytest.skip(f"{outcome.call} is refused")
    assert (case.name in KEEPS_MORE) == (outcome.verdict is not Verdict.EQUAL), outcome.actual
