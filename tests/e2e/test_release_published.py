"""`verify-release`: what is public of a release, compared with its tag."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from .release_bench import ReleaseBench, shown

pytestmark = pytest.mark.slow

WHEEL = "sample_package-1.2.4-py3-none-any.whl"


def test_what_was_released_is_verified_and_what_was_exchanged_is_not(at: ReleaseBench) -> None:
    """The index, GitHub and a rebuild have the same files; one that the index exchanges fails."""
    at.succeeds()
    verified = at.verify_release("1.2.4")
    index = at.outside.index
    with index._guard:
        index.shelf.files[WHEEL] = replace(index.shelf.files[WHEEL], contents=b"exchanged")
    differs = at.verify_release("1.2.4", "--format", "json")
    missing = at.verify_release("9.9.9")

    assert 0 == verified.code, str(verified)
    assert "sample-package 1.2.4 (v1.2.4): verified" in verified.out
    assert 1 == differs.code, str(differs)
    assert f"{WHEEL}: the GitHub release has" in differs.error
    assert 1 == missing.code, str(missing)
    assert 'no tag "v9.9.9"' in missing.error


def test_an_attestation_that_does_not_verify_is_a_problem(at: ReleaseBench) -> None:
    """A file whose attestation nobody signed is named, with who it pretends to be of."""
    at.succeeds()
    index = at.outside.index
    statement = {"version": 1, "verification_material": {}, "envelope": {}}
    with index._guard:
        index.shelf.files[WHEEL] = replace(index.shelf.files[WHEEL], attestations=(statement,))
    ended = at.verify_release("1.2.4", "--format", "json")

    assert 1 == ended.code, str(ended)
    shown = json.loads(ended.error[ended.error.index("{") : ended.error.rindex("}") + 1])
    (problem,) = shown["problems"]
    assert problem.startswith(f"{WHEEL}: its attestations do not verify: ")
    assert ["GitHub, octo-org/sample, release.yml"] == [
        publisher for file in shown["files"] for publisher in file["publishers"]
    ]


def test_a_release_ends_with_a_download_of_what_it_published(at: ReleaseBench) -> None:
    """The report has the comparison; an index that sends other bytes is a stop after the fact."""
    ended = at.succeeds()
    index = at.outside.index
    (sdist,) = (name for name in index.files if name.endswith(".tar.gz"))
    listed = index.files[sdist].sha256

    assert "downloaded: the same" in ended.out
    assert listed in at.verify_release("1.2.4").out


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
