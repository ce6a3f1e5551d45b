"""A container's calls that do work; registered as those of `root_leaves` are."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable
from dataclasses import replace

from stiletto.api import container as c
from stiletto.api.filesystem import unreadable
from stiletto.api.readiness import Port
from stiletto.api.registry import leaf
from stiletto.api.session import Stat
from stiletto.api.texts import check_variable
from stiletto.engine.client import Client
from stiletto.engine.core import Core
from stiletto.engine.file_leaves import is_of, stat_of, stat_of_node
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe
from stiletto.sandbox.spool import Stream


@leaf("Container.from")
async def container_from(
    client: Client,
    self: c.Container,
    address: str,
    registry_service: Recipe | None = None,
) -> c.Container:
    """Start from an image."""
    if registry_service is not None:
        raise NotSupported("Container.from(registryService:)")
    return await image_container(client.core, address, self)


async def image_container(core: Core, address: str, base: c.Container | None = None) -> c.Container:
    """Start a container from an image, whose files, configuration and variables win.

    Other variables, labels, ports and mounts of `base` stay (core/util.go, mergeImageConfig).
    """
    base = base or c.Container()
    image = await core.evaluator.image(address)
    env = {**{v.name: v.value for v in base.env}, **image.env}
    ports = tuple(p for p in base.ports if p.port not in image.ports)
    return replace(
        base,
        root=c.ImageRoot(address, image.identity),
        image_ref=address,
        env=tuple(c.Variable(name, value) for name, value in env.items()),
        entrypoint=tuple(image.entrypoint),
        default_args=tuple(image.default_args),
        own_default_args=False,
        workdir=image.workdir,
        user=image.user,
        ports=(*ports, *map(Port, image.ports)),
        last_exec=None,
    )


@leaf("Container.withVolatileVariable")
async def with_volatile_variable(
    client: Client, self: c.Container, name: str, value: str
) -> c.Container:
    """Set a variable whose value enters no key: the last value of a session counts everywhere."""
    check_variable("Container.withVolatileVariable", name)
    client.core.evaluator.commands.volatile[name] = value
    kept = tuple(v for v in self.volatile if v.name != name)
    return replace(self, volatile=(*kept, c.VolatileVariable(name, value)))


@leaf("Container.sync")
async def container_sync(client: Client, self: c.Container) -> str:
    """Force everything the container is made of."""
    await client.core.evaluator.stack(self.root)
    return client.core.objects.remember(self)


def _last(self: c.Container) -> c.Exec:
    if self.last_exec is None:
        raise UsageError("no command has been set")
    return self.last_exec


def _printed(*streams: Stream) -> Callable[[Client, c.Container], Awaitable[str]]:
    """Return the leaf that gives what the last command printed to these streams, as it came."""

    async def printed(client: Client, self: c.Container) -> str:
        return await client.core.evaluator.commands.printed(_last(self), *streams)

    return printed


leaf("Container.stdout")(_printed("stdout"))
leaf("Container.stderr")(_printed("stderr"))
leaf("Container.combinedOutput")(_printed("stdout", "stderr"))


@leaf("Container.exitCode")
async def exit_code(client: Client, self: c.Container) -> int:
    """Return the last command's exit code."""
    done = await client.core.evaluator.commands.finished(_last(self))
    return done.exit_code


@leaf("Container.exists")
async def container_exists(
    client: Client,
    self: c.Container,
    path: str,
    expected_type: str | None = None,
    do_not_follow_symlinks: bool = False,
    expand: bool = False,
) -> bool:
    """Whether a path exists, and is of a kind."""
    if expected_type == "SYMLINK_TYPE":
        do_not_follow_symlinks = True
    at = self.path(path, expand)
    found = await _found(client, self, at, not do_not_follow_symlinks)
    return found is not None and is_of(found, expected_type)


@leaf("Container.stat")
async def container_stat(
    client: Client,
    self: c.Container,
    path: str,
    do_not_follow_symlinks: bool = False,
) -> Stat:
    """Return what is known of a path."""
    found = await _found(client, self, self.path(path), not do_not_follow_symlinks)
    if found is None:
        raise UsageError(f"{path}: no such file or directory")
    return found


async def _found(client: Client, self: c.Container, at: str, follow: bool) -> Stat | None:
    match mount := self.mount_at(at):
        case None:
            node = await client.core.evaluator.look(self.root, at, follow)
            return None if node is None else stat_of_node(node)
        case c.DirectoryMount(target, source):
            tree = await client.core.evaluator.tree(source)
            entry = tree.get(posixpath.relpath(at, target), follow=follow)
            return None if entry is None else stat_of(posixpath.basename(at), entry)
        case c.FileMount(target, source):
            named = await client.core.evaluator.file(source)
            return stat_of(posixpath.basename(at), named.file) if at == target else None
        case _:
            raise unreadable(mount, at)
