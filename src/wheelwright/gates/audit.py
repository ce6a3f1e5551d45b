"""pip-audit over the locked set: known vulnerabilities of exactly what the lock installs.

A result is only valid today, and complete: the step is never cached, and a package that could not
be looked up fails the gate instead of passing unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.container.output import broken
from wheelwright.environment.tools import tool
from wheelwright.errors import ToolFailed
from wheelwright.gates.gate import GatePlan, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.arguments import argument
from wheelwright.project.model import Project
from wheelwright.project.reading import json_data

LOCKED: Final = "/opt/wheelwright/locked.txt"
# pip-audit brings certificates of its own; a company's are in the system's.
_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"


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
    """pip-audit over uv.lock. Packages that could not be looked up are listed in any case."""

    name: str = "audit"
    function: str = "audit"
    help: str = (
        "Look up known vulnerabilities of everything in uv.lock with pip-audit, never cached."
    )
    in_ci: bool = False
    allow_unknown: bool = argument(
        "Pass although packages, such as those of a private index, are unknown.", False
    )
    osv_url: str = argument(
        "A service that speaks OSV's API, instead of the package index's own.", ""
    )

    def configured(self, project: Project) -> str:
        """Return why there is nothing to audit; empty where there is a lock."""
        if project.lock is not None:
            return ""
        return f"not configured: {project.name} has no uv.lock to audit (`uv lock` makes one)"

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return the command, after the one that writes all that the lock may install."""
        everything = ("--all-packages", "--all-groups", "--all-extras", "--no-emit-local")
        export = ("uv", "export", "--frozen", "--quiet", *everything, f"--output-file={LOCKED}")
        service = ("--vulnerability-service=osv", f"--osv-url={self.osv_url}")
        quiet = ("--disable-pip", "--progress-spinner=off", "--format=json", "--desc=on")
        return (
            Step(
                "pip-audit",
                (
                    *("pip-audit", f"--requirement={LOCKED}", *quiet),
                    *(service if self.osv_url else ()),
                ),
                tree=Tree.DECIDING,
                tool=tool(project, "pip-audit", python),
                before=(export,),
                variables={"REQUESTS_CA_BUNDLE": _CERTIFICATES},
                fresh=True,
            ),
        )

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Turn pip-audit's report into the gate's result.

        A package that could not be looked up fails the gate unless `allow_unknown`; it is listed
        in any case.

        Raises:
            ToolFailed: there is no report: the service cannot be reached, or pip-audit broke.
        """
        (output,) = ran
        try:
            audited = json_data(output.stdout)["dependencies"]
            found, skipped = _vulnerabilities(audited), _skipped(audited)
        except (ValueError, KeyError, TypeError, AttributeError):
            errors = output.stderr.strip().splitlines() or [f"exit code {output.exit_code}"]
            raise ToolFailed(
                "the locked packages could not be audited, nothing is known about them: "
                f"{errors[-1]}",
                "check the network, and run it again",
            ) from None
        if output.exit_code != 0 and not found and not skipped:
            raise broken("pip-audit", output)
        scope = f"{len(audited) - len(skipped)} locked packages looked up; {output.tool}"
        parts = []
        if found:
            parts.append(f"{len(found)} known vulnerabilit{'y' if len(found) == 1 else 'ies'}")
        if skipped:
            parts.append(f"{len(skipped)} packages could not be looked up")
        return GateResult(
            self.name,
            Verdict.FAILED if found or (skipped and not self.allow_unknown) else Verdict.PASSED,
            f"{', '.join(parts) or 'no known vulnerabilities'}; {scope}",
            "\n".join([*map(str, found), *skipped]),
        )


def _vulnerabilities(audited: list[dict[str, Any]]) -> list[Vulnerability]:
    return [
        Vulnerability(
            package=each["name"],
            version=each["version"],
            advisory=advisory["id"],
            fixed_in=tuple(advisory["fix_versions"]),
            description=" ".join(advisory.get("description", "").split())[:200],
        )
        for each in audited
        for advisory in each.get("vulns", ())
    ]


def _skipped(audited: list[dict[str, Any]]) -> list[str]:
    return [f"{each['name']}: {each['skip_reason']}" for each in audited if "skip_reason" in each]
