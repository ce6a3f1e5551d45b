"""The directories of a store: committed whole, looked at before they are used again."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from stiletto.errors import EnvironmentFailed
from stiletto.graph.tree import Dir, File, Time
from stiletto.layers.layer import Layer
from stiletto.layers.paths import lstat
from stiletto.layers.remove import remove_tree
from stiletto.store import checkout, export, files, manifest, sealed, trouble
from stiletto.store.blobs import is_untouched
from stiletto.store.layout import DIRECTORY_KINDS, LAYER, MANIFEST, TREE, checkout_key, file_name
from stiletto.store.opened import Opened, translated
from stiletto.store.prune import discard
from stiletto.store.sizes import own_bytes
from stiletto.store.volumes import NO_FILES, digest_of_files


class Directories(Opened):
    """What a store keeps as directories: checkouts, layers, volumes, and what is staged."""

    @contextlib.contextmanager
    def stage(self) -> Iterator[Path]:
        """Yield a new empty directory; what of it was not committed is removed afterwards."""
        with trouble.translated(self.root):
            path = self._stage.directory()
            try:
                yield path
            finally:
                self._stage.drop(path)

    @translated
    def commit(self, staged: Path, kind: str, key: str) -> Path:
        """Give a staged directory its place, `<kind>/<key>`; return that.

        If the place is taken, the first one wins and the staged directory is removed.
        """
        if kind not in DIRECTORY_KINDS:
            raise ValueError(f"nothing can be committed as {kind!r}")
        target = self.root / kind / file_name(key)
        files.touch(staged)
        size_bytes = own_bytes(staged)
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
                self._sizes.add(target, size_bytes, at_once=True)
                break
        return target

    @translated
    def directory(self, kind: str, key: str) -> Path | None:
        """Return what was committed as `<kind>/<key>`, or None; counts as use."""
        path = self.root / kind / file_name(key)
        # Touched first: from then on nobody removes it.
        return path if self._uses.touch(path) and path.is_dir() else None

    @translated
    def checkout(
        self,
        tree: Dir,
        *,
        removed: frozenset[str] = frozenset(),
        apart: Collection[checkout.Inode] = (),
    ) -> Layer:
        """Return the tree as a layer on disk, which is never to be written to.

        Args:
            tree: what it has; only its hard links are one file.
            removed: paths of layers below that it hides.
            apart: blobs whose inodes layers below show already.

        Raises:
            EnvironmentFailed: contents are missing from the store.
        """
        key = checkout_key(tree, removed, apart)
        found = self.directory("checkouts", key)
        checked = found is not None and self._is_checked(found)
        if found is not None and not checked and not self._is_unchanged(found):
            self._drop_damaged(found, "the files there have changed")
            found = None
        if found is None:
            with self.stage() as staged:
                root = staged / "fs"
                root.mkdir()
                checkout.check_out(tree, root, self._blobs, removed, apart)
                (staged / TREE).write_bytes(sealed.seal({"tree": tree.to_json()}))
                found = self.commit(staged, "checkouts", key)
                self._is_checked(found)
        return Layer(found / "fs", removed)

    def _is_unchanged(self, found: Path) -> bool:
        """Whether a checkout has the files, with the times, that it was made with."""
        tree = self._tree_of(found)
        return tree is not None and checkout.is_unchanged_tree(tree, found / "fs")

    def _tree_of(self, found: Path) -> Dir | None:
        """Return the tree that a checkout was made of, or None if that cannot be read."""
        last, tree = self._last_tree
        if last != found:
            data = sealed.read(found / TREE)
            tree = sealed.fitting(data, lambda whole: Dir.from_json(whole["tree"]))
            self._last_tree = found, tree
        return tree

    def _checked_out(self, path: Path) -> File | None:
        """Return a file of a checkout, whose contents are known: it need not be read."""
        key, _, inside = os.fspath(path).removeprefix(self._checkouts).partition("/fs/")
        if not inside or "/" in key:
            return None
        if key not in self._laid_out:
            tree = self._tree_of(self.root / "checkouts" / key)
            entries = tree.walk() if tree is not None else ()
            self._laid_out[key] = {at: each for at, each in entries if isinstance(each, File)}
        file, facts = self._laid_out[key].get(inside), lstat(path)
        if file is None or facts is None or not self._blobs.has(file.digest, file.size_bytes):
            return None
        if not is_untouched(facts, file.digest, file.size_bytes, file.time.ns):
            return None
        time = Time(facts.st_mtime_ns)
        return File(file.digest, file.size_bytes, facts.st_mode & 0o777, time=time)

    @translated
    def commit_layer(self, key: str, staged_upper: Path, layer: Layer) -> Layer:
        """Keep what a step wrote: the directory, and the rest of `layer`.

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
            self._is_checked(self.commit(staged, "layers", key))
        committed = self.layer(key)
        if committed is None:
            raise EnvironmentFailed(f"layer {key} vanished from {self.root} while it was stored")
        return committed

    @translated
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
            self._drop_damaged(path, f"{LAYER} is damaged")
            return None
        if not self._is_checked(path):
            listed = sealed.read(path / MANIFEST)
            try:
                lost = manifest.changed(path / "fs", listed or {})
            except sealed.MISFIT:
                lost = f"../{MANIFEST}"
            if lost is not None:
                self._drop_damaged(path, f"fs/{lost} has changed")
                return None
        return layer

    @translated
    def written(self, layer: Layer) -> str:
        """Return a digest of what a step wrote into a layer, by names, lengths and times.

        The same key can have another layer later: one that was removed, and made again. "" for a
        checkout, whose key is its content.
        """
        try:
            listed = (layer.root.parent / MANIFEST).read_bytes()
        except FileNotFoundError:
            return ""
        return hashlib.sha256(listed).hexdigest()

    def _is_checked(self, path: Path) -> bool:
        """Whether an entry was checked before; from now on it is.

        Once for each process: a crash ends them all, and looking at all files costs time.
        """
        try:
            inode = path.stat().st_ino
        except FileNotFoundError:
            return False
        checked = self._checked.get(path) == inode
        self._checked[path] = inode
        return checked

    def _drop_damaged(self, path: Path, why: str) -> None:
        """Move a damaged entry out of the way, so that it is made again."""
        self._tell(f"{path} was damaged and is recreated: {why}")
        discard(path, self._stage)

    @translated
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
        if not self._uses.touch(path):
            files.make_way(path, self.root)
        return path

    @translated
    def volume_digest(self, identity: str) -> str | None:
        """Return what identifies a volume's files; None if they are too many.

        One that no step has used is as an empty one, which is what the first step finds.
        """
        path = self.root / "volumes" / file_name(identity)
        return digest_of_files(path) if self._uses.touch(path) else NO_FILES
