"""The outside world of one release: all stand-ins over one clock, one log, one repository."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from .certificates import Authority
from .clock import Clock
from .description import Description
from .effects import Effects
from .entered import Entered
from .git_http import GitServer
from .github import GitHub
from .index import Index
from .repository import Repository, run_git
from .tokens import Token, Tokens

__all__ = ["NAME", "Outside"]

NAME = "octo-org/sample"


class Outside(Entered):
    """Starts when it is entered, stops when it is left.

    Attributes:
        token: what a release works with: contents and pull requests, both to write.
        owner: a person's token, which may do everything but push to main.
    """

    def __init__(
        self,
        directory: Path,
        description: Description,
        authority: Authority | None = None,
        name: str = NAME,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.directory = directory
        self.clock = Clock()
        self.effects = Effects()
        self.tokens = Tokens()
        self.token = self.tokens.add(Token())
        everything = ("contents", "pull_requests", "issues", "workflows", "administration")
        self.owner = self.tokens.add(
            Token(
                login="maintainer",
                kind="personal access token",
                permissions=dict.fromkeys((*everything, "metadata"), "write"),
            )
        )
        self.repository = Repository(directory / "remote" / "repository.git")
        self.authority = authority or Authority(directory)
        self.git = GitServer(self.effects, self.repository, name, self.tokens)
        self.github = GitHub(self.effects, self.clock, self.git, name, self.tokens, description)
        self.index = Index(self.effects, self.clock, self.authority, name)
        self._stack = ExitStack()

    def start(self) -> None:
        """Start the servers."""
        for server in (self.git, self.github.server, self.index.server):
            self._stack.enter_context(server)

    def stop(self, error: BaseException | None = None) -> None:
        """Stop the servers; raise what GitHub's description refuses of the requests."""
        self.effects.unhook()
        self._stack.__exit__(type(error) if error else None, error, None)
        if error is None and self.github.violations:
            raise AssertionError(
                "requests that GitHub's description refuses:\n" + "\n".join(self.github.violations)
            )

    @property
    def api_url(self) -> str:
        """The address of GitHub's API."""
        return self.github.server.url

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every credential that exists by now: none may be seen anywhere."""
        index = self.index
        return (
            self.token.value,
            self.owner.value,
            index.token,
            index.issuer.request_token,
            *index.issuer.issued,
            *index.trust.minted,
            *index.trust.burned,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a job on GitHub Actions that is about to release from here."""
        return {
            **self.index.actions_environment,
            "GITHUB_API_URL": self.api_url,
            "GITHUB_SERVER_URL": self.git.server.url,
            "GITHUB_REPOSITORY": self.name,
            "GITHUB_TOKEN": self.token.value,
            "SSL_CERT_FILE": str(self.authority.bundle),
            "UV_PUBLISH_URL": self.index.publish_url,
            "UV_PUBLISH_CHECK_URL": self.index.simple_url,
        }

    def clone(self, name: str, token: Token | None = None) -> Path:
        """Clone the repository over HTTP; pushes and fetches of the clone use the token."""
        path = self.directory / name
        run_git(self.directory, "clone", "--quiet", self.git.url_for(token or self.owner), name)
        for key, value in (("user.name", "A Maintainer"), ("user.email", "m@example.org")):
            run_git(path, "config", key, value)
        return path

    def land(self, source: Path, branch: str = "main") -> str:
        """Put HEAD and all tags on the remote past every rule, as no effect; return HEAD."""
        head = run_git(source, "rev-parse", "HEAD")
        refspecs = (f"+HEAD:refs/heads/{branch}", "refs/tags/*:refs/tags/*")
        self.repository.git("fetch", "--quiet", str(source), *refspecs)
        return head
