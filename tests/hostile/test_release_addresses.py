"""Where a release sends its tokens: over no plain HTTP, and no password of an address is shown."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelwright.distribution.file import File
from wheelwright.errors import RequestError
from wheelwright.project.addresses import without_credentials
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe
from wheelwright.release.act.handing import Handed, read, write
from wheelwright.release.act.options import run_name
from wheelwright.release.decide import refs
from wheelwright.release.decide.commands import Commands
from wheelwright.release.decide.stops import Problem
from wheelwright.release.decide.urls import IndexUrls, exposed, https, index_urls
from wheelwright.release.decide.world import Lock, Plan

PASSWORD = "canary-77e0"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def project(publish: str, url: str) -> Project:
    """Return a package whose pyproject.toml names an index."""
    text = (
        '[project]\nname = "quay"\nversion = "1.0"\n[[tool.uv.index]]\nname = "own"\n'
        f'url = "{url}"\npublish-url = "{publish}"\n'
    )
    return describe(Snapshot({"pyproject.toml": text}))


@pytest.mark.parametrize(
    "remote",
    [
        f"https://x-access-token:{PASSWORD}@github.com/o/r.git",
        f"HTTPS://x:{PASSWORD}@github.com/o/r.git",
        f"https://a@b:{PASSWORD}@github.com/o/r.git",
        f"ssh://git:{PASSWORD}@github.com/o/r.git",
    ],
)
def test_the_password_of_a_remote_is_left_out(remote: str) -> None:
    """However the scheme is written and wherever the last @ stands."""
    assert "https://github.com/o/r.git" == https(remote)


@given(st.text(st.characters(codec="ascii", exclude_characters="/?#"), max_size=20))
def test_nothing_before_the_host_is_shown(before: str) -> None:
    """Of an address with a name and a password, the host and the path stay."""
    assert "https://h.example/p?q" == without_credentials(f"https://{before}@h.example/p?q")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://index.example/legacy/", True),
        ("HTTP://index.example/legacy/", True),
        (f"http://127.0.0.1:{PASSWORD}@index.example/", True),
        ("http://127.0.0.1.example/", True),
        ("http://localhost.example:80/", True),
        ("http://127.0.0.1:8080/legacy/", False),
        ("http://[::1]:8080/legacy/", False),
        ("http://localhost/legacy/", False),
        ("https://index.example/legacy/", False),
    ],
)
def test_plain_http_is_for_this_machine_alone(url: str, read: bool) -> None:
    """A token goes over plain HTTP only where there is no way that anybody could read it on."""
    assert read == bool(exposed(url))
    assert PASSWORD not in exposed(url)


def refused(publish: str, url: str, index: str = "own", given: str = "") -> str:
    """Return why the addresses are refused."""
    found = index_urls(project(publish, url), "quay", index, given, given and url)
    return found.text() if isinstance(found, Problem) else ""


def test_the_packages_own_index_gets_no_token_over_plain_http() -> None:
    """The file of a package cannot send the index's token in clear; who calls may."""
    publish, url = "http://index.example/legacy/", "http://index.example/simple/"

    assert "would get a token over plain HTTP; write https, or pass" in refused(publish, url)
    assert "" == refused(publish, url, index="", given=publish)
    assert "" == refused("http://127.0.0.1/legacy/", "http://127.0.0.1/simple/")


def test_a_password_for_uploads_is_refused_without_it() -> None:
    """It would stand in a command line; there is a secret for it."""
    said = refused(f"https://me:{PASSWORD}@index.example/", "https://index.example/simple/")

    assert "a credential in the address https://index.example/; pass it as --index-token" in said


def handed(urls: IndexUrls) -> Handed:
    """Return a release on its way to an index."""
    plan = Plan(
        package="quay",
        version="1.0",
        base="main",
        base_commit=COMMIT,
        branch="release/v1.0",
        tag="v1.0",
        lock_ref="refs/wheelwright/lock/quay",
        run="",
        epoch_s=1,
    )
    return Handed(plan, COMMIT, 1, None, (File("quay-1.0.tar.gz", "a" * 64),), "", urls)


def test_the_password_of_a_listing_does_not_travel() -> None:
    """What one job hands to the next is for everybody who sees the run."""
    private = f"https://me:{PASSWORD}@index.example/simple/"
    text = write(handed(IndexUrls("https://index.example/legacy/", private)))

    assert PASSWORD not in text
    assert "https://index.example/simple/" == read(text).urls.check


# -- what people paste ----------------------------------------------------------------------------


def lock(run: str, version: str = "1.2.4") -> Lock:
    """Return the lock of a commit that somebody pushed."""
    message = f"x\n\nWheelwright-Lock: quay {version}\nWheelwright-Run: {run}\n"
    ref = "refs/wheelwright/lock/quay"
    seen: dict[str, Any] = {
        "default": "main",
        "refs": {ref: COMMIT},
        "locks": {ref: {"commit": COMMIT, "message": message}},
        "journals": {},
        "epochs": {},
    }
    return refs.read(json.dumps(seen)).locks[ref]


def continuing(run: str, version: str = "1.2.4") -> str:
    """Return the command by which another run may continue."""
    hint = lock(run, version).problem("refs/wheelwright/lock/quay", Commands()).hint
    return hint.removeprefix("wait for it, or continue it if it is dead: ")


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).map(
    str.strip
)


@given(NAMES.filter(bool))
def test_a_runs_name_stays_one_word_when_it_is_pasted(run: str) -> None:
    """Whoever may push names the run; the command that continues it holds that name alone."""
    expected = ["release", "--version", "1.2.4", f"--take-over={run}"]

    assert ["dagger", "call", "wheelwright", *expected] == shlex.split(continuing(run))


def test_a_usual_name_is_shown_as_ever() -> None:
    """The message stays what docs/recovery.md shows."""
    assert continuing("job-1").endswith('--take-over="job-1"')
    assert continuing('"; touch x; "').endswith("--take-over='\"; touch x; \"'")


@given(NAMES.filter(bool))
def test_a_lock_of_any_version_stays_one_word(version: str) -> None:
    """The version of a lock is any text, too."""
    assert ["--version", lock("x", version).version] == shlex.split(continuing("x", version))[4:6]


@pytest.mark.parametrize("run", ["a\x1b[2Jb", "a\x85b", "a" * 5000, "a\u202eb"])
def test_a_name_that_is_no_line_is_not_passed_on(run: str) -> None:
    """Neither is a version; a lock that says such is somebody's all the same."""
    assert "unknown" == lock(run).run
    assert "" == lock("job-1", run).version


@pytest.mark.parametrize("run", ["a\nWheelwright-Base: b", "a\r", "\x1b[2J", "a" * 5000])
def test_a_run_cannot_name_itself_more_than_a_line(run: str) -> None:
    """The name stands in a commit's message, which is read line by line."""
    with pytest.raises(RequestError, match="--run is not a line"):
        run_name(run)
