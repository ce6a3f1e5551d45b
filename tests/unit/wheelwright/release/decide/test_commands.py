"""The commands that messages name."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.standins.repository import run_git
from wheelwright.release.decide.commands import JOBS, Commands, options_of
from wheelwright.release.decide.version import Request

MINE = Commands("stiletto call", ("--bump", "patch"), ("--base", "1.2", "--run", "job 7"))


def test_commands_are_whole() -> None:
    """Each begins with the caller's program and has the options that belong to it."""
    assert "stiletto call release --bump patch --base 1.2 --run 'job 7'" == MINE.again
    assert "stiletto call release-status --base 1.2" == MINE.status
    assert "stiletto call release --version 1.2.4 --base 1.2 --run 'job 7'" == MINE.of_version(
        "1.2.4"
    )
    assert "dagger call wheelwright release" == Commands().again


def test_older_line_and_deleted_ref_are_whole_commands() -> None:
    """What a run does not do by itself is named so that it can be pasted, at the given remote."""
    assert "stiletto call release --bump patch --base 1.2 --run 'job 7' --allow-lower" == (
        MINE.below()
    )
    ref = "refs/wheelwright/lock/demo"
    assert f"git push origin :{ref}" == MINE.deleting(ref)
    at = Commands("x", ("--post",), ("--allow-lower", "--remote", "https://h/o/a b.git"))
    assert f"git push 'https://h/o/a b.git' :{ref}" == at.deleting(ref)


def test_command_that_deletes_a_lock_does(tmp_path: Path) -> None:
    """In a clone it deletes that ref of the remote, and nothing else."""
    ref, remote = "refs/wheelwright/lock/demo", tmp_path / "re mote.git"
    run_git(tmp_path, "init", "--quiet", "--bare", str(remote))
    run_git(tmp_path, "init", "--quiet", "clone")
    clone = tmp_path / "clone"
    run_git(clone, "commit", "--quiet", "--allow-empty", "-m", "A lock")
    run_git(clone, "push", "--quiet", str(remote), f"HEAD:{ref}", "HEAD:refs/heads/main")
    command = Commands(places=("--remote", str(remote))).deleting(ref)

    subprocess.run(shlex.split(command), cwd=clone, check=True, capture_output=True)
    assert "refs/heads/main" == run_git(remote, "for-each-ref", "--format=%(refname)")


def test_time_belongs_to_one_version() -> None:
    """A later version has another time, and a release branch has its own."""
    timed = Commands("x", ("--bump", "patch"), ("--source-date-epoch", "5", "--base", "main"))
    assert "x release --bump patch --base main" == timed.bumped("patch")
    assert "x release --bump patch --base main --source-date-epoch 7" == timed.at_time(7)
    assert "x release --version 1 --source-date-epoch 5 --base main" == timed.of_version("1")


@pytest.mark.parametrize("name", ["777", "a; rm -rf /", "it's", "$(id)", "--ca"])
def test_name_of_a_run_stays_one_word(name: str) -> None:
    """Anyone who may push a lock names its run, and people paste this."""
    words = shlex.split(MINE.taking_over(name, "1.2.4"))
    assert ["--base", "1.2", f"--take-over={name}"] == words[-3:]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(bump="minor", pre="rc"), ("--bump", "minor", "--pre", "rc")),
        (Request(post=True), ("--post",)),
        (Request(version="1.2.4"), ("--version", "1.2.4")),
    ],
)
def test_request_is_written_as_options(request_: Request, expected: tuple[str, ...]) -> None:
    """What was given, and nothing else."""
    assert expected == options_of(request_)


def test_jobs_are_run_by_the_inputs_of_their_workflow() -> None:
    """A job is no command that a person types: what continues it is the workflow, by its inputs."""
    assert "run all jobs of the workflow again" == JOBS.again
    assert "run the workflow with take-over: 777" == JOBS.taking_over("777", "1.2.4")
    assert "run the workflow with version: 1.2.4" == JOBS.of_version("1.2.4")
    assert "run the workflow with bump: patch" == JOBS.bumped("patch")
    assert "run the workflow with allow-lower" == JOBS.below()
