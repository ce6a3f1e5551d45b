"""pip-audit over all that is locked: known vulnerabilities of exactly what the locks install.

A result is only valid today, and complete: the step is never cached, and a package that could not
be looked up fails the gate instead of passing unnoticed. What is on no index is named.

Not `uv audit`: it reads uv.lock alone, asks no other service than OSV's, and is experimental.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.container.output import broken
from wheelwright.environment import audited
from wheelwright.environment.audited import Audited
from wheelwright.environment.tools import tool
from wheelwright.errors import ToolFailed
from wheelwright.gates.gate import GatePlan, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.gates.table import counted
from wheelwright.project.arguments import argument
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data
from wheelwright.project.untrusted import not_trusted, trust, untrusted

LOCKED: Final = "/opt/wheelwright/locked-{}.txt"


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One advisory about one locked package."""

    package: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]
    description: str

    def __str__(self) -> str:
        fix = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fixed version"
        return f"{self.package} {self.version}: {self.advisory} ({fix}): {self.description}"


@dataclass(frozen=True, slots=True)
class Audit:
    """pip-audit over the locks. Packages that could not be looked up are listed in any case."""

    name: str = "audit"
    function: str = "audit"
    help: str = (
        "Look up known vulnerabilities of everything that is locked with pip-audit, never cached."
    )
    in_ci: bool = False
    allow_unknown: bool = argument(
        "Pass although packages, such as those of a private index, are unknown.", False
    )
    osv_url: str = argument(
        "A service that speaks OSV's API, instead of the package index's own.", ""
    )

    def configured(self, project: Project) -> str:
        """Return why there is nothing to audit; empty where something is pinned.

        Raises:
            ProjectError: a lock is broken.
        """
        if audited.find(project).places:
            return ""
        *names, last = audited.LOCKS
        wanted = f"no {', '.join(names)} or {last}, and no requirements file with `==`"
        return f"not configured: {project.name} has {wanted} (`uv lock` makes a lock)"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return a command for each set of packages that has one version of each."""
        service = ("--vulnerability-service=osv", f"--osv-url={self.osv_url}")
        quiet = ("--disable-pip", "--progress-spinner=off", "--format=json", "--desc=on")
        return tuple(
            Step(
                "pip-audit" if number == 1 else f"pip-audit ({number})",
                (
                    *("pip-audit", f"--requirement={LOCKED.format(number)}", "--no-deps", *quiet),
                    *(service if self.osv_url else ()),
                ),
                # The list has all that it needs.
                tree=Tree.DECIDING,
                tool=tool(project, "pip-audit", python),
                files={LOCKED.format(number): text},
                fresh=True,
            )
            for number, text in enumerate(audited.find(project).rounds(), 1)
        )

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn pip-audit's reports into the gate's result.

        A package that could not be looked up fails the gate unless `allow_unknown`; it is listed
        in any case. One that no index has fails nothing.

        Raises:
            ToolFailed: there is no report: the service cannot be reached, or pip-audit broke.
        """
        wanted = audited.find(project)
        found: list[Vulnerability] = []
        skipped: list[str] = []
        total = 0
        for output in ran:
            number, vulnerabilities, unknown = _read(output)
            total += number
            found += vulnerabilities
            skipped += unknown
        parts = []
        if found:
            parts.append(f"{len(found)} known vulnerabilit{'y' if len(found) == 1 else 'ies'}")
        silent = len(skipped) == total > 1
        if silent:
            parts.append(f"the service has no advisories for any of {total} packages")
            skipped = ["--osv-url names a service that has them"]
        elif skipped:
            parts.append(f"{counted(len(skipped), 'package')} could not be looked up")
        parts = parts or ["no known vulnerabilities"]
        failed = found or (skipped and not self.allow_unknown)
        known = 0 if silent else total - len(skipped)
        return GateResult(
            self.name,
            Verdict.FAILED if failed else Verdict.PASSED,
            "; ".join([", ".join(parts), *_scope(wanted, known, ran)]),
            "\n".join([*map(str, found), *skipped]),
        )


def _scope(wanted: Audited, known: int, ran: Sequence[Ran]) -> list[str]:
    """Return what was looked up and what was not, for the note."""
    parts = [f"{counted(known, 'package')} of {', '.join(wanted.places)} looked up"]
    if wanted.apart:
        parts.append(f"not on an index, left out: {', '.join(wanted.apart)}")
    if wanted.loose:
        parts.append(f"{counted(wanted.loose, 'requirement')} without `==` left out")
    return [*parts, *sorted({output.tool for output in ran})]


def _read(output: Ran) -> tuple[int, list[Vulnerability], list[str]]:
    """Return how many packages a report has, its findings, and what could not be looked up."""
    try:
        reported = json_data(output.stdout)["dependencies"]
        found, skipped = _vulnerabilities(reported), _skipped(reported)
    except (ValueError, KeyError, TypeError, AttributeError):
        if address := untrusted(output.stderr):
            raise ToolFailed(not_trusted(address), trust()) from None
        errors = output.stderr.strip().splitlines() or [f"exit code {output.exit_code}"]
        raise ToolFailed(
            f"the locked packages could not be audited, nothing is known about them: {errors[-1]}",
            "check the network, and run it again",
        ) from None
    if output.exit_code != 0 and not found and not skipped:
        raise broken("pip-audit", output)
    return len(reported), found, skipped


def _vulnerabilities(reported: list[dict[str, Any]]) -> list[Vulnerability]:
    return [
        Vulnerability(
            package=each["name"],
            version=each["version"],
            advisory=advisory["id"],
            fixed_in=tuple(advisory["fix_versions"]),
            description=" ".join(advisory.get("description", "").split())[:200],
        )
        for each in reported
        for advisory in each.get("vulns", ())
    ]


def _skipped(reported: list[dict[str, Any]]) -> list[str]:
    return [f"{each['name']}: {each['skip_reason']}" for each in reported if "skip_reason" in each]
