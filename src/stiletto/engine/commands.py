"""Runs commands, or returns what they did before.

A command is looked up by a key made from content (`keys`): the same key gives the stored result,
in this session, the next one, or another process, and while one process runs it the others wait.
Failures are not stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import posixpath
import shlex
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from stiletto.api import container as c
from stiletto.api.container import Service
from stiletto.api.long_text import takes_long_texts
from stiletto.api.secrets import CacheVolume
from stiletto.engine.ahead import Ahead, Begun
from stiletto.engine.coarse import CoarseKeys
from stiletto.engine.context import current_span, preparing
from stiletto.engine.ending import how_ended, loopback_hint, machine_kills, system_hint
from stiletto.engine.keys import step_inputs
from stiletto.engine.layout import Layouts, Stack
from stiletto.engine.noting import Noted, Noting
from stiletto.engine.once import Once
from stiletto.engine.output import tail
from stiletto.engine.printed import Printed
from stiletto.engine.reads import Reads
from stiletto.engine.services import Services
from stiletto.engine.shared_ports import port_in_use
from stiletto.engine.users import AS_ROOT, Account, account_of, owner_of
from stiletto.errors import (
    USE_DAGGER,
    EnvironmentFailed,
    StepFailed,
    StilettoError,
    UsageError,
)
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import EMPTY, Dir, with_owner
from stiletto.history.notes import Kind
from stiletto.layers.layer import Layer
from stiletto.layers.owners import give
from stiletto.layers.view import View
from stiletto.progress import Outcome, Span
from stiletto.sandbox import plan
from stiletto.sandbox.opening import NOT_STARTED
from stiletto.sandbox.replay import replay_comment
from stiletto.sandbox.scrub import Masks
from stiletto.sandbox.spool import STREAMS, Stream
from stiletto.store.sealed import fitting
from stiletto.store.trouble import ROOM_HINT
from stiletto.visible import displayed

NEVER_STORED = range(128, 192)  # ended by a signal: always a failure; as the real engine


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended as expected."""

    key: str
    exit_code: int
    printed: Printed
    layer: Layer
    mounts: Mapping[str, Layer]


class Commands:
    """Runs commands on files that an evaluator prepares."""

    def __init__(self, layouts: Layouts, coarse: CoarseKeys, noting: Noting) -> None:
        self._layouts = layouts
        self._coarse = coarse
        self._noting = noting
        self._store = layouts.store
        self.sandbox = layouts.sandbox
        self.progress = layouts.progress
        self.services = Services(self)
        self._masks = layouts.secrets.masks
        self.replays: set[str] = set()
        """The lines that were shown, to recognise an error that came through a module."""
        self.volatile: dict[str, str] = {}
        """The last values of the session's volatile variables: they are in no key."""
        self.ahead: Ahead[Finished] = Ahead()
        self.reads = Reads(layouts.store)
        self._once = Once()
        self._slots = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    async def close(self) -> None:
        """End every command and service that still runs."""
        await self._once.close()
        await self.services.close()

    async def finished(self, exec_: c.Exec) -> Finished:
        """Run a command, or return what it did before."""
        span = current_span.get()
        self._noting.needed(exec_, span)
        return await self._once.get(("exec", exec_.digest), lambda: self._finished(exec_, span))

    async def printed(self, exec_: c.Exec, *streams: Stream) -> str:
        """Return what a command printed to these streams, in the order it came.

        Raises:
            UsageError: it is too long for one text.
        """
        done = await self.finished(exec_)
        read = done.printed.long_text if takes_long_texts.get() else done.printed.text
        return await asyncio.to_thread(read, self._store, self._masks, *streams)

    async def _finished(self, exec_: c.Exec, parent: Span | None) -> Finished:
        stack = await self._layouts.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        inputs = await self._inputs(exec_, stack, trees)
        key = await self._coarse.add_to(digest_of(inputs), exec_)
        name = displayed(exec_.args)
        noted = Noted(None, Kind.STEP, name, key)
        if not preparing.get():
            noted = await asyncio.to_thread(
                self._noting.step, exec_, stack.image, name, key, parent
            )
        self.ahead.ask(exec_, parent)
        begun = self.ahead.take(key)
        if begun is not None:
            noted.saw_step(inputs, stack, trees)
            with self.ahead.counted():
                span = self.progress.span(name, "step", parent, begun.span.started_s)
                begun.show(span)
                async with self.reads.running(exec_):
                    return await self._ended(asyncio.shield(begun.task), span, noted, begun)
        stored = await self._cached(key, name, parent, noted)
        if stored is not None:
            self.reads.found(key, exec_)
            return stored
        async with self._store.lock(f"step-{key}"):
            if self._store.has_record("step", key):
                # Another process was faster.
                stored = await self._cached(key, name, parent, noted, waited=True)
                if stored is not None:
                    self.reads.found(key, exec_, waited=True)
                    return stored
            noted.saw_step(inputs, stack, trees)
            async with self._slots, self.reads.running(exec_):
                with self.ahead.counted():
                    if (preparation := preparing.get()) is not None:
                        span = preparation.span(self.progress, parent)
                    else:
                        self.ahead.missed()
                        span = self.progress.span(name, "step", parent)
                    run = self._run(exec_, stack, trees, key, inputs, span)
                    return await self._ended(run, span, noted)

    async def _ended(
        self,
        run: Awaitable[Finished],
        span: Span,
        noted: Noted,
        begun: Begun[Finished] | None = None,
    ) -> Finished:
        """Return what a command did, its span ended and noted; `begun` is one that began early."""

        def end(outcome: Outcome, note: str = "") -> None:
            span.end(outcome, note, begun.span.ended_s if begun is not None else None)

        try:
            done = await run
        except asyncio.CancelledError:
            end(Outcome.CANCELLED)
            noted.end(span, Outcome.CANCELLED)
            raise
        except StilettoError as error:
            end(Outcome.FAILED, error.message)
            noted.end(span, Outcome.FAILED)
            raise
        if span.kind != "prepare":  # other steps of the preparation may follow
            end(Outcome.DONE, _note(done))
        noted.end(span, Outcome.DONE, exit_code=done.exit_code)
        if done.exit_code:
            self._noting.failed.append(noted.name.partition(" ")[0])
        return done

    async def _inputs(
        self, exec_: c.Exec, stack: Stack, trees: Mapping[str, Dir]
    ) -> dict[str, Any]:
        services = {b.alias: await self.service_key(b.service) for b in exec_.services}
        await self.sandbox.ready()
        return step_inputs(exec_, self.sandbox.name, stack.keys, trees, services)

    async def service_key(self, service: Service) -> str:
        """Identify a service by the content of what it runs on, and by how it is reached."""
        return await self._once.get(("service", service.digest), lambda: self._service_key(service))

    async def _service_key(self, service: Service) -> str:
        stack = await self._layouts.stack(service.exec.root)
        inputs = await self._inputs(service.exec, stack, await self._mounted_trees(service.exec))
        ports = [port.digest for port in service.ports]
        check = service.healthcheck.digest if service.healthcheck else ""
        return digest_of([inputs, ports, check, service.hostname])

    @contextlib.asynccontextmanager
    async def prepared(self, exec_: c.Exec) -> AsyncIterator[plan.Step]:
        """Prepare a command that runs beside others; its directories go with the context."""
        stack = await self._layouts.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        with self._store.stage() as stage:
            step, locks = await self._step(exec_, stack, trees, stage)
            async with self._locked(locks):
                yield step

    @contextlib.asynccontextmanager
    async def _locked(self, names: set[str]) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as held:
            for name in sorted(names):
                await held.enter_async_context(self._store.lock(name))
            yield

    async def _cached(
        self, key: str, name: str, parent: Span | None, noted: Noted, *, waited: bool = False
    ) -> Finished | None:
        stored = await asyncio.to_thread(self._load, key)
        if stored is not None and not preparing.get():
            span = self.progress.span(name, "step", parent)
            span.end(Outcome.CACHED, _note(stored))
            noted.end(span, Outcome.CACHED, exit_code=stored.exit_code, waited=waited)
        return stored

    async def _mounted_trees(self, exec_: c.Exec) -> dict[str, Dir]:
        async def mounted_tree(mount: c.Mount) -> tuple[str, Dir] | None:
            match mount:
                case c.DirectoryMount(target, source):
                    return target, await self._layouts.tree(source)
                case c.FileMount(target, source):
                    named = await self._layouts.file(source)
                    return target, EMPTY.put(posixpath.basename(target), named.file)
                case _:
                    return None

        found = await asyncio.gather(*(mounted_tree(mount) for mount in exec_.mounts))
        return dict(item for item in found if item is not None)

    def _load(self, key: str) -> Finished | None:
        return fitting(self._store.record("step", key), lambda record: self._found(key, record))

    def _found(self, key: str, record: Mapping[str, Any]) -> Finished | None:
        blank = record.get("blank", False)
        layer = self._store.checkout(EMPTY) if blank else self._store.layer(key)
        mounts = {
            target: self._store.layer(mount_key) for target, mount_key in record["mounts"].items()
        }
        if layer is None or any(found is None for found in mounts.values()):
            return None
        printed = Printed.from_json(record["printed"], self._store, layer.root)
        if printed is None:
            return None
        return Finished(
            key,
            int(record["exit_code"]),
            printed,
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
        with self._store.stage() as stage:
            step, locks = await self._step(exec_, stack, trees, stage)
            async with self._locked(locks), self.services.bound(exec_.services) as bound:
                step = replace(step, hosts=self.services.hosts(bound))
                started = time.monotonic()
                kills = machine_kills()
                output = await bound.guard(self.sandbox.run(step, lambda _, data: span.write(data)))
                elapsed_s = time.monotonic() - started
                expected = _expected(exec_.expect, output.exit_code)
                if not expected:
                    await bound.raise_if_failed()
            failed = not expected or output.exit_code != 0
            tails = [tail(output.printed.chunks(stream)) for stream in STREAMS] if failed else []
            self._raise_if_disk_full(exec_.args, "".join(tails))
            text = "\n".join(tails)
            # Expected or not: it would have had another exit code in a network of its own.
            taken = port_in_use(text, self.services.neighbours()) if failed else ""
            if taken or not expected:
                own = (await self.sandbox.network()).own
                raise StepFailed(
                    exec_.args,
                    output.exit_code,
                    *tails,
                    hint=USE_DAGGER
                    if taken
                    else (loopback_hint(text) if own else None) or system_hint(text),
                    replay=self._replay(key, step),
                    ended=taken or how_ended(output, elapsed_s, kills),
                )
            return await asyncio.to_thread(self._keep, key, step, output, inputs, elapsed_s)

    def _keep(
        self,
        key: str,
        step: plan.Step,
        output: plan.StepOutput,
        inputs: Mapping[str, Any],
        elapsed_s: float,
    ) -> Finished:
        """Store what a command did; what it wrote is moved out of its stage."""
        # First: what is redirected may be in what is committed next.
        printed = Printed.keep(output.printed, self._store, output.layer.root)
        changed = {target: (layer.root, layer) for target, layer in output.mount_layers.items()}
        changed |= {
            target: (copy.parent, Layer(copy.parent)) for target, copy in _changed_files(step)
        }
        mounts = {
            target: self._store.commit_layer(digest_of([key, target]), root, layer)
            for target, (root, layer) in changed.items()
        }
        # Many commands only read: their layer is that of every other one, and the record is all
        # that is written.
        blank = output.layer.is_blank()
        layer = (
            self._store.checkout(EMPTY)
            if blank
            else self._store.commit_layer(key, output.layer.root, output.layer)
        )
        printed = replace(printed, root=layer.root)
        record = {
            "exit_code": output.exit_code,
            "mounts": {target: digest_of([key, target]) for target in mounts},
            "inputs": self._masks.value(inputs),
            "elapsed_s": round(elapsed_s, 3),
            "printed": printed.to_json(),
            **({"blank": True} if blank else {}),
        }
        self._store.put_record("step", key, record)
        return Finished(key, output.exit_code, printed, layer, mounts)

    def _raise_if_disk_full(self, args: tuple[str, ...], output: str) -> None:
        """Raise an error if the disk is full: programs report it in many ways, or not at all.

        What a step wrote to a full disk may be incomplete, so it is not a result.
        """
        reason = self._store.filled(output)
        if reason is not None:
            raise EnvironmentFailed(
                f"cannot write to the cache {self._store.root}: {reason}"
                f" (step `{displayed(args)}`)",
                hint=ROOM_HINT,
            )

    def _replay(self, key: str, step: plan.Step) -> str | None:
        """Store the line that runs the step again: it is too long to show."""
        line = self.sandbox.replay(step)
        if line is None or self._masks.text(line) != line:
            return None  # it contains a secret, and our files contain none
        name = f"{key.removeprefix('sha256:')[:16]}.sh"
        text = os.fsencode(f"{replay_comment(step)}\n{line}\n")
        command = f"sh {shlex.quote(str(self._store.put_script(name, text)))}"
        self.replays.add(command)
        return command

    async def run_once(
        self,
        exec_: c.Exec,
        sink: Callable[[bytes], None],
        link: int = -1,
    ) -> int:
        """Run a command without storing its result; return its exit code.

        `link` is the descriptor of a socket that is its standard input.
        """
        stack = await self._layouts.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        with self._store.stage() as stage:
            step, _ = await self._step(exec_, stack, trees, stage)
            async with self.services.bound(exec_.services) as bound:
                step = replace(step, link=link, hosts=self.services.hosts(bound))
                output = await bound.guard(self.sandbox.run(step, lambda _, data: sink(data)))
        return output.exit_code

    async def lasting(self, exec_: c.Exec) -> tuple[plan.Step, str]:
        """Return a command as a step that may outlive the session, and the key of what it sees.

        Its directories to write to are not there any more.
        """
        stack = await self._layouts.stack(exec_.root)
        trees = await self._mounted_trees(exec_)
        key = digest_of(await self._inputs(exec_, stack, trees))
        with self._store.stage() as stage:
            step, _ = await self._step(exec_, stack, trees, stage)
        return replace(step, masks=Masks()), key

    async def _step(
        self, exec_: c.Exec, stack: Stack, trees: Mapping[str, Dir], stage: Path
    ) -> tuple[plan.Step, set[str]]:
        """Prepare one command: directories on disk, environment, secrets."""
        await self.sandbox.ready()
        # Few commands name a user or an owner, and to look through the layers takes a while.
        view = cache(lambda: self._layouts.view(stack))
        upper, work = stage / "upper", stage / "work"
        upper.mkdir()
        work.mkdir()
        mounts: list[plan.Mount] = []
        locks: set[str] = set()
        for index, mount in enumerate(exec_.mounts):
            match mount:
                case c.DirectoryMount(target, _, read_only):
                    lower = await self._checkout(trees[target])
                    if read_only:
                        mounts.append(plan.BindMount(target, lower))
                        continue
                    mount_upper, mount_work = stage / f"upper{index}", stage / f"work{index}"
                    mount_upper.mkdir()
                    mount_work.mkdir()
                    give(mount_upper, trees[target].owner)
                    mount_upper.chmod(trees[target].mode)
                    mounts.append(plan.OverlayMount(target, lower, mount_upper, mount_work))
                case c.FileMount(target):
                    file = await self._checkout(trees[target]) / posixpath.basename(target)
                    copy = stage / f"file{index}" / file.name
                    await asyncio.to_thread(_copy, file, copy)
                    mounts.append(plan.BindMount(target, copy, writable=True, original=file))
                case c.CacheMount(target, volume):
                    path = await self._volume(volume, view)
                    if volume.sharing != "SHARED":
                        locks.add(f"volume-{volume.digest}")
                    mounts.append(plan.BindMount(target, path, writable=True))
                case c.SecretFileMount(target, secret, mode, owner):
                    value = await self._layouts.secrets.for_step(secret)
                    mounts.append(
                        plan.SecretMount(target, value, mode, owner_of(owner or "0", view()))
                    )
                case c.TempDirMount(target, size_bytes):
                    mounts.append(plan.TempMount(target, size_bytes))
        env = dict(_entry(exec_, v) for v in exec_.env)
        env |= {v.name: self.volatile.get(v.name, v.value) for v in exec_.volatile}
        env.setdefault("PATH", plan.DEFAULT_PATH)
        secret_env = {v.name: await self._secret_text(v) for v in exec_.secrets}
        account = self._account(exec_, view)
        if account.uid and self.sandbox.name == "plain" and os.geteuid() == 0:
            self.progress.say(
                f"plain mode cannot change the user: root runs what {exec_.user} would"
            )
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
            masks=self._masks,
            mounts=tuple(mounts),
            stdin=exec_.stdin.encode("utf-8", "surrogateescape"),
            redirect_stdin=exec_.redirect_stdin,
            uid=account.uid,
            gid=account.gid,
            groups=account.groups,
            redirect_stdout=exec_.redirect_stdout,
            redirect_stderr=exec_.redirect_stderr,
            init=exec_.init,
        )
        return step, locks

    @staticmethod
    def _account(exec_: c.Exec, view: Callable[[], View]) -> Account:
        """Return what a command runs as.

        Raises:
            StepFailed: there is no such user; Dagger fails as if the command had.
        """
        if exec_.user in AS_ROOT:
            return Account()
        try:
            return account_of(exec_.user, view())
        except UsageError as error:
            raise StepFailed(exec_.args, -1, "", "", message=error.message) from error

    async def _secret_text(self, variable: c.SecretVariable) -> str:
        """Return a secret as the value of a variable, bytes that are not UTF-8 kept.

        Raises:
            UsageError: it cannot be read, or contains a NUL byte.
        """
        value = await self._layouts.secrets.for_step(variable.secret)
        if b"\0" in value:
            raise UsageError(
                f"the secret of variable {variable.name} contains a NUL byte",
                hint="mount it as a file with withMountedSecret",
            )
        return value.decode("utf-8", "surrogateescape")

    async def _checkout(self, tree: Dir) -> Path:
        return (await asyncio.to_thread(self._store.checkout, tree)).root

    async def _volume(self, volume: CacheVolume, view: Callable[[], View]) -> Path:
        seed = None if volume.source is None else await self._layouts.tree(volume.source)
        owner = owner_of(volume.owner, view()) if volume.owner else ""
        if owner and seed is not None:
            seed = with_owner(seed, owner)
        place = await asyncio.to_thread(self._store.volume, volume.digest, seed)
        if owner and not any(place.iterdir()):
            give(place, owner)
        return place


def _copy(file: Path, copy: Path) -> None:
    copy.parent.mkdir()
    shutil.copyfile(file, copy)
    found = file.stat()
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(copy, found.st_uid, found.st_gid)
    shutil.copystat(file, copy)


def _changed_files(step: plan.Step) -> Iterator[tuple[str, Path]]:
    """Yield the mounted files that a step changed, by target."""
    for mount in step.mounts:
        if isinstance(mount, plan.BindMount) and mount.original is not None:
            before, after = mount.original.stat(), mount.source.stat()
            if any(
                getattr(before, name) != getattr(after, name)
                for name in ("st_mtime_ns", "st_size", "st_mode", "st_uid", "st_gid")
            ):
                yield mount.target, mount.source


def _expected(expect: str, exit_code: int) -> bool:
    if exit_code in NEVER_STORED:
        return False
    return {"SUCCESS": exit_code == 0, "FAILURE": exit_code != 0, "ANY": True}[expect]


def _note(done: Finished) -> str:
    """Return the note of a command that ended as the module allowed."""
    return f"exit code {done.exit_code}" if done.exit_code else ""


def _entry(exec_: c.Exec, variable: c.Variable) -> tuple[str, str]:
    """Return a variable as a process has it: a name ends at its first `=`.

    Raises:
        StepFailed: there is no name.
    """
    name, mark, rest = variable.name.partition("=")
    if not name:
        raise StepFailed(
            exec_.args, NOT_STARTED, "", "", hint="an environment variable has no name"
        )
    return name, f"{rest}={variable.value}" if mark else variable.value
