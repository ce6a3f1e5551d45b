"""Tells how a version was released, from a clone's history; runs in a container with git.

    history.py --clone=DIRECTORY [--answer=FILE] [--locks=yes] TAG BEFORE BASE VERSION ...
    history.py --clone=DIRECTORY [--answer=FILE] --commit=COMMIT

TAG is the full name of the version's tag in the clone; BEFORE the commit of the tag before it, or
""; BASE the full name of the base branch; VERSION each spelling of the version. Lock files are left
out without --locks.

The release commit is the tag's own, if that changes the version or the changelog; else the newest
one between BEFORE and TAG which does; a merge is taken as its change against the first parent. It
is told as JSON, with the texts of what it changes:

    {"commit": "...", "parent": "...", "message": "...", "annotated": true, "merge": "...",
     "changes": {"CHANGELOG.md": ["before", "after"], "gone.md": ["before", null]}}

With a COMMIT it is that one's message, the paths that it changes, and the diff of git.

Nothing here needs a remote, a credential or a work tree, and nothing in the repository can change
what git does: no filter, no text conversion, no configuration but the clone's own.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from wheelwright.release.inside.plumbing import REGULAR, options, ran, read_options, tell

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git hash-object -t tree /dev/null
FILES_MAX, FILE_MAX_BYTES, ALL_MAX_BYTES = 300, 2 * 1024 * 1024, 16 * 1024 * 1024
COMMITS_MAX = 1000  # between two releases, along first parents
MESSAGE_MAX = 20_000
DIFF_MAX, PATHS_MAX = 4_000_000, 10_000
# A lock has the versions of other packages.
LOCKS = re.compile(r"(?:.*/)?(?:[^/]*\.lock|package-lock\.json|pylock[^/]*\.toml)")
CHANGELOG = re.compile(
    r"(?:.*/)?(?:change(?:s|log)?|history|news|releases|release[-_]?notes)(?:\.(?:md|rst|txt))?",
    re.IGNORECASE,
)
# A fragment of a version's number is not that version.
VERSION = r"(^|[^0-9.])({})($|[^0-9a-zA-Z.]|\.($|[^0-9a-zA-Z]))"


def run(*args: str) -> bytes:
    """Run git on the clone and return its stdout; nothing where it fails."""
    done = ran(*args)
    return done.stdout if done.returncode == 0 else b""


def git(*args: str) -> str:
    """Run git and return what it prints as a text on one or more lines."""
    return run(*args).decode("utf-8", "replace").strip("\n")


def logged(*args: str) -> str:
    """Return the newest commit of a log along first parents, each with its own change."""
    change = ("--no-textconv", "--no-ext-diff", "--no-renames", "--diff-merges=first-parent")
    return git("log", "-1", "--format=%H", "--first-parent", *change, "--no-patch", *args)


def release_commit(head: str, before: str, versions: list[str]) -> str:
    """Return the release commit of a version; empty where there is none."""
    pattern = VERSION.format("|".join(re.sub(r"[.+]", r"\\\g<0>", each) for each in versions))
    found = ("-G", pattern)
    unlocked = ("--", ":(top,exclude,glob)**/*.lock", ":(top,exclude,glob)**/package-lock.json")
    if logged(*found, f"{head}^!", *unlocked):
        return head
    if any(CHANGELOG.fullmatch(path) for path, *_ in changed(parent(head), head)):
        return head
    oldest = git("rev-list", "--first-parent", "-1", f"--skip={COMMITS_MAX}", head)
    without = [f"^{each}" for each in (before, oldest) if each]
    if commit := logged(*found, head, *without, *unlocked):
        return commit
    subject = git("show", "--no-patch", "--format=%s", head)
    return head if re.search(pattern, subject) else ""


def parent(commit: str) -> str:
    """Return the first parent; empty for a root commit."""
    return git("rev-parse", "--verify", "--quiet", f"{commit}^1")


def changed(before: str, commit: str) -> Iterator[tuple[str, str, str]]:
    """Return path, object before and object after of each file that differs, "" for none."""
    raw = run("diff-tree", "-r", "-z", "--no-renames", before or EMPTY_TREE, commit)
    parts = raw.split(b"\0")[:-1]
    for about, name in zip(parts[::2], parts[1::2], strict=True):
        old_mode, new_mode, old, new, _ = about.decode().lstrip(":").split(" ")
        modes = {mode for mode in (old_mode, new_mode) if mode.strip("0")}
        try:
            path = name.decode()
        except UnicodeDecodeError:
            continue
        if modes <= set(REGULAR):
            yield path, old if old.strip("0") else "", new if new.strip("0") else ""


def changes(before: str, commit: str) -> dict[str, tuple[str | None, str | None]]:
    """Return the texts before and after, as far as they are texts, and few and short enough."""
    found: dict[str, tuple[str | None, str | None]] = {}
    left = ALL_MAX_BYTES
    for path, *objects in changed(before, commit):
        if len(found) >= FILES_MAX or ("locks" not in options and LOCKS.fullmatch(path)):
            continue
        sizes = [int(git("cat-file", "-s", each) or 0) if each else 0 for each in objects]
        if max(sizes) > FILE_MAX_BYTES or sum(sizes) > left:
            continue
        left -= sum(sizes)
        try:
            old, new = (
                run("cat-file", "blob", each).decode() if each else None for each in objects
            )
        except UnicodeDecodeError:
            continue
        if "\0" not in (old or "") + (new or ""):
            found[path] = old, new
    return found


def shown(before: str, commit: str) -> dict[str, Any]:
    """Return the paths that differ, and how, as people read it."""
    paths = git("diff-tree", "-r", "--name-only", "--no-renames", before or EMPTY_TREE, commit)
    plain = ("--patch", "--text", "--no-color", "--no-renames", "--no-ext-diff", "--no-textconv")
    diff = git("diff-tree", *plain, before or EMPTY_TREE, commit)
    if len(diff) > DIFF_MAX:
        diff = diff[:DIFF_MAX] + "\n[the rest is left out]"
    return {"paths": paths.split("\n")[:PATHS_MAX] if paths else [], "diff": diff}


def merged_by(commit: str, base: str) -> str:
    """Return the message of the merge that brought a commit into a branch; empty for none."""
    first = git("rev-list", "--first-parent", "--ancestry-path", f"{commit}..{base}")
    merge = first.split("\n")[-1]
    if not merge or within(commit, parent(merge)):
        return ""
    return message(merge)


def within(commit: str, head: str) -> bool:
    """Whether a commit is in the history of another."""
    return bool(head) and git("merge-base", commit, head) == commit


def message(commit: str) -> str:
    """Return the beginning of a commit's message."""
    return git("show", "--no-patch", "--format=%B", commit)[:MESSAGE_MAX] if commit else ""


def main(args: list[str]) -> None:
    """Read the options, then tell of one version."""
    args = read_options(args)
    if commit := options.get("commit"):
        answer({"message": message(commit), **shown(parent(commit), commit)})
        return
    tag, before, base, *versions = args
    head = git("rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}")
    commit = release_commit(head, before, versions) if head else ""
    told: dict[str, Any] = {
        "commit": commit,
        "parent": parent(commit) if commit else "",
        "message": message(commit),
        "annotated": git("cat-file", "-t", tag) == "tag",
        "merge": merged_by(commit, base) if commit and base else "",
        "changes": changes(parent(commit), commit) if commit else {},
    }
    answer(told)


def answer(told: dict[str, Any]) -> None:
    """Give what was found, as JSON."""
    tell(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
