"""The tree of errors is drawn in `errors.py`, complete and as it is."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src" / "stiletto"


def drawn() -> set[tuple[str, str]]:
    """Return each class of the drawing with the one that it hangs on."""
    found: set[tuple[str, str]] = set()
    above: list[tuple[int, str]] = []
    text = ast.get_docstring(ast.parse((SOURCES / "errors.py").read_text(encoding="utf-8"))) or ""
    for mark, name in re.findall(r"^    ((?:[|` ]  )*(?:[|`]- )?)([A-Z]\w+)", text, re.MULTILINE):
        above = [each for each in above if each[0] < len(mark)]
        if above:
            found.add((name, above[-1][1]))
        above.append((len(mark), name))
    return found


def written() -> set[tuple[str, str]]:
    """Return each class of the package that is an exception, with its base."""
    bases = {
        node.name: ast.unparse(node.bases[0])
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.bases
    }

    def is_exception(name: str) -> bool:
        known = getattr(builtins, name, None)
        return isinstance(known, type) and issubclass(known, BaseException)

    def root(name: str) -> str:
        return root(bases[name]) if name in bases else name

    return {(name, base) for name, base in bases.items() if is_exception(root(name))}


def test_every_error_is_drawn() -> None:
    """The drawing has each exception of the package, under its base, and no other."""
    assert ("StilettoError", "Exception") in written()
    assert drawn() == written() - {("StilettoError", "Exception")}
