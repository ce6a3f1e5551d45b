"""The pipeline of GitLab: valid, complete, and the same calls as on GitHub."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.wheelwright.samples import LIKE_ATTRS, fixture, project
from wheelwright.github.calls import Engine, caller
from wheelwright.github.members import Member
from wheelwright.github.options import Choices
from wheelwright.gitlab.plan import pipeline
from wheelwright.repository.pipeline import INCLUDED, MAIN, read

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REMOTE = f"github.com/example/wheelwright@{COMMIT}"
DEEP = f"https://github.com/example/tools.git/wheelwright@{COMMIT}"
TOOLCHAIN = (
    '{"toolchains": [{"name": "wheelwright", "source": "github.com/example/wheelwright@v1",'
    f' "pin": "{COMMIT}"}}]}}'
)
HERE = '{"toolchains": [{"name": "wheelwright", "source": "tools/wheelwright"}]}'
OWN = '{"name": "wheelwright", "sdk": {"source": "python"}}'
MILLRACE = fixture("hatchling-src")
EVERYTHING = Choices(
    branch="trunk", codecov="CODECOV_TOKEN", notify="SLACK_WEBHOOK", netrc="INDEX_NETRC"
)
MEMBERS = (Member("kiln"), Member("lathe"))
THEIRS = read(MAIN, "stages: [lint, site]\nruff:\n  stage: lint\n  script: ruff check\n")

ON_STILETTO = caller(TOOLCHAIN, Engine.STILETTO, "", "")
ON_DAGGER = caller(TOOLCHAIN, Engine.DAGGER, "", "")
FORMS = {
    "toolchain": pipeline(MILLRACE, ON_STILETTO, Choices()),
    "dagger": pipeline(MILLRACE, ON_DAGGER, Choices()),
    "here": pipeline(MILLRACE, caller(HERE, Engine.STILETTO, "", ""), Choices()),
    "own": pipeline(MILLRACE, caller(OWN, Engine.STILETTO, "", ""), Choices()),
    "module": pipeline(
        project(LIKE_ATTRS), caller(None, Engine.STILETTO, REMOTE, "python/a"), Choices()
    ),
    "directory": pipeline(MILLRACE, caller(None, Engine.STILETTO, DEEP, ""), Choices()),
    "everything": pipeline(MILLRACE, ON_STILETTO, EVERYTHING),
    "everything-dagger": pipeline(MILLRACE, ON_DAGGER, EVERYTHING),
    "included": pipeline(MILLRACE, ON_STILETTO, EVERYTHING, THEIRS),
    "workspace": pipeline(MILLRACE, ON_STILETTO, replace(EVERYTHING, members=MEMBERS)),
    "without": pipeline(MILLRACE, ON_STILETTO, Choices(without=("audit", "nightly"))),
}
PROGRAMS = Path(sys.executable).parent


def parsed(form: str) -> dict[str, Any]:
    """Return the one file of a form."""
    (text,) = FORMS[form].values()
    data = YAML(typ="safe", pure=True).load(text)
    assert isinstance(data, dict)
    return data


def scripts(form: str) -> Iterator[tuple[str, str]]:
    """Yield each script of a form as the runner makes it, with its job."""
    data = parsed(form)
    before = data[".wheelwright"]["before_script"]
    for name, job in data.items():
        if "script" in job:
            yield f"{form}-{name}", "\n".join([*before, *job["script"]])
            yield f"{form}-{name}-after", "\n".join(job.get("after_script", ()))


ALL = [each for form in FORMS for each in scripts(form)]


@pytest.mark.parametrize("form", FORMS)
def test_schema_of_gitlab_finds_nothing(form: str, tmp_path: Path) -> None:
    """Each form is valid by the schema that GitLab publishes for editors."""
    (text,) = FORMS[form].values()
    (tmp_path / MAIN).write_text(text)

    done = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / MAIN],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("script", [text for _, text in ALL], ids=[name for name, _ in ALL])
def test_shellcheck_finds_nothing(script: str) -> None:
    """Each script is one of any POSIX shell: the image of Docker's command line has no bash."""
    done = subprocess.run(
        # The runner's own `set -e` is around it.
        [PROGRAMS / "shellcheck", "--shell=sh", "--exclude=SC2103,SC2164", "-"],
        input=script,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (0, "") == (done.returncode, done.stdout)


def test_calls_are_those_of_github() -> None:
    """Gates, matrix and audit are called as in the workflows, with the credentials of an index."""
    data = parsed("everything")

    assert ["stiletto call wheelwright --netrc env://NETRC ci\n"] == data["gates"]["script"]
    assert ["stiletto call wheelwright --netrc env://NETRC audit\n"] == data["audit"]["script"]
    (matrix,) = data["matrix"]["script"]
    everywhere = "--skip-unavailable=false"
    judging = f"stiletto call wheelwright --netrc env://NETRC matrix {everywhere} --coverage"
    assert f"{judging} || status=$?" in matrix
    assert f"matrix-run {everywhere} --coverage reports -o" in matrix
    (nightly,) = data["nightly"]["script"]
    assert f"matrix {everywhere} --resolution locked,lowest-direct,highest || status=$?" in nightly
    assert "upload-coverage" not in nightly


def test_reports_are_those_that_gitlab_shows() -> None:
    """JUnit and Cobertura are reports, and the whole directory is kept, also of a red run."""
    artifacts = parsed("toolchain")["matrix"]["artifacts"]

    assert "always" == artifacts["when"]
    assert ["wheelwright-reports/"] == artifacts["paths"]
    assert "wheelwright-reports/junit.xml" == artifacts["reports"]["junit"]
    assert {
        "coverage_format": "cobertura",
        "path": "wheelwright-reports/coverage/coverage.xml",
    } == artifacts["reports"]["coverage_report"]


def test_rules_keep_schedules_apart() -> None:
    """The checks run for the branch and for merge requests, and what is scheduled by its name."""
    data = parsed("everything")

    for name in ("gates", "matrix"):
        assert [
            {"if": "$WHEELWRIGHT_RUN", "when": "never"},
            {"if": '$CI_PIPELINE_SOURCE == "schedule"', "when": "never"},
            {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
            {"if": '$CI_PIPELINE_SOURCE == "web"'},
            {"if": '$CI_COMMIT_BRANCH == "trunk"'},
        ] == data[name]["rules"]
    for name in ("nightly", "audit"):
        assert [{"if": f'$WHEELWRIGHT_RUN == "{name}"'}] == data[name]["rules"]


def test_what_is_left_out_is_not_written() -> None:
    """`without` leaves out a job, and nobody waits for it."""
    assert {".wheelwright", "gates", "matrix"} == set(parsed("without"))


def test_included_file_lives_beside_a_persons_own() -> None:
    """Its jobs have names and a stage that do not clash, and take no defaults of that file."""
    (path,) = FORMS["included"]
    data = parsed("included")

    assert INCLUDED == path
    names = {name for name in data if not name.startswith(".")}
    assert {
        f"wheelwright:{name}" for name in ("gates", "matrix", "nightly", "audit", "notify")
    } == names
    assert "lint" == data[".wheelwright"]["stage"]
    assert {"default": False} == data[".wheelwright"]["inherit"]
    assert set() == {"workflow", "default", "stages", "variables"} & set(data)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("[build, test]", "test"),
        ("[lint, site]", "lint"),
        ("['$[[ inputs.stage ]]', lint]", "lint"),
        ("['${{ x }}']", ".pre"),
        ('["first stage: a"]', "first stage: a"),
    ],
)
def test_stage_is_one_that_is_there(stages: str, expected: str) -> None:
    """A stage of the person's file, whatever it is called; never one that stops the call."""
    theirs = read(MAIN, f"stages: {stages}\n")
    (text,) = pipeline(MILLRACE, ON_STILETTO, Choices(), theirs).values()

    assert expected == YAML(typ="safe", pure=True).load(text)[".wheelwright"]["stage"]


def test_checkout_is_complete() -> None:
    """History for a version from tags, submodules and git-lfs where the repository has them."""
    files = {
        ".gitmodules": '[submodule "grain"]\n\tpath = grain\n\turl = ../grain.git\n',
        ".gitattributes": "*.npz filter=lfs diff=lfs merge=lfs -text\n",
    }
    whole = project(LIKE_ATTRS, files)
    (text,) = pipeline(whole, ON_STILETTO, Choices()).values()
    variables = YAML(typ="safe", pure=True).load(text)[".wheelwright"]["variables"]

    assert "0" == variables["GIT_DEPTH"]
    assert "recursive" == variables["GIT_SUBMODULE_STRATEGY"]
    assert "0" == variables["GIT_LFS_SKIP_SMUDGE"]
    plain = parsed("toolchain")[".wheelwright"]["variables"]
    assert set() == {each for each in plain if each.startswith("GIT_")}


def test_members_have_a_job_each() -> None:
    """In a workspace the checks run for each package, which the calls name."""
    data = parsed("workspace")

    assert {"matrix": [{"PACKAGE": ["kiln", "lathe"]}]} == data["gates"]["parallel"]
    assert '--package "$PACKAGE"' in data["gates"]["script"][0]
    assert "parallel" not in data["notify"]
    assert "--package kiln" in data["notify"]["script"][0]


def test_engine_comes_from_a_commit() -> None:
    """The embedded engine is fetched at its commit and installed by its lock; Dagger by its sum."""
    (prepared,) = parsed("toolchain")[".wheelwright"]["before_script"]
    (deep,) = parsed("directory")[".wheelwright"]["before_script"]
    dagger = parsed("dagger")[".wheelwright"]

    assert f"--depth 1 https://github.com/example/wheelwright {COMMIT}\n" in prepared
    assert "uv sync --quiet --locked --no-default-groups --extra stiletto" in prepared
    assert '"$WHEELWRIGHT_DIR/module/wheelwright"' in deep
    assert "sha256sum -c -" in dagger["before_script"][0]
    assert ["docker:28-dind"] == dagger["services"]
    assert "cache" not in dagger


def test_each_log_ends_with_the_line_that_runs_it_again() -> None:
    """Both engines' commands stand there, without what only the job has."""
    for form, name in (("everything", "gates"), ("everything-dagger", "gates")):
        (after,) = parsed(form)[name]["after_script"]
        assert after.endswith('"stiletto call wheelwright ci" \\\n  "dagger call wheelwright ci"\n')
