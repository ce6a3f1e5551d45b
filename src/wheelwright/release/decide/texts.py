"""Texts that a release writes on GitHub, each no longer than GitHub accepts.

| text | most characters |
|---|---|
| of a pull request | 65,536 |
| of a GitHub release | 125,000 |

A longer one is cut at an entry, and ends with a link to the changelog at the tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final
from urllib.parse import quote

from markdown_it import MarkdownIt
from packaging.version import Version

from wheelwright.distribution.file import File
from wheelwright.project.reading import parse_version
from wheelwright.release.decide.report import Links
from wheelwright.release.decide.world import Plan, World

# GitHub answers 422 to longer ones: "body is too long (maximum is 65536 characters)" for pull
# requests and issues, "(maximum is 125000 characters)" for releases. Neither is in its manual.
LONGEST_PULL: Final = 65_536
LONGEST_RELEASE: Final = 125_000

# A release of very many wheels has its hashes on the index, too.
_LONGEST_TABLE: Final = 20_000

# Where the version is read from tags, a squash leaves the tag out of the branch's history.
_MERGE_COMMIT: Final = (
    "**Merge it with a merge commit.** The version of this package comes from its tags: after a "
    "squash or a rebase `{tag}` is not in the history of `{base}`, and a build of `{base}` has a "
    "lower version than this release."
)


def size(text: str) -> int:
    """Return a text's length in UTF-16 units: at least its characters, however they are counted."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pull_body(plan: Plan, files: Sequence[File], notes: str, links: Links) -> str:
    """Return the text of the pull request: why, what changed, hashes, where to look."""
    # Where the tag is the version and GitHub has the notes, no file need change.
    bare = plan.merge_commit and (plan.outside_notes or plan.notes_later)
    what = "tagged commit" if bare else "version and changelog"
    head = [
        f"{plan.package} {plan.version} is on the index; this brings its {what} to `{plan.base}`."
    ]
    if plan.merge_commit:
        head.append(_MERGE_COMMIT.format(tag=plan.tag, base=plan.base))
    tail = [_table(files), _places(plan, links)]
    fixed = size("\n\n".join([*head, *tail])) + len("\n\n\n")
    kept = cut(notes.strip(), LONGEST_PULL - 1 - fixed, _rest(plan, links))
    return "\n\n".join(part for part in (*head, kept, *tail) if part) + "\n"


def release_body(plan: Plan, notes: str, links: Links) -> str:
    """Return the text of the GitHub release."""
    if size(notes) < LONGEST_RELEASE:
        return notes
    return cut(notes.strip(), LONGEST_RELEASE - 2, _rest(plan, links)) + "\n"


def is_latest(plan: Plan, world: World) -> bool:
    """Whether it is the highest final version: that one alone is "Latest" on GitHub.

    A yanked one is not.
    """
    version = Version(plan.version)
    there = {*world.releases, *world.versions, *plan.known} - plan.yanked
    others = [parsed for each in there if (parsed := parse_version(each)) is not None]
    finals = [other for other in others if not other.is_prerelease]
    return not version.is_prerelease and all(other <= version for other in finals)


def cut(text: str, most: int, rest: str) -> str:
    """Return Markdown of at most `most` UTF-16 units: cut before an entry, `rest` at its end."""
    if size(text) <= most:
        return text
    lines = text.split("\n")
    before = [0, *accumulate(size(line) + 1 for line in lines)]
    room = most - size(rest) - len("\n\n")
    blocks = _blocks(text)
    count = sum(before[line] <= room for line, _ in blocks[1:])
    # A heading whose entries are cut off says nothing.
    while count and blocks[count - 1][1]:
        count -= 1
    kept = "\n".join(lines[: blocks[count][0]]).strip() if count else ""
    return "\n\n".join(part for part in (kept, rest) if part)


def _blocks(text: str) -> list[tuple[int, bool]]:
    """Return the first line of each entry, paragraph and heading, and whether it is a heading."""
    found = []
    for token in MarkdownIt().parse(text):
        entry = token.type == "list_item_open" and token.level == 1
        if token.map and (entry or (token.level == 0 and not token.type.endswith("list_open"))):
            found.append((token.map[0], token.type == "heading_open"))
    return found


def _table(files: Sequence[File]) -> str:
    """Return the files with their hashes; as many as there is room for."""
    lines = ["| file | SHA-256 |", "|---|---|"]
    for count, file in enumerate(files):
        if size("\n".join(lines)) > _LONGEST_TABLE:
            lines.append(f"| and {len(files) - count} more | |")
            break
        lines.append(f"| `{file.name}` | `{file.sha256}` |")
    return "\n".join(lines) if files else ""


def _places(plan: Plan, links: Links) -> str:
    """Return links to the release: on the index, its tag, the log of the run."""
    tag = f"{links.repository}/releases/tag/{quote(plan.tag, safe='')}"
    places = [
        ("index", f"{links.project}{plan.version}/" if links.project else ""),
        ("tag", tag if links.repository else ""),
        ("log", links.log),
    ]
    return ", ".join(f"[{name}](<{_address(url)}>)" for name, url in places if url)


def _rest(plan: Plan, links: Links) -> str:
    """Return the sentence at the end of a text that was cut."""
    if not plan.changelog:
        return "The text is cut here: GitHub takes no longer one."
    if not links.repository:
        return f"The rest is in `{plan.changelog}`."
    at = f"{links.repository}/blob/{quote(plan.tag, safe='')}/{quote(plan.changelog)}"
    return f"[The rest is in {plan.changelog}](<{_address(at)}>)."


def _address(url: str) -> str:
    """Return an address for Markdown's angle brackets, in which it may have no such bracket."""
    return url.replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A")
