"""Takes the tokens of a release from the constructor where the call itself has none.

A default may name a variable that this machine does not have: then it counts as not given, so that
what needs no token works, and what needs one reports that it is missing before anything is written.
"""

from __future__ import annotations

from dataclasses import replace

import dagger

from wheelwright.release.act.options import ReleaseOptions


async def with_tokens(
    options: ReleaseOptions, github: dagger.Secret | None, index: dagger.Secret | None
) -> ReleaseOptions:
    """Return the options with the constructor's tokens as defaults."""
    return replace(
        options,
        github_token=options.github_token or await _readable(github),
        index_token=options.index_token or await _readable(index),
    )


async def _readable(token: dagger.Secret | None) -> dagger.Secret | None:
    if token is None:
        return None
    try:
        return token if await token.plaintext() else None
    except dagger.QueryError:
        return None
