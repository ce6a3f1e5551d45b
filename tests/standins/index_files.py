"""PyPI's rules for what is in a file: platform tags, metadata, entry points, the archive itself.

Source: pypi/warehouse as of 2026-08-21, warehouse/forklift/legacy.py, forklift/metadata.py,
utils/wheel.py, utils/zipfiles.py. Not here: what needs PyPI's own data (classifiers, limits of a
project) or a renderer of reStructuredText.
"""

from __future__ import annotations

import configparser
import io
import re
import tarfile
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping
from email.utils import parseaddr

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

__all__ = ["objections"]

LONGEST_SUMMARY = 512
LONGEST_LABEL = 32
MOST_BYTES = 100 * 2**20
RATIO, RATIO_FROM_BYTES = 50, 64 * 2**20
VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")

JOINT = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
PLATFORMS = re.compile(
    "any|win32|win_arm64|win_amd64|win_ia64|linux_armv6l|linux_armv7l"
    "|manylinux(1|2010)_(x86_64|i686)|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    f"|manylinux_\\d+_\\d+_({JOINT}|ppc64)|musllinux_\\d+_\\d+_({JOINT})"
    r"|macosx_(10_\d+|(11|12|13|14|15|26)_0)"
    "_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2)"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)


def objections(filename: str, contents: bytes) -> Iterator[str]:
    """Yield what PyPI says against a file, in the order in which it looks."""
    if len(contents) > MOST_BYTES:
        yield f"File too large. Limit for project is {MOST_BYTES // 2**20} MB."
    wheel = filename.endswith(".whl")
    try:
        members = _zipped(contents) if wheel else _tarred(contents)
    except _BadArchive as error:
        yield f"Invalid distribution file. {error}"
        return
    yield from _wheel(filename, members) if wheel else _sdist(filename, members)


class _BadArchive(Exception):
    """The archive is not accepted."""


Members = Mapping[str, Callable[[], bytes]]


def _zipped(contents: bytes) -> Members:
    try:
        archive = zipfile.ZipFile(io.BytesIO(contents))
    except zipfile.BadZipFile as error:
        raise _BadArchive("File is not a zipfile") from error
    infos = archive.infolist()
    size = sum(info.file_size for info in infos)
    if size > RATIO_FROM_BYTES and size / len(contents) > RATIO:
        raise _BadArchive(f"File exceeds compression ratio of {RATIO}")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise _BadArchive("File does not use a supported compression type")
    if objection := _framing(archive, infos, contents):
        raise _BadArchive(f"ZIP archive not accepted: {objection}.")
    return {info.filename: lambda info=info: archive.read(info) for info in infos}  # type: ignore[misc]  # bound


def _framing(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], contents: bytes) -> str:
    names = [info.orig_filename for info in infos]
    at = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset != at:
            return "Unknown record signature"
        head = contents[at : at + 30]
        at += 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        at += info.compress_size
        if info.flag_bits & 0x08:
            return "ZIP contains a data descriptor"
        if re.search(r"[\x00-\x1f\x7f]", info.orig_filename):
            return "Invalid character in filename"
        if info.comment:
            return "Comment in central directory"
    if at != archive.start_dir:
        return "Unknown record signature"
    if len(set(names)) != len(names):
        return "Duplicate filename in central directory"
    end = contents.rfind(b"PK\5\6") + 22
    return "Trailing data" if end != len(contents) else ""


def _tarred(contents: bytes) -> Members:
    try:
        archive = tarfile.open(fileobj=io.BytesIO(contents), mode="r:gz")  # noqa: SIM115 - read later
        members = archive.getmembers()
    except (tarfile.ReadError, EOFError, OSError) as error:
        raise _BadArchive("File is not a tarfile") from error
    if any(member.issparse() for member in members):
        raise _BadArchive("tar archive not accepted: Sparse members are not allowed.")
    if len({member.name.split("/")[0] for member in members}) != 1:
        raise _BadArchive("Incorrect number of top-level directories in sdist")

    def read(member: tarfile.TarInfo) -> bytes:
        found = archive.extractfile(member) if member.isreg() else None
        return found.read() if found else b""

    return {member.name: lambda member=member: read(member) for member in members}  # type: ignore[misc]  # bound


def _sdist(filename: str, members: Members) -> Iterator[str]:
    top = next(iter(members)).split("/")[0]
    if f"{top}/PKG-INFO" not in members:
        yield f"Invalid distribution file. PKG-INFO not found at {top}/PKG-INFO"
        return
    metadata = yield from _metadata(members[f"{top}/PKG-INFO"]())
    if metadata is None:
        return
    name = canonicalize_name(metadata.name).replace("-", "_")
    expected = f"{name}-{metadata.version}.tar.gz"
    if filename != expected:
        yield f"Filename {filename!r} is invalid, should be {expected!r}."
    for path in metadata.license_files or ():
        if f"{top}/{path}" not in members:
            yield f"License-File {path} does not exist in distribution file {filename}"


def _wheel(filename: str, members: Members) -> Iterator[str]:
    try:
        tags = parse_wheel_filename(filename)[3]
    except InvalidWheelFilename as error:
        yield str(error)
        return
    for tag in sorted(tag.platform for tag in tags):
        if not PLATFORMS.fullmatch(tag):
            yield f"Binary wheel {filename!r} has an unsupported platform tag {tag!r}."
    named, version, _ = filename.split("-", 2)
    info = f"{named}-{version}.dist-info"
    for required in ("WHEEL", "METADATA", "RECORD"):
        if f"{info}/{required}" not in members:
            yield f"Wheel {filename!r} does not contain the required {required} file"
            return
    metadata = yield from _metadata(members[f"{info}/METADATA"]())
    if metadata is None:
        return
    expected = canonicalize_name(metadata.name).replace("-", "_")
    if named != expected:
        yield f"Filename {filename!r} should contain the normalized project name {expected!r}"
    for path in metadata.license_files or ():
        if f"{info}/licenses/{path}" not in members:
            yield f"License-File {path} does not exist in distribution file {filename}"
    if f"{info}/entry_points.txt" in members:
        yield from _entry_points(filename, members[f"{info}/entry_points.txt"]())


def _entry_points(filename: str, contents: bytes) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",))
    said = f"Wheel {filename!r} has invalid entry points defined in entry_points.txt"
    try:
        parser.read_string(contents.decode())
        names = [
            name
            for section in ("console_scripts", "gui_scripts")
            if parser.has_section(section)
            for name in parser[section]
        ]
    except (UnicodeError, configparser.Error):
        yield said
        return
    if any(re.fullmatch(r"[\w.-]+", name) is None for name in names):
        yield said


def _metadata(contents: bytes) -> Generator[str, None, Metadata | None]:
    """Yield what is against the metadata; return it where it can be read."""
    try:
        metadata = Metadata.from_email(contents, validate=True)
    except ExceptionGroup as group:
        error = group.exceptions[0]
        field = f" for {error.field}" if isinstance(error, InvalidMetadata) else ""
        yield f"Invalid value{field}. Error: {error}"
        return None
    yield from _pypi_metadata(metadata)
    return metadata


def _pypi_metadata(metadata: Metadata) -> Iterator[str]:
    if metadata.metadata_version not in VERSIONS:
        yield f"{metadata.metadata_version!r} is not a valid metadata version"
    if len(metadata.summary or "") > LONGEST_SUMMARY:
        yield f"'summary' field must be {LONGEST_SUMMARY} characters or less."
    for people in (metadata.author_email, metadata.maintainer_email):
        address = parseaddr(people or "")[1]
        if address and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", address):
            yield f"{address!r} is not a valid email address"
    for classifier in metadata.classifiers or ():
        if classifier.startswith("Private ::"):
            yield f"{classifier!r} is not a valid classifier."
    for url in filter(None, (metadata.home_page, metadata.download_url)):
        if not re.match(r"https?:", url):
            yield f"{url!r} is not a valid url."
    for label, url in (metadata.project_urls or {}).items():
        if not label:
            yield "Must have a label"
        elif not url:
            yield "Must have a URL"
        elif len(label) > LONGEST_LABEL:
            yield f"{label!r} must be {LONGEST_LABEL} characters or less."
        elif not re.match(r"https?:", url):
            yield f"{url!r} is not a valid url"
    for requirement in metadata.requires_dist or ():
        if requirement.url:
            yield f"Can't have direct dependency: {requirement}"
    if metadata.license and metadata.license_expression:
        yield "License is deprecated when License-Expression is present."
