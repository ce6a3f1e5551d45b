"""Git over HTTP: `git http-backend` behind Basic auth, a pre-receive hook that holds the rules.

The hooks are real hooks. They ask this server over a socket, so that rules are Python objects that
a test changes, and every update of a ref is an effect: announced before git takes it, confirmed
after git has taken it and before the client hears of it.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import itertools
import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from . import git_hook
from .effects import Cut, Effect, Effects
from .entered import Entered
from .large_files import LargeFiles
from .repository import ZERO, Repository
from .serving import Answer, Fault, Request, Server
from .tokens import Token, Tokens

__all__ = ["GitServer", "Rules", "is_push", "ref_subject"]


def is_push(request: Request) -> bool:
    """Whether a request is the pushing one of `git push`."""
    return request.method == "POST" and request.path.endswith("/git-receive-pack")


def ref_subject(name: str, new: str) -> str:
    """Return the subject of a ref's effect."""
    return name if new == ZERO else f"{name} {new}"


@dataclass
class Rules:
    """What nobody may push. Patterns are fnmatch's, over full ref names.

    Attributes:
        protected: these refs move by pull requests alone.
        no_create: these may not be created, as by a ruleset for tags.
        no_update: these may neither move nor go.
        burned: tag names of immutable releases: they cannot be created again.
    """

    protected: list[str] = field(default_factory=lambda: ["refs/heads/main"])
    no_create: list[str] = field(default_factory=list)
    no_update: list[str] = field(default_factory=list)
    burned: set[str] = field(default_factory=set)

    def objection(self, name: str, old: str, new: str) -> str:
        """Return GitHub's words against an update; empty when there are none."""
        if _among(name, self.protected):
            return (
                f"error: GH006: Protected branch update failed for {name}.\n"
                "- Changes must be made through a pull request.\n"
            )
        forbidden = self.no_create if old == ZERO else self.no_update
        if _among(name, forbidden) or (old == ZERO and name in self.burned):
            act = "updates" if new != ZERO else "deletions"
            act = "creations" if old == ZERO else act
            return (
                f"error: GH013: Repository rule violations found for {name}.\n"
                f"- Cannot make {act} of this ref: {act} are restricted.\n"
            )
        return ""


def _among(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@dataclass
class _Push:
    token: Token
    effects: dict[str, Effect] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class _Further:
    """A repository beside the one that is released."""

    repository: Repository
    public: bool


class GitServer(Entered):
    """Serves one repository at `url` while it is entered, and others that are only read.

    Attributes:
        large: the files of git-lfs of the repository.
        given: path and credential of each request, in order; the credential is empty where none
            came. So a test can see whom a token was sent to.
    """

    def __init__(self, effects: Effects, repository: Repository, name: str, tokens: Tokens) -> None:
        self.effects = effects
        self.repository = repository
        self.rules = Rules()
        self.tokens = tokens
        self.large = LargeFiles()
        self.given: list[tuple[str, str]] = []
        self._name = name
        self._further: dict[str, _Further] = {}
        self._pushes: dict[str, _Push] = {}
        self._numbers = itertools.count(1)
        self.server = Server(self._answer)
        self._hooks = _Hooks(self)
        self._thread = threading.Thread(
            target=self._hooks.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        program = f"#!{sys.executable} -ISE\n" + Path(git_hook.__file__).read_text("utf-8")
        for hook in ("pre-receive", "post-receive"):
            path = repository.path / "hooks" / hook
            path.parent.mkdir(exist_ok=True)
            path.write_text(program, encoding="utf-8")
            path.chmod(0o755)

    @property
    def url(self) -> str:
        """The address of the repository, without credentials."""
        return f"{self.server.url}/{self._name}.git"

    def url_for(self, token: Token) -> str:
        """Return the address with credentials in it, as a test may use and a release must not."""
        return self.url.replace("http://", f"http://x-access-token:{token.value}@")

    def serve(self, name: str, repository: Repository, *, public: bool = False) -> str:
        """Serve a further repository, such as a submodule's, to be read alone; return its address.

        A public one is read without credentials. A private one is there for tokens that have its
        name among their `repositories`, and is "not found" for others, as on GitHub: the token of
        a workflow reads its own repository and public ones.
        """
        self._further[name] = _Further(repository, public)
        return f"{self.server.url}/{name}.git"

    def refuse_push(self, times: int = 1) -> None:
        """Answer pushes with 503."""
        self.server.fail(Fault(Answer(503, b"unavailable\n")), is_push, times)

    def cut_after_push(self) -> None:
        """Take the next push, and cut the connection."""
        self.server.fail(Fault(acted=True), is_push)

    def hang_at_push(self, *, taken: bool = False) -> None:
        """Never answer the next push."""
        self.server.fail(Fault(hang=True, acted=taken), is_push)

    def start(self) -> None:
        """Answer requests, and the hooks of pushes."""
        self._thread.start()
        self.server.start()

    def stop(self, error: BaseException | None = None) -> None:
        """Answer no more."""
        try:
            self.server.stop(error)
        finally:
            self._hooks.shutdown()
            self._thread.join()
            self._hooks.server_close()

    def _answer(self, request: Request) -> Answer:
        self.given.append((request.path, _password(request)))
        for name, further in self._further.items():
            if request.path.startswith(f"/{name}.git/"):
                return self._read(request, name, further)
        if request.path.startswith("/large-files/"):
            return self.large.transfer(request)
        prefix = f"/{self._name}.git/"
        token = self._token(request)
        if token is None:
            return _challenge()
        if not request.path.startswith(prefix):
            return Answer(404, b"Repository not found.\n")
        if request.path == f"{prefix}info/lfs/objects/batch":
            return self.large.batch(request, token, f"{self.server.url}/large-files")
        pushing = "git-receive-pack" in request.path + request.asked("service")
        if not token.permits("contents", "write" if pushing else "read"):
            words = f"Permission to {self._name}.git denied to {token.login}."
            return Answer(403, words.encode())
        number = str(next(self._numbers))
        push = self._pushes[number] = _Push(token)
        try:
            answer = self._backend(request, self.repository, number, request.path[len(prefix) :])
        finally:
            del self._pushes[number]
        if push.cut:
            raise Cut("a hook cut the push")
        return answer

    def _read(self, request: Request, name: str, further: _Further) -> Answer:
        token = self._token(request)
        if token is None and (_password(request) or not further.public):
            return _challenge()
        if not further.public and (token is None or name not in token.repositories):
            return Answer(404, b"Repository not found.\n")
        if "git-receive-pack" in request.path + request.asked("service"):
            login = token.login if token else "nobody"
            return Answer(403, f"Permission to {name}.git denied to {login}.".encode())
        path = request.path.removeprefix(f"/{name}.git/")
        return self._backend(request, further.repository, "", path)

    def _token(self, request: Request) -> Token | None:
        return self.tokens.find(_password(request))

    def _backend(self, request: Request, repository: Repository, number: str, path: str) -> Answer:
        headers = request.headers
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(repository.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
            "REQUEST_METHOD": request.method,
            "PATH_INFO": "/" + path,
            "QUERY_STRING": "&".join(f"{key}={value}" for key, value in request.query),
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "REMOTE_USER": "x-access-token",
            "REMOTE_ADDR": "127.0.0.1",
            "STANDIN_REQUEST": number,
            "STANDIN_PORT": str(self._hooks.server_address[1]),
        }
        done = subprocess.run(
            ["git", "http-backend"],
            input=request.body,
            env=environment,
            capture_output=True,
            check=False,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        pairs = [line.split(": ", 1) for line in head.decode().splitlines() if ": " in line]
        if done.returncode or not pairs:
            return Answer(500, done.stderr)
        status = next((int(value[:3]) for name, value in pairs if name == "Status"), 200)
        return Answer(
            status, body, tuple((name, value) for name, value in pairs if name != "Status")
        )

    def decide(self, question: dict[str, Any]) -> tuple[int, str]:
        """Answer one of git's hooks: its exit code, and what it says to the client."""
        push = self._pushes[question["request"]]
        updates = [tuple(line.split(" ", 2)) for line in question["lines"]]
        try:
            if question["hook"] == "post-receive":
                for _, _, name in updates:
                    self.effects.confirm(push.effects[name])
                return 0, ""
            objections = "".join(
                self.rules.objection(name, old, new)
                or self._workflow_objection(push.token, new, question["environment"])
                for old, new, name in updates
            )
            if objections:
                return 1, objections
            for _, new, name in updates:
                push.effects[name] = self.effects.announce("ref", ref_subject(name, new))
        except Cut:
            push.cut = True
            return 1, "the connection is cut\n"
        return 0, ""

    def _workflow_objection(self, token: Token, new: str, environment: dict[str, str]) -> str:
        """Return GitHub's words against commits that change workflows without permission."""
        if new == ZERO or token.permits("workflows", "write"):
            return ""
        changed = self.repository.git(
            *("log", "--format=", "--name-only", new, "--not", "--all"),
            *("--", ".github/workflows"),
            env=environment,
        )
        if not changed:
            return ""
        return (
            "refusing to allow a GitHub App to create or update workflow"
            f" `{changed.splitlines()[0]}` without `workflows` permission\n"
        )


def _challenge() -> Answer:
    challenge = ("WWW-Authenticate", 'Basic realm="GitHub"')
    return Answer(401, b"Authentication required\n", (challenge,))


def _password(request: Request) -> str:
    """Return the credential of Basic authentication; empty where there is none."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


class _Hooks(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, owner: GitServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _HookHandler)


class _HookHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Read a question, answer it; a failure of ours is one of the push."""
        owner = cast("_Hooks", self.server).owner
        question = json.loads(self.rfile.read())
        try:
            code, said = owner.decide(question)
        except Exception:
            owner.server.report_bug()
            code, said = 1, "the stand-in failed\n"
        self.wfile.write(json.dumps({"code": code, "said": said}).encode())
