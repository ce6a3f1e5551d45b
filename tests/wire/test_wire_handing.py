"""What one job of a release hands to the next, read by the module through the engine."""

import hashlib

import pytest
from wire_bench import Session

from wheelwright.release.act.handing import DIST, RECORD, take
from wheelwright.release.decide.report import Stopped

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("printed", "fact"),
    [
        ("{}\n", "release.json has the sha256 "),
        ("[]\n", "release.json"),
    ],
)
async def test_digest_that_the_build_printed_binds_the_record(
    one: Session, printed: str, fact: str
) -> None:
    """Another record ends the job before it is read; the same one is read, and refused for that."""
    text = "[]\n"
    directory = one.dag.directory().with_new_file(RECORD, text).with_new_file(f"{DIST}/a", "a")

    with pytest.raises(Stopped, match="the data of an earlier job is not as expected") as caught:
        await take(directory, hashlib.sha256(printed.encode()).hexdigest())

    assert fact in str(caught.value)
    assert (printed == text) != ("has the sha256" in str(caught.value))
