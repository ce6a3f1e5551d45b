"""`setup-github` over the stand-in: what is missing is written once, what a person made stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wheelwright.release.act.http import Http
from wheelwright.release.act.rest import Rest
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.urls import Hub
from wheelwright.start import hub
from wheelwright.start.findings import State
from wheelwright.start.settings import Deploys, Setting, Wanted, settings

from .github_sample import change
from .outside import Outside
from .repository import run_git
from .tokens import Token

WANTED = Wanted(Form(), (Deploys("pypi", "main"), Deploys("release", "main")))
LIMITED = {"protected_branches": False, "custom_branch_policies": True}
REVIEWED = [
    {"type": "wait_timer", "wait_timer": 30},
    {
        "type": "required_reviewers",
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "reviewer": {"login": "reviewer", "id": 7}}],
    },
]


def rest(outside: Outside, token: Token) -> Rest:
    """Return the client of the repository with a token."""
    owner, _, name = outside.name.partition("/")
    page = f"{outside.git.server.url}/{outside.name}"
    return Rest(Http(), Hub(outside.api_url, owner, name, page), token.value)


async def found(outside: Outside, token: Token | None = None) -> tuple[Setting, ...]:
    """Return each setting as it is now."""
    return settings(WANTED, await hub.look(rest(outside, token or outside.owner)))


async def apply(outside: Outside) -> list[str]:
    """Write what is missing; return what was refused."""
    client = rest(outside, outside.owner)
    return await hub.write(client, settings(WANTED, await hub.look(client)))


def states(listed: tuple[Setting, ...]) -> dict[str, str]:
    """Return the state of each setting by its subject."""
    return {each.finding.subject: each.finding.state.value for each in listed}


@pytest.fixture
def fresh(outside: Outside, tmp_path: Path) -> Outside:
    """A repository whose owner has set nothing."""
    work = tmp_path / "work"
    work.mkdir()
    run_git(work, "init", "--quiet", "--initial-branch=main")
    change(work, "file", "The package")
    outside.land(work)
    outside.github.state.settings.actions_open_pulls = False
    return outside


async def test_all_that_is_missing_is_written_once(fresh: Outside) -> None:
    """The first call writes every setting that releases need, and the second writes nothing."""
    before = await found(fresh)
    refused = await apply(fresh)
    after, written = await found(fresh), len(fresh.effects.happened)
    again = await apply(fresh)

    assert {"missing"} == {*states(before).values()}
    assert [] == refused
    assert {"found"} == {*states(after).values()}
    assert [] == [each.writes for each in after if each.writes]
    assert [] == again
    assert written == len(fresh.effects.happened)
    made = fresh.github.state.settings
    assert ["default branch", "release tags"] == [each["name"] for each in made.rulesets]
    assert {"pypi": [("main", "branch")], "release": [("main", "branch")]} == {
        name: [(each["name"], each["type"]) for each in own["policies"]]
        for name, own in made.environments.items()
    }
    assert made.actions_open_pulls


async def test_looking_writes_nothing(fresh: Outside) -> None:
    """What is missing is found by requests that only read."""
    await found(fresh)

    assert {"GET"} == {each.partition(" ")[0] for each in fresh.github.requests}


async def test_tags_can_be_made_by_the_release_and_not_be_moved(fresh: Outside) -> None:
    """The ruleset of tags leaves their creation to a workflow's own token."""
    await apply(fresh)

    (rules,) = (
        {each["type"] for each in made["rules"]}
        for made in fresh.github.state.settings.rulesets
        if made["target"] == "tag"
    )
    assert {"deletion", "non_fast_forward", "update"} == rules


async def test_reviewers_and_waiting_time_stay(fresh: Outside) -> None:
    """An environment that every branch may use is limited, and keeps what a person set there."""
    own: dict[str, Any] = {"protection_rules": REVIEWED, "deployment_branch_policy": None}
    fresh.github.state.settings.environments["pypi"] = {**own, "policies": []}
    await apply(fresh)

    kept = fresh.github.state.settings.environments["pypi"]
    assert LIMITED == kept["deployment_branch_policy"]
    assert REVIEWED[0] == kept["protection_rules"][0]
    assert ["User", 7, True] == [
        kept["protection_rules"][1]["reviewers"][0]["type"],
        kept["protection_rules"][1]["reviewers"][0]["reviewer"]["id"],
        kept["protection_rules"][1]["prevent_self_review"],
    ]


async def test_limit_that_a_person_set_stays(fresh: Outside) -> None:
    """A limit that leaves the branch out is reported with the page to open, and not written."""
    policy = {"id": 1, "node_id": "", "name": "stable/*", "type": "branch"}
    fresh.github.state.settings.environments["pypi"] = {
        "protection_rules": [],
        "deployment_branch_policy": LIMITED,
        "policies": [policy],
    }
    await apply(fresh)
    left = next(each for each in await found(fresh) if each.finding.subject == "environment pypi")

    assert [policy] == fresh.github.state.settings.environments["pypi"]["policies"]
    assert State.MISSING is left.finding.state
    assert "its limit leaves out branch main" == left.finding.seen
    page = f"{fresh.git.server.url}/{fresh.name}/settings/environments"
    assert (f"open {page}, pypi: add the branch main",) == left.finding.next


async def test_ruleset_of_the_same_name_stays(fresh: Outside) -> None:
    """A person's ruleset that lacks the check is named with its page, and the rest is written."""
    theirs = {
        "id": 77,
        "name": "default branch",
        "target": "branch",
        "source_type": "Repository",
        "source": fresh.name,
        "enforcement": "disabled",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [{"type": "deletion"}],
        "current_user_can_bypass": "never",
    }
    fresh.github.state.settings.rulesets.append(dict(theirs))
    refused = await apply(fresh)
    after = await found(fresh)

    assert [] == refused
    assert theirs == fresh.github.state.settings.rulesets[0]
    assert {"rules of main": "missing"} == {
        subject: state for subject, state in states(after).items() if state != "found"
    }
    assert "/settings/rules/77" in after[0].finding.next[0]


async def test_rules_that_are_there_suffice(fresh: Outside) -> None:
    """A check that a person's rules or classic protection require needs no ruleset of ours."""
    fresh.github.state.settings.required_checks = ["ci passed"]
    await apply(fresh)

    assert ["release tags"] == [each["name"] for each in fresh.github.state.settings.rulesets]


async def test_merging_stays_possible(fresh: Outside) -> None:
    """In a repository that only merges, the ruleset demands neither squash nor linear history."""
    own = fresh.github.state.settings
    own.squash = own.rebase = False
    await apply(fresh)

    rules = {each["type"]: each.get("parameters", {}) for each in own.rulesets[0]["rules"]}
    assert "required_linear_history" not in rules
    assert ["merge"] == rules["pull_request"]["allowed_merge_methods"]


async def test_what_a_token_does_not_see_is_not_missing(fresh: Outside) -> None:
    """A release's own token does not see settings of owners, and no request writes them."""
    seen = await found(fresh, fresh.token)

    assert {
        "rules of main": "missing",
        "rules of tags v*": "missing",
        "environment pypi": "cannot be seen",
        "environment release": "cannot be seen",
        "Actions may create pull requests": "cannot be seen",
    } == states(seen)


async def test_refused_setting_does_not_stop_the_others(fresh: Outside) -> None:
    """What GitHub refuses is named with its answer; everything else is written."""
    reader = fresh.tokens.add(
        Token(kind="personal access token", permissions={"metadata": "read", "actions": "read"})
    )
    client = rest(fresh, fresh.owner)
    wanted = settings(WANTED, await hub.look(client))
    refused = await hub.write(rest(fresh, reader), wanted)

    assert [each.finding.subject for each in wanted] == [line.partition(":")[0] for line in refused]
    assert "403" in refused[0]
    assert [] == fresh.github.state.settings.rulesets
