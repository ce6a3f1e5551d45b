"""`verify-release`: what is public of a release, compared with its tag."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from .release_bench import ReleaseBench, shown

pytestmark = pytest.mark.slow

WHEEL = "sample_package-1.2.4-py3-none-any.whl"


def test_what_was_released_is_verified_and_what_differs_is_named(at: ReleaseBench) -> None:
    """A release ends with a download; later an attestation that is forged, or a file, is a stop."""
    released = at.succeeds()
    verified = at.verify_release("1.2.4")
    statement = {"version": 1, "verification_material": {}, "envelope": {}}
    exchange(at, attestations=(statement,))
    forged = at.verify_release("1.2.4", "--format", "json")
    exchange(at, attestations=(), contents=b"exchanged")
    differs = at.verify_release("1.2.4", "--format", "json")
    missing = at.verify_release("9.9.9")

    assert "downloaded: the same" in released.out
    assert 0 == verified.code, str(verified)
    assert "sample-package 1.2.4 (v1.2.4): verified" in verified.out
    assert 1 == forged.code, str(forged)
    shown = json.loads(forged.error[forged.error.index("{") : forged.error.rindex("}") + 1])
    (problem,) = shown["problems"]
    assert problem.startswith(f"{WHEEL}: its attestations do not verify: ")
    assert ["GitHub, octo-org/sample, release.yml"] == [
        publisher for file in shown["files"] for publisher in file["publishers"]
    ]
    assert 1 == differs.code, str(differs)
    assert f"{WHEEL}: the GitHub release has" in differs.error
    assert 1 == missing.code, str(missing)
    assert 'no tag "v9.9.9"' in missing.error


def exchange(at: ReleaseBench, **changes: Any) -> None:
    """Change the wheel on the index, past all of its rules."""
    index = at.outside.index
    with index._guard:
        index.shelf.files[WHEEL] = replace(index.shelf.files[WHEEL], **changes)


def test_a_rehearsal_uploads_a_version_of_its_own_and_installs_it(at: ReleaseBench) -> None:
    """The index gets a development version, and the repository nothing."""
    before = shown(at.outside)
    ended = at.call("rehearse", *at.rehearsing, *at.token)

    assert 0 == ended.code, str(ended)
    names = sorted(at.outside.index.files)
    assert ["whl", "gz"] == [name.rpartition(".")[2] for name in names]
    assert all("1.2.4.dev2" in name for name in names), names
    assert "downloaded, the same files" in ended.out
    assert before == replace(shown(at.outside), index={})
