"""Steps and jobs that are written only where [tool.wheelwright.github] requests them: pure."""

from __future__ import annotations

from typing import Final

from wheelwright.github.options import Choices
from wheelwright.github.template import read
from wheelwright.pins import ACTIONS

# A push to the default branch: what is red in a pull request, its author sees.
_ON_BRANCH: Final = "${{ failure() && github.ref_name == github.event.repository.default_branch }}"
_FAILED: Final = "${{ failure() }}"


def values(choices: Choices) -> dict[str, str]:
    """Return what the templates have for the requested parts; empty where none is requested."""
    netrc = f"NETRC: ${{{{ secrets.{choices.netrc} }}}}" if choices.netrc else ""
    cache = str(ACTIONS["cache"])
    return {
        "netrc_env": f"env:\n  {netrc}" if netrc else "",
        "netrc_line": netrc,
        "security_job": read("security-job") if choices.sarif else "",
        "codecov_secret": choices.codecov,
        "notify_secret": choices.notify,
        "notify_job": "",
        "codecov": "",
        "history": "",
        "use_cache_restore": cache.replace("@", "/restore@", 1),
        "use_cache_save": cache.replace("@", "/save@", 1),
        **_shared(choices),
    }


def of_matrix(choices: Choices) -> dict[str, str]:
    """Return what follows the matrix of ci.yml: one upload, and one line of history for each."""
    return {
        "codecov": read("codecov") if choices.codecov else "",
        "history": read("history") if choices.history else "",
        "matrix_args": " --coverage" if choices.codecov else "",
    }


def notify(choices: Choices, jobs: str, *, on_branch: bool = False) -> dict[str, str]:
    """Return the job that sends a message when one of these jobs failed."""
    if not choices.notify:
        return {"notify_job": ""}
    return {
        "notify_job": read("notify-job"),
        "notify_needs": jobs,
        "notify_if": _ON_BRANCH if on_branch else _FAILED,
    }


def _shared(choices: Choices) -> dict[str, str]:
    """Return how a workflow that others call gets its secrets: each by its name."""
    secrets = [name for name in (choices.netrc, choices.codecov) if name]
    if not secrets:
        return {"called_secrets": "", "caller_secrets": ""}
    declared = "".join(f"  {name}:\n    required: false\n" for name in secrets)
    given = "".join(f"  {name}: ${{{{ secrets.{name} }}}}\n" for name in secrets)
    return {"called_secrets": f"secrets:\n{declared}", "caller_secrets": f"secrets:\n{given}"}
