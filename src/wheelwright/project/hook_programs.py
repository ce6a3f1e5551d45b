"""The programs that run here and as hooks of pre-commit: whose repositories, ids and defaults.

A hook of a repository has defaults in a file of that repository, which is not read: what the files
said for these programs is in the table below. Sources: `.pre-commit-hooks.yaml` of
astral-sh/ruff-pre-commit, pre-commit/mirrors-mypy, RobertCraigie/pyright-python,
DetachHead/basedpyright-prek-mirror, astral-sh/ty-pre-commit, facebook/pyrefly-pre-commit,
PyCQA/flake8, PyCQA/isort and psf/black.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from wheelwright.project.reading import parse_version, requirement_or_none


@dataclass(frozen=True, slots=True)
class Program:
    """One program as its own repository defines the hook.

    Attributes:
        name: how it is named here; the first of its words is the distribution.
        command: what runs, without `args` and files.
        args: where the hook has none of its own.
        types: tags of which a file has at least one.
        changing: options with which it changes files, or reports that it did.
        checking: what makes it report instead; empty where it never changes a file.
        pass_filenames: whether the files are arguments of the command.
        stages: what the hook is limited to; empty for no limit of its own.
    """

    name: str
    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    types: tuple[str, ...] = ("python", "pyi")
    changing: tuple[str, ...] = ()
    checking: tuple[str, ...] = ()
    pass_filenames: bool = True
    stages: tuple[str, ...] = ()

    def without_changes(self, line: Sequence[str]) -> tuple[str, ...]:
        """Return a command line of it that reports what it would change, and changes nothing."""
        kept = tuple(part for part in line if part not in self.changing)
        end = len(self.command) if kept[: len(self.command)] == self.command else 1
        # `ruff format` and the like: an option stands behind the subcommand.
        while end < len(kept) and not kept[end].startswith("-") and kept[end] in _VERBS:
            end += 1
        added = () if set(self.checking) & set(kept) else self.checking
        return (*kept[:end], *added, *kept[end:])

    @property
    def distribution(self) -> str:
        """What is installed for it."""
        return self.command[0]


_FILES: Final = ("pre-commit", "pre-merge-commit", "pre-push", "manual")
_VERBS: Final = frozenset({"check", "format"})
_NOTEBOOKS: Final = ("python", "pyi", "jupyter")

RUFF_CHECK: Final = "ruff check"
RUFF_FORMAT: Final = "ruff format"

PROGRAMS: Final[Mapping[str, Program]] = {
    program.name: program
    for program in (
        Program(
            RUFF_CHECK,
            ("ruff", "check", "--force-exclude"),
            types=_NOTEBOOKS,
            changing=("--fix", "--exit-non-zero-on-fix", "--show-fixes"),
        ),
        Program(
            RUFF_FORMAT,
            ("ruff", "format", "--force-exclude"),
            types=_NOTEBOOKS,
            checking=("--check",),
        ),
        Program("mypy", ("mypy",), ("--ignore-missing-imports", "--scripts-are-modules")),
        Program("pyright", ("pyright",)),
        Program("basedpyright", ("basedpyright",)),
        Program("ty", ("ty", "check"), types=_NOTEBOOKS, pass_filenames=False),
        Program("pyrefly", ("pyrefly", "check"), pass_filenames=False, stages=_FILES),
        Program("flake8", ("flake8",), types=("python",)),
        Program(
            "isort",
            ("isort",),
            ("--filter-files",),
            types=("cython", "pyi", "python"),
            checking=("--check-only",),
            stages=_FILES,
        ),
        Program("black", ("black",), checking=("--check",)),
    )
}
"""By name; the subcommand is part of it, because ruff's two are two gates."""


@dataclass(frozen=True, slots=True)
class _Repository:
    """A repository of hooks.

    Attributes:
        programs: names by the id of the hook.
        since: the first tag that is a version of the program; those before count the hook's own.
    """

    programs: Mapping[str, str]
    since: Version = field(default=Version("0"))


_RUFF: Final = {"ruff": RUFF_CHECK, "ruff-check": RUFF_CHECK, "ruff-format": RUFF_FORMAT}
_BASEDPYRIGHT: Final = _Repository({"basedpyright": "basedpyright"})
_FLAKE8: Final = _Repository({"flake8": "flake8"})
_ISORT: Final = _Repository({"isort": "isort"})
_BLACK: Final = _Repository({"black": "black"})

_REPOSITORIES: Final[Mapping[str, _Repository]] = {
    "ruff-pre-commit": _Repository(_RUFF),
    "mirrors-mypy": _Repository({"mypy": "mypy"}),
    "pyright-python": _Repository({"pyright": "pyright"}),
    "basedpyright": _BASEDPYRIGHT,
    "basedpyright-pre-commit-mirror": _BASEDPYRIGHT,
    "basedpyright-prek-mirror": _BASEDPYRIGHT,
    "astral-sh/ty-pre-commit": _Repository({"ty": "ty"}),
    "pyrefly-pre-commit": _Repository({"pyrefly-check": "pyrefly"}, Version("0.42")),
    "flake8": _FLAKE8,
    "mirrors-flake8": _FLAKE8,
    "isort": _ISORT,
    "mirrors-isort": _ISORT,
    "black": _BLACK,
    "black-pre-commit-mirror": _BLACK,
}
"""By the last part of the address, so that a fork or another server counts too; by owner and name
where several repositories have that name and count differently. All tags are versions of the
program, with or without a `v`, but for what `since` says."""

# A branch, a moving tag such as `24` and the beginning of a commit are no versions.
_TAG: Final = re.compile(r"v?([0-9]{1,9}\.[0-9][0-9a-z.+]{0,60})")
_FROZEN: Final = re.compile(r"frozen:\s*(\S+)")
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")

# Commands that run another command; what is between the two are their own options.
_LAUNCHERS: Final = frozenset(
    {"env", "hatch", "pdm", "pipenv", "pipx", "poetry", "python", "python3", "rye", "uv", "uvx"}
)
_SUBCOMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ruff": {"check": RUFF_CHECK, "format": RUFF_FORMAT},
    "ty": {"check": "ty"},
    "pyrefly": {"check": "pyrefly"},
}
_LAUNCHED: Final = frozenset(program.distribution for program in PROGRAMS.values())


def of_repository(address: str, hook: str) -> Program | None:
    """Return the program that a hook of a repository runs; None for one that does not run here."""
    found = _repository(address)
    return PROGRAMS[found.programs[hook]] if found and hook in found.programs else None


def _repository(address: str) -> _Repository | None:
    parts = address.rstrip("/").removesuffix(".git").replace(":", "/").lower().split("/")
    return _REPOSITORIES.get("/".join(parts[-2:])) or _REPOSITORIES.get(parts[-1])


def tagged(address: str, rev: str, comment: str) -> str:
    """Return the version of the program at a revision of its repository; empty if not known.

    A commit stands for the tag that `# frozen:` behind it names.
    """
    found = _repository(address)
    frozen = _FROZEN.match(comment)
    tag = (frozen[1] if frozen else "") if is_commit(rev) else rev
    match = _TAG.fullmatch(tag)
    version = parse_version(match[1]) if match else None
    return str(version) if found and version and version >= found.since else ""


def is_commit(rev: str) -> bool:
    """Whether a revision is a whole hash."""
    return _COMMIT.fullmatch(rev) is not None


def of_entry(entry: str) -> tuple[Program, tuple[str, ...]] | None:
    """Return the program that a command line runs, and the line from the program on.

    `uv run mypy src` is mypy; a shell, a script and a subcommand that checks nothing are None.
    """
    try:
        tokens = shlex.split(entry)
    except ValueError:
        return None
    first = next((place for place, token in enumerate(tokens) if _is_program(token)), None)
    if first is None or (first and posixpath.basename(tokens[0]) not in _LAUNCHERS):
        return None
    if any(token.endswith(".py") for token in tokens[:first]):
        # A script, which is given the name of a program.
        return None
    line = (posixpath.basename(tokens[first]).partition("@")[0], *tokens[first + 1 :])
    name = line[0]
    if name in _SUBCOMMANDS:
        name = _SUBCOMMANDS[name].get(line[1] if len(line) > 1 else "", "")
    return (PROGRAMS[name], line) if name in PROGRAMS else None


def _is_program(token: str) -> bool:
    return posixpath.basename(token).partition("@")[0] in _LAUNCHED


def pinned_in(dependencies: Sequence[str], distribution: str) -> str:
    """Return the one version that a hook's own dependencies leave; empty where they leave more."""
    for line in dependencies:
        found = requirement_or_none(line)
        if found and found.name.lower() == distribution:
            clauses = list(found.specifier)
            if len(clauses) == 1 and clauses[0].operator == "==" and "*" not in clauses[0].version:
                return clauses[0].version
    return ""
