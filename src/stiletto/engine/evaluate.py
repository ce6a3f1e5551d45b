"""Turns recipes into trees, files and finished commands.

    Directory -> tree.Dir          File -> NamedFile        Root -> Stack       Exec -> Finished

Each recipe is evaluated once per session: callers of the same recipe share one task. A command
is looked up by a key made from content (`step_key`); the same key gives the stored result, in
this session, the next one, or another process, and while one process runs it the others wait.
Failures are not stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import posixpath
import shlex
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.patterns import Filter as PatternFilter
from stiletto.api.secrets import CacheVolume
from stiletto.api.service import Service
from stiletto.engine.keys import step_inputs
from stiletto.engine.output import tail
from stiletto.engine.secrets import SecretStore
from stiletto.engine.services import Services
from stiletto.engine.surface import (
    DeltaSurface,
    Surface,
    TreeSurface,
    make_directory,
    put_directory,
    put_file,
)
from stiletto.errors import StepFailed, StilettoError, UsageError
from stiletto.graph.changes import compare, difference
from stiletto.graph.recipe import Recipe, digest_of
from stiletto.graph.tree import EMPTY, Dir, File, Link, TreeError, split
from stiletto.module.source import context_of
from stiletto.progress import Outcome, Progress, Span
from stiletto.sandbox import plan
from stiletto.sandbox.relocation import restore
from stiletto.sandbox.skeleton import materialise_image, skeleton
from stiletto.store import GitignoreFiles, Store, View
from stiletto.store.view import Node

__all__ = ["Evaluator", "Finished", "NamedFile", "Stack", "current_span"]

T = TypeVar("T")

MAX_LAYERS = 30  # one overlay mount takes about 40 layers; see sandbox.bubblewrap
NEVER_STORED = range(128, 192)  # ended by a signal: always a failure; as the real engine
SCRATCH = plan.Image("scratch", "scratch", "nothing")

current_span: ContextVar[Span | None] = ContextVar("current_span", default=None)
preparing: ContextVar[bool] = ContextVar("preparing", default=False)
"""Set while the engine works for itself (a module's environment): told only when it takes time."""


class Images(Protocol):
    """Where images come from."""

    async def resolve(self, address: str) -> plan.Image: ...


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file with the name it goes by."""

    name: str
    file: File


@dataclass(frozen=True, slots=True)
class Stack:
    """What stands at `/`: an image and layers over it, lowest first, each with its key."""

    image: plan.Image
    layers: tuple[tuple[str, plan.Layer], ...] = ()

    @property
    def keys(self) -> list[str]:
        """What the stack is, for a key: the image's identity and the layers' keys."""
        return [self.image.identity, *(key for key, _ in self.layers)]

    def over(self, key: str, layer: plan.Layer) -> Stack:
        """Return the stack with one more layer.

        The same directory below is dropped: the kernel refuses one twice, and it is hidden by
        the one above anyway.
        """
        kept = tuple((k, known) for k, known in self.layers if known.root != layer.root)
        return replace(self, layers=(*kept, (key, layer)))


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended as expected."""

    key: str
    exit_code: int
    stdout: bytes
    stderr: bytes
    combined: bytes
    layer: plan.Layer
    mounts: Mapping[str, plan.Layer]


class Evaluator:
    """Evaluates recipes with a store, a sandbox and images."""

    def __init__(
        self,
        store: Store,
        sandbox: plan.Sandbox,
        images: Images,
        secrets: SecretStore,
        progress: Progress,
        parallel: int | None = None,
    ) -> None:
        self.store = store
        self.sandbox = sandbox
        self.images = images
        self.secrets = secrets
        self.progress = progress
        self._slots = asyncio.Semaphore(parallel or max(2, os.cpu_count() or 2))
        self._running: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._images: dict[str, plan.Image] = {}
        self._image_layers: dict[str, plan.Layer] = {}
        self.services = Services(self)
        self.nested: Callable[[], Awaitable[Mapping[str, str]]] | None = None

    # -- once per recipe ---------------------------------------------------------------------

    async def _once(self, what: str, recipe: Recipe, make: Callable[[], Awaitable[T]]) -> T:
        key = (what, recipe.digest)
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(make())
            self._running[key] = task
            # A failure is told to everybody who waits now, and tried again by who asks later.
            task.add_done_callback(lambda t: self._forget(key, t))
        # One caller giving up must not end the work of the others.
        result: T = await asyncio.shield(task)
        return result

    def _forget(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._running.pop(key, None)

    async def close(self) -> None:
        """End everything that still runs."""
        tasks = [task for task in self._running.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.services.close()

    # -- directories and files -----------------------------------------------------------------

    async def tree(self, directory: f.Directory) -> Dir:
        """Evaluate a directory."""
        return await self._once("tree", directory, lambda: self._tree(directory))

    async def _tree(self, directory: f.Directory) -> Dir:
        try:
            return await self._tree_of(directory)
        except TreeError as error:
            raise UsageError(str(error)) from error

    async def _tree_of(self, directory: f.Directory) -> Dir:
        match directory:
            case f.EmptyDirectory():
                return EMPTY
            case f.StoredTree(digest):
                found = await asyncio.to_thread(self.store.load_tree, digest)
                if found is None:
                    raise UsageError(f"directory {digest} is no longer in the store")
                return found
            case f.HostDirectory(path, kept):
                return await self._read_host(Path(path), kept)
            case f.SubDirectory(parent, path):
                return _directory_at(await self.tree(parent), path)
            case f.FilteredDirectory(parent, kept):
                return await self._filter(await self.tree(parent), kept)
            case f.Difference(parent, other):
                before, after = await asyncio.gather(self.tree(parent), self.tree(other))
                return difference(before, after)
            case f.WrittenDirectory(parent, operations):
                surface = TreeSurface(await self.tree(parent))
                for operation in operations:
                    await self._apply(operation, surface)
                return surface.tree
            case c.MountAfterExec(exec_, target):
                return await self._mount_after(exec_, target)
            case c.ContainerDirectory(root, path):
                view = self._view(await self.stack(root))
                found_ = await asyncio.to_thread(self._ingest, view, path)
                if not isinstance(found_, Dir):
                    raise UsageError(f"path {path} is a file, not a directory")
                return found_
            case _:
                raise TypeError(f"unknown directory {type(directory).__name__}")

    async def _read_host(self, path: Path, kept: f.Filter) -> Dir:
        # Rules of the whole repository count, also those above the directory.
        repository = context_of(path)
        patterns = PatternFilter(
            kept.include,
            kept.exclude,
            gitignore=GitignoreFiles(repository) if kept.gitignore else None,
            gitignore_prefix=str(path.relative_to(repository)),
        )
        return await asyncio.to_thread(
            self.store.ingest, path, keep=patterns.keep, descend=patterns.descend
        )

    async def fixed(self, directory: f.Directory) -> f.Directory:
        """Replace a directory of the host by what it holds, so that keys are made of content."""
        match directory:
            case f.HostDirectory(path):
                tree = await self.tree(directory)
                digest = await asyncio.to_thread(self.store.save_tree, tree)
                return f.StoredTree(digest, path)
            case f.FilteredDirectory(f.HostDirectory(path), _):
                tree = await self.tree(directory)
                digest = await asyncio.to_thread(self.store.save_tree, tree)
                return f.StoredTree(digest, path)
            case f.FilteredDirectory(f.StoredTree(_, origin), _):
                tree = await self.tree(directory)
                digest = await asyncio.to_thread(self.store.save_tree, tree)
                return f.StoredTree(digest, origin)
            case _:
                return directory

    async def fixed_file(self, file: f.File) -> f.File:
        """Replace a file of the host by what it holds."""
        if not isinstance(file, f.HostFile):
            return file
        named = await self.file(file)
        return f.StoredFile(named.name, named.file.digest, named.file.size_bytes, named.file.mode)

    async def _mount_after(self, exec_: c.Exec, target: str) -> Dir:
        source = next(
            m.source for m in exec_.mounts if isinstance(m, c.DirectoryMount) and m.target == target
        )
        base, done = await asyncio.gather(self.tree(source), self.finished(exec_))
        layer = done.mounts[target]
        for path in sorted(layer.removed):
            base = base.remove(path)
        changed = await asyncio.to_thread(self._ingest, View((layer,)), "/")
        return base.merge(changed) if isinstance(changed, Dir) else base

    def _ingest(self, view: View, path: str) -> Dir | File:
        """Take a path out of a container; what plain mode wrote there is told in its terms."""
        found = view.ingest(path, self.store)
        at = view.resolve(path).strip("/")
        moved = [
            p for layer in view.layers for p in layer.relocatable if c.beneath(p, at) or not at
        ]
        for name in moved:
            inside = posixpath.relpath(name, at) if at else name
            entry = found if inside == "." else isinstance(found, Dir) and found.get(inside)
            if isinstance(entry, Link) and isinstance(found, Dir):
                target = os.fsdecode(restore(os.fsencode(entry.target)))
                found = found.put(inside, Link(target))
            elif isinstance(entry, File):
                data = self.store.read(entry.digest)
                if b"\0" in data:
                    continue  # a binary: a path of another length would break it
                digest, size = self.store.put_bytes(restore(data))
                new = File(digest, size, entry.mode)
                found = found.put(inside, new) if isinstance(found, Dir) else new
        return found

    async def _filter(self, tree: Dir, kept: f.Filter) -> Dir:
        ignore = await asyncio.to_thread(self._gitignores, tree) if kept.gitignore else None
        patterns = PatternFilter(kept.include, kept.exclude, gitignore=ignore)
        return tree.filter(lambda path, entry: patterns.keep(path, isinstance(entry, Dir)))

    def _gitignores(self, tree: Dir) -> dict[str, list[str]]:
        return {
            posixpath.dirname(path): self.store.read(entry.digest)
            .decode("utf-8", "replace")
            .splitlines()
            for path, entry in tree.walk()
            if isinstance(entry, File) and posixpath.basename(path) == ".gitignore"
        }

    async def file(self, file: f.File) -> NamedFile:
        """Evaluate a file."""
        return await self._once("file", file, lambda: self._file(file))

    async def _file(self, file: f.File) -> NamedFile:
        match file:
            case f.StoredFile(name, content, size, mode):
                return NamedFile(name, File(content, size, mode))
            case f.HostFile(path):
                read = await asyncio.to_thread(self.store.ingest_file, Path(path))
                return NamedFile(posixpath.basename(path), read)
            case f.NewFile(name, contents, permissions):
                return await self._stored(name, contents.encode(), permissions)
            case f.DirectoryFile(parent, path):
                return _file_at(await self.tree(parent), path)
            case f.RenamedFile(parent, name):
                return NamedFile(name, (await self.file(parent)).file)
            case f.ReplacedFile(parent, search, replacement, everywhere, first_from):
                old = await self.file(parent)
                # Bytes that are no UTF-8 come back as they were.
                text = (await self.contents(parent)).decode("utf-8", "surrogateescape")
                new = _replaced(text, search, replacement, everywhere, first_from)
                changed = new.encode("utf-8", "surrogateescape")
                return await self._stored(old.name, changed, old.file.mode)
            case c.ContainerFile(root, path):
                view = self._view(await self.stack(root))
                found = await asyncio.to_thread(self._ingest, view, path)
                if not isinstance(found, File):
                    raise UsageError(f"path {path} is a directory, not a file")
                return NamedFile(posixpath.basename(path), found)
            case _:
                raise TypeError(f"unknown file {type(file).__name__}")

    async def _stored(self, name: str, contents: bytes, mode: int) -> NamedFile:
        digest, size = await asyncio.to_thread(self.store.put_bytes, contents)
        return NamedFile(name, File(digest, size, mode))

    async def contents(self, file: f.File) -> bytes:
        """Return a file's bytes."""
        named = await self.file(file)
        return await asyncio.to_thread(self.store.read, named.file.digest)

    async def _apply(self, operation: f.Operation, surface: Surface) -> None:
        match operation:
            case f.WriteFile(path, file, permissions):
                named = await self.file(file)
                entry = named.file
                if permissions is not None:
                    entry = replace(entry, mode=permissions)
                put_file(surface, path, named.name, entry)
            case f.WriteDirectory(path, source, kept, permissions):
                tree = await self.tree(source)
                if kept:
                    tree = await self._filter(tree, kept)
                put_directory(surface, path, tree, permissions)
            case f.WriteNewDirectory(path, permissions):
                make_directory(surface, path, permissions)
            case f.WriteLink(target, path):
                surface.put(surface.resolve(path), Link(target))
            case f.Remove(paths):
                for path in paths:
                    surface.remove(surface.resolve(path))
            case f.WriteChanges(changes):
                before, after = await asyncio.gather(
                    self.tree(changes.before), self.tree(changes.after)
                )
                for path in compare(before, after).removed:
                    surface.remove(path.rstrip("/"))
                surface.merge("", difference(before, after))
            case _:
                raise TypeError(f"unknown operation {type(operation).__name__}")

    # -- roots -----------------------------------------------------------------------------------

    async def image(self, address: str) -> plan.Image:
        """Resolve an image, once per session."""
        if address not in self._images:
            self._images[address] = image = await self.images.resolve(address)
            if not preparing.get():
                self.progress.say(f"{address}: {image.provided_by}")
        return self._images[address]

    async def stack(self, root: c.Root) -> Stack:
        """Evaluate what stands at a container's `/`."""
        return await self._once("stack", root, lambda: self._stack(root))

    async def _stack(self, root: c.Root) -> Stack:
        match root:
            case c.EmptyRoot():
                return Stack(SCRATCH)
            case c.ImageRoot(address):
                return Stack(await self.image(address))
            case c.DirectoryRoot(directory):
                tree = await self.tree(directory)
                return Stack(SCRATCH).over(tree.digest, await self._checkout(tree))
            case c.WrittenRoot(parent, operations):
                below = await self.stack(parent)
                delta = DeltaSurface(_Below(self._view(below)))
                try:
                    for operation in operations:
                        await self._apply(operation, delta)
                except TreeError as error:
                    raise UsageError(str(error)) from error
                tree, removed = delta.tree, frozenset(delta.removed)
                layer = await asyncio.to_thread(self.store.checkout, tree, removed=removed)
                key = digest_of([tree.digest, sorted(removed)])
                return await self._flat(below.over(key, layer))
            case c.ExecRoot(exec_):
                below, done = await asyncio.gather(self.stack(exec_.root), self.finished(exec_))
                return await self._flat(below.over(done.key, done.layer))
            case _:
                raise TypeError(f"unknown root {type(root).__name__}")

    async def _flat(self, stack: Stack) -> Stack:
        """Merge the layers into one when they become too many for one mount."""
        if len(stack.layers) <= MAX_LAYERS:
            return stack
        layers = tuple(layer for _, layer in stack.layers)
        tree = await asyncio.to_thread(View(layers).ingest, "/", self.store)
        if not isinstance(tree, Dir):
            raise TypeError("the root of a stack is a directory")
        # What the layers took away from the image stays away, also where something new stands.
        removed = frozenset(path for layer in layers for path in layer.removed)
        layer = await asyncio.to_thread(self.store.checkout, tree, removed=removed)
        return Stack(stack.image).over(digest_of(stack.keys), layer)

    def _view(self, stack: Stack) -> View:
        layers = [layer for _, layer in stack.layers]
        if stack.image is not SCRATCH:
            layers.insert(0, self._image_layer(stack.image))
        return View(layers, stack.image.binds)

    def _image_layer(self, image: plan.Image) -> plan.Layer:
        """Return the image's own files, written once, as the lowest layer."""
        if image.identity not in self._image_layers:
            root = materialise_image(self.store.root / "sandbox", skeleton(image, 0, 0))
            self._image_layers[image.identity] = plan.Layer(root)
        return self._image_layers[image.identity]

    async def _checkout(self, tree: Dir) -> plan.Layer:
        return await asyncio.to_thread(self.store.checkout, tree)

    async def look(self, root: c.Root, path: str, follow: bool) -> Node | None:
        """Return what stands at a path of a container, mounts left out."""
        view = self._view(await self.stack(root))
        return await asyncio.to_thread(view.lookup, path, follow)

    # -- commands --------------------------------------------------------------------------------

    async def finished(self, exec_: c.Exec) -> Finished:
        """Run a command, or return what it did before."""
        span = current_span.get()
        return await self._once("exec", exec_, lambda: self._finished(exec_, span))

    async def _finished(self, exec_: c.Exec, parent: Span | None) -> Finished:
        stack = await self.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        inputs = await self._inputs(exec_, stack, trees)
        key = digest_of(inputs)
        name = _display(exec_.args)
        stored = await self._cached(key, name, parent)
        if stored is not None:
            return stored
        async with self.store.lock(f"step-{key}"):
            stored = await self._cached(key, name, parent)  # another process was faster
            if stored is not None:
                return stored
            async with self._slots:
                kind = "prepare" if preparing.get() else "step"
                span = self.progress.span(name, kind, parent)
                try:
                    done = await self._run(exec_, stack, trees, key, inputs, span)
                except asyncio.CancelledError:
                    span.end(Outcome.CANCELLED)
                    raise
                except StilettoError as error:
                    span.end(Outcome.FAILED, error.message)
                    raise
                note = f"exit code {done.exit_code}" if done.exit_code else ""
                span.end(Outcome.DONE, note)
                return done

    async def _inputs(
        self, exec_: c.Exec, stack: Stack, trees: Mapping[str, Dir]
    ) -> dict[str, Any]:
        services = {b.alias: await self.service_key(b.service) for b in exec_.services}
        return step_inputs(exec_, self.sandbox.name, stack.keys, trees, services)

    async def service_key(self, service: Service) -> str:
        """Identify a service by the content of what it runs on, and by how it is reached."""
        return await self._once("service", service, lambda: self._service_key(service))

    async def _service_key(self, service: Service) -> str:
        stack = await self.stack(service.exec.root)
        inputs = await self._inputs(service.exec, stack, await self._mounted_trees(service.exec))
        ports = [port.digest for port in service.ports]
        check = service.healthcheck.digest if service.healthcheck else ""
        return digest_of([inputs, ports, check, service.hostname])

    @contextlib.asynccontextmanager
    async def laid_out(self, exec_: c.Exec) -> AsyncIterator[plan.Step]:
        """Lay out a command that runs beside others; its directories go with the context."""
        stack = await self.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        with self.store.stage() as stage:
            step, locks = await self._step(exec_, stack, trees, stage)
            async with contextlib.AsyncExitStack() as held:
                for name in sorted(locks):
                    await held.enter_async_context(self.store.lock(name))
                yield step

    async def _cached(self, key: str, name: str, parent: Span | None) -> Finished | None:
        stored = await asyncio.to_thread(self._load, key)
        if stored is not None and not preparing.get():
            self.progress.span(name, "step", parent).end(Outcome.CACHED)
        return stored

    async def _mounted_trees(self, exec_: c.Exec) -> dict[str, Dir]:
        async def one(mount: c.Mount) -> tuple[str, Dir] | None:
            match mount:
                case c.DirectoryMount(target, source):
                    return target, await self.tree(source)
                case c.FileMount(target, source):
                    named = await self.file(source)
                    return target, EMPTY.put(posixpath.basename(target), named.file)
                case _:
                    return None

        found = await asyncio.gather(*(one(mount) for mount in exec_.mounts))
        return dict(item for item in found if item is not None)

    def _load(self, key: str) -> Finished | None:
        record = self.store.record("step", key)
        if record is None:
            return None
        layer = self.store.layer(key)
        mounts = {
            target: self.store.layer(mount_key) for target, mount_key in record["mounts"].items()
        }
        if layer is None or any(found is None for found in mounts.values()):
            return None
        stdout, stderr, combined = (
            record[name].encode("utf-8", "surrogateescape") for name in _STREAMS
        )
        return Finished(
            key,
            record["exit_code"],
            stdout,
            stderr,
            combined,
            layer,
            {target: found for target, found in mounts.items() if found is not None},
        )

    async def _run(
        self,
        exec_: c.Exec,
        stack: Stack,
        trees: Mapping[str, Dir],
        key: str,
        inputs: Mapping[str, Any],
        span: Span,
    ) -> Finished:
        with self.store.stage() as stage:
            step, locks = await self._step(exec_, stack, trees, stage)
            held = []
            try:
                for name in sorted(locks):
                    lock = self.store.lock(name)
                    await lock.__aenter__()
                    held.append(lock)
                async with self.services.bound(exec_.services) as bound:
                    step = replace(step, hosts=bound.hosts)
                    started = time.monotonic()
                    output = await bound.guard(
                        self.sandbox.run(step, lambda _, data: span.write(data))
                    )
                    elapsed_s = time.monotonic() - started
                    if not _expected(exec_.expect, output.exit_code):
                        await bound.blame()
            finally:
                for lock in reversed(held):
                    await lock.__aexit__(None, None, None)
            if not _expected(exec_.expect, output.exit_code):
                raise StepFailed(
                    exec_.args,
                    output.exit_code,
                    tail(output.stdout),
                    tail(output.stderr),
                    replay=self.sandbox.replay(step),
                )
            mounts = {}
            for target, layer in output.mount_layers.items():
                mount_key = digest_of([key, target])
                mounts[target] = (
                    mount_key,
                    await asyncio.to_thread(self.store.commit_layer, mount_key, layer.root, layer),
                )
            layer = await asyncio.to_thread(
                self.store.commit_layer, key, output.layer.root, output.layer
            )
        streams = (output.stdout, output.stderr, output.interleaved)
        record = {
            "exit_code": output.exit_code,
            "mounts": {target: mount_key for target, (mount_key, _) in mounts.items()},
            "inputs": inputs,
            "elapsed_s": round(elapsed_s, 3),
            **{
                name: data.decode("utf-8", "surrogateescape")
                for name, data in zip(_STREAMS, streams, strict=True)
            },
        }
        await asyncio.to_thread(self.store.put_record, "step", key, record)
        return Finished(
            key, output.exit_code, *streams, layer, {target: m for target, (_, m) in mounts.items()}
        )

    async def run_once(
        self,
        exec_: c.Exec,
        sink: Callable[[bytes], None],
        *,
        mounts: tuple[plan.Mount, ...] = (),
    ) -> int:
        """Run a command whose result nobody stores; returns its exit code."""
        stack = await self.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        with self.store.stage() as stage:
            step, _ = await self._step(exec_, stack, trees, stage)
            async with self.services.bound(exec_.services) as bound:
                step = replace(step, mounts=(*step.mounts, *mounts), hosts=bound.hosts)
                output = await bound.guard(self.sandbox.run(step, lambda _, data: sink(data)))
        return output.exit_code

    async def _step(
        self, exec_: c.Exec, stack: Stack, trees: Mapping[str, Dir], stage: Path
    ) -> tuple[plan.Step, set[str]]:
        """Lay out one command: directories on disk, environment, secrets."""
        upper, work = stage / "upper", stage / "work"
        upper.mkdir()
        work.mkdir()
        mounts: list[plan.Mount] = []
        locks: set[str] = set()
        for index, mount in enumerate(exec_.mounts):
            match mount:
                case c.DirectoryMount(target, _, read_only):
                    lower = (await self._checkout(trees[target])).root
                    if read_only:
                        mounts.append(plan.BindMount(target, lower))
                        continue
                    mount_upper, mount_work = stage / f"upper{index}", stage / f"work{index}"
                    mount_upper.mkdir()
                    mount_work.mkdir()
                    mounts.append(plan.OverlayMount(target, lower, mount_upper, mount_work))
                case c.FileMount(target):
                    lower = (await self._checkout(trees[target])).root
                    mounts.append(plan.BindMount(target, lower / posixpath.basename(target)))
                case c.CacheMount(target, volume):
                    path = await self._volume(volume)
                    if volume.sharing != "SHARED":
                        locks.add(f"volume-{volume.digest}")
                    mounts.append(plan.BindMount(target, path, writable=True))
                case c.SecretFileMount(target, secret, mode):
                    value = await self.secrets.value(secret)
                    mounts.append(plan.SecretMount(target, value, mode))
                case c.TempDirMount(target, size_bytes):
                    mounts.append(plan.TempMount(target, size_bytes))
        env = {**stack.image.env, **{v.name: v.value for v in exec_.env}}
        env |= {v.name: v.value for v in exec_.volatile}
        if exec_.nesting and self.nested is not None:
            env |= await self.nested()
        env.setdefault("PATH", c.DEFAULT_PATH)
        secret_env = {v.name: (await self.secrets.value(v.secret)).decode() for v in exec_.secrets}
        stdin = exec_.stdin.encode()
        if exec_.redirect_stdin:
            stdin = await self.contents(c.ContainerFile(exec_.root, exec_.redirect_stdin))
        uid, gid = _user(exec_.user, self._view(stack))
        step = plan.Step(
            args=exec_.args,
            image=stack.image,
            layers=tuple(layer for _, layer in stack.layers),
            upper=upper,
            work=work,
            workdir=exec_.workdir,
            env=env,
            secret_env=secret_env,
            scrub=tuple(
                m.contents.decode("utf-8", "surrogateescape")
                for m in mounts
                if isinstance(m, plan.SecretMount)
            ),
            mounts=tuple(mounts),
            stdin=stdin,
            uid=uid,
            gid=gid,
            redirect_stdout=exec_.redirect_stdout,
            redirect_stderr=exec_.redirect_stderr,
        )
        return step, locks

    async def _volume(self, volume: CacheVolume) -> Path:
        path = await asyncio.to_thread(self.store.volume, volume.digest)
        if volume.source is not None and not any(path.iterdir()):
            tree = await self.tree(volume.source)
            await asyncio.to_thread(self.store.export, tree, path)
        return path


_STREAMS = ("stdout", "stderr", "combined")


class _Below:
    """A view as the lower side of a delta."""

    def __init__(self, view: View) -> None:
        self._view = view

    def kind(self, path: str) -> str | None:
        node = self._view.lookup(path, follow=False)
        return node.kind if node else None

    def link(self, path: str) -> str:
        node = self._view.lookup(path, follow=False)
        if node is None or node.host is None:
            raise TreeError(f"{path} is not a link")
        return os.readlink(node.host)  # noqa: PTH115 - Path.readlink would tidy the target up

    def mode(self, path: str) -> int:
        node = self._view.lookup(path, follow=False)
        return node.stat.st_mode & 0o7777 if node else 0o755


def _directory_at(tree: Dir, path: str) -> Dir:
    entry = tree.get(path, follow=True)
    if entry is None:
        raise UsageError(f"{path}: no such file or directory")
    if not isinstance(entry, Dir):
        raise UsageError(f"path {path} is a file, not a directory")
    return entry


def _file_at(tree: Dir, path: str) -> NamedFile:
    entry = tree.get(path, follow=True)
    if entry is None:
        raise UsageError(f"{path}: no such file or directory")
    if not isinstance(entry, File):
        raise UsageError(f"path {path} is a directory, not a file")
    return NamedFile(split(path)[-1], entry)


def _replaced(text: str, search: str, new: str, everywhere: bool, first_from: int | None) -> str:
    lines = text.split("\n")  # lines count from 1, and only "\n" ends one
    head = "".join(line + "\n" for line in lines[: (first_from or 1) - 1])
    rest = text[len(head) :]
    if everywhere:
        return head + rest.replace(search, new)
    found = rest.count(search)
    if not found:
        raise UsageError("search string not found")
    if found > 1 and first_from is None:
        raise UsageError(f"search string found multiple times: {found}")
    return head + rest.replace(search, new, 1)


def _expected(expect: str, exit_code: int) -> bool:
    if exit_code in NEVER_STORED:
        return False
    return {"SUCCESS": exit_code == 0, "FAILURE": exit_code != 0, "ANY": True}[expect]


def _display(args: tuple[str, ...]) -> str:
    if args[0] == "timeout":
        # timeout(1) says how long a step may take, not what it is.
        rest = [arg for arg in args[1:] if not arg.startswith("-")][1:]
        args = tuple(rest and args[args.index(rest[0]) :]) or args
    text = " ".join(shlex.join(args).split())
    return text if len(text) <= 120 else text[:117] + "..."


def _user(user: str, view: View) -> tuple[int, int]:
    """Look a user up: `""` is root; numbers are taken as they are; names are in /etc/passwd."""
    if user in ("", "root", "0"):
        return 0, 0
    name, _, group = user.partition(":")
    if name.isdigit():
        return int(name), int(group) if group.isdigit() else int(name)
    try:
        lines = view.read("/etc/passwd").decode().splitlines()
    except (OSError, StilettoError):
        lines = []
    for line in lines:
        entry = line.split(":")
        if entry[0] == name:
            return int(entry[2]), int(entry[3])
    raise UsageError(f"unknown user {name!r}")
