"""A server that does not answer."""

import pytest

from wheelwright.release.act.http import Http
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind


async def test_server_that_is_not_there_is_no_answer() -> None:
    """A refused connection is reported with the address, without a password in it."""
    with pytest.raises(ActFailed) as caught:
        await Http().ask("GET", "http://user:hunter2@127.0.0.1:9/simple/", headers={})
    assert FailureKind.BUSY is caught.value.kind
    assert "http://127.0.0.1:9/simple/" in caught.value.message
    assert "hunter2" not in caught.value.message
