"""An ordinary user, who may read the program and owns a home, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stiletto.kept import place
from stiletto.layers.remove import remove_tree

from .bench import FIXTURES, REPOSITORY, Bench

NOBODY = 65534
"""The user that owns nothing, on every Linux; see user_namespaces(7)."""

AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]

CANDIDATES = (
    getattr(sys, "_base_executable", sys.executable),
    *(
        f"{folder}/python3.{minor}"
        for folder in ("/usr/local/bin", "/usr/bin")
        for minor in (13, 12, 11)
    ),
)


@dataclass(frozen=True)
class User:
    """A bench of that user, and the Python that it can run."""

    bench: Bench
    python: str
    source: Path


def python_for_nobody() -> tuple[str, str] | None:
    """Return an interpreter that the user may run, and its X.Y: the first of those that are."""
    # One in root's home may start, because setpriv still has root's rights then, and no child does.
    ask = (
        "import os, sys; assert sys.version_info >= (3, 11); os.stat(sys.executable); "
        "print('%d.%d' % sys.version_info[:2])"
    )
    for candidate in CANDIDATES:
        done = subprocess.run(
            [*AS_NOBODY, candidate, "-c", ask], capture_output=True, text=True, check=False, cwd="/"
        )
        if done.returncode == 0:
            return candidate, done.stdout.strip()
    return None


@pytest.fixture(scope="module")
def user(environ: dict[str, str]) -> Iterator[User]:
    """Install the project where that user can read it, with a home of its own."""
    if os.geteuid() != 0:
        pytest.skip("not root: every other test here already runs as an ordinary user")
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv (util-linux) to become another user with")
    found = python_for_nobody()
    if found is None:
        pytest.skip("no Python from 3.11 on that another user may run")
    executable, python = found
    root = Path(tempfile.mkdtemp(prefix="stiletto-user-", dir="/tmp"))
    root.chmod(0o755)
    module = root / "module"
    module.mkdir()
    for name in ("dagger.json", "pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, module)
    shutil.copytree(
        REPOSITORY / "src", module / "src", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(FIXTURES / "hatchling-src", root / "hatchling-src")
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("uv")), "sync", "--frozen", "--no-editable"),
            *("--no-default-groups", "--extra=stiletto", "--quiet", f"--python={executable}"),
        ],
        cwd=module,
        env={**environ, "UV_PROJECT_ENVIRONMENT": str(root / "venv"), "UV_LINK_MODE": "copy"},
        check=True,
        timeout=300,
    )
    home = root / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    env = {**environ, "HOME": str(home), "STILETTO_CACHE": str(home / "cache")}
    program = [*AS_NOBODY, str(root / "venv" / "bin" / "stiletto")]
    try:
        yield User(Bench(program, env, home, module=module), python, root / "hatchling-src")
    finally:
        remove_tree(root)


def test_ordinary_user_runs_tests_in_bubblewrap(user: User) -> None:
    """Without any privilege, tests run in the sandbox, and the files are the user's own."""
    ended = user.bench.passes(
        user.source, "--sandbox=bubblewrap", "test", f"--python={user.python}"
    )
    owners = {path.lstat().st_uid for path in (user.bench.cwd / "cache").rglob("*")}

    assert "millrace: passed on Python " in ended.out
    assert "2 passed" in ended.out
    assert {NOBODY} == owners


@pytest.mark.slow
def test_ordinary_user_saves_a_build(user: User) -> None:
    """What is built belongs to the user who saved it."""
    user.bench.passes(user.source, "build", f"--python={user.python}", "-o", "dist")
    made = sorted((user.bench.cwd / "dist").iterdir())

    assert ["millrace-1.4.0-py3-none-any.whl", "millrace-1.4.0.tar.gz"] == [
        path.name for path in made
    ]
    assert {NOBODY} == {path.stat().st_uid for path in made}


def test_ordinary_user_has_a_kept_process_of_its_own(user: User) -> None:
    """A process is kept for the user, serves the next command, and is the user's alone."""
    kept = replace(user.bench, env={**user.bench.env, "STILETTO_IDLE": "60"})
    store = Path(kept.env["STILETTO_CACHE"])
    try:
        shown = [kept.passes(user.source, "versions").out]
        before = place.sockets(store)
        (user.source / "README.md").write_text("another source: the function runs again\n")
        shown.append(kept.passes(user.source, "versions").out)
        owners = {path.lstat().st_uid for path in [*before, before[0].parent]}
        assert (shown[:1], {NOBODY}) == (shown[1:], owners)
        assert before == place.sockets(store)
        assert place.connected(before[0]) is None, "root has no connection to it"
        assert before == place.sockets(store)
    finally:
        stopped = kept.run("stop").out
    assert "1 process ended\n" == stopped
