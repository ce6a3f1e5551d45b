"""A repository of a stranger: its `.git` runs no program, and shows nothing of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_bench import fails, opened

from stiletto.engine.git.access import Access
from stiletto.engine.git.trees import Git, Remote, TreeOptions
from stiletto.errors import UsageError
from stiletto.store.store import Store

ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{
        f"GIT_{who}_{what}": "t@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}


def git(where: Path, *args: str) -> str:
    """Run git in a repository."""
    done = subprocess.run(["git", *args], cwd=where, env=ENVIRON, check=True, capture_output=True)
    return done.stdout.decode().strip()


def made(where: Path, text: str = "text") -> Path:
    """Make a repository with one commit."""
    where.mkdir(parents=True)
    git(where, "init", "-q", "-b", "main")
    (where / "file").write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "one")
    return where


def hook(root: Path, canary: Path) -> None:
    """Plant every hook that git knows of here."""
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        path = root / ".git" / "hooks" / name
        path.write_text(f"#!/bin/sh\ntouch {canary}\n")
        path.chmod(0o755)


def settings(root: Path, canary: Path) -> None:
    """Plant settings that name programs."""
    act = f"touch {canary}"
    for key, value in (
        ("core.fsmonitor", act),
        ("core.sshCommand", act),
        ("core.hooksPath", str(root / ".git" / "hooks")),
        ("filter.x.smudge", act),
        ("filter.x.clean", act),
        ("filter.x.process", act),
        ("uploadpack.packObjectsHook", act),
        ("credential.helper", f"!{act}"),
        ("core.askPass", act),
        ("include.path", str(root / ".git" / "more")),
    ):
        git(root, "config", key, value)
    (root / ".git" / "more").write_text(f'[core]\n\tfsmonitor = "{act}"\n')
    (root / ".gitattributes").write_text("* filter=x\n")
    hook(root, canary)


@pytest.mark.parametrize("plant", [hook, settings])
async def test_a_repository_runs_no_program(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    """Hooks, filters and programs in a directory's `.git` are not run on the host."""
    root, canary = made(tmp_path / "repo"), tmp_path / "canary"
    plant(root, canary)
    (root / "file").write_text("changed")
    canary.unlink(missing_ok=True)
    async with opened(tmp_path / "cache", tmp_path) as session:
        repository = session.dag.host().directory(str(root)).as_git()
        modified = await repository.uncommitted().modified_paths()
        entries = await repository.head().tree(discard_git_dir=True).entries()
        same = await repository.head().common_ancestor(repository.head()).commit()

    assert (["file"], ["file"], git(root, "rev-parse", "HEAD")) == (modified, entries, same)
    assert not canary.exists()


def alternates(root: Path, other: Path) -> None:
    """Let the repository borrow objects of another one."""
    (root / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (root / ".git" / "objects" / "info" / "alternates").write_text(f"{other}/.git/objects\n")


def linked(root: Path, other: Path) -> None:
    """Let links lead to the objects of another repository."""
    for path in (other / ".git" / "objects").iterdir():
        if not (root / ".git" / "objects" / path.name).exists():
            (root / ".git" / "objects" / path.name).symlink_to(path)


@pytest.mark.parametrize("plant", [alternates, linked])
async def test_a_repository_shows_no_other_one(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    """A commit of another repository of this machine cannot be read through a planted one."""
    other, root = made(tmp_path / "private", "host-canary"), made(tmp_path / "repo")
    plant(root, other)
    secret = git(other, "rev-parse", "HEAD")
    async with opened(tmp_path / "cache", tmp_path) as session:
        tree = session.dag.host().directory(str(root)).as_git().commit(secret).tree()

        assert "cannot get commit" in await fails(tree.entries())


@pytest.mark.parametrize("target", ["{other}/.git", "../private/.git", "nowhere"])
async def test_a_git_file_leads_nowhere(tmp_path: Path, target: str) -> None:
    """A `.git` file that names a repository outside of its directory names none."""
    other, root = made(tmp_path / "private"), tmp_path / "repo"
    root.mkdir()
    (root / ".git").write_text(f"gitdir: {target.format(other=other)}\n")
    async with opened(tmp_path / "cache", tmp_path) as session:
        repository = session.dag.host().directory(str(root)).as_git()

        assert "not a git repository" in await fails(repository.branches())


async def test_the_machines_filters_change_no_tree(tmp_path: Path) -> None:
    """Filters, line ends and attributes of the user's configuration leave a checkout as it is."""
    root = made(tmp_path / "repo", "one\ntwo\n")
    (root / ".gitattributes").write_text("* filter=x\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "two")
    config = tmp_path / "config"
    config.write_text('[core]\n\tautocrlf = true\n[filter "x"]\n\tsmudge = "sed s/one/changed/"\n')
    environ = {**ENVIRON, "GIT_CONFIG_GLOBAL": str(config)}
    commit = git(root, "rev-parse", "HEAD")
    with Store(tmp_path / "store") as store:
        remote = Remote(f"file://{root}", Access())
        tree = await Git(store, environ).tree_of(remote, "", commit, TreeOptions(git_dir=False))
        file = tree.get("file")

        assert b"one\ntwo\n" == store.read(getattr(file, "digest", ""))


async def test_the_callers_repository_does_not_count(tmp_path: Path) -> None:
    """Variables that git sets in a hook name no repository for ours."""
    root, hooked = made(tmp_path / "repo"), made(tmp_path / "hooked")
    (hooked / "other").write_text("")
    environ = {
        **ENVIRON,
        "GIT_DIR": str(hooked / ".git"),
        "GIT_WORK_TREE": str(hooked),
        "GIT_INDEX_FILE": str(hooked / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(hooked / ".git" / "objects"),
    }
    before = sorted(path.name for path in hooked.rglob("*"))
    with Store(tmp_path / "store") as store:
        remote = Remote(f"file://{root}", Access())
        tree = await Git(store, environ).tree_of(
            remote, "refs/heads/main", git(root, "rev-parse", "HEAD"), TreeOptions(git_dir=False)
        )

    assert ["file"] == list(tree.entries)
    assert before == sorted(path.name for path in hooked.rglob("*"))


def everything(root: Path) -> bytes:
    """Return the contents of all files beneath a directory."""
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


async def test_a_token_is_in_no_argument_and_no_file(tmp_path: Path) -> None:
    """What opens a private repository reaches git by its environment alone."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    (programs / "git").write_text(f'#!/bin/sh\necho "$*" >> {log}\nexit 128\n')
    (programs / "git").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}"}
    async with opened(tmp_path / "cache", tmp_path, environ=environ) as session:
        token = session.dag.set_secret("token", "t0ken-of-the-test")
        of = "https://host.example/r.git"
        for repository in (
            session.dag.git(of, http_auth_token=token),
            session.dag.git(of, http_auth_header=token),
            session.dag.git("https://me:t0ken-of-the-test@host.example/r.git"),
        ):
            assert "t0ken" not in await fails(repository.url())

    assert 3 == log.read_text().count(f"ls-remote --symref -- {of}")
    assert b"t0ken-of-the-test" not in everything(tmp_path)


def running(group: str) -> list[str]:
    """Return the states of a group's processes; one that only waits to be collected has ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended since
            state, _, of, *_ = path.read_text().rpartition(") ")[2].split()
            found += [state] * (of == group and state != "Z")
    return found


async def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    """A repository that gives no answer in time is an error, and its programs end."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nsleep 1000 & wait\n")
    (programs / "git").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}"}
    with (
        Store(tmp_path / "store") as store,
        pytest.raises(UsageError, match=r"repository https://h\.example/r: no answer in 1 s"),
    ):
        await Git(store, environ, answer_s=1).remote(Remote("https://h.example/r", Access()))

    assert [] == running((tmp_path / "pid").read_text().strip())
