"""A query made ready for execution: its calls, with arguments that were read.

Everything is read before anything runs, as on the real engine: an argument that its type cannot
read anywhere in a query means that none of its calls is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import graphql
from graphql import GraphQLError
from graphql.language import ast

from stiletto.errors import UsageError
from stiletto.wire.values import literal, read

INTROSPECTED = ("__schema", "__type")


@dataclass(slots=True)
class Selection:
    """One call: the name of its answer, its arguments, and the calls on what it returns.

    It is made only on objects that have every type of `conditions`.
    """

    key: str
    name: str
    args: Mapping[str, Any]
    node: ast.FieldNode
    returns: graphql.GraphQLOutputType | None = None
    conditions: tuple[str, ...] = ()
    inner: list[Selection] = field(default_factory=list)


class Reader:
    """Reads the selections of one operation, whose variables have values."""

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        document: ast.DocumentNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, ast.FragmentDefinitionNode)
        }

    def read(self, operation: ast.OperationDefinitionNode) -> list[Selection]:
        """Return the calls on the root.

        Raises:
            GraphQLError: an argument cannot be read.
        """
        root = self._schema.query_type
        assert root is not None
        return self._selections(root, [operation.selection_set])

    def _selections(
        self, parent: graphql.GraphQLNamedType, sets: Iterable[ast.SelectionSetNode]
    ) -> list[Selection]:
        found: dict[tuple[str, tuple[str, ...]], Selection] = {}
        below: dict[tuple[str, tuple[str, ...]], list[ast.SelectionSetNode]] = {}
        for node in sets:
            for on, conditions, each in self._fields(parent, node, ()):
                key = each.alias.value if each.alias else each.name.value
                place = (key, conditions)
                if place not in found:
                    made = self._call(on, key, each)
                    found[place] = replace(made, conditions=conditions)
                if each.selection_set is not None:
                    below.setdefault(place, []).append(each.selection_set)
        for place, inner in below.items():
            of = found[place].returns
            if of is not None and found[place].name not in INTROSPECTED:
                found[place].inner = self._selections(graphql.get_named_type(of), inner)
        return list(found.values())

    def _fields(
        self,
        parent: graphql.GraphQLNamedType,
        node: ast.SelectionSetNode,
        conditions: tuple[str, ...],
    ) -> Iterable[tuple[graphql.GraphQLNamedType, tuple[str, ...], ast.FieldNode]]:
        """Yield the fields of a selection set, those of its fragments included."""
        for each in node.selections:
            match each:
                case ast.FieldNode():
                    yield parent, conditions, each
                case ast.FragmentSpreadNode():
                    fragment = self._fragments[each.name.value]
                    yield from self._narrowed(
                        parent, fragment.type_condition, fragment.selection_set, conditions
                    )
                case ast.InlineFragmentNode():
                    yield from self._narrowed(
                        parent, each.type_condition, each.selection_set, conditions
                    )

    def _narrowed(
        self,
        parent: graphql.GraphQLNamedType,
        condition: ast.NamedTypeNode | None,
        node: ast.SelectionSetNode,
        conditions: tuple[str, ...],
    ) -> Iterable[tuple[graphql.GraphQLNamedType, tuple[str, ...], ast.FieldNode]]:
        if condition is not None and condition.name.value != parent.name:
            narrow = self._schema.get_type(condition.name.value)
            assert narrow is not None
            parent = narrow
            if condition.name.value not in conditions:
                conditions = (*conditions, condition.name.value)
        yield from self._fields(parent, node, conditions)

    def _call(self, on: graphql.GraphQLNamedType, key: str, node: ast.FieldNode) -> Selection:
        name = node.name.value
        if name.startswith("__"):
            return Selection(key, name, {}, node)
        definition = getattr(on, "fields")[name]  # noqa: B009 - unions have none, and no fields
        args: dict[str, Any] = {}
        for each in node.arguments or ():
            try:
                value = read(
                    literal(each.value, self._variables), definition.args[each.name.value].type
                )
            except UsageError as error:
                text = f"{on.name}.{name}({each.name.value}:): {error.message}"
                raise GraphQLError(text) from error
            if value is not None:
                args[each.name.value] = value
        return Selection(key, name, args, node, definition.type)
