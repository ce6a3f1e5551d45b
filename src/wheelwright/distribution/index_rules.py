"""What PyPI refuses of a file, known before it is uploaded.

Source: pypi/warehouse as of August 2026, warehouse/forklift/legacy.py, forklift/metadata.py,
utils/wheel.py and utils/zipfiles.py. TestPyPI has the same rules; other indexes may have fewer.
Metadata that the standard forbids are refused by `verify`. Not known here: PyPI's list of
classifiers, limits of a project, names that are taken.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final
from urllib.parse import urlsplit

from packaging.metadata import Metadata
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from wheelwright.distribution.file import File
from wheelwright.distribution.verify import Distribution

# legacy.py, MAXIMUM_AGE_FOR_NEW_UPLOADS_DAYS; in force since 2026-07-08.
WINDOW_DAYS: Final = 14
WINDOW_S: Final = WINDOW_DAYS * 24 * 60 * 60.0

# constants.py, MAX_FILESIZE: a project may have been given more.
_LARGE_BYTES: Final = 100 * 2**20

# legacy.py, `_valid_platform_tag` and the lists above it: PEP 513, 571, 599, 600, 656, 730, 738
# and 783.
_JOINT: Final = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_PLATFORM: Final = re.compile(
    "any"
    "|win32|win_(arm64|amd64|ia64)"
    "|linux_(armv6l|armv7l)"
    "|manylinux(1|2010)_(x86_64|i686)"
    "|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    f"|manylinux_[0-9]+_[0-9]+_({_JOINT}|ppc64)"
    f"|musllinux_[0-9]+_[0-9]+_({_JOINT})"
    "|macosx_(10_[0-9]+|(11|12|13|14|15|26)_0)"
    "_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2)"
    "|ios_[0-9]+_[0-9]+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    "|android_[0-9]+_(armeabi_v7a|arm64_v8a|x86|x86_64)"
    "|pyemscripten_[0-9]+_[0-9]+_wasm32"
)

# metadata.py, SUPPORTED_METADATA_VERSIONS, _LENGTH_LIMITS, `_validate_metadata`.
_VERSIONS: Final = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
_LONGEST_SUMMARY: Final = 512
_LONGEST_LABEL: Final = 32
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PRIVATE: Final = "Private ::"

# utils/wheel.py; packaging.python.org, "Entry points specification".
_SCRIPT: Final = re.compile(r"[\w.-]+")
_SCRIPTS: Final = ("console_scripts", "gui_scripts")


def refusals(distributions: Iterable[Distribution]) -> tuple[str, ...]:
    """Return why PyPI would refuse files, each with the file's name; empty when it takes them."""
    return tuple(f"{each.name}: {why}" for each in distributions for why in _refused(each))


def notes(distributions: Iterable[Distribution]) -> tuple[str, ...]:
    """Return what PyPI may refuse, or accepts with a warning."""
    return tuple(
        f"{each.name} has {each.size_bytes / 2**20:.0f} MiB: PyPI takes 100 MiB unless a project "
        "was given more"
        for each in distributions
        if each.size_bytes > _LARGE_BYTES
    )


def _refused(each: Distribution) -> Iterator[str]:
    if each.objection:
        yield each.objection
    if each.is_wheel:
        yield from _platforms(each)
        yield from _wheel_members(each)
        yield from _entry_points(each.entry_points)
    else:
        yield from _sdist_members(each)
    try:
        metadata = Metadata.from_email(each.metadata, validate=True)
    except ExceptionGroup:
        # Reported with its fields by `verify`.
        return
    yield from _name(each, metadata)
    yield from _metadata(metadata)
    yield from _licenses(each, metadata)


# -- names ----------------------------------------------------------------------------------------


def _platforms(wheel: Distribution) -> Iterator[str]:
    for platform in sorted({tag.platform for tag in _tags(wheel.name)}):
        if not _PLATFORM.fullmatch(platform):
            yield f"its platform {platform} is not one that PyPI takes"


def _name(each: Distribution, metadata: Metadata) -> Iterator[str]:
    name = canonicalize_name(metadata.name).replace("-", "_")
    expected = f"{name}-{metadata.version}.tar.gz"
    if not each.is_wheel and each.name != expected:
        yield f"its name is not {expected} (PEP 625)"
    if each.is_wheel and each.name.split("-")[0] != name:
        yield f"its name does not begin with {name} (PEP 427)"


def _tags(name: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()


# -- members --------------------------------------------------------------------------------------


def _info(wheel: Distribution) -> str:
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


def _wheel_members(wheel: Distribution) -> Iterator[str]:
    for required in ("METADATA", "RECORD", "WHEEL"):
        if wheel.members and f"{_info(wheel)}/{required}" not in wheel.members:
            yield f"{_info(wheel)}/{required} is missing in it"


def _sdist_members(sdist: Distribution) -> Iterator[str]:
    tops = {name.split("/")[0] for name in sdist.members}
    if len(tops) > 1:
        yield f"it has {len(tops)} top-level directories, not one"
    elif sdist.members and f"{min(tops)}/PKG-INFO" not in sdist.members:
        yield f"{min(tops)}/PKG-INFO is missing in it"


def _licenses(each: Distribution, metadata: Metadata) -> Iterator[str]:
    top = f"{_info(each)}/licenses" if each.is_wheel else each.name.removesuffix(".tar.gz")
    for path in metadata.license_files or ():
        if f"{top}/{path}" not in each.members:
            yield f"License-File {path} is missing in it, at {top}/{path}"


def _entry_points(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    # Names of scripts have case; the parser's own way is to lower them.
    vars(parser)["optionxform"] = str
    try:
        parser.read_string(text)
    except configparser.Error as error:
        yield f"entry_points.txt is not an INI file: {error.message.splitlines()[0]}"
        return
    for section in filter(parser.has_section, _SCRIPTS):
        for name in parser.options(section):
            if not _SCRIPT.fullmatch(name):
                yield f"entry_points.txt has a script of the name {name!r}"


# -- metadata -------------------------------------------------------------------------------------


def _metadata(metadata: Metadata) -> Iterator[str]:
    if metadata.metadata_version not in _VERSIONS:
        yield f"its metadata are of version {metadata.metadata_version}"
    if len(metadata.summary or "") > _LONGEST_SUMMARY:
        yield f"its description has more than {_LONGEST_SUMMARY} characters"
    for people in (metadata.author_email, metadata.maintainer_email):
        address = parseaddr(people or "")[1]
        if address and not _MAIL.fullmatch(address):
            yield f"{address!r} is not an email address"
    for classifier in metadata.classifiers or ():
        if classifier.startswith(_PRIVATE):
            yield f"the classifier {classifier!r} keeps it from PyPI"
    urls = {"Home-page": metadata.home_page, "Download-URL": metadata.download_url}
    if "" in (metadata.project_urls or {}):
        yield "a Project-URL in it has no label"
    if metadata.license and metadata.license_expression:
        yield "it has License beside License-Expression"
    for label, url in {**urls, **(metadata.project_urls or {})}.items():
        if len(label) > _LONGEST_LABEL:
            yield f"the label {label!r} has more than {_LONGEST_LABEL} characters"
        elif url is not None and urlsplit(url).scheme not in ("http", "https"):
            yield f"{label}: {url!r} is not a URL of http or https"
    for requirement in metadata.requires_dist or ():
        if requirement.url:
            yield f"it requires a direct URL: {requirement}"


# -- the index before -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """For whom a wheel is: an interpreter, its ABI, and a platform without the version of it."""

    interpreter: str
    abi: str
    platform: str

    def serves(self, other: _Kind) -> bool:
        """Whether those who installed the other can install this one."""
        if self.platform != other.platform:
            return False
        if self.interpreter == other.interpreter or self.interpreter.startswith("py"):
            return True
        # The stable ABI serves its own version and later ones.
        return (
            self.abi == "abi3"
            and other.interpreter.startswith("cp3")
            and _minor(self.interpreter) <= _minor(other.interpreter)
        )

    def text(self) -> str:
        """Return it for people."""
        return f"{self.interpreter} on {self.platform.replace('_', ' ')}"


def _minor(interpreter: str) -> int:
    found = re.fullmatch(r"cp3([0-9]+)", interpreter)
    return int(found[1]) if found else 0


def _kinds(names: Iterable[str]) -> set[_Kind]:
    """Return for whom wheels are: manylinux and musllinux in every version are one platform."""
    families = re.compile(r"(manylinux|musllinux|macosx|ios|android)(?:[0-9]+)?(?:_[0-9]+)*_")
    return {
        _Kind(tag.interpreter, tag.abi, families.sub(r"\1_", tag.platform))
        for name in names
        if name.endswith(".whl")
        for tag in _tags(name)
    }


def smaller(last: Iterable[File], built: Iterable[File]) -> str:
    """Return a note that the last release had wheels for more; empty when it had not."""
    now = _kinds(file.name for file in built)
    lacking = sorted(
        kind.text()
        for kind in _kinds(file.name for file in last if not file.yanked)
        if not any(each.serves(kind) for each in now)
    )
    if not lacking:
        return ""
    more = f" and {len(lacking) - 6} more" if len(lacking) > 6 else ""
    return f"the last release had wheels for {', '.join(lacking[:6])}{more}"
