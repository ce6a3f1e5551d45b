"""The forms of tags: which tags of a repository are versions of a package, and what the next is.

    | a tag                                 | counts                                            |
    |---------------------------------------|---------------------------------------------------|
    | v1.2.3, 1.2.3, release-1.2.3          | for a package alone in its repository; for a      |
    |                                       | member of a workspace without tags of its own     |
    | NAME-1.2.3, NAME-v1.2.3, NAME==1.2.3, | for the package of that name, `-`, `_` and `.`    |
    | NAME@1.2.3, NAME/v1.2.3               | taken as the same (PEP 503)                       |
    | v1 beside v1.2.3                      | not: it moves with the newest version of its major|
    | baseline-2025, another-package-1.0    | not                                               |

The form of the newest version is the project's own; older versions count in any of these forms.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelwright.project.reading import parse_version
from wheelwright.project.release_settings import ref_name
from wheelwright.release.decide.tokens import marked, marks, padded, widths
from wheelwright.release.decide.version_tools import NO_FORM, TagForm

TAGS: Final = "refs/tags/"
BY_SETTING: Final = "by [tool.wheelwright.release] tag"
"""Why the form is that of the setting."""
_PLAIN: Final = re.compile(r"(?:releases?|rel|version|ver|v|r)?", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"[0-9][._-][0-9]")
_TEN: Final = 10
_SEPARATORS: Final = "-_/@=."
# The longest name that is read: anyone may have made it.
_LONGEST: Final = 200
_SUFFIXES: Final = ("-release", "-final", "-stable")


@dataclass(frozen=True, slots=True)
class Form:
    """What surrounds the version in the short name of a tag or branch.

    `digits` are those of each number, where zeros are in front: (4, 2, 2) for 2026.01.05. `marks`
    are what stands in front of the number of a pre-release: `-rc.` for 1.3.0-rc.1.
    """

    prefix: str = "v"
    suffix: str = ""
    digits: tuple[int, ...] = field(default=(), compare=False)
    marks: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, template: str, name: str = "") -> Form:
        """Return the form of a template with `{version}`, and `{name}` for a package's name."""
        prefix, _, suffix = template.replace("{name}", name).partition("{version}")
        return cls(prefix, suffix)

    def name(self, version: str) -> str:
        """Return the short name for a version."""
        return f"{self.prefix}{self.spelled(version)}{self.suffix}"

    def spelled(self, version: str) -> str:
        """Return a version as such names have it."""
        text = marked(version, dict(self.marks)) if self.marks else version
        return padded(text, self.digits)

    def spelling(self, name: str) -> str:
        """Return what a short name of this form has as its version."""
        return name[len(self.prefix) : len(name) - len(self.suffix)]

    def version(self, name: str) -> str:
        """Return the version of a short name, normalized; empty for one of another form."""
        if not name.startswith(self.prefix) or not name.endswith(self.suffix):
            return ""
        end = len(name) - len(self.suffix)
        version = _version(name[len(self.prefix) : end])
        return str(version) if version else ""

    @property
    def usable(self) -> bool:
        """Whether git accepts such names."""
        return ref_name(self.name("1!1.0rc1.post1.dev1"))

    @property
    def pattern(self) -> str:
        """The pattern of such names, for GitHub's filters of workflows and rulesets.

        Both know `*` and `[0-9]`; a character after a backslash stands for itself.
        """
        start = "*" if self == Form() else "[0-9]*"
        prefix, suffix = (re.sub(r"([+!])", r"\\\1", each) for each in (self.prefix, self.suffix))
        return f"{prefix}{start}{suffix}"


@dataclass(frozen=True, slots=True)
class VersionTag:
    """A tag that is a version of the package; `named`: it bears the package's name."""

    tag: str
    version: Version
    commit: str
    form: Form
    named: bool


@dataclass(frozen=True, slots=True)
class Tags:
    """The version tags of a package.

    Attributes:
        form: of the next tag.
        found: one for each version, lowest first.
        origin: why the form is this one, for people; empty for the default.
        shared: the tags stand for all members of a workspace.
        other: a tag of another form than the newest; empty where all have one form.
        every: all tags, with those of the same version.
        unread: a tag with a number that is no version of the package, where none is one.
    """

    form: Form
    found: tuple[VersionTag, ...] = ()
    origin: str = ""
    shared: bool = False
    other: str = ""
    every: tuple[VersionTag, ...] = ()
    unread: str = ""

    @property
    def newest(self) -> VersionTag | None:
        """The tag of the highest version."""
        return self.found[-1] if self.found else None

    @property
    def commits(self) -> dict[str, str]:
        """The commits by version."""
        return {str(each.version): each.commit for each in self.found}

    def of_tag(self, tag: str) -> VersionTag | None:
        """Return a tag by its short name; None where it is no version of the package."""
        return next((each for each in self.every if each.tag == tag), None)

    def tag(self, version: str) -> str:
        """Return the short name of a version's tag, or what it would be."""
        wanted = parse_version(version)
        there = (each.tag for each in self.found if each.version == wanted)
        return next(there, self.form.name(version))

    @property
    def unread_note(self) -> str:
        """A note about a tag that may be a version; empty without one."""
        if not self.unread:
            return ""
        return (
            f"{self.unread} is not read as a version of the package; "
            "if it is one, set tag in [tool.wheelwright.release]"
        )

    @property
    def by_setting(self) -> bool:
        """Whether the form is that of a setting."""
        return self.origin == BY_SETTING

    def before(self, version: str) -> VersionTag | None:
        """Return the tag of the highest version below another."""
        wanted = parse_version(version)
        below = [each for each in self.found if wanted is None or each.version < wanted]
        return below[-1] if below else None

    def since(self, version: str) -> str:
        """Return where the changes of a version begin: the commit of the newest tag before it.

        A squash merge leaves that commit out of the base's history; a range that begins there is
        the same as one from where it branched off.
        """
        before = self.before(version)
        return before.commit if before else ""

    def notes(self, version: str) -> tuple[str, ...]:
        """Return for people what the next tag is, and why."""
        tag = self.form.name(version)
        before, origin = self.before(version), self.origin
        if before and before.form == self.form and not self.by_setting:
            # A release that is completed may have its own tag already.
            origin = f"as in {before.tag}"
        found = [f"tag {tag}, {origin}"] if origin else []
        if self.other:
            found[0] += f": the form of the newest version decides, and {self.other} has another"
        if self.unread:
            found.append(f"tag {tag}: {self.unread_note}")
        if self.shared:
            found.append(f"the tag {tag} stands for all members of the workspace")
        return tuple(found)


def read(
    refs: Mapping[str, str],
    package: str,
    *,
    member: bool,
    current: str = "",
    setting: str = "",
    usual: TagForm = NO_FORM,
) -> Tags:
    """Return the version tags of a package.

    Args:
        refs: full names to commits.
        package: its normalized name.
        member: it is one of several in the repository.
        current: the version in its files; empty where version control decides.
        setting: `tag` in [tool.wheelwright.release].
        usual: the form of tags where there is none yet, by another tool's settings.
    """
    wanted = Form.of(setting, package) if setting else None
    every = _counting(_read_all(refs, package, wanted))
    named = [each for each in every if each.named]
    plain = [each for each in every if not each.named]
    shared = member and not named and _shared(plain, current)
    mine = named if member and not shared else every
    default = Form(f"{package}-v" if member and not shared else "v")
    by_version: dict[Version, list[VersionTag]] = {}
    for each in mine:
        by_version.setdefault(each.version, []).append(each)
    number = Counter(each.form for each in mine)

    def preferred(each: VersionTag) -> tuple[bool, int, int]:
        return (each.form == wanted, len(each.version.release), number[each.form])

    found = tuple(max(by_version[version], key=preferred) for version in sorted(by_version))
    newest = found[-1] if found else None
    if wanted:
        wanted = _like(wanted, found)
        return Tags(wanted, found, BY_SETTING, shared, every=tuple(mine))
    if newest is None:
        unread = _numbered(refs, package if member else "")
        # Of several packages each has tags of its own.
        if usual.template.count("{version}") == 1 and (not member or "{name}" in usual.template):
            form = Form.of(usual.template, package)
            if known(form, package):
                return Tags(form, origin=usual.origin, unread=unread)
        return Tags(default, unread=unread)
    others = [each.tag for each in reversed(found) if each.form != newest.form]
    other = others[0] if others else ""
    form = _like(newest.form, found)
    return Tags(form, found, f"as in {newest.tag}", shared, other, tuple(mine))


def _like(form: Form, found: Sequence[VersionTag]) -> Form:
    """Return a form that spells versions as these tags do, lowest first."""
    spellings = [
        each.form.spelling(each.tag)
        for each in reversed(found)
        if each.version.is_prerelease or each.version.is_postrelease
    ]
    return replace(form, digits=_digits(found), marks=marks(spellings))


def _digits(found: Sequence[VersionTag]) -> tuple[int, ...]:
    """Return the digits of the numbers in the next tag: the newest tag that shows them decides."""
    for each in reversed(found):
        if shown := widths(each.form.spelling(each.tag)):
            return shown
        if any(number < _TEN for number in each.version.release[1:]):
            return ()
    return ()


def known(form: Form, package: str) -> bool:
    """Whether a form says no more than that it is a version, or one of this package."""
    return (
        form.usable
        and form.suffix in ("", *_SUFFIXES)
        and (_kind(form.prefix, canonicalize_name(package)) is not None)
    )


def _numbered(refs: Iterable[str], member: str) -> str:
    """Return the last tag that has a number like a version's; empty where there is none.

    Those that may be a member's bear its directory's name: `core/v1.2.3` for teasel-core.
    """
    tags = (ref.removeprefix(TAGS) for ref in refs if ref.startswith(TAGS))
    tags = (each for each in tags if len(each) <= _LONGEST and each.isprintable())
    found = (
        each
        for each in tags
        if (number := _NUMBERS.search(each))
        and (not member or _may_be(each[: number.start()], member))
    )
    return max(found, default="")


def _may_be(prefix: str, member: str) -> bool:
    """Whether what is before a number may stand for a member of a workspace."""
    path = prefix.removesuffix("v").rstrip(_SEPARATORS)
    name = canonicalize_name(path.rpartition("/")[2])
    return bool(name) and f"-{canonicalize_name(member)}".endswith(f"-{name}")


def _shared(plain: Iterable[VersionTag], current: str) -> bool:
    """Whether tags without a name are those of a member, too.

    With a version of its own it has its own releases, unless that is one of the tags'.
    """
    version = parse_version(current) if current else None
    versions = {each.version for each in plain}
    return bool(versions) and (not current or version in versions)


def _read_all(refs: Mapping[str, str], package: str, wanted: Form | None) -> Iterator[VersionTag]:
    name = canonicalize_name(package)
    for ref, commit in refs.items():
        tag = ref.removeprefix(TAGS)
        if not ref.startswith(TAGS) or len(tag) > _LONGEST or not tag.isprintable():
            continue
        if wanted and (version := parse_version(wanted.version(tag) or "-")):
            yield VersionTag(tag, version, commit, wanted, named=True)
        elif found := _split(tag, name):
            yield VersionTag(tag, found[1], commit, found[0], found[2])


def _split(tag: str, name: str) -> tuple[Form, Version, bool] | None:
    """Return form and version of a tag, and whether it bears the name; None for another."""
    suffix = next((each for each in _SUFFIXES if tag.endswith(each)), "")
    body = tag.removesuffix(suffix)
    for found in re.finditer(r"(?<![0-9])[0-9]", body):
        prefix = body[: found.start()]
        named = _kind(prefix, name)
        version = _version(body[found.start() :]) if named is not None else None
        if version and named is not None:
            return Form(prefix, suffix), version, named
    return None


def _kind(prefix: str, name: str) -> bool | None:
    """Whether what is before a version bears the package's name; None: it is something else."""
    base = prefix
    if prefix[-1:] in ("v", "V") and not prefix[-2:-1].isalnum():
        base = prefix[:-1]
    base = base.rstrip(_SEPARATORS)
    if _PLAIN.fullmatch(base):
        return False
    return True if canonicalize_name(base) == name else None


def _version(text: str) -> Version | None:
    """Return a version as an index takes it."""
    if not text[:1].isdecimal() or not text.isascii():
        return None
    version = parse_version(text)
    return version if version and version.local is None else None


def _counting(found: Iterable[VersionTag]) -> list[VersionTag]:
    """Return the tags without those that only name a major version or a year.

    A single number is a version where it could be the next one: all versions are single numbers,
    or it follows the highest major, and nothing longer begins with it.
    """
    every = list(found)
    longer = {each.version.major for each in every if len(each.version.release) > 1}
    last = max(longer, default=None)
    return [
        each
        for each in every
        if len(each.version.release) > 1
        or last is None
        or (each.version.major not in longer and each.version.major <= last + 1)
    ]
