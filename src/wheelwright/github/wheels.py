"""What release.yml has for packages whose wheels are built on other machines: pure.

| repository                       | `edits` and `wheels`            | `build` takes           |
|----------------------------------|---------------------------------|-------------------------|
| one package, nothing compiled    | are not written                 | the request             |
| one compiled package             | run in each release             | their commit and wheels |
| several packages, some compiled  | run if `package` is one of them | theirs, or the request  |

Their commit is pushed before they are built, so the version is decided there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from wheelwright.github.calls import REQUEST
from wheelwright.github.encoding import word
from wheelwright.github.members import Member
from wheelwright.github.template import read
from wheelwright.project.model import Project
from wheelwright.release.decide.wheels import are_built_elsewhere

_PUBLIC: Final = "!github.event.repository.private"
_GIVEN: Final = '--dist "$RUNNER_TEMP/wheels" --source-date-epoch "$EPOCH"'

_NONE: Final = {
    "wheels_jobs": "",
    "given_wheels": "",
    "build_needs": "if: ${{ !inputs.plan-only }}",
    "build_request": "@request@",
    "build_bump": REQUEST["request_bump"],
    "build_version": REQUEST["request_version"],
    "propose_if": "",
    "publish_if": "",
    "attest_if": f"if: ${{{{ {_PUBLIC} }}}}",
}


def values(project: Project, members: Sequence[Member]) -> Mapping[str, str]:
    """Return what the templates have for the wheels of a package, or of any of these members."""
    if members:
        compiled = [each for each in members if each.released and each.compiled]
        return _several(compiled) if compiled else _NONE
    return _one(project) if are_built_elsewhere(project) else _NONE


def _one(project: Project) -> dict[str, str]:
    place = word("the package's directory", project.where) if project.where else ""
    return {
        **_NONE,
        "wheels_jobs": read("release-wheels"),
        "edits_if": "if: ${{ !inputs.plan-only }}",
        "wheels_place": "",
        "wheels_directory": f" {place}" if place else "",
        "given_wheels": read("given-wheels"),
        "given_if": "",
        "build_needs": "needs: [edits, wheels]",
        "build_request": read("request-wheels"),
        "build_bump": _GIVEN,
        "build_version": '--version "$VERSION" ${LOWER:+--allow-lower} '
        '${NOTES:+--notes "$RUNNER_TEMP/notes.md"}',
    }


def _several(compiled: Sequence[Member]) -> dict[str, str]:
    listed = json.dumps([word("the package's name", each.name) for each in compiled])
    requested = f"contains(fromJSON('{listed}'), inputs.package)"
    cases = [
        f"  {each.name}) DIRECTORY={word('the directory', each.where or '.')} ;;"
        for each in compiled
    ]
    return {
        **_NONE,
        "wheels_jobs": read("release-wheels"),
        "edits_if": f"if: ${{{{ !inputs.plan-only && {requested} }}}}",
        "wheels_place": "\n".join(['case "$PACKAGE" in', *cases, "esac"]),
        "wheels_directory": ' "$DIRECTORY"',
        "given_wheels": read("given-wheels"),
        "given_if": "if: ${{ needs.edits.outputs.commit }}",
        # GitHub skips each job behind one that was skipped, unless the job says otherwise.
        "build_needs": "needs: [edits, wheels]\n"
        "if: ${{ !inputs.plan-only && !failure() && !cancelled() }}",
        "build_request": read("request-wheels-or"),
        "build_bump": f"${{EPOCH:+{_GIVEN}}} {REQUEST['request_bump']}",
        "propose_if": _after("build"),
        "publish_if": _after("propose"),
        "attest_if": _after("publish", f"{_PUBLIC} && "),
    }


def _after(job: str, also: str = "") -> str:
    return f"if: ${{{{ {also}!cancelled() && needs.{job}.result == 'success' }}}}"
