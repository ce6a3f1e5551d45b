"""The tree of errors of each package is drawn in its `errors.py`, complete and as it is."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[3] / "src"


def drawn(package: str) -> set[tuple[str, str]]:
    """Return each class of the drawing with the one that it hangs on."""
    found: set[tuple[str, str]] = set()
    above: list[tuple[int, str]] = []
    source = (SOURCES / package / "errors.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source)) or ""
    for mark, name in re.findall(r"^    ((?:[|` ]  )*(?:[|`]- )?)([A-Z]\w+)", text, re.MULTILINE):
        above = [each for each in above if each[0] < len(mark)]
        if above:
            found.add((name, above[-1][1]))
        above.append((len(mark), name))
    return found


def written(package: str) -> set[tuple[str, str]]:
    """Return each class of the package that is an exception, with its base.

    Programs that run in a step import nothing of the package, and are left out.
    """
    bases = {
        node.name: ast.unparse(node.bases[0])
        for path in (SOURCES / package).rglob("*.py")
        if path.parent.name != "inside"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.bases
    }

    def is_exception(name: str) -> bool:
        known = getattr(builtins, name, None)
        return isinstance(known, type) and issubclass(known, BaseException)

    def root(name: str) -> str:
        return root(bases[name]) if name in bases else name

    return {(name, base) for name, base in bases.items() if is_exception(root(name))}


@pytest.mark.parametrize(
    ("package", "root"), [("stiletto", "StilettoError"), ("wheelwright", "WheelwrightError")]
)
def test_every_error_is_drawn(package: str, root: str) -> None:
    """The drawing has each exception of the package, under its base, and no other."""
    assert (root, "Exception") in written(package)
    assert drawn(package) == written(package) - {(root, "Exception")}
