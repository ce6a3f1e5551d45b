"""The repository to release from: the remote, or a clone that is read in its place.

    |              | the remote can be read | it cannot            | origin is a path, or none     |
    |--------------|------------------------|----------------------|-------------------------------|
    | what reads   | the remote             | the clone, and note  | the clone, and a note         |
    | what writes  | the remote             | stop                 | stop                          |
    | `--remote`   | the remote             | stop                 | stop                          |

A job that builds without a credential (`release-build`) reads the checkout in any case.
"""

from __future__ import annotations

import dagger

from wheelwright.container.loading import LoadedProject, python_of
from wheelwright.errors import RequestError
from wheelwright.project.worktree import pointer
from wheelwright.release.act.git import RemoteGit
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide import refs
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.report import Stopped
from wheelwright.release.decide.stops import Problem, Reason, Stop
from wheelwright.release.decide.urls import https, hub_of, is_path, origin

_FETCHED = "as it was fetched last"
_HINT = "pass --remote with its address by https"


async def looked(options: ReleaseOptions, loaded: LoadedProject) -> tuple[RemoteGit, RemoteRefs]:
    """Return the repository to release from, and its refs now.

    Raises:
        RequestError: it is unknown, or the package has no known name.
        Stopped: it cannot be read.
    """
    loaded.project.require_name()
    remote = RemoteGit("", python_of(loaded, options.python), options.github_token, options.ca)
    named = options.remote or await origin_of(options.git)
    remote.url = "" if is_path(named) else https(named)
    replaceable = options.stand_in and not options.remote
    if not remote.url:
        seen = f"the remote is the path {named[:200]!r}" if named else "no remote is known"
        if not replaceable:
            raise RequestError(f"{seen}, which no step can read", _HINT)
        return await _clone(options, remote, f"{seen}: the clone is read, {_FETCHED}")
    if options.checkout:
        remote.checkout = await _complete(options.git)
    try:
        return remote, await remote.look()
    except ActFailed as error:
        credential = options.github_token is not None
        problem = refs.unreadable(remote.url, error, credential=credential)
        if not replaceable or options.checkout:
            raise Stopped(Stop((problem,)).text()) from error
    return await _clone(options, remote, f"{problem.text()}; the clone is read, {_FETCHED}")


async def clone(options: ReleaseOptions, loaded: LoadedProject) -> tuple[RemoteGit, RemoteRefs]:
    """Return the clone, whatever its remote is, and its refs as they were fetched last.

    Raises:
        RequestError: there is none, it lacks history, or the package has no known name.
    """
    loaded.project.require_name()
    remote = RemoteGit("", python_of(loaded, options.python), None, options.ca)
    named = options.remote or await origin_of(options.git)
    remote.url = "" if is_path(named) else https(named)
    return await _clone(options, remote, f"the clone is read, {_FETCHED}")


async def _clone(
    options: ReleaseOptions, remote: RemoteGit, note: str
) -> tuple[RemoteGit, RemoteRefs]:
    """Return the clone in the remote's place, with its refs; no token goes there."""
    remote.checkout, remote.stands_in = await _complete(options.git), note
    remote.token = None
    return remote, await remote.look()


async def origin_of(git: dagger.Directory | None) -> str:
    """Return the address of a clone's remote "origin"; empty where it has none.

    Raises:
        RequestError: the directory has no repository of its own.
    """
    if git is None:
        return ""
    if await git.exists(".git", expected_type=dagger.ExistsType.REGULAR_TYPE):
        raise RequestError(pointer(await git.file(".git").contents()))
    if not await git.exists(".git/config"):
        return ""
    return origin(await git.file(".git/config").contents())


async def not_on_github(options: ReleaseOptions) -> Problem | None:
    """Return the problem of a repository whose host is known to be of another forge."""
    named = options.remote or await origin_of(options.git)
    hub = hub_of("" if is_path(named) else https(named), options.github_api)
    known = isinstance(hub, Problem) and hub.reason is Reason.NOT_GITHUB
    return hub if isinstance(hub, Problem) and known else None


async def _complete(git: dagger.Directory | None) -> dagger.Directory:
    """Return a clone that has all of its history.

    Raises:
        RequestError: there is none, or it has not.
    """
    if git is None or not await git.exists(".git/objects"):
        raise RequestError("there is no clone with its .git", "pass --git with its directory")
    if await git.exists(".git/shallow"):
        raise RequestError(
            "the clone is shallow: it lacks history and tags",
            "run `git fetch --unshallow --tags` (actions/checkout: fetch-depth: 0)",
        )
    return git
