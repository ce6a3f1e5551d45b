"""An outside in memory: an index, a remote, GitHub and a workshop that hold to the real rules.

Every effect passes `_happens`, where a test can lose the effect, lose its answer, or kill the run.
It holds the rules that matter to a release: an index never replaces a file, refs change by
compare-and-swap, a tag is never moved, GitHub keeps one open pull request for a head.
"""

# What a Protocol passes and this outside does not need is unused.
# ruff: noqa: ARG002

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from wheelwright.distribution.file import File
from wheelwright.release.decide.commit import ReleaseCommit
from wheelwright.release.decide.ports import ActFailed, Built, Compared, Ports, Refs
from wheelwright.release.decide.world import (
    Act,
    Asset,
    CheckResult,
    Checks,
    FailureKind,
    GitHubRelease,
    Journal,
    Lock,
    Made,
    Plan,
    Pull,
    PullState,
)

SDIST = File("demo-1.2.4.tar.gz", "a" * 64)
WHEEL = File("demo-1.2.4-py3-none-any.whl", "b" * 64)
_YES = CheckResult(True)


class Fault(Enum):
    """What goes wrong with one effect."""

    NONE = "nothing"
    LOST = "the effect is lost, the caller is told to come back"
    UNHEARD = "the effect happens, its answer is lost"
    KILLED_BEFORE = "the run is killed before the effect"
    KILLED_AFTER = "the run is killed after the effect"


class Killed(BaseException):
    """The run is gone: nothing of it may act any more, so nothing may catch this."""


def a_plan(**given: Any) -> Plan:
    """Return the release of demo 1.2.4, with some of it different."""
    plan = Plan(
        package="demo",
        version="1.2.4",
        base="main",
        base_commit="base",
        branch="release/v1.2.4",
        tag="v1.2.4",
        lock_ref="refs/wheelwright/lock/demo",
        run="one",
        epoch_s=1_700_000_000,
        known=frozenset({"1.2.3"}),
    )
    return replace(plan, **given)


@dataclass
class Outside:
    """The state that all runs see, and what happened to it."""

    faults: Iterator[Fault] = field(default_factory=lambda: itertools.repeat(Fault.NONE))
    lock_: Lock | None = None
    branch: Journal | None = None
    tag: Journal | None = None
    stored: dict[str, str] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    uploaded_s: dict[str, float] = field(default_factory=dict)
    earlier: tuple[File, ...] = ()
    lag_s: float = 0.0
    pulls_: list[Pull] = field(default_factory=list)
    release_: GitHubRelease | None = None
    latest: bool | None = None
    checks: Checks = Checks.BY_THEMSELVES
    releases: frozenset[str] = frozenset({"1.2.3"})
    built: tuple[File, ...] = (SDIST, WHEEL)
    differing: tuple[str, ...] = ()
    foreign: str = ""
    based: bool = True
    gates_say: CheckResult = _YES
    check_says: CheckResult = _YES
    refuses: dict[Act, ActFailed] = field(default_factory=dict)
    time_s: float = 1_700_000_000.0
    effects: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _shown_at_s: float = 0.0

    @property
    def ports(self) -> Ports:
        """Everything, as a release wants it."""
        hub = _Hub(self)
        return Ports(git=self, index=self, github=hub, workshop=_Workshop(self), clock=self)

    def _happens(self, act: Act) -> Fault:
        if refusal := self.refuses.get(act):
            raise refusal
        fault = next(self.faults)
        if fault is Fault.KILLED_BEFORE:
            raise Killed
        if fault is Fault.LOST:
            raise ActFailed(FailureKind.BUSY, "503 Service Unavailable")
        return fault

    def _answered(self, fault: Fault) -> None:
        if fault is Fault.KILLED_AFTER:
            raise Killed
        if fault is Fault.UNHEARD:
            raise ActFailed(FailureKind.BUSY, "502 Bad Gateway")

    # -- clock ------------------------------------------------------------------------------------

    def now_s(self) -> float:
        """Return the imagined time."""
        return self.time_s

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.time_s += seconds

    # -- git --------------------------------------------------------------------------------------

    async def observe(self, plan: Plan) -> Refs:
        """Look at the refs."""
        return Refs(self.lock_, self.branch, self.tag, self.releases, self.based)

    async def lock(self, plan: Plan, expected: str) -> str:
        """Compare and swap the lock's ref."""
        fault = self._happens(Act.LOCK)
        if expected != (self.lock_.commit if self.lock_ else ""):
            raise ActFailed(FailureKind.RACE, "stale info")
        commit = f"lock{next(self._numbers)}"
        self.lock_ = Lock(commit, plan.run, plan.version, plan.base_commit, plan.epoch_s)
        self.effects.append("lock")
        self._answered(fault)
        return commit

    async def unlock(self, plan: Plan, commit: str) -> None:
        """Compare and delete the lock's ref."""
        fault = self._happens(Act.UNLOCK)
        if self.lock_ is None or self.lock_.commit != commit:
            raise ActFailed(FailureKind.RACE, "stale info")
        self.lock_ = None
        self.effects.append("unlock")
        self._answered(fault)

    async def push_commit(self, plan: Plan, made: ReleaseCommit, expected: str) -> str:
        """Push the journal commit."""
        fault = self._happens(Act.PUSH_BRANCH)
        if expected != (self.branch.head if self.branch else ""):
            raise ActFailed(FailureKind.RACE, "stale info")
        commit = f"journal-of-{plan.version}-on-{plan.base_commit}"
        self.branch = Journal(commit, plan.base_commit, commit, plan.epoch_s)
        self.releases |= {plan.version}
        self.effects.append("branch")
        self._answered(fault)
        return commit

    async def push_tag(self, plan: Plan, commit: str) -> None:
        """Push the tag."""
        fault = self._happens(Act.TAG)
        assert self.pulls_, "a tag without a pull request"
        if self.tag:
            raise ActFailed(FailureKind.RACE, "already exists")
        self.tag = Journal(commit, plan.base_commit, commit, plan.epoch_s)
        self.effects.append("tag")
        self._answered(fault)

    # -- index ------------------------------------------------------------------------------------

    async def files(self) -> tuple[File, ...]:
        """Return the listing, which may lag behind what is stored."""
        if self.time_s >= self._shown_at_s:
            self.listed = dict(self.stored)
        listed = self.listed.items()
        times = self.uploaded_s
        mine = tuple(File(name, sha, uploaded_s=times.get(name, 0.0)) for name, sha in listed)
        return (*self.earlier, *mine)


def made_of(plan: Plan) -> Made:
    """Return the release commit that the plan makes here."""
    commit = f"journal-of-{plan.version}-on-{plan.base_commit}"
    description = ReleaseCommit(plan.base_commit, plan.epoch_s, f"Release {plan.version}", ())
    return Made(Journal(commit, plan.base_commit, commit, plan.epoch_s), description)


@dataclass
class _Workshop:
    outside: Outside

    async def make_commit(self, plan: Plan) -> Made:
        if refusal := self.outside.refuses.get(Act.MAKE_COMMIT):
            raise refusal
        return made_of(plan)

    async def verify(self, plan: Plan, journal: Journal) -> Compared:
        # This outside knows the journal commit by its name.
        made = f"journal-of-{plan.version}-on-{plan.base_commit}"
        return Compared(self.outside.foreign, made if journal.epoch_s == plan.epoch_s else "")

    async def gates(self, plan: Plan, journal: Journal) -> CheckResult:
        return self.outside.gates_say

    async def build(self, plan: Plan, journal: Journal) -> Built:
        return Built(self.outside.built, self.outside.differing)

    async def check(self, plan: Plan, journal: Journal) -> CheckResult:
        return self.outside.check_says

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        outside = self.outside
        for file in outside.built:
            if file.name not in names:
                continue
            fault = outside._happens(Act.PUBLISH)
            there = outside.stored.get(file.name)
            if there is None:
                outside.stored[file.name] = file.sha256
                outside.uploaded_s[file.name] = outside.time_s
                outside.effects.append(f"upload {file.name}")
                outside._shown_at_s = outside.time_s + outside.lag_s
            elif there != file.sha256:
                raise ActFailed(FailureKind.OTHER_BYTES, "400 File already exists")
            outside._answered(fault)

    async def contents(self, name: str) -> bytes:
        return name.encode()

    async def notes(self, plan: Plan, journal: Journal) -> str:
        return "- Something changed."


@dataclass
class _Hub:
    outside: Outside

    async def pulls(self, branch: str) -> tuple[Pull, ...]:
        return tuple(reversed(self.outside.pulls_))

    async def open_pull(self, plan: Plan, body: str) -> None:
        outside = self.outside
        fault = outside._happens(Act.OPEN_PULL)
        assert outside.branch
        if any(pull.state is PullState.OPEN for pull in outside.pulls_):
            raise ActFailed(FailureKind.RACE, "422 A pull request already exists")
        number = next(outside._numbers)
        url = "https://page/pull/1"
        pull = Pull(number, PullState.OPEN, outside.branch.head, url, checks=outside.checks)
        outside.pulls_.append(pull)
        outside.effects.append("pull")
        outside._answered(fault)

    async def start_checks(self, plan: Plan) -> None:
        outside = self.outside
        fault = outside._happens(Act.START_CHECKS)
        outside.pulls_[-1] = replace(outside.pulls_[-1], checks=Checks.STARTED)
        outside.effects.append("checks")
        outside._answered(fault)

    async def release(self, tag: str) -> GitHubRelease | None:
        return self.outside.release_

    async def draft(self, plan: Plan, commit: str, body: str) -> None:
        outside = self.outside
        fault = outside._happens(Act.DRAFT)
        assert outside.release_ is None, "a second draft"
        outside.release_ = GitHubRelease(next(outside._numbers), draft=True)
        outside.effects.append("draft")
        outside._answered(fault)

    async def upload(self, release: GitHubRelease, name: str, contents: bytes) -> None:
        outside = self.outside
        fault = outside._happens(Act.UPLOAD_ASSET)
        there = outside.release_
        assert there, "an asset without a release"
        assert there.draft, "an asset for a published release"
        assert contents == name.encode()
        if any(asset.name == name for asset in there.assets):
            raise ActFailed(FailureKind.REFUSED, "422 already_exists")
        sha256 = next(file.sha256 for file in outside.built if file.name == name)
        # As GitHub does: an upload that breaks off leaves the name behind, without its contents.
        whole = fault is not Fault.UNHEARD
        asset = Asset(next(outside._numbers), name, sha256 if whole else "", uploaded=whole)
        outside.release_ = replace(there, assets=(*there.assets, asset))
        outside.effects.append(f"asset {name}")
        outside._answered(fault)

    async def delete_asset(self, asset_id: int) -> None:
        outside = self.outside
        fault = outside._happens(Act.DELETE_ASSET)
        assert outside.release_
        kept = tuple(asset for asset in outside.release_.assets if asset.id != asset_id)
        outside.release_ = replace(outside.release_, assets=kept)
        outside._answered(fault)

    async def publish(self, release: GitHubRelease, *, latest: bool) -> None:
        outside = self.outside
        fault = outside._happens(Act.PUBLISH_RELEASE)
        assert outside.release_
        outside.release_ = replace(outside.release_, draft=False)
        outside.latest = latest
        outside.effects.append("released")
        outside._answered(fault)
