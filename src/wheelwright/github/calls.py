"""The command lines of workflows: the one place where they are written.

| the repository | command |
|---|---|
| the module itself | `dagger call ci` |
| one whose dagger.json has the toolchain | `dagger call wheelwright ci` |
| any other | `dagger call -m MODULE --source . ci --git .` |

With `-m` a default path means the module's own repository, so the caller's is named.

Where the module's code itself comes from is its `home`: jobs that install the embedded engine, and
those without a checkout, fetch it from there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wheelwright import identity
from wheelwright.container.calling import engine_here
from wheelwright.errors import ProjectError, RequestError
from wheelwright.github.encoding import word
from wheelwright.github.home import (
    NONE,
    Commits,
    Home,
    NotFixed,
    form,
    of_reference,
    of_requirement,
    option,
)
from wheelwright.project.reading import json_data

_MODULE = "wheelwright"

# Secrets travel by the name of their variable, never by value.
SECRETS = {
    "github_token": "--github-token env://GITHUB_TOKEN",
    "oidc_url": "--oidc-url env://ACTIONS_ID_TOKEN_REQUEST_URL",
    "oidc_token": "--oidc-token env://ACTIONS_ID_TOKEN_REQUEST_TOKEN",
}

# By the placeholder of the templates: the function and its arguments. `$NAME` is a variable of
# the step, never a value that GitHub puts into the script's text.
CALLS = {
    "call_ci": "ci",
    "call_annotations": "annotations",
    # Whatever is claimed has to be tested somewhere, and that is here.
    "call_matrix": "matrix --skip-unavailable=false",
    "call_matrix_run": "matrix-run --skip-unavailable=false",
    "call_matrix_combine": "matrix-combine",
    "call_native": "native-matrix",
    "call_audit": "audit",
    "call_edits": 'release --base "$BASE"',
    "call_build": 'release-build --base "$BASE"',
    "call_plan": 'release-plan --base "$BASE"',
    "call_restore": 'restore-uv-cache --saved "$RUNNER_TEMP/uv-cache"',
    "call_save": "uv-cache",
    "call_security": "security-report",
    "call_notify": "notify",
    "call_trend": "trend",
}

# What a person requested, as variables of the step.
REQUEST = {
    "request_bump": '${BUMP:+--bump "$BUMP"} ${PRE:+--pre "$PRE"} ${POST:+--post}',
    "request_version": '${VERSION:+--version "$VERSION"} ${LOWER:+--allow-lower} '
    '${NOTES:+--notes "$RUNNER_TEMP/notes.md"}',
}

# Of jobs with a secret and without a checkout. `RUN` is the run's number unless it is given: a run
# that GitHub restarts continues its own release.
_HANDED = '--built "$RUNNER_TEMP/release" --digest "$DIGEST"'
_TO = '--remote "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git" --run "$RUN"'
_LOG = '--log "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"'
CALLS_APART = {
    "call_propose": f"release-propose {_HANDED} {_TO}",
    "call_publish": f"release-publish {_HANDED}",
    "call_finish": f"release-finish {_HANDED} {_TO} {_LOG}",
}

# Functions that read .git where the version comes from it.
_GIT = (
    "annotations",
    "ci",
    "matrix",
    "matrix-combine",
    "matrix-run",
    "release",
    "release-build",
    "release-plan",
)

# Functions whose steps install something, or ask an index.
_INSTALLING = (*_GIT, "audit", "security-report")


class Engine(Enum):
    """Which engine's command line the workflows install."""

    DAGGER = "dagger"
    STILETTO = "stiletto"


@dataclass(frozen=True, slots=True)
class Caller:
    """The command before the function's name.

    Attributes:
        own: whether the repository is the module itself.
        module: reference for `-m`.
        toolchain: name under which dagger.json has the module.
        package: for `--package`.
        home: where the module's code is.
        netrc: whether the variable NETRC has credentials for what is installed.
    """

    engine: Engine = Engine.DAGGER
    own: bool = False
    module: str = ""
    toolchain: str = ""
    package: str = ""
    home: Home = field(default_factory=Home)
    netrc: bool = False

    @property
    def program(self) -> str:
        """The engine's command line."""
        if self.engine is Engine.STILETTO and self.own:
            return "uv run --locked stiletto"
        return self.engine.value

    def call(self, function: str) -> str:
        """Return the whole command; `function` may bring its arguments along."""
        args = [self.program, "call"]
        if self.module:
            args += ["-m", self.module]
        if self.toolchain:
            args.append(self.toolchain)
        if self.module:
            args += ["--source", "."]
        if self.package:
            args += ["--package", self.package]
        if self.netrc and function.split()[0] in _INSTALLING:
            args += ["--netrc", "env://NETRC"]
        args.append(function)
        if self.module and function.split()[0] in _GIT:
            args += ["--git", "."]
        return " ".join(args)

    def call_apart(self, function: str) -> str:
        """Return the command of a job that has the module at its commit, and no repository."""
        directory = (
            word("the module's directory", self.home.directory) if self.home.directory else ""
        )
        at = "/".join(part for part in ("$RUNNER_TEMP/wheelwright", directory) if part)
        return f'{self.engine.value} call -m "{at}" {function}'


def caller(
    dagger_json: str | None,
    engine: Engine,
    module: str,
    package: str,
    stiletto: str = "",
    *,
    commits: Commits = NONE,
    usual: str = "",
) -> Caller:
    """Find out how the repository reaches this module.

    Args:
        dagger_json: its text; None where there is none.
        engine: whose command line the jobs install.
        module: for `-m`; empty means: as in dagger.json.
        package: for `--package`.
        stiletto: where that command comes from; empty means: with the module.
        commits: those that repositories named for versions.
        usual: the module where neither `module` nor dagger.json names it.

    Raises:
        NotFixed: the module is named by a version whose commit is not in `commits`.
        ProjectError: dagger.json is not JSON, or not what Dagger writes there.
        RequestError: nothing names the module; no runner could fetch it; a value that a shell
            would not take as it is.
    """
    for flag, value in (("--module", module), ("--package", package)):
        if value:
            word(flag, value)
    brought = of_requirement(stiletto) if stiletto else None
    if not module:
        data = _parse(dagger_json)
        if data.get("name") == _MODULE and "sdk" in data:
            return Caller(engine, own=True, package=package, home=brought or Home())
        for number, name, source, pin in _toolchains(data):
            # A reference may end in @version, a path in a slash.
            if _MODULE in (name, posixpath.basename(source.partition("@")[0].rstrip("/"))):
                entry = f"dagger.json: toolchains[{number}]"
                known = word(f"{entry}.name", name or _MODULE)
                home = _toolchain(entry, source, pin, engine, brought, commits)
                return Caller(engine, toolchain=known, package=package, home=home)
    if not module and not usual:
        where = "dagger.json has no toolchain"
        shown = where if dagger_json is not None else "no dagger.json with a toolchain"
        raise RequestError(
            f'{shown} named "{_MODULE}"',
            f"run `{engine_here()} toolchain install {identity.reference()}`, or pass {option()}",
        )
    home = of_reference(
        "--module" if module else "the module",
        module or usual,
        "",
        f"name its commit: {option()}",
        commits,
    )
    named = module if home.local or module.endswith(f"@{home.commit}") else home.reference
    return Caller(engine, module=named, package=package, home=brought or home)


def _toolchain(
    entry: str, source: str, pin: str, engine: Engine, brought: Home | None, commits: Commits
) -> Home:
    """Return where a toolchain of dagger.json is, or what --stiletto names in its place."""
    hint = f"run `{engine_here()} toolchain install` again, which writes the pin"
    if engine is Engine.STILETTO:
        hint += f', or pass --stiletto "{form()}"'
    try:
        home = of_reference(f"{entry}.source", source, pin, hint, commits)
    except NotFixed:
        if brought is None:
            raise
        return brought
    return brought or home


def _toolchains(data: dict[str, Any]) -> Iterator[tuple[int, str, str, str]]:
    """Yield number, name, source and pin of each toolchain."""
    listed = data.get("toolchains", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ProjectError("dagger.json: toolchains is not a list of objects", "correct it")
    for number, each in enumerate(listed):
        values = [each.get(key, "") for key in ("name", "source", "pin")]
        if not all(isinstance(value, str) for value in values):
            raise ProjectError(
                f"dagger.json: toolchains[{number}] has a name, source or pin that is not a string",
                "correct it",
            )
        name, source, pin = values
        yield number, name, source, pin


def _parse(dagger_json: str | None) -> dict[str, Any]:
    if dagger_json is None:
        return {}
    try:
        data = json_data(dagger_json)
    except ValueError as error:
        raise ProjectError(f"dagger.json is not JSON: {error}", "correct it") from error
    if not isinstance(data, dict):
        raise ProjectError("dagger.json is not a JSON object", "correct it")
    return data
