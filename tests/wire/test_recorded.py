"""Small queries, and what Dagger v0.21.8 answered to them.

A case is equal, refused by a call that `recorded/exceptions.toml` names, or an exception there.
`-k GROUP` runs one group, such as `-k digest`; `python -m tests.wire.recorded_report` counts.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from recorded_bench import Case, Recording, Verdict, cases, exceptions, opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recording(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recording]:
    """Sessions, one for each group of cases."""
    async with opened(tmp_path_factory.mktemp("recorded")) as made:
        yield made


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.group}-{case.name}")
async def test_an_answer_is_that_of_dagger(case: Case, recording: Recording) -> None:
    """A query gets the answer that Dagger gave, or a refusal that names the call."""
    outcome = await recording.run(case)

    if case.name in exceptions().cases:
        assert outcome.verdict is not Verdict.EQUAL, "agrees now: take it out of exceptions.toml"
    elif outcome.verdict is Verdict.REFUSED:
        assert outcome.call in exceptions().refused, outcome.actual
        pytest.skip(f"{outcome.call} is refused")
    elif outcome.verdict is not Verdict.EQUAL:
        assert case.expected == outcome.actual, json.dumps(case.steps, indent=1)


def test_every_exception_is_a_case() -> None:
    """The list of exceptions names cases that exist, each with a kind and a reason."""
    names = {case.name for case in cases()}

    assert set() == exceptions().cases.keys() - names
    assert set() == {
        name
        for name, given in exceptions().cases.items()
        if given["kind"] not in KINDS or not given["reason"]
    }


KINDS = ("wording", "order", "keeps more", "masks more", "works")
"""What an exception may be: another value, or an error that is missing, is none. More is masked
on purpose: docs/security.md. "works": Dagger fails there."""
