"""Files of the machine that cannot be read, or are not what they should be: one line each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOMEBODY = 12345


def _functions(module: Path, store: Path, *, prefix: tuple[str, ...] = ()) -> str:
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "stiletto", "functions", "-m", str(module)],
        env={**os.environ, "STILETTO_CACHE": str(store)},
        capture_output=True,
        text=True,
    )
    assert 1 == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["dagger.json", "pyproject.toml"])
def test_module_that_may_not_be_read(tmp_path: Path, name: str) -> None:
    """The error names the file; it is no bug of ours."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "dagger.json").write_text('{"name": "x", "sdk": "python"}')
    (module / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (module / name).chmod(0)
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        # Root reads everything but, in a user namespace, what belongs to somebody unknown there.
        os.chown(module / name, SOMEBODY, SOMEBODY)
        prefix = ("unshare", "--user", "--map-root-user")
        if subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("no user namespaces here")
    said = _functions(module, tmp_path / "store", prefix=prefix)
    assert str(module / name) in said
    assert "permission denied" in said


def test_module_that_is_not_utf_8(tmp_path: Path) -> None:
    """The error names the file and the byte."""
    (tmp_path / "dagger.json").write_bytes(b'{"name": "x\xff"}')
    said = _functions(tmp_path, tmp_path / "store")
    assert f"Error: {tmp_path / 'dagger.json'}:1: not valid UTF-8 at byte 11\n" in said


def test_defaults_that_are_not_utf_8(tmp_path: Path) -> None:
    """The error names the line of the .env, and what to do."""
    (tmp_path / "dagger.json").write_text('{"name": "x"}')
    (tmp_path / ".env").write_bytes(b"A=1\nB=\xff\n")
    said = _functions(tmp_path, tmp_path / "store")
    assert (
        f"Error: {tmp_path / '.env'}:2: not valid UTF-8 at byte 6\n"
        "  hint: write the file in UTF-8\n"
    ) in said


@pytest.mark.parametrize(
    ("source", "expected", "hint"),
    [
        ("./gone", "no module at {}/gone: it has no dagger.json", "correct the path of the module"),
        (".", "module 'x' has a circular dependency on itself", "remove one of the two"),
        ("../../up", "local module source path '../../up' escapes {}", "name a module inside"),
        ("/up", "local module source path '/up' is absolute", "write it relative to the file's"),
        ("https://127.0.0.1:1/x.git", "cannot read the repository https://127.0.0.1:1/x.git: ", ""),
    ],
)
def test_dependency_that_cannot_be_had(
    tmp_path: Path, source: str, expected: str, hint: str
) -> None:
    """The error begins with the file and the line that name the module."""
    (tmp_path / "dagger.json").write_text(f'{{"name": "x",\n"dependencies": ["{source}"]}}')
    said = _functions(tmp_path, tmp_path / "store")
    assert f"Error: {tmp_path / 'dagger.json'}:2: {expected.format(tmp_path)}" in said
    assert f"\n  hint: {hint}" in said


def test_toolchain_of_a_workspace_that_cannot_be_had(tmp_path: Path) -> None:
    """The same holds for the source of a module in a dagger.toml."""
    (tmp_path / "dagger.toml").write_text('[modules.a]\n\nsource = "gone"\n')
    done = subprocess.run(
        [sys.executable, "-m", "stiletto", "functions"],
        env={**os.environ, "STILETTO_CACHE": str(tmp_path / "store")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert 1 == done.returncode
    assert f"Error: {tmp_path / 'dagger.toml'}:3: no module at {tmp_path}/gone" in done.stderr
