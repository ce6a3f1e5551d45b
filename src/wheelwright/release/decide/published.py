"""Compares what is public of a release: the index, GitHub, a rebuild of the tag. Pure.

    | of each file                       | beside the SHA-256 that the index lists         |
    |------------------------------------|-------------------------------------------------|
    | what is downloaded from the index  | another value is a problem                      |
    | the asset of the GitHub release    | another value, or no such asset, is a problem   |
    | what the tag's commit builds again | another value is a problem; a wheel for another |
    |                                    | platform is not built here                      |
    | its attestations (PEP 740)         | one that does not verify is a problem           |

The publisher that the attestations name, and its workflow, are compared with those of the release
before: people see that difference on the project's page. It is a note, since it may be intended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wheelwright.container.harmless import harmless
from wheelwright.project.reading import json_data

# A text of the index is a line for people here, whatever it is.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who published a file, as its attestations name it."""

    kind: str
    repository: str = ""
    workflow: str = ""
    environment: str = ""

    def text(self) -> str:
        """Return it for people: GitHub, owner/name, release.yml."""
        parts = (self.kind, self.repository, self.workflow, self.environment)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Checked:
    """One file of the release. Digests are SHA-256 in hex, and empty where there is no such file.

    Attributes:
        listed: as the index lists it.
        downloaded: of what the index sends.
        asset: of the asset; None where GitHub was not looked at, or knows no digest.
        rebuilt: of what the tag builds; None where it was not built.
        publishers: those of its attestations.
        attestation: why they do not verify; empty where they do, or where there are none.
    """

    name: str
    listed: str
    downloaded: str
    asset: str | None = None
    rebuilt: str | None = None
    publishers: tuple[Publisher, ...] = ()
    attestation: str = ""

    def problems(self) -> Iterator[str]:
        """Yield what is not as it has to be."""
        if not self.listed:
            yield f"{self.name} is not on the index"
            return
        if self.downloaded != self.listed:
            yield f"{self.name}: the index lists {self.listed} and sends {self.downloaded}"
        if self.asset is not None and self.asset != self.listed:
            seen = f"has {self.asset}, and the index {self.listed}" if self.asset else "lacks it"
            yield f"{self.name}: the GitHub release {seen}"
        if self.rebuilt is not None and self.rebuilt != self.listed:
            seen = f"builds {self.rebuilt}" if self.rebuilt else "does not build it"
            yield f"{self.name}: the tag's commit {seen}, and the index has {self.listed}"
        if self.attestation:
            yield f"{self.name}: its attestations do not verify: {self.attestation}"

    def lines(self) -> Iterator[str]:
        """Yield what was seen, for people."""
        yield f"index        sha256 {self.listed or 'none'}"
        for what, digest in (
            ("download", self.downloaded),
            ("GitHub", self.asset),
            ("rebuild", self.rebuilt),
        ):
            same = "not compared" if digest is None else "same" if digest == self.listed else digest
            yield f"{what:<11}  {same or 'none'}"
        named = "; ".join(each.text() for each in self.publishers) or "none"
        verified = " (verified)" if self.publishers and not self.attestation else ""
        yield f"attestation  {named}{verified}"


@dataclass(frozen=True, slots=True)
class Published:
    """A release as it is public; `notes` are about its publisher."""

    package: str
    version: str
    tag: str
    files: tuple[Checked, ...]
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that differs; empty where all of it is the same release."""
        found = [problem for each in self.files for problem in each.problems()]
        if not self.files:
            found.append(f"the index has no file of {self.package} {self.version}")
        return tuple(found)

    @property
    def title(self) -> str:
        """One line: what it is, and whether it is the same everywhere."""
        verdict = "differs" if self.problems else "verified"
        return f"{self.package} {self.version} ({self.tag}): {verdict}"

    def text(self) -> str:
        """For a terminal."""
        lines = [self.title]
        for each in self.files:
            lines += [f"  {each.name}", *(f"    {line}" for line in each.lines())]
        lines += [f"  problem: {problem}" for problem in self.problems]
        lines += [f"  note: {note}" for note in self.notes]
        return harmless("\n".join(lines)) + "\n"

    def json(self) -> str:
        """For programs."""
        data = {
            "package": self.package,
            "version": self.version,
            "tag": self.tag,
            "verified": not self.problems,
            "files": [
                {
                    "name": each.name,
                    "sha256": each.listed,
                    "downloaded": each.downloaded,
                    "github": each.asset,
                    "rebuilt": each.rebuilt,
                    "publishers": [publisher.text() for publisher in each.publishers],
                    "attestation": each.attestation,
                }
                for each in self.files
            ],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }
        return json.dumps(data, indent=2) + "\n"


def publishers(text: str) -> tuple[Publisher, ...]:
    """Return the publishers that a file's provenance names (PEP 740, "provenance object").

    Raises:
        ValueError: it is something else.
    """
    try:
        bundles = json_data(text)["attestation_bundles"]
        return tuple(dict.fromkeys(_publisher(each["publisher"]) for each in bundles))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the provenance of a file (PEP 740)") from error


def _publisher(data: Mapping[str, object]) -> Publisher:
    kind, repository, workflow, environment = (
        _line(data.get(key)) for key in ("kind", "repository", "workflow", "environment")
    )
    return Publisher(kind or "unknown", repository, workflow, environment)


def _line(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:_LONGEST]


def changes(
    version: str, now: Sequence[Publisher], before: str, then: Sequence[Publisher]
) -> tuple[str, ...]:
    """Return a note where a release has other publishers than the one before it."""
    if not before or set(now) == set(then):
        return ()
    named, earlier = (
        "; ".join(each.text() for each in those) or "no attestation" for those in (now, then)
    )
    return (f"{version} is published by: {named}; {before}: {earlier}",)
