"""Runs the real command in a process of its own, and reads what it said.

Steps are read from the plain progress on stderr, which stiletto writes as

    5 : uv lock --check
    5 : uv lock --check DONE [0.1s]

`Bench` works the same with `dagger` as the first word, except that its progress is not read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

__all__ = ["FIXTURES", "REPOSITORY", "Bench", "Ended", "copy_of", "dagger_answers", "host_environ"]

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures"
TIMEOUT_S = 800

STEP = re.compile(
    r"^\d+ : (?:\[[^]]+\] )?(?P<name>.+) (?P<end>DONE|CACHED|ERROR|CANCELLED) \[[^]]+\]"
)

# What a subprocess may know of this machine: where programs, indexes and certificates are.
# HOME is not among it: no test touches the real one.
PASSED = re.compile(
    r"PATH|LANG|LC_ALL|TMPDIR|PYENV_ROOT|UV_.*|PIP_.*|SSL_CERT_.*|.*_PROXY|.*_proxy|DOCKER_.*"
    r"|_EXPERIMENTAL_DAGGER_.*|STILETTO_LOOPBACK"
)


def host_environ(home: Path, cache: Path) -> dict[str, str]:
    """Return the environment of a command: this machine's programs, a home and cache of its own.

    Interpreters are looked for in the home, so the real home's places are named instead.
    """
    kept = {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}
    real = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or real / ".local" / "share")
    kept.setdefault("PYENV_ROOT", str(real / ".pyenv"))
    kept.setdefault("UV_PYTHON_INSTALL_DIR", str(data / "uv" / "python"))
    # A module for both engines: what runs again here must be what runs again on Dagger.
    caching = {"STILETTO_CACHING": "dagger-1.0"}
    return {
        **kept,
        "HOME": str(home),
        "STILETTO_CACHE": str(cache),
        "STILETTO_IDLE": "0",
        # What a test expects in the store is there, however small this disk is.
        "STILETTO_CACHE_SIZE": "0",
        **caching,
    }


def dagger_answers() -> bool:
    """Whether a dagger command and an engine are here."""
    program = shutil.which("dagger")
    if program is None:
        return False
    try:
        done = subprocess.run(
            [program, "core", "version"], capture_output=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def copy_of(name: str, at: Path) -> Path:
    """Copy a sample package into a directory; return where it is."""
    return Path(shutil.copytree(FIXTURES / name, at / name))


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it wrote."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    elapsed_s: float

    @property
    def said(self) -> str:
        """Both streams: which of them shows an error differs between the two programs."""
        return f"{self.out}\n{self.err}"

    @property
    def error(self) -> str:
        """What follows the last `Error: ` at the start of a line, without it."""
        return re.split(r"(?m)^Error: ", self.err)[-1].strip()

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Commands that ended, by name and how; functions and the module's load left out."""
        ends = (STEP.match(line) for line in self.err.splitlines())
        return [
            (end["name"], end["end"])
            for end in ends
            if end and " " in end["name"] and not end["name"].startswith("load ")
        ]

    @property
    def ran(self) -> list[str]:
        """Names of the commands that ran, whether they passed or failed."""
        return [name for name, end in self.steps if end in ("DONE", "ERROR")]

    @property
    def cached(self) -> list[str]:
        """Names of the commands that were answered from the store."""
        return [name for name, end in self.steps if end == "CACHED"]

    def __str__(self) -> str:
        return f"$ {' '.join(self.words)}\n{self.out}\n{self.err}\n[exit code {self.code}]"


@dataclass(frozen=True)
class Bench:
    """One way to run the command line: the first word, the environment, the directory.

    Attributes:
        program: the first words, `stiletto` or `dagger`, with what stands before them.
        flags: given to every command, such as `--sandbox=plain`.
        module: the directory with dagger.json.
    """

    program: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    flags: Sequence[str] = field(default=("--progress=plain",))
    module: Path = REPOSITORY

    @property
    def on_loopback(self) -> Self:
        """The same, with steps that reach loopback: stand-ins of servers listen there.

        No process is kept: with another network it would end the one that other tests use.
        """
        own = {"STILETTO_LOOPBACK": "all", "STILETTO_IDLE": "0"}
        return replace(self, env={**self.env, **own})

    def run(self, command: str, *words: str | Path, cwd: Path | None = None) -> Ended:
        """Run `stiletto COMMAND ...` to its end, without a terminal."""
        argv = [*self.program, command, *self.flags, *map(str, words)]
        started_s = time.monotonic()
        done = subprocess.run(
            argv,
            cwd=cwd or self.cwd,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        elapsed_s = time.monotonic() - started_s
        return Ended(tuple(argv), done.returncode, done.stdout, done.stderr, elapsed_s)

    def call(self, source: Path, *words: str | Path, cwd: Path | None = None) -> Ended:
        """Run functions of the module over a package's directory."""
        return self.run("call", "-m", self.module, "--source", source, *words, cwd=cwd)

    def passes(self, source: Path, *words: str | Path, cwd: Path | None = None) -> Ended:
        """Run functions, and hold that the exit code is 0."""
        ended = self.call(source, *words, cwd=cwd)
        assert ended.code == 0, str(ended)
        return ended

    def fails(self, source: Path, *words: str | Path, cwd: Path | None = None) -> Ended:
        """Run functions, and hold that it ends with exit code 1 and without a traceback."""
        ended = self.call(source, *words, cwd=cwd)
        assert ended.code == 1, str(ended)
        assert "Traceback (most recent call last)" not in ended.said, str(ended)
        return ended


def stiletto_program() -> list[str]:
    """Return the command as it was installed with these tests."""
    return [str(Path(sys.executable).with_name("stiletto"))]
