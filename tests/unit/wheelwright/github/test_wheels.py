"""release.yml of several packages, of which some have wheels that other machines build."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from wheelwright.github.members import Member
from wheelwright.release.decide.tags import Form

from .test_plan import MEMBERS, RELEASE, WORKSPACE, installed, parsed, plan, runs


def test_compiled_package_of_several_has_its_wheels_built_where_it_is_released() -> None:
    """The others are built at once: a job behind one that was skipped runs all the same."""
    compiled = Member("lathe", Form("lathe-v"), compiled=True, where="crates/lathe")
    choices = replace(WORKSPACE, members=(Member("kiln", Form("kiln-v")), compiled))
    jobs = parsed(plan(said=installed("wheelwright"), choices=choices)[RELEASE])["jobs"]
    conditions = {name: job.get("if", "") for name, job in jobs.items()}
    build = jobs["build"]["steps"]

    assert "contains(fromJSON('[\"lathe\"]'), inputs.package)" in conditions["edits"]
    assert ["edits", "wheels"] == jobs["build"]["needs"]
    assert "${{ !inputs.plan-only && !failure() && !cancelled() }}" == conditions["build"]
    for name, before in (("propose", "build"), ("publish", "propose"), ("attest", "publish")):
        assert f"!cancelled() && needs.{before}.result == 'success'" in conditions[name]
    (download,) = (step for step in build if step["name"] == "Download the wheels")
    assert "${{ needs.edits.outputs.commit }}" == download["if"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BUMP": "patch"}, ["--bump", "patch"]),
        (
            {"EPOCH": "7", "VERSION": "1.2.4"},
            ["--dist", "wheels", "--source-date-epoch", "7", "--version", "1.2.4"],
        ),
    ],
)
def test_build_of_several_takes_wheels_or_the_request(
    variables: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    """Where a commit was pushed for the wheels its version is built, else the one requested."""
    choices = replace(WORKSPACE, members=(Member("lathe", compiled=True), *MEMBERS[:1]))
    text = plan(said=installed("wheelwright"), choices=choices)[RELEASE]
    (script,) = (each for each in runs(text) if "release-build" in each)
    program = "dagger() { printf '%s\\n' \"$@\"; }\n" + script
    inputs = dict.fromkeys(("BUMP", "PRE", "POST", "VERSION", "EPOCH", "LOWER", "NOTES"), "")
    env = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "BASE": "main", "RUN": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program],
        env={**env, **inputs, "PACKAGE": "lathe", **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    taken = done.stdout.replace(f"{tmp_path}/", "").splitlines()
    at = taken.index(words[0])
    assert words == taken[at : at + len(words)]
    assert ("--dist" in taken, "--bump" in taken) == ("EPOCH" in variables, "BUMP" in variables)


def test_wheels_of_a_member_are_built_in_its_directory() -> None:
    """One job is for all members, so it looks up where the requested one is."""
    members = (
        Member("kiln", compiled=True, where="crates/kiln"),
        Member("lathe", compiled=True),
    )
    choices = replace(WORKSPACE, members=members)
    text = plan(said=installed("wheelwright"), choices=choices)[RELEASE]
    (script,) = (each for each in runs(text) if "cibuildwheel --" in each)
    places = []
    for name in ("kiln", "lathe"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", 'pipx() { echo "$@"; }\n' + script],
            env={"PATH": os.environ["PATH"], "PACKAGE": name, "CIBUILDWHEEL": "cibuildwheel"},
            capture_output=True,
            text=True,
            check=True,
        )
        places.append(done.stdout.split()[-1])

    assert ["crates/kiln", "."] == places
