"""Git repositories and their refs: values, and the calls that need no work.

A ref is a name with the commit that it had when it was looked up: later calls of the session see
the same commit, and a key that contains the ref changes with the commit only. What talks to a
repository is in `stiletto.engine.git`.
"""

from __future__ import annotations

from typing import ClassVar

from stiletto.api.files import Directory
from stiletto.api.registry import call
from stiletto.api.secrets import Secret
from stiletto.graph.recipe import Recipe, frozen


@frozen
class GitRepository(Recipe):
    """A repository; subclasses define where it is."""

    TYPE: ClassVar[str] = "GitRepository"


@frozen
class LocalRepository(GitRepository):
    """A repository in a directory: its working tree with `.git`, or a bare one.

    `inside` is the directory of the working tree that it was found from; empty for its root.
    """

    directory: Directory
    inside: str = ""


@frozen
class RemoteRepository(GitRepository):
    """A repository at an address.

    Attributes:
        url: the address as it was given, without a password.
        remote: the same without a fragment: what git gets.
        discard_git_dir: whether trees of it come without `.git`.
        users: whether it is read with the user's own credentials.
        user: the user of `password` or `token`.
        password: what the address had; git gives it to the server if the server wants one.
        token: sent with every request, as the password of `user`.
        header: sent with every request, as the Authorization header.
        known_hosts: the lines by which ssh knows the host; empty: those of the machine.
        refs: digest of the refs that it had: a repository whose refs move is another value, and a
            stored one keeps those of its time.
    """

    url: str
    remote: str
    discard_git_dir: bool = False
    users: bool = False
    user: str = ""
    password: Secret | None = None
    token: Secret | None = None
    header: Secret | None = None
    known_hosts: str = ""
    refs: str = ""


@frozen
class GitRef(Recipe):
    """A commit of a repository, and the full name under which it was found; empty for none."""

    TYPE: ClassVar[str] = "GitRef"

    repository: GitRepository
    name: str
    commit: str


@call("GitRepository.url")
def url(self: GitRepository) -> str | None:
    """Return the address; none for a repository in a directory."""
    return self.url if isinstance(self, RemoteRepository) else None


@call("GitRef.commit")
def commit(self: GitRef) -> str:
    """Return the commit's id."""
    return self.commit


@call("GitRef.ref")
def ref(self: GitRef) -> str:
    """Return the full name, such as refs/heads/main, or the commit's id."""
    return self.name or self.commit
