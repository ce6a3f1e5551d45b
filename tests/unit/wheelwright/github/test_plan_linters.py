"""No linter finds anything in the workflows here, and in every form that is written."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, fixture, project
from wheelwright.github.calls import Engine, caller
from wheelwright.github.members import Member
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows
from wheelwright.release.decide.tags import Form

REPOSITORY = Path(__file__).parents[4]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REMOTE = f"github.com/example/wheelwright@{COMMIT}"
TOOLCHAIN = (
    '{"toolchains": [{"name": "wheelwright", "source": "github.com/example/wheelwright@v1",'
    f' "pin": "{COMMIT}"}}]}}'
)
HERE = '{"toolchains": [{"name": "wheelwright", "source": "tools/wheelwright"}]}'
OWN = '{"name": "wheelwright", "sdk": {"source": "python"}}'
MILLRACE = fixture("hatchling-src")

# Programs that wheels of the group `workflows` bring, beside the interpreter.
PROGRAMS = Path(sys.executable).parent
ZIZMOR = ("zizmor", "--offline", "--persona=pedantic", "--no-progress", "--no-exit-codes")
SCHEMAS_OF_WORKFLOWS = ".github/workflows/*.yml"
SCHEMAS = {
    "vendor.github-workflows": SCHEMAS_OF_WORKFLOWS,
    "vendor.dependabot": ".github/dependabot.yml",
}
ZIZMOR_FINDS_NOTHING = "No findings to report."

EVERYTHING = Choices(
    sarif=True,
    codecov="CODECOV_TOKEN",
    notify="SLACK_WEBHOOK",
    history=True,
    netrc="INDEX_NETRC",
)
MEMBERS = (Member("kiln", Form("kiln-v")), Member("lathe", Form("lathe-v")))
WORKSPACE = replace(EVERYTHING, members=MEMBERS)

FORMS = {
    "toolchain": workflows(MILLRACE, caller(TOOLCHAIN, Engine.DAGGER, "", ""), Choices()),
    "stiletto": workflows(MILLRACE, caller(TOOLCHAIN, Engine.STILETTO, "", ""), Choices()),
    "stiletto-here": workflows(MILLRACE, caller(HERE, Engine.STILETTO, "", ""), Choices()),
    "stiletto-own": workflows(MILLRACE, caller(OWN, Engine.STILETTO, "", ""), Choices()),
    "module": workflows(project(LIKE_ATTRS), caller(None, Engine.DAGGER, REMOTE, "a"), Choices()),
    "compiled": workflows(
        project(LIKE_ATTRS + '\n[tool.cibuildwheel]\nbuild = "cp313-*"\n'),
        caller(TOOLCHAIN, Engine.DAGGER, "", ""),
        Choices(),
    ),
    "tag": workflows(MILLRACE, caller(TOOLCHAIN, Engine.DAGGER, "", ""), Choices(publish="tag")),
    "everything": workflows(MILLRACE, caller(TOOLCHAIN, Engine.DAGGER, "", ""), EVERYTHING),
    "everything-stiletto": workflows(
        MILLRACE, caller(TOOLCHAIN, Engine.STILETTO, "", ""), EVERYTHING
    ),
    "everything-reusable": workflows(
        MILLRACE, caller(None, Engine.DAGGER, REMOTE, ""), replace(EVERYTHING, reusable=True)
    ),
    "workspace": workflows(MILLRACE, caller(TOOLCHAIN, Engine.STILETTO, "", ""), WORKSPACE),
    "workspace-compiled": workflows(
        MILLRACE,
        caller(TOOLCHAIN, Engine.DAGGER, "", ""),
        replace(
            WORKSPACE, members=(*MEMBERS, Member("awl", Form("awl-v"), compiled=True, where="awl"))
        ),
    ),
    "workspace-tag": workflows(
        MILLRACE,
        caller(TOOLCHAIN, Engine.DAGGER, "", ""),
        Choices(publish="tag", members=WORKSPACE.members),
    ),
    "cells": workflows(MILLRACE, caller(TOOLCHAIN, Engine.STILETTO, "", ""), Choices(jobs="cells")),
    "everything-shards": workflows(
        MILLRACE,
        caller(TOOLCHAIN, Engine.DAGGER, "", ""),
        replace(EVERYTHING, jobs="cells", shards=4),
    ),
    "workspace-shards": workflows(
        MILLRACE,
        caller(TOOLCHAIN, Engine.STILETTO, "", ""),
        replace(WORKSPACE, jobs="cells", shards=2),
    ),
    "workspace-cells-reusable": workflows(
        MILLRACE,
        caller(None, Engine.DAGGER, REMOTE, ""),
        replace(WORKSPACE, jobs="cells", reusable=True),
    ),
    "reusable": workflows(
        MILLRACE, caller(None, Engine.DAGGER, REMOTE, ""), Choices(reusable=True)
    ),
}


def run(at: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment."""
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    return subprocess.run(
        [shutil.which(words[0], path=path) or words[0], *words[1:]],
        cwd=at,
        env={"PATH": path, "HOME": str(at), "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(params=["here", *FORMS])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a git repository with the workflows of one form; `here` are this one's own."""
    if request.param == "here":
        shutil.copytree(REPOSITORY / ".github", tmp_path / ".github")
    else:
        for path, text in FORMS[request.param].items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    # actionlint looks for workflows in the repository that it is in.
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def test_zizmor_finds_nothing(repository: Path) -> None:
    """The pedantic persona has no finding, in workflows and in dependabot.yml."""
    done = run(repository, *ZIZMOR, ".")

    assert ZIZMOR_FINDS_NOTHING in done.stdout + done.stderr, done.stdout + done.stderr
    assert 0 == done.returncode


def test_actionlint_finds_nothing(repository: Path) -> None:
    """Neither the workflows nor, by shellcheck, their scripts have an issue."""
    done = run(repository, "actionlint", "-verbose")

    assert "" == done.stdout
    assert 0 == done.returncode
    # It passes over scripts, and says so in passing, where it does not find shellcheck.
    assert 'Rule "shellcheck" was disabled' not in done.stderr


def test_schemas_find_nothing(repository: Path) -> None:
    """Workflows and dependabot.yml are valid by the schemas of editors."""
    for schema, pattern in SCHEMAS.items():
        if paths := sorted(map(str, repository.glob(pattern))):
            done = run(repository, "check-jsonschema", "--builtin-schema", schema, *paths)

            assert 0 == done.returncode, done.stdout
    assert [*repository.glob(SCHEMAS_OF_WORKFLOWS)]


def test_linters_are_not_blind(tmp_path: Path) -> None:
    """The same commands do find an unpinned action, an unquoted variable and an unknown key."""
    workflow = tmp_path / ".github/workflows/bad.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: actions/checkout@v7\n      - run: rm $HOME/$x\n"
    )
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)

    assert "unpinned-uses" in run(tmp_path, *ZIZMOR, ".").stdout
    assert "SC2086" in run(tmp_path, "actionlint").stdout
    workflow.write_text(workflow.read_text().replace("runs-on", "run-on"))
    schema = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
    assert 0 != run(tmp_path, *schema, str(workflow)).returncode
