"""Arguments of the functions about releases: type, help, default."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import dagger
from dagger import DefaultPath, Doc, Ignore

from wheelwright.module.args import ONLY_GIT

Repository: TypeAlias = Annotated[
    dagger.Directory,
    Doc("A directory with .git, read only for the address of the remote origin."),
    DefaultPath("/"),
    Ignore(ONLY_GIT),
]
Checkout: TypeAlias = Annotated[
    dagger.Directory,
    Doc("The checkout: a whole clone with .git, as the remote is now."),
    DefaultPath("/"),
    Ignore(ONLY_GIT),
]
Built: TypeAlias = Annotated[dagger.Directory, Doc("What `release-build` returned.")]
Digest: TypeAlias = Annotated[
    str, Doc("The sha256 of its release.json, as printed by the job that built it.")
]
To: TypeAlias = Annotated[str, Doc("The address of the repository, by https.")]
Bump: TypeAlias = Annotated[str, Doc("patch, minor, major, or stable: a pre-release made final.")]
Pre: TypeAlias = Annotated[str, Doc("alpha, beta, rc or dev; with --bump, the first of it.")]
Post: TypeAlias = Annotated[bool, Doc("A post-release of the current version.")]
Version: TypeAlias = Annotated[str, Doc("The version itself (PEP 440).")]
AllowLower: TypeAlias = Annotated[
    bool, Doc("Allow a version below the latest, or a base without the latest release.")
]
Base: TypeAlias = Annotated[str, Doc("The branch to release. Default: the remote's own default.")]
Remote: TypeAlias = Annotated[
    str, Doc("The repository's address. Default: origin; an ssh address is used by https.")
]
IndexName: TypeAlias = Annotated[
    str, Doc("Name of a [[tool.uv.index]] with url and publish-url. Default: PyPI.")
]
PublishUrl: TypeAlias = Annotated[str, Doc("Where files are uploaded to, with --check-url.")]
CheckUrl: TypeAlias = Annotated[str, Doc("The index's simple listing, with --publish-url.")]
GitHubApi: TypeAlias = Annotated[
    str, Doc("Address of GitHub's API. Default: the one that belongs to the remote.")
]
GitHubToken: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Token for git and GitHub: contents and pull requests, write."),
]
IndexToken: TypeAlias = Annotated[
    dagger.Secret | None, Doc("Token for uploads, where there is no trusted publishing.")
]
OidcUrl: TypeAlias = Annotated[
    dagger.Secret | None,
    Doc("Trusted publishing: ACTIONS_ID_TOKEN_REQUEST_URL of a job with id-token: write."),
]
OidcToken: TypeAlias = Annotated[
    dagger.Secret | None, Doc("Trusted publishing: ACTIONS_ID_TOKEN_REQUEST_TOKEN of that job.")
]
Attest: TypeAlias = Annotated[
    bool | None,
    Doc("Upload attestations (PEP 740). Default: with trusted publishing to PyPI or TestPyPI."),
]
Run: TypeAlias = Annotated[
    str, Doc("Name of this run in the lock; a run with the same name continues a killed one.")
]
TakeOver: TypeAlias = Annotated[
    str, Doc("Continue the release of the killed run of this name, which holds the lock.")
]
Requirements: TypeAlias = Annotated[
    bool, Doc("Write requirements.txt from uv.lock, unless it was written by hand.")
]
UploadTimeout: TypeAlias = Annotated[int, Doc("Seconds after which an upload fails.")]
Epoch: TypeAlias = Annotated[
    int, Doc("Time of the release, seconds since 1970, in commits and distributions. Default: now.")
]
Ca: TypeAlias = Annotated[
    dagger.File | None,
    Doc("Your own certificates (PEM) for uploads to the index, git and GitHub."),
]
