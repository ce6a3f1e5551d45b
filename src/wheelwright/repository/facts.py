"""What is known of a repository, and where each fact comes from: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from wheelwright.project.addresses import without_credentials
from wheelwright.project.model import Project
from wheelwright.release.decide.tags import Tags
from wheelwright.release.decide.urls import forge_of
from wheelwright.release.decide.version_tags import version_tags
from wheelwright.repository.checkout import Submodule
from wheelwright.repository.existing import Workflow
from wheelwright.repository.pipeline import MAIN, Pipeline


@dataclass(frozen=True, slots=True)
class Found:
    """A fact, and for people where it comes from."""

    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, as its files and its .git show it.

    Attributes:
        branch: the default branch; empty where nothing says it, and then `origin` is the reason.
        remote: the address of its remote, without a credential; empty without one.
        refs: full names of branches and tags to nothing; those that the clone has.
        shallow: whether the clone lacks history.
        submodules: by .gitmodules.
        lfs: the patterns that .gitattributes gives to git-lfs.
        workflows: every file below .github/workflows, those of this module among them.
        pipelines: the files of GitLab, those of this module among them.
        dependabot: the path of its configuration; empty without one.
        renovate: the same of Renovate's.
        has_git: whether there is a .git at all.
    """

    branch: Found = Found("", "the source has no .git")
    remote: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)
    shallow: bool = False
    submodules: tuple[Submodule, ...] = ()
    lfs: tuple[str, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    dependabot: str = ""
    renovate: str = ""
    has_git: bool = False

    @property
    def forge(self) -> str:
        """Who serves the remote: "github", "gitlab", or empty where its host does not say."""
        return forge_of(host_of(self.remote))

    @property
    def works_on(self) -> Found:
        """The forge whose jobs check the repository, and what says so."""
        if self.forge:
            return Found(self.forge, f"the remote on {host_of(self.remote)}")
        if self.pipelines and not self.workflows:
            return Found("gitlab", self.pipelines[0].path)
        return Found("github", "the usual forge, as no remote names one")

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline of GitLab that a person wrote."""
        found = (each for each in self.pipelines if each.path == MAIN and not each.ours)
        return next(found, None)

    @property
    def foreign(self) -> tuple[Workflow, ...]:
        """The workflows that a person wrote."""
        return tuple(each for each in self.workflows if not each.ours)

    @property
    def publishers(self) -> tuple[Workflow, ...]:
        """Those of them that upload to the package index."""
        return tuple(each for each in self.foreign if each.uploads)

    def tags(self, project: Project) -> Tags:
        """Return the version tags of a package, by the function that a release uses."""
        return version_tags(project, self.refs)


def host_of(address: str) -> str:
    """Return the host of a remote's address, also of `git@HOST:PATH`; empty for a path."""
    if "://" in address:
        return (urlsplit(address).hostname or "").lower()
    before, colon, _ = address.partition(":")
    return before.rpartition("@")[2].lower() if colon and "/" not in before else ""


# Hosts whose listings anybody can read.
_PUBLIC: Final = (
    *("pypi.org", "test.pypi.org", "files.pythonhosted.org", "download.pytorch.org"),
    *("pypi.nvidia.com", "pypi.anaconda.org"),
)


def private_indexes(project: Project) -> tuple[Found, ...]:
    """Return the addresses of indexes on hosts that may want a credential, without credentials.

    `origin` is the index's name, or the key that has the address.
    """
    uv = project.root.table("tool", "uv")
    listed = uv.get("index", [])
    tables = listed if isinstance(listed, list) else []
    urls = [
        (str(each.get("name") or "without a name"), each.get("url"))
        for each in tables
        if isinstance(each, dict)
    ]
    urls.append(("index-url", uv.get("index-url")))
    extra = uv.get("extra-index-url", [])
    urls += [("extra-index-url", each) for each in (extra if isinstance(extra, list) else [extra])]
    return tuple(
        Found(without_credentials(url), name)
        for name, url in urls
        if isinstance(url, str)
        and (host := host_of(url))
        and host not in _PUBLIC
        and not url.startswith("file:")
    )
