"""Patches and merges of trees, by the git program on copies of them.

The commands are those of the real engine (core/changeset_git.go), so that renames, conflicts and
markers are git's own. No repository of a tree is opened: its `.git` is not in the copy, and git
looks for none above it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from stiletto.engine.git.program import Program
from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.changes import Changes, compare
from stiletto.graph.tree import EMPTY, Dir, Entry, File
from stiletto.layers.layer import Layer
from stiletto.layers.view import View
from stiletto.store import Store

_UMASK = 0
"""That of the real engine: what git writes there is 0666 or 0777."""

_DIFFERENT = 1
"""The exit code of `git diff` where there are differences."""

_NO_REPOSITORY = {"GIT_DIR": os.devnull}
_AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Dagger"), ("EMAIL", "dagger@localhost"))
}


@dataclass(frozen=True)
class Side:
    """One changeset of a merge: its patch, and what it changes."""

    patch: bytes
    changes: Changes


@dataclass(frozen=True)
class Renamed:
    """A file that git takes for another one under a new name, with the lines that differ."""

    old: str
    new: str
    added_lines: int
    removed_lines: int


class Patches:
    """Makes and applies patches, for one session."""

    def __init__(self, store: Store, program: Program) -> None:
        self._store = store
        self._program = program

    async def diff(self, before: Dir, after: Dir) -> bytes:
        """Return what turns one tree into another, as a patch."""
        return os.fsencode(await self._compared(before, after, "--binary", "--no-prefix"))

    async def side(self, before: Dir, after: Dir) -> Side:
        """Return one side of a merge."""
        return Side(await self.diff(before, after), compare(before, after))

    async def renames(self, before: Dir, after: Dir, changes: Changes) -> list[Renamed]:
        """Return which of the removed files were renamed."""
        removed = [path for path in changes.all_removed if isinstance(before.get(path), File)]
        added = [path for path in changes.added if isinstance(after.get(path), File)]
        if not removed or not added:
            return []
        old, new = _only(before, removed), _only(after, added)
        words = (await self._compared(old, new, "--numstat", "-z")).split("\0")
        found: list[Renamed] = []
        while len(words) > 1:
            # Where a name differs: `added<TAB>removed<TAB>`, then the old and the new name.
            counts = words[0].split("\t")
            if len(counts) != 3 or counts[2]:
                words = words[1:]
                continue
            old_path, new_path = words[1].removeprefix("a/"), words[2].removeprefix("b/")
            if os.devnull not in (words[1], words[2]):
                more, less = (int(n) if n.isdigit() else 0 for n in counts[:2])
                found.append(Renamed(old_path, new_path, more, less))
            words = words[3:]
        return found

    async def _compared(self, before: Dir, after: Dir, *options: str) -> str:
        with self._store.stage() as staged:
            for name, tree in (("a", before), ("b", after)):
                (staged / name).mkdir()
                self._store.export(tree, staged / name)
            args = ("diff", *options, "--no-index", "a", "b")
            return await self._git(args, staged, _NO_REPOSITORY, accept=_DIFFERENT)

    async def apply(self, tree: Dir, patch: bytes) -> Dir:
        """Return a tree with a patch applied.

        Raises:
            UsageError: the patch does not apply.
        """
        with self._store.stage() as staged:
            work = self._copy(tree, staged)
            try:
                await self._apply(patch, work, _NO_REPOSITORY)
            except EnvironmentFailed as error:
                raise UsageError(f"the patch does not apply: {error.message}") from error
            return self._read(work, tree)

    async def _apply(self, patch: bytes, work: Path, variables: Mapping[str, str]) -> None:
        if patch:
            at = work.parent / "patch"
            at.write_bytes(patch)
            await self._git(("apply", "--allow-empty", str(at)), work, variables)

    async def merge(self, base: Dir, sides: Sequence[Side], on_conflict: str) -> Dir:
        """Return a tree with all changes applied; conflicts between two sides as requested.

        Raises:
            UsageError: there is a conflict that fails.
        """
        clashes = conflicts(sides)
        if clashes and on_conflict == "FAIL_EARLY":
            raise UsageError(_conflict(clashes))
        with self._store.stage() as staged:
            work = self._copy(base, staged)
            await self._git(("init",), work, _AUTHOR)
            await self._commit("base", work)
            names = ["ours", "theirs"]
            if len(sides) > len(names):
                names = ["ours", *(f"branch_{number}" for number in range(len(sides) - 1))]
            for name, side in zip(names, sides, strict=True):
                start = () if name == "ours" else ("HEAD~1",)
                await self._git(("checkout", "-b", name, *start), work, _AUTHOR)
                await self._apply(side.patch, work, _AUTHOR)
                await self._commit(name, work)
            await self._git(("checkout", "ours"), work, _AUTHOR)
            favoured = _FAVOUR.get(on_conflict, ())
            try:
                command = ("merge", "--no-edit", "--no-commit", *favoured, *names[1:])
                await self._git(command, work, _AUTHOR)
            except EnvironmentFailed as error:
                if on_conflict in ("FAIL", "FAIL_EARLY"):
                    raise UsageError(_conflict(clashes) or error.message) from error
            if on_conflict not in ("FAIL", "FAIL_EARLY"):
                await self._settle(sides, on_conflict, work)
            return self._read(work, base)

    async def _commit(self, message: str, work: Path) -> None:
        await self._git(("add", "-A"), work, _AUTHOR)
        await self._git(("commit", "--allow-empty", "-m", message), work, _AUTHOR)

    async def _settle(self, sides: Sequence[Side], on_conflict: str, work: Path) -> None:
        """Choose between a file that one side changed and the other removed."""
        ours, theirs = sides
        clashing = _changed_and_removed(ours.changes, theirs.changes)
        for path in clashing:
            we_removed = path in ours.changes.all_removed
            they_removed = path in theirs.changes.all_removed
            match on_conflict:
                case "PREFER_OURS":
                    use_ours = True
                case "PREFER_THEIRS":
                    use_ours = False
                case _:
                    use_ours = they_removed and not we_removed
            if we_removed if use_ours else they_removed:
                await self._git(("rm", "--force", "--", path), work, _AUTHOR)
            else:
                side = "--ours" if use_ours else "--theirs"
                await self._git(("checkout", side, "--", path), work, _AUTHOR)
        if clashing:
            await self._git(("add", "-A"), work, _AUTHOR)

    # -- copies ------------------------------------------------------------------------------------

    def _copy(self, tree: Dir, staged: Path) -> Path:
        work = staged / "work"
        work.mkdir()
        self._store.export(tree.remove(".git"), work)
        return work

    def _read(self, work: Path, tree: Dir) -> Dir:
        """Return what is in a copy; what git did not touch is as it was in the tree."""
        read = View((Layer(work),)).ingest("/", self._store.ingest_file)
        if not isinstance(read, Dir):
            raise TypeError("a copy of a tree is a directory")
        made = _kept(tree, read.remove(".git"))
        git = tree.get(".git")
        return made if git is None else made.put(".git", git)

    async def _git(
        self,
        args: Sequence[str],
        directory: Path,
        variables: Mapping[str, str],
        accept: int = 0,
    ) -> str:
        return await self._program.on_files(
            args, directory, variables, accept=(0, accept), umask=_UMASK
        )


_FAVOUR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"PREFER_OURS": ("-X", "ours"), "PREFER_THEIRS": ("-X", "theirs")}
)


def conflicts(sides: Sequence[Side]) -> list[str]:
    """Return the paths that two sides added or modified, or that one modified and one removed."""
    found: set[str] = set()
    for number, one in enumerate(sides):
        for other in sides[number + 1 :]:
            found.update(set(one.changes.added) & set(other.changes.added))
            found.update(set(one.changes.modified) & set(other.changes.modified))
            found.update(_changed_and_removed(one.changes, other.changes))
    return sorted(found)


def _changed_and_removed(one: Changes, other: Changes) -> list[str]:
    return sorted(set(one.modified) & set(other.removed) | set(other.modified) & set(one.removed))


def _conflict(paths: Sequence[str]) -> str:
    return f"the changesets conflict at {', '.join(paths)}" if paths else ""


def _only(tree: Dir, paths: Sequence[str]) -> Dir:
    made = EMPTY
    for path in paths:
        entry = tree.get(path)
        if entry is not None:
            made = made.put(path, entry)
    return made


def _kept(old: Entry | None, new: Dir) -> Dir:
    """Return a directory that was read back, with the old entries where nothing was changed.

    The copy had no bits beyond rwx, which the tree may have.
    """
    before: Mapping[str, Entry] = old.entries if isinstance(old, Dir) else {}
    entries: dict[str, Entry] = {}
    for name, entry in new.entries.items():
        was = before.get(name)
        match entry:
            case Dir():
                entries[name] = _kept(was, entry)
            case File(digest, _, mode) if isinstance(was, File) and (
                was.digest,
                was.mode & 0o777,
            ) == (digest, mode):
                entries[name] = was
            case _:
                entries[name] = was if was == entry else entry
    mode = old.mode if isinstance(old, Dir) else new.mode
    return replace(new, mode=mode, entries=MappingProxyType(entries))
