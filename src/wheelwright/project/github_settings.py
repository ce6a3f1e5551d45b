"""[tool.wheelwright.github]: what `workflows` writes, decided once for every call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.project.checking import Keys
from wheelwright.project.release_settings import ref_name
from wheelwright.project.setting import setting
from wheelwright.project.suggestions import unknown

FORGES: Final = ("github", "gitlab")
ENGINES: Final = ("dagger", "stiletto")
PUBLISHERS: Final = ("release", "tag", "theirs")
JOBS: Final = ("one", "cells")
"""How many jobs the matrix has."""
SHARDS_MAX: Final = 256
"""GitHub's documentation, "Using a matrix": at most this many jobs per workflow run."""
OPTIONAL: Final = ("nightly", "audit", "release", "publish", "dependabot")
"""What can be left out."""
FILES: Final = ("ci", "nightly", "audit", "release", "publish", "wheelwright")
"""The workflows that can have another name."""


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """The table's values; empty means not set."""

    forge: str = setting(
        "whose jobs are written: workflows of GitHub, or a pipeline of GitLab",
        '`"github"` or `"gitlab"`',
        unset="that of the remote",
        default="",
    )
    engine: str = setting(
        "the command line that the jobs install",
        '`"dagger"` or `"stiletto"`',
        unset='`"dagger"`; on GitLab `"stiletto"`',
        default="",
    )
    branch: str = setting(
        "the branch whose pushes are checked",
        '`"trunk"`',
        unset="that of the clone or its remote",
        default="",
    )
    files: Mapping[str, str] = setting(
        "names of the files", '`{ ci = "wheelwright.yml" }`', unset="`ci.yml` and so on"
    )
    without: tuple[str, ...] = setting(
        "what is not written",
        'any of `"nightly"`, `"audit"`, `"release"`, `"publish"`, `"dependabot"`',
        unset="nothing",
        default=(),
    )
    publish: str = setting(
        "who uploads to the index: exactly one",
        '`"release"`, `"tag"` or `"theirs"`',
        unset='`"release"`; `"theirs"` where a workflow of yours uploads',
        default="",
    )
    environment: str = setting(
        "the environment of the jobs that publish", '`"pypi"`', unset='`"pypi"`', default=""
    )
    propose_environment: str = setting(
        "the environment of the jobs that push", '`"release"`', unset='`"release"`', default=""
    )
    index: str = setting(
        "the name of a `[[tool.uv.index]]` to publish to", '`"internal"`', unset="PyPI", default=""
    )
    needs: tuple[str, ...] = setting(
        "jobs of your own, below the block, that `ci passed` waits for, too",
        '`["docs"]`',
        unset="none",
        default=(),
    )
    sarif: bool = setting(
        "`security-report` goes to code scanning, from a job of its own that may write there",
        unset="`false`",
        default=False,
    )
    codecov: str = setting(
        "the coverage of the run that was judged goes to Codecov",
        'name of a secret, `"CODECOV_TOKEN"`',
        default="",
    )
    notify: str = setting(
        "a message to that webhook when a job on the default branch, the nightly run, the audit "
        "or a release fails",
        'name of a secret, `"SLACK_WEBHOOK"`',
        default="",
    )
    history: bool = setting(
        "durations are kept in the cache of the runner, and the summary compares them (`trend`)",
        unset="`false`",
        default=False,
    )
    netrc: str = setting(
        "credentials in netrc's format, by the variable `NETRC`, for each call that installs",
        'name of a secret, `"NETRC"`',
        default="",
    )
    retention_days: int = setting("how long reports are kept", "1 to 90", unset="`14`", default=14)
    jobs: str = setting(
        "one job for the whole matrix, or one for each cell, whose results a last job combines",
        '`"one"` or `"cells"`',
        unset='`"one"`',
        default="",
    )
    shards: int = setting(
        "so many jobs for the cells, of about the same duration by the history, which is kept",
        "1 to 256",
        unset="a job for each cell",
        default=0,
    )


_SECRETS: Final = ("codecov", "notify", "netrc")
_STRINGS: Final = (
    *("forge", "engine", "branch", "publish", "environment", "propose-environment", "index"),
    "jobs",
    *_SECRETS,
)
_CHOICES: Final = {"forge": FORGES, "engine": ENGINES, "publish": PUBLISHERS, "jobs": JOBS}
# Without the characters that are a pattern for GitHub.
_BRANCH: Final = re.compile(r"[A-Za-z0-9._/-]+")
_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9._ /-]+")
# Without a leading dash or dot: a file that people see, and no flag.
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml")
# docs.github.com, "Workflow syntax": jobs.<job_id>, and names of secrets.
_JOB: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SECRET: Final = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)


def is_branch(name: str) -> bool:
    """Whether GitHub takes a name as that of one branch, and not as a pattern."""
    return _BRANCH.fullmatch(name) is not None and ref_name(name)


def is_environment(name: str) -> bool:
    """Whether an environment on GitHub may have this name."""
    return _ENVIRONMENT.fullmatch(name) is not None


def read(table: Mapping[str, Any]) -> GitHubSettings:
    """Read a table that `check` has nothing to say about."""
    values: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
    }
    return GitHubSettings(**values)


def check(table: object) -> list[str]:
    """Return what is wrong with the table."""
    return _KEYS.check(table, _wrong)


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    for key, most in (("retention-days", 90), ("shards", SHARDS_MAX)):
        number = table.get(key, 1)
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
            yield f"{key} = {number!r}, which is not a number from 1 to {most}"
    if "shards" in table and table.get("jobs") == "one":
        yield 'shards, which jobs = "one" does not have'
    yield from _wrong_files(table.get("files", {}))


def _wrong_text(key: str, value: str) -> str:
    """Return what is wrong with a string; empty for a usable one."""
    if key in _CHOICES and value not in _CHOICES[key]:
        return f"which is not one of {', '.join(_CHOICES[key])}"
    if key == "branch" and not is_branch(value):
        return "which is not the name of a branch"
    if key in ("environment", "propose-environment") and not is_environment(value):
        return "which is not the name of an environment"
    if key in _SECRETS and not _SECRET.fullmatch(value):
        return "which is not the name of a secret"
    return ""


def _wrong_entry(key: str, value: str) -> str:
    """Return what is wrong with an entry of a list; empty for a usable one."""
    if key == "without" and value not in OPTIONAL:
        return f"an {unknown('file', value, OPTIONAL)}"
    if key == "needs" and not _JOB.fullmatch(value):
        return f"{value!r}, which is not the name of a job"
    return ""


def _wrong_files(table: object) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"files = {table!r}, which is not a table"
        return
    used: dict[str, str] = {}
    for key, value in table.items():
        if key not in FILES:
            yield f"files with an {unknown('file', key, FILES)}"
        elif not isinstance(value, str) or not _FILE.fullmatch(value):
            yield f"files.{key} = {value!r}, which is not the name of a .yml file"
        elif value in used:
            yield f"files.{key} = {value!r}, the name of {used[value]}, too"
        else:
            used[value] = key


_KEYS: Final = Keys(
    "github",
    strings=_STRINGS,
    lists=("without", "needs"),
    flags=("sarif", "history"),
    others=("files", "retention-days", "shards"),
    text=_wrong_text,
    entry=_wrong_entry,
)
KEYS: Final = _KEYS.all
"""All keys of the table."""
