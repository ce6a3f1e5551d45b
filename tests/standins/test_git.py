"""Git over HTTP: credentials, rules held by real hooks, atomic refs, faults."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import shutil
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from .effects import Waiting, cut
from .outside import Outside
from .repository import Repository, run_git
from .tokens import Token


@pytest.fixture
def clone(outside: Outside, tmp_path: Path) -> Path:
    """A clone of the repository, one commit on main."""
    source = tmp_path / "source"
    source.mkdir()
    run_git(source, "init", "--quiet", "--initial-branch=main")
    commit(source, "one")
    outside.land(source)
    return outside.clone("clone")


def commit(work: Path, message: str, path: str = "file") -> str:
    """Commit a change; return the commit."""
    (work / path).parent.mkdir(parents=True, exist_ok=True)
    (work / path).write_text(message)
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "-m", message)
    return run_git(work, "rev-parse", "HEAD")


def push(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Push to the remote, whatever comes of it."""
    return subprocess.run(
        ["git", "push", "--porcelain", "origin", *arguments],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_push_is_an_effect(outside: Outside, clone: Path) -> None:
    """A pushed branch is there, and the log has it with its commit; so has a deletion."""
    sha = commit(clone, "two")
    pushed = push(clone, "HEAD:refs/heads/release/v1")
    there = outside.repository.ref("refs/heads/release/v1")
    push(clone, ":refs/heads/release/v1")

    assert (0, sha) == (pushed.returncode, there)
    branch = "refs/heads/release/v1"
    assert (f"{branch} {sha}", branch) == outside.effects.named("ref")


def test_main_is_protected(outside: Outside, clone: Path) -> None:
    """A push to main is declined by the hook, in GitHub's words, whoever pushes."""
    commit(clone, "two")
    pushed = push(clone, "HEAD:refs/heads/main")

    assert 1 == pushed.returncode
    assert "GH006: Protected branch update failed for refs/heads/main." in pushed.stderr
    assert () == outside.effects.happened


def test_tag_rules_can_be_set(outside: Outside, clone: Path) -> None:
    """Rules forbid the creation of tags, and moving or deleting those that are there."""
    outside.git.rules.no_update.append("refs/tags/*")
    created = push(clone, "HEAD:refs/tags/v1")
    deleted = push(clone, ":refs/tags/v1")
    outside.git.rules.no_create.append("refs/tags/v2*")
    forbidden = push(clone, "HEAD:refs/tags/v2")

    assert (0, 1, 1) == (created.returncode, deleted.returncode, forbidden.returncode)
    assert "deletions are restricted" in deleted.stderr
    assert "creations are restricted" in forbidden.stderr


def test_credentials_are_needed(outside: Outside, clone: Path) -> None:
    """Without a valid token nothing can be read."""
    done = subprocess.run(
        ["git", "-c", "credential.helper=", "ls-remote", outside.git.url],
        env={"PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 128 == done.returncode
    assert "could not read Username" in done.stderr


def test_a_token_that_may_read_may_not_push(outside: Outside, clone: Path) -> None:
    """contents:read clones; a push is 403."""
    reader = outside.tokens.add(Token(permissions={"contents": "read"}))
    work = outside.clone("reader", reader)
    pushed = push(work, "HEAD:refs/heads/x")

    assert 128 == pushed.returncode
    assert "403" in pushed.stderr


def test_workflow_files_need_their_own_permission(outside: Outside, clone: Path) -> None:
    """A release's token cannot push commits that change workflows."""
    work = outside.clone("job", outside.token)
    commit(work, "on: push", ".github/workflows/ci.yml")
    pushed = push(work, "HEAD:refs/heads/x")

    assert 1 == pushed.returncode
    assert "without `workflows` permission" in pushed.stderr


def test_submodules_are_served_beside_it(outside: Outside, clone: Path, tmp_path: Path) -> None:
    """A public submodule needs no token, a private one a token that may read it.

    Source: docs.github.com, "Automatic token authentication": the permissions of GITHUB_TOKEN are
    limited to the repository with the workflow; a private one that a token cannot see is a 404.
    """
    data = tmp_path / "data"
    data.mkdir()
    run_git(data, "init", "--quiet", "--initial-branch=main")
    sha = commit(data, "table")
    shelf = Repository(tmp_path / "data.git")
    shelf.git("fetch", "--quiet", str(data), "+HEAD:refs/heads/main")
    public = outside.git.serve("octo-org/data", shelf, public=True)
    private = outside.git.serve("octo-org/secret", shelf)
    reader = outside.tokens.add(Token(repositories=frozenset({"octo-org/secret"})))

    assert sha in ls_remote(public)
    assert "could not read Username" in ls_remote(private)
    assert "not found" in ls_remote(with_token(private, outside.token))
    assert sha in ls_remote(with_token(private, reader))
    assert "403" in ls_remote(with_token(private, reader), "push")
    assert ("", reader.value) == (outside.git.given[0][1], outside.git.given[-1][1])


LARGE = bytes(range(256)) * 40


def test_large_files_have_addresses_of_their_own(outside: Outside) -> None:
    """The batch needs the credential of git, and a file the header that the batch names.

    Source: git-lfs, docs/api/batch.md; a missing file is an error of its own, not of the batch.
    """
    git = outside.git
    pointer = git.large.add(LARGE)
    oid, gone = pointer.split("sha256:")[1][:64], "0" * 64
    asked = [{"oid": each, "size": len(LARGE)} for each in (oid, gone)]
    refused = batch(git.url, "download", asked)
    found, error = batch(git.url_for(outside.token), "download", asked)["objects"]
    action = found["actions"]["download"]

    assert 401 == refused["code"]
    assert 404 == error["error"]["code"]
    assert 403 == get(action["href"], {})[0]
    assert (200, LARGE) == get(action["href"], action["header"])


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_large_files_go_to_the_server_and_come_back(
    outside: Outside, clone: Path, tmp_path: Path
) -> None:
    """The program git-lfs pushes to this server, and fetches from it into another clone."""
    run_git(clone, "lfs", "install", "--local")
    run_git(clone, "lfs", "track", "*.bin")
    (clone / "large.bin").write_bytes(LARGE)
    run_git(clone, "add", "--all")
    run_git(clone, "commit", "--quiet", "-m", "large")
    run_git(clone, "config", "lfs.url", f"{outside.git.url_for(outside.owner)}/info/lfs")
    pushed = push(clone, "HEAD:refs/heads/large")
    run_git(tmp_path, "clone", "--quiet", "-b", "large", outside.git.url_for(outside.owner), "two")
    run_git(tmp_path / "two", "lfs", "install", "--local")
    run_git(tmp_path / "two", "lfs", "pull")

    assert (0, [LARGE]) == (pushed.returncode, list(outside.git.large.files.values()))
    assert LARGE == (tmp_path / "two" / "large.bin").read_bytes()
    assert {""} == set(outside.git.large.given)


def batch(url: str, operation: str, objects: list[dict[str, object]]) -> dict[str, Any]:
    """Return the answer to a batch, or its code."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Content-Type": "application/vnd.git-lfs+json"}
    if parts.password:
        login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    address = f"http://{parts.hostname}:{parts.port}{parts.path}/info/lfs/objects/batch"
    data = json.dumps({"operation": operation, "transfers": ["basic"], "objects": objects})
    code, body = get(address, headers, data.encode())
    return json.loads(body) if code == HTTPStatus.OK else {"code": code}


def get(url: str, headers: dict[str, str], data: bytes | None = None) -> tuple[int, bytes]:
    """Return code and body of an answer."""
    parts = urllib.parse.urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc)) as server:
        server.request("GET" if data is None else "POST", parts.path, data, headers)
        answer = server.getresponse()
        return answer.status, answer.read()


def ls_remote(url: str, act: str = "read") -> str:
    """Return what git answers about a remote's main branch, or to a push to it."""
    words = ["ls-remote", url] if act == "read" else ["push", url, "HEAD:refs/heads/x"]
    done = subprocess.run(
        ["git", "-c", "credential.helper=", *words],
        env={"PATH": "/usr/bin:/bin", "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def with_token(url: str, token: Token) -> str:
    """Return an address with a credential in it."""
    return url.replace("http://", f"http://x-access-token:{token.value}@")


def test_a_lease_lets_one_of_many_win(outside: Outside, clone: Path) -> None:
    """Of six clones that push different commits as one new ref, exactly one wins."""
    clones = [outside.clone(f"racer{number}") for number in range(6)]
    shas = [commit(work, work.name) for work in clones]
    with ThreadPoolExecutor(6) as pool:
        codes = list(
            pool.map(
                lambda work: (
                    push(
                        work, "--force-with-lease=refs/standins/lock:", "HEAD:refs/standins/lock"
                    ).returncode
                ),
                clones,
            )
        )

    assert 1 == codes.count(0)
    assert shas[codes.index(0)] == outside.repository.ref("refs/standins/lock")
    assert 1 == len(outside.effects.named("ref"))


def test_a_wrong_lease_does_not_delete(outside: Outside, clone: Path) -> None:
    """A ref is deleted by who knows its commit, and by nobody else."""
    sha = commit(clone, "lock")
    push(clone, "HEAD:refs/standins/lock")
    wrong = push(clone, f"--force-with-lease=refs/standins/lock:{'1' * 40}", ":refs/standins/lock")
    right = push(clone, f"--force-with-lease=refs/standins/lock:{sha}", ":refs/standins/lock")

    assert (1, 0) == (wrong.returncode, right.returncode)
    assert "" == outside.repository.ref("refs/standins/lock")


def test_a_push_can_be_cut_on_either_side(outside: Outside, clone: Path) -> None:
    """A cut before the effect leaves no ref, one after it leaves the ref; both fail the client."""
    outside.effects.before(cut, kind="ref")
    before = push(clone, "HEAD:refs/heads/a")
    outside.effects.after(cut, kind="ref")
    after = push(clone, "HEAD:refs/heads/b")

    assert before.returncode != 0
    assert after.returncode != 0
    assert ["refs/heads/b", "refs/heads/main"] == sorted(outside.repository.refs())


def test_a_push_can_wait_for_another(outside: Outside, clone: Path) -> None:
    """While a push is held before its effect, another clone's push overtakes it."""
    other = outside.clone("other")
    commit(clone, "slow")
    fast = commit(other, "fast")
    waiting = Waiting()
    outside.effects.before(waiting, kind="ref")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(
            push, clone, "--force-with-lease=refs/standins/lock:", "HEAD:refs/standins/lock"
        )
        assert waiting.arrived.wait(20)
        overtaking = push(
            other, "--force-with-lease=refs/standins/lock:", "HEAD:refs/standins/lock"
        )
        waiting.go_on.set()
        loser = slow.result()

    assert (0, 1) == (overtaking.returncode, loser.returncode)
    assert fast == outside.repository.ref("refs/standins/lock")


def test_faults_of_the_server(outside: Outside, clone: Path) -> None:
    """A push can be refused with 503, taken and cut, or left without an answer."""
    outside.git.refuse_push()
    refused = push(clone, "HEAD:refs/heads/a")
    outside.git.cut_after_push()
    lost = push(clone, "HEAD:refs/heads/b")
    outside.git.hang_at_push()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(push, clone, "HEAD:refs/heads/c")
        assert outside.git.server.hanging.wait(20)
        outside.git.server.heal()
        hung = hanging.result()

    assert 0 not in (refused.returncode, lost.returncode, hung.returncode)
    assert "503" in refused.stderr
    assert ["refs/heads/b"] == [ref for ref in outside.repository.refs() if "main" not in ref]
