"""Finds texts in the files of a commit; runs in a container with git, on a clone.

    search.py --clone=DIRECTORY [--answer=FILE] COMMIT REQUEST

REQUEST is a file of JSON, {"tokens": ["1.2.3"], "paths": ["docs/conf.py"]}. The answer has the
lines with a token, and the contents of their files and of the named ones, if they are small. What
is not UTF-8 is told as Latin-1, in which every byte is a character:

    {"hits": [["docs/conf.py", 2, "release = '1.2.3'"]], "more": false,
     "texts": {"docs/conf.py": {"text": "...", "encoding": "utf-8"}}}

Only regular files count: no links, submodules and binary files. Nothing here needs a remote, a
credential or a work tree, and nothing in the repository can change what git does: no filter, no
text conversion, no configuration but the clone's own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from wheelwright.release.inside.plumbing import (
    REGULAR,
    command,
    environment,
    options,
    read_options,
    tell,
)

HITS_MAX, LINE_MAX = 2_000, 1_000
FILES_MAX, FILE_MAX_BYTES, ALL_MAX_BYTES = 400, 512 * 1024, 8 * 1024 * 1024
PRINTED_MAX_BYTES = 16 * 1024 * 1024


def run(*args: str, stdin: bytes = b"") -> bytes:
    """Run git and return what it prints, up to a bound; nothing is found where it fails."""
    with subprocess.Popen(
        command(*args),
        cwd=options["clone"],
        env={**environment(os.devnull), "GIT_LITERAL_PATHSPECS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # Requests are shorter than a pipe: this cannot block.
        process.stdin.write(stdin)
        process.stdin.close()
        printed = process.stdout.read(PRINTED_MAX_BYTES)
        process.kill()
    return printed


def hits(commit: str, tokens: Iterable[str]) -> tuple[list[tuple[str, int, str]], bool]:
    """Return path, number and text of the lines that have a token; whether there are more."""
    patterns = [f"-e{token}" for token in tokens]
    grep = (
        "grep",
        "-I",
        "-n",
        "-z",
        "--no-color",
        "--full-name",
        "--no-textconv",
        "--fixed-strings",
    )
    printed = run(*grep, *patterns, commit, "--")
    found: list[tuple[str, int, str]] = []
    start = f"{commit}:".encode()
    for line in printed.split(b"\n")[:-1]:
        # Older ones put a colon behind the number.
        matched = re.match(rb"([^\0]+)\0([0-9]+)[\0:]", line)
        if matched is None or not matched[1].startswith(start):
            continue
        path = name(matched[1].removeprefix(start))
        if path:
            found.append((path, int(matched[2]), decoded(line[matched.end() :])[0][:LINE_MAX]))
    return found[:HITS_MAX], len(found) > HITS_MAX or len(printed) == PRINTED_MAX_BYTES


def name(path: bytes) -> str:
    """Return a path that can be named; empty for another."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def decoded(contents: bytes) -> tuple[str, str]:
    """Return a text and its encoding."""
    try:
        return contents.decode(), "utf-8"
    except UnicodeDecodeError:
        return contents.decode("latin-1"), "latin-1"


def texts(commit: str, paths: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """Return the contents of those paths that are regular files, and small."""
    wanted = [path for path in dict.fromkeys(paths) if within(path)][:FILES_MAX]
    if not wanted:
        return {}
    listed = run("ls-tree", "-z", "-r", "-l", "--full-tree", commit, "--", *wanted)
    chosen: dict[str, bytes] = {}
    left = ALL_MAX_BYTES
    for line in listed.split(b"\0")[:-1]:
        about, _, raw = line.partition(b"\t")
        mode, _, sha, size = about.split()
        path = name(raw)
        if mode.decode() in REGULAR and path in wanted and int(size) <= min(left, FILE_MAX_BYTES):
            left -= int(size)
            chosen[path] = sha
    contents = blobs(chosen.values())
    found: dict[str, Mapping[str, str]] = {}
    for path, sha in chosen.items():
        if b"\0" not in contents[sha]:
            text, encoding = decoded(contents[sha])
            found[path] = {"text": text, "encoding": encoding}
    return found


def within(path: str) -> bool:
    """Whether a path is one of a tree: with another, git lists none."""
    parts = path.split("/")
    return bool(path) and "\0" not in path and parts[0] != "" and ".." not in parts


def blobs(objects: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return the contents of objects by their names."""
    printed = run("cat-file", "--batch", stdin=b"".join(each + b"\n" for each in objects))
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(printed):
        end = printed.index(b"\n", at)
        sha, _, size = printed[at:end].split()
        at = end + 1 + int(size)
        found[sha] = printed[end + 1 : at]
        at += 1
    return found


def main(args: list[str]) -> None:
    """Read the options and the request, then search."""
    commit, file = read_options(args)
    request = json.loads(Path(file).read_text(encoding="utf-8"))
    found, more = hits(commit, request["tokens"]) if request["tokens"] else ([], False)
    paths = [*request["paths"], *(path for path, _, _ in found)]
    tell(json.dumps({"hits": found, "more": more, "texts": texts(commit, paths)}))


if __name__ == "__main__":
    main(sys.argv[1:])
