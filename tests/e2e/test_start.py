"""From nothing to checks: `init` in a repository that has never seen the module."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from .bench import REPOSITORY, Bench, Ended
from .repositories import HATCHLING, PYTEST, repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODULE = f"h.example/o/wheelwright.git@{COMMIT}"
TEST = "def test_it():\n    assert True\n"
FILES = {
    "pyproject.toml": HATCHLING.format(name="demo") + PYTEST,
    "src/demo/__init__.py": "",
    "tests/test_it.py": TEST,
}


def init(bench: Bench, at: Path, *words: str) -> Ended:
    """Put the module into a repository, from the checkout of these tests."""
    ended = bench.run("init", "-m", REPOSITORY, *words, cwd=at)
    assert ended.code == 0, str(ended)
    return ended


def contents(at: Path) -> dict[str, bytes]:
    """Return every file but git's."""
    paths = (path for path in at.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(at)): path.read_bytes() for path in paths}


def test_init_adds_what_is_missing_once(stiletto: Bench, tmp_path: Path) -> None:
    """dagger.json, workflows and a changelog are added; the second call changes nothing."""
    at = repository(tmp_path / "demo", FILES)
    first = init(stiletto, at, "--module", MODULE, "-y")
    before = contents(at)
    second = init(stiletto, at, "--module", MODULE, "-y")

    assert {**FILES} == {name: before[name].decode() for name in FILES}
    assert [{"name": "wheelwright", "source": MODULE, "pin": COMMIT}] == json.loads(
        before["dagger.json"]
    )["toolchains"]
    assert "- The first release." in before["CHANGELOG.md"].decode()
    assert {"ci.yml", "release.yml"} <= {
        path.rpartition("/")[2] for path in before if path.startswith(".github/workflows/")
    }
    assert f"adds the toolchain {MODULE}, pinned to {COMMIT[:12]}" in first.err
    assert "changelog: kept, CHANGELOG.md" in second.err
    assert "no changes to apply" in second.err
    assert before == contents(at)


def test_what_a_person_wrote_stays(stiletto: Bench, tmp_path: Path) -> None:
    """An existing dagger.json gets one entry, and a changelog stays byte for byte."""
    theirs = {"name": "demo", "toolchains": [{"name": "go", "source": "h.example/o/go@v1"}]}
    more = {"dagger.json": json.dumps(theirs), "NEWS.rst": "News\n====\n"}
    at = repository(tmp_path / "demo", {**FILES, **more}, "v1.0")
    ended = init(stiletto, at, "--module", MODULE, "-y")
    after = contents(at)

    assert ["go", "wheelwright"] == [
        each["name"] for each in json.loads(after["dagger.json"])["toolchains"]
    ]
    assert more["NEWS.rst"].encode() == after["NEWS.rst"]
    assert "CHANGELOG.md" not in after
    assert "changelog: kept, NEWS.rst" in ended.err


@pytest.mark.parametrize("flag", ["--progress=none", "--progress=plain", "-q", "-v"])
def test_log_is_shown_in_every_mode(stiletto: Bench, tmp_path: Path, flag: str) -> None:
    """What was found and kept is printed whatever the progress shows, and each line once."""
    at = repository(tmp_path / "demo", FILES)
    ended = init(replace(stiletto, flags=(flag,)), at, "--module", MODULE, "-y")

    assert 1 == ended.err.count("CHANGELOG.md: a first changelog\n"), str(ended)


def test_commands_of_the_start_run_over_a_mirror(stiletto: Bench, tmp_path: Path) -> None:
    """With git leading the address to a bare repository, the module of dagger.json runs."""
    mirror, home = tmp_path / "wheelwright.git", tmp_path / "home"
    subprocess.run(["git", "clone", "-q", "--bare", REPOSITORY, mirror], check=True)
    head = subprocess.check_output(["git", "-C", mirror, "rev-parse", "HEAD"], text=True).strip()
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[url "{mirror}"]\n\tinsteadOf = https://h.example/o/wheelwright.git\n'
        "[safe]\n\tdirectory = *\n"
    )
    bench = replace(stiletto, env={**stiletto.env, "HOME": str(home)})
    at = repository(tmp_path / "demo", FILES)
    module = f"h.example/o/wheelwright.git@{head}"
    ended = bench.run("init", "-m", module, "-y", cwd=at)
    assert ended.code == 0, str(ended)
    checks = bench.run("check", "-l", cwd=at)

    (entry,) = json.loads((at / "dagger.json").read_text())["toolchains"]
    assert {"name": "wheelwright", "source": module, "pin": head} == entry
    assert checks.code == 0, str(checks)
    assert "wheelwright:test" in checks.out


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("h.example/o/wheelwright@v1", "does not name the commit"),
        ("../wheelwright", "is outside of the repository"),
        ("h.example@v1", "names no repository"),
    ],
)
def test_address_that_no_runner_reaches_is_refused(
    stiletto: Bench, tmp_path: Path, module: str, message: str
) -> None:
    """Nothing is written where the address names no repository at a version."""
    at = repository(tmp_path / "demo", FILES)
    ended = stiletto.run("init", "-m", REPOSITORY, "--module", module, "-y", cwd=at)

    assert 1 == ended.code
    assert message in ended.error
    assert not (at / "dagger.json").exists()
