"""How a project makes its releases: tag, branch, title, sign-off and names, read from its last one.

    | what           | read from                                              | else            |
    |----------------|--------------------------------------------------------|-----------------|
    | tag            | the newest version tag: `tags.py`                      | v1.2.4          |
    | annotated      | the last release's tag                                 | not             |
    | branch         | the head of its pull request; the message of its merge | release/TAG     |
    | title          | the subject of its release commit                      | Release NAME X  |
    | sign-off       | the trailers of its release commit                     | none            |
    | GitHub release | the name of the last one                               | NAME X          |

A setting in [tool.wheelwright.release] comes first. What was read is any text of anyone: it is used
only where it is one printable line with the version in it once, and no word of its own beside those
of releases; otherwise the last column is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from wheelwright.project.release_settings import ReleaseSettings, ref_name
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.tags import Form, Tags

_TABLE: Final = "[tool.wheelwright.release]"
_LONGEST: Final = 200
# A version as people write it, in a text.
_VERSION: Final = r"(?<![0-9A-Za-z.])([vV]?)({})(?![0-9A-Za-z]|\.[0-9A-Za-z])"
_BESIDE: Final = r"(?<![0-9.])(?:{})(?![0-9A-Za-z]|\.[0-9])"
_NUMBER: Final = re.compile(
    r" ?(?:\((?:#|!|GH-)[0-9]{1,9}\)|\[(?:#|!|GH-)[0-9]{1,9}\]|(?<= )(?:#|!|GH-)[0-9]{1,9}$)",
    re.IGNORECASE,
)
# Anywhere in a message these keep GitHub from starting workflows (docs.github.com, "Skipping
# workflow runs").
_SKIP: Final = re.compile(
    r" ?\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\] ?", re.IGNORECASE
)
_BUMPS: Final = re.compile(r"\b(?:major|minor|patch)\b")
# What a title says of a release that does not have its version.
_RELEASES: Final = re.compile(r"(?=.*\breleas)(?=.*\b(?:bump|cut|prep|publish))", re.IGNORECASE)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Words that each release has again. What else a title says is about that one release.
_WORDS: Final = frozenset(
    (
        *("a", "add", "added", "adding", "adds", "an", "and", "auto", "automated", "automatic"),
        *("automatically", "bookmark", "bot", "build", "bump", "bumped", "bumping", "bumps"),
        *("change", "changelog", "changes", "chore", "ci", "create", "cut", "cutting", "date"),
        *("dev", "doc", "docs", "documentation", "feat", "final", "finalise", "finalised"),
        *("finalize", "finalized", "finalizing", "finish", "fix", "for", "from", "get"),
        *("getting", "history", "in", "increase", "increment", "infra", "is", "it", "lib"),
        *("library", "main", "maint", "maintenance", "make", "master", "meta", "misc", "mnt"),
        *("new", "news", "next", "notes", "number", "of", "on", "package", "packaging", "pre"),
        *("prep", "preparation", "preparations", "prepare", "prepared", "preparing", "project"),
        *("publish", "published", "publishing", "push", "pypi", "r", "raise", "ready", "rel"),
        *("release", "released", "releases", "releasing", "rls", "semantic", "set", "stable"),
        *("tag", "tagged", "tagging", "the", "to", "tool", "up", "update", "updated", "updates"),
        *("upgrade", "v", "ver", "version", "versions", "with"),
    )
)
# A branch that is made for a release says so: no other one may start what its name starts.
_BRANCH: Final = re.compile(
    r"(?:.*[/_.-])?(?:releas(?:es?|ing)|rel|bump|prep(?:are)?|version|v)(?:[/_.-].*)?",
    re.IGNORECASE | re.DOTALL,
)
_SIGNED_OFF: Final = re.compile(r"^Signed-off-by: ", re.MULTILINE | re.IGNORECASE)
_MERGES: Final = (
    re.compile(r"Merge pull request #[0-9]+ from [^/\s]+/(\S+)"),
    re.compile(r"Merged in (\S+) \(pull request #[0-9]+\)"),
    re.compile(r"Merge branch '([^'\s]+)'"),
    re.compile(r"Merge remote-tracking branch '[^'/\s]+/([^'\s]+)'"),
)


@dataclass(frozen=True, slots=True)
class Practice:
    """How the next release is made.

    Attributes:
        tag, branch: forms of their short names.
        title: of the release commit and the pull request, with `{name}`, `{version}`, `{tag}`,
            `{spelled}` (the version as the tag has it), `{before}` (the version before),
            `{earlier}` (that as its tag has it), `{bump}` (patch, minor or major) and `{date}`;
            empty for the usual one.
        release_name: of the GitHub release, in the same way.
        annotated: the tag has a message of its own.
        sign_off: the release commit is signed off.
        tags: the version tags that were read.
        origins: for people, why branch, title and release_name are these.
    """

    tag: Form = field(default_factory=Form)
    branch: Form = field(default_factory=lambda: Form("release/v"))
    title: str = ""
    release_name: str = ""
    annotated: bool = False
    sign_off: bool = False
    tags: Tags = field(default_factory=lambda: Tags(Form()))
    origins: tuple[tuple[str, str], ...] = ()

    def line(self, template: str, name: str, version: str, date: str) -> str:
        """Return a title or name for a version; empty where it cannot be a line of its own."""
        before = self.tags.before(version)
        earlier = str(before.version) if before else ""
        values = {
            "{name}": name,
            "{version}": version,
            "{tag}": self.tag.name(version),
            "{spelled}": self.tag.spelled(version),
            "{before}": earlier,
            "{earlier}": self.tag.spelled(earlier) if earlier else "",
            "{bump}": _bump(before.version, Version(version)) if before else "",
            "{date}": date,
        }
        found = re.sub(r"\{[a-z]+\}", lambda match: values.get(match[0], match[0]), template)
        return found if usable_line(found, version, self.tag.spelled(version)) else ""

    def notes(self, name: str, version: str, date: str) -> tuple[str, ...]:
        """Return for people what is made how, and why."""
        shown = {
            "branch": f"branch {self.branch.name(version)}",
            "title": f'title "{self.line(self.title, name, version, date)}"',
            "release-name": f'GitHub release "{self.line(self.release_name, name, version, date)}"',
        }
        if self.sign_off:
            shown["title"] += ", signed off"
        return (
            *self.tags.notes(version),
            *(f"{shown[what]}, {origin}" for what, origin in self.origins),
        )


def usable_line(text: str, version: str, spelled: str = "") -> bool:
    """Whether a text can be the title of a release: one short line that has its version.

    `spelled` is how the tag writes that.

    Without the version it has to say that it is for a release, such as "Bump for release".
    """
    short = text.isprintable() and 0 < len(text) <= _LONGEST and text == text.strip()
    says = any(each and each in text for each in (version, spelled))
    says = says or bool(_RELEASES.match(text))
    return short and says and not _SKIP.search(text)


def usable_branch(form: Form) -> bool:
    """Whether a form of branches says that they are a release's."""
    usable = ref_name(form.name("1!1.0rc1.post1.dev1"))
    return usable and bool(_BRANCH.fullmatch(f"{form.prefix}.{form.suffix}"))


def practice(
    package: str,
    tags: Tags,
    last: LastRelease | None,
    settings: ReleaseSettings,
    heads: Iterable[str] = (),
    released_name: str = "",
) -> Practice:
    """Return how the next release is made.

    Args:
        package: its name, as settings insert it.
        tags: its version tags.
        last: its last release; None for the first.
        settings: what the project sets.
        heads: branches of pull requests that brought the last release commit.
        released_name: of the last GitHub release.
    """
    origins: list[tuple[str, str]] = []
    as_in = f"as in {last.version}" if last else ""

    def chosen(what: str, setting: str, read: str) -> str:
        if setting:
            origins.append((what, f"by {_TABLE} {what}"))
        elif read:
            origins.append((what, as_in))
        return setting or read

    branch = Form(f"release/{tags.form.prefix}", tags.form.suffix)
    if settings.branch:
        origins.append(("branch", f"by {_TABLE} branch"))
        branch = _of_setting(settings.branch, package, tags.form)
    elif last and (found := _branch(package, last, tags, heads)):
        origins.append(("branch", as_in))
        branch = found
    return Practice(
        tag=tags.form,
        branch=branch,
        title=chosen("title", settings.title, _title(package, last, tags)),
        release_name=chosen(
            "release-name", settings.release_name, _line(released_name, package, last, tags)
        ),
        annotated=last is not None and last.annotated,
        sign_off=last is not None and bool(_SIGNED_OFF.search(last.message)),
        tags=tags,
        origins=tuple(origins),
    )


def release_name(package: str, version: str, tags: Tags, last: str, shown: str, date: str) -> str:
    """Return the name of a version's GitHub release, like the one that another release has.

    Args:
        package: its name.
        version: the one that is released.
        tags: its version tags.
        last: the tag of the other release.
        shown: the name of that.
        date: of this release.
    """
    tag = tags.of_tag(last)
    if tag is None:
        return ""
    before = tags.before(str(tag.version))
    as_in = LastRelease(
        version=str(tag.version),
        before=str(before.version) if before else "",
        tag=last,
        commit="",
        parent="",
        message="",
        annotated=False,
    )
    like = Practice(tag=tags.form, tags=tags)
    return like.line(_line(shown, package, as_in, tags), package, version, date)


def _of_setting(template: str, package: str, tag: Form) -> Form:
    return Form.of(template.replace("{tag}", f"{tag.prefix}{{version}}{tag.suffix}"), package)


def _branch(package: str, last: LastRelease, tags: Tags, heads: Iterable[str]) -> Form | None:
    """Return the form of the branch that the last release came from."""
    for head in (*heads, *_merged(last)):
        for found in re.finditer(_BESIDE.format(_any(last, tags)), head):
            form = Form(head[: found.start()], head[found.end() :])
            # Another number, such as that of an issue or of the version before, is not of the next.
            numbered = re.search("[0-9]", f"{form.prefix} {form.suffix}".replace(package, ""))
            # A branch of a tag's name is ambiguous for git.
            if usable_branch(form) and form != tags.form and not numbered:
                return form
    return None


def _merged(last: LastRelease) -> Iterator[str]:
    """Return the branches that messages of merges name."""
    for message in (last.merge, last.message):
        subject = message.strip().split("\n")[0]
        yield from (found[1] for each in _MERGES if (found := each.match(subject)))


def _title(package: str, last: LastRelease | None, tags: Tags) -> str:
    if last is None:
        return ""
    lines = [line.strip() for line in last.message.strip().split("\n")]
    if any(each.match(lines[0]) for each in _MERGES):
        # What GitHub puts below is the pull request's title.
        lines = [line for line in lines[1:] if line] or [""]
    return _line(lines[0], package, last, tags)


def _line(text: str, package: str, last: LastRelease | None, tags: Tags) -> str:
    """Return the form of a title; empty where it has words of its own."""
    if last is None or not text.isprintable() or len(text) > _LONGEST or "{" in text or "}" in text:
        return ""
    text = _SKIP.sub(" ", _NUMBER.sub("", text)).strip()
    if last.before and last.before != last.version:
        for field, spelled in (
            ("before", last.before),
            ("earlier", tags.form.spelled(last.before)),
        ):
            text = re.sub(_VERSION.format(re.escape(spelled)), rf"\g<1>{{{field}}}", text)
    text, number = re.subn(
        _VERSION.format(_any(last, tags)),
        lambda found: found[1] + ("{version}" if found[2] == last.version else "{spelled}"),
        text,
    )
    text = _DATE.sub("{date}", text)
    if last.before and _BUMPS.findall(text) == [_bump(Version(last.before), Version(last.version))]:
        text = _BUMPS.sub("{bump}", text)
    rest = re.sub(r"\{[a-z]+\}", " ", text)
    words = {word.lower() for word in re.findall(r"[^\W_]+", rest)}
    own = {word.lower() for word in re.findall(r"[^\W_]+", package)}
    says = number == 1 or (not number and _RELEASES.match(text))
    return text if says and words <= _WORDS | own else ""


def _bump(before: Version, version: Version) -> str:
    """Return which part of the version has grown."""
    if before.major != version.major:
        return "major"
    return "patch" if before.minor == version.minor else "minor"


def _any(last: LastRelease, tags: Tags) -> str:
    """Return a pattern of the last version, as it or its tag spells it."""
    tag = tags.of_tag(last.tag)
    spelled = tag.form.spelling(tag.tag) if tag else last.version
    return "|".join(re.escape(each) for each in dict.fromkeys((last.version, spelled)))
