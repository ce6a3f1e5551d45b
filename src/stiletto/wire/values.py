"""Arguments and variables of a query, as the real engine takes them.

A literal and a variable become plain JSON data first; then each type reads that data. Most of what
GraphQL refuses is taken: an integer, a boolean or a member of an enum may be a text, a text may be
a name. A single value is not a list. Source: dagql/types.go of v0.21.8; gqlparser 2.5.32,
ast/value.go, lexer/blockstring.go and validator/vars.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import graphql
from graphql.language import ast

from stiletto.errors import UsageError

INT_MAX = 2**63 - 1
INT_MIN = -(2**63)

_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]*|0[bB][01_]+|[1-9][0-9_]*)")


# -- literals ------------------------------------------------------------------------------------


def literal(node: ast.ValueNode, variables: Mapping[str, Any]) -> Any:
    """Return a literal as plain data; a variable without a value is None.

    Raises:
        UsageError: an integer has more than 64 bits.
    """
    match node:
        case ast.VariableNode():
            return variables.get(node.name.value)
        case ast.IntValueNode():
            return _in_range(int(node.value))
        case ast.FloatValueNode():
            return float(node.value)
        case ast.StringValueNode():
            return _block(node) if node.block else node.value
        case ast.BooleanValueNode() | ast.EnumValueNode():
            return node.value
        case ast.ListValueNode():
            return [literal(item, variables) for item in node.values]
        case ast.ObjectValueNode():
            return {each.name.value: literal(each.value, variables) for each in node.fields}
        case _:
            return None


def _in_range(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise UsageError(f"{value} is not an integer of 64 bits")
    return value


def _block(node: ast.StringValueNode) -> str:
    """Return a block string; its first line counts for the indentation that all lines share."""
    if node.loc is None:
        return node.value
    text = node.loc.source.body[node.loc.start + 3 : node.loc.end - 3]
    lines = re.sub(r"\r\n?", "\n", text.replace('\\"""', '"""')).split("\n")
    shared = min(
        (len(line) - len(line.lstrip(" \t")) for line in lines if line.strip(" \t")), default=0
    )
    lines[1:] = [line[shared:] for line in lines[1:]]
    while lines and not lines[0].strip(" \t"):
        del lines[0]
    while lines and not lines[-1].strip(" \t"):
        del lines[-1]
    return "\n".join(lines)


# -- arguments -----------------------------------------------------------------------------------


def read(value: Any, of: graphql.GraphQLInputType) -> Any:
    """Return what a type makes of plain data.

    Raises:
        UsageError: it cannot be read.
    """
    if isinstance(of, graphql.GraphQLNonNull):
        if value is None:
            raise UsageError(f"null is not a value of type {of}")
        return read(value, of.of_type)
    if value is None:
        return None
    if isinstance(of, graphql.GraphQLList):
        return [read(item, of.of_type) for item in _list(value, of)]
    if isinstance(of, graphql.GraphQLInputObjectType):
        return _input(value, of)
    if isinstance(of, graphql.GraphQLEnumType):
        return _member(value, of)
    match of.name:
        case "Int":
            return _integer(value)
        case "Float":
            return _float(value)
        case "Boolean":
            return _boolean(value)
        case _:
            if not isinstance(value, str):
                raise UsageError(f"{_shown(value)} is not a value of type {of}")
            return value


def _shown(value: Any) -> str:
    return json.dumps(value)[:100]


def _list(value: Any, of: graphql.GraphQLList[Any]) -> Sequence[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list):
        raise UsageError(f"{of} takes a list: write the value in brackets")
    return value


def _input(value: Any, of: graphql.GraphQLInputObjectType) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{_shown(value)} is not a value of type {of}")
    made: dict[str, Any] = {}
    for name, each in of.fields.items():
        if name in value:
            made[name] = read(value[name], each.type)
        elif (default := default_of(each)) is not None:
            made[name] = read(literal(default, {}), each.type)
        elif isinstance(each.type, graphql.GraphQLNonNull):
            raise UsageError(f"{of} needs the field {name!r}")
    return made


def default_of(
    of: graphql.GraphQLArgument | graphql.GraphQLInputField,
) -> ast.ValueNode | None:
    """Return a default as the schema writes it: how the library keeps it differs by version."""
    return of.ast_node.default_value if of.ast_node is not None else None


def _member(value: Any, of: graphql.GraphQLEnumType) -> str:
    if not isinstance(value, str) or value not in of.values:
        raise UsageError(f"{_shown(value)} is not a member of {of}")
    return value


def _integer(value: Any) -> int:
    match value:
        case bool():
            pass
        case int():
            return _in_range(value)
        case float() if value.is_integer():
            return _in_range(int(value))
        case str() if _INTEGER.fullmatch(value):
            digits = value.replace("_", "")
            is_octal = re.fullmatch(r"[+-]?0[0-7]+", digits)
            return _in_range(int(digits, 8 if is_octal else 0))
    raise UsageError(f"{_shown(value)} is not an integer")


def _float(value: Any) -> float:
    match value:
        case float():
            return value
        case str():
            try:
                return float(value)
            except ValueError:
                pass
    raise UsageError(f"{_shown(value)} is not a float: write it with a point, like 1.0")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise UsageError(f"{_shown(value)} is not a boolean")


# -- variables -----------------------------------------------------------------------------------


def values_of(
    schema: graphql.GraphQLSchema,
    operation: ast.OperationDefinitionNode,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the variables of an operation that have a value: a given one, or the default.

    Raises:
        UsageError: one is missing, or is not of its type.
    """
    values: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        name = each.variable.name.value
        of = graphql.type_from_ast(schema, each.type)
        assert of is not None
        assert graphql.is_input_type(of)
        try:
            if name in given:
                values[name] = _checked(given[name], of)
            elif each.default_value is not None:
                values[name] = literal(each.default_value, {})
            elif isinstance(of, graphql.GraphQLNonNull):
                raise UsageError("it is not given")
        except UsageError as error:
            raise UsageError(f"variable ${name} of type {of}: {error.message}") from error
    return values


def _checked(value: Any, of: graphql.GraphQLInputType) -> Any:
    """Check a variable's value; numbers become those of its type."""
    if isinstance(of, graphql.GraphQLNonNull):
        if value is None:
            raise UsageError("it is null")
        return _checked(value, of.of_type)
    if value is None:
        return None
    if isinstance(of, graphql.GraphQLList):
        if not isinstance(value, list):
            _checked(value, of.of_type)
            return value
        return [_checked(item, of.of_type) for item in value]
    if isinstance(of, graphql.GraphQLInputObjectType):
        return _checked_input(value, of)
    if isinstance(of, graphql.GraphQLEnumType):
        known = {name.casefold() for name in of.values}
        if not isinstance(value, str) or value.casefold() not in known:
            raise UsageError(f"{_shown(value)} is not a member")
        return value
    return _checked_scalar(value, of.name)


def _checked_input(value: Any, of: graphql.GraphQLInputObjectType) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{_shown(value)} is not an object")
    for name in value.keys() - of.fields.keys() - {"__typename"}:
        raise UsageError(f"it has an unknown field {name!r}")
    made: dict[str, Any] = {}
    for name, each in of.fields.items():
        if name in value:
            made[name] = _checked(value[name], each.type)
        elif isinstance(each.type, graphql.GraphQLNonNull) and default_of(each) is None:
            raise UsageError(f"the field {name!r} is not given")
    return made


def _checked_scalar(value: Any, name: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "Int":
            is_right = is_number or (
                isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value) is not None
            )
        case "Float":
            if is_number:
                return float(value)
            is_right = isinstance(value, str) and _is_float(value)
        case "Boolean":
            is_right = isinstance(value, bool)
        case "String" | "ID":
            is_right = is_number or isinstance(value, str)
        case _:
            is_right = True
    if not is_right:
        raise UsageError(f"{_shown(value)} is not a value of it")
    return value


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
