"""No module imports itself, by whatever way round."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"


def run_time_imports(tree: ast.AST, known: Collection[str]) -> Iterator[str]:
    """Yield the known modules that code imports, in functions too, but not for types alone."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in known)
            case ast.ImportFrom(module=str(module), names=names):
                found = {f"{module}.{alias.name}" for alias in names} & set(known)
                yield from found or {module} & set(known)
            case _:
                yield from run_time_imports(node, known)


def graph(root: Path, package: str) -> dict[str, set[str]]:
    """Return what each module of a package imports at run time."""
    paths = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (root / package).rglob("*.py")
    }
    return {
        name: set(run_time_imports(ast.parse(path.read_text(encoding="utf-8")), paths)) - {name}
        for name, path in paths.items()
    }


@pytest.mark.parametrize("package", ["stiletto", "wheelwright"])
def test_no_module_imports_itself(package: str) -> None:
    """Every module can be understood after those that it imports, and before those that use it."""
    order = list(TopologicalSorter(graph(SOURCES, package)).static_order())

    assert len(order) > 50


def test_a_circle_is_found(tmp_path: Path) -> None:
    """An import inside a function closes a circle; one for a type checker does not."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "__init__.py").touch()
    (tmp_path / "p" / "a.py").write_text("from p import b\n")
    (tmp_path / "p" / "b.py").write_text("if TYPE_CHECKING:\n    from p.a import x\n")
    assert "p.a" == list(TopologicalSorter(graph(tmp_path, "p")).static_order())[-1]

    (tmp_path / "p" / "b.py").write_text("def f():\n    from p.a import x\n")
    with pytest.raises(CycleError, match="nodes are in a cycle"):
        TopologicalSorter(graph(tmp_path, "p")).prepare()
