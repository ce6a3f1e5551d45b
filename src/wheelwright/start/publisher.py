"""What `doctor` reports of the package index: the project, and who published it last: pure.

Which publishers an index trusts, it shows to the project's owners only. What is public is who
published the newest release, by its provenance (PEP 740).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from packaging.version import Version

from wheelwright.distribution.file import File, file_version
from wheelwright.github.options import Choices
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.release.decide.published import Publisher
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.repository.facts import Repository
from wheelwright.start.findings import Finding, State

AREA: Final = "index"
_PENDING_DAYS: Final = 30
"""docs.pypi.org, "Creating a PyPI project with a trusted publisher": a pending one expires."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The publisher that the workflows need; `repository` is OWNER/NAME, empty where unknown."""

    project: str
    repository: str
    workflow: str
    environment: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Each field of the form, with its value."""
        owner, _, name = self.repository.partition("/")
        return (
            f"Owner: {owner or 'of the repository on GitHub'}",
            f"Repository name: {name or 'of the repository on GitHub'}",
            f"Workflow name: {self.workflow}",
            f"Environment name: {self.environment or 'leave it empty'}",
        )


def workflow(settings: GitHubSettings, repository: Repository) -> tuple[str, str]:
    """Return the file and the environment of the job that uploads: that of a person, or ours."""
    if settings.publish in ("", "theirs") and repository.publishers:
        theirs = repository.publishers[0]
        return theirs.path.rpartition("/")[2], theirs.uploads[0].environment
    usual = Choices()
    kind = "publish" if settings.publish == "tag" else "release"
    file = settings.files.get(kind, usual.path(kind).rpartition("/")[2])
    return file, settings.environment or usual.environment


def newest(files: Sequence[File]) -> tuple[str, tuple[File, ...]]:
    """Return the highest version and its files; empty where there is none."""
    versions = {version for each in files if (version := file_version(each.name))}
    if not versions:
        return "", ()
    highest = max(versions, key=Version)
    return highest, tuple(each for each in files if file_version(each.name) == highest)


def project(urls: IndexUrls, name: str, files: Sequence[File]) -> Iterator[Finding]:
    """Yield the project, with its newest version."""
    version, _ = newest(files)
    if not version:
        seen = f"{name} is not on {_host(urls)}: the first release creates it"
        yield Finding(AREA, "project", State.FOUND, seen)
    else:
        yield Finding(AREA, "project", State.FOUND, f"{name} {version} on {_host(urls)}")


def index(
    urls: IndexUrls, expected: Expected, files: Sequence[File], found: Sequence[Publisher]
) -> Iterator[Finding]:
    """Yield the project and its publisher; `found` are those that published the newest release."""
    host = _host(urls)
    version, _ = newest(files)
    manage = _site(urls)
    yield from project(urls, expected.project, files)
    subject = "trusted publisher"
    if any(_is_expected(each, expected) for each in found):
        seen = f"{version} came from {'; '.join(each.text() for each in found)}"
        yield Finding(AREA, subject, State.FOUND, seen)
        return
    if not manage:
        yield Finding(AREA, subject, State.UNSEEN, f"{host} does not show it")
        return
    if version:
        page = f"{manage}/manage/project/{expected.project}/settings/publishing/"
        fields = expected.fields
        seen = f"the owners of {expected.project} see it only"
        if found:
            seen = f"{version} came from {'; '.join(each.text() for each in found)}; {seen}"
    else:
        page = f"{manage}/manage/account/publishing/"
        fields = (f"PyPI project name: {expected.project}", *expected.fields)
        seen = (
            f"only its owner sees a pending one; it expires after {_PENDING_DAYS} days without a"
            " release"
        )
    yield Finding(AREA, subject, State.UNSEEN, seen, (f"open {page}, Add, GitHub:", *fields))


def _is_expected(publisher: Publisher, expected: Expected) -> bool:
    """Whether it is the publisher of these workflows; names of repositories have no case."""
    return (
        publisher.kind == "GitHub"
        and publisher.repository.lower() == expected.repository.lower()
        and publisher.workflow == expected.workflow
    )


def _host(urls: IndexUrls) -> str:
    return urlsplit(urls.check).hostname or urls.shown[1]


def _site(urls: IndexUrls) -> str:
    """Return the address of the index's pages, where it has those of PyPI."""
    found = re.match(r"https://(?:test\.)?pypi\.org(?=/)", urls.check)
    return found[0] if found else ""
