"""The default branch, from what a .git has and a remote answers: pure, and never a guess.

| asked in this order                              | where nothing says more                   |
|--------------------------------------------------|-------------------------------------------|
| the caller, [tool.wheelwright.github] branch     |                                           |
| refs/remotes/NAME/HEAD                           | set by `git clone`                        |
| `git ls-remote --symref`                         | the remote is on another machine          |
| the branch of HEAD                               | no remote, or one that is empty or a path |
| the only branch of the clone                     | a remote that cannot be asked             |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wheelwright.release.decide.urls import is_path

_HEADS = "refs/heads/"
_REMOTES = "refs/remotes/"


@dataclass(frozen=True, slots=True)
class GitFiles:
    """What was read of a .git.

    Attributes:
        head: the text of HEAD.
        config: the text of its configuration.
        refs: full names of all refs.
        pointers: what symbolic refs of remotes lead to, by full name.
    """

    head: str = ""
    config: str = ""
    refs: tuple[str, ...] = ()
    pointers: Mapping[str, str] = field(default_factory=dict)

    @property
    def current(self) -> str:
        """The branch of HEAD; empty where HEAD is a commit."""
        return _target(self.head, _HEADS)

    @property
    def remote(self) -> tuple[str, str]:
        """Name and address of the remote: origin, or the only one; both empty otherwise."""
        found = remotes(self.config)
        if "origin" in found:
            return "origin", found["origin"]
        return next(iter(found.items())) if len(found) == 1 else ("", "")

    @property
    def cloned(self) -> str:
        """The branch that refs/remotes/NAME/HEAD names; empty without it."""
        name, _ = self.remote
        pointer = self.pointers.get(f"{_REMOTES}{name}/HEAD", "") if name else ""
        return _target(pointer, f"{_REMOTES}{name}/")

    @property
    def only(self) -> str:
        """The one branch that the clone knows, its own or the remote's; empty with several."""
        name, _ = self.remote
        prefixes = (_HEADS, f"{_REMOTES}{name}/")
        names = {
            ref.removeprefix(prefix)
            for ref in self.refs
            for prefix in prefixes
            if ref.startswith(prefix)
        } - {"HEAD"}
        return names.pop() if len(names) == 1 else ""


def remotes(config: str) -> dict[str, str]:
    """Return the address of each remote of a .git/config, in its order."""
    found = {}
    for section in re.finditer(r'(?ms)^\[remote "([^"\n]+)"\]\s*\n(.*?)(?=^\[|\Z)', config):
        if url := re.search(r"(?m)^\s*url\s*=\s*(\S+)", section[2]):
            found[section[1]] = url[1]
    return found


def packed(text: str) -> tuple[str, ...]:
    """Return the names in a packed-refs file."""
    lines = (line.partition(" ")[2] for line in text.splitlines() if line[:1] not in ("#", "^"))
    return tuple(line for line in lines if line)


def listed(text: str) -> str | None:
    """Return the branch that `git ls-remote --symref URL HEAD` names.

    Empty for a repository without a commit; None where it does not say.
    """
    if not text.strip():
        return ""
    found = re.search(rf"(?m)^ref: {_HEADS}(\S+)\tHEAD$", text)
    return found[1] if found else None


def to_ask(git: GitFiles) -> str:
    """Return the address to ask for the branch; empty where nobody has to be asked, or can be."""
    name, url = git.remote
    return url if name and not git.cloned and not is_path(url) else ""


def decide(git: GitFiles, answer: str | None = None) -> tuple[str, str]:
    """Return the default branch and where that comes from; an empty branch and why otherwise.

    `answer` is what the remote said; None where it was not asked, or could not be.
    """
    name, url = git.remote
    if git.cloned:
        return git.cloned, f"{_REMOTES}{name}/HEAD"
    if answer is not None and (branch := listed(answer)):
        return branch, f"the HEAD of the remote {name}"
    if name and not is_path(url) and answer is None:
        if git.only:
            return git.only, "the only branch of the clone"
        return "", f"the remote {name} cannot be asked, and the clone does not name its branch"
    if git.current:
        why = f"the remote {name} names none" if name else "there is no remote"
        return git.current, f"the branch of HEAD; {why}"
    return "", "HEAD is not on a branch"


def tags(refs: Iterable[str]) -> dict[str, str]:
    """Return the full names of tags, as the reader of tags takes them."""
    return {ref: "" for ref in refs if ref.startswith("refs/tags/")}


def _target(text: str, prefix: str) -> str:
    target = text.removeprefix("ref:").strip()
    # With reftable, HEAD's file has a name that no branch can have (git help gitformat-reftable).
    known = text.startswith("ref:") and target.startswith(prefix) and ".invalid" not in target
    return target.removeprefix(prefix) if known else ""
