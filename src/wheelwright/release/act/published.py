"""Looks at what is public of a release: downloads it, builds its tag again, checks attestations.

Nothing is written anywhere. `decide/published.py` compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.loading import LoadedProject
from wheelwright.container.privileges import DATA
from wheelwright.container.trusting import with_authorities
from wheelwright.distribution import verify
from wheelwright.distribution.file import File, file_version
from wheelwright.distribution.verify import Distribution
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project.addresses import without_credentials
from wheelwright.project.reading import parse_version
from wheelwright.release.act import loop, tagged
from wheelwright.release.act.containers import fresh, with_program
from wheelwright.release.act.github import GitHubRest
from wheelwright.release.act.http import Http, token_of
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.uploading import DIST, PROGRAM, read_about, tail
from wheelwright.release.decide import published
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.published import Checked, Published, Publisher
from wheelwright.release.decide.step import Done, Next
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import Hub, hub_of
from wheelwright.release.decide.version import newest
from wheelwright.release.decide.world import FailureKind, World

_FILES: Final = "/opt/wheelwright/published"
_PROVENANCE: Final = "/opt/wheelwright/provenance.json"
# PyPI has at most two attestations a file, each of some ten kilobytes.
_PROVENANCE_BYTES: Final = 4 * 1024 * 1024


async def verify_release(options: ReleaseOptions, loaded: LoadedProject, version: str) -> Published:
    """Compare the index's files of a version with GitHub's and with a rebuild of its tag.

    Raises:
        RequestError: no such version, or no tag of it.
        Stopped: the tag's commit is not trusted.
    """
    wanted = parse_version(version)
    if wanted is None:
        raise RequestError(f'--version "{version}" is not a version', "pass one such as 1.2.3")
    found, index, workshop = await tagged.of_version(options, loaded, str(wanted))
    every = await loop.retry_while_busy(index.files)
    files = [each for each in every if file_version(each.name) == str(wanted)]
    http = await options.http()
    hub = hub_of(found.remote.url, options.github_api)
    assets = await _assets(options, http, hub, found.plan.tag)
    rebuilt = {each.name: each.sha256 for each in await workshop.rebuilt(found.plan, found.journal)}
    page = hub.page if isinstance(hub, Hub) else ""
    provenance = [await _provenance(options, http, each, page) for each in files]
    checked = [
        Checked(
            each.name,
            each.sha256,
            await _downloaded(http, each),
            None if assets is None else assets.get(each.name, ""),
            rebuilt.get(each.name),
            publishers,
            why,
        )
        for each, (publishers, why) in zip(files, provenance, strict=True)
    ]
    listed = {each.name for each in files}
    lost = [
        Checked(name, "", "", assets.get(name) if assets else None, digest)
        for name, digest in sorted(rebuilt.items())
        if name not in listed
    ]
    notes = await _publisher_notes(http, every, str(wanted), checked)
    return Published(
        found.plan.package, str(wanted), found.plan.tag, (*checked, *lost), tuple(notes)
    )


async def downloaded(http: Http, world: World) -> tuple[World, Next]:
    """Download what a release has published, and compare it with what was built.

    A download that fails is only named: the release is complete.
    """
    built = {each.name: each.sha256 for each in world.state.built}
    assets = world.release.assets if world.release else ()
    digests = {each.name: each.sha256 for each in assets if each.sha256}
    files = [each for each in world.index if each.name in built and each.url]
    found: tuple[Checked, ...] = ()
    try:
        found = await compared(http, files, digests, built)
        note = "downloaded: the same" if found else ""
    except ActFailed as error:
        note = f"not downloaded: {error.message}"
    world = replace(world, state=replace(world.state, downloaded=note))
    problems = (problem for each in found for problem in each.problems())
    stop = Stop.among(Problem(Reason.DOWNLOAD_DIFFERS, problem) for problem in problems)
    return world, stop or Done()


async def compared(
    http: Http, files: Sequence[File], assets: Mapping[str, str], built: Mapping[str, str]
) -> tuple[Checked, ...]:
    """Download files of the index and compare them with those that were built and uploaded."""
    return tuple(
        [
            Checked(
                each.name,
                each.sha256,
                await _downloaded(http, each),
                assets.get(each.name, "") or None,
                built.get(each.name),
            )
            for each in files
        ]
    )


async def described(
    files: Sequence[File], python: str, ca: dagger.File | None
) -> tuple[Distribution, ...]:
    """Download files of the index, and return what is in them.

    Raises:
        ActFailed: the index does not send them without a credential.
    """
    container = with_program(steps.base(slim_image(python), python), "distributions.py")
    container = with_authorities(container, ca)
    for each in files:
        if not each.url or each.url != without_credentials(each.url):
            raise ActFailed(FailureKind.CREDENTIALS, f"{each.name} needs a credential")
        download = ["python", PROGRAM, "download", each.url, f"{_FILES}/{each.name}"]
        ran = steps.step(fresh(container), DATA, download, may_fail=True)
        output = await steps.output(ran)
        if output.exit_code:
            raise ActFailed(FailureKind.BUSY, f"{each.name}: {tail(output)}")
        container = ran
    if not files:
        return ()
    return verify.read(await read_about(python, container.directory(_FILES), "describe", DIST))


async def _downloaded(http: Http, file: File) -> str:
    """Return the digest of what the index sends.

    Raises:
        ActFailed: it does not send it, or the listing has no address.
    """
    return await loop.retry_while_busy(partial(http.sha256, file.url))


async def _assets(
    options: ReleaseOptions, http: Http, hub: Hub | Problem, tag: str
) -> Mapping[str, str] | None:
    """Return the digests of the GitHub release's files; None where they cannot be seen."""
    if isinstance(hub, Problem) or hub.exposed:
        return None
    token = await token_of(options.github_token) if options.github_token is not None else ""
    github = GitHubRest(http, hub, token)
    release = await loop.retry_while_busy(partial(github.release, tag))
    if release is None:
        return {}
    # An older server has no digests: there is nothing to compare.
    return {each.name: each.sha256 for each in release.assets if each.sha256} or None


async def publishers_of(http: Http, file: File) -> tuple[tuple[Publisher, ...], str]:
    """Return who a file's attestations name, and their text; none where it has none."""
    if not file.provenance:
        return (), ""
    ask = partial(http.ask, "GET", file.provenance, headers={"Accept": "application/json"})
    answer = await loop.retry_while_busy(ask)
    if answer.status_code != 200 or len(answer.content) > _PROVENANCE_BYTES:
        return (), ""
    try:
        return published.publishers(answer.text), answer.text
    except ValueError:
        return (), answer.text


async def _provenance(
    options: ReleaseOptions, http: Http, file: File, page: str
) -> tuple[tuple[Publisher, ...], str]:
    """Return who a file's attestations name, and why they do not verify; empty where they do."""
    publishers, text = await publishers_of(http, file)
    if not file.provenance:
        return (), ""
    if not text:
        return (), "the index does not send them"
    if not page:
        return publishers, "the repository that may publish is not on GitHub"
    if file.url != without_credentials(file.url):
        return publishers, "the index needs a credential"
    container = toolchain.hashed(DEFAULT_PYTHON, "pypi-attestations")
    container = with_program(container, "distributions.py").with_new_file(_PROVENANCE, text)
    container = with_authorities(container, options.ca)
    path = f"{_FILES}/{file.name}"
    download = ["python", PROGRAM, "download", file.url, path]
    container = steps.step(fresh(container), DATA, download)
    verify = ["pypi-attestations", "verify", "pypi", f"--repository={page}"]
    verify += [f"--provenance-file={_PROVENANCE}", path]
    output = await steps.output(steps.step(container, DATA, verify, may_fail=True))
    return publishers, "" if output.exit_code == 0 else tail(output) or "refused"


async def _publisher_notes(
    http: Http, every: Sequence[File], version: str, checked: Sequence[Checked]
) -> tuple[str, ...]:
    """Return a note where the release before was published by another."""
    wanted = parse_version(version)
    assert wanted is not None, "it is the version that was looked up"
    versions = {file_version(each.name) for each in every} - {""}
    before = newest(
        each for each in versions if (parsed := parse_version(each)) and parsed < wanted
    )
    those = [each for each in every if file_version(each.name) == before] if before else []
    then = [publisher for each in those for publisher in (await publishers_of(http, each))[0]]
    now = [publisher for each in checked for publisher in each.publishers]
    return published.changes(version, now, before, then)
