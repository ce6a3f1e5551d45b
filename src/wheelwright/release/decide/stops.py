"""Why a release stops: every reason, with its hint.

A reason's title is the heading of its section in docs/recovery.md; a test compares both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from wheelwright.identity import page


class Reason(Enum):
    """A reason's title: a lower-case fact, the same in the message and in the manual."""

    # Before anything is written.
    NO_BUMP = "the version to release is not given"
    BAD_REQUEST = "the requested version is not possible"
    NOT_HIGHER = "the version is not higher than what is released"
    ON_INDEX = "the version is on the index already"
    BEHIND = "the base branch lacks an earlier release"
    UNFINISHED = "another release is unfinished"
    NOTHING_NEW = "nothing to release"
    EMPTY_CHANGELOG = "the changelog has no entry for the release"
    NOT_GITHUB = "the repository is not on GitHub"
    NO_CREDENTIALS = "a credential is missing"
    NO_PERMISSION = "a permission is missing"
    FORBIDDEN = "a rule of the repository forbids the release"
    NOT_BUILDABLE = "the package cannot be built or its version cannot be set"
    WHEELS = "wheels have to be built on other machines"
    TAG_TAKEN = "the tag exists at another commit"
    # At the lock.
    LOCKED = "another run holds the lock"
    FOREIGN_LOCK = "the lock does not belong to this release"
    LOCK_LOST = "this run lost the lock"
    OVERTAKEN = "another release was started in between"
    # Before the index has accepted anything.
    BRANCH_TAKEN = "the release branch has commits that were not made by this tool"
    FOREIGN = "the release commit is not what this tool makes"
    EDITS_FAILED = "the release commit cannot be made"
    GATES_FAILED = "the checks failed"
    BUILD_FAILED = "the build failed"
    NOT_REPRODUCIBLE = "two builds differ"
    NOT_ACCEPTED = "the index would refuse a file"
    CHECK_FAILED = "the distributions do not match the plan"
    TESTS_FAILED = "tests fail against the installed wheel"
    # At the index.
    OTHER_BYTES = "the index has a file of the same name with other contents"
    BURNED = "the index does not accept this file name again"
    TOO_LATE = "the index takes no more files for this version"
    INDEX_REFUSED = "the index refused the upload"
    INDEX_CREDENTIALS = "the index did not accept the credentials"
    ATTESTATION = "the attestation was not accepted"
    INDEX_LAGS = "the index does not show the upload yet"
    DOWNLOAD_DIFFERS = "the index sends other files than it was given"
    JOURNAL_LOST = "the release branch of a published version is gone"
    NOT_AS_PLANNED = "what comes out is not what was planned"
    # Between the jobs of a workflow.
    HANDED_OVER = "the data of an earlier job is not as expected"
    UNFINISHED_JOB = "an earlier job of the release did not finish"
    # After the index.
    PULL_REFUSED = "the pull request cannot be opened"
    PULL_CLOSED = "the pull request was closed without merging"
    PUSH_REFUSED = "the remote refused the push"
    RELEASE_REFUSED = "the GitHub release cannot be made"
    RELEASE_DIFFERS = "the published GitHub release has other files"
    # Anywhere.
    INTERRUPTED = "the release was interrupted"
    NO_ANSWER = "a server did not answer in time"
    NO_PROGRESS = "a step succeeded and changed nothing"

    @property
    def hint(self) -> str:
        """What to do next."""
        return _HINTS[self]

    @property
    def step(self) -> str:
        """The step of a report that it belongs to."""
        return next((step for step, reasons in _STEPS.items() if self in reasons), "preflight")


_HINTS = {
    Reason.NO_BUMP: "pass --bump, --pre, --post or --version",
    Reason.BAD_REQUEST: "pass another --bump or --pre, or the whole version by --version",
    Reason.NOT_HIGHER: "pass a higher version, or --allow-lower for a maintenance release",
    Reason.ON_INDEX: "release the next version",
    Reason.BEHIND: "merge its pull request, then run again",
    Reason.UNFINISHED: "finish it first with --version",
    Reason.NOTHING_NEW: "write what changed, then run again",
    Reason.EMPTY_CHANGELOG: "write what changed, then run again",
    Reason.NOT_GITHUB: (
        "set the version and its tag by hand, then run `publish --tag TAG --index-token env://NAME`"
    ),
    Reason.NO_CREDENTIALS: "pass it, then run again",
    Reason.NO_PERMISSION: "grant it, then run again",
    Reason.FORBIDDEN: "except the ref from the rule or let the token bypass it, then run again",
    Reason.NOT_BUILDABLE: "correct pyproject.toml, then run again",
    Reason.WHEELS: "build them with cibuildwheel, and pass their directory by --dist",
    Reason.TAG_TAKEN: "find out who made the tag; this tool never moves a tag",
    Reason.LOCKED: "wait for it, or continue it with --take-over if it is dead",
    Reason.FOREIGN_LOCK: "find out who made it and delete it, then run again",
    Reason.LOCK_LOST: "see which run took it over; that run continues",
    Reason.OVERTAKEN: "run again: the version is calculated again",
    Reason.BRANCH_TAKEN: "rename or delete that branch, then run again",
    Reason.FOREIGN: "delete the branch, or release another version",
    Reason.EDITS_FAILED: "correct what the tool names, then run again",
    Reason.GATES_FAILED: "correct the code on the base branch, then run again",
    Reason.BUILD_FAILED: "correct the build on the base branch, then run again",
    Reason.NOT_REPRODUCIBLE: "make the build independent of time, place and order",
    Reason.NOT_ACCEPTED: "correct what is named on the base branch, then run again",
    Reason.CHECK_FAILED: "correct the package on the base branch, then run again",
    Reason.TESTS_FAILED: "correct the package or its tests on the base branch, then run again",
    Reason.OTHER_BYTES: "find out who uploaded it; release the next version",
    Reason.BURNED: "release the next version",
    Reason.TOO_LATE: "it cannot be completed: yank it there, and release the next version",
    Reason.INDEX_REFUSED: "correct what the index names, then run again",
    Reason.INDEX_CREDENTIALS: "correct the token or the trusted publisher, then run again",
    Reason.ATTESTATION: (
        "run again, or publish without by --attest=false; in release.yml, by its input attest"
    ),
    Reason.INDEX_LAGS: "run again later: nothing is uploaded twice",
    Reason.NOT_AS_PLANNED: "make a new plan, or release without --plan",
    Reason.DOWNLOAD_DIFFERS: "yank the version, find out why, and release the next one",
    Reason.JOURNAL_LOST: "restore the branch from the pull request, then run again",
    Reason.HANDED_OVER: "run the whole workflow again; if it stops here again, see who changes it",
    Reason.UNFINISHED_JOB: "see why it ended, then run the workflow again",
    Reason.PULL_REFUSED: "correct what GitHub names, then run again: nothing is published twice",
    Reason.PULL_CLOSED: "reopen it and run again, or release the next version",
    Reason.PUSH_REFUSED: "correct the rule or the permission that the remote names, then run again",
    Reason.RELEASE_REFUSED: "correct what GitHub names, then run again",
    Reason.RELEASE_DIFFERS: "compare the files; this tool never changes a published release",
    Reason.INTERRUPTED: "run the same command again: it continues where it stopped",
    Reason.NO_ANSWER: "run again: it continues where it stopped",
    Reason.NO_PROGRESS: "run again; if it stops here again, report it as a bug",
}


_STEPS = {
    "lock": (Reason.LOCKED, Reason.FOREIGN_LOCK, Reason.LOCK_LOST, Reason.OVERTAKEN),
    "edits": (Reason.BRANCH_TAKEN, Reason.FOREIGN, Reason.EDITS_FAILED, Reason.JOURNAL_LOST),
    "checks": (Reason.GATES_FAILED,),
    "build": (Reason.BUILD_FAILED, Reason.NOT_REPRODUCIBLE),
    "verify": (Reason.NOT_ACCEPTED, Reason.CHECK_FAILED, Reason.TESTS_FAILED),
    "publish": (
        Reason.OTHER_BYTES,
        Reason.BURNED,
        Reason.TOO_LATE,
        Reason.INDEX_REFUSED,
        Reason.INDEX_CREDENTIALS,
        Reason.ATTESTATION,
        Reason.INDEX_LAGS,
        Reason.DOWNLOAD_DIFFERS,
    ),
    "pull request": (Reason.PULL_REFUSED, Reason.PULL_CLOSED),
    "tag": (Reason.TAG_TAKEN,),
    "release": (Reason.RELEASE_REFUSED, Reason.RELEASE_DIFFERS),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to stop, with what was seen; `hint` replaces the reason's own."""

    reason: Reason
    seen: str = ""
    hint: str = ""

    def text(self) -> str:
        """Return the problem for people: the fact, what was seen, the hint."""
        fact = f"{self.reason.value}: {self.seen}" if self.seen else self.reason.value
        return f"{fact}; {self.hint or self.reason.hint}"


@dataclass(frozen=True, slots=True)
class Stop:
    """The release ends here; every problem that is known is in it."""

    problems: tuple[Problem, ...]

    @staticmethod
    def at(reason: Reason, seen: str = "", hint: str = "") -> Stop:
        """Stop for one reason."""
        return Stop((Problem(reason, seen, hint),))

    @staticmethod
    def among(problems: Iterable[Problem]) -> Stop | None:
        """Stop if there is any problem."""
        found = tuple(dict.fromkeys(problems))
        return Stop(found) if found else None

    @property
    def reason(self) -> Reason:
        """The first reason."""
        return self.problems[0].reason

    @property
    def page(self) -> str:
        """The address of what to do about the first reason."""
        return page("recovery", self.reason.value)

    def text(self) -> str:
        """Return all problems for people, one a line."""
        return "\n".join(problem.text() for problem in self.problems)
