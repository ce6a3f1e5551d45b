"""What the API means to a module that asks for an earlier engine.

Dagger serves each module the API of the `engineVersion` in its dagger.json; without one, that of
`FIRST`. What differs from v0.21.8 is here, by the version in which it changed (`View` and
`Supports` in core/schema of v0.21.8). Enumerations keep the names of v0.21.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stiletto.api.container import (
    Container,
    DirectoryMount,
    Exec,
    ExecRoot,
    FileAfterExec,
    FileMount,
    Mount,
    MountAfterExec,
    Service,
)
from stiletto.api.execution import with_exec
from stiletto.api.service import as_service
from stiletto.errors import NotSupported, UsageError

Version = tuple[int, ...]

FIRST: Version = (0, 9, 9)
"""The oldest engine that a module may ask for (`MinimumModuleVersion` in engine/version.go)."""

ENTRYPOINT: Version = (0, 12, 0)
"""Before it a command has the image's entrypoint, and `stdout` runs the default command."""

PIPELINE: Version = (0, 13, 0)
FOCUS: Version = (0, 13, 4)
SERVICE: Version = (0, 15, 0)
"""Before it `asService` takes the last `withExec`, which then is not run as a step."""

SLASH: Version = (0, 17, 0)
"""Before it the names of directories have no `/` at their end."""

SOURCE: Version = (0, 19, 0)
"""Before it `withDirectory(source:)` is `directory`, and a branch or a commit is any ref."""

UNCHANGED: Mapping[str, Version] = {
    "Query.pipeline": PIPELINE,
    "Container.pipeline": PIPELINE,
    "Directory.pipeline": PIPELINE,
    "Container.withFocus": FOCUS,
    "Container.withoutFocus": FOCUS,
}
"""Calls that give back their receiver, and the version that has them no more."""

_REFS = ("GitRepository.branch", "GitRepository.commit", "GitRepository.tag")


def named(full_name: str, version: Version) -> str:
    """Return the call of v0.21.8 that a call means."""
    return "GitRepository.ref" if full_name in _REFS and version < SOURCE else full_name


def arguments(full_name: str, given: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """Return the arguments of v0.21.8 that those of a call mean.

    Raises:
        UsageError: a required one is missing.
    """
    args = dict(given)
    if full_name in ("Container.withDirectory", "Directory.withDirectory"):
        if version < SOURCE and args.get("directory") is not None:
            args["source"] = args.pop("directory")
        if args.get("source") is None:
            raise UsageError(f"{full_name} needs a directory")
    if full_name == "Container.withExec" and version < PIPELINE:
        skips = args.pop("skipEntrypoint", None)
        if skips is not None:
            args["useEntrypoint"] = not skips
    if full_name in _REFS and version < SOURCE and "id" in args:
        args["name"] = args.pop("id")
    return args


def replaced(full_name: str, receiver: Any, version: Version) -> Any | None:
    """Return the value of a call that meant something else; None if it meant the same.

    Raises:
        NotSupported: the service of a command whose files were changed afterwards.
    """
    if version < UNCHANGED.get(full_name, ()):
        return receiver
    if full_name == "Container.asService" and version < SERVICE:
        return _as_service(receiver)
    return None


def ran(full_name: str, receiver: Any, version: Version) -> Any:
    """Return the receiver of a call; before `stdout` its default command is run."""
    is_output = full_name in ("Container.stdout", "Container.stderr")
    if is_output and version < ENTRYPOINT and receiver.last_exec is None:
        return with_exec(receiver, [], use_entrypoint=True)
    return receiver


def shown(full_name: str, value: Any, version: Version) -> Any:
    """Return the result of a call as it was shown."""
    if version >= SLASH:
        return value
    match full_name:
        case "Directory.entries" | "Directory.glob":
            return [name.rstrip("/") for name in value]
        case "Directory.name":
            return value.rstrip("/") or "/"
        case _:
            return value


def _as_service(self: Container) -> Service:
    done = self.last_exec
    if done is None:
        return as_service(self, use_entrypoint=True)
    if self.root != ExecRoot(done):
        raise NotSupported("Container.asService of a command, after changes of files")
    mounts = tuple(_before(done, mount) for mount in self.mounts)
    return as_service(replace(self, root=done.root, mounts=mounts), done.args)


def _before(done: Exec, mount: Mount) -> Mount:
    """Return a mount as a command found it."""
    match mount:
        case DirectoryMount(source=MountAfterExec(exec=exec_)) if exec_ == done:
            return next(m for m in done.mounts if m.target == mount.target)
        case FileMount(source=FileAfterExec(exec=exec_)) if exec_ == done:
            return next(m for m in done.mounts if m.target == mount.target)
        case _:
            return mount
