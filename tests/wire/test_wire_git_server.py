"""Repositories of servers: git over HTTP and ssh, credentials, and what is kept."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagger
import pytest
from git_bench import FIRST, SECOND, commit, git, sample, started
from reuse_bench import served
from tests.standins.certificates import Authority
from tests.standins.effects import Effects
from tests.standins.git_http import GitServer
from tests.standins.repository import Repository
from tests.standins.tokens import Token, Tokens
from wire_bench import Opener, Session, fails

from stiletto.engine.git.access import Access
from stiletto.engine.git.trees import Git, Remote
from stiletto.errors import UsageError
from stiletto.store.store import Store

session_wide = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Hosted:
    """A server with a private repository and a public one, both with the commits of `sample`."""

    server: GitServer
    token: Token
    public: str
    work: Path

    @property
    def private(self) -> str:
        """The address of the private repository."""
        return self.server.url

    def push(self, *refs: str) -> None:
        """Push from the working tree to the public repository."""
        git(self.work, "push", "-q", "--force", str(self.work.parent / "public.git"), *refs)

    def transfers(self, since: int) -> list[str]:
        """Return the requests for objects, from one on."""
        return [path for path, _ in self.server.given[since:] if path.endswith("/git-upload-pack")]


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    """A server of repositories."""
    work = sample(tmp_path / "work")
    private, public = (Repository(tmp_path / f"{name}.git") for name in ("private", "public"))
    for repository in (private, public):
        git(work, "push", "-q", str(repository.path), "main", "feature", "--tags")
    tokens = Tokens()
    token = tokens.add(Token())
    with GitServer(Effects(), private, "org/private", tokens) as server:
        address = server.serve("org/public", public, public=True)
        yield Hosted(server, token, address, work)


# -- what is read ----------------------------------------------------------------------------------


@session_wide
async def test_public_repository(one: Session, hosted: Hosted) -> None:
    """Refs, trees and the address are those of the server; trees know where they are from."""
    repository = one.dag.git(hosted.public)
    tree = repository.branch("main").tree()

    assert hosted.public == await repository.url()
    assert ["feature", "main"] == await repository.branches()
    assert (SECOND, "refs/heads/main") == (
        await repository.head().commit(),
        await repository.head().ref(),
    )
    assert [".git/", "dir/", "one.txt", "three.txt"] == await tree.entries()
    assert f"url = {hosted.public}\n" in await tree.file(".git/config").contents()
    assert "ref: refs/heads/main\n" == await tree.file(".git/HEAD").contents()
    assert f"{FIRST}\n" == await repository.commit(FIRST).tree().file(".git/HEAD").contents()
    assert await repository.uncommitted().is_empty()


@session_wide
async def test_git_dir_and_tags_are_left_out(one: Session, hosted: Hosted) -> None:
    """`.git` can be discarded for all trees or one, and has tags where they are requested."""
    without = one.dag.git(hosted.public, keep_git_dir=False)
    head = one.dag.git(hosted.public).head()

    async def tags(tree: dagger.Directory) -> str:
        made = one.base().with_mounted_directory("/src", tree).with_workdir("/src")
        return await made.with_exec(["git", "tag"]).stdout()

    assert ["dir/", "one.txt", "three.txt"] == await without.head().tree().entries()
    assert ["dir/", "one.txt"] == await head.common_ancestor(without.tag("v1.0.0")).tree(
        discard_git_dir=True
    ).entries()
    assert "" == await tags(head.tree(depth=-1))
    assert "not-a-version\nv1.0.0\nv1.1.0\n" == await tags(head.tree(depth=-1, include_tags=True))


@session_wide
async def test_submodules_come_with_a_tree(one: Session, hosted: Hosted) -> None:
    """A submodule of the same server is checked out; one that is a path of this machine fails."""
    root = started(hosted.work.parent / "outer")
    allowed = ("-c", "protocol.file.allow=always")
    inner = str(hosted.work.parent / "public.git")
    git(root, *allowed, "submodule", "add", "-q", "--", inner, "sub")
    git(root, "config", "-f", ".gitmodules", "submodule.sub.url", "../public.git")
    good = commit(root, "relative")
    git(root, "config", "-f", ".gitmodules", "submodule.sub.url", inner)
    bad = commit(root, "path")
    outer = Repository(hosted.work.parent / "outer.git")
    git(root, "push", "-q", str(outer.path), "main")
    repository = one.dag.git(hosted.server.serve("org/outer", outer, public=True))

    assert "one\n" == await repository.commit(good).tree().file("sub/one.txt").contents()
    assert "transport 'file' not allowed" in await fails(repository.commit(bad).tree().entries())


# -- what is kept ----------------------------------------------------------------------------------


@session_wide
async def test_a_branch_is_looked_up_once_a_session(open_: Opener, hosted: Hosted) -> None:
    """Within a session a branch stays where it was; the next session sees it moved."""
    async with open_() as session:
        repository = session.dag.git(hosted.public)
        before = await repository.branch("main").commit()
        git(hosted.work, "commit", "-q", "-a", "-m", "third")
        hosted.push("main")
        again = (
            await session.dag.git(hosted.public).branch("main").tree().file("one.txt").contents()
        )
    async with open_() as session:
        after = session.dag.git(hosted.public).branch("main")
        moved = (await after.commit() != before, await after.tree().file("one.txt").contents())

    assert (SECOND, "one\n") == (before, again)
    assert (True, "one changed\n") == moved


@session_wide
async def test_a_commit_is_transferred_once(open_: Opener, hosted: Hosted) -> None:
    """The tree of a commit is kept: the next session lists refs, and transfers nothing."""
    async with open_() as session:
        await session.dag.git(hosted.public).commit(FIRST).tree().entries()
    seen = len(hosted.server.given)
    async with open_() as session:
        entries = await session.dag.git(hosted.public).commit(FIRST).tree().entries()

    # Protocol 2 lists refs by the same address: one request, and none for objects.
    assert [".git/", "dir/", "one.txt"] == entries
    assert 1 == len(hosted.transfers(seen))


# -- credentials -----------------------------------------------------------------------------------


@session_wide
async def test_private_repository_by_secret(one: Session, hosted: Hosted, fresh: str) -> None:
    """A token or a whole header opens a private repository, also in another user's name."""
    token = one.dag.set_secret(fresh, hosted.token.value)
    pair = base64.b64encode(f"any:{hosted.token.value}".encode()).decode()
    header = one.dag.set_secret(f"{fresh}-header", f"Basic {pair}")
    opened = (
        one.dag.git(hosted.private, http_auth_token=token),
        one.dag.git(hosted.private, http_auth_token=token, http_auth_username="me"),
        one.dag.git(hosted.private, http_auth_header=header),
    )
    for repository in opened:
        tree = repository.branch("main").tree(depth=2)

        assert "one\n" == await tree.file("one.txt").contents()
        assert hosted.token.value not in await tree.file(".git/config").contents()


@session_wide
async def test_refused_credentials(one: Session, hosted: Hosted, fresh: str) -> None:
    """No or a wrong token is an error of one line with the address and the next act."""
    wrong = one.dag.set_secret(fresh, "wrong-token-value")
    for repository in (
        one.dag.git(hosted.private),
        one.dag.git(hosted.private, http_auth_token=wrong),
    ):
        message = await fails(repository.url())

        assert f"cannot read the repository {hosted.private}: " in message
        assert "\n" not in message


@session_wide
async def test_password_of_an_address(one: Session, hosted: Hosted) -> None:
    """A password in an address opens the repository, and is neither shown nor in the tree."""
    repository = one.dag.git(hosted.server.url_for(hosted.token))
    config = await repository.head().tree().file(".git/config").contents()

    assert hosted.private == await repository.url()
    assert hosted.token.value not in config


@pytest.mark.parametrize("users", [True, False])
async def test_certificates(tmp_path: Path, users: bool) -> None:
    """Git trusts the authorities of SSL_CERT_FILE; without them the error says what to set."""
    sample(tmp_path / "repo")
    authority = Authority(tmp_path)
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
    trusting = {**environ, "SSL_CERT_FILE": str(authority.bundle)}
    with served(tmp_path, authority.context) as address, Store(tmp_path / "store") as store:
        remote = Remote(f"{address}/repo.git", Access(users=users))
        opened, _ = await Git(store, trusting).remote(remote)
        with pytest.raises(UsageError, match="certificate") as caught:
            await Git(store, environ).remote(remote)

    assert ["feature", "main"] == opened.branches()
    assert "SSL_CERT_FILE" in (caught.value.hint or "")


async def test_only_the_user_has_the_machines_helpers(hosted: Hosted, tmp_path: Path) -> None:
    """Helpers of the machine's git open a repository for the user, not for a module's code."""
    config = tmp_path / "gitconfig"
    lines = f"username=x\\npassword={hosted.token.value}\\n"
    config.write_text(f"[credential]\n\thelper = \"!printf '{lines}'; :\"\n")
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": str(config)}
    with Store(tmp_path / "store") as store:
        opened, _ = await Git(store, environ).remote(Remote(hosted.private, Access(users=True)))
        with pytest.raises(UsageError, match="cannot read the repository"):
            await Git(store, environ).remote(Remote(hosted.private, Access(users=False)))

    assert ["feature", "main"] == opened.branches()


# -- what cannot be --------------------------------------------------------------------------------


@session_wide
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9/r.git", "cannot read the repository http://127.0.0.1:9/r.git: "),
        ("http://u:pw-of-nobody@127.0.0.1:9/r", "cannot read the repository http://127.0.0.1:9/r"),
        ("/srv/repo", "'/srv/repo' is not the address of a repository"),
        ("file:///srv/repo", "invalid protocol 'file'"),
        ("ext::sh -c id", "is not the address of a repository"),
        ("--upload-pack=id", "is not the address of a repository"),
        ("git@example.invalid:r", "ssh needs an agent"),
    ],
)
async def test_address_that_cannot_be_read(one: Session, url: str, message: str) -> None:
    """An address that does not answer, or that git must not get, is an error of one line."""
    said = await fails(one.dag.git(url).url())

    assert message in said
    assert "pw-of-nobody" not in said


@session_wide
async def test_repository_by_ssh(open_: Opener, tmp_path: Path) -> None:
    """By ssh git reaches a repository with the user's agent, and knows the host."""
    root = sample(tmp_path / "repo")
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    (programs / "ssh").write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do\n'
        f'  case "$word" in -oUserKnownHostsFile=*) cat "${{word#*=}}" >> {log};; esac\n'
        f'  echo "$word" >> {log}\n'
        "done\n"
        f"exec git-upload-pack {root}\n"
    )
    (programs / "ssh").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "SSH_AUTH_SOCK": "/nonexistent/agent"}
    async with open_(environ=environ) as session:
        repository = session.dag.git(
            "git@host.example:org/repo", ssh_known_hosts="host.example key"
        )
        tree = repository.tag("v1.0.0").tree(discard_git_dir=True)
        entries, url = await tree.entries(), await repository.url()
    words = log.read_text().splitlines()

    assert (["dir/", "one.txt"], "git@host.example:org/repo") == (entries, url)
    assert {"host.example key", "-oStrictHostKeyChecking=yes", "git@host.example"} <= set(words)


@session_wide
@pytest.mark.parametrize("name", ["ssh_auth_socket", "experimental_service_host"])
async def test_what_is_refused_by_name(one: Session, name: str) -> None:
    """Sockets and services are not given to git: the call and the argument are named."""
    of = one.dag.container().from_("python:3.11-slim").with_exposed_port(1).as_service()
    given = (
        {name: of}
        if name == "experimental_service_host"
        else {name: one.dag.host().unix_socket("/x")}
    )

    assert "is not implemented by stiletto" in await fails(one.dag.git("http://h/r", **given).url())
