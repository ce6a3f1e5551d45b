"""The module and its clients with the SDKs of Dagger 0.21 and of Dagger 1.0."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from wire_bench import Opener

from stiletto.api.definition import to_json

pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
CALLS = Path(__file__).parent / "client_calls.py"

VERSIONS = {
    "0.21.8": "==0.21.8",
    "newest 0.21": ">=0.21.8,<0.22",
    "newest 1.0": ">=1.0.0b1,<2",
}
"""The engine that the module names, and what PyPI has now."""

EXPECTED = {
    "entries": ["a/"],
    "glob": ["a/", "a/b.txt", "a/l"],
    "link": True,
    "missing": True,
    "file": ["f", 8, "contents"],
    "added": ["n"],
    "host": True,
    "stdout": "value\ntext\n",
    "failure": [7, "out", "err", "sh"],
    "exit code": 3,
    "masked": "***\n",
    "plaintext": "hush",
    "cached": "",
    "ports": [80, 81],
    "labels": ["l"],
    "variable": "1",
    "unset": None,
    "service": "200\n",
}


def run(*words: str | Path, at: Path = ROOT, **environ: str) -> str:
    """Run a program that has to succeed; return what it printed."""
    done = subprocess.run(
        words,
        cwd=at,
        env={**os.environ, "UV_PRERELEASE": "allow", **environ},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Make an environment as uv.lock has it, but with another version of the SDK."""

    @cache
    def made(version: str) -> Path:
        at = tmp_path_factory.mktemp("sdk") / "venv"
        locked = at.parent / "locked.txt"
        words = ("--frozen", "--no-hashes", "--no-emit-project", f"--output-file={locked}")
        run("uv", "export", *words)
        wanted = f"dagger-io{VERSIONS[version]}"
        text = re.sub(r"^dagger-io==.*$", wanted, locked.read_text(), flags=re.MULTILINE)
        locked.write_text(text)
        run("uv", "venv", f"--python={sys.executable}", at)
        run("uv", "pip", "install", f"--python={at}", "--requirements", locked)
        return at

    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_types_are_right(environment: Callable[[str], Path], version: str, tmp_path: Path) -> None:
    """Every call that the module makes is one of the SDK, with these arguments."""
    python = environment(version) / "bin/python"
    words = (f"--python-executable={python}", f"--cache-dir={tmp_path}", "src/wheelwright")

    assert "Success" in run(sys.executable, "-m", "mypy", *words)


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_get_the_same_answers(
    environment: Callable[[str], Path], version: str, tmp_path: Path
) -> None:
    """Files, steps, secrets, services, lists of objects and errors."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/marker").touch()
    program = Path(sys.executable).parent / "stiletto"
    python = environment(version) / "bin/python"
    out = run(
        *(program, "run", python, CALLS),
        at=tmp_path / "work",
        STILETTO_CACHE=str(tmp_path / "cache"),
        STILETTO_IDLE="0",
    )

    assert json.loads(out.splitlines()[-1]) == EXPECTED


@pytest.mark.asyncio(loop_scope="session")
async def test_the_registration_is_the_same(open_: Opener, tmp_path: Path) -> None:
    """Objects, functions, arguments, their help, defaults and patterns, compared as JSON."""
    found: dict[str, Any] = {}
    for version, wanted in VERSIONS.items():
        copy = tmp_path / version.replace(" ", "-")
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("dagger.json", "README.md", "LICENSE", "uv.lock"):
            shutil.copy(ROOT / name, copy / name)
        text = (ROOT / "pyproject.toml").read_text()
        given = re.sub(r'"dagger-io[^"]*"', f'"dagger-io{wanted}"', text, count=1)
        (copy / "pyproject.toml").write_text(given)
        run("uv", "lock", "--upgrade-package=dagger-io", at=copy)
        async with open_(copy) as session:
            definition = await session.engine.load_module(str(copy))
        found[version] = json.dumps(to_json(definition), indent=1)

    assert dict.fromkeys(VERSIONS, found["0.21.8"]) == found
