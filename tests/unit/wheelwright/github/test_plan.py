"""Which workflows a repository gets, and how each calls the module."""

import functools
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, fixture, moved, project
from wheelwright.errors import ProjectError, RequestError
from wheelwright.github.calls import CALLS, CALLS_APART, Caller, Engine, caller
from wheelwright.github.members import Member
from wheelwright.github.merging import merged
from wheelwright.github.options import Choices
from wheelwright.github.plan import CHECK, workflows
from wheelwright.pins import DAGGER, UV, UV_IMAGE
from wheelwright.project.model import Project
from wheelwright.release.decide.tags import Form
from wheelwright.repository.existing import BEGIN, is_workflow, read

REPOSITORY = Path(__file__).parents[4]
OWN = '{"name": "wheelwright", "sdk": {"source": "python"}}'
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REMOTE = f"github.com/example/wheelwright@{COMMIT}"
MILLRACE = fixture("hatchling-src")
COMPILED = project(LIKE_ATTRS + '\n[tool.cibuildwheel]\nbuild = "cp313-*"\n')
CI, RELEASE = ".github/workflows/ci.yml", ".github/workflows/release.yml"
PUBLISH = ".github/workflows/publish.yml"
TAGGED = Choices(publish="tag")
EVERYTHING = Choices(
    sarif=True,
    codecov="CODECOV_TOKEN",
    notify="SLACK_WEBHOOK",
    history=True,
    netrc="INDEX_NETRC",
)
MEMBERS = (Member("kiln", Form("kiln-v")), Member("lathe", Form("lathe-v")))
CELLS = Choices(jobs="cells")
WORKSPACE = replace(EVERYTHING, members=(*MEMBERS, Member("bench", released=False)))


def installed(name: str, source: str = "github.com/example/wheelwright@v1") -> str:
    """Return a dagger.json with the module as a toolchain, pinned."""
    toolchain = {"name": name, "source": source, "pin": COMMIT}
    return json.dumps({"name": "demo", "toolchains": [toolchain]})


def plan(
    of: Project = MILLRACE,
    said: str | None = OWN,
    *,
    engine: Engine = Engine.DAGGER,
    module: str = "",
    package: str = "",
    choices: Choices | None = None,
) -> dict[str, str]:
    """Plan the workflows."""
    who = caller(said, engine, module, package)
    return workflows(of, who, choices or Choices())


@functools.cache
def parsed(text: str) -> Any:
    """Read YAML 1.2, in which `on` is a word."""
    return YAML(typ="safe", pure=True).load(text)


def runs(text: str) -> list[str]:
    """Return the shell scripts of a workflow."""
    return [
        step["run"]
        for job in parsed(text)["jobs"].values()
        for step in job.get("steps", ())
        if "run" in step
    ]


def scripts_of(job: Any) -> list[str]:
    """Return the shell scripts of a job."""
    return [step["run"] for step in job["steps"] if "run" in step]


def every() -> Iterator[tuple[str, str]]:
    """Yield name and text of every workflow in every form."""
    forms = {
        "own": plan(),
        "toolchain": plan(said=installed("wheelwright")),
        "stiletto": plan(engine=Engine.STILETTO),
        "stiletto-elsewhere": plan(said=installed("wheelwright"), engine=Engine.STILETTO),
        "module": plan(said=None, module=REMOTE, package="packages/x"),
        "compiled": plan(COMPILED),
        "tag": plan(choices=TAGGED),
        "everything": plan(said=installed("wheelwright"), choices=EVERYTHING),
        "everything-own": plan(choices=replace(EVERYTHING, netrc="")),
        "everything-reusable": plan(
            said=None, module=REMOTE, choices=replace(EVERYTHING, reusable=True)
        ),
        "workspace": plan(said=installed("wheelwright"), choices=WORKSPACE),
        "workspace-tag": plan(
            said=installed("wheelwright"), choices=replace(WORKSPACE, publish="tag")
        ),
        "reusable": plan(said=None, module=REMOTE, choices=Choices(reusable=True)),
        "from-tags": plan(project(LIKE_ATTRS)),
        "cells": plan(choices=CELLS),
        "shards": plan(engine=Engine.STILETTO, choices=replace(CELLS, shards=4)),
        "everything-shards": plan(
            said=None,
            module=REMOTE,
            choices=replace(EVERYTHING, jobs="cells", shards=4, reusable=True),
        ),
        "workspace-cells": plan(
            said=installed("wheelwright"), choices=replace(WORKSPACE, jobs="cells")
        ),
        "workspace-shards": plan(
            said=None,
            module=REMOTE,
            choices=replace(WORKSPACE, jobs="cells", shards=2, reusable=True),
        ),
    }
    for form, files in forms.items():
        for path, text in files.items():
            yield f"{form}:{Path(path).name}", text


EVERY = dict(every())
WORKFLOWS = {name: text for name, text in EVERY.items() if not name.endswith("dependabot.yml")}


# -- the words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "module", "package", "words"),
    [
        (OWN, "", "", "dagger call ci"),
        (installed("wheelwright"), "", "", "dagger call wheelwright ci"),
        (installed("py"), "", "", "dagger call py ci"),
        (installed("py", "tools/wheelwright/"), "", "", "dagger call py ci"),
        (installed("wheelwright"), "", "crane", "dagger call wheelwright --package crane ci"),
        (OWN, REMOTE, "", f"dagger call -m {REMOTE} --source . ci --git ."),
        (None, "./tools/ww", "", "dagger call -m ./tools/ww --source . ci --git ."),
    ],
)
def test_call_is_spelt_as_the_repository_reaches_the_module(
    said: str | None, module: str, package: str, words: str
) -> None:
    """The module itself, a toolchain of any name, and -m each have their own words."""
    assert words == caller(said, Engine.DAGGER, module, package).call("ci")


def test_stiletto_takes_the_same_words() -> None:
    """Only the first word changes with the engine; at home it is run by uv."""
    assert "stiletto call py ci" == caller(installed("py"), Engine.STILETTO, "", "").call("ci")
    assert "uv run --locked stiletto call ci" == caller(OWN, Engine.STILETTO, "", "").call("ci")


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (None, 'no dagger.json with a toolchain named "wheelwright"'),
        ("{}", 'dagger.json has no toolchain named "wheelwright"'),
        (
            installed("ruff", "github.com/example/ruff"),
            'dagger.json has no toolchain named "wheelwright"',
        ),
        ('{"name": "wheelwright"}', 'dagger.json has no toolchain named "wheelwright"'),
    ],
)
def test_module_that_cannot_be_reached_is_said(said: str | None, fact: str) -> None:
    """Without toolchain and --module nothing is written, and both ways are named."""
    with pytest.raises(
        RequestError,
        match=rf"{fact}; run `dagger toolchain install \S+`, or pass --module \S+@COMMIT",
    ):
        caller(said, Engine.DAGGER, "", "")


@pytest.mark.parametrize("said", ["{", "[]"])
def test_broken_dagger_json_is_named(said: str) -> None:
    """A dagger.json that is no object of JSON is named as the file to correct."""
    with pytest.raises(ProjectError, match=r"^dagger\.json "):
        caller(said, Engine.DAGGER, "", "")


@pytest.mark.parametrize(("flag", "word"), [("--module", "a b"), ("--package", "x; rm -rf .")])
def test_word_that_a_shell_would_split_is_refused(flag: str, word: str) -> None:
    """What stands in the scripts is made of plain characters only."""
    asked = {"--module": "", "--package": "", flag: word}
    with pytest.raises(RequestError, match=f"{flag} {word!r} is not allowed in a workflow"):
        caller(OWN, Engine.DAGGER, asked["--module"], asked["--package"])


# -- what is in the files -------------------------------------------------------------------------


def test_set_of_files() -> None:
    """A package that can be built gets the checks, and one workflow that uploads."""
    names = ["ci", "nightly", "audit", "release"]

    expected = {f".github/workflows/{name}.yml" for name in names} | {".github/dependabot.yml"}
    assert expected == set(plan())
    assert (expected - {RELEASE}) | {PUBLISH} == set(plan(choices=TAGGED))
    assert expected - {RELEASE} == set(plan(choices=Choices(publish="theirs")))


def test_files_are_left_out() -> None:
    """What `without` names is not written; ci.yml is in any case."""
    without = ("nightly", "audit", "release", "dependabot")
    assert {CI} == set(plan(choices=Choices(without=without)))


def test_files_and_names_follow_the_choices() -> None:
    """A workflow has its own file, and is named as that; another name where that is taken."""
    names = {"nightly": "wheelwright-nightly"}
    files = plan(choices=Choices(files={"ci": "wheelwright-ci.yml"}, names=names))

    assert CI not in files
    assert "wheelwright-ci" == parsed(files[".github/workflows/wheelwright-ci.yml"])["name"]
    assert "wheelwright-nightly" == parsed(files[".github/workflows/nightly.yml"])["name"]
    odd = plan(choices=Choices(files={"ci": "1.0.yml"}))
    assert "1.0" == parsed(odd[".github/workflows/1.0.yml"])["name"]


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("said", [OWN, installed("wheelwright")], ids=["own", "toolchain"])
def test_files_show_the_engine_that_they_install(said: str, engine: Engine) -> None:
    """What was written is read again as of its engine, whatever else it names."""
    files = plan(said=said, engine=engine, choices=EVERYTHING)
    texts = {path: f"{BEGIN}\n{text}" for path, text in files.items() if is_workflow(path)}

    assert dict.fromkeys(texts, engine.value) == {
        path: read(path, text).engine for path, text in texts.items()
    }


def test_own_jobs_are_waited_for() -> None:
    """`needs` adds jobs outside of the block to those of the required check."""
    jobs = parsed(plan(choices=Choices(needs=("docs",)))[CI])["jobs"]
    assert ["gates", "matrix", "native", "docs"] == jobs["passed"]["needs"]


def test_reports_are_kept_as_long_as_is_set() -> None:
    """`retention-days` is that of every report."""
    text = plan(choices=Choices(retention_days=30))[CI]
    assert ["30", "30"] == re.findall(r"retention-days: (.*)", text)


def test_package_that_cannot_be_built_is_not_released() -> None:
    """Without a build backend there is neither release nor publish."""
    files = plan(project('[project]\nname = "scripts"\nversion = "1"\n'))

    assert RELEASE not in files
    assert ".github/workflows/publish.yml" not in files
    assert CI in files


@pytest.mark.parametrize("text", EVERY.values(), ids=EVERY)
def test_text_is_yaml_without_leftovers(text: str) -> None:
    """Every form of every file parses, and no word of a template is left in it."""
    assert isinstance(parsed(text), dict)
    assert [] == re.findall(r"@[a-z_]+@", text)
    assert [] == [line for line in text.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_jobs_have_least_rights_and_a_limit(text: str) -> None:
    """No job inherits rights, each names its own, and each that runs steps ends in time."""
    workflow = parsed(text)

    assert {} == workflow["permissions"]
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "uses" in job or 0 < job["timeout-minutes"] <= 120


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_checkout_leaves_no_credentials(text: str) -> None:
    """No checkout leaves GitHub's token in the repository's configuration."""
    for job in parsed(text)["jobs"].values():
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_action_is_pinned_to_a_commit(text: str) -> None:
    """Every action stands as a commit with its version in a comment."""
    used = re.findall(r"uses: (.*)", text)

    assert used or "jobs" in text
    for each in used:
        assert each.startswith("$/") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", each)


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_no_expression_reaches_a_script(text: str) -> None:
    """GitHub puts no value into a script's text: values come by variables of the step."""
    assert [] == [script for script in runs(text) if "${{" in script]


def test_release_is_one_at_a_time_and_never_cancelled() -> None:
    """Two releases never run at once, whatever their branch, and neither is cancelled."""
    assert {"group": "release", "cancel-in-progress": False} == parsed(plan()[RELEASE])[
        "concurrency"
    ]


def test_secrets_are_passed_by_name() -> None:
    """The release names the variables that hold its secrets, as GitHub calls them."""
    scripts = "\n".join(runs(plan()[RELEASE]))

    assert {
        "GITHUB_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    } == set(re.findall(r"env://(\w+)", scripts))


def test_release_offers_choices() -> None:
    """A person chooses bump and pre-release from lists; neither is chosen beforehand."""
    inputs = parsed(plan()[RELEASE])["on"]["workflow_dispatch"]["inputs"]

    assert ["none", "patch", "minor", "major", "stable"] == inputs["bump"]["options"]
    assert ["none", "alpha", "beta", "rc", "dev"] == inputs["pre"]["options"]
    assert ("none", "none") == (inputs["bump"]["default"], inputs["pre"]["default"])


def test_release_takes_every_request() -> None:
    """What `release` takes as a request is an input; version, base, run, and a plan alone, too."""
    workflow = parsed(plan(choices=Choices(branch="trunk"))[RELEASE])
    inputs = workflow["on"]["workflow_dispatch"]["inputs"]
    scripts = runs(plan()[RELEASE])

    assert [
        *("bump", "pre", "version", "post", "base", "allow-lower"),
        *("notes", "attest", "take-over", "run", "plan-only"),
    ] == list(inputs)
    assert "trunk" == inputs["base"]["default"]
    assert {"string", "boolean", "choice"} == {each["type"] for each in inputs.values()}
    asked = [each for each in scripts if re.search(r"release-(?:build|plan)", each)]
    asked = [each for each in asked if "printf" not in each]
    for words in ('--bump "$BUMP"', '--version "$VERSION"', "--post", "--allow-lower", "--notes"):
        assert [words in each for each in asked] == [True, True]
    assert any("${PLAIN:+--attest=false}" in each for each in scripts)


@pytest.mark.parametrize("option", ["--version", "--notes", "--attest", "--take-over"])
def test_what_a_stop_names_is_an_input(option: str) -> None:
    """A person without a command line continues a release, too: also one of built wheels."""
    for of in (MILLRACE, COMPILED):
        text = plan(of)[RELEASE]
        inputs = parsed(text)["on"]["workflow_dispatch"]["inputs"]

        assert option.removeprefix("--") in inputs
        assert any(option in each for each in runs(text))


def test_wheels_are_built_where_the_package_is() -> None:
    """The settings of the package are read, also in a directory of the repository."""
    builds = [
        next(each for each in runs(plan(of)[RELEASE]) if "cibuildwheel --" in each)
        for of in (COMPILED, moved(COMPILED, "python"))
    ]

    assert ["wheelhouse", "python"] == [each.split()[-1] for each in builds]


def test_plan_only_writes_nothing() -> None:
    """A plan is one job without a secret, into the summary; no other job begins with it."""
    jobs = parsed(plan()[RELEASE])["jobs"]

    assert ("${{ inputs.plan-only }}", {"contents": "read"}) == (
        jobs["plan"]["if"],
        jobs["plan"]["permissions"],
    )
    assert "$GITHUB_STEP_SUMMARY" in jobs["plan"]["steps"][-2]["run"]
    assert "edits" in jobs["plan"]["steps"][-2]["env"]["UNTIL"]
    assert "${{ !inputs.plan-only }}" == jobs["build"]["if"]
    assert "secrets" not in str(jobs["plan"]) + str(jobs["build"])


def test_bot_release_mints_a_token_of_an_app() -> None:
    """Where an app's id is a secret, the jobs that push mint its token as they run."""
    jobs = parsed(plan()[RELEASE])["jobs"]
    for name in ("propose", "finish"):
        steps = {step["name"]: step for step in jobs[name]["steps"]}
        mint, pushing = steps["Mint an app's token"], steps[name.capitalize()]
        assert "${{ env.APP != '' }}" == mint["if"]
        assert "${{ secrets.RELEASE_APP_KEY }}" == mint["with"]["private-key"]
        assert {"write"} == {
            value for key, value in mint["with"].items() if key.startswith("permission-")
        }
        assert (
            "${{ steps.app.outputs.token || secrets.RELEASE_TOKEN || github.token }}"
            == pushing["env"]["GITHUB_TOKEN"]
        )
    assert "write" == jobs["finish"]["permissions"]["actions"]


def test_own_tag_of_a_release_publishes_nothing() -> None:
    """publish.yml hands nothing over for a tag of `release`, and its second job is skipped."""
    jobs = parsed(plan(choices=TAGGED)[PUBLISH])["jobs"]
    steps = {step["name"]: step for step in jobs["build"]["steps"]}

    assert "release/RELEASED" in steps["Build"]["run"]
    unless = "${{ steps.build.outputs.released != 'true' }}"
    assert unless == steps["Hand it over"]["if"]
    assert "${{ needs.build.outputs.sha256 != '' }}" == jobs["publish"]["if"]
    assert unless not in plan()[RELEASE]


def test_reports_are_kept_on_failure() -> None:
    """Annotations, summary, reports and the artifact follow a matrix that failed, too."""
    steps = parsed(plan()[CI])["jobs"]["matrix"]["steps"]
    after = steps[[step.get("id") for step in steps].index("matrix") + 1 :]
    kept = {step["name"]: step["if"] for step in after[:6]}

    assert [
        *("Annotations", "Annotations of the linter", "Annotations of the type checkers"),
        *("Summary", "Reports", "Keep the reports"),
    ] == list(kept)
    assert {"${{ !cancelled() && steps.matrix.outcome != 'skipped' }}"} == set(kept.values())


def test_required_check_is_a_job_of_ci() -> None:
    """The ruleset's check is a job that waits for all others and runs in any case."""
    jobs = parsed(plan()[CI])["jobs"]

    assert CHECK == jobs["passed"]["name"]
    assert set(jobs) - {"passed"} == set(jobs["passed"]["needs"])
    assert "${{ always() }}" == jobs["passed"]["if"]


def test_branch_is_named() -> None:
    """--branch is the branch whose pushes are checked."""
    assert ["trunk"] == parsed(plan(choices=Choices(branch="trunk"))[CI])["on"]["push"]["branches"]


def test_environments_are_named() -> None:
    """What publishes and what pushes have an environment each, and no other job has one."""
    named_ones = Choices(environment="index", propose_environment="pushes")
    files = plan(choices=replace(named_ones, publish="tag")) | plan(choices=named_ones)
    named = {
        f"{Path(path).stem}:{name}": job["environment"]
        for path, text in files.items()
        for name, job in parsed(text).get("jobs", {}).items()
        if "environment" in job
    }

    assert {
        "release:propose": "pushes",
        "release:publish": "index",
        "release:finish": "pushes",
        "publish:publish": "index",
    } == named


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (Choices(reusable=True), "a reusable workflow runs in repositories that do not contain"),
    ],
)
def test_options_that_cannot_be_are_refused(choices: Choices, message: str) -> None:
    """What cannot be written is refused with what is missing."""
    with pytest.raises(RequestError, match=message):
        plan(choices=choices)


def test_version_from_tags_fetches_them() -> None:
    """A package whose version comes from git gets the whole history, another one does not."""
    assert "fetch-depth: 0" in plan(project(LIKE_ATTRS))[CI]
    assert "fetch-depth" not in plan(project(LIKE_CLICK))[CI]


def test_submodules_and_large_files_are_checked_out() -> None:
    """Where the repository has them, every job that checks it out gets them, too."""
    attributes = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}
    found = plan(project(LIKE_CLICK, attributes, names=(".gitmodules",)))
    usual = plan(project(LIKE_CLICK, {".gitattributes": "* text=auto\n"}))

    for path in (CI, RELEASE):
        checkouts = found[path].count("uses: actions/checkout@")
        assert checkouts
        assert checkouts == found[path].count("submodules: recursive")
        assert checkouts == found[path].count("lfs: true")
        assert not any(word in usual[path] for word in ("submodules", "lfs"))


def test_nightly_runs_every_resolution() -> None:
    """At night the matrix runs in every resolution that the package has."""
    nightly = ".github/workflows/nightly.yml"

    called = "dagger call matrix --skip-unavailable=false --resolution"
    assert f"{called} locked,lowest-direct,highest" in runs(plan()[nightly])
    unlocked = runs(plan(project(LIKE_CLICK))[nightly])
    assert f"{called} lowest-direct,highest" in unlocked


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_jobs_leave_no_python_out(text: str) -> None:
    """A matrix of a job fails for a claimed Python that its engine lacks."""
    lines = [line.strip() for script in runs(text) for line in script.splitlines()]
    # What a summary prints for people to run is in quotes.
    called = [line for line in lines if re.search(r" matrix(-run)?( |$)", line) and line[0] != '"']

    assert [] == [line for line in called if "--skip-unavailable=false" not in line]


@pytest.mark.parametrize(("of", "ecosystem"), [(MILLRACE, "uv"), (project(LIKE_CLICK), "pip")])
def test_dependabot_follows_the_lock(of: Project, ecosystem: str) -> None:
    """Actions are kept up to date, and uv.lock where there is one."""
    updates = parsed(plan(of)[".github/dependabot.yml"])["updates"]

    assert ["github-actions", ecosystem] == [each["package-ecosystem"] for each in updates]


def test_dependabot_looks_where_the_package_lies() -> None:
    """A package in a directory of its own is looked for there."""
    (_, python) = parsed(plan(moved(MILLRACE, "libs/a"))[".github/dependabot.yml"])["updates"]

    assert "/libs/a" == python["directory"]


# -- what is requested ---------------------------------------------------------------------------


def test_nothing_is_written_that_is_not_requested() -> None:
    """Without settings there is no secret in the checks, and no job of the requested kind."""
    text = plan()[CI]

    assert "secrets." not in text
    assert {"gates", "matrix", "native", "passed"} == set(parsed(text)["jobs"])
    assert not any(each in text for each in ("history", "trend", "codecov", "--coverage"))


def test_findings_go_to_code_scanning_in_a_job_of_their_own() -> None:
    """Only that job may write them, and the required check waits for it."""
    jobs = parsed(plan(choices=Choices(sarif=True))[CI])["jobs"]

    assert {"contents": "read", "security-events": "write"} == jobs["security"]["permissions"]
    assert "security" in jobs["passed"]["needs"]
    assert ["security"] == [
        name for name, job in jobs.items() if "security-events" in job["permissions"]
    ]
    assert any("security-report" in each for each in scripts_of(jobs["security"]))


def test_coverage_is_sent_from_the_run_that_was_judged() -> None:
    """Every call of the matrix has the same arguments, and the secret is in one step."""
    files = plan(choices=Choices(codecov="COVERAGE"))
    job = parsed(files[CI])["jobs"]["matrix"]
    calls = [each for each in scripts_of(job) if re.search(r"call matrix", each)]

    assert all("--coverage" in each for each in calls)
    assert ["Send the coverage to Codecov"] == [
        step["name"] for step in job["steps"] if "secrets.COVERAGE" in str(step)
    ]
    assert "COVERAGE" not in files[".github/workflows/nightly.yml"]


def test_history_is_kept_and_compared() -> None:
    """The last file is restored, this run is added and compared, and a branch's push keeps it."""
    steps = parsed(plan(choices=Choices(history=True))[CI])["jobs"]["matrix"]["steps"]
    named = {step["name"]: step for step in steps}

    assert "dagger call trend --history" in named["Add this run to the history"]["run"]
    assert "actions/cache/restore@" in named["Restore the history"]["uses"]
    assert "default_branch" in named["Keep the history"]["if"]


@pytest.mark.parametrize(
    ("file", "needs"),
    [
        ("ci", ["gates", "matrix", "native"]),
        ("nightly", ["matrix"]),
        ("audit", ["audit"]),
        ("release", ["build", "propose", "publish", "finish"]),
    ],
)
def test_failure_is_told_by_a_job_of_its_own(file: str, needs: list[str]) -> None:
    """It waits for the others, reads the repository, and is the only one with the secret."""
    text = plan(choices=Choices(notify="HOOK"))[f".github/workflows/{file}.yml"]
    jobs = parsed(text)["jobs"]

    assert (needs, {"contents": "read"}) == (jobs["notify"]["needs"], jobs["notify"]["permissions"])
    assert "failure()" in jobs["notify"]["if"]
    assert ["notify"] == [name for name, job in jobs.items() if "secrets.HOOK" in str(job)]


def test_credentials_of_an_index_reach_what_installs() -> None:
    """Each call that installs gets the secret by its variable; no other step has it."""
    files = plan(choices=Choices(netrc="INDEX"))
    for path in (CI, ".github/workflows/nightly.yml", ".github/workflows/audit.yml", RELEASE):
        for job in parsed(files[path])["jobs"].values():
            for step in job.get("steps", ()):
                run = step.get("run", "")
                # The script of a native cell writes the file itself.
                asked = "--netrc env://NETRC" in run or '"$SCRIPT"' in run
                has = "${{ secrets.INDEX }}" == step.get("env", {}).get("NETRC")
                assert asked == has, step
    gates = parsed(files[CI])["jobs"]["gates"]["steps"]
    assert "dagger call --netrc env://NETRC ci" in [step.get("run") for step in gates]
    jobs = parsed(files[RELEASE])["jobs"]
    assert not any("secrets.INDEX" in str(jobs[name]) for name in ("propose", "publish", "finish"))


def test_annotations_are_a_step_for_each_gate() -> None:
    """GitHub shows ten of a step: those of the tests come first, and no linter hides them."""
    steps = parsed(plan()[CI])["jobs"]["matrix"]["steps"]

    assert [
        "dagger call matrix-run --skip-unavailable=false annotations",
        "dagger call annotations --gate lint",
        "dagger call annotations --gate typecheck",
    ] == [step["run"] for step in steps if step["name"].startswith("Annotations")]


def test_summary_ends_with_the_line_that_runs_it_again() -> None:
    """Each job that has a summary names the call for both engines, or how to go on."""
    files = plan(said=installed("wheelwright"), engine=Engine.STILETTO)
    lines = {
        f"{Path(path).stem}:{name}": re.findall(r'"(.+)" \\', step["run"])
        for path, text in files.items()
        for name, job in parsed(text).get("jobs", {}).items()
        for step in job["steps"]
        if step["name"] == "How to run it again"
    }

    def both(call: str) -> list[str]:
        return [f"{engine} call wheelwright {call}" for engine in ("stiletto", "dagger")]

    assert both("ci") == lines["ci:gates"]
    assert both("matrix") == lines["ci:matrix"]
    assert both("matrix --cell $CELL") == lines["ci:native"]
    assert both("audit") == lines["audit:audit"]
    assert both("matrix --resolution locked,lowest-direct,highest") == lines["nightly:matrix"]
    assert lines["release:plan"] == lines["release:build"]
    assert lines["release:plan"][0].startswith("stiletto call wheelwright release-plan --base")
    again = ["gh run rerun $GITHUB_RUN_ID"]
    assert [again] * 4 == [
        lines[f"release:{name}"] for name in ("propose", "publish", "finish", "attest")
    ]


# -- several packages -----------------------------------------------------------------------------


def test_every_package_is_checked_in_one_set_of_files() -> None:
    """Gates and matrix run once for each, and their reports do not overwrite each other."""
    files = plan(said=installed("wheelwright"), choices=Choices(members=MEMBERS))
    jobs = parsed(files[CI])["jobs"]

    for name in ("gates", "matrix"):
        assert ["kiln", "lathe"] == jobs[name]["strategy"]["matrix"]["package"]
        assert {"PACKAGE": "${{ matrix.package }}"} == jobs[name]["env"]
    assert 'dagger call wheelwright --package "$PACKAGE" ci' in scripts_of(jobs["gates"])
    kept = [step for step in jobs["matrix"]["steps"] if step["name"] == "Keep the reports"]
    assert "reports-${{ matrix.package }}" == kept[0]["with"]["name"]
    assert ["gates", "matrix", "cells", "native"] == jobs["passed"]["needs"]


def test_package_to_release_is_an_input() -> None:
    """What can be built is a choice, and reaches the plan and the build as a variable."""
    files = plan(said=installed("wheelwright"), choices=WORKSPACE)
    workflow = parsed(files[RELEASE])

    package = workflow["on"]["workflow_dispatch"]["inputs"]["package"]
    assert ("choice", ["kiln", "lathe"]) == (package["type"], package["options"])
    for name in ("plan", "build"):
        steps = {step["name"]: step for step in workflow["jobs"][name]["steps"]}
        step = steps[name.capitalize()]
        assert "${{ inputs.package }}" == step["env"]["PACKAGE"]
        assert '--package "$PACKAGE"' in step["run"]


def test_tag_names_its_package() -> None:
    """Tags of every package start publish.yml, which finds the package by the prefix."""
    tagged = Choices(publish="tag", members=MEMBERS)
    workflow = parsed(plan(said=installed("wheelwright"), choices=tagged)[PUBLISH])

    assert ["kiln-v[0-9]*", "lathe-v[0-9]*"] == workflow["on"]["push"]["tags"]
    steps = {step["name"]: step for step in workflow["jobs"]["build"]["steps"]}
    assert '"kiln-v"*) PACKAGE=kiln ;;' in steps["Build"]["run"]


# -- engines and callers --------------------------------------------------------------------------


def test_stiletto_is_installed_from_the_pin() -> None:
    """Elsewhere than at home the pinned commit is fetched and installed with its own lock."""
    files = plan(said=installed("py"), engine=Engine.STILETTO)
    steps = {step["name"]: step for step in parsed(files[CI])["jobs"]["gates"]["steps"]}
    fetch, install = steps["Fetch the module at its commit"], steps["Install Stiletto"]

    where = {"ADDRESS": "https://github.com/example/wheelwright", "COMMIT": COMMIT}
    assert where == fetch["env"]
    assert "uv sync --quiet --locked --no-default-groups --extra stiletto" in install["run"]
    assert "uv sync" not in plan(engine=Engine.STILETTO)[CI]


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_namespaces_are_allowed_before_stiletto_is_called(text: str) -> None:
    """Each job that calls the embedded engine first lets ordinary users make namespaces."""
    for job in parsed(text)["jobs"].values():
        scripts = [step.get("run", "") for step in job.get("steps", ())]
        # What is printed is not called.
        calls = [script.partition("printf")[0] for script in scripts]
        called = [n for n, script in enumerate(calls) if re.search(r"\bstiletto call\b", script)]
        allowed = [n for n, script in enumerate(scripts) if "userns=0" in script]
        assert not called or (len(allowed) == 1 and allowed[0] < called[0])


@pytest.mark.parametrize(
    ("engine", "kept"), [(Engine.DAGGER, "uv-cache"), (Engine.STILETTO, "~/.cache/stiletto")]
)
def test_engine_decides_what_is_cached(engine: Engine, kept: str) -> None:
    """With Dagger it is uv's cache, with Stiletto the whole store; a release restores nothing."""
    files = plan(engine=engine) | {PUBLISH: plan(engine=engine, choices=TAGGED)[PUBLISH]}

    assert kept in files[CI]
    assert kept not in files[RELEASE]
    assert "actions/cache@" not in files[RELEASE] + files[PUBLISH]


def test_reusable_workflow_publishes_nothing() -> None:
    """What others call only checks; releases stay in an ordinary workflow, for the index's sake."""
    files = plan(said=None, module=REMOTE, choices=Choices(reusable=True))
    called = parsed(files[".github/workflows/wheelwright.yml"])

    assert REMOTE == called["on"]["workflow_call"]["inputs"]["module"]["default"]
    assert {"gates", "matrix", "native"} == set(called["jobs"])
    assert all("id-token" not in job["permissions"] for job in called["jobs"].values())
    assert "workflow_dispatch" in parsed(files[RELEASE])["on"]


def test_reusable_workflow_calls_the_callers_module() -> None:
    """The module is an input of the called workflow, which reaches the scripts as a variable."""
    files = plan(said=None, module=REMOTE, choices=Choices(reusable=True))
    jobs = parsed(files[".github/workflows/wheelwright.yml"])["jobs"]

    assert {"MODULE": "${{ inputs.module }}"} == jobs["gates"]["env"] == jobs["matrix"]["env"]
    assert 'dagger call -m "$MODULE" --source . ci --git .' in [
        step.get("run") for step in jobs["gates"]["steps"]
    ]


def test_reusable_check_keeps_its_name() -> None:
    """The ruleset's check has the same name in both forms."""
    files = plan(said=None, module=REMOTE, choices=Choices(reusable=True))
    jobs = parsed(files[CI])["jobs"]

    assert "$/.github/workflows/wheelwright.yml" == jobs["ci"]["uses"]
    assert (CHECK, ["ci"]) == (jobs["passed"]["name"], jobs["passed"]["needs"])


def test_every_call_is_used() -> None:
    """No function is spelt that no workflow calls."""
    scripts = "\n".join("\n".join(runs(text)) for text in WORKFLOWS.values())
    calls = [*map(Caller().call, CALLS.values()), *map(Caller().call_apart, CALLS_APART.values())]

    assert [] == [call for call in calls if call not in scripts]


def test_compiled_package_builds_its_wheels_on_other_machines() -> None:
    """The commit is pushed, each machine builds its wheels of it, and the build gets all."""
    jobs = parsed(plan(COMPILED)[RELEASE])["jobs"]
    edits, wheels, build = (jobs[name] for name in ("edits", "wheels", "build"))
    checkout, *_, _ = wheels["steps"]

    assert ("edits", ["edits", "wheels"]) == (wheels["needs"], build["needs"])
    assert "--until edits" in edits["steps"][-1]["run"]
    assert "${{ needs.edits.outputs.commit }}" == checkout["with"]["ref"]
    assert '--dist "$RUNNER_TEMP/wheels"' in build["steps"][-5]["run"]
    assert "wheels" not in parsed(plan()[RELEASE])["jobs"]


# -- files that are there already -----------------------------------------------------------------


def test_second_time_changes_nothing() -> None:
    """Planning over what was written leaves every file as it is."""
    written = merged(plan(), {}).texts

    assert {} == merged(plan(), written).texts


def test_only_changed_files_are_returned() -> None:
    """Another environment changes what publishes, and nothing else."""
    written = merged(plan(), {}).texts
    again = merged(plan(choices=Choices(environment="index")), written)

    assert [RELEASE] == list(again.texts)


def test_files_of_a_person_are_not_overwritten() -> None:
    """Files without the mark stay as they are; the others are written all the same."""
    there = {CI: "name: mine\n", RELEASE: "name: mine\n", ".github/workflows/x.yml": "name: x\n"}
    found = merged(plan(), there)

    assert {CI, RELEASE, ".github/workflows/x.yml"}.isdisjoint(found.texts)
    assert ".github/workflows/nightly.yml" in found.texts
    assert [CI, RELEASE] == [note.partition(":")[0] for note in found.notes]


def test_file_that_is_not_planned_any_more_goes() -> None:
    """A publish.yml with nothing but our block is removed; one with a line of a person stays."""
    written = dict(merged(plan(choices=TAGGED), {}).texts)

    assert (PUBLISH,) == merged(plan(), written).removed
    written[PUBLISH] = f"# by hand\n{written[PUBLISH]}"
    assert () == merged(plan(), written).removed


def test_overwrite_replaces_files_of_a_person() -> None:
    """With --overwrite they are replaced, and others still left alone."""
    there = {CI: "name: mine\n", ".github/workflows/x.yml": "name: x\n"}
    texts = merged(plan(), there, overwrite=True).texts

    assert texts[CI].startswith(BEGIN)
    assert ".github/workflows/x.yml" not in texts


# -- this repository ------------------------------------------------------------------------------


def test_versions_are_those_of_this_repository() -> None:
    """The engine's version is that of dagger.json, uv's that of the containers."""
    said = json.loads((REPOSITORY / "dagger.json").read_text())

    assert f"v{DAGGER}" == said["engineVersion"]
    assert UV_IMAGE.endswith(f":{UV}")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Form("v"), "v*"),
        (Form(""), "[0-9]*"),
        (Form("millrace=="), "millrace==[0-9]*"),
        (Form("millrace@v"), "millrace@v[0-9]*"),
        (Form("c++-"), "c\\+\\+-[0-9]*"),
    ],
)
def test_tags_form_starts_publish(form: Form, expected: str) -> None:
    """publish.yml starts for the tags that are versions of the package."""
    who = caller(OWN, Engine.DAGGER, "", "")
    files = workflows(MILLRACE, who, TAGGED, form)
    assert [expected] == parsed(files[PUBLISH])["on"]["push"]["tags"]


def test_workflows_here_are_what_is_planned() -> None:
    """Writing the workflows of this repository again would change nothing."""
    names = ("pyproject.toml", "uv.lock", ".python-version")
    texts = {name: (REPOSITORY / name).read_text() for name in names}
    here = project(texts.pop("pyproject.toml"), texts)
    planned = plan(here, (REPOSITORY / "dagger.json").read_text())
    existing = {path: (REPOSITORY / path).read_text() for path in planned}

    assert (
        tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["name"] == here.name
    )
    assert {} == merged(planned, existing).texts
