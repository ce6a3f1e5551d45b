"""What a program finds in its container."""

import ast
from pathlib import Path

from wheelwright.release import inside
from wheelwright.release.act.containers import IMPORTED

PROGRAMS = Path(inside.__file__).parent
PACKAGE = "wheelwright.release.inside"


def imported(name: str) -> set[str]:
    """Return the modules beside a program that it imports, and that those import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PROGRAMS / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            found |= {f"{each.name}.py" for each in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            found.add(f"{(node.module or '').removeprefix(f'{PACKAGE}.')}.py")
    return found.union(*map(imported, found))


def test_program_comes_with_every_module_that_it_imports() -> None:
    """In a container there is nothing but what was put there: a missing one would end the step."""
    programs = {
        path.name: imported(path.name)
        for path in PROGRAMS.glob("*.py")
        if "__main__" in path.read_text(encoding="utf-8")
    }

    assert {name: found for name, found in programs.items() if found} == {
        name: set(modules) for name, modules in IMPORTED.items()
    }
