"""Arguments that several functions share: type, help and where they come from when omitted."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import dagger
from dagger import DefaultPath, Doc, Ignore

from wheelwright.project.worktree import CACHES, NOT_SENT, ONLY_GIT

Source: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The package's source: the directory with pyproject.toml. Default: this repository."),
    DefaultPath("/"),
    Ignore([*CACHES, *NOT_SENT]),
]
Package: TypeAlias = Annotated[
    str,
    Doc("Package, if the source has several: its name, or a path. Default: the one at the root."),
]
Python: TypeAlias = Annotated[
    str, Doc("Python version, such as 3.12. Default: .python-version, else a version it claims.")
]
Image: TypeAlias = Annotated[
    str, Doc("Container image with the Python, instead of python:X.Y. Default: none is named.")
]
SystemPackages: TypeAlias = Annotated[
    str, Doc("Debian packages below everything else, such as git,libpq-dev. Default: none.")
]
AllPackages: TypeAlias = Annotated[
    bool, Doc("Do it for every package of the uv workspace, not for one.")
]
Since: TypeAlias = Annotated[
    str,
    Doc("Only packages that changes since this revision can affect, such as origin/main."),
]
Git: TypeAlias = Annotated[
    dagger.Directory,
    Doc("A directory with .git, read only where the version comes from version control."),
    DefaultPath("/"),
    Ignore(list(ONLY_GIT)),
]

Rerun: TypeAlias = Annotated[
    bool, Doc("Run again even if it passed. What did not pass runs again in any case.")
]

# -- limits ---------------------------------------------------------------------------------------

StepTimeout: TypeAlias = Annotated[
    str, Doc("How long one step may take, such as 90s or 1h; 0 is no limit. Default: 30m.")
]
Netrc: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Credentials for private hosts, in netrc's format: file://$HOME/.netrc. Default: none."),
]
CallTimeout: TypeAlias = Annotated[
    str, Doc("How long the whole call may take, such as 45m. Default: no limit.")
]

# -- releases -------------------------------------------------------------------------------------

GitHubToken: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Token for git and GitHub, for all functions about releases. Default: none."),
]
IndexToken: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Token for uploads to the index, for all functions about releases. Default: none."),
]
Repository: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The clone, with .git: for the address of origin, and where that cannot be read."),
    DefaultPath("/"),
    Ignore(list(ONLY_GIT)),
]
Checkout: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The clone, complete and with .git, which is read in the remote's place."),
    DefaultPath("/"),
    Ignore(list(ONLY_GIT)),
]
Built: TypeAlias = Annotated[dagger.Directory, Doc("What `release-build` returned.")]
Digest: TypeAlias = Annotated[
    str, Doc("The sha256 of its release.json, as printed by the job that built it.")
]
