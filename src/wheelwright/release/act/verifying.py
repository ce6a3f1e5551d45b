"""Whether a commit belongs to a release: by its parent and its tree, not by its message.

    parent   one, in the history of the branch that is released
    tree     that of the edits made again on the parent, dated by the commit

Author, time and message may be any text; only git's hashes are proof: a tree that is the same has
no change that was not reviewed on the branch.
"""

from __future__ import annotations

from dataclasses import replace

from wheelwright.release.act import preparing
from wheelwright.release.act.git import RemoteGit, Trace, printable
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide.ports import Compared
from wheelwright.release.decide.refs import RemoteRefs
from wheelwright.release.decide.world import Journal, Plan

# As many paths as fit into a line.
_MOST_NAMED = 20

# What git can write, and what has a date: 1970 to 2242.
_LAST_EPOCH_S = 2**33


async def verify(
    options: ReleaseOptions,
    remote: RemoteGit,
    plan: Plan,
    journal: Journal,
    observed: RemoteRefs,
    trace: Trace | None = None,
) -> Compared:
    """Compare a commit with what a release makes of its parent.

    Raises:
        ActFailed: the edits cannot be made.
    """
    trace = trace or await remote.trace(journal.commit, plan.base)
    of = f"is not what release makes of {plan.base}"
    by = f"commit {journal.commit[:12]} by {printable(trace.author)}"
    # What is not based on a reviewed commit is not even looked into: its code would run.
    if len(trace.parents) != 1 or not trace.parent_merged:
        parent = trace.parents[0][:12] if trace.parents else "none"
        return Compared(f"{of}: its parent {parent} is not in the history of {plan.base}, {by}")
    if not 0 < trace.epoch_s < _LAST_EPOCH_S:
        return Compared(f"{of}: its time is {trace.epoch_s} s, {by}")
    its = replace(plan, base_commit=trace.parents[0], epoch_s=trace.epoch_s)
    expected = await preparing.release_commit(options, remote, observed, its, requires=its == plan)
    commit, differing = await remote.compare(expected, journal.commit)
    if differing:
        more = len(differing) - _MOST_NAMED
        named = [*differing[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
        return Compared(f"{of}: {', '.join(named)}, {by}")
    # The same description makes the same commit; another time or base would be another.
    return Compared("", commit if its == plan else "")
