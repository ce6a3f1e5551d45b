"""How a run's caller would type another command."""

import pytest

from wheelwright.release.act.calling import commands
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide.commands import JOBS

OPTIONS = ReleaseOptions(
    bump="minor",
    pre="rc",
    base="1.2",
    remote="https://h/o/demo.git",
    publish_url="https://i/legacy/",
    check_url="https://i/simple/",
    run="job 7",
    allow_lower=True,
    requirements=False,
    upload_timeout=30,
    take_over="job 6",
)
WHOLE = (
    "release --bump minor --pre rc --requirements=false --run 'job 7' --upload-timeout 30 "
    "--publish-url https://i/legacy/ --check-url https://i/simple/ "
    "--remote https://h/o/demo.git --base 1.2 --allow-lower"
)


def test_command_is_the_one_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All options that are texts come back; without Stiletto's variable the program is Dagger."""
    monkeypatch.delenv("STILETTO", raising=False)
    assert f"dagger call wheelwright {WHOLE}" == commands(OPTIONS).again


def test_stiletto_names_the_command_before_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """With -m or as a toolchain the command begins as the caller's did."""
    monkeypatch.setenv("STILETTO", "stiletto call -m ../wheelwright")
    assert f"stiletto call -m ../wheelwright {WHOLE}" == commands(OPTIONS).again


def test_job_of_a_workflow_is_no_command() -> None:
    """A run that reads a checkout is a job, which a person starts by its workflow."""
    assert commands(ReleaseOptions(bump="patch", checkout=True)) is JOBS


def test_package_of_several_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace has several packages: the constructor's option names the one that it is about."""
    monkeypatch.delenv("STILETTO", raising=False)
    assert (
        "dagger call wheelwright --package quay release --bump patch"
        == commands(ReleaseOptions(bump="patch", package="quay")).again
    )


def test_credential_in_an_address_is_not_repeated() -> None:
    """A command that is printed may be read by others."""
    options = ReleaseOptions(bump="patch", remote="https://me:secret@h/o/demo.git")
    assert "secret" not in commands(options).again
    assert "--remote https://h/o/demo.git" in commands(options).again
