"""Checks in advance whether GitHub's rulesets allow the refs of a release: pure.

    | rule                            | keeps the release from making it                        |
    |---------------------------------|---------------------------------------------------------|
    | creation                        | always                                                  |
    | branch_name_pattern,            | when the short name does not fit                        |
    | tag_name_pattern                |                                                         |
    | required_signatures             | a branch: the release commit is not signed              |
    | commit_message_pattern          | a branch: when the release commit's message does not fit|
    | commit_author_email_pattern,    | a branch: when the release's address does not fit       |
    | committer_email_pattern         |                                                         |
    | required_status_checks,         | a branch, unless creation is excepted: nothing has run  |
    | workflows                       | for a commit that is new                                |
    | all others                      | never: they judge what comes after the creation         |

Rulesets know branches and tags: no rule can be made for the lock's ref. Protection of the older
kind is shown only to administrators, and only for branches that are there.

Sources: GitHub's REST description, schemas `repository-rule` and `repository-ruleset`;
docs.github.com, "Available rules for rulesets", and "Creating rulesets for a repository" for the
patterns, which are those of Ruby's `File.fnmatch` with FNM_PATHNAME.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project.reading import search
from wheelwright.release.decide.stops import Problem, Reason

_HELD: Final = ("never", "pull_requests_only")
_BYPASSES: Final = ("always", "exempt")


@dataclass(frozen=True, slots=True)
class RefToCreate:
    """A ref that is to be made.

    Attributes:
        ref: full name.
        message: of the commit that comes with it; empty for a tag, whose commit is there already.
        email: of author and committer of that commit.
    """

    ref: str
    message: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """The short name."""
        return self.ref.split("/", 2)[2]

    @property
    def is_branch(self) -> bool:
        """Whether it is a branch, which a commit comes with; else it is a tag."""
        return self.ref.startswith("refs/heads/")


def refs_to_create(
    seen: Container[str], branch: str, tag: str, message: str, email: str
) -> tuple[RefToCreate, ...]:
    """Return what of a release is still to be made; `seen` are the refs that are there."""
    tag, branch = f"refs/tags/{tag}", f"refs/heads/{branch}"
    if tag in seen:
        # With a tag the branch was there, and may be deleted after its pull request.
        return ()
    created = RefToCreate(tag)
    return (created,) if branch in seen else (created, RefToCreate(branch, message, email))


def applies(ruleset: Mapping[str, Any], ref: str) -> bool:
    """Whether an active ruleset, as in `GET rulesets/ID`, is about a ref.

    What else it may be conditional on, such as names of repositories, GitHub has judged: it lists
    a repository's rulesets.
    """
    conditions = (ruleset.get("conditions") or {}).get("ref_name") or {}
    included = any(_matches(pattern, ref) for pattern in conditions.get("include", ()))
    excluded = any(_matches(pattern, ref) for pattern in conditions.get("exclude", ()))
    return ruleset.get("enforcement") == "active" and included and not excluded


def objections(rules: Iterable[Mapping[str, Any]], ref_to_create: RefToCreate) -> tuple[str, ...]:
    """Return what each of the rules that forbids it demands, such as "restricts creations"."""
    found = (_demand(rule, ref_to_create) for rule in rules)
    return tuple(dict.fromkeys(demand for demand in found if demand))


def judged(
    ruleset: Mapping[str, Any], demands: Iterable[str], ref_to_create: RefToCreate, *, app: bool
) -> Problem | str:
    """Return the problem when it is certain, else a note; empty for a token that may bypass it.

    Whether "the user making the request" may bypass a ruleset is known of people. An app's token
    has no user behind it (its `permissions` of a repository are all false, whatever it may do),
    and only administrators see who bypasses: so for apps it is a note.
    """
    bypass = ruleset.get("current_user_can_bypass")
    if bypass in _BYPASSES:
        return ""
    source = "" if ruleset.get("source_type") == "Repository" else f" of {ruleset.get('source')}"
    name = f'the ruleset "{ruleset.get("name")}"{source}'
    seen = f"{ref_to_create.ref}: {name} {' and '.join(demands)}"
    if app or bypass not in _HELD:
        return f"{seen}, so --github-token has to be one that bypasses it"
    return Problem(Reason.FORBIDDEN, seen)


def _demand(rule: Mapping[str, Any], ref_to_create: RefToCreate) -> str:
    """Return what a rule demands that the ref does not have; empty where it has nothing against."""
    kind, parameters = rule.get("type"), rule.get("parameters") or {}
    branch = ref_to_create.is_branch
    match kind:
        case "creation":
            return "restricts creations"
        case "branch_name_pattern" | "tag_name_pattern":
            what, text = "names", ref_to_create.name
        case "commit_message_pattern" if branch:
            what, text = "commit messages", ref_to_create.message
        case "commit_author_email_pattern" | "committer_email_pattern" if branch:
            what, text = "addresses of committers", ref_to_create.email
        case "required_signatures" if branch:
            return "requires signed commits"
        case "required_status_checks" | "workflows" if branch:
            excepted = parameters.get("do_not_enforce_on_create")
            return "" if excepted else "requires checks of new branches"
        case _:
            return ""
    wants = "forbids" if parameters.get("negate") else "wants"
    operator = str(parameters.get("operator", "")).replace("_", " ")
    demand = f'{wants} {what}: {operator} "{parameters.get("pattern")}"'
    return "" if _fits(parameters, text) else demand


def _fits(parameters: Mapping[str, Any], text: str) -> bool:
    pattern = str(parameters.get("pattern", ""))
    match parameters.get("operator"):
        case "starts_with":
            found = text.startswith(pattern)
        case "ends_with":
            found = text.endswith(pattern)
        case "contains":
            found = pattern in text
        case "regex":
            try:
                found = search(pattern, text, "a rule") is not None
            except ProjectError:
                # RE2 has syntax that this engine lacks, and no slow patterns.
                return True
        case _:
            return True
    return found is not bool(parameters.get("negate"))


def _matches(pattern: str, ref: str) -> bool:
    """Whether a condition's pattern means a ref; `~DEFAULT_BRANCH` is not made here."""
    if pattern.startswith("~"):
        return pattern == "~ALL"
    try:
        return search(f"(?s)\\A(?:{''.join(_translated(pattern))})\\Z", ref, "a rule") is not None
    except ProjectError:
        # A pattern that is invalid here may mean the ref: then its rules are reported.
        return True


def _translated(pattern: str) -> Iterator[str]:
    tokens = re.compile(r"(\*\*/)+|\*+|\?|\[[!^]?[^]]+\]|\\.|.", re.DOTALL)
    for token in tokens.finditer(pattern):
        text = token[0]
        if text.startswith("**/"):
            yield "(?:[^/]+/)*"
        elif text.startswith("*"):
            yield "[^/]*"
        elif text == "?":
            yield "[^/]"
        elif len(text) > 1 and text.startswith("["):
            negated = text[1] in "!^"
            inner = text[1 + negated : -1].replace("\\", "\\\\")
            yield f"(?!/)[{'^' if negated else ''}{inner}]"
        else:
            yield re.escape(text[1:] if len(text) > 1 else text)
