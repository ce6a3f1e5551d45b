"""The program that makes the work tree of a release: tags, submodules, files of git-lfs."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from tests.standins.effects import Effects
from tests.standins.git_http import GitServer
from tests.standins.repository import Repository, run_git
from tests.standins.serving import Answer, Fault
from tests.standins.tokens import Token, Tokens
from tests.unit.wheelwright.release.programs import placed
from wheelwright.release.inside import lfs, refs, tree

MAIN = "octo-org/teasel"


@dataclass
class Remote:
    """A repository over HTTP behind a token, and the programs over a clone of it."""

    server: GitServer
    token: Token
    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The work tree that commits are made in."""
        return self.root / "work"

    def commit(self, files: dict[str, bytes] | None = None, work: Path | None = None) -> str:
        """Commit files beside what is staged, and return the commit."""
        work = work or self.work
        for path, contents in (files or {}).items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(contents)
        if files:
            run_git(work, "add", *files)
        run_git(work, "commit", "--quiet", "--allow-empty", "-m", "A change")
        return run_git(work, "rev-parse", "HEAD")

    def module(self, name: str, files: dict[str, bytes], *, public: bool = False) -> str:
        """Serve a further repository with these files; return its commit."""
        work = self.root / name
        work.mkdir(parents=True)
        run_git(work, "init", "--quiet", "--initial-branch=main")
        commit = self.commit(files, work)
        self.serve(name, public=public)
        return commit

    def serve(self, name: str, *, public: bool = False) -> None:
        """Serve what the work tree of a further repository has now."""
        work = self.root / name
        head = run_git(work, "rev-parse", "HEAD")
        repository = Repository(self.root / "served" / head / f"{name}.git")
        repository.git("fetch", "--quiet", str(work), "+HEAD:refs/heads/main")
        self.server.serve(name, repository, public=public)

    def add(self, path: str, url: str, commit: str, work: Path | None = None) -> None:
        """Add a submodule as `git submodule add` does, without asking the address."""
        work = work or self.work
        modules = work / ".gitmodules"
        before = modules.read_text() if modules.exists() else ""
        modules.write_text(f'{before}[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
        run_git(work, "add", ".gitmodules")
        run_git(work, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")

    def push(self, *tags: str) -> str:
        """Put what the work tree has onto the remote, and return its commit."""
        repository = self.server.repository
        repository.git("fetch", "--quiet", str(self.work), "+HEAD:refs/heads/main")
        for each in tags:
            repository.git(
                "fetch", "--quiet", str(self.work), f"+refs/tags/{each}:refs/tags/{each}"
            )
        return run_git(self.work, "rev-parse", "HEAD")

    def run(
        self, program: ModuleType, *words: str, clone: str = "clone.git", token: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program over the clone."""
        options = (f"--clone={self.root / clone}", f"--remote={self.server.url}")
        given = {"GITHUB_TOKEN": self.token.value} if token else {}
        return subprocess.run(
            [sys.executable, placed(program), *options, *words],
            env={"PATH": os.environ["PATH"], **given, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def checkout(self, commit: str, tag: str = "v1.2.4", more: tuple[str, ...] = ()) -> Path:
        """Make the work tree of a commit, and return where it is."""
        done = self.run(refs, *more, "clone", clone="tree/.git")
        assert 0 == done.returncode, done.stderr
        words = (f"--tree={self.root / 'tree'}", "checkout", commit, *([tag] if tag else []))
        done = self.run(tree, *more, *words, clone="tree/.git", token=False)
        assert 0 == done.returncode, done.stderr
        self.lacking = json.loads(done.stdout)
        return self.root / "tree"

    def fetch(self, commit: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Fetch what the tree of a commit lacks into `material`."""
        self.run(refs, *more, "clone")
        return self.run(tree, *more, f"--tree={self.root / 'material'}", "fetch", commit)

    def fetched(self, commit: str, *more: str) -> dict[str, bytes]:
        """Return the files that were fetched."""
        done = self.fetch(commit, *more)
        assert 0 == done.returncode, done.stderr
        return files_below(self.root / "material")


def files_below(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory."""
    every = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in every}


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """Serve a repository with one commit."""
    work = tmp_path / "work"
    work.mkdir()
    run_git(work, "init", "--quiet", "--initial-branch=main")
    tokens = Tokens()
    token = tokens.add(Token(repositories=frozenset({"octo-org/data"})))
    repository = Repository(tmp_path / "remote.git")
    with GitServer(Effects(), repository, MAIN, tokens) as server:
        made = Remote(server, token, tmp_path)
        made.commit({"a.txt": b"a\n"})
        yield made


# -- tags -----------------------------------------------------------------------------------------


def test_the_tree_has_the_tags_of_the_remote(remote: Remote) -> None:
    """A tool that asks git for its version sees the remote's tags, and how far it is from one."""
    run_git(remote.work, "tag", "-a", "-m", "v1.2.3", "v1.2.3")
    commit = remote.commit({"b.txt": b"b\n"})
    remote.push("v1.2.3")
    made = remote.checkout(commit, tag="")

    assert f"v1.2.3-1-g{commit[:7]}" == run_git(made, "describe", "--tags", "--long", "--dirty")
    assert ["refs/tags/v1.2.3"] == run_git(made, "for-each-ref", "--format=%(refname)").splitlines()


def test_checks_version_a_release_commit_has_its_own_tag(remote: Remote) -> None:
    """The new version's tag is on the release commit, annotated, in this clone alone."""
    run_git(remote.work, "tag", "v1.2.3")
    commit = remote.commit({"b.txt": b"b\n"})
    # A tag of something else on the same commit is not what `git describe` prefers.
    run_git(remote.work, "tag", "nightly")
    remote.push("v1.2.3", "nightly")
    made = remote.checkout(commit, "v1.2.4")

    assert "v1.2.4-0-g" + commit[:7] == run_git(made, "describe", "--tags", "--long", "--dirty")
    assert "v1.2.4" == run_git(made, "describe")
    assert "" == run_git(made, "status", "--porcelain")
    assert ["refs/tags/nightly", "refs/tags/v1.2.3"] == sorted(
        ref for ref in remote.server.repository.refs() if "tags" in ref
    )
    assert () == remote.server.effects.happened


def test_the_same_commit_makes_the_same_git_directory(remote: Remote) -> None:
    """Nothing of the day is in it: no reflog, no times in the index, a tag of the commit's time."""
    commit = remote.commit({"b.txt": b"b\n"})
    remote.push()
    first = {
        path: contents
        for path, contents in files_below(remote.checkout(commit) / ".git").items()
        if not path.startswith("objects/") and path != "FETCH_HEAD"
    }
    (remote.root / "tree").rename(remote.root / "before")
    for path in files_below(remote.root / "before"):
        os.utime(remote.root / "before" / path, (1, 1))
    again = files_below(remote.checkout(commit) / ".git")

    assert first == {path: again[path] for path in first}
    assert [] == [path for path in first if path.startswith("logs/")]


def test_a_tag_of_the_version_elsewhere_is_not_what_the_tree_has(remote: Remote) -> None:
    """The tree of a release commit has its own tag, whatever the remote has by that name."""
    run_git(remote.work, "tag", "v1.2.4")
    commit = remote.commit({"b.txt": b"b\n"})
    remote.push("v1.2.4")
    made = remote.checkout(commit, "v1.2.4")

    assert commit == run_git(made, "rev-parse", "v1.2.4^{commit}")


# -- submodules -----------------------------------------------------------------------------------


def test_submodule_files_are_fetched(remote: Remote) -> None:
    """A private submodule on the remote's host is fetched with the token, one inside it as well."""
    deep = remote.module("octo-org/deep", {"deep.txt": b"deep\n"}, public=True)
    remote.module("octo-org/data", {"table.json": b"{}\n"})
    data = remote.root / "octo-org/data"
    remote.add("inner", "../deep.git", deep, data)
    commit = remote.commit({}, data)
    remote.serve("octo-org/data")
    remote.add("src/teasel/data", "../data.git", commit)
    release = remote.commit({"b.txt": b"b\n"})
    remote.push()
    made = remote.checkout(release)

    url = remote.server.url.replace(MAIN, "octo-org/data")
    assert [["src/teasel/data", commit, url]] == remote.lacking["submodules"]
    assert {
        "src/teasel/data/table.json": b"{}\n",
        "src/teasel/data/.gitmodules": (data / ".gitmodules").read_bytes(),
        "src/teasel/data/inner/deep.txt": b"deep\n",
    } == remote.fetched(release)
    # The files are no change, as they are none in a checkout.
    (made / "src/teasel/data/table.json").write_text("{}\n")
    assert "" == run_git(made, "status", "--porcelain")


def test_an_unreadable_submodule_is_named(remote: Remote) -> None:
    """One that the token may not read ends the program with its path, and the next act."""
    remote.module("octo-org/secret", {"x": b"x"})
    remote.add("vendor/secret", "../secret.git", "1" * 40)
    release = remote.commit({"b.txt": b"b\n"})
    remote.push()
    done = remote.fetch(release)

    message, hint = done.stderr.splitlines()
    assert tree.MISSING == done.returncode
    assert message.startswith("submodule vendor/secret (http://127.0.0.1")
    assert "give the token read access to it" in hint
    assert remote.token.value not in done.stderr


def test_the_token_goes_to_no_other_host(remote: Remote, tmp_path: Path) -> None:
    """A submodule on another host is asked without the token."""
    tokens = Tokens()
    tokens.add(remote.token)
    with GitServer(Effects(), Repository(tmp_path / "o.git"), "other/main", tokens) as other:
        work = remote.root / "other"
        work.mkdir()
        run_git(work, "init", "--quiet", "--initial-branch=main")
        commit = remote.commit({"there.txt": b"there\n"}, work)
        repository = Repository(remote.root / "there.git")
        repository.git("fetch", "--quiet", str(work), "+HEAD:refs/heads/main")
        remote.add("there", other.serve("other/there", repository, public=True), commit)
        release = remote.commit({"b.txt": b"b\n"})
        remote.push()
        found = remote.fetched(release)
        given = {password for _, password in other.given}

    assert {"there/there.txt": b"there\n"} == found
    assert {""} == given


@pytest.mark.parametrize(
    "url",
    ["ext::touch @CANARY@", "file:///etc", "/etc", "ssh://other.example/x", "--upload-pack=x"],
)
def test_an_address_of_another_kind_is_refused(remote: Remote, url: str) -> None:
    """Only the remote's own scheme is followed, so that no file of this machine gets into it."""
    canary = remote.root / "canary"
    remote.add("there", url.replace("@CANARY@", str(canary)), "1" * 40)
    release = remote.commit({"b.txt": b"b\n"})
    remote.push()
    done = remote.fetch(release)

    assert tree.MISSING == done.returncode, done.stderr
    assert done.stderr.startswith("submodule there (")
    assert not canary.exists()


def test_a_submodule_without_an_address_stays_empty(remote: Remote) -> None:
    """What .gitmodules does not name as git reads it, or is not updated, is empty everywhere."""
    run_git(remote.work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},stray")
    remote.add("off", "../off.git", "2" * 40)
    run_git(remote.work, "update-index", "--add", "--cacheinfo", f"160000,{'3' * 40},out")
    out = '[submodule "../../out"]\n\tpath = out\n\turl = ../out.git\n'
    modules = remote.work / ".gitmodules"
    modules.write_text(out + modules.read_text())
    with (remote.work / ".gitmodules").open("a") as file:
        file.write("\tupdate = none\n")
    release = remote.commit(
        {"b.txt": b"b\n", ".gitmodules": (remote.work / ".gitmodules").read_bytes()}
    )
    remote.push()
    remote.checkout(release)

    assert {"submodules": [], "lfs": []} == remote.lacking


def test_submodules_of_a_checkout_are_taken_from_it(remote: Remote) -> None:
    """A clone that is read in the remote's place gives its submodules, too, without network."""
    commit = remote.module("octo-org/data", {"table.json": b"{}\n"})
    remote.add("data", "../data.git", commit)
    release = remote.commit({"b.txt": b"b\n"})
    checkout = remote.root / "checkout"
    run_git(remote.root, "clone", "--quiet", str(remote.work), str(checkout))
    there = checkout / ".git/modules/data"
    more = f"--checkout={checkout}"
    lacks = remote.fetch(release, more)
    there.parent.mkdir(parents=True)
    run_git(
        remote.root, "clone", "--quiet", "--bare", str(remote.root / "octo-org/data"), str(there)
    )

    assert ["submodule data is not in the checkout that is read"] == lacks.stderr.splitlines()[:1]
    assert {"data/table.json": b"{}\n"} == remote.fetched(release, more)
    assert [] == remote.server.given


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("../data.git", "https://git.example/org/data.git"),
        ("../../other/data", "https://git.example/other/data"),
        ("./data.git", "https://git.example/org/teasel.git/data.git"),
        ("git@git.example:org/data.git", "https://git.example/org/data.git"),
        ("ssh://git@git.example/org/data.git", "https://git.example/org/data.git"),
        ("git@other.example:org/data.git", "git@other.example:org/data.git"),
        ("https://user:word@git.example/org/data", "https://git.example/org/data"),
        ("https://other.example/data.git", "https://other.example/data.git"),
    ],
)
def test_addresses_are_resolved_as_git_does(url: str, expected: str) -> None:
    """A relative one from the remote's; SSH on its host becomes its scheme; a login is left out."""
    assert expected == tree.resolved("https://git.example/org/teasel.git", url)


# -- git-lfs --------------------------------------------------------------------------------------

LARGE = bytes(range(256)) * 8
OID = hashlib.sha256(LARGE).hexdigest()
POINTER = lfs.FIRST + f"oid sha256:{OID}\nsize {len(LARGE)}\n".encode()


@dataclass
class Store:
    """A server of git-lfs: what it has, and what came."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    href: str = ""
    authorizations: list[tuple[str, str]] = field(default_factory=list)


def serving(store: Store) -> http.server.ThreadingHTTPServer:
    """Return a server of the batch API, and of the files."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._note()
            objects = []
            for each in asked["objects"]:
                known = each["oid"] in store.files
                href = f"{store.href or store.url}/files/{each['oid']}"
                found = {"actions": {"download": {"href": href}}}
                objects.append({**each, **(found if known else {"error": {"message": "gone"}})})
            self._send(json.dumps({"objects": objects}).encode())

        def do_GET(self) -> None:
            self._note()
            self._send(store.files[self.path.rpartition("/")[2]])

        def _note(self) -> None:
            store.authorizations.append((self.path, self.headers.get("Authorization", "")))

        def _send(self, contents: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(contents)))
            self.end_headers()
            self.wfile.write(contents)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    store.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    return server


@pytest.fixture
def store() -> Iterator[Store]:
    """Serve one large file."""
    made = Store(files={OID: LARGE})
    server = serving(made)
    yield made
    server.shutdown()
    server.server_close()


def with_pointer(remote: Remote) -> str:
    """Commit a pointer below an attribute of git-lfs, and one that only looks so."""
    return remote.commit(
        {
            ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n",
            "src/teasel/large.bin": POINTER,
            "tests/data/pointer.txt": POINTER,
        }
    )


def test_pointers_are_found_by_their_attribute(remote: Remote) -> None:
    """A file of git-lfs is what the attributes say it is, and its contents are no change."""
    commit = with_pointer(remote)
    remote.push()
    made = remote.checkout(commit)
    (made / "src/teasel/large.bin").write_bytes(LARGE)

    assert [["src/teasel/large.bin", OID, len(LARGE)]] == remote.lacking["lfs"]
    assert "" == run_git(made, "status", "--porcelain")
    assert "v1.2.4" == run_git(made, "describe", "--dirty")


def test_lfs_files_are_downloaded(store: Store, tmp_path: Path) -> None:
    """The server is asked with the token; where the file is, nobody gets it."""
    other = Store(files={OID: LARGE})
    server = serving(other)
    store.href = other.url
    found = lfs.pointer("src/large.bin", POINTER, executable=True)
    assert found is not None
    lfs.download([found], f"{store.url}/o/r.git/info/lfs", "abc", tmp_path)
    server.shutdown()
    server.server_close()

    ((batch, sent),) = store.authorizations
    assert ("/o/r.git/info/lfs/objects/batch", True) == (batch, sent.startswith("Basic "))
    assert [(f"/files/{OID}", "")] == other.authorizations
    assert LARGE == (tmp_path / "src/large.bin").read_bytes()
    assert 0o755 == (tmp_path / "src/large.bin").stat().st_mode & 0o777


def test_lfs_files_that_are_others_are_refused(store: Store, tmp_path: Path) -> None:
    """What is sent has to be what the pointer names: by its digest, and no longer than that."""
    found = lfs.pointer("large.bin", POINTER)
    assert found is not None
    store.files[OID] = LARGE[::-1]
    with pytest.raises(lfs.LfsError, match="another one than its pointer names"):
        lfs.download([found], store.url, "", tmp_path)
    store.files[OID] = LARGE + b"more"
    with pytest.raises(lfs.LfsError, match="sends more than"):
        lfs.download([found], store.url, "", tmp_path)
    store.files.clear()
    with pytest.raises(lfs.LfsError, match="gone"):
        lfs.download([found], store.url, "", tmp_path)
    assert [] == [*tmp_path.iterdir()]


def test_lfs_of_another_host_is_refused() -> None:
    """.lfsconfig may name another path on the remote's host, and no other host."""
    remote = "https://git.example/org/teasel"
    assert f"{remote}.git/info/lfs" == lfs.server(remote, "")
    assert "https://git.example/lfs" == lfs.server(remote, "https://me:word@git.example/lfs/")
    with pytest.raises(lfs.LfsError, match="another host"):
        lfs.server(remote, "https://files.example/lfs")


def test_lfs_files_come_from_the_remote(remote: Remote) -> None:
    """A tree gets its files from the remote's own server; only its batch sees the token."""
    remote.server.large.add(LARGE)
    commit = with_pointer(remote)
    remote.push()

    assert {"src/teasel/large.bin": LARGE} == remote.fetched(commit)
    asked = [password for path, password in remote.server.given if "/info/lfs/" in path]
    assert [remote.token.value] == asked
    assert [""] == remote.server.large.given


def test_lfs_files_that_the_remote_lacks_are_named(remote: Remote) -> None:
    """A file that was never pushed is named by its path, with the command that pushes it."""
    commit = with_pointer(remote)
    remote.push()
    message, hint = remote.fetch(commit).stderr.splitlines()

    assert message.startswith("src/teasel/large.bin: the server http://127.0.0.1")
    assert message.endswith(f"has no {OID[:12]}: Object does not exist")
    assert "push it with `git lfs push --all`, then run again" == hint


def test_lfs_of_a_server_without_it_is_named(remote: Remote) -> None:
    """Where the remote has no git-lfs, the paths are named, and what to do."""
    commit = with_pointer(remote)
    remote.push()
    remote.server.server.fail(Fault(Answer(404)), lambda request: "/lfs/" in request.path)
    done = remote.fetch(commit)

    message, hint = done.stderr.splitlines()
    assert tree.MISSING == done.returncode
    assert message.startswith("src/teasel/large.bin: http://127.0.0.1")
    assert "run again" in hint
    assert remote.token.value not in done.stderr


def test_lfs_files_of_a_checkout_are_taken_from_it(remote: Remote) -> None:
    """A clone that is read in the remote's place gives its files of git-lfs, too."""
    commit = with_pointer(remote)
    checkout = remote.root / "checkout"
    run_git(remote.root, "clone", "--quiet", str(remote.work), str(checkout))
    there = checkout / ".git/lfs/objects" / OID[:2] / OID[2:4] / OID
    there.parent.mkdir(parents=True)
    there.write_bytes(LARGE)

    assert {"src/teasel/large.bin": LARGE} == remote.fetched(commit, f"--checkout={checkout}")
