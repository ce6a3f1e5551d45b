"""Reads a source as git has it: without what git ignores, and with its history beside it.

git decides in one step over .git, the ignore files and the names of all entries. What is ignored
is then left out by `cut`, so that a step behind it is found again as long as the files that it sees
are the same, whatever happens to .git.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.cut import Tree, cut
from wheelwright.container.privileges import CODE
from wheelwright.container.together import together
from wheelwright.errors import ProjectError
from wheelwright.project import worktree
from wheelwright.project.files import join, upward
from wheelwright.project.reading import shortened
from wheelwright.project.worktree import Kept

_TREE = "/opt/wheelwright/tree"
_SCRIPT = "/opt/wheelwright/list-files.sh"
_ANSWER = "/opt/wheelwright/files"
# What is no text has a first line, too.
_FIRST_LINES = """for path; do
  head -c 200 "./$path" | head -n 1 | tr -cd ' -~'
  echo
done"""


@dataclass(frozen=True, slots=True)
class Source:
    """A source without what git ignores.

    Attributes:
        files: its files, with paths from the root of its repository; .git is not among them.
        repository: a directory with the .git that the source belongs to; None without.
        place: where in `tree` the source is that was given; empty for the root.
        notes: what a reader of a verdict should know, a sentence each.
        pointer: the note that names what a file .git leads to; empty where it is none.
        around: the note about what is not read because the source came without it; may be empty.
    """

    files: Tree
    repository: dagger.Directory | None = None
    place: str = ""
    notes: tuple[str, ...] = ()
    pointer: str = ""
    around: str = ""


async def read(given: dagger.Directory, git: dagger.Directory | None = None) -> Source:
    """Return the source without what git ignores, with its repository.

    `git` is a directory that may have the .git of a source that has none. It is asked only then,
    and counts only if it tracks the source: its default is the repository around the caller.

    Raises:
        ProjectError: git cannot read the repository.
    """
    entries, every = await _listed(given)
    if ".git/" in entries:
        return await _kept(given, every, given)
    candidate = git if git is not None and ".git/" in await git.entries() else None
    if ".git" in entries:
        pointer = await given.file(".git").contents()
        if candidate is not None and (name := worktree.worktree_of(pointer)):
            repository = await _of_worktree(candidate, name)
            if repository is not None:
                return await _kept(given, every, repository)
        note = worktree.pointer(pointer)
        tree = Tree(given, tuple(every), frozenset(worktree.listed(every)))
        return Source(tree, notes=(note,), pointer=note)
    place = await _place(given, entries, candidate) if candidate is not None else None
    if candidate is None or place is None:
        tree = Tree(given, tuple(every), frozenset(worktree.without_caches(every)))
        return Source(tree, around=worktree.ALONE)
    return await _kept(given, every, candidate, place)


async def _listed(given: dagger.Directory) -> tuple[list[str], list[str]]:
    """Return the entries of a directory, and all that are beneath it."""
    calls = {"entries": partial(given.entries), "every": partial(given.glob, "**")}
    found = await together(calls)
    return found["entries"], found["every"]


async def repository_of(given: dagger.Directory, git: dagger.Directory) -> dagger.Directory:
    """Return the directory that has the .git of a source; an empty one where neither has.

    That is `git`, as long as it tracks the source: the default of `git` lies around the module, so
    for a module of elsewhere it is another repository than that of the source.

    Raises:
        ProjectError: git cannot read the repository.
    """
    entries = await given.entries()
    if ".git" in entries:
        return git
    own = ".git/" in entries
    if ".git/" not in await git.entries():
        return given if own else git
    if own and await _configuration(given) == await _configuration(git):
        return git
    if await _place(given, entries, git) is not None:
        return git
    return given if own else dag.directory()


async def _configuration(git: dagger.Directory) -> str:
    path = ".git/config"
    return await git.file(path).contents() if await git.exists(path) else ""


async def tracked(repository: dagger.Directory) -> dict[str, bool]:
    """Return the files that a repository tracks, and which are executable; no links, no submodules.

    Raises:
        ProjectError: git cannot read the repository.
    """
    files = await _git_files(repository)
    container = steps.git().with_directory(_TREE, files).with_new_file(_SCRIPT, worktree.SCRIPT)
    text, error = await _run(container, "", [])
    if error:
        raise _unreadable(error)
    return worktree.files(text)


async def _kept(
    given: dagger.Directory, every: list[str], repository: dagger.Directory, place: str = ""
) -> Source:
    """Return a source without what its repository ignores; it is at `place` of that."""
    listed = worktree.listed(every)
    names = [join(place, name) + "/" * name.endswith("/") for name in listed]
    parts = await together(
        {
            "files": partial(cut, given, every, worktree.rules(every)),
            "git": partial(_git_files, repository),
        }
    )
    container = steps.git().with_directory(_TREE, parts["git"])
    container = container.with_directory(join(_TREE, place), parts["files"])
    known: dict[str, bool] = {}
    if place:
        known = await tracked(repository)
        above = [f"{where}/.gitignore".lstrip("/") for where in upward(place)[1:]]
        if above := [path for path in above if path in known]:
            container = container.with_directory(_TREE, await _index(repository, above))
    container = container.with_new_file(_SCRIPT, worktree.SCRIPT)
    kept = await _ask(container, "", names, worktree.repositories(every))
    inner = [path.removeprefix(f"{place}/") for path in kept.ignored]
    notes, around = kept.notes, ""
    if known:
        unread = worktree.deciding_above(known, place)
        around = worktree.not_read(unread, place) if unread else ""
    left_out = [path for path in kept.left_out if path.startswith(f"{place}/" if place else "")]
    restored: dict[str, dagger.File] = {}
    if left_out:
        index = await _index(repository, left_out)
        found = set(await index.glob("**"))
        restored = {path: index.file(path) for path in left_out if path in found}
        notes = (*notes, worktree.restored(left_out))
    tree = Tree(given, tuple(every), worktree.kept(listed, inner), place, restored)
    return Source(tree, repository, place, notes, around=around)


async def _git_files(repository: dagger.Directory) -> dagger.Directory:
    """Return what of .git says which paths are tracked."""
    every = [f".git/{name}" for name in await repository.entries(path=".git")]
    if ".git/modules/" in every:
        every += await repository.glob(".git/modules/**")
    return await cut(repository, every, worktree.git_files(every))


async def history(repository: dagger.Directory) -> dagger.Directory:
    """Return what of a repository's .git matters for the version."""
    every = [f".git/{name}" for name in await repository.entries(path=".git")]
    return await cut(repository, every, worktree.history(every))


async def _of_worktree(git: dagger.Directory, name: str) -> dagger.Directory | None:
    """Return the repository as a worktree of it has it: with its HEAD and its index."""
    own = f".git/worktrees/{name}"
    if not await git.exists(f"{own}/HEAD"):
        return None
    made = dag.directory().with_directory(".git", git.directory(".git"))
    made = made.with_file(".git/HEAD", git.file(f"{own}/HEAD"))
    if await git.exists(f"{own}/index"):
        made = made.with_file(".git/index", git.file(f"{own}/index"))
    return made


async def _place(
    given: dagger.Directory, entries: Sequence[str], git: dagger.Directory
) -> str | None:
    """Return where a repository tracks the source; None where it does not.

    It does where it has the source's own pyproject.toml, setup.cfg or setup.py: the same file, or
    one at the root with the same name of the package.
    """
    files = await _git_files(git)
    container = steps.git().with_directory(_TREE, files).with_new_file(_SCRIPT, worktree.SCRIPT)
    text, error = await _run(container, "", [])
    if error:
        return None
    for name in worktree.NAMING:
        if name not in entries:
            continue
        own = await given.file(name).contents()
        places = worktree.places(text, name)
        if (found := places.get(worktree.blob(own))) is not None:
            return found
        # All of them in one step: a repository may have hundreds.
        paths = {place: join(place, name) for place in places.values()}
        directory = await _index(git, list(paths.values()))
        for place, path in paths.items():
            other = await directory.file(path).contents()
            if worktree.same_package(name, own, other):
                return place
    return None


async def _ask(
    container: dagger.Container, where: str, names: Sequence[str], repositories: Collection[str]
) -> Kept:
    """Ask git, and in each submodule again; `where` is the submodule's path."""
    text, error = await _run(container, where, names)
    if error:
        text, error = await _run(container, where, worktree.without_submodules(text, names))
    if error:
        raise _unreadable(error)
    kept = worktree.answer(text, names)
    for module in kept.submodules:
        at = join(where, module)
        if at in repositories:
            inner = await _ask(container, at, worktree.below(names, module), repositories)
            kept = kept.beside(inner, module)
    return kept


def _unreadable(error: str) -> ProjectError:
    return ProjectError(
        f"git cannot read the source's .git: {shortened(error)}",
        "run `git status` there; a source without .git goes around it",
    )


async def _run(container: dagger.Container, where: str, names: Sequence[str]) -> tuple[str, str]:
    """Return what the script wrote, and its error; empty where there is none."""
    args = ["sh", _SCRIPT, f"{_TREE}/{where}", _ANSWER]
    asked = steps.step(container, CODE, args, may_fail=True, stdin=worktree.question(names))
    done = await steps.settled(asked, "git ls-files")
    error = ""
    if exit_code := await done.exit_code():
        error = await done.stderr() or f"exit code {exit_code}"
    return await done.file(_ANSWER).contents(), error


async def first_lines(tree: Tree, paths: Sequence[str]) -> list[str]:
    """Return the first line of each file, at most 200 bytes of it."""
    files = await tree.only(paths)
    container = steps.git().with_directory(_TREE, files).with_workdir(_TREE)
    asked = steps.run(container, ["sh", "-c", _FIRST_LINES, "sh", *paths])
    printed = await steps.output(asked, "read first lines")
    return printed.stdout.split("\n")[: len(paths)]


async def _index(repository: dagger.Directory, paths: Sequence[str]) -> dagger.Directory:
    """Return files as the index has them; one that it has not is left out."""
    out = "/opt/wheelwright/index"
    git = await history(repository)
    container = steps.git().with_directory(_TREE, git).with_directory(out, dag.directory())
    args = ["git", "-C", _TREE, "checkout-index", "--quiet", "--stdin", f"--prefix={out}/"]
    done = steps.step(container, CODE, args, may_fail=True, stdin=worktree.question(paths))
    return await done.directory(out).sync()
