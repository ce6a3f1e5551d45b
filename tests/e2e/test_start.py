"""From nothing to checks: `init` in a repository that has never seen the module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.standins.github_pulls import merge

from .bench import REPOSITORY, Bench, Ended
from .release_bench import EPOCH_S, Changelog, Description, Outside, ReleaseBench, make_package
from .release_bench import Sample as Package
from .repositories import HATCHLING, PYTEST, commit, git, repository

ENVIRON_OF_GIT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))
}
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

    engine = '\n[tool.wheelwright.github]\nengine = "stiletto"\n'
    expected = {**FILES, "pyproject.toml": FILES["pyproject.toml"] + engine}
    assert expected == {name: before[name].decode() for name in FILES}
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


def test_init_asks_the_remote_for_its_branch_once(stiletto: Bench, tmp_path: Path) -> None:
    """A clone that does not know its remote's HEAD costs one question, not one for each reader."""
    at = repository(tmp_path / "demo", FILES)
    # A port that nothing listens on: the answer is immediate.
    git(at, "remote", "add", "origin", "https://127.0.0.1:9/o/demo.git")
    ended = init(replace(stiletto, flags=("--progress=plain",)), at, "--module", MODULE, "-y")
    asked = {
        line.split()[0] for line in ended.err.splitlines() if "ls-remote" in line and "demo" in line
    }

    assert 1 == len(asked), ended.err


@pytest.mark.parametrize("flag", ["--progress=none", "--progress=plain", "-q", "-v"])
def test_log_is_shown_in_every_mode(stiletto: Bench, tmp_path: Path, flag: str) -> None:
    """What was found and kept is printed whatever the progress shows, and each line once."""
    at = repository(tmp_path / "demo", FILES)
    ended = init(replace(stiletto, flags=(flag,)), at, "--module", MODULE, "-y")

    assert 1 == ended.err.count("CHANGELOG.md: a first changelog\n"), str(ended)


@dataclass(frozen=True)
class Mirror:
    """A bare repository of the module, to which git leads its address.

    Attributes:
        address: the address, which no server has.
        head: the commit of its default branch, which has the tag v9.9.
        bench: runs commands with a git that knows the way.
    """

    address: str
    head: str
    bench: Bench


@pytest.fixture
def mirror(stiletto: Bench, tmp_path: Path) -> Mirror:
    """Clone what is committed here, and lead the address there."""
    at, home = tmp_path / "wheelwright.git", tmp_path / "home"
    subprocess.run(["git", "clone", "-q", "--bare", REPOSITORY, at], check=True)
    subprocess.run(["git", "-C", at, "tag", "--force", "v9.9"], check=True)
    head = subprocess.check_output(["git", "-C", at, "rev-parse", "HEAD"], text=True).strip()
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[url "{at}"]\n\tinsteadOf = https://h.example/o/wheelwright.git\n'
        "[safe]\n\tdirectory = *\n"
    )
    bench = replace(stiletto, env={**stiletto.env, "HOME": str(home)})
    return Mirror("h.example/o/wheelwright.git", head, bench)


def test_module_of_an_address_is_pinned_and_runs(mirror: Mirror, tmp_path: Path) -> None:
    """What dagger.json names is the module that init was called of, and its checks are there."""
    at = repository(tmp_path / "demo", FILES)
    module = f"{mirror.address}@{mirror.head}"
    ended = mirror.bench.run("init", "-m", module, "-y", cwd=at)
    assert ended.code == 0, str(ended)
    checks = mirror.bench.run("check", "-l", cwd=at)

    (entry,) = json.loads((at / "dagger.json").read_text())["toolchains"]
    assert {"name": "wheelwright", "source": module, "pin": mirror.head} == entry
    assert checks.code == 0, str(checks)
    assert "wheelwright:matrix" in checks.out


@pytest.mark.slow
def test_five_commands_end_with_a_branch_that_is_green(mirror: Mirror, tmp_path: Path) -> None:
    """With pip and Python: install, init, check, commit and push, in a foreign repository."""
    # An interpreter that the machine lacks would be downloaded.
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    claims = f'classifiers = ["Programming Language :: Python :: {python}"]\n'
    pyproject = HATCHLING.format(name="demo").replace(">=3.10", f"=={python}.*") + claims + PYTEST
    at = repository(tmp_path / "demo", {**FILES, "pyproject.toml": pyproject})
    venv = tmp_path / "venv"
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(at, "remote", "add", "origin", str(tmp_path / "origin.git"))
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)

    path = f"{venv / 'bin'}:{os.environ['PATH']}"
    environ = {**mirror.bench.env, **ENVIRON_OF_GIT, "PATH": path}

    def run(*words: str | Path) -> str:
        done = subprocess.run(
            [*map(str, words)],
            cwd=at,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    run(
        *(venv / "bin" / "pip", "install", "-q"),
        f"wheelwright-pipeline[stiletto] @ git+https://{mirror.address}@v9.9",
    )
    shown = run("stiletto", "init", "-y")
    checked = run("stiletto", "check")
    run(
        "sh", "-c", "git switch -q -c wheelwright && git add -A && git commit -qm 'Add Wheelwright'"
    )
    run("git", "push", "-q", "-u", "origin", "HEAD")

    assert f"pinned to {mirror.head[:12]}" in shown
    assert "wheelwright:matrix" in checked
    pushed = subprocess.check_output(
        ["git", "-C", tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "wheelwright"],
        text=True,
    )
    assert {"dagger.json", "CHANGELOG.md", ".github/workflows/ci.yml"} <= {*pushed.split()}


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


def test_remote_that_cannot_be_reached_stops_nothing(stiletto: Bench, tmp_path: Path) -> None:
    """The only branch of the clone counts where the remote does not answer."""
    at = repository(tmp_path / "demo", FILES)
    git(at, "remote", "add", "origin", "https://127.0.0.1:1/o/demo.git")
    ended = init(stiletto, at, "--module", MODULE, "-y")

    assert "Applied." in ended.err
    assert 'branches: ["main"]' in (at / ".github/workflows/ci.yml").read_text()


# -- over the stand-ins ---------------------------------------------------------------------------


@pytest.fixture
def owned(
    stiletto: Bench, tmp_path: Path, described: Description, source: Path
) -> Iterator[ReleaseBench]:
    """A package on a repository whose owner has set nothing, and the owner's token."""
    with Outside(tmp_path / "outside", described) as outside:
        outside.github.state.settings.actions_open_pulls = False
        at = ReleaseBench.start(stiletto, outside, source)
        environ = {**at.bench.env, "GITHUB_TOKEN": outside.owner.value}
        yield replace(at, bench=replace(at.bench, env=environ))


def setup(at: ReleaseBench, *words: str) -> Ended:
    """Run `setup-github` with the owner's token."""
    api = ("--github-api", at.outside.api_url, "--ca", str(at.outside.authority.bundle))
    return at.call("setup-github", "--github-token", "env://GITHUB_TOKEN", *api, *words)


def test_settings_are_shown_then_written_once(owned: ReleaseBench) -> None:
    """Without --apply nothing is written; with it all is, and the second time nothing."""

    def count() -> int:
        return len(owned.outside.effects.happened)

    before = count()
    shown, looked = setup(owned), count()
    applied, written = setup(owned, "--apply"), count()
    again = setup(owned, "--apply")

    assert (0, 0, 0) == (shown.code, applied.code, again.code), f"{shown}{applied}{again}"
    assert "nothing was written: --apply writes what is missing" in shown.out
    assert "5 of 5 missing" in shown.out
    assert before == looked < written
    assert "all of it is there" in applied.out
    assert applied.out.endswith("Actions may create pull requests")
    assert "nothing to write" in again.out
    assert written == count()


@pytest.mark.slow
def test_doctor_finds_what_setup_writes(owned: ReleaseBench) -> None:
    """The same settings are missing before and found after, and --strict fails until then."""
    urls = owned.outside.index
    index = ("--check-url", urls.simple_url, "--publish-url", urls.publish_url)
    api = ("--github-api", owned.outside.api_url, "--ca", str(owned.outside.authority.bundle))
    words = ("doctor", "--github-token", "env://GITHUB_TOKEN", *api, *index)

    def settings() -> dict[str, str]:
        ended = owned.call(*words, "--format", "json")
        assert ended.code == 0, str(ended)
        found = [each for each in json.loads(ended.out) if each["area"] == "GitHub"]
        return {each["subject"]: each["state"] for each in found}

    before = settings()
    strict = owned.call(*words, "--strict")
    setup(owned, "--apply")
    after = settings()

    assert ["missing"] * 5 + ["found"] * 2 == [*before.values()]
    assert ["found"] * 7 == [*after.values()]
    assert 1 == strict.code
    assert "setup-github --apply" in strict.err


def test_settings_need_a_token(owned: ReleaseBench) -> None:
    """Without a token nothing is looked at, and the option is named."""
    ended = owned.call("setup-github", "--github-api", owned.outside.api_url)

    assert 1 == ended.code
    assert "pass --github-token 'cmd://gh auth token'" in ended.error


@pytest.mark.slow
def test_first_release_takes_five_steps(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """`init` and push; `setup-github --apply`; a publisher on the index; run; merge.

    The package's version is 0.1.0 already, and the release has a workflow's own token only.
    """
    package = Package(name="first-package", version="0.1.0", changelog=Changelog.NONE)
    work = make_package(package, tmp_path / "work", locked=False)
    git(work, "tag", "--delete", "v0.1.0")
    started_s = time.time()
    with Outside(tmp_path / "outside", described) as outside:
        state = outside.github.state
        state.settings.actions_open_pulls = False

        # 1. init, and push
        init(stiletto, work, "--module", MODULE, "-y")
        commit(work)
        at = ReleaseBench.start(stiletto, outside, work, package)

        # 2. setup-github --apply
        owner = {**at.bench.env, "GITHUB_TOKEN": outside.owner.value}
        ended = setup(replace(at, bench=replace(at.bench, env=owner)), "--apply")
        assert ended.code == 0, str(ended)

        # 3. the form of the index
        outside.index.trust_project(package.name)

        # 4. Run workflow, with the version; `finish` has actions: write
        outside.token.permissions |= {"actions": "write"}
        words = ("release", "--version", "0.1.0", "--source-date-epoch", str(EPOCH_S))
        ended = at.call(*words, *at.places, *at.trusted)
        assert ended.code == 0, str(ended)

        # 5. merge
        (pull,) = state.pulls.values()
        merge(state, pull.number)

        version = tomllib.loads(outside.repository.git("show", "refs/heads/main:pyproject.toml"))
        assert "0.1.0" == version["project"]["version"]
        log = outside.repository.git("show", "refs/heads/main:CHANGELOG.md")
        assert "## [0.1.0]" in log
        assert "- The first release." in log
        assert ("ci.yml release/v0.1.0",) == outside.effects.named("dispatch")
        assert "refs/tags/v0.1.0" in outside.repository.refs()
        assert ["v0.1.0"] == [each.tag for each in state.releases.values() if not each.draft]
        assert [] == at.leaks(started_s)


@pytest.mark.slow
def test_engine_stays_where_no_table_can_keep_it(stiletto: Bench, tmp_path: Path) -> None:
    """With setup.py, and no pyproject.toml, `workflows` writes what `init` wrote before."""
    files = {
        "setup.py": 'from setuptools import setup\nsetup(name="demo", version="1")\n',
        "tests/test_it.py": TEST,
    }
    at = repository(tmp_path / "demo", files)
    init(stiletto, at, "--module", MODULE, "-y")
    before = contents(at)
    again = stiletto.call(at, "workflows", "--module", MODULE, "-y")

    assert again.code == 0, str(again)
    assert before == contents(at)
    assert "pyproject.toml" not in before


@pytest.mark.slow
def test_upload_in_a_script_makes_no_second_publisher(stiletto: Bench, tmp_path: Path) -> None:
    """A workflow that calls a script of the repository, which uploads, publishes."""
    theirs = {
        ".github/workflows/up.yml": (
            "on: {push: {tags: ['*']}}\njobs: {up: {steps: [{run: scripts/up}]}}\n"
        ),
        "scripts/up": "#!/bin/sh\n${PREFIX}twine upload dist/*\n",
    }
    at = repository(tmp_path / "demo", {**FILES, **theirs})
    ended = init(stiletto, at, "--module", MODULE, "-y")

    assert ".github/workflows/release.yml" not in contents(at)
    assert "up.yml uploads (twine upload in scripts/up in job up) on push of tags *" in ended.err


def test_repository_without_python_is_refused(stiletto: Bench, tmp_path: Path) -> None:
    """A repository of another language with a script in Python: nothing is written."""
    files = {"go.mod": "module demo\n", "generate.py": "print()\n"}
    at = repository(tmp_path / "demo", files)
    ended = stiletto.run("init", "-m", REPOSITORY, "--module", MODULE, "-y", cwd=at)

    assert 1 == ended.code
    assert "the source has no Python package" in ended.error
    assert {name: text.encode() for name, text in files.items()} == contents(at)
