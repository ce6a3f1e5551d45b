"""Reads and writes the refs of a remote repository; runs in a container with git.

    refs.py clone REMOTE                    make the clone, with everything the remote has
    refs.py look                            fetch again; print refs and release commits as JSON
    refs.py checkout COMMIT                 put a commit into the work tree
    refs.py push REF EXPECTED COMMIT        compare and swap; EXPECTED "" means: no such ref
    refs.py delete REF EXPECTED             compare and delete
    refs.py lock REF EXPECTED EPOCH         push a commit of the empty tree; message on stdin
    refs.py commit PARENT EPOCH [PATH ...]  commit the work tree and print it; message on stdin

What is printed goes into the file that $WHEELWRIGHT_ANSWER names, where it names one: it is for
programs, and would fill the screens of people. The credential is $GITHUB_TOKEN. Git asks for it
when the remote does, and it stands in no file and no command line. A git command that fails ends
this program with its exit code and words.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CLONE = Path(os.environ.get("WHEELWRIGHT_CLONE", "/repo"))
TIMEOUT_S = 600
NAME, EMAIL = "wheelwright", "wheelwright@users.noreply.github.com"
HELPER = (
    '!f() { test "$1" = get && test -n "$GITHUB_TOKEN" && '
    'printf "username=x-access-token\\npassword=%s\\n" "$GITHUB_TOKEN"; }; f'
)
# Less than a byte a second for a minute is a server that hangs.
CONFIG = (
    ("credential.helper", HELPER),
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("safe.directory", "*"),
    ("advice.detachedHead", "false"),
    ("core.autocrlf", "false"),
    ("gc.auto", "0"),
)
# What is fetched is kept apart from what is checked out here.
SEEN = "refs/seen/"
FETCHED = ("refs/heads/", "refs/tags/", "refs/wheelwright/")
RELEASE = re.compile(r"^Wheelwright-Release: (\S+) (\S+)$", re.MULTILINE)


def git(*args: str, stdin: str = "", epoch: str = "", check: bool = True) -> str:
    """Run git in the clone and return its stdout; end this program if it fails."""
    environ = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": NAME,
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_COMMITTER_NAME": NAME,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(CONFIG)),
        "LC_ALL": "C",
    }
    for number, (key, value) in enumerate(CONFIG):
        environ[f"GIT_CONFIG_KEY_{number}"] = key
        environ[f"GIT_CONFIG_VALUE_{number}"] = value
    if epoch:
        environ["GIT_AUTHOR_DATE"] = environ["GIT_COMMITTER_DATE"] = f"{epoch} +0000"
    try:
        done = subprocess.run(
            ["git", *args],
            cwd=CLONE,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environ,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"git {args[0]}: timed out after {TIMEOUT_S} s\n")
        raise SystemExit(124) from None
    if check and done.returncode:
        sys.stderr.write(done.stderr or done.stdout)
        raise SystemExit(done.returncode if 0 < done.returncode < 128 else 1)
    return done.stdout


def clone(remote: str) -> None:
    """Make the clone."""
    CLONE.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet")
    git("remote", "add", "origin", remote)
    fetch()


def fetch() -> None:
    """Fetch everything that a release looks at."""
    refspecs = [f"+{ref}*:{SEEN}{ref[len('refs/') :]}*" for ref in FETCHED]
    git("fetch", "--quiet", "--prune", "--no-tags", "--force", "origin", *refspecs)


def look() -> None:
    """Print what the remote has now."""
    fetch()
    refs = {}
    shown = git("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", SEEN)
    for line in shown.splitlines():
        ref, own, peeled = line.split(" ")
        refs["refs/" + ref[len(SEEN) :]] = peeled or own
    symbolic = git("ls-remote", "--symref", "origin", "HEAD")
    default = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", symbolic, re.MULTILINE)
    locks = {
        ref: {"commit": commit, "message": message(commit)}
        for ref, commit in refs.items()
        if ref.startswith("refs/wheelwright/lock/")
    }
    found = {
        "default": default.group(1) if default else "",
        "refs": refs,
        "locks": locks,
        "journals": journals(refs),
    }
    tell(json.dumps(found, indent=1, sort_keys=True))


def message(commit: str) -> str:
    """Return a commit's message."""
    return git("show", "--no-patch", "--format=%B", commit)


def journals(refs: Mapping[str, str]) -> dict[str, Any]:
    """Return the release commit of each release branch and tag, by ref."""
    heads = [ref for ref in refs if ref.startswith(("refs/heads/release/", "refs/tags/"))]
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
                name = ref.rpartition("/")[2]
                if name not in (f"v{version}", f"{package}-v{version}") or ref in found:
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


def within(commit: str, head: str) -> bool:
    """Whether a commit is in the history of another."""
    return git("merge-base", commit, head, check=False).strip() == commit


def have(commit: str) -> None:
    """Fetch again where the clone was made before a commit was."""
    if git("cat-file", "-t", commit, check=False).strip() != "commit":
        fetch()


def checkout(commit: str) -> None:
    """Put a commit into the work tree, and nothing else."""
    have(commit)
    git("checkout", "--quiet", "--force", "--detach", commit)
    git("clean", "--quiet", "-dffx")


def push(ref: str, expected: str, commit: str) -> None:
    """Set a ref, if it still is what is expected."""
    have(commit)
    git("push", "--quiet", f"--force-with-lease={ref}:{expected}", "origin", f"{commit}:{ref}")
    tell(commit)


def delete(ref: str, expected: str) -> None:
    """Delete a ref, if it still is what is expected."""
    git("push", "--quiet", f"--force-with-lease={ref}:{expected}", "origin", f":{ref}")


def lock(ref: str, expected: str, epoch: str) -> None:
    """Push a commit that says who locked."""
    tree = git("mktree", stdin="").strip()
    commit = git("commit-tree", tree, "-F", "-", stdin=sys.stdin.read(), epoch=epoch).strip()
    push(ref, expected, commit)


def commit(parent: str, epoch: str, *paths: str) -> None:
    """Commit changed and deleted files, and the named new ones, on a parent."""
    git("add", "--update")
    there = [path for path in paths if os.path.lexists(CLONE / path)]
    if there:
        git("add", "--force", "--", *there)
    tree = git("write-tree").strip()
    words = sys.stdin.read()
    tell(git("commit-tree", tree, "-p", parent, "-F", "-", stdin=words, epoch=epoch).strip())


def tell(text: str) -> None:
    """Give the answer."""
    if path := os.environ.get("WHEELWRIGHT_ANSWER"):
        Path(path).write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "checkout": checkout,
    "clone": clone,
    "commit": commit,
    "delete": delete,
    "lock": lock,
    "look": look,
    "push": push,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
