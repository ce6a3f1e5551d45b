"""Asks a repository which commit a version names, so that the workflows name that commit.

The engine asks, as for every module: with its git, and with the caller's settings and credentials
where the engine has them. A step would have neither.
"""

from __future__ import annotations

import sys

import dagger
from dagger import dag

from wheelwright import identity
from wheelwright.container.failures import message_of
from wheelwright.errors import RequestError
from wheelwright.github.calls import Caller, Engine, caller
from wheelwright.github.home import NotFixed


async def reach(
    dagger_json: str | None, engine: Engine, module: str, package: str, stiletto: str = ""
) -> Caller:
    """Find out how the repository reaches this module, each version as its commit now.

    Where nothing names the module, that is the commit of this code, where its metadata has it;
    else the own address at the own version's tag.

    Raises:
        RequestError: as `caller`; or a repository does not name the commit.
    """
    known = identity.repository() and identity.tag()
    usual = identity.origin() or (identity.reference() if known else "")
    try:
        return caller(dagger_json, engine, module, package, stiletto, usual=usual)
    except NotFixed as error:
        asked = error
    commit = await _commit(asked)
    commits = {(asked.address, asked.version): commit}
    named = asked.version or "HEAD"
    sys.stderr.write(f"the module: {named} of {asked.address} is commit {commit}\n")
    return caller(dagger_json, engine, module, package, stiletto, commits=commits, usual=usual)


async def _commit(asked: NotFixed) -> str:
    repository = dag.git(asked.address)
    ref = repository.ref(asked.version) if asked.version else repository.head()
    try:
        return await ref.commit()
    except dagger.QueryError as error:
        raise RequestError(
            f"{asked.message}, and {asked.address} does not name the commit: {message_of(error)}",
            asked.hint,
        ) from error
