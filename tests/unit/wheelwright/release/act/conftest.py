"""A server for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.unit.wheelwright.release.act.serving import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve."""
    serving = Server()
    yield serving
    serving.http.shutdown()
    serving.http.server_close()
