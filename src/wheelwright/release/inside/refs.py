"""Reads and writes the refs of a remote repository by git's plumbing; runs in a container with git.

    refs.py OPTION ... COMMAND

    clone                      make the bare clone, with all that the remote has
    look                       fetch again; tell refs and release commits as JSON
    push REF EXPECTED COMMIT   compare and swap; EXPECTED "" means: no such ref
    tag REF COMMIT             push a tag with the message on stdin, the same at every run
    delete REF EXPECTED        compare and delete
    lock REF EXPECTED EPOCH    push a commit of the empty tree; its message is on stdin
    commit FILE                make the release commit that a file of JSON describes, and tell it
    release FILE REF EXPECTED  the same, and push it
    compare FILE COMMIT        tell how another commit's tree differs from the described one's
    past BASE COMMIT           keep one branch, with that head, and no tag that stdin names
    trace COMMIT BRANCH        tell a commit's time, parents and author, and whether it, or its
                               parent, is in the history of a branch of the remote

    --clone=DIRECTORY   the bare clone
    --remote=URL        where it comes from
    --checkout=DIRECTORY  looked at in its place: a clone, whose branches are in refs/remotes/origin
    --local=yes         its own branches, too, where it has none of that name from its remote
    --frozen=yes        fetch nothing: the clone is as `past` left it
    --head=BRANCH       the default branch, as an earlier look has found it
    --tree=DIRECTORY    the work tree of `tree.py`
    --answer=FILE       what is told goes there, else to stdout: it is for programs, not for people
    --ca=FILE           certificates to trust
    --path=DIRECTORIES  where git is looked for, whatever $PATH says

All places are arguments, so that they can be those of another directory than a container's root.

What git sees, the credential among it, is defined in `plumbing.py`.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wheelwright.release.inside.plumbing import (
    EMAIL,
    NAME,
    REGULAR,
    dated,
    fail,
    git,
    options,
    read_options,
    run,
    tell,
)

# What is fetched is kept apart from what is checked out here.
SEEN = "refs/seen/"
HEADS = "refs/heads/"
FETCHED = (HEADS, "refs/tags/", "refs/wheelwright/")
TRACKED = "refs/remotes/origin/"
RELEASE = re.compile(r"^Wheelwright-Release: (\S+) (\S+)$", re.MULTILINE)
LINK = "120000"
LINKS_MAX = 8
ENCODINGS = ("utf-8", "latin-1")
EDITS_MAX, EDITS_MAX_BYTES = 10_000, 64 * 1024 * 1024

# -- looks ----------------------------------------------------------------------------------------


def clone() -> None:
    """Make the clone, and tell what the remote has."""
    Path(options["clone"]).mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", "--bare", "--template=")
    git("config", "remote.origin.url", options["remote"])
    look()


def fetch() -> None:
    """Fetch everything that a release looks at."""
    if "frozen" in options:
        return
    refspecs = [f"+{ref}*:{SEEN}{ref[len('refs/') :]}*" for ref in FETCHED]
    if "checkout" in options:
        refspecs[0] = f"+{TRACKED}*:{SEEN}heads/*"
    if "local" in options:
        refspecs += [f"+{HEADS}{name}:{SEEN}heads/{name}" for name in untracked()]
    given = "".join(f"{each}\n" for each in refspecs)
    quiet = ("--quiet", "--prune", "--no-tags", "--force", "--stdin")
    git("fetch", *quiet, source(), stdin=given)


def untracked() -> list[str]:
    """Return the checkout's own branches of which it has none from its remote."""
    shown = git("ls-remote", source(), f"{HEADS}*", f"{TRACKED}*")
    names = [line.partition("\t")[2] for line in shown.splitlines()]
    tracked = {name.removeprefix(TRACKED) for name in names if name.startswith(TRACKED)}
    own = (name.removeprefix(HEADS) for name in names if name.startswith(HEADS))
    return [name for name in own if name not in tracked]


def source() -> str:
    """Return what is looked at."""
    place = options.get("checkout")
    return str(Path(place).absolute()) if place else "origin"


def look() -> None:
    """Tell what the remote has now."""
    fetch()
    refs = {}
    epochs = {}
    fields = "refname objectname *objectname *objecttype committerdate:unix *committerdate:unix"
    form = " ".join(f"%({each})" for each in fields.split(" "))
    for line in git("for-each-ref", f"--format={form}", SEEN).splitlines():
        name, own, once, kind, epoch, epoch_once = line.split(" ")
        # Older ones peel a tag once, and a tag may be of another tag.
        peeled = git("rev-parse", f"{own}^{{}}").strip() if kind == "tag" else once
        ref = "refs/" + name[len(SEEN) :]
        refs[ref] = peeled or own
        if name.startswith(f"{SEEN}tags/"):
            epochs[ref] = int(epoch or epoch_once or 0)
    refs.pop("refs/heads/HEAD", None)  # the name that a clone has for its remote's default branch
    locks = {
        ref: {"commit": commit, "message": message(commit)}
        for ref, commit in refs.items()
        if ref.startswith("refs/wheelwright/lock/")
    }
    found = {
        "default": options.get("head") or default() or likely(refs),
        "refs": refs,
        "locks": locks,
        "journals": journals(refs),
        "epochs": epochs,
    }
    tell(json.dumps(found, indent=1, sort_keys=True))


def default() -> str:
    """Return the branch that HEAD names; empty where it names none."""
    if "frozen" in options:
        return git("symbolic-ref", "HEAD").strip().removeprefix(f"{SEEN}heads/")
    symbolic = git("ls-remote", "--symref", source(), "HEAD")
    found = re.search(rf"^ref: {TRACKED}(\S+)\t{TRACKED}HEAD$", symbolic, re.MULTILINE)
    found = found or re.search(r"^ref: refs/heads/(\S+)\tHEAD$", symbolic, re.MULTILINE)
    return found[1] if found else ""


def likely(refs: Mapping[str, str]) -> str:
    """Return the branch of a repository whose HEAD names none, as after a checkout of a tag."""
    names = [ref.removeprefix(HEADS) for ref in refs if ref.startswith(HEADS)]
    usual = [name for name in ("main", "master") if name in names]
    return names[0] if len(names) == 1 else usual[0] if len(usual) == 1 else ""


def message(commit: str) -> str:
    """Return a commit's message."""
    return git("show", "--no-patch", "--format=%B", commit)


def journals(refs: Mapping[str, str]) -> dict[str, Any]:
    """Return the release commit of each branch and tag that has its version in the name."""
    heads = [ref for ref in refs if ref.startswith((HEADS, "refs/tags/"))]
    if not heads:
        return {}
    logged = git(
        "log",
        "--stdin",
        "--grep=^Wheelwright-Release: ",
        "--format=%H%x00%P%x00%ct%x00%B%x1e",
        stdin="\n".join(refs[ref] for ref in heads) + "\n",
    )
    found: dict[str, Any] = {}
    for record in logged.split("\x1e"):
        if "\0" not in record:
            continue
        commit, parents, epoch, body = record.strip("\n").split("\0")
        for package, version in RELEASE.findall(body):
            for ref in heads:
                if ref in found or not names(ref, version):
                    continue
                if refs[ref] == commit or within(commit, refs[ref]):
                    found[ref] = {
                        "commit": commit,
                        "parent": parents.split(" ")[0],
                        "epoch_s": int(epoch),
                        "message": body,
                        "package": package,
                        "version": version,
                    }
    return found


def names(ref: str, version: str) -> bool:
    """Whether a version is in a ref's name: not as a part of another."""
    inside = re.compile(
        rf"(?<![0-9.]){re.escape(version)}(?![0-9]|\.[0-9]|[-_.]?(?:a|b|c|rc|alpha|beta|pre|post|dev)[0-9])"
    )
    return bool(inside.search(ref))


def within(commit: str, head: str) -> bool:
    """Whether a commit is in the history of another."""
    return git("merge-base", commit, head, check=False).strip() == commit


def have(commit: str) -> None:
    """Fetch again where the clone was made before a commit was."""
    if git("cat-file", "-t", commit, check=False).strip() != "commit":
        fetch()


def past(base: str, commit: str) -> None:
    """Leave one branch, with that head, and no tag that a line of stdin names."""
    hidden = {f"{SEEN}tags/{line.strip()}" for line in sys.stdin}
    names = git("for-each-ref", "--format=%(refname)", SEEN).splitlines()
    kept = [name for name in names if name.startswith(f"{SEEN}tags/") and name not in hidden]
    gone = "".join(f"delete {name}\0\0" for name in names if name not in kept)
    git("update-ref", "-z", "--stdin", stdin=gone)
    git("update-ref", f"{SEEN}heads/{base}", commit)
    git("symbolic-ref", "HEAD", f"{SEEN}heads/{base}")


def trace(commit: str, branch: str) -> None:
    """Tell where a commit comes from."""
    have(commit)
    if (kind := git("cat-file", "-t", commit, check=False).strip()) != "commit":
        raise fail(f"{commit[:12]} is not a commit but {kind or 'nothing that the remote has'}")
    head = git("rev-parse", "--verify", "--end-of-options", f"{SEEN}heads/{branch}").strip()
    shown = git("show", "--no-patch", "--format=%ct%x00%P%x00%an <%ae>", commit)
    epoch, parents, author = shown.rstrip("\n").split("\0")
    told = {
        "epoch_s": int(epoch),
        "parents": parents.split(),
        "author": author,
        "merged": within(commit, head),
        "parent_merged": bool(parents) and within(parents.split()[0], head),
    }
    tell(json.dumps(told))


# -- acts -----------------------------------------------------------------------------------------


def push(ref: str, expected: str, commit: str) -> None:
    """Set a ref, if it still is what is expected."""
    have(commit)
    git("push", "--quiet", f"--force-with-lease={ref}:{expected}", "origin", f"{commit}:{ref}")
    tell(commit)


def tag(ref: str, commit: str) -> None:
    """Push a tag that says more than a name: its message is on stdin, its time the commit's.

    So it is the same object, whenever and however often it is made.
    """
    have(commit)
    epoch = git("show", "--no-patch", "--format=%ct", commit).strip()
    name = ref.removeprefix("refs/tags/")
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {NAME} <{EMAIL}> {epoch} +0000\n\n"
    made = git("mktag", stdin=head + sys.stdin.read()).strip()
    git("push", "--quiet", f"--force-with-lease={ref}:", "origin", f"{made}:{ref}")
    tell(commit)


def delete(ref: str, expected: str) -> None:
    """Delete a ref, if it still is what is expected."""
    git("push", "--quiet", f"--force-with-lease={ref}:{expected}", "origin", f":{ref}")


def lock(ref: str, expected: str, epoch: str) -> None:
    """Push a commit that says who locked."""
    tree = git("mktree").strip()
    words = sys.stdin.read()
    made = git("commit-tree", tree, "-F", "-", stdin=words, more=dated(int(epoch)))
    push(ref, expected, made.strip())


def commit(file: str) -> None:
    """Tell the release commit that a file describes."""
    tell(committed(described(file)))


def release(file: str, ref: str, expected: str) -> None:
    """Push the release commit that a file describes."""
    push(ref, expected, committed(described(file)))


def compare(file: str, other: str) -> None:
    """Tell which commit a file describes, and the paths in which another commit is not like it."""
    have(other)
    data = described(file)
    tree = written(data)
    raw = run("diff-tree", "-r", "-z", "--no-renames", tree, f"{other}^{{tree}}")
    words = raw.split(b"\0")[:-1]
    differing = [
        [about.rpartition(b" ")[2].decode(), name.decode("utf-8", "replace")]
        for about, name in zip(words[::2], words[1::2], strict=True)
    ]
    tell(json.dumps({"commit": committed(data), "differing": differing}))


# -- the release commit ---------------------------------------------------------------------------


def described(file: str) -> dict[str, Any]:
    """Return what a file of `wheelwright.release.decide.commit` says."""
    data: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    if len(data["edits"]) > EDITS_MAX:
        raise fail(f"more than {EDITS_MAX} edits in one release commit")
    if sum(len(each["text"] or "") for each in data["edits"]) > EDITS_MAX_BYTES:
        raise fail(f"edits of more than {EDITS_MAX_BYTES} bytes in one release commit")
    return data


def committed(data: Mapping[str, Any]) -> str:
    """Make the commit; the same description makes the same one."""
    tree = written(data)
    words = str(data["message"])
    made = git(
        *("commit-tree", tree, "-p", data["parent"], "-F", "-"),
        stdin=words,
        more=dated(data["epoch_s"]),
    )
    return made.strip()


def written(data: Mapping[str, Any]) -> str:
    """Write the tree: the parent's, with the edits. No file of a work tree has a part in it."""
    parent = data["parent"]
    have(parent)
    lines: dict[str, bytes] = {}
    for each in data["edits"]:
        path, line = entry(parent, each)
        # Two edits of one file: one of them through a link.
        if lines.setdefault(path, line) != line:
            raise fail(f"{path!r} is edited twice, in two ways")
    with tempfile.TemporaryDirectory() as directory:
        index = {"GIT_INDEX_FILE": str(Path(directory, "index"))}
        git("read-tree", parent, more=index)
        run("update-index", "-z", "--index-info", stdin=b"".join(lines.values()), more=index)
        return git("write-tree", more=index).strip()


def entry(parent: str, edit: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the path of an edit, and the edit as `git update-index --index-info` reads it.

    A file keeps the mode that the parent has; what was no file cannot become one.
    """
    path, text, encoding = edit["path"], edit["text"], edit.get("encoding", "utf-8")
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise fail(f"{path!r} cannot be in a commit")
    if text is None:
        if not found(parent, path):
            raise fail(f"{path!r} is taken away, and the parent has no such file")
        return path, f"0 {'0' * 40}\t{path}\0".encode()
    if encoding not in ENCODINGS:
        raise fail(f"{path!r} has the encoding {encoding!r}")
    contents = text.encode(encoding)
    if hashlib.sha256(contents).hexdigest() != edit["sha256"]:
        raise fail(f"{path!r} is not what was described: its sha256 differs")
    path, mode, old = resolved(parent, path)
    if b"\r\n" not in old:
        # A work tree may have other line endings than the repository (.gitattributes, eol).
        contents = contents.replace(b"\r\n", b"\n")
    blob = run("hash-object", "-w", "--stdin", "--no-filters", stdin=contents).decode().strip()
    return path, f"{mode} {blob}\t{path}\0".encode()


def found(parent: str, path: str) -> tuple[str, str] | None:
    """Return mode and object of a path in a commit; None where there is none."""
    listed = run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", parent, "--", path)
    for line in listed.split(b"\0"):
        about, _, name = line.partition(b"\t")
        if name == path.encode():
            mode, kind, sha = about.decode().split(" ")
            return (mode, sha) if kind == "blob" else (kind, sha)
    return None


def resolved(parent: str, path: str) -> tuple[str, str, bytes]:
    """Return where an edit belongs, with mode and contents there; a link is followed."""
    for _ in range(LINKS_MAX):
        there = found(parent, path)
        if there is None:
            return path, REGULAR[0], b"\r\n"
        mode, sha = there
        if mode in REGULAR:
            return path, mode, run("cat-file", "blob", sha)
        if mode != LINK:
            break
        target = run("cat-file", "blob", sha).decode("utf-8", "replace")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if path.startswith(("..", "/")) or path.split("/")[0].lower() == ".git":
            break
    raise fail(f"{path!r} is no file that a release may edit")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "clone": clone,
    "commit": commit,
    "compare": compare,
    "delete": delete,
    "lock": lock,
    "look": look,
    "past": past,
    "push": push,
    "release": release,
    "tag": tag,
    "trace": trace,
}


def main(words: list[str]) -> None:
    """Read the options, then do one thing."""
    words = read_options(words)
    COMMANDS[words[0]](*words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
