"""PyPI's rules for uploads: what is taken, what is refused, and in which words.

Source: warehouse/forklift/legacy.py, and PyPI's blog. The order of the checks is Warehouse's: an
identical file is answered before its attestations are read.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from .clock import DAY_S
from .index_files import objections

__all__ = ["BAD_ATTESTATIONS", "HELP", "WINDOW_S", "Refused", "Shelf", "Stored", "Upload"]

WINDOW_S = 14 * DAY_S
"""PyPI's blog, "Releases now reject new files after 14 days", 2026-07-22."""

MOST_ATTESTATIONS = 2
HELP = "See https://pypi.org/help/#{} for more information."
BAD_ATTESTATIONS = "Invalid attestations supplied during upload: "


class Refused(Exception):
    """An upload is not taken; the words are the index's."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


@dataclass(frozen=True, slots=True)
class Upload:
    """One request to the upload API. `attestations` is the JSON as it was sent."""

    name: str
    version: str
    filetype: str
    filename: str
    contents: bytes
    digests: tuple[tuple[str, str], ...] = ()
    attestations: str = ""
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the index."""

    project: str
    version: Version
    filename: str
    filetype: str
    contents: bytes
    at_s: float
    attestations: tuple[dict[str, Any], ...] = ()
    yanked: str = ""

    @property
    def sha256(self) -> str:
        """The file's SHA-256, in hex."""
        return hashlib.sha256(self.contents).hexdigest()

    @property
    def blake2_256(self) -> str:
        """The file's BLAKE2b of 256 bits, in hex: what Warehouse finds duplicates by."""
        return hashlib.blake2b(self.contents, digest_size=32).hexdigest()


class Shelf:
    """All files of an index, and all names ever used. Not safe for threads by itself."""

    def __init__(self) -> None:
        self.files: dict[str, Stored] = {}
        self.used: set[str] = set()
        self.born_s: dict[tuple[str, Version], float] = {}

    def judge(self, upload: Upload, now_s: float, *, looking: bool = True) -> Stored | None:
        """Return the file to store; None for one that is there with the same bytes.

        Args:
            upload: the request.
            now_s: the time of it.
            looking: what is in the file is looked at, as it is today.

        Raises:
            Refused: anything else.
        """
        version = _version(upload)
        _check_filename(upload, version)
        _check_digests(upload)
        project = str(canonicalize_name(upload.name))
        sha256 = hashlib.sha256(upload.contents).hexdigest()
        for there in self.files.values():
            if there.filename == upload.filename and there.sha256 == sha256:
                return None
            if there.filename == upload.filename or there.sha256 == sha256:
                raise Refused(
                    400,
                    f"File already exists ({there.filename!r}, with blake2_256 hash"
                    f" {there.blake2_256!r}). {HELP.format('file-name-reuse')}",
                )
        if upload.filename in self.used:
            raise Refused(
                400,
                "This filename was previously used by a file that has since been deleted."
                f" Use a different version. {HELP.format('file-name-reuse')}",
            )
        if now_s - self.born_s.get((project, version), now_s) > WINDOW_S:
            raise Refused(400, "Uploading new files to releases older than 14 days is not allowed.")
        if upload.filetype == "sdist" and any(
            there.filetype == "sdist" and (there.project, there.version) == (project, version)
            for there in self.files.values()
        ):
            raise Refused(400, "Only one sdist may be uploaded per release.")
        if looking and (objection := next(objections(upload.filename, upload.contents), "")):
            raise Refused(400, objection)
        return Stored(
            project,
            version,
            upload.filename,
            upload.filetype,
            upload.contents,
            now_s,
            _attestations(upload, sha256),
        )

    def put(self, file: Stored) -> None:
        """Store a file that was judged."""
        self.files[file.filename] = file
        self.used.add(file.filename)
        self.born_s.setdefault((file.project, file.version), file.at_s)

    def delete(self, filename: str) -> None:
        """Delete a file; its name stays used."""
        del self.files[filename]


def _version(upload: Upload) -> Version:
    try:
        version = Version(upload.version)
    except InvalidVersion as error:
        raise Refused(400, f"{upload.version!r} is an invalid value for Version.") from error
    if version.local:
        raise Refused(
            400,
            f"The use of local versions in {upload.version!r} is not allowed. See"
            " https://packaging.python.org/specifications/version-specifiers"
            "#local-version-identifiers for more information.",
        )
    return version


def _check_filename(upload: Upload, version: Version) -> None:
    kinds = {"bdist_wheel": (".whl",), "sdist": (".tar.gz", ".zip")}
    if upload.filetype not in kinds:
        raise Refused(400, "Unknown type of file.")
    if not upload.filename.endswith(kinds[upload.filetype]):
        raise Refused(400, "Invalid file extension: Use .tar.gz, .whl or .zip extension.")
    try:
        if upload.filetype == "sdist":
            name, named = parse_sdist_filename(upload.filename)
        else:
            name, named, _, _ = parse_wheel_filename(upload.filename)
    except (InvalidSdistFilename, InvalidWheelFilename) as error:
        raise Refused(400, f"Invalid filename: {upload.filename!r}.") from error
    if name != canonicalize_name(upload.name):
        raise Refused(
            400, f"Start filename for {upload.name!r} with {canonicalize_name(upload.name)!r}."
        )
    if named != version:
        raise Refused(400, f"Version in filename should be {str(version)!r} not {str(named)!r}.")


def _check_digests(upload: Upload) -> None:
    real = {
        "md5_digest": hashlib.md5(upload.contents, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(upload.contents).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(upload.contents, digest_size=32).hexdigest(),
    }
    if any(real[name] != given.lower() for name, given in upload.digests if name in real):
        raise Refused(
            400,
            "The digest supplied does not match a digest calculated from the uploaded file.",
        )


def _attestations(upload: Upload, sha256: str) -> tuple[dict[str, Any], ...]:
    """Read PEP 740 attestations: structure and subject.

    Signatures are not verified: that needs the public transparency log.
    """
    if not upload.attestations:
        return ()
    if not upload.trusted:
        raise Refused(
            400,
            BAD_ATTESTATIONS + "Attestations are only supported when using Trusted Publishing",
        )
    try:
        given = json.loads(upload.attestations)
        statements = [
            json.loads(base64.b64decode(one["envelope"]["statement"], validate=True))
            for one in given
        ]
        types = [statement["predicateType"] for statement in statements]
        subjects = [
            (subject["name"], subject["digest"]["sha256"])
            for statement in statements
            for subject in statement["subject"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            400,
            BAD_ATTESTATIONS
            + "Malformed attestations: an error occurred while decoding the attestations",
        ) from error
    if len(given) > MOST_ATTESTATIONS:
        raise Refused(
            400,
            f"{BAD_ATTESTATIONS}A maximum of {MOST_ATTESTATIONS} attestations per file are"
            " supported",
        )
    if len(set(types)) != len(types):
        raise Refused(
            400,
            BAD_ATTESTATIONS
            + "Multiple attestations for the same file with the same predicate type",
        )
    if subjects != [(upload.filename, sha256)] * len(given):
        raise Refused(
            400,
            BAD_ATTESTATIONS + "Could not verify the uploaded artifact using the included"
            " attestation: subject does not match distribution",
        )
    return tuple(given)
