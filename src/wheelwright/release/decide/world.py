"""A release (`Plan`) and its observed state outside (`World`), as frozen data.

`World` is observed anew after every act. All of it comes from the index, git and GitHub, except
`RunState`: what this one run has. A run that starts after a crash starts with an empty `RunState`
and continues all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from wheelwright.distribution.file import File
from wheelwright.release.decide.commands import JOBS, Commands
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.tags import Form


@dataclass(frozen=True, slots=True)
class Asked:
    """Who requested a release, and how.

    Attributes:
        run: the name that was given to the run; empty where it made one itself.
        request: the options that led to the version.
    """

    run: str = ""
    request: str = ""


NOBODY: Final = Asked()


@dataclass(frozen=True, slots=True)
class Pinned:
    """What has to come out of a plan that is performed exactly.

    Attributes:
        commit: the release commit.
        build_requires: what it is built with.
        files: the distributions; none where the plan ended before they were built.
    """

    commit: str
    build_requires: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One release.

    Attributes:
        package: the distribution's normalized name.
        version: PEP 440, normalized.
        base: the branch that is released, such as main.
        base_commit: the commit of it that is released, whatever the branch does meanwhile.
        branch: short name of the branch with the journal commit, such as release/v1.2.3.
        tag: short name, such as v1.2.3.
        lock_ref: full name of the lock's ref.
        run: names this run in the lock; a run of the same name continues it.
        take_over: the name of another run whose lock may be taken.
        epoch_s: the time of the journal commit, seconds since 1970; timestamps of the build.
        known: versions with a tag or release branch when this was planned.
        yanked: releases above this one of which the index has yanked files only.
        notes: for people, such as how the bump was understood, and what GitHub shows.
        asked: what the release commit has of the request.
        answer: why there is nothing to do; empty where there may be.
        commands: those that messages name.
        changelog: path of the changelog from the repository's root; empty where there is none.
        outside_notes: the notes, where no file of the repository has them.
        notes_later: a job with a token gets them from GitHub.
        pypi_rules: the index has PyPI's rules for files.
        merge_commit: the version comes from tags, so the pull request needs a merge commit.
        previous: the version that the base branch has; empty where it has none.
        pinned: what has to come out, of a plan that is performed exactly.
        tag_form, branch_form: what surrounds the version in such names.
        title: of the release commit and the pull request; empty for the usual one.
        release_name: of the GitHub release; empty for the usual one.
        annotated: the tag is an object with a message of its own.
        sign_off: the release commit is signed off.
        since: the commit of the version tag before this version; empty for the first.
    """

    package: str
    version: str
    base: str
    base_commit: str
    branch: str
    tag: str
    lock_ref: str
    run: str
    take_over: str = ""
    epoch_s: int = 0
    known: frozenset[str] = frozenset()
    yanked: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    asked: Asked = NOBODY
    answer: str = ""
    commands: Commands = JOBS
    changelog: str = ""
    outside_notes: str = ""
    notes_later: bool = False
    merge_commit: bool = False
    pypi_rules: bool = True
    previous: str = ""
    pinned: Pinned | None = None
    tag_form: Form = field(default_factory=Form)
    branch_form: Form = field(default_factory=lambda: Form("release/v"))
    title: str = ""
    release_name: str = ""
    annotated: bool = False
    sign_off: bool = False
    since: str = ""

    @property
    def subject(self) -> str:
        """The title of the release commit and of the pull request."""
        return self.title or f"Release {self.package} {self.version}"

    @property
    def shown_name(self) -> str:
        """The name of the GitHub release."""
        return self.release_name or f"{self.package} {self.version}"


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock: the ref's commit, and what its message has; `since_s` is 0 where it has no time."""

    commit: str
    run: str
    version: str
    base_commit: str
    epoch_s: int
    since_s: int = 0

    def problem(self, ref: str, commands: Commands) -> Problem:
        """Return the problem of a run that does not have it.

        Its hint is pasted, and anyone who may push can have named the run.
        """
        seen = f'run "{self.run}" is releasing {self.version} ({ref})'
        command = commands.taking_over(self.run, self.version)
        return Problem(Reason.LOCKED, seen, f"wait for it, or continue it if it is dead: {command}")


@dataclass(frozen=True, slots=True)
class Journal:
    """The commit with the edits: the input of every build, what the tag names.

    Attributes:
        commit: found by its trailers in the history of `head`; empty where it is not there. Its
            message is a hint: it is only known after a comparison with the edits made again.
        parent: the commit of the base branch that it was made on.
        head: where the ref points; another commit when people pushed on top.
        build_requires: `name==version` of what it is built with; empty where nothing is recorded.
        run: the name of the run that made it, and `request` its options, as the message has them:
            anyone may write them.
    """

    commit: str
    parent: str
    head: str
    epoch_s: int = 0
    build_requires: tuple[str, ...] = ()
    run: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A release commit that is in this run's clone, and nowhere else yet.

    `description` is what it is made of; None where another has made it.
    """

    journal: Journal
    description: ReleaseCommit | None


class PullState(Enum):
    """The state of a pull request."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Checks(Enum):
    """How the checks of a pull request began.

    Those of one that a workflow's own token opened wait for an approval, since June 2026
    (docs.github.com, "Automatic token authentication").
    """

    BY_THEMSELVES = "by themselves"
    WAITING = "waiting"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request from the release branch.

    Attributes:
        conflicts: None while GitHub works it out.
        waiting: the address of a run of its checks that waits for an approval.
    """

    number: int
    state: PullState
    head: str
    url: str = ""
    conflicts: bool | None = None
    checks: Checks = Checks.BY_THEMSELVES
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a GitHub release; not `uploaded` while, or because, an upload broke off.

    `sha256` is empty where the server has none.
    """

    id: int
    name: str
    sha256: str
    uploaded: bool = True


@dataclass(frozen=True, slots=True)
class GitHubRelease:
    """A GitHub release of the tag, draft or published."""

    id: int
    draft: bool
    assets: tuple[Asset, ...] = ()
    url: str = ""


class Act(Enum):
    """What a release does; the value is how reports call it."""

    VERIFY = "verify the release commit"
    MAKE_COMMIT = "make the release commit"
    RUN_GATES = "run the checks"
    BUILD = "build twice"
    CHECK = "verify the distributions"
    LOCK = "take the lock"
    PUSH_BRANCH = "push the release branch"
    PUBLISH = "publish to the index"
    WAIT = "wait"
    OPEN_PULL = "open the pull request"
    START_CHECKS = "start the checks of"
    TAG = "push the tag"
    DRAFT = "draft the GitHub release"
    DELETE_ASSET = "delete a broken asset"
    UPLOAD_ASSET = "upload an asset"
    PUBLISH_RELEASE = "publish the GitHub release"
    UNLOCK = "release the lock"


class FailureKind(Enum):
    """How an act failed, as far as the response shows."""

    BUSY = "no answer, or asked to retry later"
    RACE = "another run was first"
    REFUSED = "refused"
    CREDENTIALS = "credentials not accepted"
    OTHER_BYTES = "same name, other contents"
    BURNED = "file name used before"
    ATTESTATION = "attestation not accepted"
    TOOL = "a tool failed"


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """The latest act failed.

    Attributes:
        subject: of the act, such as an asset's name.
        message: the other side's response, secrets replaced.
        count: how many times in a row this act has failed.
        retry_after_s: the pause that the other side requested.
        waited: the pause before the next try is over.
    """

    act: Act
    kind: FailureKind
    message: str = ""
    subject: str = ""
    count: int = 1
    retry_after_s: float | None = None
    waited: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict, and what is needed to correct it.

    Attributes:
        reason: why distributions do not pass.
        notes: what people should know, whatever the verdict.
    """

    passed: bool
    text: str = ""
    reason: Reason = Reason.CHECK_FAILED
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunState:
    """What this run has: empty at its start.

    Attributes:
        lock: the commit that this run pushed to the lock's ref.
        verified: the commit that this run has compared with what the edits make of its parent.
        own_commit: the commit that this run makes, or has made, of the plan.
        foreign: what in `verified` is not what a release makes; empty where it is a release's.
        made: the release commit that this run has made in its clone.
        subject: the commit that the checks ran on, and that the distributions are built from.
        gates, check: None where this run has not done it.
        built: the distributions, byte-identical from two builds.
        materials: files for the GitHub release beside the distributions.
        differing: members that differ between the two builds.
        accepted_s: seconds since the index took the last missing file of ours; None before.
        unstarted: why the checks of the pull request could not be started; None where that was
            not tried, empty where they were.
        done: the act that succeeded last and its subject; the same again would be no progress.
        looks: how often its effect has been looked for since.
        downloaded: what came of downloading the files at the end; empty where none were.
    """

    lock: str = ""
    verified: str = ""
    own_commit: str = ""
    foreign: str = ""
    made: Made | None = None
    subject: str = ""
    gates: CheckResult | None = None
    built: tuple[File, ...] = ()
    materials: tuple[File, ...] = ()
    differing: tuple[str, ...] = ()
    check: CheckResult | None = None
    accepted_s: float | None = None
    failure: FailedAttempt | None = None
    unstarted: str | None = None
    done: tuple[Act, str] | None = None
    looks: int = 0
    downloaded: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that decides what comes next.

    Attributes:
        branch: the release branch, None where there is no such ref.
        tag: the tag, read in the same way.
        index: files of this version on the index.
        pulls: pull requests whose head is the release branch, newest first.
        releases: versions that have a tag or a release branch, this one among them.
        based: the plan's base commit is in the base branch's history still.
        versions: versions that have files on the index.
        last: files on the index of the newest final version before this one.
        age_s: seconds since the first file of this version was uploaded; 0 where that is not known.
    """

    lock: Lock | None = None
    branch: Journal | None = None
    tag: Journal | None = None
    index: tuple[File, ...] = ()
    pulls: tuple[Pull, ...] = ()
    release: GitHubRelease | None = None
    releases: frozenset[str] = frozenset()
    based: bool = True
    versions: frozenset[str] = frozenset()
    last: tuple[File, ...] = ()
    age_s: float = 0.0
    state: RunState = field(default_factory=RunState)

    @property
    def journal(self) -> Journal | None:
        """The journal commit: of the branch, or of the tag when the branch was deleted."""
        for found in (self.branch, self.tag):
            if found and found.commit:
                return found
        return None

    @property
    def source(self) -> Journal | None:
        """The commit to build from; None where this run has still to make it.

        What is published or tagged stays what it is. Before that the release branch gives way to
        what this run makes.
        """
        journal, state = self.journal, self.state
        if self.index or self.tag or (journal and journal.commit == state.own_commit):
            return journal
        return state.made.journal if state.made else None

    @property
    def pull(self) -> Pull | None:
        """The pull request of the journal commit: an open one, else a merged, else a closed."""
        journal = self.journal
        if journal is None:
            return None
        heads = (journal.commit, journal.head)
        mine = [pull for pull in self.pulls if pull.head in heads]
        order = (PullState.OPEN, PullState.MERGED, PullState.CLOSED)
        return min(mine, key=lambda pull: order.index(pull.state), default=None)
