"""The descriptions of the core API, read from the installed SDK's own client classes.

They are for help texts only; without an SDK there are none. The source is read as text (by
`ast`), because importing the SDK costs ten times as much; the result is plain data that can be
stored per SDK version.

    async def stdout(self) -> str:                        Container.stdout
        _ctx = self._select("stdout", _args)
    def with_exec(self, args: list[str], *, ...) -> Self  Container.withExec, and for each
        _args = [Arg("args", args), ...]                  argument Container.withExec(args)
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path


def sdk_source() -> tuple[str, str]:
    """Return the SDK's client source and a digest of it, without importing the SDK.

    Both are empty where dagger-io is not installed beside the engine, or has another shape.
    """
    spec = importlib.util.find_spec("dagger")
    if spec is None or not spec.submodule_search_locations:
        return "", ""
    path = Path(next(iter(spec.submodule_search_locations))) / "client" / "gen.py"
    text = path.read_bytes() if path.is_file() else b""
    return text.decode(), hashlib.sha256(text).hexdigest()


def read_descriptions(source: str) -> Mapping[str, str]:
    """Return what the text of the SDK's `client/gen.py` says of each type, field and argument."""
    texts: dict[str, str] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            texts[node.name] = ast.get_docstring(node) or ""
            texts.update(_members(node))
            for item in node.body:
                if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                    texts.update(_field(node.name, item))
    return {name: text for name, text in texts.items() if text}


def _members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    last = ""
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)]):
                last = name
            case ast.Expr(value=ast.Constant(value=str(text))) if last:
                yield f"{node.name}.{last}", text


def _field(owner: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    selected = _selected(node)
    if selected is None:
        return
    sections = _sections(ast.get_docstring(node) or "")
    yield f"{owner}.{selected}", sections.get("", "")
    for item in ast.walk(node):
        match item:
            case ast.Call(func=ast.Name(id="Arg"), args=[ast.Constant(value=str(name)), value, *_]):
                texts = [
                    sections[n.id]
                    for n in ast.walk(value)
                    if isinstance(n, ast.Name) and n.id in sections
                ]
                yield f"{owner}.{selected}({name})", texts[0] if texts else ""


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
