"""Gives functions the arguments that dataclasses declare (`project/arguments.py`)."""

# No postponed annotations here: the SDK reads them from the functions themselves.

import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Annotated, Any, TypeVar, get_type_hints

from dagger import Doc

R = TypeVar("R")


def takes(
    *groups: type, without: Collection[str] = (), **defaults: object
) -> Callable[[Callable[..., Awaitable[R]]], Callable[..., Awaitable[R]]]:
    """Replace each parameter of a function that is a dataclass of arguments by its fields.

    `groups` are those of its base classes whose fields the function takes; all of them without any,
    except for `without`. `defaults` are those that differ for this function. The SDK reads the
    signature and the annotations of the function that it gets (dagger-io 0.21.11,
    `Function.parameters`): a decorator outside of this one has to keep both, as functools.wraps
    does.
    """

    def decorate(function: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
        signature, kinds = inspect.signature(function), get_type_hints(function)
        records: dict[str, tuple[type, list[str]]] = {}
        parameters: dict[str, inspect.Parameter] = {}
        for name, own in signature.parameters.items():
            found = _fields(kinds.get(name), groups, defaults)
            fields = {each.name: each for each in found if each.name not in without}
            if fields:
                records[name] = kinds[name], [*fields]
            parameters |= fields or {name: own}

        @functools.wraps(function)
        async def call(self: object, **given: Any) -> R:
            values = {
                name: record(**{field: given.pop(field) for field in fields if field in given})
                for name, (record, fields) in records.items()
            }
            return await function(self, **values, **given)

        own_self, *others = parameters.values()
        keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in others]
        hints: dict[str, Any] = {each.name: each.annotation for each in keywords}
        call.__annotations__ = {**hints, "return": signature.return_annotation}
        vars(call)["__signature__"] = signature.replace(parameters=[own_self, *keywords])
        return call

    return decorate


def _fields(
    record: object, groups: tuple[type, ...], defaults: dict[str, object]
) -> Iterator[inspect.Parameter]:
    """Yield the arguments that a dataclass, or its `groups`, declares; none for anything else."""
    if not isinstance(record, type) or not dataclasses.is_dataclass(record):
        return
    for group in groups or (record,):
        hints = get_type_hints(group)
        for field in dataclasses.fields(group):
            if not field.metadata:
                continue
            default = defaults.get(field.name, field.default)
            if default is dataclasses.MISSING:
                default = inspect.Parameter.empty
            if field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            yield inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=Annotated[hints[field.name], Doc(field.metadata["help"])],
            )
