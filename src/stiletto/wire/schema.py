"""The core API, read from the installed SDK's own client classes.

The SDK is the schema: every call it can make exists, with the names, arguments and types that
its source gives them. The source is read as text (by `ast`), because importing the SDK costs
ten times as much; the result is plain data that can be stored per SDK version.

    async def stdout(self) -> str:                        Container.stdout: String!
        _ctx = self._select("stdout", _args)
    def with_exec(self, args: list[str], *, ...) -> Self  Container.withExec(args: [String!]!, ...)
        _args = [Arg("args", args), Arg("stdin", stdin, ""), ...]
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FunctionDef,
    ObjectDef,
    TypeRef,
    arg_from_json,
    enum_from_json,
    object_from_json,
    to_json,
)
from stiletto.errors import EnvironmentFailed
from stiletto.graph.kind import Kind

SCALARS = {
    "str": Kind.STRING,
    "int": Kind.INTEGER,
    "float": Kind.FLOAT,
    "bool": Kind.BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class CoreSchema:
    """The core API: objects (everything is a function there), enums, inputs, scalars."""

    objects: Mapping[str, ObjectDef]
    enums: Mapping[str, EnumDef] = field(default_factory=dict)
    inputs: Mapping[str, tuple[ArgDef, ...]] = field(default_factory=dict)
    scalars: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the schema as plain data."""
        return {
            "objects": to_json(self.objects),
            "enums": to_json(self.enums),
            "inputs": to_json(self.inputs),
            "scalars": list(self.scalars),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> CoreSchema:
        """Read what `to_json` wrote."""
        return CoreSchema(
            {name: object_from_json(item) for name, item in data["objects"].items()},
            {name: enum_from_json(item) for name, item in data["enums"].items()},
            {
                name: tuple(arg_from_json(item) for item in items)
                for name, items in data["inputs"].items()
            },
            tuple(data["scalars"]),
        )


def sdk_source() -> tuple[str, str]:
    """Return the SDK's client source and a digest of it, without importing the SDK.

    Raises:
        EnvironmentFailed: dagger-io is not installed beside the engine.
    """
    spec = importlib.util.find_spec("dagger")
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentFailed(
            "the Dagger SDK is not installed", hint="install the package dagger-io"
        )
    text = (Path(next(iter(spec.submodule_search_locations))) / "client" / "gen.py").read_bytes()
    return text.decode(), hashlib.sha256(text).hexdigest()


def read_sdk(source: str) -> CoreSchema:
    """Derive the schema from the text of the SDK's `client/gen.py`."""
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in classes}
    scalars = {name for name, of in bases.items() if "Scalar" in of}
    enums = {node.name: _enum(node) for node in classes if "Enum" in bases[node.name]}
    inputs = {name for name, of in bases.items() if "Input" in of}
    objects = {
        name for name, of in bases.items() if of & {"Type", "Root"} and not name.startswith("_")
    }
    types = _Types(objects, set(enums), scalars, inputs)
    return CoreSchema(
        {node.name: _object(node, types) for node in classes if node.name in objects},
        enums,
        {node.name: tuple(_inputs(node, types)) for node in classes if node.name in inputs},
        tuple(sorted(scalars)),
    )


@dataclass(frozen=True, slots=True)
class _Types:
    objects: set[str]
    enums: set[str]
    scalars: set[str]
    inputs: set[str]

    def use(self, node: ast.expr | None, owner: str) -> TypeRef:
        """Turn an annotation into a type."""
        match node:
            case None | ast.Constant(value=None):
                return TypeRef(Kind.VOID, optional=True)
            case ast.BinOp(left=left):  # X | None is the only union the SDK writes
                inner = self.use(left, owner)
                return TypeRef(inner.kind, inner.name, inner.element, optional=True)
            case ast.Subscript(slice=element):
                return TypeRef(Kind.LIST, element=self.use(element, owner))
            case ast.Constant(value=str(text)):  # a forward reference
                return self.use(ast.parse(text, mode="eval").body, owner)
            case ast.Name(id=name):
                return self._named(name, owner)
            case _:
                raise EnvironmentFailed(f"unknown annotation in the SDK: {ast.unparse(node)}")

    def _named(self, name: str, owner: str) -> TypeRef:
        if name == "Self":
            return TypeRef(Kind.OBJECT, owner)
        if name in SCALARS:
            return TypeRef(SCALARS[name])
        if name == "Void":
            return TypeRef(Kind.VOID, optional=True)
        if name in self.enums:
            return TypeRef(Kind.ENUM, name)
        if name in self.scalars:
            return TypeRef(Kind.SCALAR, name)
        if name in self.inputs:
            return TypeRef(Kind.INPUT, name)
        # A Protocol such as Node or Exportable: any object.
        kind = Kind.OBJECT if name in self.objects else Kind.INTERFACE
        return TypeRef(kind, name)


def _enum(node: ast.ClassDef) -> EnumDef:
    members: dict[str, str] = {}
    values: dict[str, str] = {}
    last = ""
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                members[name], values[name], last = "", str(value), name
            case ast.Expr(value=ast.Constant(value=str(text))) if last:
                members[last] = text
    return EnumDef(
        node.name,
        tuple(members),
        members,
        values,
        description=ast.get_docstring(node) or "",
        original=node.name,
    )


def _inputs(node: ast.ClassDef, types: _Types) -> Iterator[ArgDef]:
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = _camel(item.target.id)
            yield ArgDef(name, types.use(item.annotation, node.name), original=item.target.id)


def _camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.title() for word in rest)


def _object(node: ast.ClassDef, types: _Types) -> ObjectDef:
    functions: dict[str, FunctionDef] = {}
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            function = _function(item, node.name, types)
            if function is not None:
                functions[function.name] = function
    return ObjectDef(
        node.name,
        description=ast.get_docstring(node) or "",
        functions=functions,
        original=node.name,
    )


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, types: _Types
) -> FunctionDef | None:
    selected = _selected(node)
    if selected is None:
        return None
    sections = _sections(ast.get_docstring(node) or "")
    annotations = {
        a.arg: a.annotation for a in (*node.args.args, *node.args.kwonlyargs) if a.annotation
    }
    args = [
        _argument(item, annotations, sections, owner, types)
        for item in ast.walk(node)
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Name) and item.func.id == "Arg"
    ]
    return FunctionDef(
        selected,
        types.use(node.returns, owner),
        tuple(args),
        description=sections.get("", ""),
        original=node.name,
    )


def _selected(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """Return the field that a method selects: `_select("f", ...)` or `execute_sync(self, "f")`."""
    for item in ast.walk(node):
        if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute):
            match item.func.attr, item.args:
                case "_select", [ast.Constant(value=str(name)), *_]:
                    return name
                case "execute_sync", [_, ast.Constant(value=str(name)), *_]:
                    return name
    return None


def _argument(
    node: ast.Call,
    annotations: Mapping[str, ast.expr],
    sections: Mapping[str, str],
    owner: str,
    types: _Types,
) -> ArgDef:
    match node.args:
        case [ast.Constant(value=str(name)), value, *default]:
            python = next(
                n.id for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in annotations
            )
        case _:
            raise EnvironmentFailed(f"unknown argument in the SDK: {ast.unparse(node)}")
    used = types.use(annotations[python], owner)
    text = _default(default[0]) if default else None
    if default:
        used = TypeRef(used.kind, used.name, used.element, optional=True)
    return ArgDef(name, used, sections.get(python, ""), text, original=python)


def _default(node: ast.expr) -> str | None:
    match node:
        case ast.Attribute(attr=member):  # an enum member travels by name
            return json.dumps(member)
        case ast.Constant(value=None):
            return None
        case _:
            return json.dumps(ast.literal_eval(node))


def _sections(doc: str) -> dict[str, str]:
    """Split a numpydoc docstring: the text under "", each parameter's text under its name."""
    found: dict[str, str] = {}
    head, _, rest = doc.partition("\nParameters\n----------\n")
    for title in ("Note", "Returns", "Raises", "Example"):
        head = head.split(f"\n{title}\n---")[0]
        if head.startswith(f"{title}\n---"):
            head = ""
    found[""] = " ".join(head.split())
    name = ""
    for line in rest.splitlines():
        if line.startswith("---"):
            break
        if line and not line.startswith(" "):
            name = line.rstrip(":")
            found[name] = ""
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
