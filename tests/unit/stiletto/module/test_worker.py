"""What a module's process does to the SDK changes how long a call takes, and nothing else."""

from __future__ import annotations

from typing import Any

import dagger
import pytest
from dagger.client import _core
from dagger.client._core import Arg, Context

from stiletto.module.worker import share_converters


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Share the converters during a test; return what the SDK made them with."""
    own = _core.make_converter
    monkeypatch.setattr(_core, "make_converter", own)
    share_converters()
    return own


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a", str),
        (3, int),
        (True, bool),
        (["a", "b"], list[str]),
        (None, str | None),
        ("{}", dagger.JSON),
        ("linux/amd64", dagger.Platform),
        ("TCP", dagger.NetworkProtocol),
    ],
)
def test_answers_are_read_as_by_the_sdk(shared: Any, value: object, kind: Any) -> None:
    """A text, number, list, scalar or enumeration of the API is what the SDK makes of it."""
    expected = shared(Context()).structure(value, kind)
    found = Context().converter.structure(value, kind)
    assert (expected, type(expected)) == (found, type(found))


def test_an_object_in_an_answer_knows_its_chain(shared: Any) -> None:
    """What is returned in a list is asked further by the context that it came with."""
    context = Context().select("Query", "host", [])
    found = context.converter.structure({}, dagger.Host)
    assert isinstance(found, dagger.Host)
    assert found._ctx is context


def test_arguments_are_sent_as_by_the_sdk(shared: Any) -> None:
    """Lists, enumerations and inputs go into a query as they did."""
    values = [
        Arg("expect", dagger.ReturnType.ANY),
        Arg("args", ["a", "b"]),
        Arg("ports", [dagger.PortForward(backend=80, frontend=90)]),
        Arg("left", None, None),
    ]
    found = Context().select("Container", "withExec", values).selections[-1].args
    sent = {arg.name: arg.value for arg in values if arg.name != "left"}
    assert shared(Context()).unstructure(sent) == found


def test_an_sdk_without_converters_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the SDK is not touched."""
    monkeypatch.delattr(_core, "make_converter")
    share_converters()
    assert not hasattr(_core, "make_converter")
