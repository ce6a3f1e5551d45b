"""Gives functions the arguments of releases, which `release/act/asked.py` declares."""

# No postponed annotations here: the SDK reads them from the functions themselves.

import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, TypeAlias, TypeVar, get_type_hints

import dagger
from dagger import DefaultPath, Doc, Ignore

from wheelwright.module.args import ONLY_GIT
from wheelwright.release.act.asked import Asked

R = TypeVar("R")

Repository: TypeAlias = Annotated[
    dagger.Directory,
    Doc("A directory with .git, read only for the address of the remote origin."),
    DefaultPath("/"),
    Ignore(ONLY_GIT),
]
Checkout: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The checkout: a complete clone with .git, up to date with the remote."),
    DefaultPath("/"),
    Ignore(ONLY_GIT),
]
Built: TypeAlias = Annotated[dagger.Directory, Doc("What `release-build` returned.")]
Digest: TypeAlias = Annotated[
    str, Doc("The sha256 of its release.json, as printed by the job that built it.")
]


def takes(
    *groups: type, **defaults: object
) -> Callable[[Callable[..., Awaitable[R]]], Callable[..., Awaitable[R]]]:
    """Replace the parameter `asked` of a function by the arguments that the groups declare.

    `defaults` are those that differ for this function. It stands outside of every other decorator
    but the SDK's own, which reads the signature and the annotations of what it is given (dagger-io
    0.21.11, `Function.parameters`).
    """
    arguments = {each.name: each for group in groups for each in _arguments(group, defaults)}

    def decorate(function: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
        @functools.wraps(function)
        async def call(self: object, **given: Any) -> R:
            said = {name: given.pop(name) for name in arguments if name in given}
            return await function(self, asked=Asked(**said), **given)

        signature = inspect.signature(function)
        own = {each.name: each for each in signature.parameters.values() if each.name != "asked"}
        parameters = [
            each if each.name == "self" else each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for each in (own | arguments).values()
        ]
        hints: dict[str, Any] = {each.name: each.annotation for each in parameters[1:]}
        call.__annotations__ = {**hints, "return": signature.return_annotation}
        vars(call)["__signature__"] = signature.replace(parameters=parameters)
        return call

    return decorate


def _arguments(group: type, defaults: dict[str, object]) -> Iterator[inspect.Parameter]:
    """Yield the fields of a group as parameters."""
    hints = get_type_hints(group)
    for field in dataclasses.fields(group):
        default = defaults.get(field.name, field.default)
        yield inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if default is dataclasses.MISSING else default,
            annotation=Annotated[hints[field.name], Doc(field.metadata["help"])],
        )
