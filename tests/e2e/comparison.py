"""Measures the tests of one package on several Pythons, with Wheelwright and other runners.

    uv run python -m tests.e2e.comparison
    uv run python -m tests.e2e.comparison --package DIRECTORY --python 3.11,3.12 --only uv,tox

The package is attrs, downloaded, unless a directory is given; it needs a uv.lock, and a dependency
group with pytest. Each runner gets a copy of it, and caches of its own that are empty: a first run,
two of the unchanged package of which the second counts, and one with a test added. Figures of a
busy machine mean nothing.

    uv           `uv run pytest` for each Python, at the same time
    tox          tox with tox-uv and its lock runner, `run-parallel`
    nox          a session for each Python that calls `uv sync`, `nox -j N`
    wheelwright  `stiletto call matrix`
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stiletto.layers.remove import remove_tree
from stiletto.sandbox.archives import unpack

from .bench import REPOSITORY, host_environ, stiletto_program

PACKAGE = "attrs==26.1.0"
PYTHONS = "3.10,3.11,3.12,3.13"
ADDED = "\n\ndef test_that_was_added():\n    assert True\n"

TOX = """\
[tox]
env_list = {names}
requires = tox-uv>=1.20
[testenv]
runner = uv-venv-lock-runner
dependency_groups = {group}
commands = pytest -q
"""
NOX = """\
import nox


@nox.session(python={pythons!r}, venv_backend="uv")
def tests(session):
    environ = {{"UV_PROJECT_ENVIRONMENT": session.virtualenv.location}}
    session.run_install("uv", "sync", "--frozen", "--group", "{group}", env=environ)
    session.run("pytest", "-q")
"""


@dataclass(frozen=True)
class Runner:
    """One way to run the tests: its program's version, and the command over a copy."""

    name: str
    version: Callable[[Mapping[str, str]], str]
    run: Callable[[Path, Mapping[str, str]], None]


def output(command: Sequence[str | Path], at: Path, environ: Mapping[str, str]) -> str:
    """Run a command to its end and return what it printed.

    Raises:
        SystemExit: it failed; the end of its output is the message.
    """
    done = subprocess.run(
        [*map(str, command)],
        cwd=at,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(f"{done.stdout}\n{done.stderr}".splitlines()[-30:])
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{tail}")
    return done.stdout


def runners(pythons: Sequence[str], group: str) -> list[Runner]:
    """Return the ways to run the tests on these Pythons."""
    jobs = str(len(pythons))
    tool = ("uv", "tool", "run", "--quiet")

    def version(*command: str) -> Callable[[Mapping[str, str]], str]:
        return lambda environ: output(command, REPOSITORY, environ).strip()

    def installed(name: str, *more: str) -> Callable[[Mapping[str, str]], str]:
        code = f"from importlib.metadata import version; print('{name}', version('{name}'))"
        return version(*tool, "--from", name, *more, "python", "-c", code)

    def uv(at: Path, environ: Mapping[str, str]) -> None:
        def one(python: str) -> None:
            own = {**environ, "UV_PROJECT_ENVIRONMENT": str(at / f".venv-{python}")}
            args = ("--frozen", "--python", python, "--group", group, "pytest", "-q")
            output(("uv", "run", *args), at, own)

        with ThreadPoolExecutor(len(pythons)) as pool:
            [*pool.map(one, pythons)]

    def tox(at: Path, environ: Mapping[str, str]) -> None:
        names = ",".join(f"py{python.replace('.', '')}" for python in pythons)
        (at / "tox.ini").write_text(TOX.format(names=names, group=group))
        args = ("run-parallel", "--parallel", jobs, "--parallel-no-spinner", "-c", "tox.ini")
        output((*tool, "--with", "tox-uv", "tox", *args), at, environ)

    def nox(at: Path, environ: Mapping[str, str]) -> None:
        (at / "noxfile.py").write_text(NOX.format(pythons=[*pythons], group=group))
        output((*tool, "nox", "-j", jobs, "--reuse-existing-virtualenvs"), at, environ)

    def wheelwright(at: Path, environ: Mapping[str, str]) -> None:
        words = ("--progress=plain", "-m", REPOSITORY, "--source", at, "matrix")
        output((*stiletto_program(), "call", *words, "--python", ",".join(pythons)), at, environ)

    return [
        Runner("uv", version("uv", "--version"), uv),
        Runner("tox", installed("tox", "--with", "tox-uv"), tox),
        Runner("nox", installed("nox"), nox),
        Runner("wheelwright", version(*stiletto_program(), "--version"), wheelwright),
    ]


def downloaded(at: Path, environ: Mapping[str, str], package: str = PACKAGE) -> Path:
    """Download and unpack the sdist of a package, which is named as NAME==VERSION."""
    name, _, version = package.partition("==")
    pip = ("uv", "run", "--isolated", "--no-project", "--with=pip", "python", "-m", "pip")
    args = ("download", "--quiet", "--no-deps", f"--no-binary={name}", f"--dest={at}", package)
    output((*pip, *args), at, environ)
    unpack(at / f"{name}-{version}.tar.gz", at)
    return at / f"{name}-{version}"


def seconds(act: Callable[[], object]) -> float:
    """Return how long something took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def measured(runner: Runner, package: Path, at: Path) -> tuple[float, float, float]:
    """Return the seconds of the first run, of an unchanged one, and of one with a test added."""
    copy = Path(shutil.copytree(package, at / "package"))
    for name in ("tox.ini", "noxfile.py"):
        (copy / name).unlink(missing_ok=True)
    environ = with_tools(at)
    runner.version(environ)  # installs the runner itself, which is not measured
    first = seconds(lambda: runner.run(copy, environ))
    runner.run(copy, environ)
    unchanged = seconds(lambda: runner.run(copy, environ))
    test = min((copy / "tests").rglob("test_*.py"))
    test.write_text(test.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
    return first, unchanged, seconds(lambda: runner.run(copy, environ))


def with_tools(at: Path) -> dict[str, str]:
    """Return an environment with empty caches, and with uv."""
    home = at / "home"
    home.mkdir(exist_ok=True)
    environ = host_environ(home, at / "store")
    environ.pop("STILETTO_CACHING", None)
    path = f"{Path(sys.executable).parent}:{environ['PATH']}"
    return {**environ, "PATH": path, "UV_CACHE_DIR": str(at / "uv"), "UV_NO_PROGRESS": "1"}


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table: a line for each runner."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--package", type=Path, help="a directory with a uv.lock")
    parser.add_argument("--python", default=PYTHONS)
    parser.add_argument("--group", default="tests", help="the dependency group with pytest")
    parser.add_argument("--only", default="", help="names of runners")
    options = parser.parse_args(argv)
    pythons = options.python.split(",")
    chosen = [
        runner
        for runner in runners(pythons, options.group)
        if not options.only or runner.name in options.only.split(",")
    ]
    cores, load = os.cpu_count(), os.getloadavg()[0]
    sys.stdout.write(
        f"{len(pythons)} Pythons, {cores} cores, load before {load:.1f}\n"
        f"{'runner':<12} {'first':>8} {'unchanged':>10} {'test added':>11}  version\n"
    )
    for runner in chosen:
        at = Path(tempfile.mkdtemp(prefix="comparison-"))
        try:
            environ = with_tools(at)
            package = options.package or downloaded(at, environ)
            first, unchanged, added = measured(runner, package, at)
            times = f"{first:>6.1f} s {unchanged:>8.2f} s {added:>9.1f} s"
            sys.stdout.write(f"{runner.name:<12} {times}  {runner.version(environ)}\n")
            sys.stdout.flush()
        finally:
            remove_tree(at)
    return 0


if __name__ == "__main__":
    sys.exit(main())
