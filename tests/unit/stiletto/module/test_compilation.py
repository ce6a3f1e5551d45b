"""Files that are compiled before they are imported."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from stiletto.module import compilation


def _compiled(at: Path) -> None:
    """Run the program as a step does, and hold that it prints nothing."""
    program = Path(compilation.__file__).read_text()
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", program, str(at), f"{at}/absent"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert ("", "") == (done.stdout, done.stderr)


def _cache(path: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(path)))


def test_every_file_that_compiles_is_compiled(tmp_path: Path) -> None:
    """One that does not compile, and one that cannot be read, are left to whoever imports them."""
    good = [tmp_path / "a.py", tmp_path / "package" / "b.py", tmp_path / "package" / "c.py"]
    bad = [tmp_path / "syntax.py", tmp_path / "null.py", tmp_path / "deep.py", tmp_path / "gone.py"]
    (tmp_path / "package").mkdir()
    for path in good:
        path.write_text("value = 1\n")
    for path, text in zip(bad, ("def", "a\0b", "(" * 5000), strict=False):
        path.write_text(text)
    bad[-1].symlink_to("nowhere.py")

    _compiled(tmp_path)

    assert {True} == {_cache(path).is_file() for path in good}
    assert {False} == {_cache(path).exists() for path in bad}


def test_what_is_imported_is_the_compiled_file(tmp_path: Path) -> None:
    """It is not compared with its source: the time of a file in a layer may be any."""
    module = tmp_path / "module.py"
    module.write_text("print('compiled')\n")
    _compiled(tmp_path)
    module.write_text("print('read again')\n")

    command = [sys.executable, "-B", "-c", "import module"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)

    assert "compiled\n" == done.stdout


def test_nothing_that_is_compiled_runs(tmp_path: Path) -> None:
    """Neither a file, nor a `.pth` or a module beside it that the interpreter looks for itself."""
    for name in ("code.py", "sitecustomize.py", "marshal.py", "pathlib.py", "more.pth"):
        text = f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
        (tmp_path / name).write_text(text)

    _compiled(tmp_path)

    assert not (tmp_path / "ran").exists()
    assert _cache(tmp_path / "code.py").is_file()
