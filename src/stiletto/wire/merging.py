"""Fields of a query that would answer under one name: they must be one call (pure).

Fields of different objects never answer together, and so may differ, except in the kind of value.
Source: gqlparser 2.5.32, validator/rules/overlapping_fields_can_be_merged.go. The work is that of
the query with its fragments written out, which `check` has bounded before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import graphql
from graphql.language import ast

_Branch: TypeAlias = tuple[graphql.GraphQLNamedType, ...]
"""The types on which fields of one name were selected, one for each level where they differ."""

_Set: TypeAlias = tuple[_Branch, graphql.GraphQLNamedType, ast.SelectionSetNode]


@dataclass(frozen=True, slots=True)
class _Field:
    branch: _Branch
    parent: graphql.GraphQLNamedType
    node: ast.FieldNode
    returns: graphql.GraphQLOutputType | None


def conflict(
    schema: graphql.GraphQLSchema,
    fragments: Mapping[str, ast.FragmentDefinitionNode],
    operation: ast.OperationDefinitionNode,
) -> tuple[str, ast.FieldNode, ast.FieldNode] | None:
    """Return the first name under which two different calls would answer, and both."""
    root = schema.query_type
    assert root is not None
    pending: list[list[_Set]] = [[((), root, operation.selection_set)]]
    while pending:
        names: dict[str, list[_Field]] = {}
        for branch, parent, node in pending.pop():
            for each in _fields(schema, fragments, branch, parent, node):
                key = each.node.alias.value if each.node.alias else each.node.name.value
                names.setdefault(key, []).append(each)
        for key, fields in names.items():
            if len(fields) > 1 and (other := _differing(fields)) is not None:
                return key, *other
            if below := _below(fields):
                pending.append(below)
    return None


def _below(fields: Sequence[_Field]) -> list[_Set]:
    differ = len({each.parent for each in fields}) > 1
    return [
        (
            (*each.branch, each.parent) if differ else each.branch,
            graphql.get_named_type(each.returns),
            each.node.selection_set,
        )
        for each in fields
        if each.node.selection_set is not None and each.returns is not None
    ]


def _fields(
    schema: graphql.GraphQLSchema,
    fragments: Mapping[str, ast.FragmentDefinitionNode],
    branch: _Branch,
    parent: graphql.GraphQLNamedType,
    node: ast.SelectionSetNode,
) -> Iterator[_Field]:
    for each in node.selections:
        inner: ast.FragmentDefinitionNode | ast.InlineFragmentNode
        match each:
            case ast.FieldNode():
                known = getattr(parent, "fields", {}).get(each.name.value)
                yield _Field(branch, parent, each, known.type if known else None)
                continue
            case ast.FragmentSpreadNode():
                inner = fragments[each.name.value]
            case ast.InlineFragmentNode():
                inner = each
            case _:
                continue
        on = parent
        if inner.type_condition is not None:
            on = schema.get_type(inner.type_condition.name.value) or parent
        yield from _fields(schema, fragments, branch, on, inner.selection_set)


def _differing(fields: Iterable[_Field]) -> tuple[ast.FieldNode, ast.FieldNode] | None:
    """Return two fields that cannot answer under one name; one of each parent is compared."""
    first: dict[tuple[graphql.GraphQLNamedType, ...], _Field] = {}
    for each in fields:
        for other in first.values():
            apart = any(
                one is not two and graphql.is_object_type(one) and graphql.is_object_type(two)
                for one, two in zip(
                    (*each.branch, each.parent), (*other.branch, other.parent), strict=False
                )
            )
            is_same = each.node.name.value == other.node.name.value and same_arguments(
                each.node.arguments, other.node.arguments
            )
            if not (apart or is_same) or _types_conflict(each.returns, other.returns):
                return other.node, each.node
        first.setdefault((*each.branch, each.parent), each)
    return None


def same_arguments(
    one: Sequence[ast.ArgumentNode] | None, other: Sequence[ast.ArgumentNode] | None
) -> bool:
    """Whether two calls have the same arguments, in any order."""
    if not one and not other:
        return True
    return sorted(map(graphql.print_ast, one or ())) == sorted(map(graphql.print_ast, other or ()))


def _types_conflict(
    one: graphql.GraphQLOutputType | None, other: graphql.GraphQLOutputType | None
) -> bool:
    if one is other or one is None or other is None:
        return False
    if isinstance(one, graphql.GraphQLNonNull) or isinstance(other, graphql.GraphQLNonNull):
        return not (
            isinstance(one, graphql.GraphQLNonNull) and isinstance(other, graphql.GraphQLNonNull)
        ) or _types_conflict(one.of_type, other.of_type)
    if isinstance(one, graphql.GraphQLList) or isinstance(other, graphql.GraphQLList):
        return not (
            isinstance(one, graphql.GraphQLList) and isinstance(other, graphql.GraphQLList)
        ) or _types_conflict(one.of_type, other.of_type)
    return graphql.is_leaf_type(one) and graphql.is_leaf_type(other) and one is not other
