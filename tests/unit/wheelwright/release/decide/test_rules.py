"""What rulesets forbid of a release's refs, and how certain that is."""

from typing import Any

import pytest

from wheelwright.release.decide import rules
from wheelwright.release.decide.rules import RefToCreate
from wheelwright.release.decide.stops import Problem, Reason

TAG = RefToCreate("refs/tags/v1.2.4")
BRANCH = RefToCreate(
    "refs/heads/release/v1.2.4", "Release demo 1.2.4\n\nTrailer: x\n", "w@example.org"
)


def pattern(kind: str, operator: str, text: str, *, negate: bool = False) -> dict[str, Any]:
    """Return a rule about a text."""
    return {
        "type": kind,
        "parameters": {"operator": operator, "pattern": text, "negate": negate},
    }


def checks(kind: str, *, excepted: bool) -> dict[str, Any]:
    """Return a rule that wants something to run."""
    return {"type": kind, "parameters": {"do_not_enforce_on_create": excepted}}


@pytest.mark.parametrize(
    ("rule", "branch", "tag"),
    [
        ({"type": "creation"}, "restricts creations", "restricts creations"),
        ({"type": "required_signatures"}, "requires signed commits", ""),
        # They judge what comes after the creation.
        ({"type": "update"}, "", ""),
        ({"type": "deletion"}, "", ""),
        ({"type": "non_fast_forward"}, "", ""),
        ({"type": "pull_request", "parameters": {}}, "", ""),
        ({"type": "of a later year"}, "", ""),
        (pattern("branch_name_pattern", "starts_with", "release/"), "", None),
        (
            pattern("branch_name_pattern", "starts_with", "feat/"),
            'wants names: starts with "feat/"',
            None,
        ),
        (pattern("tag_name_pattern", "regex", r"^v\d+\.\d+\.\d+$"), None, ""),
        (
            pattern("tag_name_pattern", "regex", r"^\d"),
            None,
            r'wants names: regex "^\d"',
        ),
        (
            pattern("tag_name_pattern", "contains", "v1", negate=True),
            None,
            'forbids names: contains "v1"',
        ),
        # A word of RE2 that Python's engine does not know.
        (pattern("tag_name_pattern", "regex", r"^v\pN"), None, ""),
        (pattern("tag_name_pattern", "of a later year", "x"), None, ""),
        (
            pattern("commit_message_pattern", "regex", "^(feat|fix): "),
            'wants commit messages: regex "^(feat|fix): "',
            "",
        ),
        (pattern("commit_message_pattern", "starts_with", "Release "), "", ""),
        (
            pattern("committer_email_pattern", "ends_with", "@corp.example"),
            'wants addresses of committers: ends with "@corp.example"',
            "",
        ),
        (pattern("commit_author_email_pattern", "ends_with", "@example.org"), "", ""),
        (
            checks("required_status_checks", excepted=False),
            "requires checks of new branches",
            "",
        ),
        (checks("required_status_checks", excepted=True), "", ""),
        (checks("workflows", excepted=False), "requires checks of new branches", ""),
    ],
)
def test_rules_about_creation_are_told_from_all_others(
    rule: dict[str, Any], branch: str | None, tag: str | None
) -> None:
    """Each rule forbids a branch, a tag, both or none; None: it cannot be made for that kind."""
    for making, demand in ((BRANCH, branch), (TAG, tag)):
        if demand is not None:
            assert ((demand,) if demand else ()) == rules.objections([rule, rule], making)


@pytest.mark.parametrize(
    ("include", "exclude", "applies"),
    [
        (["~ALL"], [], True),
        (["~DEFAULT_BRANCH"], [], False),
        (["refs/tags/v1.2.4"], [], True),
        (["refs/tags/v*"], [], True),
        (["refs/tags/V*"], [], False),
        (["refs/tags/w*", "refs/tags/v?.*"], [], True),
        (["refs/tags/*"], ["refs/tags/v1.*"], False),
        (["refs/*"], [], False),
        (["refs/**/*"], [], True),
        (["**/v*"], [], True),
        (["refs/tags/**/v*"], [], True),
        (["refs/tags/v[0-9].[!0].[^0]"], [], True),
        (["refs/tags/v[!1]*"], [], False),
        ([r"refs/tags/\v1.2.4"], [], True),
        (["refs/tags/v1x2x4"], [], False),
        ([], [], False),
    ],
)
def test_patterns_are_those_of_fnmatch_with_paths(
    include: list[str], exclude: list[str], applies: bool
) -> None:
    """A star stays within one part of the name; an exclusion beats an inclusion."""
    conditions = {"ref_name": {"include": include, "exclude": exclude}}
    ruleset = {"enforcement": "active", "conditions": conditions}
    assert applies is rules.applies(ruleset, TAG.ref)
    assert not rules.applies({**ruleset, "enforcement": "evaluate"}, TAG.ref)
    assert not rules.applies({**ruleset, "enforcement": "disabled"}, TAG.ref)


def test_ruleset_without_conditions_is_about_nothing_that_is_known() -> None:
    """Where GitHub tells no conditions, nothing is certain."""
    assert not rules.applies({"enforcement": "active", "conditions": None}, TAG.ref)


@pytest.mark.parametrize(
    ("bypass", "app", "kind"),
    [
        ("never", False, Problem),
        ("pull_requests_only", False, Problem),
        ("always", False, None),
        ("exempt", False, None),
        (None, False, str),
        # Nobody is behind an app's token, so "never" says nothing of it.
        ("never", True, str),
        ("always", True, None),
    ],
)
def test_certain_refusal_is_a_problem_and_a_possible_one_a_note(
    bypass: str | None, app: bool, kind: type | None
) -> None:
    """Who may bypass a ruleset hears nothing; of whom that is unknown, it is told."""
    ruleset = {"name": "tags", "source_type": "Organization", "source": "octo"}
    if bypass:
        ruleset["current_user_can_bypass"] = bypass
    found = rules.judged(ruleset, ("restricts creations", "wants x"), TAG, app=app)
    said = 'refs/tags/v1.2.4: the ruleset "tags" of octo restricts creations and wants x'
    if kind is None:
        assert "" == found
    elif kind is str:
        assert f"{said}, so --github-token has to be one that bypasses it" == found
    else:
        assert Problem(Reason.FORBIDDEN, said) == found
