"""What a module's process compiles is run by no other module."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile_bench import environment, probe, stiletto

PLANT = """
@function
def plant(self) -> str:
    # Puts code in front of what Python has compiled, for the same sources: nothing looks anew.
    import marshal, pathlib, sys
    planted = 0
    for path in pathlib.Path(sys.pycache_prefix).rglob("*.pyc"):
        data = path.read_bytes()
        source = "import os; os.write(2, b'a stranger was here\\\\n')"
        if "/dagger/mod/" in str(path) or "/probe/" in str(path):
            path.write_bytes(data[:16] + marshal.dumps(compile(source, str(path), "exec")))
            planted += 1
    return f"planted: {planted > 1}"
"""
LOOK = """
@function
def look(self) -> str:
    return "own code"
"""


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("same_place", [True, False], ids=["same place", "other place"])
def test_a_module_plants_no_code_for_another(tmp_path: Path, same_place: bool) -> None:
    """The same name and the same dependencies, at the same place or another, in one store."""
    environ = environment(tmp_path)
    at = probe(tmp_path / "theirs", PLANT)
    theirs = stiletto(tmp_path, environ, "-m", str(at), "call", "plant")
    assert (0, "planted: True") == (theirs.code, theirs.out.strip()), theirs.err
    if same_place:
        at.rename(tmp_path / "before")
    at = probe(tmp_path / ("theirs" if same_place else "ours"), LOOK)
    ours = stiletto(tmp_path, environ, "-m", str(at), "call", "look")

    assert (0, "own code") == (ours.code, ours.out.strip()), ours.err
    assert "a stranger was here" not in ours.out + ours.err
