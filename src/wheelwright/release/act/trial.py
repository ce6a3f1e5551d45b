"""Rehearses the upload: the same steps on another index, under a version of its own.

Nothing is written to the repository, and nothing is signed: the same files with attestations on two
indexes clash, and these files are thrown away.
"""

from __future__ import annotations

import time
from dataclasses import replace

from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.release.act import loop, preparing, published
from wheelwright.release.act import read as reading
from wheelwright.release.act.index import SimpleIndex
from wheelwright.release.act.loop import say
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.act.workshop import Containers
from wheelwright.release.decide import refs
from wheelwright.release.decide.report import Stopped
from wheelwright.release.decide.step import next_upload
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import PYPI, is_pypi
from wheelwright.release.decide.version import rehearsed
from wheelwright.release.decide.world import CheckResult, Plan, RunState


async def rehearse(options: ReleaseOptions, loaded: LoadedProject) -> str:
    """Build a development version, upload it, download it, compare, install it from there, test.

    Raises:
        RequestError: the index is PyPI itself, or none is given.
        Stopped: a step failed.
    """
    if missing := options.uncredentialed():
        raise Stopped(Stop((missing,)).text())
    read = await reading.read(options, loaded)
    if isinstance(read.urls, Problem):
        raise Stopped(read.urls.text())
    if read.urls.publish == PYPI[0]:
        raise RequestError(
            "a rehearsal needs an index other than PyPI: what is uploaded there is for everybody",
            "pass --index testpypi, or --publish-url and --check-url",
        )
    epoch_s = options.source_date_epoch or int(time.time())
    current = read.current
    version = "" if isinstance(current, Problem) else rehearsed(current, epoch_s)
    if isinstance(current, Problem) or not version:
        seen = current if isinstance(current, Problem) else None
        raise Stopped(seen.text() if seen else f"{current!r} is not a version")
    package = read.package
    plan = Plan(
        package=package.name,
        version=version,
        base=read.base,
        base_commit=read.head,
        branch="",
        # Never pushed: back ends that ask git find the version by it.
        tag=read.tags.form.name(version),
        lock_ref="",
        run="",
        epoch_s=epoch_s,
        pypi_rules=is_pypi(read.urls),
    )
    say(f"rehearse {package.name} {version} on {read.urls.shown[0]}")
    description = await preparing.release_commit(
        options, read.remote, read.observed, plan, only_version=True
    )
    commit = await read.remote.make_commit(description)
    journal = refs.journal_of(description, commit)
    http = await options.http()
    index = SimpleIndex(http, read.urls.check, package.name)
    workshop = Containers(replace(options, attest=False), read.remote, read.observed, read.urls)

    def checked(state: RunState) -> RunState:
        # The checks are those of `ci`: a rehearsal is of the upload.
        return replace(state, gates=CheckResult(True), subject=state.subject or commit)

    outcome = await loop.at_index(plan, journal, index, workshop, next_upload, checked)
    built = {each.name: each.sha256 for each in outcome.world.state.built}
    files = await published.compared(http, outcome.world.index, {}, built)
    if problems := [problem for each in files for problem in each.problems()]:
        raise Stopped(Stop.at(Reason.OTHER_BYTES, "; ".join(problems)).text())
    say(f"install {package.name} {version} from {read.urls.shown[1]}")
    result = await workshop.check_listed(plan, journal)
    if not result.passed:
        raise Stopped(Stop.at(Reason.CHECK_FAILED, result.text).text())
    names = ", ".join(sorted(built))
    return (
        f"{package.name} {version}: uploaded to {read.urls.shown[0]}, downloaded, the same files"
        f" ({names}); installed from there, and tested\n"
    )
