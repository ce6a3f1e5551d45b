"""Checks a query before any part of it is executed: by the schema, and by its cost.

The rules are those of the real engine, which leaves out the types of values and whether a leaf
has a selection. Each part of the query is visited once: a fragment's cost is computed when it is
first spread and then looked up, so that a query whose expansion is huge is refused in the time
that its text takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import graphql
from graphql import GraphQLError
from graphql.language import ast
from graphql.type.introspection import SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef

MAX_DEPTH = 2000
"""Fields within fields. A chain of calls is one query, nested as deep as it is long; Python's
own bound is 1000 frames, and 2500 calls were measured to work with more of them."""

MAX_FIELDS = 10_000
"""Fields of an operation, those of fragments counted wherever they are spread. A chain of the
SDK has at most `MAX_DEPTH`, its question for the schema some hundred."""

MAX_VALUE_DEPTH = 64
"""Lists and objects within arguments and variables; the API has none deeper than 3."""

MAX_OPERATIONS = 100

MAX_INTROSPECTED = 2_000_000
"""Values that a question about the schema may give, by estimate: an SDK's gives a tenth."""

MAX_ERRORS = 20

_MANY = 10**12
"""Where counting stops."""

# About how many entries the lists of the introspected schema have; that of types is counted.
_ENTRIES = {
    ("__Type", "fields"): 12,
    ("__Type", "inputFields"): 4,
    ("__Type", "enumValues"): 4,
    ("__Type", "possibleTypes"): 12,
    ("__Type", "interfaces"): 1,
    ("__Field", "args"): 3,
}


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a selection comes to: fields, how deep they go, and what they give of the schema."""

    fields: int = 0
    depth: int = 0
    introspected: int = 0


def check(schema: graphql.GraphQLSchema, document: ast.DocumentNode) -> list[GraphQLError]:
    """Return what is wrong with a query, in the real engine's messages; empty if nothing is."""
    return _Check(schema, document).errors


def is_too_deep(value: Any) -> bool:
    """Whether JSON data has more lists and objects within each other than `MAX_VALUE_DEPTH`."""
    level = [value]
    for _ in range(MAX_VALUE_DEPTH + 1):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        if not inner:
            return False
        level = inner
    return any(isinstance(each, dict | list) for each in level)


class _Check:
    def __init__(self, schema: graphql.GraphQLSchema, document: ast.DocumentNode) -> None:
        self._schema = schema
        self.errors: list[GraphQLError] = []
        self._fragments: dict[str, ast.FragmentDefinitionNode] = {}
        self._costs: dict[str, _Cost] = {}
        self._open: list[str] = []
        self._deep = False
        # Per fragment or operation: the variables and the fragments directly in it.
        self._variables: dict[int, list[ast.VariableNode]] = {}
        self._spreads: dict[int, list[str]] = {}
        self._here = 0
        operations = self._definitions(document)
        for fragment in self._fragments.values():
            self._cost(fragment, 0)
        for operation in operations:
            self._operation(operation)

    def _fail(self, message: str, *nodes: ast.Node) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(GraphQLError(message, list(nodes)))

    def _definitions(self, document: ast.DocumentNode) -> list[ast.OperationDefinitionNode]:
        operations: list[ast.OperationDefinitionNode] = []
        for node in document.definitions:
            if isinstance(node, ast.OperationDefinitionNode):
                operations.append(node)
            elif isinstance(node, ast.FragmentDefinitionNode):
                if node.name.value in self._fragments:
                    self._fail(
                        f'There can be only one fragment named "{node.name.value}".', node.name
                    )
                self._fragments[node.name.value] = node
            else:
                self._fail("only queries and fragments can be executed", node)
        names = [node.name.value if node.name else "" for node in operations]
        if "" in names and len(names) > 1:
            self._fail("This anonymous operation must be the only defined operation.")
        elif len(set(names)) < len(names):
            self._fail("There can be only one operation of each name.")
        if len(operations) > MAX_OPERATIONS:
            self._fail(f"the query has {len(operations)} operations; at most {MAX_OPERATIONS}")
            return []
        return operations

    # -- operations and fragments ----------------------------------------------------------------

    def _operation(self, node: ast.OperationDefinitionNode) -> None:
        root = self._schema.query_type
        if node.operation is not graphql.OperationType.QUERY or root is None:
            self._fail(f"only queries are served, no {node.operation.value}", node)
            return
        self._here = id(node)
        defined = {each.variable.name.value for each in node.variable_definitions or ()}
        for each in node.variable_definitions or ():
            self._named_type(each.type)
            if each.default_value is not None:
                self._value(each.default_value)
        self._directives(node.directives)
        cost = self._selections(root, node.selection_set, 0)
        self._bounds(cost, node)
        self._undefined(node, defined)

    def _bounds(self, cost: _Cost, node: ast.Node) -> None:
        if cost.depth > MAX_DEPTH:
            self._too_deep(node)
        if cost.fields > MAX_FIELDS:
            self._fail(
                f"the query selects more than {MAX_FIELDS} fields, "
                "those of fragments counted wherever they are spread",
                node,
            )
        if cost.introspected > MAX_INTROSPECTED:
            self._fail("the query selects too much of the schema at once", node)

    def _too_deep(self, node: ast.Node) -> None:
        """Report it once: below the first one found nothing is checked."""
        if not self._deep:
            self._deep = True
            self._fail(f"the query is nested more than {MAX_DEPTH} fields deep", node)

    def _undefined(self, operation: ast.OperationDefinitionNode, defined: set[str]) -> None:
        visited: set[int] = set()
        pending = [id(operation)]
        while pending:
            here = pending.pop()
            if here in visited:
                continue
            visited.add(here)
            for variable in self._variables.get(here, ()):
                if variable.name.value not in defined:
                    self._fail(f'Variable "${variable.name.value}" is not defined.', variable)
            spread = (self._fragments.get(name) for name in self._spreads.get(here, ()))
            pending += [id(fragment) for fragment in spread if fragment is not None]

    def _cost(self, fragment: ast.FragmentDefinitionNode, above: int) -> _Cost:
        """Return what a fragment comes to; check it when it is first seen."""
        name = fragment.name.value
        known = self._costs.get(name)
        if known is not None:
            return known
        if name in self._open:
            via = self._open[self._open.index(name) + 1 :]
            through = f" via {', '.join(map(_quoted, via))}" if via else ""
            self._fail(f'Cannot spread fragment "{name}" within itself{through}.', fragment)
            return _Cost()
        self._open.append(name)
        outer, self._here = self._here, id(fragment)
        self._directives(fragment.directives)
        on = self._composite(fragment.type_condition)
        cost = self._selections(on, fragment.selection_set, above) if on is not None else _Cost()
        self._here = outer
        self._open.pop()
        self._costs[name] = cost
        return cost

    # -- selections ------------------------------------------------------------------------------

    def _selections(
        self, parent: graphql.GraphQLNamedType, node: ast.SelectionSetNode, above: int
    ) -> _Cost:
        """Check one selection set, `above` fields deep; return what it comes to."""
        if above > MAX_DEPTH:
            self._too_deep(node)
            return _Cost()
        fields = depth = introspected = 0
        answers: dict[str, ast.FieldNode] = {}
        for selection in node.selections:
            if selection.directives:
                self._directives(selection.directives)
            match selection:
                case ast.FieldNode():
                    self._unambiguous(answers, selection)
                    cost = self._field(parent, selection, above)
                case ast.FragmentSpreadNode():
                    cost = self._spread(selection, above)
                case ast.InlineFragmentNode():
                    on = parent
                    if selection.type_condition is not None:
                        found = self._composite(selection.type_condition)
                        if found is None:
                            continue
                        on = found
                    cost = _deeper(self._selections(on, selection.selection_set, above + 1))
                case _:
                    continue
            fields = min(fields + cost.fields, _MANY)
            depth = max(depth, cost.depth)
            introspected = min(introspected + cost.introspected, _MANY)
        return _Cost(fields, depth, introspected)

    def _unambiguous(self, answers: dict[str, ast.FieldNode], node: ast.FieldNode) -> None:
        """One name of a response means one call, at least within one pair of braces."""
        name = node.alias.value if node.alias else node.name.value
        other = answers.setdefault(name, node)
        if other is not node and (
            other.name.value != node.name.value or not _same(other.arguments, node.arguments)
        ):
            self._fail(
                f'Fields "{name}" conflict because they are different calls. Use different '
                "aliases on the fields to fetch both if this was intentional.",
                other,
                node,
            )

    def _spread(self, node: ast.FragmentSpreadNode, above: int) -> _Cost:
        name = node.name.value
        fragment = self._fragments.get(name)
        if fragment is None:
            self._fail(f'Unknown fragment "{name}".', node)
            return _Cost()
        self._spreads.setdefault(self._here, []).append(name)
        return _deeper(self._cost(fragment, above + 1))

    def _field(self, parent: graphql.GraphQLNamedType, node: ast.FieldNode, above: int) -> _Cost:
        name = node.name.value
        field = self._definition(parent, name)
        if field is None:
            self._fail(f'Cannot query field "{name}" on type "{parent.name}".', node)
            return _Cost()
        self._arguments(parent, name, field.args, node)
        of = graphql.get_named_type(field.type)
        if not graphql.is_composite_type(of):
            # As the real engine: a selection beneath a leaf is not looked at.
            return _Cost(1, 1, int(parent.name.startswith("__")))
        if node.selection_set is None or not node.selection_set.selections:
            self._fail(
                f'Field "{name}" of type "{field.type}" must have a selection of subfields. '
                f'Did you mean "{name} {{ ... }}"?',
                node,
            )
            return _Cost(1, 1)
        inner = self._selections(of, node.selection_set, above + 1)
        entries = _ENTRIES.get((parent.name, name), 1)
        if (parent.name, name) == ("__Schema", "types"):
            entries = len(self._schema.type_map)
        return _Cost(
            inner.fields + 1, inner.depth + 1, min(inner.introspected * entries + 1, _MANY)
        )

    def _definition(
        self, parent: graphql.GraphQLNamedType, name: str
    ) -> graphql.GraphQLField | None:
        if name == "__typename":
            return TypeNameMetaFieldDef
        if parent is self._schema.query_type and name in ("__schema", "__type"):
            return SchemaMetaFieldDef if name == "__schema" else TypeMetaFieldDef
        fields: Mapping[str, graphql.GraphQLField] = getattr(parent, "fields", {})
        return fields.get(name)  # a union has none

    def _arguments(
        self,
        parent: graphql.GraphQLNamedType,
        field: str,
        args: Mapping[str, graphql.GraphQLArgument],
        node: ast.FieldNode,
    ) -> None:
        given: set[str] = set()
        for argument in node.arguments or ():
            name = argument.name.value
            if name in given:
                self._fail(f'There can be only one argument named "{name}".', argument)
            given.add(name)
            if name not in args:
                self._fail(f'Unknown argument "{name}" on field "{parent.name}.{field}".', argument)
            self._value(argument.value)
        for name, arg in args.items():
            if name not in given and graphql.is_required_argument(arg):
                self._fail(
                    f'Field "{field}" argument "{name}" of type "{arg.type}" is required, '
                    "but it was not provided.",
                    node,
                )

    # -- types, directives, values ---------------------------------------------------------------

    def _composite(self, node: ast.NamedTypeNode) -> graphql.GraphQLNamedType | None:
        name = node.name.value
        found = self._schema.get_type(name)
        if found is None:
            self._fail(f'Unknown type "{name}".', node)
        elif not graphql.is_composite_type(found):
            self._fail(f'Fragment cannot condition on non composite type "{name}".', node)
            return None
        return found

    def _named_type(self, node: ast.TypeNode) -> None:
        while isinstance(node, ast.ListTypeNode | ast.NonNullTypeNode):
            node = node.type
        assert isinstance(node, ast.NamedTypeNode)
        if not graphql.is_input_type(self._schema.get_type(node.name.value)):
            self._fail(f'Unknown type "{node.name.value}".', node)

    def _directives(self, nodes: Iterable[ast.DirectiveNode] | None) -> None:
        for node in nodes or ():
            if self._schema.get_directive(node.name.value) is None:
                self._fail(f'Unknown directive "@{node.name.value}".', node)
            for argument in node.arguments or ():
                self._value(argument.value)

    def _value(self, node: ast.ValueNode) -> None:
        """Note the variables of a value, and bound how deep it goes."""
        level: list[ast.ValueNode] = [node]
        for _ in range(MAX_VALUE_DEPTH + 1):
            inner: list[ast.ValueNode] = []
            for each in level:
                match each:
                    case ast.VariableNode():
                        self._variables.setdefault(self._here, []).append(each)
                    case ast.ListValueNode():
                        inner += each.values
                    case ast.ObjectValueNode():
                        inner += [field.value for field in each.fields]
            if not inner:
                return
            level = inner
        self._fail(f"a value is nested more than {MAX_VALUE_DEPTH} levels deep", node)


def _deeper(cost: _Cost) -> _Cost:
    """Count a fragment as one level: it takes as many frames as a field."""
    return replace(cost, depth=cost.depth + 1)


def _same(one: Sequence[ast.ArgumentNode] | None, other: Sequence[ast.ArgumentNode] | None) -> bool:
    return sorted(map(graphql.print_ast, one or ())) == sorted(map(graphql.print_ast, other or ()))


def _quoted(name: str) -> str:
    return f'"{name}"'
