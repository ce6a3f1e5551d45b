"""Which entries of a working copy belong to the source: what git tracks, or would add (pure).

The rules are git's own. On Dagger an argument is a directory without them, so git is asked in a
container: it sees .git, the ignore files, and the names of all entries, but no other contents. A
changed file changes nothing in that step. Here are its script, what is written on its standard
input, and what its answer means.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from wheelwright.errors import ProjectError
from wheelwright.project.files import join, upward, wanted
from wheelwright.project.pyproject import parse
from wheelwright.project.reading import shortened

CACHES: Final = (
    "**/.venv",
    "**/.tox",
    "**/.nox",
    "**/__pycache__",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    "**/node_modules",
)
"""Left out before git is asked, to save an upload: patterns of the argument itself."""

_CACHE_NAMES: Final = frozenset(pattern.removeprefix("**/") for pattern in CACHES)

_GIT_FILES: Final = frozenset(
    ("HEAD", "config", "index", "info", "modules", "packed-refs", "refs", "reftable", "shallow")
)
_CONTENTS: Final = frozenset({"objects", "logs"})

NAMING: Final = ("pyproject.toml", "setup.cfg", "setup.py")
"""Files that name a package: by one of them a repository is found to be its own."""

NOT_HISTORY: Final = (
    ".git/hooks",
    ".git/logs",
    ".git/lfs",
    ".git/modules",
    ".git/COMMIT_EDITMSG",
    ".git/FETCH_HEAD",
    ".git/ORIG_HEAD",
    ".git/rr-cache",
)
"""What of .git does not matter for the version."""

NOT_SENT: Final = (
    *(path for path in NOT_HISTORY if path != ".git/modules"),
    *(f".git/modules/**/{name}" for name in ("hooks", "logs", "lfs", "objects")),
    *(f".git/worktrees/*/{name}" for name in ("logs", "modules")),
)
"""What of the source's .git is not needed: of submodules and other worktrees, all but the index."""

ONLY_GIT: Final = ("**", "!.git", "!.git/**", *NOT_HISTORY, *NOT_SENT)
"""Patterns that leave nothing but the repository."""

# What a repository's own configuration could start is switched off. git ends with 128, which
# engines take for a signal: such an end is never a result.
_GIT: Final = "git -c core.fsmonitor=false -c core.quotePath=true -c safe.directory='*'"
SCRIPT: Final = f"""\
set -e
trap '[ $? = 0 ] || exit 1' EXIT
exec > "$2"
cd "$1"
[ -f .git ] && own=$(sed -n 's/^gitdir: //p' .git) || own=.git
mkdir -p "$own/objects" "$own/refs"
{_GIT} ls-files --cached --stage
echo
{_GIT} check-ignore --no-index --stdin || [ $? = 1 ]
"""
"""Run with a directory and a file: writes what is tracked, an empty line, what rules ignore.

With its index, `git check-ignore` compares each name with each tracked file: seconds for 10,000.
So it looks at the rules alone, and `answer` leaves out what is tracked.
"""

_STAGED: Final = re.compile(r"(?P<mode>[0-7]{6}) (?P<hash>[0-9a-f]{40,64}) [0-3]\t(?P<path>.+)")
_MODULE: Final = "160000"
_EXECUTABLE: Final = "100755"
_FILES: Final = frozenset({"100644", _EXECUTABLE})
_ESCAPE: Final = re.compile(r'\\([abfnrtv"\\]|[0-7]{3})')
_ESCAPED: Final = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True, slots=True)
class Kept:
    """What git says of a working copy.

    Attributes:
        ignored: entries that git neither tracks nor would add; directories end with `/`.
        left_out: tracked files that `CACHES` left out.
        submodules: whether the files of each are there, by path.
    """

    ignored: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    submodules: Mapping[str, bool] = field(default_factory=dict)

    def beside(self, inner: Kept, where: str) -> Kept:
        """Return both, the inner one that of a submodule."""
        return Kept(
            (*self.ignored, *(join(where, path) for path in inner.ignored)),
            (*self.left_out, *(join(where, path) for path in inner.left_out)),
            {**self.submodules, **{join(where, p): there for p, there in inner.submodules.items()}},
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a verdict should know, each with the command that changes it."""
        empty = [path for path, present in self.submodules.items() if not present]
        return tuple(
            f"the submodule {path} is empty: run `git submodule update --init {path}`"
            for path in empty
        )


def restored(paths: Sequence[str]) -> str:
    """Return the note about tracked files of a cache."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more} is tracked in a cache's directory: taken from git's index"


ALONE: Final = (
    f"the source has no .git: everything in it is read but "
    f"{', '.join(pattern.removeprefix('**/') for pattern in CACHES)}, and nothing above it; for a "
    "package in a directory of a repository, give the root as --source, and --package DIRECTORY"
)
"""The note about a source without a repository."""


def deciding_above(paths: Iterable[str], place: str) -> list[str]:
    """Return the files above a package, whose place is given, that would decide something."""
    directories = set(upward(place)[1:])
    named = [path.rpartition("/") for path in paths]
    return [
        join(directory, name)
        for directory, _, name in named
        if directory in directories and wanted([name])
    ]


def not_read(paths: Sequence[str], place: str) -> str:
    """Return the note about files above a package that is given without them."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return (
        f"above {place} the repository has {', '.join(paths[:3])}{more}, not read here: give its "
        f"root as --source, and --package {place}, to have them read"
    )


def pointer(text: str) -> str:
    """Return the note about a .git that is a file, with the directory that it leads to.

    That of a worktree is `.git/worktrees/NAME` of a repository, of a submodule `.git/modules/NAME`.
    """
    to = text.partition("gitdir:")[2].strip()
    repository = re.split(r"/\.git(?:/|$)", to)[0] or "/"
    return (
        f"the source's .git is a file that leads to {shortened(to) or 'nothing'}: "
        f"pass --git {shortened(repository)} for its history"
    )


def worktree_of(text: str) -> str:
    """Return the name of the worktree that a file .git is of; empty for another."""
    found = re.fullmatch(r"gitdir: .*/\.git/worktrees/([^/\n]+)\n?", text)
    return found[1] if found else ""


def places(text: str, name: str) -> dict[str, str]:
    """Return the directories in which the step's answer has a tracked file, by its hash."""
    found: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        staged = _STAGED.fullmatch(line)
        directory, _, last = unquoted(staged["path"]).rpartition("/") if staged else ("", "", "")
        if staged and last == name:
            found.setdefault(staged["hash"], directory)
    return found


def files(text: str) -> dict[str, bool]:
    """Return the tracked files of the step's answer, in git's order; no links, no submodules.

    Each is mapped to whether it is executable.

    A path that a merge left in several versions is there once.

    Raises:
        ProjectError: it is not what git prints.
    """
    found: dict[str, bool] = {}
    for line in text.partition("\n\n")[0].split("\n") if text[:1] != "\n" else ():
        if not (staged := _STAGED.fullmatch(line)):
            raise _unknown(line)
        if staged["mode"] in _FILES:
            found[unquoted(staged["path"])] = staged["mode"] == _EXECUTABLE
    return found


def blob(text: str) -> str:
    """Return git's hash of a file's contents (SHA-1; a repository with SHA-256 has others)."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def same_package(name: str, one: str, other: str) -> bool:
    """Whether two versions of a file name one package; only pyproject.toml is read for it."""
    if name != "pyproject.toml":
        return False
    try:
        names = {parse(name, one).name, parse(name, other).name}
    except ProjectError:
        return False
    return len(names) == 1 and names != {""}


def listed(names: Iterable[str]) -> list[str]:
    """Return the entries that git is asked about: no .git, no cache, and nothing in one.

    Another module may pass a directory to which no pattern of the argument was applied.
    """
    left_out = {".git", *_CACHE_NAMES}
    return [name for name in names if left_out.isdisjoint(name.rstrip("/").split("/"))]


def without_caches(names: Iterable[str]) -> list[str]:
    """Return the entries that `CACHES` leaves in."""
    return [name for name in names if _CACHE_NAMES.isdisjoint(name.rstrip("/").split("/"))]


def rules(names: Iterable[str]) -> list[str]:
    """Return what of a source says which entries are ignored: a submodule has a .git of its own."""
    return [name for name in without_caches(names) if _is_rule(name.rstrip("/").split("/"))]


def _is_rule(parts: Sequence[str]) -> bool:
    return ".git" in parts[1:] or (parts[-1] == ".gitignore" and ".git" not in parts)


def git_files(names: Iterable[str]) -> list[str]:
    """Return what of .git says which paths are tracked; their contents are not among it."""
    return [name for name in names if _is_git_file(name.rstrip("/").split("/"))]


def _is_git_file(parts: Sequence[str]) -> bool:
    if parts[0] != ".git" or len(parts) == 1:
        return False
    known = parts[1] in _GIT_FILES or parts[1].startswith("sharedindex.")
    return known and not (parts[1] == "modules" and _CONTENTS.intersection(parts[2:]))


def history(names: Iterable[str]) -> list[str]:
    """Return what of .git matters for the version, and for what the index has."""
    return [
        name
        for name in names
        if name.startswith(".git/") and "/".join(name.split("/")[:2]) not in NOT_HISTORY
    ]


def repositories(names: Iterable[str]) -> frozenset[str]:
    """Return the directories below the source that have a .git of their own."""
    found = (name.rstrip("/") for name in names)
    return frozenset(name.removesuffix("/.git") for name in found if name.endswith("/.git"))


def question(names: Iterable[str]) -> str:
    """Return what the step reads: a path in each line, as git quotes it."""
    # The two characters keep git from reading `:(glob)x` as more than a name.
    return "".join(f"{quoted(f'./{name}')}\n" for name in names)


def answer(text: str, names: Iterable[str]) -> Kept:
    """Read what the step printed; `names` are all entries, those of submodules among them.

    Raises:
        ProjectError: it is not what git prints.
    """
    staged, _, ignored = text.partition("\n\n") if text[:1] != "\n" else ("", "", text[1:])
    tracked, modules = _staged(staged)
    there = set(names)
    filled = {parent.rstrip("/") for name in there for parent in _parents(name)}
    kept = {*tracked, *(parent.rstrip("/") for path in tracked for parent in _parents(path))}
    found = (unquoted(line).removeprefix("./") for line in ignored.splitlines())
    return Kept(
        tuple(
            path
            for path in found
            if path.rstrip("/") not in kept and not modules.intersection(_paths(path))
        ),
        tuple(sorted(path for path in tracked - there if _CACHE_NAMES & set(path.split("/")))),
        {module: module in filled for module in sorted(modules)},
    )


def without_submodules(text: str, names: Iterable[str]) -> list[str]:
    """Return the entries outside of submodules: git refuses to be asked about others.

    `text` is what the step printed, also one that failed for that reason: the list comes first.
    """
    _, modules = _staged(text.partition("\n\n")[0])
    return [name for name in names if not modules.intersection(_paths(name))]


def below(names: Iterable[str], where: str) -> list[str]:
    """Return the entries of a directory, from there."""
    prefix = f"{where}/"
    return [
        name.removeprefix(prefix) for name in names if name.startswith(prefix) and name != prefix
    ]


def _staged(text: str) -> tuple[set[str], set[str]]:
    """Return the files and the submodules of an index.

    Raises:
        ProjectError: it is not what `git ls-files --stage` prints.
    """
    files: set[str] = set()
    modules: set[str] = set()
    for line in text.splitlines():
        if not (found := _STAGED.fullmatch(line)):
            raise _unknown(line)
        (modules if found["mode"] == _MODULE else files).add(unquoted(found["path"]))
    return files, modules


def _unknown(line: str) -> ProjectError:
    return ProjectError(
        f"git lists its files in an unknown way: {line[:200]!r}",
        "report this as a bug; a source without .git goes around it",
    )


def quoted(path: str) -> str:
    """Return a path as git reads it from a line: in quotes where a character needs them."""
    if re.fullmatch(r"[^\"\\\x00-\x1f\x7f]*", path):
        return path
    return '"' + "".join(_octal(char) for char in path) + '"'


def _octal(char: str) -> str:
    plain = char >= " " and char not in '"\\\x7f'
    return char if plain else "".join(f"\\{byte:03o}" for byte in char.encode())


def unquoted(line: str) -> str:
    """Return the path that git printed: in quotes, with escapes of C, where a character needs them.

    Bytes that are not UTF-8 become U+FFFD, as names of entries do.
    """
    if not line.startswith('"'):
        return line
    parts = _ESCAPE.split(line[1:-1])
    data = b"".join(
        (part if number % 2 == 0 else _ESCAPED.get(part, part)).encode()
        if number % 2 == 0 or not part.isdigit()
        else bytes([int(part, 8) & 0xFF])
        for number, part in enumerate(parts)
    )
    return data.decode(errors="replace")


def kept(names: Iterable[str], ignored: Iterable[str]) -> frozenset[str]:
    """Return the entries that are not ignored; `names` are all that git was asked about.

    A directory of which nothing is kept goes as well: git knows no empty directories.
    """
    names, gone = list(names), set(ignored)
    filled = {parent for name in names for parent in _parents(name)}
    files = [name for name in names if name not in filled and name not in gone]
    needed = {parent for name in files for parent in _parents(name)}
    return frozenset((*files, *(name for name in names if name in needed)))


def _parents(name: str) -> list[str]:
    return [f"{path}/" for path in _paths(name)[:-1]]


def _paths(name: str) -> list[str]:
    """Return every leading part of a path, the whole last."""
    parts = name.rstrip("/").split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
