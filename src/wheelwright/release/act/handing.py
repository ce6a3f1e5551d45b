"""The data that one job of a release passes to the next; the receiver checks it.

    release.json    the plan, the release commit as texts, the names and digests of the files,
                    the texts of the GitHub release's other files
    dist/NAME       the distributions

The job that makes it runs code of the package; those that take it have a token or an identity. To
them it is foreign input. So they read no more than this, bounded: no link, no other file, no other
key, each name one of this version, each digest compared. Refs are made again from package and
version; where things go (remote, index) is never read from here, but given by the job's caller.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import dagger
from dagger import dag
from packaging.utils import canonicalize_name

from wheelwright.container import steps
from wheelwright.container.cut import cut
from wheelwright.container.privileges import DATA
from wheelwright.distribution.file import File, file_project, file_version
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project.reading import json_data, parse_version
from wheelwright.release.decide import materials, practice, tags
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.plan import lock_ref
from wheelwright.release.decide.refs import journal_message
from wheelwright.release.decide.report import Stopped
from wheelwright.release.decide.stops import Reason, Stop
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.tokens import is_mark
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import Journal, Made, Plan

RECORD: Final = "release.json"
DIST: Final = "dist"
# Alone in the directory, where nothing is left to do.
RELEASED: Final = "RELEASED"
_FORMAT: Final = 1

# A changelog is the largest text that a release edits, and wheels may have whole libraries.
_RECORD_BYTES: Final = 96 * 1024 * 1024
_DIST_BYTES: Final = 4 * 1024 * 1024 * 1024
_MOST_FILES: Final = 1_000
# Numbers of a version with zeros in front, and the digits of each.
_MOST_NUMBERS: Final = 6
_MOST_DIGITS: Final = 9

_LATEST_S: Final = 2**40
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.(?:whl|tar\.gz)")
_PATH: Final = re.compile(r"[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,500}|")
_REF: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]*")


@dataclass(frozen=True, slots=True)
class Handed:
    """A release that was built and verified, on its way to be published.

    Attributes:
        commit: the commit that was built.
        described: that commit, where no branch or tag of the remote had it yet.
        files: the distributions.
        materials: texts of the GitHub release's other files, by name.
        notes: the changelog's section.
        urls: of the index that it was planned for.
    """

    plan: Plan
    commit: str
    epoch_s: int
    described: ReleaseCommit | None
    files: tuple[File, ...]
    notes: str
    urls: IndexUrls
    materials: Mapping[str, str] = field(default_factory=dict)

    @property
    def made(self) -> Made:
        """The commit as the release branch will have it."""
        journal = Journal(self.commit, self.plan.base_commit, self.commit, self.epoch_s)
        return Made(journal, self.described)


# -- writing --------------------------------------------------------------------------------------


def write(handed: Handed) -> str:
    """Return the text of release.json."""
    plan = handed.plan
    data = {
        "format": _FORMAT,
        "package": plan.package,
        "version": plan.version,
        "base": plan.base,
        "base_commit": plan.base_commit,
        "epoch_s": plan.epoch_s,
        "known": sorted(plan.known),
        "yanked": sorted(plan.yanked),
        "tag_form": _shown(plan.tag_form),
        "branch_form": _shown(plan.branch_form),
        "branch": plan.branch,
        "title": plan.title,
        "release_name": plan.release_name,
        "annotated": plan.annotated,
        "sign_off": plan.sign_off,
        "commit": handed.commit,
        "commit_epoch_s": handed.epoch_s,
        "described": json.loads(handed.described.json()) if handed.described else None,
        "files": [{"name": each.name, "sha256": each.sha256} for each in handed.files],
        "materials": dict(handed.materials),
        "notes": handed.notes,
        "changelog": plan.changelog,
        "merge_commit": plan.merge_commit,
        "pypi_rules": plan.pypi_rules,
        "publish_url": handed.urls.shown[0],
        "check_url": handed.urls.shown[1],
    }
    return json.dumps(data, indent=1) + "\n"


async def pack(handed: Handed, dist: dagger.Directory) -> dagger.Directory:
    """Return the directory that travels."""
    names = [each.name for each in handed.files]
    return (
        dag.directory()
        .with_new_file(RECORD, write(handed))
        .with_directory(DIST, await cut(dist, names, names))
    )


# -- taking ---------------------------------------------------------------------------------------


def read(text: str) -> Handed:
    """Read release.json.

    Raises:
        ValueError: it is anything but what `write` writes.
    """
    data = _object(json_data(text), _KEYS, "release.json")
    if data["format"] != _FORMAT:
        raise ValueError(f"format {data['format']!r}, not {_FORMAT}: both jobs need one module")
    package = str(data["package"])
    version = str(parse_version(data["version"]) or "")
    if version != data["version"] or canonicalize_name(package) != package or not package:
        raise ValueError(f"{package!r} {data['version']!r} is not a package and its version")
    _matching("base", data["base"], _REF if data["base"] else re.compile(""))
    for key in ("base_commit", "commit"):
        _matching(key, data[key], _COMMIT)
    for key in ("epoch_s", "commit_epoch_s"):
        if not 0 <= data[key] < _LATEST_S:
            raise ValueError(f"{key} is not a time: {data[key]}")
    files = tuple(_file(each, package, version) for each in data["files"])
    if len({each.name for each in files}) != len(files) or not 0 < len(files) <= _MOST_FILES:
        raise ValueError("files: none, too many, or one twice")
    released = bool(data["base"])
    tag_form, branch_form = _form(data, "tag_form"), _form(data, "branch_form")
    plan = Plan(
        package=package,
        version=version,
        base=data["base"],
        base_commit=data["base_commit"],
        branch=data["branch"],
        tag=tag_form.name(version),
        lock_ref=lock_ref(package) if released else "",
        run="",
        epoch_s=data["epoch_s"],
        known=frozenset(_text("known", each) for each in data["known"]),
        yanked=frozenset(_text("yanked", each) for each in data["yanked"]),
        changelog=_matching("changelog", data["changelog"], _PATH),
        merge_commit=data["merge_commit"],
        pypi_rules=data["pypi_rules"],
        tag_form=tag_form,
        branch_form=branch_form,
        title=data["title"],
        release_name=data["release_name"],
        annotated=data["annotated"],
        sign_off=data["sign_off"],
    )
    check_names(plan)
    return Handed(
        plan=plan,
        commit=data["commit"],
        epoch_s=data["commit_epoch_s"],
        described=_described(data["described"], plan),
        files=files,
        materials=_materials(data["materials"], package, version),
        notes=data["notes"],
        urls=IndexUrls(data["publish_url"], data["check_url"]),
    )


async def take(directory: dagger.Directory, sha256: str) -> tuple[Handed, dagger.Directory]:
    """Return what was handed over, and the distributions, all of it checked.

    `sha256` is the digest of release.json as the job that made it printed it; empty: not given.

    Raises:
        Stopped: it is not what `pack` made.
    """
    try:
        handed = await _taken(directory, sha256)
        dist = directory.directory(DIST)
        await _compare(dist, handed.files)
    except (ValueError, RecursionError) as error:
        raise Stopped(Stop.at(Reason.HANDED_OVER, str(error)).text()) from error
    return handed, dist


async def _taken(directory: dagger.Directory, sha256: str) -> Handed:
    await _regular(directory, RECORD, _RECORD_BYTES)
    text = await directory.file(RECORD).contents()
    actual = hashlib.sha256(text.encode()).hexdigest()
    if sha256 and actual != sha256:
        raise ValueError(f"{RECORD} has the sha256 {actual}, not {sha256}")
    handed = read(text)
    names = [each.name for each in handed.files]
    wanted = {RECORD, DIST, *(f"{DIST}/{name}" for name in names)}
    found = {each.rstrip("/") for each in await directory.glob("**")}
    if odd := sorted(wanted ^ found):
        raise ValueError(f"{odd[0]!r} is {'missing' if odd[0] in wanted else 'unexpected'}")
    total = 0
    for name in names:
        total += await _regular(directory, f"{DIST}/{name}", _DIST_BYTES - total)
    return handed


async def _regular(directory: dagger.Directory, path: str, most: int) -> int:
    """Return the size of an ordinary file."""
    regular = dagger.ExistsType.REGULAR_TYPE
    if not await directory.exists(path, expected_type=regular, do_not_follow_symlinks=True):
        raise ValueError(f"{path!r} is not a regular file in it")
    size = await directory.file(path).size()
    if size > most:
        raise ValueError(f"{path!r} has {size} bytes, and {most} are the most")
    return size


async def _compare(dist: dagger.Directory, files: tuple[File, ...]) -> None:
    container = steps.base(slim_image(DEFAULT_PYTHON), DEFAULT_PYTHON)
    sums = "/opt/wheelwright/sums"
    container = container.with_directory(f"/{DIST}", dist).with_workdir(f"/{DIST}")
    # A redirection makes no parent directories.
    container = container.with_new_file(sums, "")
    names = [each.name for each in files]
    container = steps.run(container, ["sha256sum", "--", *names], log=sums, kind=DATA)
    lines = (await container.file(sums).contents()).splitlines()
    if [f"{each.sha256}  {each.name}" for each in files] != lines:
        raise ValueError("a distribution does not have the sha256 that was given")


# -- shapes ---------------------------------------------------------------------------------------

_KEYS: Final[Mapping[str, type]] = {
    "format": int,
    "package": str,
    "version": str,
    "tag_form": dict,
    "branch_form": dict,
    "branch": str,
    "title": str,
    "release_name": str,
    "annotated": bool,
    "sign_off": bool,
    "base": str,
    "base_commit": str,
    "epoch_s": int,
    "known": list,
    "yanked": list,
    "commit": str,
    "commit_epoch_s": int,
    "described": object,
    "files": list,
    "materials": dict,
    "notes": str,
    "changelog": str,
    "merge_commit": bool,
    "pypi_rules": bool,
    "publish_url": str,
    "check_url": str,
}


def _object(data: object, keys: Mapping[str, type], what: str) -> dict[str, Any]:
    if not isinstance(data, dict) or data.keys() != keys.keys():
        raise ValueError(f"{what} does not have the keys {', '.join(keys)}")
    for key, kind in keys.items():
        if not isinstance(data[key], kind) or (kind is int and isinstance(data[key], bool)):
            raise ValueError(f"{key} is not of the kind {kind.__name__}")
    return data


def _matching(key: str, value: object, pattern: re.Pattern[str]) -> str:
    text = _text(key, value)
    if not pattern.fullmatch(text) or ".." in text:
        raise ValueError(f"{key} cannot be {text!r}")
    return text


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a text")
    return value


def _file(data: object, package: str, version: str) -> File:
    fields = _object(data, {"name": str, "sha256": str}, "a file")
    name = _matching("name", fields["name"], _NAME)
    if file_version(name) != version:
        raise ValueError(f"{name!r} is not a distribution of version {version}")
    if file_project(name) != package:
        raise ValueError(f"{name!r} is not a distribution of {package}")
    return File(name, _matching("sha256", fields["sha256"], _SHA256))


def _materials(data: Mapping[str, object], package: str, version: str) -> dict[str, str]:
    known = materials.names(package, version)
    if odd := [name for name in data if name not in known]:
        raise ValueError(f"{odd[0]!r} is not a file of a GitHub release of {package} {version}")
    return {name: _text(name, text) for name, text in data.items()}


def _shown(form: Form) -> dict[str, Any]:
    return {
        "prefix": form.prefix,
        "suffix": form.suffix,
        "digits": list(form.digits),
        "marks": dict(form.marks),
    }


def _form(data: Mapping[str, Any], key: str) -> Form:
    fields = _object(data[key], {"prefix": str, "suffix": str, "digits": list, "marks": dict}, key)
    digits = tuple(fields["digits"])
    if len(digits) > _MOST_NUMBERS or not all(
        type(each) is int and 0 < each <= _MOST_DIGITS for each in digits
    ):
        raise ValueError(f"{key} has no digits of a version: {digits!r}")
    marks = tuple(fields["marks"].items())
    if not all(isinstance(text, str) and is_mark(kind, text) for kind, text in marks):
        raise ValueError(f"{key} has no marks of a pre-release: {marks!r}")
    return Form(fields["prefix"], fields["suffix"], digits, marks)


def check_names(plan: Plan) -> None:
    """Check what a token is used for: a name of a release of this package, and of nothing else.

    A workflow may start for a tag or branch of another name, and the job that chose it runs code of
    the package. Of an existing tag nothing is made.

    Raises:
        ValueError: it is another name.
    """
    if plan.base and not tags.known(plan.tag_form, plan.package):
        seen = plan.tag_form.name(plan.version)
        raise ValueError(f"the tag {seen!r} does not name a version of {plan.package}")
    before, version, after = plan.branch.rpartition(plan.version)
    branch = Form(before, after)
    if bool(plan.base) != bool(plan.branch) or (
        plan.base and not (version and practice.usable_branch(branch))
    ):
        raise ValueError(f"the branch {plan.branch!r} does not name a release of {plan.version}")
    spelled = plan.tag_form.spelled(plan.version)
    for key, text in (("title", plan.title), ("release_name", plan.release_name)):
        if text and not practice.usable_line(text, plan.version, spelled):
            raise ValueError(f"{key} cannot be {text!r}")


def _described(data: object, plan: Plan) -> ReleaseCommit | None:
    if data is None:
        return None
    fields = _object(
        data, {"parent": str, "epoch_s": int, "message": str, "edits": list}, "described"
    )
    for each in fields["edits"]:
        encoded = {"encoding": str} if isinstance(each, dict) and "encoding" in each else {}
        shape = _object(each, {"path": str, "sha256": str, "text": object, **encoded}, "an edit")
        if shape["text"] is not None:
            _text(shape["path"], shape["text"])
    commit = ReleaseCommit.read(json.dumps(data))
    if (commit.parent, commit.epoch_s) != (plan.base_commit, plan.epoch_s):
        raise ValueError("the release commit has another parent or time than the plan")
    message = journal_message(plan.package, plan.version, title=plan.title)
    if not commit.message.startswith(message):
        raise ValueError("the release commit has another message than a release")
    for edit in commit.edits:
        # A workflow on the release branch would run with the repository's rights.
        if any(part.lower().startswith(".git") for part in edit.path.split("/")):
            raise ValueError(f"the release commit edits {edit.path!r}, which no release does")
    return commit
