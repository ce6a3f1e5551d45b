"""The store's interface for the engine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import Dir, Entry, File, Time
from stiletto.store import export, files, ingest, locks, removal, sealed, trouble
from stiletto.store.directories import Directories
from stiletto.store.layout import Form, file_name, shard
from stiletto.store.opened import translated
from stiletto.store.prune import PruneReport, discard, prune
from stiletto.store.sizes import on_disk

if TYPE_CHECKING:
    from stiletto.store.verify import Verified


LARGE = "large"
"""The notes about large files that were read."""

LARGE_BYTES = 1 << 20
"""From this size on, to read a note is faster than to read the file."""

OLDER = "older"
"""The notes about checkouts that the next versions of their trees lie over."""

OLDER_KEPT = 8
"""For each place: so many sources can take turns."""

PRUNES_KEPT = 10
"""How many of the last prunes are remembered, for who asks why a result is gone."""


class Store(Directories):
    """A store at `root`, made if missing; see the package for what is in it.

    Calls may come from any thread. Each method raises EnvironmentFailed where the disk is full,
    broken, or closed to this user.
    """

    # -- contents -----------------------------------------------------------------------------

    @translated
    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep contents; return their digest and size in bytes."""
        return self._blobs.put(data)

    @translated
    def adopt(self, staged: Path, digest: str, size_bytes: int) -> None:
        """Keep a file of a stage whose digest is known; it may not be written to any more."""
        self._blobs.adopt(staged, digest, size_bytes)

    @translated
    def ingest_file(self, path: Path) -> File:
        """Keep a host file's contents; links are followed.

        Raises:
            UsageError: it is missing, cannot be read, or is not a regular file.
        """
        try:
            return self._checked_out(path) or self._large(path) or self._blobs.add(path)[0]
        except FileNotFoundError as error:
            raise UsageError(f"no such file: {path}") from error

    def _large(self, path: Path) -> File | None:
        """Return a large file that need not be read again, such as a program of an image.

        It is known by the same facts, and from the same age on, as a file of a host directory.
        """
        try:
            facts = path.stat()
        except OSError:
            return None  # who reads it finds the reason
        if facts.st_size < LARGE_BYTES:
            return None
        name = hashlib.sha256(repr(ingest.facts_of(facts)).encode()).hexdigest()
        digest = sealed.fitting(self.note(LARGE, name), lambda data: str(data["digest"]))
        if digest is not None and self._blobs.has(digest, facts.st_size):
            time = Time(facts.st_mtime_ns)
            return File(digest, facts.st_size, facts.st_mode & 0o777, time=time)
        read_ns = self._clock_ns()
        file, read = self._blobs.add(path)
        if ingest.facts_of(read) == ingest.facts_of(facts) and ingest.is_old(facts, read_ns):
            with contextlib.suppress(EnvironmentFailed):  # a disk that is full
                self.put_note(LARGE, name, {"digest": file.digest})
        return file

    @translated
    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether these contents are there, in full length."""
        return self._blobs.has(digest, size_bytes)

    @translated
    def read(self, digest: str) -> bytes:
        """Return contents, checked against their digest.

        Raises:
            EnvironmentFailed: they are missing or damaged.
        """
        return self._blobs.read(digest)

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Yield contents piece by piece; whether they are undamaged is known at the end.

        Raises:
            EnvironmentFailed: they are missing or damaged.
        """
        with trouble.translated(self.root):
            yield from self._blobs.pieces(digest)

    @translated
    def blob(self, digest: str, executable: bool = False) -> Path:
        """Return the file with these contents, 0644 or 0755; it is never written to.

        Raises:
            EnvironmentFailed: they are missing.
        """
        return self._blobs.path(digest, Form(executable))

    # -- trees --------------------------------------------------------------------------------

    @translated
    def ingest(
        self,
        path: Path,
        keep: ingest.Keep | None = None,
        descend: ingest.Descend | None = None,
        *,
        copy: bool = True,
    ) -> Dir:
        """Return a host directory as a tree; files that did not change are not read again.

        Without `copy` its contents are offered: this store copies each file when something needs
        its contents, and raises UsageError then if the file has changed.

        Args:
            path: the directory; it may be a link to one.
            keep: called for each relative path, and whether it is a directory.
            descend: called for each directory: whether to look into it at all.
            copy: whether contents are stored now.

        Raises:
            UsageError: it is not a directory, or something kept cannot be read.
        """
        path = path.absolute()
        name = hashlib.sha256(os.fsencode(path)).hexdigest()
        index = ingest.StatIndex(self.root / "index" / f"{name}.json", self._stage, self._clock_ns)
        return ingest.ingest(path, self._blobs, index, keep, descend, copy=copy)

    @translated
    def save_tree(self, tree: Dir) -> str:
        """Keep a tree's shape, and with it the contents of its files; return its digest.

        Raises:
            UsageError: contents were offered by a host file that has changed since.
        """
        self._settle(tree)
        self.put_record("trees", tree.digest, tree.to_json())
        return tree.digest

    def _settle(self, tree: Dir) -> None:
        """Copy what host files offer of a tree, before anything may overwrite these files."""
        for _, entry in tree.walk():
            if isinstance(entry, File):
                self._blobs.settle(entry.digest, entry.size_bytes)

    @translated
    def was_saved(self, digest: str) -> bool:
        """Whether a tree was saved, perhaps with other times; counts as use.

        Its contents are not looked at: what a step needs of them is, when it is used.
        """
        path = self._record("trees", digest)
        try:
            return self._uses.touch(path) and sealed.is_whole(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return False

    @translated
    def load_tree(self, digest: str) -> Dir | None:
        """Return the tree of this digest, or None if it was never saved or has been pruned."""
        return sealed.fitting(self.record("trees", digest), Dir.from_json)

    @translated
    def has_tree(self, digest: str) -> bool:
        """Whether the tree was saved, and the contents of all its files are there."""
        tree = self.load_tree(digest)
        return tree is not None and all(
            self._blobs.has(entry.digest, entry.size_bytes)
            for _, entry in tree.walk()
            if isinstance(entry, File)
        )

    @translated
    def export(self, tree: Dir, destination: Path, *, wipe: bool = False) -> None:
        """Write a tree into a user's directory, merging, or leaving nothing else with `wipe`.

        Raises:
            UsageError: the destination cannot be written to, or contents were offered by a host
                file that has changed since; nothing has been written then.
        """
        self._settle(tree)
        with trouble.translated(self.root, destination):
            export.write_tree(tree, destination, self._blobs, wipe=wipe)

    @translated
    def apply(self, tree: Dir, gone: Mapping[str, Entry | None], destination: Path) -> None:
        """Write a tree into a user's directory, and remove paths with what was known there.

        Raises:
            UsageError: the destination cannot be written to, or a link leads out of it to
                something that is to be removed; nothing has been changed then.
        """
        self._settle(tree)
        with trouble.translated(self.root, destination):
            if destination.is_dir():
                removal.check_removals(gone, destination)
            export.write_tree(tree, destination, self._blobs, wipe=False)
            removal.remove_entries(gone, destination)

    @translated
    def export_file(self, file: File, destination: Path) -> None:
        """Write a file to exactly this path of the user's.

        Raises:
            UsageError: there is a directory, or it cannot be written to.
        """
        with trouble.translated(self.root, destination):
            export.write_file(file, destination, self._blobs)

    # -- records ------------------------------------------------------------------------------

    @translated
    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small result, or None if there is none (or none whole); counts as use."""
        path = self._record(kind, key)
        # Touched first: from then on nobody removes it, or what it mentions.
        return sealed.read(path) if self._uses.touch(path) else None

    @translated
    def has_record(self, kind: str, key: str) -> bool:
        """Whether there is a file of this name, whole or not."""
        return self._record(kind, key).is_file()

    @translated
    def put_record(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Keep a small result as JSON; it replaces an older one whole.

        Digests that the text mentions (blobs, trees, keys of layers) are kept as long as it is,
        and are on the disk before it.
        """
        self._durable.settle()
        self._write(self._record(kind, key), data)

    def _record(self, kind: str, key: str) -> Path:
        name = file_name(key)
        return self.root / "records" / file_name(kind) / shard(name) / f"{name}.json"

    @translated
    def put_older(self, place: str, names: frozenset[str], checkout: str) -> None:
        """Remember the checkout of a tree, for its next version at the same place.

        `names` are the topmost ones: several sources have the same place.
        """
        first = [checkout, *sorted(names)]
        others = [row for row in self._older(place) if frozenset(row[1:]) != names]
        self.put_note(OLDER, place, {"checkouts": [first, *others[: OLDER_KEPT - 1]]})

    @translated
    def older(self, place: str, names: frozenset[str]) -> tuple[str, Dir] | None:
        """Return the name and the tree of the checkout that has most of these topmost names."""

        def likeness(row: list[str]) -> int:
            return 2 * len(names.intersection(row[1:])) - len(row[1:])

        row = max(self._older(place), key=likeness, default=None)
        if row is None or likeness(row) <= 0:
            return None
        name = row[0]
        tree = self._tree_of(self.root / "checkouts" / file_name(name))
        return (name, tree) if tree is not None else None

    def _older(self, place: str) -> list[list[str]]:
        note = self.note(OLDER, place)
        return (
            sealed.fitting(note, lambda data: [list(map(str, row)) for row in data["checkouts"]])
            or []
        )

    # -- history ------------------------------------------------------------------------------

    @translated
    def put_note(self, kind: str, name: str, data: Mapping[str, Any]) -> None:
        """Keep something about the past; it keeps nothing that it mentions."""
        self._write(self._note(kind, name), data)

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        text = sealed.seal(data)
        self._stage.write(text, lambda staged: files.place(staged, path, self.root))
        self._sizes.add(path, on_disk(len(text)))

    @translated
    def note(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return what was kept, or None; counts as use."""
        path = self._note(kind, name)
        data = sealed.read(path)
        if data is not None:
            files.touch(path)
        return data

    @translated
    def has_note(self, kind: str, name: str) -> bool:
        """Whether there is a file of this name, whole or not."""
        return self._note(kind, name).is_file()

    @translated
    def note_names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted; of a kind whose notes are few."""
        directory = self.root / "history" / kind
        return sorted(path.stem for path in directory.glob("*/*.json"))

    @translated
    def emptied_s(self, kind: str) -> float | None:
        """Return when a kind of notes last changed, in seconds since 1970; None without one."""
        directories = (self.root / "history" / kind).glob("*")
        return max((path.stat().st_mtime for path in directories), default=None)

    @translated
    def drop_note(self, kind: str, name: str) -> None:
        """Remove a note; one that is gone is not an error."""
        files.clear(self._note(kind, name))

    @translated
    def used_since_s(self) -> float | None:
        """Return since when the store is used, in seconds since 1970; None if it was not yet."""
        salt = self.root / "salt"
        return salt.stat().st_mtime if salt.is_file() else None

    def _note_prune(self, by: str) -> None:
        """Remember that something is about to be removed, and by what."""
        with contextlib.suppress(EnvironmentFailed):  # a disk that is full
            self.put_note("prunes", f"{time.time_ns():020d}", {"at_s": time.time(), "by": by})
            for old in self.note_names("prunes")[:-PRUNES_KEPT]:
                self.drop_note("prunes", old)

    def _note(self, kind: str, name: str) -> Path:
        name = file_name(name)
        return self.root / "history" / kind / shard(name) / f"{name}.json"

    # -- together -----------------------------------------------------------------------------

    def later(self, work: Callable[[], None]) -> None:
        """Do something that nothing waits for, in turn; all is done when the store is closed."""
        self._stage.later(work)

    def caught_up(self) -> None:
        """Return when all is done that was to be done later."""
        self._stage.caught_up()

    def lock(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Return a context manager that locks `name` among all tasks and processes."""
        return self._held(self.root / "locks" / file_name(name))

    @contextlib.asynccontextmanager
    async def _held(self, path: Path) -> AsyncIterator[None]:
        with trouble.translated(self.root):
            async with locks.hold(path, self.root):
                yield

    @translated
    def put_script(self, name: str, text: bytes) -> Path:
        """Keep the line that runs a failed step again; return its file."""
        path = self.root / "replay" / name
        self._stage.write(text, lambda staged: files.place(staged, path, self.root))
        return path

    def filled(self, output: str) -> str | None:
        """Return why a step cannot have written all it meant to, or None; see `trouble.filled`."""
        return trouble.filled(self.root, output)

    @translated
    def prune(
        self,
        keep_bytes: int | None = None,
        older_than_s: float | None = None,
        *,
        volumes: bool = False,
        dry_run: bool = False,
    ) -> PruneReport:
        """Drop what was not used lately, then the blobs that nothing kept mentions.

        Args:
            keep_bytes: how much of the disk the store may occupy; what was not used for longest
                goes first.
            older_than_s: drop what was not used for longer than this.
            volumes: whether cache volumes are dropped, too, after everything else.
            dry_run: drop nothing, and return what would be dropped.

        Without limits everything is dropped, cache volumes with `volumes`. Paths that this store
        returned before may be gone afterwards.

        Raises:
            EnvironmentFailed: another process uses the store.
        """
        with self._lock.alone():
            if not dry_run:
                # Before it begins: what is written here counts in the report.
                self._note_prune("`stiletto prune`")
            report = prune(
                self.root,
                self._stage,
                keep_bytes=keep_bytes,
                older_than_s=older_than_s,
                volumes=volumes,
                dry_run=dry_run,
            )
            if dry_run:
                return report
            if (self.root / "locks").is_dir():
                locks.sweep(self.root / "locks", self.root)
        with contextlib.suppress(EnvironmentFailed):  # a disk that is still full
            self._sizes.measured(report.kept_bytes)
        return report

    def keep_within(
        self,
        limit: int | None,
        make_way: Callable[[], object] = lambda: None,
        trim: Callable[[Path], bool] = lambda _volume: False,
    ) -> PruneReport | None:
        """Make the store smaller if it became larger than the limit, down to four fifths of it.

        Others may use the store meanwhile: what they use stays. Cheap where nothing has to go. The
        report is of what went; None where nothing did.

        Args:
            limit: in bytes; None is without one.
            make_way: called before something goes.
            trim: called for each volume that no other process uses, to make it smaller itself;
                returns whether it tried.
        """
        if limit is None or not self._durable.has_written:
            return None
        with contextlib.suppress(EnvironmentFailed), trouble.translated(self.root):
            if not self._sizes.is_within(limit):
                return self._shrink(limit, make_way, trim)
        return None

    def _shrink(
        self, limit: int, make_way: Callable[[], object], trim: Callable[[Path], bool]
    ) -> PruneReport | None:
        from stiletto.store.shrink import look, shrink, trimmed

        with self._lock.turn() as ours:
            if not ours:
                return None
            contents = look(self.root, self._sizes)
            known = contents.known(self.root)
            began = self._sizes.measured(contents.size_bytes, known, began=contents.began)
            if contents.size_bytes <= limit:
                return None
            make_way()
            contents, freed_bytes = trimmed(self.root, contents, trim, self._stage)
            self._note_prune("the size limit")
            # With room below the limit, so that the next call does not have to do this again.
            is_enough = contents.size_bytes <= limit * 9 // 10
            keep_bytes = limit if is_enough else limit * 4 // 5
            report = shrink(self.root, self._stage, self._uses, contents, keep_bytes)
            report = replace(report, freed_bytes=report.freed_bytes + freed_bytes)
            freed_bytes = report.freed_bytes
            self._sizes.measured(report.kept_bytes, began=began, freed_bytes=freed_bytes)
        return report if report.removed or report.freed_bytes else None

    @translated
    def verify(self, *, repair: bool = False) -> Verified:
        """Look at everything in the store; with `repair`, drop what is damaged."""
        from stiletto.store.verify import verify

        def drop(path: Path) -> None:
            if os.path.lexists(path):
                discard(path, self._stage)

        return verify(self.root, drop if repair else None)
