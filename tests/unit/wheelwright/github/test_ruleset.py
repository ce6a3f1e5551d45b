"""The rules of the branch and of tags, as GitHub imports them."""

import json
from typing import Any

import pytest

from wheelwright.errors import RequestError
from wheelwright.github.plan import CHECK
from wheelwright.github.ruleset import Options, branch, tags, text

RULES = {"checks": [CHECK], "approvals": 0, "linear": True}


def rule(ruleset: dict[str, object], kind: str) -> dict[str, object]:
    """Return the one rule of a kind."""
    rules = ruleset["rules"]
    assert isinstance(rules, list)
    (found,) = (each for each in rules if each["type"] == kind)
    assert isinstance(found, dict)
    return found


def made(**changed: Any) -> dict[str, Any]:
    """Return the branch's ruleset with some arguments changed."""
    return branch(Options(**{**RULES, **changed}))


def test_branch_is_reached_by_pull_request_alone() -> None:
    """The default branch takes pull requests with green checks; no force push, no deletion."""
    ruleset = made()

    kinds = {each["type"] for each in ruleset["rules"]}
    assert {
        "deletion",
        "non_fast_forward",
        "required_linear_history",
        "pull_request",
        "required_status_checks",
    } == kinds
    assert {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}} == ruleset["conditions"]
    assert "active" == ruleset["enforcement"]


def test_nobody_bypasses_unless_named() -> None:
    """Without --bypass the list is empty, so the rules hold for administrators."""
    assert [] == made()["bypass_actors"]
    assert [] == tags(bypass=[])["bypass_actors"]


def test_named_actors_bypass() -> None:
    """A role, an app and a team become GitHub's actors."""
    actors = made(bypass=["admin", "app:12", "team:7"])["bypass_actors"]

    assert [
        {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": 12, "actor_type": "Integration", "bypass_mode": "always"},
        {"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"},
    ] == actors


def test_unknown_actor_is_refused() -> None:
    """A word that names nobody is answered with those that do."""
    with pytest.raises(
        RequestError, match=r'unknown --bypass actor "owner".*admin, app:ID, team:ID'
    ):
        made(bypass=["owner"])


def test_checks_are_those_of_the_workflows() -> None:
    """The named checks count only where GitHub's own runner reports them."""
    parameters = rule(made(checks=[CHECK, "docs"]), "required_status_checks")["parameters"]
    assert isinstance(parameters, dict)

    assert [
        {"context": "ci passed", "integration_id": 15368},
        {"context": "docs", "integration_id": 15368},
    ] == parameters["required_status_checks"]


@pytest.mark.parametrize("checks", [[], [""]])
def test_ruleset_without_a_check_is_refused(checks: list[str]) -> None:
    """A ruleset that requires nothing is not made."""
    with pytest.raises(RequestError, match="protects nothing"):
        made(checks=checks)


@pytest.mark.parametrize(
    ("linear", "methods"), [(True, ["squash", "rebase"]), (False, ["merge", "squash", "rebase"])]
)
def test_linear_history_forbids_merge_commits(linear: bool, methods: list[str]) -> None:
    """With a linear history there is no button that GitHub would then refuse."""
    ruleset = made(linear=linear)
    parameters = rule(ruleset, "pull_request")["parameters"]
    assert isinstance(parameters, dict)

    assert methods == parameters["allowed_merge_methods"]
    assert linear is ("required_linear_history" in json.dumps(ruleset))


@pytest.mark.parametrize(("approvals", "last"), [(0, False), (2, True)])
def test_approvals_are_required_of_others(approvals: int, last: bool) -> None:
    """With approvals, the one who pushed last is not the one who approves."""
    parameters = rule(made(approvals=approvals), "pull_request")["parameters"]
    assert isinstance(parameters, dict)

    assert approvals == parameters["required_approving_review_count"]
    assert last is parameters["require_last_push_approval"]


@pytest.mark.parametrize("approvals", [-1, 11])
def test_approvals_out_of_range_are_refused(approvals: int) -> None:
    """GitHub takes none to ten."""
    with pytest.raises(RequestError, match=f"invalid --approvals {approvals};"):
        made(approvals=approvals)


def test_release_tags_are_made_once() -> None:
    """A tag v* is made by those who bypass, and neither moved nor removed by anybody else."""
    ruleset = tags(bypass=[])

    assert {"creation", "deletion", "non_fast_forward", "update"} == {
        r["type"] for r in ruleset["rules"]
    }
    assert "tag" == ruleset["target"]
    assert ["refs/tags/v*"] == ruleset["conditions"]["ref_name"]["include"]


def test_release_tags_of_another_form() -> None:
    """The tags that are protected are those of the package's form."""
    ruleset = tags(bypass=[], pattern="teasel==[0-9]*")
    assert ["refs/tags/teasel==[0-9]*"] == ruleset["conditions"]["ref_name"]["include"]


def test_file_is_json() -> None:
    """The text is the ruleset, and ends as a file should."""
    ruleset = made()

    assert ruleset == json.loads(text(ruleset))
    assert text(ruleset).endswith("}\n")


def test_tags_of_several_packages_are_in_one_ruleset() -> None:
    """Each package of a workspace has tags of its own."""
    made = tags(bypass=["admin"], pattern=("kiln-v[0-9]*", "lathe-v[0-9]*"))

    assert ["refs/tags/kiln-v[0-9]*", "refs/tags/lathe-v[0-9]*"] == (
        made["conditions"]["ref_name"]["include"]
    )
