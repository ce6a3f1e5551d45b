"""What addresses lead to; registered as the calls of `root_leaves` are.

Each is made by the same calls that a client could make itself, with the client's own rights: a
module's code reaches no files and no secrets of the host by an address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from stiletto.api.address import Address
from stiletto.api.registry import CALLS, leaf, snake
from stiletto.api.session import Query
from stiletto.engine.client import Client
from stiletto.errors import NotSupported
from stiletto.graph.recipe import Recipe
from stiletto.module.addresses import Calls, calls_for


async def follow(client: Client, calls: Calls | None, name: str) -> Recipe:
    """Return what calls make, one after the other, from the root.

    Raises:
        NotSupported: there is no such call; `name` is the one that asked.
    """
    receiver: Recipe = Query()
    for field, args in calls or ():
        entry = CALLS.get(f"{receiver.type_name}.{field}")
        if entry is None:
            raise NotSupported(name)
        given = {snake(arg): value for arg, value in args.items()}
        if entry.is_leaf:
            receiver = await entry.function(client, receiver, **given)
        else:
            receiver = entry.function(receiver, **given)
    if calls is None:
        raise NotSupported(name)
    return receiver


@leaf("Address.directory")
async def directory(
    client: Client,
    self: Address,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
    no_cache: bool = False,
) -> Recipe:
    """Return a directory of the host or of a repository; patterns are for the former."""
    calls = calls_for("Directory", self.value, exclude, include, gitignore=gitignore)
    return await follow(client, calls, "Address.directory")


@leaf("Address.file")
async def file(
    client: Client,
    self: Address,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    gitignore: bool = False,
    no_cache: bool = False,
) -> Recipe:
    """Return a file of the host or of a repository; patterns change nothing."""
    return await follow(client, calls_for("File", self.value), "Address.file")


def _made(type_name: str, field: str) -> Callable[[Client, Address], Awaitable[Recipe]]:
    async def made(client: Client, self: Address) -> Recipe:
        return await follow(client, calls_for(type_name, self.value), f"Address.{field}")

    return made


for _type, _field in (
    ("Container", "container"),
    ("GitRef", "gitRef"),
    ("GitRepository", "gitRepository"),
    ("Secret", "secret"),
):
    leaf(f"Address.{_field}")(_made(_type, _field))
