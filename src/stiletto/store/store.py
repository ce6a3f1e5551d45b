"""The store's one front: what the engine calls."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.tree import Dir, File
from stiletto.sandbox.plan import Layer
from stiletto.store import checkout, export, files, ingest, locks
from stiletto.store.blobs import Blobs
from stiletto.store.layout import OWN_KINDS, file_name, shard
from stiletto.store.prune import PruneReport, prune
from stiletto.store.stage import Stage

__all__ = ["Store"]


class Store:
    """A store at `root`, made if missing; see the package for what is in it.

    Calls may come from any thread. It is open until `close`, or until the process ends.

    Args:
        clock_ns: the time that decides whether a file is too young to be remembered.

    Raises:
        EnvironmentFailed: the directory cannot be made or written to.
    """

    def __init__(self, root: Path, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self.root = root.absolute()
        self._clock_ns = clock_ns
        try:
            # Blobs are 0644 whatever their sources were, so the way to them is the owner's alone.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = locks.StoreLock(self.root)
            self._stage = Stage(self.root / "stage")
        except OSError as error:
            raise EnvironmentFailed(
                f"cannot use the cache {self.root}: {(error.strerror or str(error)).lower()}",
                hint="set STILETTO_CACHE to a directory that can be written to",
            ) from error
        self._blobs = Blobs(self.root / "blobs", self._stage)
        # The stage first: nobody may prune while something is still half done.
        self._closer = weakref.finalize(
            self,
            _close,
            os.getpid(),
            self._stage.path,
            self._stage.descriptor,
            self._lock.descriptor,
        )

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

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep contents; return their digest and size in bytes."""
        return self._blobs.put(data)

    def ingest_file(self, path: Path) -> File:
        """Keep a host file's contents; links are followed.

        Raises:
            UsageError: it is missing, cannot be read, or is no regular file.
        """
        try:
            return self._blobs.add(path)[0]
        except FileNotFoundError as error:
            raise UsageError(f"no such file: {path}") from error

    def read(self, digest: str) -> bytes:
        """Return contents, checked against their digest.

        Raises:
            EnvironmentFailed: they are missing or damaged.
        """
        return self._blobs.read(digest)

    def blob(self, digest: str, executable: bool = False) -> Path:
        """Return the file with these contents, 0644 or 0755; nobody may write to it.

        Raises:
            EnvironmentFailed: they are missing.
        """
        return self._blobs.path(digest, executable=executable)

    # -- trees ------------------------------------------------------------------------------

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

    def save_tree(self, tree: Dir) -> str:
        """Keep a tree's shape, and with it the contents of its files; return its digest."""
        self.put_record("trees", tree.digest, tree.to_json())
        return tree.digest

    def load_tree(self, digest: str) -> Dir | None:
        """Return the tree of this digest, or None if it was never saved or has been pruned."""
        data = self.record("trees", digest)
        return Dir.from_json(data) if data is not None else None

    def checkout(self, tree: Dir, *, removed: frozenset[str] = frozenset()) -> Layer:
        """Return the tree as a layer on disk, which is never to be written to.

        Raises:
            EnvironmentFailed: contents are missing from the store.
        """
        hides = "".join(f"\0{path}" for path in sorted(removed))
        key = hashlib.sha256((tree.digest + hides).encode("utf-8", "surrogateescape")).hexdigest()
        found = self.directory("checkouts", key)
        if found is None:
            with self.stage() as staged:
                root = staged / "fs"
                root.mkdir()
                checkout.lay_out(tree, root, self._blobs, removed)
                found = self.commit(staged, "checkouts", key)
        return Layer(found / "fs", removed)

    def export(self, tree: Dir, destination: Path, *, wipe: bool = False) -> None:
        """Write a tree into a user's directory, merging, or leaving nothing else with `wipe`.

        Raises:
            UsageError: the destination cannot be written to.
        """
        export.write_tree(tree, destination, self._blobs, wipe=wipe)

    def export_file(self, file: File, destination: Path) -> None:
        """Write a file to exactly this path of the user's.

        Raises:
            UsageError: a directory stands there, or it cannot be written to.
        """
        export.write_file(file, destination, self._blobs)

    # -- directories ------------------------------------------------------------------------

    @contextlib.contextmanager
    def stage(self) -> Iterator[Path]:
        """Yield a new empty directory; what of it was not committed is removed at the end."""
        path = self._stage.directory()
        try:
            yield path
        finally:
            files.remove_tree(path)

    def commit(self, staged: Path, kind: str, key: str) -> Path:
        """Give a staged directory its place, `<kind>/<key>`; return that.

        If the place is taken, whoever came first wins and the staged directory is removed.
        """
        if kind in OWN_KINDS or kind != file_name(kind):
            raise ValueError(f"nothing can be committed as {kind!r}")
        target = self.root / kind / file_name(key)
        files.touch(staged)
        try:
            files.move(staged, target)
        except OSError:
            if not target.is_dir():
                raise
            files.remove_tree(staged)
        return target

    def directory(self, kind: str, key: str) -> Path | None:
        """Return what was committed as `<kind>/<key>`, or None; counts as use."""
        path = self.root / kind / file_name(key)
        if not path.is_dir():
            return None
        files.touch(path)
        return path

    def commit_layer(self, key: str, staged_upper: Path, layer: Layer) -> Layer:
        """Keep what a step wrote: the directory, and what `layer` says about it.

        `staged_upper` must be on the store's file system (under a `stage()`), and is gone
        afterwards.
        """
        facts = {"removed": sorted(layer.removed), "relocatable": sorted(layer.relocatable)}
        with self.stage() as staged:
            files.move(staged_upper, staged / "fs")
            (staged / "layer.json").write_text(json.dumps(facts))
            self.commit(staged, "layers", key)
        committed = self.layer(key)
        if committed is None:
            raise EnvironmentFailed(f"layer {key} vanished from {self.root} while it was stored")
        return committed

    def layer(self, key: str) -> Layer | None:
        """Return a committed layer, or None; counts as use."""
        path = self.directory("layers", key)
        if path is None:
            return None
        try:
            facts = json.loads((path / "layer.json").read_bytes())
        except (FileNotFoundError, ValueError):
            # Only a power failure leaves this; out of the way, so that the step can run again.
            with self.stage() as grave:
                files.move(path, grave / "damaged")
            return None
        return Layer(path / "fs", frozenset(facts["removed"]), frozenset(facts["relocatable"]))

    def volume(self, identity: str) -> Path:
        """Return the directory of a cache volume, made if missing; prune leaves it alone."""
        path = self.root / "volumes" / file_name(identity)
        path.mkdir(parents=True, exist_ok=True)
        return path

    # -- records ----------------------------------------------------------------------------

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a small result, or None if there is none (or none whole); counts as use."""
        path = self._record(kind, key)
        try:
            data = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            # Only a power failure leaves half a record; it is then as good as none.
            return None
        files.touch(path)
        return data if isinstance(data, dict) else None

    def put_record(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Keep a small result as JSON; it replaces an older one whole.

        Digests that the text mentions (blobs, trees, keys of layers) are kept as long as it is.
        """
        text = json.dumps(data, separators=(",", ":"), sort_keys=True)
        descriptor, staged = self._stage.file()
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        files.place(staged, self._record(kind, key))

    def _record(self, kind: str, key: str) -> Path:
        name = file_name(key)
        return self.root / "records" / file_name(kind) / shard(name) / f"{name}.json"

    # -- together ---------------------------------------------------------------------------

    def lock(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Return a context manager that holds `name` alone among all tasks and processes."""
        return locks.hold(self.root / "locks" / file_name(name))

    def prune(
        self, keep_bytes: int | None = None, older_than_s: float | None = None
    ) -> PruneReport:
        """Drop what was not used lately, then the blobs that nothing kept mentions.

        Args:
            keep_bytes: how much may stay; the least recently used goes first.
            older_than_s: drop what was not used for longer than this.

        Without limits everything but cache volumes is dropped. Paths that this store handed out
        before may be gone afterwards.

        Raises:
            EnvironmentFailed: another process uses the store.
        """
        with self._lock.alone():
            report = prune(self.root, self._stage, keep_bytes=keep_bytes, older_than_s=older_than_s)
            (self.root / "locks").mkdir(exist_ok=True)
            locks.sweep(self.root / "locks")
        return report


def _close(pid: int, stage: Path, stage_descriptor: int, lock_descriptor: int) -> None:
    if pid != os.getpid():  # a fork that ends: the stage is still its parent's
        return
    with contextlib.suppress(OSError):
        files.remove_tree(stage)
    os.close(stage_descriptor)
    os.close(lock_descriptor)
