"""The command as a person installs it, from an address that git leads to a repository here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.standins.repository import run_git
from wheelwright import identity

from .bench import REPOSITORY, Bench, copy_of

pytestmark = pytest.mark.slow

ADDRESS = identity.repository()
AT = identity.reference().rpartition("@")[0]


@dataclass(frozen=True)
class Installed:
    """The command in an environment of its own.

    Attributes:
        commit: what the tag names that it was installed from.
    """

    bench: Bench
    commit: str


def published(at: Path) -> str:
    """Make a bare repository with the code here and the tag of its version; return the commit."""
    work = at / "work"
    files = ("src", "dagger.json", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
    work.mkdir()
    for name in files:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, work / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, work / name)
    run_git(work, "init", "--quiet", "--initial-branch=main")
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "--message=The code")
    run_git(work, "tag", "--annotate", "--message=The version", identity.tag())
    run_git(work, "commit", "--quiet", "--allow-empty", "--message=Later")
    run_git(at, "clone", "--quiet", "--bare", "work", "bare.git")
    return run_git(work, "rev-parse", f"{identity.tag()}^{{commit}}")


def by_uv(venv: Path, requirement: str) -> list[str]:
    """Return how uv installs it."""
    return ["uv", "pip", "install", "--quiet", f"--python={venv}/bin/python", requirement]


def by_pip(venv: Path, requirement: str) -> list[str]:
    """Return how pip installs it."""
    return [f"{venv}/bin/python", "-m", "pip", "install", "--quiet", requirement]


def test_dagger_installs_the_source_with_its_metadata(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """By the command of its runtime: name, version and address are read, and no commit."""
    published(tmp_path)
    at, venv = tmp_path / "work", tmp_path / "venv"
    env = {**environ, "UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON": sys.executable}
    subprocess.run(["uv", "sync", "--quiet", "--locked", "--no-dev"], cwd=at, env=env, check=True)
    program = "from wheelwright import identity as i; print(i.reference(), repr(i.origin()))"
    words = [f"{venv}/bin/python", "-c", program]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)

    assert f"{identity.reference()} ''\n" == done.stdout


@pytest.fixture(scope="module", params=[by_uv, by_pip])
def installed(
    request: pytest.FixtureRequest,
    environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    """Install the requirement as the manual has it, into an environment."""
    install: Callable[[Path, str], list[str]] = request.param
    at = tmp_path_factory.mktemp("installed")
    commit, venv, config = published(at), at / "venv", at / "gitconfig"
    config.write_text(f'[url "file://{at}/bare.git"]\n\tinsteadOf = {ADDRESS}\n')
    env = {**environ, "GIT_CONFIG_GLOBAL": str(config)}
    subprocess.run([sys.executable, "-m", "venv", venv], check=True, env=env)
    words = install(venv, identity.requirement())
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    env["PATH"] = f"{venv}/bin:{env['PATH']}"
    return Installed(Bench([f"{venv}/bin/stiletto"], env, at), commit)


def test_module_is_the_commit_that_was_installed(installed: Installed, tmp_path: Path) -> None:
    """`-m ADDRESS@TAG` without another word: the workflows fetch and call that commit."""
    source = copy_of("hatchling-src", tmp_path)
    run_git(source, "init", "--quiet", "--initial-branch=main")
    words = ("call", "-m", identity.reference(), "--source", ".", "workflows", "--engine=stiletto")
    done = installed.bench.run(*words, "-y", cwd=source)
    texts = "".join(
        path.read_text() for path in sorted((source / ".github/workflows").glob("*.yml"))
    )

    assert 0 == done.code, str(done)
    assert {(ADDRESS, installed.commit)} == set(
        re.findall(r'ADDRESS: "(.*)"\n +COMMIT: "(.*)"', texts)
    )
    assert {f"{AT}@{installed.commit}"} == set(re.findall(r" call -m ([^\s\"]+)", texts))


def test_init_pins_what_was_installed(installed: Installed, tmp_path: Path) -> None:
    """`stiletto init` writes the address and the commit of the installation."""
    source = copy_of("hatchling-src", tmp_path)
    run_git(source, "init", "--quiet", "--initial-branch=main")
    done = installed.bench.run("init", "-y", cwd=source)

    assert 0 == done.code, str(done)
    text = (source / "dagger.json").read_text()
    assert f'"pin": "{installed.commit}"' in text
    assert f'"source": "{AT}@' in text
