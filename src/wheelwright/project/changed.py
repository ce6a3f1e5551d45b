"""Which files differ from a revision: the script that asks git, and its answer (pure)."""

from __future__ import annotations

import re
from typing import Final

from wheelwright.errors import RequestError
from wheelwright.project.worktree import unquoted

UNKNOWN: Final = 3
"""Exit code for a revision that the repository does not have."""
UNRELATED: Final = 4
"""Exit code for one that HEAD has no commit in common with."""

# Compared are contents: what the index remembers of times belongs to another machine. What a
# repository's own configuration could start is switched off, as far as git has a switch.
_GIT: Final = "git -c core.fsmonitor=false -c core.quotePath=true"
SCRIPT: Final = f"""\
set -e
trap 'code=$?; [ $code = 0 ] || [ $code = {UNKNOWN} ] || [ $code = {UNRELATED} ] || exit 1' EXIT
cd "$1"
given=$({_GIT} rev-parse --verify --quiet --end-of-options "$3^{{commit}}") || exit {UNKNOWN}
base=$({_GIT} merge-base "$given" HEAD) || exit {UNRELATED}
{_GIT} diff --no-ext-diff --no-textconv --no-renames --name-only "$base" -- "$4" > "$2/paths"
{_GIT} ls-files --others -- "$4" >> "$2/paths"
root=$([ "$4" = . ] && echo pyproject.toml || echo "$4/pyproject.toml")
if {_GIT} cat-file -e "$base:$root" 2> /dev/null; then
  {_GIT} cat-file blob "$base:$root" > "$2/root"
fi
"""
"""Run with a directory, one for the answer, a revision, and a path.

Writes `paths`, the files that differ from the commit that HEAD and the revision have in common, and
`root`, the pyproject.toml of that commit, if there is one.
"""

_REVISION: Final = re.compile(r"[^\s\x00-\x1f\x7f-][^\x00-\x1f\x7f]{0,250}")


def check(revision: str) -> None:
    """Refuse what is no revision of git.

    Raises:
        RequestError: it is empty, or begins with `-`, or has control characters.
    """
    if not _REVISION.fullmatch(revision):
        raise RequestError(
            f"--since {revision!r} is not a revision of git",
            "name a branch, a tag or a commit, such as origin/main",
        )


def paths(text: str) -> list[str]:
    """Return the paths that the script wrote, each once."""
    return sorted({unquoted(line) for line in text.split("\n") if line})
