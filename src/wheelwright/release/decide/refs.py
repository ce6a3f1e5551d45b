"""The state of a release in the remote's refs, read from the output of `inside/refs.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from wheelwright.distribution import backend
from wheelwright.project.addresses import without_credentials
from wheelwright.project.untrusted import untrusted
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import ActFailed, Refs
from wheelwright.release.decide.practice import usable_branch
from wheelwright.release.decide.responses import meaning, refused_certificate
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.tags import TAGS, Form, Tags
from wheelwright.release.decide.world import NOBODY, Asked, FailureKind, Journal, Lock, Plan

LONGEST_LINE: Final = 200
"""Characters of a run's name and version in a commit's message."""
AUTHOR: Final = "wheelwright <wheelwright@wheelwright.invalid>"
"""Author and committer of release commits, as in `inside/plumbing.py`."""
_TRAILER = re.compile(r"^Wheelwright-([\w-]+): (.*)$", re.MULTILINE)

# Messages of git (builtin/push.c, transport.c, http.c, remote-curl.c), of GitHub's hooks, and of
# curl. The first row that is found decides.
_MEANINGS: Final = (
    (FailureKind.RACE, r"stale info|fetch first|non-fast-forward|already exists|cannot lock ref"),
    (FailureKind.RACE, r"failed to update ref|incorrect old value|reference already exists"),
    (
        FailureKind.REFUSED,
        r"hook declined|protected|GH0\d\d|rule violations|Permission|forbidden|403",
    ),
    (FailureKind.REFUSED, r"Authentication failed|could not read Username|returned error: 4\d\d"),
    (FailureKind.REFUSED, r"remote rejected|repository not found|not found"),
)


# A server that hides what is private answers as for what is not there.
_PRIVATE: Final = r"(?i)Authentication failed|could not read Username|error: 40[134]|not found"


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """All refs of the remote, and what the commits of locks and releases record.

    Attributes:
        refs: full name to commit, tags peeled.
        journals: full name to its release commit, with package and version.
        epochs: full name of a tag to the time of its commit, seconds since 1970.
    """

    default: str
    refs: Mapping[str, str]
    locks: Mapping[str, Lock] = field(default_factory=dict)
    journals: Mapping[str, tuple[str, str, Journal]] = field(default_factory=dict)
    epochs: Mapping[str, int] = field(default_factory=dict)


def read(text: str) -> RemoteRefs:
    """Read what `refs.py look` printed."""
    data: dict[str, Any] = json.loads(text)
    return RemoteRefs(
        default=data["default"],
        refs=data["refs"],
        locks={ref: _lock(lock) for ref, lock in data["locks"].items()},
        journals={
            ref: (found["package"], found["version"], release_commit(found, data["refs"][ref]))
            for ref, found in data["journals"].items()
        },
        epochs=data["epochs"],
    )


def release_commit(found: Mapping[str, Any], head: str) -> Journal:
    """Return a release commit that `head` leads to, of its message, parent and time."""
    trailers = _TRAILER.findall(found["message"])
    return Journal(
        commit=found["commit"],
        parent=found["parent"],
        head=head,
        epoch_s=found["epoch_s"],
        # Older commits have no such line.
        build_requires=backend.recorded(
            text for name, text in trailers if name == "Build-Requires"
        ),
        run=line(next((text for name, text in trailers if name == "Run"), "")),
        request=line(next((text for name, text in trailers if name == "Request"), "")),
    )


def journal_of(description: ReleaseCommit, commit: str) -> Journal:
    """Return a release commit that was made of its description."""
    found = {
        "commit": commit,
        "parent": description.parent,
        "epoch_s": description.epoch_s,
        "message": description.message,
    }
    return release_commit(found, commit)


def _lock(found: Mapping[str, str]) -> Lock:
    # Anyone who may push can have written it: nothing of another form is passed on.
    trailers = dict(_TRAILER.findall(found["message"]))
    base = trailers.get("Base", "")
    return Lock(
        commit=found["commit"],
        run=line(trailers.get("Run", "")) or "unknown",
        version=line(trailers.get("Lock", " ").rpartition(" ")[2]),
        base_commit=base if re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", base) else "",
        epoch_s=_time(trailers.get("Epoch", "")),
        since_s=_time(trailers.get("Since", "")),
    )


def _time(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0


def line(text: str) -> str:
    """Return a text that is a printable, short line; empty for another."""
    return text if text.isprintable() and len(text) <= LONGEST_LINE else ""


def refs_of(observed: RemoteRefs, plan: Plan) -> Refs:
    """Return what belongs to one release."""
    return Refs(
        lock=observed.locks.get(plan.lock_ref),
        branch=_journal(observed, f"refs/heads/{plan.branch}", plan),
        tag=_journal(observed, f"refs/tags/{plan.tag}", plan),
        releases=versions(observed, plan.tag_form, plan.branch_form),
    )


def _journal(observed: RemoteRefs, ref: str, plan: Plan) -> Journal | None:
    head = observed.refs.get(ref)
    if head is None:
        return None
    package, version, journal = observed.journals.get(ref, ("", "", Journal("", "", head)))
    return journal if (package, version) == (plan.package, plan.version) else Journal("", "", head)


def versions(observed: RemoteRefs, tag: Form, branch: Form) -> frozenset[str]:
    """Return the versions that have a tag or a release branch of these forms."""
    forms = (("refs/heads/", branch), ("refs/tags/", tag))
    found = (
        form.version(ref.removeprefix(start))
        for start, form in forms
        for ref in observed.refs
        if ref.startswith(start)
    )
    return frozenset(version for version in found if version)


def earlier(observed: RemoteRefs, tags: Tags, base_commit: str) -> Tags:
    """Return the tags that a release of a base commit comes after.

    A tag whose release was made of this very commit is not an earlier one: it is that release, and
    a second run with the same arguments has to find it.
    """
    made = {
        ref for ref, (_, _, journal) in observed.journals.items() if journal.parent == base_commit
    }
    found = tuple(each for each in tags.found if f"{TAGS}{each.tag}" not in made)
    return replace(tags, found=found)


def journals(observed: RemoteRefs, package: str) -> dict[str, Journal]:
    """Return the release commits of a package, by version."""
    return {
        version: journal for name, version, journal in observed.journals.values() if name == package
    }


def branches(observed: RemoteRefs, package: str) -> dict[str, str]:
    """Return the branches whose heads are release commits of a package, by version.

    One that was begun under another name than the next would have is continued, if it is the name
    of a release branch: anyone who may push can put such a commit anywhere.
    """
    found: dict[str, str] = {}
    for ref, (name, version, journal) in sorted(observed.journals.items()):
        branch = ref.removeprefix("refs/heads/")
        before, _, after = branch.rpartition(version)
        own = name == package and branch != ref and journal.head == journal.commit
        if own and usable_branch(Form(before, after)):
            found[version] = branch
    return found


def lock_message(plan: Plan, nonce: str, since_s: int = 0) -> str:
    """Return the message of the lock's commit; with the nonce no two runs make the same."""
    return (
        f"Release {plan.package} {plan.version}\n\n"
        f"Wheelwright-Lock: {plan.package} {plan.version}\n"
        f"Wheelwright-Run: {plan.run}\n"
        f"Wheelwright-Base: {plan.base_commit}\n"
        f"Wheelwright-Epoch: {plan.epoch_s}\n"
        f"Wheelwright-Since: {since_s}\n"
        f"Wheelwright-Nonce: {nonce}\n"
    )


def journal_message(
    package: str,
    version: str,
    build_requires: Sequence[str] = (),
    asked: Asked = NOBODY,
    *,
    title: str = "",
    sign_off: bool = False,
) -> str:
    """Return the message of the commit with the edits, and with what it is to be built with.

    Who requested it, and how, is there for later runs: it can only make one of them stop. What the
    proof is, the trailer with the version, follows the title, whatever that is.
    """
    trailers = [f"Wheelwright-Release: {package} {version}"]
    trailers += [f"Wheelwright-Run: {asked.run}"] if asked.run else []
    trailers += [f"Wheelwright-Request: {asked.request}"] if asked.request else []
    trailers += [f"Wheelwright-Build-Requires: {each}" for each in build_requires]
    trailers += [f"Signed-off-by: {AUTHOR}"] if sign_off else []
    title = title or f"Release {package} {version}"
    return f"{title}\n\n" + "".join(f"{each}\n" for each in trailers)


def unreadable(url: str, failed: ActFailed, *, credential: bool) -> Problem:
    """Return the problem of a remote that git could not read, with or without a credential."""
    parts = [part.strip() for part in failed.message.split(" / ")]
    fatal = (part.removeprefix("fatal: ") for part in parts if part.startswith("fatal: "))
    seen = (
        f"{without_credentials(url)} cannot be read: {line(next(fatal, '')) or failed.kind.value}"
    )
    if not re.search(_PRIVATE, failed.message):
        return Problem(Reason.NO_ANSWER, seen, "run it again, or correct --remote")
    if credential:
        hint = "pass a --github-token that may read it, or correct --remote"
        return Problem(Reason.NO_PERMISSION, seen, hint)
    return Problem(Reason.NO_CREDENTIALS, seen, "pass --github-token, or correct --remote")


def failure_of(printed: str, exit_code: int) -> ActFailed:
    """Return what a git command that failed means; what is not known is worth another try."""
    lines = [line for line in printed.strip().splitlines() if not line.startswith("hint:")]
    message = " / ".join(line.strip() for line in lines[-4:]) or f"exit code {exit_code}"
    if exit_code == 124:
        return ActFailed(FailureKind.BUSY, message)
    if address := untrusted(printed):
        return refused_certificate(address)
    # A server's failure also mentions rejection; it is not a refusal.
    if re.search(r"returned error: (5\d\d|429)|HTTP (5\d\d|429)", printed):
        return ActFailed(FailureKind.BUSY, message)
    return ActFailed(meaning(_MEANINGS, printed, FailureKind.BUSY), message)
