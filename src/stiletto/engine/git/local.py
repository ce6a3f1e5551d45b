"""A repository in a directory of the API, for the git program on the host.

Whoever made the directory may have written its `.git`: a setting that names a program, a hook, a
link or an `alternates` file that leads to other repositories of this machine. So git never sees
that directory. It gets a bare repository with refs and objects alone, without links, and with a
configuration of ours in which a few settings about files are kept.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from stiletto.engine.git.program import Program
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link
from stiletto.layers.layer import Layer
from stiletto.layers.view import View
from stiletto.store import Store

_PARTS = ("HEAD", "info/exclude", "objects", "packed-refs", "refs", "reftable", "shallow")
_LEFT_OUT = re.compile(r"objects/info/(http-)?alternates")
_SETTINGS = re.compile(
    r"core\.(autocrlf|eol|filemode|ignorecase|safecrlf|symlinks|precomposeunicode)"
    r"|extensions\.(objectformat|refstorage)"
)
_RESTORE = (
    ("restore", "--staged", "."),
    ("restore", "."),
    ("clean", "-q", "-f", "-d"),
)
_NOT_A_REPOSITORY = "the directory is not a git repository"
_HINT = "asGit takes a working tree with its .git directory, a .git directory, or a bare repository"


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository in a tree.

    Attributes:
        bare: its refs and objects, with a configuration of ours.
        index: what git keeps of the working tree, if there is one.
        has_worktree: whether the tree is also a working tree.
    """

    bare: Dir
    index: File | None
    has_worktree: bool


async def opened(tree: Dir, store: Store, program: Program) -> Opened:
    """Find the repository in a tree.

    Raises:
        UsageError: there is none.
    """
    path = _git_dir(tree, store)
    found = tree.get(path) if path else tree
    if not isinstance(found, Dir) or not _is_git_dir(found):
        raise UsageError(_NOT_A_REPOSITORY, hint=_HINT)
    settings = await _settings(found, store, program)
    configured = [pair for pair in settings if _SETTINGS.fullmatch(pair[0])]
    bare = EMPTY.put("refs", Dir(0o755)).put("objects", Dir(0o755))
    for part in _PARTS:
        entry = found.get(part)
        if entry is not None and not isinstance(entry, Link):
            bare = bare.put(part, _without_links(part, entry))
    digest, size = store.put_bytes(_config(configured).encode())
    bare = bare.put("config", File(digest, size, 0o644))
    has_worktree = bool(path) and dict(settings).get("core.bare") != "true"
    index = found.get("index")
    return Opened(bare, index if isinstance(index, File) else None, has_worktree)


def _git_dir(tree: Dir, store: Store) -> str:
    """Return where `.git` is; empty where the tree can only be a repository itself."""
    entry = tree.get(".git", follow=True)
    if isinstance(entry, File):
        text = store.read(entry.digest).decode("utf-8", "surrogateescape")
        named, _, target = text.rstrip("\r\n").partition("gitdir: ")
        inside = posixpath.normpath(target)
        if named or target.startswith("/") or inside.startswith(".."):
            raise UsageError(
                f"{_NOT_A_REPOSITORY}: its .git leads to {target or 'nothing'}",
                hint="use the main working tree: what .git leads to is outside of the directory",
            )
        return inside
    return "" if entry is None else ".git"


def _is_git_dir(tree: Dir) -> bool:
    kinds = {"HEAD": File, "objects": Dir, "refs": Dir}
    return all(isinstance(tree.get(name), kind) for name, kind in kinds.items())


def _without_links(part: str, entry: Entry) -> Entry:
    if not isinstance(entry, Dir):
        return entry
    return entry.filter(
        lambda path, each: not isinstance(each, Link) and not _LEFT_OUT.fullmatch(f"{part}/{path}")
    )


async def _settings(git_dir: Dir, store: Store, program: Program) -> list[tuple[str, str]]:
    config = git_dir.get("config")
    if not isinstance(config, File):
        return []
    # `--file` follows no includes.
    args = ["config", "--file", str(store.blob(config.digest)), "--null", "--list"]
    try:
        text = await program.on_files(args, store.root)
    except EnvironmentFailed as error:
        raise UsageError(f"{_NOT_A_REPOSITORY}: its configuration cannot be read") from error
    pairs = (entry.partition("\n") for entry in text.split("\0") if entry)
    return [(key, value if mark else "true") for key, mark, value in pairs]


def _config(settings: list[tuple[str, str]]) -> str:
    version = 1 if any(key.startswith("extensions.") for key, _ in settings) else 0
    lines = ["[core]", f"repositoryformatversion = {version}", "bare = true"]
    for key, value in settings:
        section, _, name = key.partition(".")
        text = re.sub(r"[^\w-]", "", value)
        lines += [f"[{section}]", f"{name} = {text}"]
    return "\n".join(lines) + "\n"


async def cleaned(tree: Dir, repository: Opened, store: Store, program: Program) -> Dir:
    """Return a working tree without what is not committed; ignored files stay.

    Raises:
        UsageError: git cannot restore it.
    """
    if repository.index is None:
        raise UsageError("the repository has no index: nothing shows what is committed")
    git_dir = local_path(repository, store)
    with store.stage() as staged:
        work = staged / "work"
        work.mkdir()
        store.export(tree.remove(".git"), work)
        index = staged / "index"
        shutil.copyfile(store.blob(repository.index.digest), index)
        variables = {
            "GIT_DIR": str(git_dir),
            "GIT_WORK_TREE": str(work),
            "GIT_INDEX_FILE": str(index),
        }
        try:
            for command in _RESTORE:
                await program.on_files(command, work, variables)
        except EnvironmentFailed as error:
            raise UsageError(f"git cannot restore what is committed: {error.message}") from error
        restored = View((Layer(work),)).ingest("/", store.ingest_file)
    if not isinstance(restored, Dir):
        raise TypeError("a working tree is a directory")
    kept = tree.get(".git")
    return restored.put(".git", kept) if kept is not None else restored


def local_path(repository: Opened, store: Store) -> Path:
    """Return where git finds the bare repository; it is never to be written to."""
    return store.checkout(repository.bare).root
