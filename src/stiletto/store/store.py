"""The store's one front: what the engine calls."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.layer import Layer
from stiletto.graph.tree import Dir, Entry, File
from stiletto.layers.remove import remove_tree
from stiletto.store import (
    checkout,
    export,
    files,
    ingest,
    locks,
    manifest,
    removal,
    sealed,
    trouble,
)
from stiletto.store.blobs import Blobs
from stiletto.store.durable import Durable
from stiletto.store.layout import (
    DIRECTORY_KINDS,
    LAYER,
    MANIFEST,
    TREE,
    checkout_key,
    file_name,
    shard,
)
from stiletto.store.limit import Measured, used_bytes
from stiletto.store.prune import PruneReport, discard, measure, prune
from stiletto.store.stage import Stage

if TYPE_CHECKING:
    from stiletto.store.verify import Verified


_SIZE = "size.json"

P = ParamSpec("P")
T = TypeVar("T")


def _translated(
    method: Callable[Concatenate[Store, P], T],
) -> Callable[Concatenate[Store, P], T]:
    """Let a method raise what people can act on where the machine refuses."""

    @functools.wraps(method)
    def call(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with trouble.translated(self.root):
            return method(self, *args, **kwargs)

    return call


class Store:
    """A store at `root`, made if missing; see the package for what is in it.

    Calls may come from any thread. It is open until `close`, or until the process ends.

    Args:
        clock_ns: the time that decides whether a file is too young to be remembered.
        tell: gets a line about each damage that was found and mended.

    Each method raises EnvironmentFailed where the disk is full, broken, or closed to this user.

    Raises:
        EnvironmentFailed: the directory cannot be made or written to.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.root = root.absolute()
        self._clock_ns = clock_ns
        self._tell = tell
        self._seen: dict[Path, int] = {}
        try:
            # Blobs are 0644 whatever their sources were, so the way to them is the owner's alone.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _must_be_ours(self.root)
            is_new = not os.path.lexists(self.root / ".lock")
            self._lock = locks.StoreLock(self.root, tell)
            self._stage = Stage(self._directory("stage"), tell)
        except OSError as error:
            raise trouble.told(error, self.root) or EnvironmentFailed(
                f"cannot use the cache {self.root}: {(error.strerror or str(error)).lower()}",
                hint="set STILETTO_CACHE to a directory that can be written to",
            ) from error
        self._durable = Durable(self.root)
        self._blobs = Blobs(self._directory("blobs"), self._stage, self._durable)
        if is_new:
            with contextlib.suppress(EnvironmentFailed):
                self._measured(0)
        # The stage first: nobody may prune while something is still half done.
        self._closer = weakref.finalize(
            self, _close, os.getpid(), self._stage.closer(), self._lock.descriptor
        )

    def _directory(self, name: str) -> Path:
        """Return a directory of the store; a file that stands there is removed."""
        path = self.root / name
        if os.path.lexists(path) and not path.is_dir():
            files.clear(path)
            self._tell(
                f"{path} was a file in the place of a directory: removed; "
                "`stiletto verify` checks the rest"
            )
        return path

    def close(self) -> None:
        """Give up the locks and remove what was staged; a second call changes nothing."""
        self._closer()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- contents ---------------------------------------------------------------------------

    @_translated
    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep contents; return their digest and size in bytes."""
        return self._blobs.put(data)

    @_translated
    def ingest_file(self, path: Path) -> File:
        """Keep a host file's contents; links are followed.

        Raises:
            UsageError: it is missing, cannot be read, or is no regular file.
        """
        try:
            return self._blobs.add(path)[0]
        except FileNotFoundError as error:
            raise UsageError(f"no such file: {path}") from error

    @_translated
    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether these contents are there, in full length."""
        return self._blobs.has(digest, size_bytes)

    @_translated
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

    @_translated
    def blob(self, digest: str, executable: bool = False) -> Path:
        """Return the file with these contents, 0644 or 0755; nobody may write to it.

        Raises:
            EnvironmentFailed: they are missing.
        """
        return self._blobs.path(digest, executable=executable)

    # -- trees ------------------------------------------------------------------------------

    @_translated
    def ingest(
        self, path: Path, keep: ingest.Keep | None = None, descend: ingest.Descend | None = None
    ) -> Dir:
        """Return a host directory as a tree; files that did not change are not read again.

        Args:
            path: the directory; it may be a link to one.
            keep: asked for each relative path, and whether it is a directory.
            descend: asked for each directory whether to look into it at all.

        Raises:
            UsageError: it is no directory, or something kept cannot be read.
        """
        path = path.absolute()
        name = hashlib.sha256(os.fsencode(path)).hexdigest()
        index = ingest.StatIndex(self.root / "index" / f"{name}.json", self._stage, self._clock_ns)
        return ingest.take_in(path, self._blobs, index, keep, descend)

    @_translated
    def save_tree(self, tree: Dir) -> str:
        """Keep a tree's shape, and with it the contents of its files; return its digest."""
        self.put_record("trees", tree.digest, tree.to_json())
        return tree.digest

    @_translated
    def load_tree(self, digest: str) -> Dir | None:
        """Return the tree of this digest, or None if it was never saved or has been pruned."""
        return sealed.fitting(self.record("trees", digest), Dir.from_json)

    @_translated
    def has_tree(self, digest: str) -> bool:
        """Whether the tree was saved, and the contents of all its files are there."""
        tree = self.load_tree(digest)
        return tree is not None and all(
            self._blobs.has(entry.digest, entry.size_bytes)
            for _, entry in tree.walk()
            if isinstance(entry, File)
        )

    @_translated
    def checkout(self, tree: Dir, *, removed: frozenset[str] = frozenset()) -> Layer:
        """Return the tree as a layer on disk, which is never to be written to.

        Raises:
            EnvironmentFailed: contents are missing from the store.
        """
        key = checkout_key(tree, removed)
        found = self.directory("checkouts", key)
        seen = found is not None and self._is_seen(found)
        if found is not None and not seen and not checkout.stands(tree, found / "fs"):
            self._give_up(found, "what was laid out there has changed")
            found = None
        if found is None:
            with self.stage() as staged:
                root = staged / "fs"
                root.mkdir()
                checkout.lay_out(tree, root, self._blobs, removed)
                (staged / TREE).write_bytes(sealed.seal({"tree": tree.to_json()}))
                found = self.commit(staged, "checkouts", key)
                self._is_seen(found)
        return Layer(found / "fs", removed)

    @_translated
    def export(self, tree: Dir, destination: Path, *, wipe: bool = False) -> None:
        """Write a tree into a user's directory, merging, or leaving nothing else with `wipe`.

        Raises:
            UsageError: the destination cannot be written to.
        """
        with trouble.translated(self.root, destination):
            export.write_tree(tree, destination, self._blobs, wipe=wipe)

    @_translated
    def apply(self, tree: Dir, gone: Mapping[str, Entry | None], destination: Path) -> None:
        """Write a tree into a user's directory, and remove paths with what was known there.

        Raises:
            UsageError: the destination cannot be written to, or a link leads out of it to
                something that is to be removed; nothing has been changed then.
        """
        with trouble.translated(self.root, destination):
            if destination.is_dir():
                removal.check_removals(gone, destination)
            export.write_tree(tree, destination, self._blobs, wipe=False)
            removal.remove_entries(gone, destination)

    @_translated
    def export_file(self, file: File, destination: Path) -> None:
        """Write a file to exactly this path of the user's.

        Raises:
            UsageError: a directory stands there, or it cannot be written to.
        """
        with trouble.translated(self.root, destination):
            export.write_file(file, destination, self._blobs)

    # -- directories ------------------------------------------------------------------------

    @contextlib.contextmanager
    def stage(self) -> Iterator[Path]:
        """Yield a new empty directory; what of it was not committed is removed at the end."""
        with trouble.translated(self.root):
            path = self._stage.directory()
            try:
                yield path
            finally:
                remove_tree(path)

    @_translated
    def commit(self, staged: Path, kind: str, key: str) -> Path:
        """Give a staged directory its place, `<kind>/<key>`; return that.

        If the place is taken, whoever came first wins and the staged directory is removed.
        """
        if kind not in DIRECTORY_KINDS:
            raise ValueError(f"nothing can be committed as {kind!r}")
        target = self.root / kind / file_name(key)
        files.touch(staged)
        self._durable.note()
        for _ in range(2):
            try:
                files.move(staged, target, self.root)
            except OSError:
                if target.is_dir():
                    remove_tree(staged)
                    break
                if not os.path.lexists(target):
                    raise
                files.clear(target)  # no directory: damaged
            else:
                break
        return target

    @_translated
    def directory(self, kind: str, key: str) -> Path | None:
        """Return what was committed as `<kind>/<key>`, or None; counts as use."""
        path = self.root / kind / file_name(key)
        if not path.is_dir():
            return None
        files.touch(path)
        return path

    @_translated
    def commit_layer(self, key: str, staged_upper: Path, layer: Layer) -> Layer:
        """Keep what a step wrote: the directory, and what `layer` says about it.

        `staged_upper` must be on the store's file system (under a `stage()`), and is gone
        afterwards.
        """
        facts = {"removed": sorted(layer.removed), "relocatable": sorted(layer.relocatable)}
        with self.stage() as staged:
            files.move(staged_upper, staged / "fs", self.root)
            (staged / LAYER).write_bytes(sealed.seal(facts))
            (staged / MANIFEST).write_bytes(sealed.seal(manifest.describe(staged / "fs")))
            # One that is damaged, or that an older version wrote, makes way.
            self.layer(key)
            self._is_seen(self.commit(staged, "layers", key))
        committed = self.layer(key)
        if committed is None:
            raise EnvironmentFailed(f"layer {key} vanished from {self.root} while it was stored")
        return committed

    @_translated
    def layer(self, key: str) -> Layer | None:
        """Return a committed layer, or None; counts as use."""
        path = self.directory("layers", key)
        if path is None:
            return None
        facts = sealed.read(path / LAYER)
        layer = sealed.fitting(
            facts,
            lambda data: Layer(
                path / "fs", frozenset(data["removed"]), frozenset(data["relocatable"])
            ),
        )
        if layer is None:
            self._give_up(path, f"{LAYER} is damaged")
            return None
        if not self._is_seen(path):
            listed = sealed.read(path / MANIFEST)
            try:
                lost = manifest.changed(path / "fs", listed or {})
            except sealed.MISFIT:
                lost = f"../{MANIFEST}"
            if lost is not None:
                self._give_up(path, f"fs/{lost} has changed")
                return None
        return layer

    def _is_seen(self, path: Path) -> bool:
        """Whether an entry was looked at before; from now on it was.

        Once for each process: a crash ends them all, and looking at all files costs time.
        """
        try:
            inode = path.stat().st_ino
        except FileNotFoundError:
            return False
        seen = self._seen.get(path) == inode
        self._seen[path] = inode
        return seen

    def _give_up(self, path: Path, why: str) -> None:
        """Move a damaged entry out of the way, so that it is made anew."""
        self._tell(f"{path} was damaged and is made anew: {why}")
        discard(path, self._stage)

    @_translated
    def volume(self, identity: str, seed: Dir | None = None) -> Path:
        """Return the directory of a cache volume, made if missing; counts as use.

        Args:
            identity: the volume's.
            seed: what an empty volume starts with; it is there whole or not at all.
        """
        path = self.root / "volumes" / file_name(identity)
        if seed is None:
            files.make_way(path, self.root)
        elif not path.is_dir() or not any(path.iterdir()):
            with self.stage() as staged:
                filled = staged / "volume"
                filled.mkdir(mode=0o755)
                export.write_tree(seed, filled, self._blobs, wipe=False)
                self._durable.note()
                self._durable.settle()
                if path.is_file():
                    files.clear(path)
                try:
                    files.move(filled, path, self.root)
                except OSError as error:
                    # Another process was first, and perhaps wrote to it since.
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
        files.touch(path)
        return path

    @_translated
    def forget_volume(self, identity: str) -> None:
        """Drop a cache volume; a step that has it mounted keeps what it has."""
        path = self.root / "volumes" / file_name(identity)
        if path.is_dir():
            discard(path, self._stage)

    # -- records ----------------------------------------------------------------------------

    @_translated
    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small result, or None if there is none (or none whole); counts as use."""
        path = self._record(kind, key)
        data = sealed.read(path)
        if data is not None:
            files.touch(path)
        return data

    @_translated
    def put_record(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Keep a small result as JSON; it replaces an older one whole.

        Digests that the text mentions (blobs, trees, keys of layers) are kept as long as it is,
        and are on the disk before it.
        """
        self._durable.settle()
        path = self._record(kind, key)
        self._stage.write(sealed.seal(data), lambda staged: files.place(staged, path, self.root))

    def _record(self, kind: str, key: str) -> Path:
        name = file_name(key)
        return self.root / "records" / file_name(kind) / shard(name) / f"{name}.json"

    # -- together ---------------------------------------------------------------------------

    def lock(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Return a context manager that holds `name` alone among all tasks and processes."""
        return self._held(self.root / "locks" / file_name(name))

    @contextlib.asynccontextmanager
    async def _held(self, path: Path) -> AsyncIterator[None]:
        with trouble.translated(self.root):
            async with locks.hold(path, self.root):
                yield

    @_translated
    def put_script(self, name: str, text: bytes) -> Path:
        """Keep the line that runs a failed step again; return its file."""
        path = self.root / "replay" / name
        self._stage.write(text, lambda staged: files.place(staged, path, self.root))
        return path

    def filled(self, output: str) -> str | None:
        """Return why a step cannot have written all it meant to, or None; see `trouble.filled`."""
        return trouble.filled(self.root, output)

    @_translated
    def prune(
        self,
        keep_bytes: int | None = None,
        older_than_s: float | None = None,
        *,
        volumes: bool = False,
    ) -> PruneReport:
        """Drop what was not used lately, then the blobs that nothing kept mentions.

        Args:
            keep_bytes: how much of the disk the store may occupy; what was not used for longest
                goes first.
            older_than_s: drop what was not used for longer than this.
            volumes: whether cache volumes are dropped, too.

        Without limits everything is dropped, cache volumes as said. Paths that this store handed
        out before may be gone afterwards.

        Raises:
            EnvironmentFailed: another process uses the store.
        """
        with self._lock.alone():
            report = prune(
                self.root,
                self._stage,
                keep_bytes=keep_bytes,
                older_than_s=older_than_s,
                volumes=volumes,
            )
            if (self.root / "locks").is_dir():
                locks.sweep(self.root / "locks", self.root)
        with contextlib.suppress(EnvironmentFailed):  # a disk that is still full
            self._measured(report.kept_bytes)
        return report

    def keep_within(self, limit: int | None) -> None:
        """Make the store smaller if it became larger than the limit, down to four fifths of it.

        Cheap: the store is measured only where it may be too large, and pruned only where nobody
        else uses it; the next call tries again.
        """
        if limit is None or not self._durable.has_written:
            return
        with contextlib.suppress(EnvironmentFailed), trouble.translated(self.root):
            known = sealed.fitting(sealed.read(self.root / _SIZE), Measured.from_json)
            if known is not None and not known.may_exceed(limit, used_bytes(self.root)):
                return
            size = sum(measure(self.root, self._stage).values())
            self._measured(size)
            if size > limit:
                self.prune(keep_bytes=limit * 4 // 5, volumes=True)

    @_translated
    def _measured(self, size: int) -> None:
        data = sealed.seal(Measured(size, used_bytes(self.root)).to_json())
        path = self.root / _SIZE
        self._stage.write(data, lambda staged: files.place(staged, path, self.root))

    @_translated
    def verify(self, *, repair: bool = False) -> Verified:
        """Look at everything in the store; with `repair`, drop what is damaged."""
        from stiletto.store.verify import verify

        def drop(path: Path) -> None:
            if os.path.lexists(path):
                discard(path, self._stage)

        return verify(self.root, drop if repair else None)


def _must_be_ours(root: Path) -> None:
    """Refuse a store of somebody else, for root as for anybody.

    What is in it was made by whoever owns it, and what we left in it they could not remove.
    """
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise EnvironmentFailed(
            f"the cache {root} belongs to {_user(owner)}, not to {_user(os.geteuid())}",
            hint="set STILETTO_CACHE to a directory of your own, "
            "or run stiletto as the user to whom the cache belongs",
        )


def _user(uid: int) -> str:
    import pwd

    try:
        return f"user {pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return f"user {uid}"


def _close(pid: int, close_stage: Callable[[], None], lock_descriptor: int) -> None:
    if pid != os.getpid():  # a fork that ends: the stage is still its parent's
        return
    close_stage()
    os.close(lock_descriptor)
