"""Which releases a new version has to be higher than. Pure.

    | a release above the requested version                       | stops it |
    |-------------------------------------------------------------|----------|
    | final, or a post-release                                    | yes      |
    | a pre-release of the same version, 1.3.0rc1 above 1.3.0b1   | yes      |
    | a pre-release of another version, 2.0.0b1 above 1.2.4       | no       |
    | yanked: the index has its files, and all of them are yanked | no       |
    | uploaded before the version that the base branch has, which | no       |
    |   is lower: the project has passed it over already          |          |

What stops nothing is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.version import Version

from wheelwright.distribution.file import File
from wheelwright.release.decide.again import same
from wheelwright.release.decide.version import newest


def higher(
    version: str, current: str, index: Mapping[str, Sequence[File]], tags: Iterable[str]
) -> tuple[str, str]:
    """Return the highest release that stops a version, and a note about the highest that does not.

    Args:
        version: the requested one.
        current: the version that the base branch has; empty where that is not known.
        index: the files on the index by version.
        tags: versions that have a tag.
    """
    wanted = Version(version)
    above = [each for each in {*index, *tags} if Version(each) > wanted]
    passed = {each: why for each in above if (why := _passed(each, version, current, index))}
    noted = newest(passed)
    note = f"{noted} is higher, and does not count: {passed[noted]}" if noted else ""
    return newest(each for each in above if each not in passed), note


def yanked(version: str, index: Mapping[str, Sequence[File]]) -> frozenset[str]:
    """Return the releases above a version of which the index has yanked files only."""
    above = (each for each in index if Version(each) > Version(version))
    return frozenset(each for each in above if _is_yanked(index[each]))


def latest(
    current: str,
    index: Mapping[str, Sequence[File]],
    tags: Iterable[str],
    begun: Iterable[str] = (),
) -> str:
    """Return the highest release, without those that stop nothing; `begun` always count."""
    every = {*index, *tags}
    if not current:
        return newest((*every, *begun))
    wanted = Version(current)
    kept = [
        each
        for each in every
        if Version(each) <= wanted or not _passed(each, current, current, index)
    ]
    return newest((*kept, *begun))


def _passed(each: str, version: str, current: str, index: Mapping[str, Sequence[File]]) -> str:
    """Return why a release above the requested version does not stop it; empty where it does."""
    files = index.get(same(each, index), ())
    if _is_yanked(files):
        return "it is yanked"
    parsed = Version(each)
    if parsed.is_prerelease and _line(parsed) != _line(Version(version)):
        return "it is a pre-release of another version"
    before, own = _uploaded_s(files), _uploaded_s(index.get(same(current, index), ()))
    if 0 < before < own:
        return f"it was uploaded before {current}, which the base branch has"
    return ""


def _is_yanked(files: Sequence[File]) -> bool:
    return bool(files) and all(file.yanked for file in files)


def _line(version: Version) -> tuple[int, tuple[int, ...]]:
    """Return the final version that a pre-release leads to: 1.3 and 1.3.0 are one."""
    release = version.release
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return version.epoch, release


def _uploaded_s(files: Iterable[File]) -> float:
    """Return when the first file was uploaded; 0 where that is not known."""
    return min((file.uploaded_s for file in files if file.uploaded_s), default=0.0)
