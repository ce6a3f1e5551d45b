"""The commit that a repository is at, read from its .git without git."""

from __future__ import annotations

import re

import dagger

_REF = re.compile(r"ref: (refs/[^\s]+)\s*")
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


async def commit_of(repository: dagger.Directory | None) -> str:
    """Return the commit of HEAD; empty where its files do not name one."""
    if repository is None:
        return ""
    head = await _text(repository, ".git/HEAD")
    if not (found := _REF.fullmatch(head)):
        return _id(head)
    ref = found[1]
    if ".." in ref.split("/"):
        return ""
    loose = await _text(repository, f".git/{ref}")
    return _id(loose) or packed(await _text(repository, ".git/packed-refs"), ref)


def packed(text: str, ref: str) -> str:
    """Return the commit that a packed-refs file has for a reference; empty for none."""
    lines = (line.partition(" ") for line in text.splitlines())
    return next((_id(commit) for commit, _, name in lines if name == ref), "")


def _id(text: str) -> str:
    found = text.strip()
    return found if _ID.fullmatch(found) else ""


async def _text(repository: dagger.Directory, path: str) -> str:
    if not await repository.exists(path, expected_type=dagger.ExistsType.REGULAR_TYPE):
        return ""
    return await repository.file(path).contents()
