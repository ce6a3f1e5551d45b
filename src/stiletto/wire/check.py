"""Checks a query before any part of it is executed: by the schema, and by its cost.

The rules are those of the real engine (gqlparser 2.5.32, dagql/server.go of v0.21.8), which leaves
out the types of values and whether an object has a selection; no directive stands in a query. Each
part of the query is visited once: a fragment's cost is computed when it is first spread and then
looked up, so that a query whose expansion is huge is refused in the time that its text takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import graphql
from graphql import GraphQLError
from graphql.language import ast
from graphql.type.introspection import SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef

from stiletto.wire.merging import conflict
from stiletto.wire.values import default_of

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

MAX_LISTS = 2
"""Lists of the schema within each other: gqlparser, validator/rules/max_introspection_depth.go."""

_LISTS = ("fields", "inputFields", "interfaces", "possibleTypes")

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
    """What a selection comes to: fields, how deep they go, and what they give of the schema.

    `lists` is how many lists of the schema are within each other.
    """

    fields: int = 0
    depth: int = 0
    introspected: int = 0
    lists: int = 0


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
        self._variables: dict[int, list[_Use]] = {}
        self._spreads: dict[int, list[str]] = {}
        self._here = 0
        operations = self._definitions(document)
        for fragment in self._fragments.values():
            self._cost(fragment, 0)
        for operation in operations:
            self._operation(operation)
        self._unused(operations)

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
        defined: dict[str, ast.VariableDefinitionNode] = {}
        for each in node.variable_definitions or ():
            name = each.variable.name.value
            if name in defined:
                self._fail(f'There can be only one variable named "${name}".', each)
            defined[name] = each
            self._directives(each.directives)
            self._named_type(each.type)
            if each.default_value is not None:
                self._value(each.default_value)
        self._directives(node.directives)
        cost = self._selections(root, node.selection_set, 0)
        self._bounds(cost, node)
        self._used(node, defined)
        if not self.errors and (found := conflict(self._schema, self._fragments, node)) is not None:
            name, one, other = found
            self._fail(
                f'Fields "{name}" conflict because they are different calls. Use different '
                "aliases on the fields to fetch both if this was intentional.",
                one,
                other,
            )

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

    def _used(
        self,
        operation: ast.OperationDefinitionNode,
        defined: Mapping[str, ast.VariableDefinitionNode],
    ) -> None:
        """Check the variables of an operation against where they stand, fragments included."""
        unused = dict(defined)
        for here in self._reached(operation):
            for use in self._variables.get(here, ()):
                name = use.node.name.value
                unused.pop(name, None)
                if name not in defined:
                    self._fail(f'Variable "${name}" is not defined.', use.node)
                else:
                    self._position(defined[name], use)
        for name, node in unused.items():
            of = f' in operation "{operation.name.value}"' if operation.name else ""
            self._fail(f'Variable "${name}" is never used{of}.', node)

    def _position(self, defined: ast.VariableDefinitionNode, use: _Use) -> None:
        of = graphql.type_from_ast(self._schema, defined.type)
        if use.type is None or of is None:
            return
        wanted = use.type
        has_default = use.has_default or defined.default_value is not None
        if has_default and isinstance(wanted, graphql.GraphQLNonNull):
            wanted = wanted.of_type
        if not graphql.is_type_sub_type_of(self._schema, of, wanted):
            self._fail(
                f'Variable "${use.node.name.value}" of type "{of}" used in position expecting '
                f'type "{use.type}".',
                defined,
                use.node,
            )

    def _reached(self, operation: ast.OperationDefinitionNode) -> set[int]:
        """Return the operation and every fragment that it spreads."""
        reached: set[int] = set()
        pending = [id(operation)]
        while pending:
            here = pending.pop()
            if here in reached:
                continue
            reached.add(here)
            spread = (self._fragments.get(name) for name in self._spreads.get(here, ()))
            pending += [id(fragment) for fragment in spread if fragment is not None]
        return reached

    def _unused(self, operations: Sequence[ast.OperationDefinitionNode]) -> None:
        reached = {here for each in operations for here in self._reached(each)}
        for name, fragment in self._fragments.items():
            if id(fragment) not in reached:
                self._fail(f'Fragment "{name}" is never used.', fragment)

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
        if not node.selections:
            self._fail("a selection has at least one field", node)
        fields = depth = introspected = lists = 0
        for selection in node.selections:
            if selection.directives:
                self._directives(selection.directives)
            match selection:
                case ast.FieldNode():
                    cost = self._field(parent, selection, above)
                case ast.FragmentSpreadNode():
                    cost = self._spread(parent, selection, above)
                case ast.InlineFragmentNode():
                    on = parent
                    if selection.type_condition is not None:
                        found = self._composite(selection.type_condition)
                        if found is None:
                            continue
                        self._overlap(parent, found, selection)
                        on = found
                    cost = _deeper(self._selections(on, selection.selection_set, above + 1))
                case _:
                    continue
            fields = min(fields + cost.fields, _MANY)
            depth = max(depth, cost.depth)
            introspected = min(introspected + cost.introspected, _MANY)
            lists = max(lists, cost.lists)
        return _Cost(fields, depth, introspected, lists)

    def _overlap(
        self, parent: graphql.GraphQLNamedType, on: graphql.GraphQLNamedType, node: ast.Node
    ) -> None:
        """Refuse a fragment on a type that its place can never have."""
        if (
            graphql.is_composite_type(parent)
            and graphql.is_composite_type(on)
            and not graphql.do_types_overlap(self._schema, parent, on)
            and not (graphql.is_abstract_type(parent) and on in _below(self._schema, parent))
        ):
            self._fail(
                f'Fragment cannot be spread here as objects of type "{parent.name}" can never be '
                f'of type "{on.name}".',
                node,
            )

    def _spread(
        self, parent: graphql.GraphQLNamedType, node: ast.FragmentSpreadNode, above: int
    ) -> _Cost:
        name = node.name.value
        fragment = self._fragments.get(name)
        if fragment is None:
            self._fail(f'Unknown fragment "{name}".', node)
            return _Cost()
        self._spreads.setdefault(self._here, []).append(name)
        on = self._schema.get_type(fragment.type_condition.name.value)
        if on is not None:
            self._overlap(parent, on, node)
        return _deeper(self._cost(fragment, above + 1))

    def _field(self, parent: graphql.GraphQLNamedType, node: ast.FieldNode, above: int) -> _Cost:
        name = node.name.value
        field = self._definition(parent, name)
        if field is None:
            self._fail(f'Cannot query field "{name}" on type "{parent.name}".', node)
            return _Cost()
        self._arguments(parent, name, field.args, node)
        of = graphql.get_named_type(field.type)
        if node.selection_set is None:
            # Whether an object needs one is only known when it is there.
            return _Cost(1, 1, int(parent.name.startswith("__")))
        inner = self._selections(of, node.selection_set, above + 1)
        entries = _ENTRIES.get((parent.name, name), 1)
        if (parent.name, name) == ("__Schema", "types"):
            entries = len(self._schema.type_map)
        lists = inner.lists + (parent.name == "__Type" and name in _LISTS)
        if name in ("__schema", "__type") and lists > MAX_LISTS:
            self._fail("Maximum introspection depth exceeded", node)
        introspected = min(inner.introspected * entries + 1, _MANY)
        return _Cost(inner.fields + 1, inner.depth + 1, introspected, lists)

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
            known = args.get(name)
            self._value(argument.value, known.type if known else None, _has_default(known))
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
            name = node.name.value
            if self._schema.get_directive(name) is None:
                self._fail(f'Unknown directive "@{name}".', node)
            else:
                self._fail(f'Directive "@{name}" may not be used in a query.', node)
            for argument in node.arguments or ():
                self._value(argument.value)

    def _value(
        self,
        node: ast.ValueNode,
        of: graphql.GraphQLInputType | None = None,
        has_default: bool = False,
    ) -> None:
        """Note the variables of a value and the types of their places; bound how deep it goes."""
        level = [_Place(node, of, has_default)]
        for _ in range(MAX_VALUE_DEPTH + 1):
            inner: list[_Place] = []
            for each in level:
                match each.node:
                    case ast.VariableNode():
                        use = _Use(each.node, each.type, each.has_default)
                        self._variables.setdefault(self._here, []).append(use)
                    case ast.ListValueNode():
                        inner += _entries(each.node, each.type)
                    case ast.ObjectValueNode():
                        inner += self._members(each.node, each.type)
            if not inner:
                return
            level = inner
        self._fail(f"a value is nested more than {MAX_VALUE_DEPTH} levels deep", node)

    def _members(
        self, node: ast.ObjectValueNode, of: graphql.GraphQLInputType | None
    ) -> Iterator[_Place]:
        named = graphql.get_nullable_type(of) if of is not None else None
        known = named.fields if isinstance(named, graphql.GraphQLInputObjectType) else {}
        seen: set[str] = set()
        for each in node.fields:
            name = each.name.value
            if name in seen:
                self._fail(f'There can be only one input field named "{name}".', each)
            seen.add(name)
            field = known.get(name)
            yield _Place(each.value, field.type if field else None, _has_default(field))


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of a query, and the type that its place has, if that is known."""

    node: ast.ValueNode
    type: graphql.GraphQLInputType | None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class _Use:
    """A variable where it stands."""

    node: ast.VariableNode
    type: graphql.GraphQLInputType | None
    has_default: bool


def _entries(node: ast.ListValueNode, of: graphql.GraphQLInputType | None) -> Iterator[_Place]:
    named = graphql.get_nullable_type(of) if of is not None else None
    of = named.of_type if isinstance(named, graphql.GraphQLList) else None
    return (_Place(each, of) for each in node.values)


def _has_default(of: graphql.GraphQLArgument | graphql.GraphQLInputField | None) -> bool:
    return of is not None and default_of(of) is not None


def _below(
    schema: graphql.GraphQLSchema, above: graphql.GraphQLAbstractType
) -> Sequence[graphql.GraphQLNamedType]:
    """Return the interfaces that have all of another: an object with one may come later."""
    if not isinstance(above, graphql.GraphQLInterfaceType):
        return ()
    return schema.get_implementations(above).interfaces


def _deeper(cost: _Cost) -> _Cost:
    """Count a fragment as one level: it takes as many frames as a field."""
    return replace(cost, depth=cost.depth + 1)


def _quoted(name: str) -> str:
    return f'"{name}"'
