"""`jobs = "cells"`: a job that plans, one for each part of the matrix, and one that judges them."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.unit.wheelwright.github.test_plan import (
    CELLS,
    CI,
    EVERYTHING,
    REMOTE,
    WORKSPACE,
    installed,
    parsed,
    plan,
    scripts_of,
)
from wheelwright.github.calls import Engine
from wheelwright.github.options import Choices

NIGHTLY = ".github/workflows/nightly.yml"


def jobs_of(choices: Choices, path: str = CI, engine: Engine = Engine.DAGGER) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    found: dict[str, Any] = parsed(plan(choices=choices, engine=engine)[path])["jobs"]
    return found


def step(job: Any, name: str) -> Any:
    """Return a step of a job by its name."""
    return next(each for each in job["steps"] if each["name"] == name)


def test_one_job_is_the_default() -> None:
    """Without the choice nothing of it is written."""
    jobs = jobs_of(Choices())
    assert {"gates", "matrix", "native", "passed"} == {*jobs}
    assert "combine" not in str(jobs)


@pytest.mark.parametrize("path", [CI, NIGHTLY])
@pytest.mark.parametrize("engine", Engine)
def test_parts_follow_the_plan_and_the_matrix_follows_them(path: str, engine: Engine) -> None:
    """Each job waits for the one before; the last runs also when a part failed."""
    jobs = jobs_of(CELLS, path, engine)
    assert [None, "plan", ["plan", "parts"]] == [
        jobs[name].get("needs") for name in ("plan", "parts", "matrix")
    ]
    assert "${{ fromJSON(needs.plan.outputs.cells) }}" == jobs["parts"]["strategy"]["matrix"]
    assert jobs["parts"]["strategy"]["fail-fast"] is False
    assert "${{ !cancelled() && needs.plan.result == 'success' }}" == jobs["matrix"]["if"]
    assert all({"contents": "read"} == jobs[name]["permissions"] for name in ("plan", "parts"))


def test_required_check_waits_for_every_job_of_the_matrix() -> None:
    """A run that is cancelled before its last job has a cancelled part, and does not pass."""
    needs = ["gates", "plan", "parts", "matrix", "native"]
    assert needs == jobs_of(CELLS)["passed"]["needs"]
    told = jobs_of(replace(CELLS, notify="HOOK"), NIGHTLY)["notify"]
    assert ["plan", "parts", "matrix"] == told["needs"]


def test_cell_is_a_variable_of_its_step() -> None:
    """What the plan printed reaches the shell as a value, and never as text of a script."""
    parts = jobs_of(CELLS)["parts"]
    assert {"CELL": "${{ matrix.cell }}"} == step(parts, "Cells")["env"]
    assert '--cell "$CELL" reports -o' in step(parts, "Cells")["run"]
    assert not any("${{" in script for script in scripts_of(parts))


@pytest.mark.parametrize(
    ("choices", "name", "pattern"),
    [
        (CELLS, "matrix-part-{index}", "matrix-part-*"),
        (
            replace(WORKSPACE, jobs="cells"),
            "matrix-part+{package}+{index}",
            "matrix-part+{package}+*",
        ),
    ],
)
def test_parts_are_downloaded_by_the_name_they_have(
    choices: Choices, name: str, pattern: str
) -> None:
    """The pattern of the last job has all parts, and in a workspace those of one package."""

    def value(text: str, package: str = "kiln", index: int = 3) -> str:
        text = text.replace("${{ matrix.package }}", package)
        return text.replace("${{ strategy.job-index }}", str(index))

    jobs = jobs_of(choices)
    upload, download = (
        step(jobs["parts"], "Keep the part"),
        step(jobs["matrix"], "Download the parts"),
    )
    kept, wanted = upload["with"]["name"], download["with"]["pattern"]
    assert name.format(package="kiln", index=3) == value(kept)
    assert pattern.format(package="kiln") == value(wanted)
    assert fnmatchcase(value(kept), value(wanted))
    if choices.members:
        assert not fnmatchcase(value(kept, "kiln-extra"), value(wanted))
        assert not fnmatchcase(value(kept, "extra-kiln"), value(wanted))
    assert upload["with"]["overwrite"] is True


def test_every_call_behind_the_parts_reads_all_of_them() -> None:
    """No step of the last job runs a matrix again; what is sent and kept is of all parts."""
    scripts = scripts_of(jobs_of(replace(EVERYTHING, jobs="cells", shards=3))["matrix"])
    calls = [script for script in scripts if "call" in script and "matrix" in script]
    run = [each for each in calls if "How to run" not in each and "printf" not in each]
    assert 6 == len(run)
    assert all('matrix-combine --parts "$RUNNER_TEMP/parts"' in each for each in run)
    # Coverage is measured where the tests run.
    assert not any("--coverage" in each for each in run)


def test_nightly_names_its_cells_alike_in_every_job() -> None:
    """Plan and parts have the same resolutions, which the parts hand on; nothing is restored."""
    jobs = jobs_of(CELLS, NIGHTLY)
    for name, title in (("plan", "Plan"), ("parts", "Cells")):
        assert "--resolution locked,lowest-direct,highest" in step(jobs[name], title)["run"]
    assert "every resolution" == jobs["matrix"]["name"]
    assert not any("cache" in each.get("uses", "") for each in jobs["parts"]["steps"])


@pytest.mark.parametrize(("shards", "count"), [(0, "256"), (4, '4 "${history[@]}"')])
def test_plan_cuts_by_the_history(shards: int, count: str) -> None:
    """With shards the durations of earlier runs are restored; a job for each cell needs none."""
    job = jobs_of(replace(CELLS, shards=shards))["plan"]
    assert f"--format github --shards {count}" in step(job, "Plan")["run"]
    assert bool(shards) == any(each["name"] == "Restore the history" for each in job["steps"])


def test_history_of_each_package_is_restored_where_it_was_kept() -> None:
    """The runner's cache finds a file by its path, too, so no package gets another one's."""
    choices = replace(WORKSPACE, jobs="cells", shards=2)
    jobs = parsed(plan(said=installed("wheelwright"), choices=choices)[CI])["jobs"]
    restored = [
        each["with"]["path"]
        for each in jobs["plan"]["steps"]
        if each["name"].startswith("Restore the history")
    ]
    names = [each.name for each in WORKSPACE.members]
    assert [f"${{{{ runner.temp }}}}/history-{name}" for name in names] == restored
    kept = step(jobs["matrix"], "Keep the history")["with"]["path"]
    assert "${{ runner.temp }}/history-${{ matrix.package }}" == kept
    assert (
        '"$RUNNER_TEMP/history-$PACKAGE'
        in step(jobs["matrix"], "Add this run to the history")["run"]
    )


def test_called_workflow_names_the_module_in_every_job() -> None:
    """Where others call it, the plan and the cells of other systems need its variable, too."""
    choices = replace(WORKSPACE, jobs="cells", reusable=True)
    files = plan(said=None, module=REMOTE, choices=choices)
    jobs = parsed(files[".github/workflows/wheelwright.yml"])["jobs"]
    for name, job in jobs.items():
        if any('"$MODULE"' in script for script in scripts_of(job)):
            assert "${{ inputs.module }}" == job["env"]["MODULE"], name


def test_result_of_a_part_is_that_of_its_cells() -> None:
    """The call returns files, whatever came of the cells: a step of its own fails the job."""
    parts = jobs_of(CELLS)["parts"]
    names = [each["name"] for each in parts["steps"]]
    assert names.index("Keep the part") < names.index("Result")
    assert '.verdict != "failed"' in step(parts, "Result")["run"]


def test_line_that_runs_a_part_again_has_its_cells() -> None:
    """It stands at the end of the part's summary, for both engines."""
    again = step(jobs_of(CELLS)["parts"], "How to run it again")
    assert "dagger call matrix --cell $CELL" in again["run"]
    assert {"CELL": "${{ matrix.cell }}"} == again["env"]
