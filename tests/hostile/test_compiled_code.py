"""What is compiled and installed for a module is written by no module."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

import pytest
from hostile_bench import environment, probe, stiletto

from stiletto.engine.context import PREPARES

PLANT = """
@function
def plant(self) -> str:
    # Puts code in place of what Python has compiled, for the same sources: nothing looks anew.
    import dagger, marshal, pathlib
    planted = 0
    for path in pathlib.Path(dagger.__file__).parent.rglob("*.pyc"):
        data = path.read_bytes()
        source = "import os; os.write(2, b'a stranger was here\\\\n')"
        path.write_bytes(data[:16] + marshal.dumps(compile(source, str(path), "exec")))
        planted += 1
    return f"planted: {planted > 1}"

@function
def volumes(self) -> str:
    # What it writes here is what another module is installed from.
    import os, pathlib
    cache = pathlib.Path(os.environ["UV_CACHE_DIR"])
    return f"{cache.exists()}, {'/cache' in pathlib.Path('/proc/self/mounts').read_text()}"
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


@pytest.mark.e2e
@pytest.mark.network
def test_an_environment_is_compiled_once_and_by_no_module(tmp_path: Path) -> None:
    """An edit and another module run what is compiled; neither finds the installer's cache.

    Bytecode beside the sources counts for nothing: it may be older than they are.
    """
    environ = environment(tmp_path)
    at = probe(tmp_path / "one", PLANT)
    first = stiletto(tmp_path, environ, "-m", str(at), "call", "volumes")
    source = at / "src" / "probe" / "__init__.py"
    stale = Path(importlib.util.cache_from_source(str(source)))
    _compile_unchecked(source, "raise SystemExit('stale')", stale)
    edited = stiletto(tmp_path, environ, "-m", str(at), "call", "volumes")
    source.write_text(source.read_text() + "# edited\n")
    again = stiletto(tmp_path, environ, "-m", str(at), "call", "volumes")
    other = probe(tmp_path / "other", LOOK)
    others = stiletto(tmp_path, environ, "-m", str(other), "call", "look")

    said = f"{first}\n{edited}\n{again}\n{others}"
    assert [(0, "False, False")] * 3 == [(e.code, e.out.strip()) for e in (first, edited, again)], (
        said
    )
    assert (0, "own code") == (others.code, others.out.strip()), said
    prepared = [PREPARES in ended.err for ended in (first, edited, again, others)]
    assert [True, False, False, False] == prepared, said
    assert [] == [path.name for path in (tmp_path / "store").glob("volumes/*/**/*.pyc")]


def _compile_unchecked(source: Path, text: str, target: Path) -> None:
    target.parent.mkdir()
    code = marshal.dumps(compile(text, str(source), "exec"))
    flags = (1).to_bytes(4, "little")
    target.write_bytes(importlib.util.MAGIC_NUMBER + flags + bytes(8) + code)
