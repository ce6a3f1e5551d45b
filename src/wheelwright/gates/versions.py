"""Do .python-version, classifiers and requires-python agree?"""

from __future__ import annotations

from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.model import Project
from wheelwright.project.pythons import claimed, drift


def judge(project: Project) -> GateResult:
    """Return every disagreement, each with its file and line."""
    found = drift(project.package, project.text(".python-version"))
    claims = ", ".join(claimed(project.package)) or "none"
    if not found:
        return GateResult("versions", Verdict.PASSED, f"{project.name} claims Python {claims}")
    count = f"{len(found)} disagreement{'' if len(found) == 1 else 's'}"
    return GateResult(
        "versions",
        Verdict.FAILED,
        f"{count} about the Pythons of {project.name}; correct these lines",
        "\n".join(map(str, found)),
    )
