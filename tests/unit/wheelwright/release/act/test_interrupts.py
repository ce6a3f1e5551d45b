"""A signal in what writes nothing ends like any other stop."""

import asyncio
import os
import signal

import anyio
import anyio.lowlevel
import pytest

from wheelwright.container.loading import LoadedProject
from wheelwright.release.act.interrupts import until_interrupted
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.release import begin
from wheelwright.release.decide.report import Stopped


async def signalled(number: signal.Signals) -> tuple[ReleaseOptions, LoadedProject]:
    """Send this process a signal, and take time."""
    os.kill(os.getpid(), number)
    await anyio.sleep(20)
    raise AssertionError("the signal ends it")


@pytest.mark.parametrize("rehearsal", [True, False], ids=["release-plan", "release"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_preflight(
    number: signal.Signals, rehearsal: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """The report of every stop has that nothing was written, and the command that begins again."""
    options = ReleaseOptions(bump="patch", base="1.x")
    with pytest.raises(Stopped) as caught:
        asyncio.run(begin(options, signalled(number), rehearsal=rehearsal))

    report = caught.value.report
    assert report is not None
    lines = report.text().splitlines()
    assert "the release: stopped" == lines[0]
    assert "the release was interrupted: the preflight; nothing was written" in lines[1]
    expected = [
        "public: nothing was written by this run",
        "held: nothing by this run",
        "next: dagger call wheelwright release --bump patch --base 1.x",
    ]
    assert expected == lines[-3:]
    assert "interrupted: the preflight; nothing was written" in capfd.readouterr().err


def test_interrupted_without_a_request_names_what_shows_the_state() -> None:
    """A run that takes another over has no request: its next command is the status."""
    begun = begin(ReleaseOptions(take_over="777"), signalled(signal.SIGTERM), rehearsal=False)
    with pytest.raises(Stopped) as caught:
        asyncio.run(begun)
    assert caught.value.report is not None
    last = caught.value.report.text().splitlines()[-1]
    assert "next: dagger call wheelwright release-status" == last


def test_what_ends_by_itself_is_returned() -> None:
    """Without a signal the result comes back, and an error is its own."""

    async def result() -> int:
        await anyio.lowlevel.checkpoint()
        return 7

    async def failing() -> int:
        await anyio.lowlevel.checkpoint()
        raise KeyError("own")

    def ended() -> Exception:
        return AssertionError("no signal came")

    assert 7 == asyncio.run(until_interrupted(result(), lambda: None, ended))
    with pytest.raises(KeyError, match="own"):
        asyncio.run(until_interrupted(failing(), lambda: None, ended))
