"""A repository on GitLab: its pipeline is written, and its jobs run as GitLab's runner runs them.

What the jobs fetch is this repository at its commit: git leads the address of the module to it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from .bench import REPOSITORY, Bench, copy_of
from .repositories import commit

REMOTE = "https://gitlab.example.org/shop/millrace.git"
ADDRESS = "h.example/o/wheelwright.git"
MODULE = f"github.com/example/wheelwright@{'0' * 40}"
MAIN, INCLUDED = ".gitlab-ci.yml", ".gitlab/wheelwright.gitlab-ci.yml"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
THEIRS = """\
# Since 2021.
stages: [check]
style:
  stage: check
  script: ruff check
"""


def repository(name: str, at: Path, files: Mapping[str, str] | None = None) -> Path:
    """Make a repository of a sample package, with a remote on GitLab, on a branch trunk."""
    source = copy_of(name, at)
    for path, text in (files or {}).items():
        (source / path).write_text(text)
    pyproject = source / "pyproject.toml"
    table = f'\n[tool.wheelwright.matrix]\npython = ["{PYTHON}"]\n'
    pyproject.write_text(pyproject.read_text() + table)
    commit(source)
    for words in (("branch", "-M", "trunk"), ("remote", "add", "origin", REMOTE)):
        subprocess.run(["git", "-C", source, *words], check=True)
    return source


def parsed(path: Path) -> Any:
    """Read YAML 1.2."""
    return YAML(typ="safe", pure=True).load(path.read_text())


def test_remote_on_gitlab_gets_a_pipeline(stiletto: Bench, tmp_path: Path) -> None:
    """One file with the checks, for the embedded engine; the log says why, and what is left."""
    at = repository("hatchling-src", tmp_path)
    words = ("workflows", "--module", MODULE, "--branch", "trunk", "-y")

    first = stiletto.passes(at, *words, cwd=at)
    again = stiletto.passes(at, *words, cwd=at)

    jobs = parsed(at / MAIN)
    assert {".wheelwright", "gates", "matrix", "nightly", "audit"} == set(jobs)
    assert [f"stiletto call -m {MODULE} --source . ci --git .\n"] == jobs["gates"]["script"]
    assert "forge: gitlab, from the remote on gitlab.example.org; --forge github" in first.said
    page = "https://gitlab.example.org/shop/millrace/-/pipeline_schedules"
    assert f"schedules: make them at {page}: " in first.said
    assert "release: not written for GitLab" in first.said
    assert not (at / ".github").exists()
    assert "no changes to apply" in again.said


@pytest.mark.slow
def test_forge_of_the_option_overrules_the_remote(stiletto: Bench, tmp_path: Path) -> None:
    """With --forge github there are workflows; the next call decides alike."""
    at = repository("hatchling-src", tmp_path)
    words = ("workflows", "--module", MODULE, "--branch", "trunk", "-y")

    stiletto.passes(at, *words, "--forge", "github", cwd=at)
    again = stiletto.passes(at, *words, cwd=at)

    assert (at / ".github/workflows/ci.yml").is_file()
    assert not (at / MAIN).exists()
    assert 'forge = "github"\n' in (at / "pyproject.toml").read_text()
    assert "no changes to apply" in again.said


@pytest.mark.slow
def test_pipeline_of_a_person_stays(stiletto: Bench, tmp_path: Path) -> None:
    """Theirs stays byte for byte; ours has another name, and the log says how to include it."""
    at = repository("hatchling-src", tmp_path, {MAIN: THEIRS})
    words = ("workflows", "--module", MODULE, "--branch", "trunk", "-y")

    said = stiletto.passes(at, *words, cwd=at).said
    again = stiletto.passes(at, *words, cwd=at)

    assert THEIRS == (at / MAIN).read_text()
    assert "check" == parsed(at / INCLUDED)[".wheelwright"]["stage"]
    assert (
        f"{MAIN}: kept as it is; ours is {INCLUDED}; jobs that overlap with ours: style (lint)"
        in said
    )
    assert f"add to {MAIN}, below include:, the line  - local: /{INCLUDED}" in said
    assert "no changes to apply" in again.said

    (at / MAIN).write_text(f"{THEIRS}include:\n  - local: /{INCLUDED}\n")
    assert "add to" not in stiletto.passes(at, *words, cwd=at).said

    (at / MAIN).unlink()
    moved = stiletto.passes(at, *words, cwd=at)
    assert (at / MAIN).is_file()
    assert not (at / INCLUDED).exists()
    assert f"{INCLUDED}: removed" in moved.said


@pytest.mark.slow
def test_init_writes_the_pipeline(stiletto: Bench, tmp_path: Path) -> None:
    """`init` takes the forge of the remote, and doctor names the file."""
    at = repository("hatchling-src", tmp_path)

    ended = stiletto.run("init", "-m", REPOSITORY, "--module", MODULE, "-y", cwd=at)

    assert 0 == ended.code, str(ended)
    assert ["stiletto call wheelwright ci\n"] == parsed(at / MAIN)["gates"]["script"]


@dataclass
class Runner:
    """A stand-in for GitLab's runner: a shell for a job's script, another for what follows."""

    source: Path
    env: Mapping[str, str]

    def job(self, name: str) -> dict[str, Any]:
        """Return a job with what it extends."""
        jobs = parsed(self.source / MAIN)
        return {**jobs[".wheelwright"], **jobs[name]}

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a job to its end, and return its script's end with all that was printed."""
        job = self.job(name)
        done = self._shell([*job["before_script"], *job["script"]], job)
        after = self._shell(job.get("after_script", ()), job)
        assert 0 == after.returncode, after.stdout
        return subprocess.CompletedProcess(name, done.returncode, done.stdout + after.stdout)

    def _shell(self, lines: Any, job: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        known = {"CI_PROJECT_DIR": str(self.source), **self._predefined()}
        own = {
            key: re.sub(r"\$\{?(\w+)\}?", lambda match: known[match[1]], value)
            for key, value in job["variables"].items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", "set -eo pipefail\n" + "\n".join(lines)],
            cwd=self.source,
            env={**self.env, **known, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    def _predefined(self) -> dict[str, str]:
        return {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_COMMIT_BRANCH": "trunk",
            "CI_COMMIT_REF_NAME": "trunk",
            "CI_COMMIT_SHA": "0" * 40,
            "CI_PIPELINE_URL": f"{REMOTE}/-/pipelines/1",
            "CI_PROJECT_PATH": "shop/millrace",
        }


@pytest.fixture
def led(stiletto: Bench, tmp_path: Path) -> tuple[dict[str, str], str]:
    """Return an environment whose git leads the module's address to what is committed here."""
    at, home = tmp_path / "wheelwright.git", tmp_path / "home"
    subprocess.run(["git", "clone", "-q", "--bare", REPOSITORY, at], check=True)
    head = subprocess.check_output(["git", "-C", at, "rev-parse", "HEAD"], text=True).strip()
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[url "{at}"]\n\tinsteadOf = https://{ADDRESS}\n'
        "[safe]\n\tdirectory = *\n[uploadpack]\n\tallowAnySHA1InWant = true\n"
    )
    return {**stiletto.env, "HOME": str(home)}, head


def on_gitlab(stiletto: Bench, at: Path, led: tuple[dict[str, str], str]) -> Runner:
    """Write the pipeline of a repository whose toolchain is this module at its commit."""
    env, head = led
    entry = {"name": "wheelwright", "source": f"{ADDRESS}@v1", "pin": head}
    dagger_json = {"name": "millrace", "engineVersion": "v0.21.8", "toolchains": [entry]}
    (at / "dagger.json").write_text(json.dumps(dagger_json))
    stiletto.passes(at, "workflows", "--branch", "trunk", "-y", cwd=at)
    commit(at)
    return Runner(at, env)


@pytest.mark.slow
def test_jobs_pass_and_their_store_is_kept(
    stiletto: Bench, led: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    """The engine is fetched at its commit, the gates are groups of the log, reports are there.

    What the job leaves for the cache makes the next one answer from the store.
    """
    runner = on_gitlab(stiletto, repository("hatchling-src", tmp_path), led)
    source = runner.source

    gates = runner.run("gates")
    store = source / ".wheelwright/store.tar"
    kept = store.is_file()
    again = runner.run("gates")
    matrix = runner.run("matrix")

    assert 0 == gates.returncode, gates.stdout
    assert "passed: 6 passed" in gates.stdout
    assert "\x1b[0Ksection_start:" in gates.stdout
    assert gates.stdout.endswith("    dagger call wheelwright ci\n")
    assert kept
    assert 0 == again.returncode, again.stdout
    assert "ci CACHED" in again.stdout
    assert 0 == matrix.returncode, matrix.stdout
    reports = source / "wheelwright-reports"
    assert "testsuites" == ElementTree.parse(reports / "junit.xml").getroot().tag
    assert (reports / "report.html").is_file()


@pytest.mark.slow
def test_red_matrix_leaves_its_reports(
    stiletto: Bench, led: tuple[dict[str, str], str], tmp_path: Path
) -> None:
    """The job fails with the matrix's exit code, after the reports were written."""
    runner = on_gitlab(stiletto, repository("failing-test", tmp_path), led)

    ended = runner.run("matrix")

    assert 0 != ended.returncode
    junit = ElementTree.parse(runner.source / "wheelwright-reports/junit.xml").getroot()
    assert 0 < len(junit.findall(".//failure"))
    assert "test_leaky_valve.py" in ended.stdout
