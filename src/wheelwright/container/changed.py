"""Asks git which files of a source are not as a revision has them."""

from __future__ import annotations

from dagger import dag

from wheelwright.container import steps
from wheelwright.container.privileges import CODE
from wheelwright.container.source import Source, history
from wheelwright.errors import RequestError
from wheelwright.project import changed
from wheelwright.project.affected import Changes
from wheelwright.project.reading import shortened

_TREE = "/opt/wheelwright/tree"
_SCRIPT = "/opt/wheelwright/changed.sh"
_ANSWER = "/opt/wheelwright/changed"


async def changes(source: Source, since: str) -> Changes:
    """Return what differs from where HEAD left a revision; what is not committed is part of it.

    Raises:
        RequestError: no repository, or it does not have the revision.
    """
    changed.check(since)
    if source.repository is None:
        raise RequestError(
            f"--since {since} needs the history of the source, and it has no .git",
            "pass --source, or --git, with the root of the repository",
        )
    container = (
        steps.git()
        .with_directory(_TREE, await history(source.repository))
        .with_directory(_TREE, await source.files.whole())
        .with_directory(_ANSWER, dag.directory())
        .with_new_file(_SCRIPT, changed.SCRIPT)
    )
    command = ["sh", _SCRIPT, _TREE, _ANSWER, since, source.place or "."]
    asked = steps.step(container, CODE, command, may_fail=True)
    done = await steps.output(asked, f"git diff {since}")
    match done.exit_code:
        case 0:
            found = asked.directory(_ANSWER)
            root = await found.file("root").contents() if await found.exists("root") else None
            return Changes(tuple(changed.paths(await found.file("paths").contents())), root)
        case changed.UNKNOWN:
            raise RequestError(
                f'the repository has no revision "{since}"',
                "a shallow clone lacks it: check out with fetch-depth: 0, or run "
                "`git fetch origin` before",
            )
        case changed.UNRELATED:
            raise RequestError(
                f'"{since}" and HEAD have no commit in common here',
                "a shallow clone lacks it: check out with fetch-depth: 0, or run "
                "`git fetch --unshallow` before",
            )
    raise RequestError(
        f"git cannot compare the source with {since}: {shortened(done.stderr)}",
        "run `git diff` there",
    )
