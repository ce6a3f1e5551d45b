"""References to modules in git repositories: which repository, which directory, which version.

    github.com/org/repo/sub/dir@v1.2      https of that host; the first two names are the repository
    https://host/any/repo.git/sub@main    a name that ends with `.git` is the repository's
    git@host:org/repo/sub@<commit>        ssh
    file:///srv/repo.git/sub@main         a repository of this machine; Dagger has no such form
    ../repo.git                           likewise, where the path is a bare repository

If neither rule shows how long the repository's own path is, every length is a candidate, the
shortest first, and the shell checks which of them exists. Pure but for a look at local paths.

Source: core/modulerefs.go of v0.21.8.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from stiletto.errors import UsageError
from stiletto.module.credentials import shown

SCHEMES = ("https://", "http://", "ssh://", "file://")
HOSTS = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org")
"""Hosts whose repositories are always `owner/name` (engine/vcs of Dagger has the first three)."""

_VERSION = re.compile(r"v\d+(\.\d+(\.\d+([-+][0-9A-Za-z.+-]+)?)?)?")
"""What golang.org/x/mod/semver takes for a version: those name tags only."""


@dataclass(frozen=True, slots=True)
class GitReference:
    """A module in a repository.

    Attributes:
        candidates: (URL, directory inside) pairs; the first URL that is a repository counts.
        version: a tag, branch or commit; empty for the repository's HEAD.
    """

    candidates: tuple[tuple[str, str], ...]
    version: str = ""

    @property
    def names_tag(self) -> bool:
        """Whether the version can only be a tag."""
        return _VERSION.fullmatch(self.version) is not None


def tag_names(version: str, directory: str) -> tuple[str, ...]:
    """Return the tags that a version may mean: `sub/dir/v1.2` before `v1.2`."""
    return (f"{directory}/{version}", version) if directory else (version,)


def expanded(ref: str) -> Path:
    """Return a path with `~` replaced, where there is such a user."""
    try:
        return Path(ref).expanduser()
    except RuntimeError:  # no such user: a directory may have this name
        return Path(ref)


def is_bare(path: Path) -> bool:
    """Whether a directory is a git repository without working tree."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def is_remote(ref: str, base: Path) -> bool:
    """Whether a reference means a repository to clone and not a directory of this machine."""
    if ref.startswith(SCHEMES) or re.match(r"[\w.-]+@[\w.-]+:", ref):
        return True
    if _bare_part(ref, base) is not None:
        return True
    if ref.startswith(("/", ".")) or "." not in ref or (base / ref).is_dir():
        return False
    return re.match(r"[\w-]+(\.[\w-]+)+/", ref) is not None


def _bare_part(ref: str, base: Path) -> Path | None:
    """Return the bare repository that a local path leads to or into."""
    path = (base / expanded(ref.partition("@")[0])).resolve()
    return next((parent for parent in (path, *path.parents) if is_bare(parent)), None)


def parse_reference(ref: str, base: Path) -> GitReference:
    """Read a reference for which `is_remote` is true; local paths are relative to `base`.

    Raises:
        UsageError: it names no repository, or a directory outside of it.
    """
    scheme = next((s for s in SCHEMES if ref.startswith(s)), "")
    rest = ref.removeprefix(scheme)
    bare = None if scheme else _bare_part(ref, base)
    if bare is not None:
        path, _, version = rest.partition("@")
        inside = (base / expanded(path)).resolve().relative_to(bare)
        return GitReference(((f"file://{bare}", _directory(inside.as_posix(), ref)),), version)
    user = ""
    if not scheme and (found := re.match(r"([\w.-]+)@([\w.-]+):(.*)", rest)):
        # `git@host:path` is another way to write `ssh://git@host/path`.
        scheme, rest = "ssh://", f"{found[1]}@{found[2]}/{found[3].lstrip('/')}"
    if scheme != "file://" and (found := re.match(r"([^/@]+)@(.*)", rest)):
        user, rest = found[1] + "@", found[2]
    elif scheme == "ssh://":
        user = "git@"
    host, _, path = rest.partition("/")
    path, _, version = path.partition("@")
    names = [name for name in path.split("/") if name]
    if not names or (scheme != "file://" and not host):
        raise UsageError(
            f"{shown(ref)}: no repository in this reference",
            hint="write it as HOST/OWNER/REPOSITORY@TAG",
        )
    start = f"{scheme or 'https://'}{user}{host}/"
    marked = [count for count, name in enumerate(names, 1) if name.endswith(".git")]
    if marked:
        counts: list[int] | range = marked[:1]
    elif host in HOSTS:
        counts = [min(2, len(names))]
    else:
        counts = range(1, len(names) + 1)
    return GitReference(
        tuple((start + "/".join(names[:n]), _directory("/".join(names[n:]), ref)) for n in counts),
        version,
    )


def _directory(path: str, ref: str) -> str:
    """Return a clean directory inside the repository, empty for its root."""
    clean = posixpath.normpath(path) if path else "."
    if clean.startswith(("..", "/")):
        raise UsageError(f"{shown(ref)}: {path!r} is outside of the repository")
    return "" if clean == "." else clean
