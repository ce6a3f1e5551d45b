"""The matrix on one machine, or on one for each part of it: pure.

`jobs = "cells"` writes three kinds of jobs in place of one. The first prints the plan, one job runs
each part and keeps its files, and the last makes one matrix of them:

    plan  >  parts (3.11, 3.12, ...)  >  matrix

A part is a cell, or one of `shards`. The last job has the name and the steps of the only one that
there is otherwise, so that nothing else of a workflow differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wheelwright.github.encoding import word
from wheelwright.github.options import Choices
from wheelwright.github.template import read
from wheelwright.project.github_settings import SHARDS_MAX

_COMBINE: Final = '@call_matrix_combine@ --parts "$RUNNER_TEMP/parts"'

# The store of a part has one environment; all parts together share a repository's 10 GB.
_KEPT: Final = {"2GB": "500MB"}


def values(choices: Choices, engine: str) -> dict[str, str]:
    """Return what the templates have for the jobs of the matrix; `engine` is the command's name."""
    common = {"matrix_name": "matrix", "matrix_minutes": "60", "keep_matrix": "@keep@"}
    if not choices.in_parts:
        return {**common, "matrix_jobs": read("matrix-job"), "history_directory": _history(choices)}
    names = [word("the package's name", each.name) for each in choices.members]
    suffix = "-${{ matrix.package }}" if names else ""
    # In no name of a package, so that no pattern has the parts of another one.
    between = "+${{ matrix.package }}+" if names else "-"
    own = f"{suffix}-${{{{ strategy.job-index }}}}"
    shards = f'{choices.shards} "${{history[@]}}"' if choices.shards else str(SHARDS_MAX)
    restore = read(f"restore-{engine}").replace("@cache_suffix@", own)
    kept = read(f"keep-{engine}")
    for usual, less in _KEPT.items():
        kept = kept.replace(usual, less)
    return {
        **common,
        "matrix_jobs": read("matrix-parts"),
        "matrix_steps": combined(read("matrix-steps")),
        "history_directory": _history(choices),
        "prepare_part": f"@checkout@\n@install@\n{restore}",
        "keep_part": kept,
        "part_name": f"matrix-part{between}${{{{ strategy.job-index }}}}",
        "part_pattern": f"matrix-part{between}*",
        "durations": _durations(names) if choices.shards else "",
        "plan_script": read("plan-packages" if names else "plan-cells"),
        "known_durations": read("known-durations") if choices.shards else "",
        "shards": shards,
        "package_names": " ".join(names),
    }


def combined(text: str) -> str:
    """Return steps that read the matrix of all parts, in place of one that ran here."""
    return text.replace("@call_matrix@@matrix_args@", f"{_COMBINE} check").replace(
        "@call_matrix_run@@matrix_args@", f"{_COMBINE}"
    )


def of_matrix(choices: Choices, steps: Mapping[str, str]) -> dict[str, str]:
    """Return the steps behind a matrix, for the one of all parts where it has parts."""
    if not choices.in_parts:
        return dict(steps)
    return {name: text if name == "matrix_args" else combined(text) for name, text in steps.items()}


def needed(choices: Choices) -> tuple[str, ...]:
    """Return the jobs of the matrix; the last one is skipped where a run is cancelled before it."""
    return ("plan", "parts", "matrix") if choices.in_parts else ("matrix",)


def _history(choices: Choices) -> str:
    return "history-$PACKAGE" if choices.members else "history"


def _durations(names: list[str]) -> str:
    """Return the steps that restore what cells took before: one for each package."""
    steps = read("durations")
    if not names:
        return steps.replace("@of_package@", "").replace("@history_of@", "history")
    return "".join(
        steps.replace("@of_package@", f" of {name}").replace("@history_of@", f"history-{name}")
        for name in names
    )
