"""Measures the first five minutes: the five commands beside the same gates by hand.

    uv run python -m tests.e2e.start_times
    uv run python -m tests.e2e.start_times --runs 3
    uv run python -m tests.e2e.start_times DIRECTORY

The package is starlette, downloaded, unless a directory is given; it needs a uv.lock, and ruff,
mypy and pytest in its default dependency groups. Where it configures coverage, as starlette does,
the tests run under coverage by hand as well: the module does the same, and so does the package's
own script. What the first commands cost beside the gates (the command and the module are
installed once) is the same for each package, so it is most of the time for a tiny one.

Both begin with empty caches (uv's, pip's, the engine's store) on a machine that has one Python, in
a repository that has never seen the module. Each run prints what each command took, and at the end
stand both medians and their ratio. The exit code is 1 where the ratio is more than its limit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.packages import downloaded
from wheelwright import identity

from .bench import REPOSITORY, host_environ
from .repositories import commit, git

LIMIT = 2.5
TAG = "v9.9"
SAMPLE = "starlette==1.3.1"
BY_HAND = (
    "uv sync",
    "uv run --no-sync ruff check",
    "uv run --no-sync ruff format --check",
    "uv run --no-sync mypy {code}",
    # Root may read everything, which two tests do not expect.
    "uv run --no-sync {run} pytest -q -k 'not permissions'",
    "uv build",
)
REPORT = "uv run --no-sync coverage report"
PUSHED = (
    "git switch -q -c wheelwright",
    "git add -A",
    "git commit -q -m 'Add Wheelwright'",
    "git push -q -u origin HEAD",
)


@dataclass(frozen=True)
class Machine:
    """One with a single Python and empty caches.

    Attributes:
        at: has the package's repository, and everything that the commands keep.
        env: the environment of the commands.
    """

    at: Path
    env: Mapping[str, str]

    @property
    def package(self) -> Path:
        """The repository of the package."""
        return self.at / "package"

    def seconds(self, command: str) -> float:
        """Run a command there; return how long it took, and print it."""
        began_s = time.perf_counter()
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.package,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        taken_s = time.perf_counter() - began_s
        if done.returncode:
            sys.exit(f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        sys.stdout.write(f"  {taken_s:6.1f} s  {command}\n")
        sys.stdout.flush()
        return taken_s

    def all(self, commands: Sequence[str]) -> float:
        """Run commands one after the other; return how long all of them took."""
        return sum(map(self.seconds, commands))


def machine(at: Path, package: Path) -> Machine:
    """Make a machine, a repository of a package, and the one that the address leads to."""
    programs, home = at / "bin", at / "home"
    programs.mkdir()
    home.mkdir()
    uv = shutil.which("uv")
    assert uv is not None
    for name, target in (("python3", Path(sys.executable).resolve()), ("uv", uv)):
        (programs / name).symlink_to(target)
    package = Path(shutil.copytree(package, at / "package"))
    # It names a Python, which this machine need not have.
    (package / ".python-version").unlink(missing_ok=True)
    commit(package)
    git(at, "clone", "-q", "--bare", str(REPOSITORY), "module.git")
    git(at / "module.git", "tag", "--force", TAG)
    git(at, "init", "-q", "--bare", "origin.git")
    git(package, "remote", "add", "origin", str(at / "origin.git"))
    (home / ".gitconfig").write_text(
        f'[url "file://{at}/module.git"]\n\tinsteadOf = {identity.repository()}\n'
        "[safe]\n\tdirectory = *\n[user]\n\tname = a\n\temail = a@example.org\n"
    )
    env = host_environ(home, at / "store")
    # As in a shell of its own: no interpreter of another place, none that would be downloaded, and
    # a module's process that waits for the next command.
    others = ("PYENV_ROOT", "UV_PYTHON", "STILETTO_IDLE", "STILETTO_CACHING")
    kept = {name: value for name, value in env.items() if name not in others}
    own = {
        "PATH": f"{programs}:{at / 'tools-bin'}:/usr/local/bin:/usr/bin:/bin",
        "UV_CACHE_DIR": str(at / "uv-cache"),
        "UV_TOOL_DIR": str(at / "tools"),
        "UV_TOOL_BIN_DIR": str(at / "tools-bin"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_INSTALL_DIR": str(at / "pythons"),
        "XDG_DATA_HOME": str(at / "data"),
        "STILETTO_PYTHON_INSTALL": "0",
    }
    return Machine(at, {**kept, **own})


def five(of: Machine) -> float:
    """Run the five commands; return how long they took."""
    name = identity.requirement().partition(" @ ")[0]
    taken_s = of.all(
        (
            f"uv tool install -q '{name} @ git+{identity.repository()}@{TAG}'",
            "stiletto init -y",
            "stiletto check",
            " && ".join(PUSHED),
        )
    )
    of.seconds("stiletto stop")
    return taken_s


def by_hand(of: Machine) -> float:
    """Run the same gates without the module; return how long they took."""
    names = (path.parent.name for path in of.package.glob("*/__init__.py"))
    code = "src" if (of.package / "src").is_dir() else next(each for each in names)
    settings = tomllib.loads((of.package / "pyproject.toml").read_text())
    covered = "coverage" in settings.get("tool", {})
    run = "coverage run -m" if covered else ""
    gates = [each.format(code=code, run=run) for each in BY_HAND]
    return of.all(gates + [REPORT] * covered)


def measured(package: Path, runs: int) -> list[tuple[float, float]]:
    """Return the seconds by hand and by the five commands of each run."""
    found = []
    for number in range(1, runs + 1):
        taken = []
        for title, act in (("by hand", by_hand), ("the five commands", five)):
            sys.stdout.write(f"run {number}, {title}\n")
            with tempfile.TemporaryDirectory(prefix="start-", ignore_cleanup_errors=True) as made:
                taken.append(act(machine(Path(made).resolve(), package)))
        found.append((taken[0], taken[1]))
    return found


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", type=Path, nargs="?", help="its directory")
    parser.add_argument("--runs", type=int, default=1, help="how often (default: 1)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="start-package-") as made:
        package = given.package or downloaded(Path(made), os.environ, SAMPLE)
        found = measured(package, given.runs)
    hand_s, five_s = (statistics.median(each) for each in zip(*found, strict=True))
    ratio = five_s / hand_s
    verdict = "more than" if ratio > LIMIT else "limit"
    sys.stdout.write(
        f"by hand {hand_s:.1f} s, the five commands {five_s:.1f} s: "
        f"{ratio:.2f} times ({verdict} {LIMIT:g}; load {os.getloadavg()[0]:.1f})\n"
    )
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
