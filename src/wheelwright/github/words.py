"""How a workflow calls a function: the one place where the calls of all workflows are spelt.

| what the repository is | words |
|---|---|
| the module itself | `dagger call ci` |
| one whose dagger.json has the toolchain | `dagger call wheelwright ci` |
| any other | `dagger call -m MODULE --source . ci --git .` |

With `-m` a default path means the module's own repository, so the caller's is named.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from wheelwright.errors import ProjectError, RequestError

__all__ = ["CALLS", "SECRETS", "Caller", "Engine", "caller"]

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
    "call_matrix": "matrix",
    "call_matrix_run": "matrix-run",
    "call_native": "native-matrix",
    "call_audit": "audit",
    # The run's number lets a run that GitHub starts again go on with its own release.
    "call_release": 'release ${BUMP:+--bump "$BUMP"} ${PRE:+--pre "$PRE"} --run "$GITHUB_RUN_ID"',
    "call_publish": 'publish --tag "$TAG"',
    "call_restore": 'restore-uv-cache --saved "$RUNNER_TEMP/uv-cache"',
    "call_save": "uv-cache",
}

# What a reference, a name or a path is made of; it stands in shell and YAML as it is.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9@:/._#+~-]*|\.{1,2}(/[A-Za-z0-9._-]+)*")

# Functions that read .git where the version comes from it.
_GIT = ("annotations", "ci", "matrix", "matrix-run", "publish", "release")


class Engine(Enum):
    """Which engine's command line the workflows install."""

    DAGGER = "dagger"
    STILETTO = "stiletto"


@dataclass(frozen=True, slots=True)
class Caller:
    """The words before the function's name.

    Attributes:
        own: whether the repository is the module itself.
        module: reference for `-m`.
        toolchain: name under which dagger.json has the module.
        package: for `--package`.
    """

    engine: Engine = Engine.DAGGER
    own: bool = False
    module: str = ""
    toolchain: str = ""
    package: str = ""

    @property
    def program(self) -> str:
        """The engine's command line."""
        if self.engine is Engine.STILETTO and self.own:
            return "uv run --locked stiletto"
        return self.engine.value

    def call(self, function: str) -> str:
        """Return the whole command; `function` may bring its arguments along."""
        words = [self.program, "call"]
        if self.module:
            words += ["-m", self.module]
        if self.toolchain:
            words.append(self.toolchain)
        if self.module:
            words += ["--source", "."]
        if self.package:
            words += ["--package", self.package]
        words.append(function)
        if self.module and function in _GIT:
            words += ["--git", "."]
        return " ".join(words)


def caller(dagger_json: str | None, engine: Engine, module: str, package: str) -> Caller:
    """Find out how the repository reaches this module; `module` is what the caller asked for.

    Raises:
        ProjectError: dagger.json is not JSON.
        RequestError: nothing was asked for, and dagger.json does not name the module; a word
            that a shell would not take as it is.
    """
    for flag, word in (("--module", module), ("--package", package)):
        if word and not _WORD.fullmatch(word):
            raise RequestError(f"{flag} {word!r} cannot stand in a workflow", "name it plainly")
    if module:
        return Caller(engine, module=module, package=package)
    said = _parse(dagger_json)
    if said.get("name") == _MODULE and "sdk" in said:
        return Caller(engine, own=True, package=package)
    for each in said.get("toolchains", ()):
        name, source = str(each.get("name", "")), str(each.get("source", ""))
        # A reference may end in @version, a path in a slash.
        if _MODULE in (name, posixpath.basename(source.partition("@")[0].rstrip("/"))):
            return Caller(engine, toolchain=name or _MODULE, package=package)
    found = "dagger.json has no toolchain" if dagger_json is not None else "no dagger.json with one"
    raise RequestError(
        f"the workflows do not know how to reach {_MODULE}: {found} of that name",
        "run `dagger toolchain install REFERENCE`, or pass --module REFERENCE",
    )


def _parse(dagger_json: str | None) -> dict[str, Any]:
    if dagger_json is None:
        return {}
    try:
        said = json.loads(dagger_json)
    except ValueError as error:
        raise ProjectError(f"dagger.json is not JSON: {error}", "correct it") from error
    if not isinstance(said, dict):
        raise ProjectError("dagger.json does not hold an object", "correct it")
    return said
