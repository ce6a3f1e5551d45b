"""Reads a source as git has it: without what git ignores, and with its history beside it.

git decides in one step over .git, the ignore files and the names of all entries. What is ignored
is then taken out by one `filter`, so that a step behind it is found again as long as the files
that it sees are the same, whatever happens to .git. On Dagger v0.21 `filter`, `directory` and
`file` keep that; `without_directory` and a step over the source do not. Whoever changes this, for
an engine on which `filter` does not either, changes `_filtered` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import dagger

from wheelwright.container import steps
from wheelwright.container.privileges import CODE
from wheelwright.errors import ProjectError
from wheelwright.project import worktree
from wheelwright.project.files import join
from wheelwright.project.reading import shortened
from wheelwright.project.worktree import Kept

_TREE = "/opt/wheelwright/tree"
_SCRIPT = "/opt/wheelwright/list-files.sh"
_ANSWER = "/opt/wheelwright/files"


@dataclass(frozen=True, slots=True)
class Source:
    """A source without what git ignores.

    Attributes:
        tree: its files; .git is not among them.
        repository: the directory that has .git, the source itself as it was given; None without.
        notes: what a reader of a verdict should know, a sentence each.
    """

    tree: dagger.Directory
    repository: dagger.Directory | None = None
    notes: tuple[str, ...] = ()


async def read(given: dagger.Directory) -> Source:
    """Return the source without what its own repository ignores.

    Raises:
        ProjectError: git cannot read the repository.
    """
    entries = await given.entries()
    if ".git/" not in entries:
        tree = given.filter(exclude=["**/.git"]) if ".git" in entries else given
        return Source(tree, None, await _pointer(given) if ".git" in entries else ())
    every = await given.glob("**/*")
    names = worktree.listed(every)
    rules = given.filter(include=list(worktree.FILES), exclude=list(worktree.NOT_FILES))
    container = steps.git().with_directory(_TREE, rules).with_new_file(_SCRIPT, worktree.SCRIPT)
    kept = await _ask(container, "", names, worktree.repositories(every))
    tree = _filtered(given, worktree.exclusions(names, kept.ignored))
    notes = kept.notes
    if kept.left_out:
        tree = tree.with_directory("", await _from_index(given, kept.left_out))
        notes = (*notes, worktree.restored(kept.left_out))
    return Source(tree, given, notes)


def _filtered(given: dagger.Directory, patterns: Sequence[str]) -> dagger.Directory:
    return given.filter(exclude=list(patterns))


async def _pointer(given: dagger.Directory) -> tuple[str, ...]:
    """Return the note about a .git that is a file: of a worktree, or of a submodule."""
    return (worktree.pointer(await given.file(".git").contents()),)


async def _ask(
    container: dagger.Container, where: str, names: Sequence[str], repositories: Collection[str]
) -> Kept:
    """Ask git, and in each submodule again; `where` is the submodule's path."""
    text, error = await _run(container, where, names)
    if error:
        text, error = await _run(container, where, worktree.without_submodules(text, names))
    if error:
        raise ProjectError(
            f"git cannot read the source's .git: {shortened(error)}",
            "run `git status` there; a source without .git goes around it",
        )
    kept = worktree.answer(text, names)
    for module in kept.submodules:
        at = join(where, module)
        if at in repositories:
            inner = await _ask(container, at, worktree.below(names, module), repositories)
            kept = kept.beside(inner, module)
    return kept


async def _run(container: dagger.Container, where: str, names: Sequence[str]) -> tuple[str, str]:
    """Return what the script wrote, and its error; empty where there is none."""
    args = ["sh", _SCRIPT, f"{_TREE}/{where}", _ANSWER]
    asked = steps.step(container, CODE, args, may_fail=True, stdin=worktree.question(names))
    done = await steps.output(asked, "git ls-files")
    error = done.stderr or f"exit code {done.exit_code}"
    return await asked.file(_ANSWER).contents(), error if done.exit_code else ""


async def _from_index(given: dagger.Directory, paths: Sequence[str]) -> dagger.Directory:
    """Return files as the index has them."""
    out = "/opt/wheelwright/index"
    container = steps.git().with_directory(_TREE, given.filter(include=[".git/**"]))
    args = ["git", "-C", _TREE, "checkout-index", "--stdin", f"--prefix={out}/"]
    done = steps.step(container, CODE, args, stdin=worktree.question(paths))
    return await done.directory(out).sync()
