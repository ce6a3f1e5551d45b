"""The shell steps of the workflows here, over sample packages, as GitHub's runner runs them.

`dagger` is a script on PATH that hands its words to `stiletto`, with the sample as the source:
the steps themselves are run as they stand in .github/workflows. What GitHub puts into the
variables of a step stands in `EXPRESSIONS`; an expression that is not there fails the test.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.wheelwright.samples import fixture
from wheelwright.github.calls import Engine, caller
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows

from .bench import REPOSITORY, Bench
from .conftest import Sample
from .repositories import commit

WORKFLOWS = REPOSITORY / ".github" / "workflows"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# What these do is done to the world, or looked up there: their words are held against --help.
OUTSIDE = {"audit", "release-build", "release-finish", "release-propose", "release-publish"}

EXPRESSIONS = {
    "${{ inputs.bump != 'none' && inputs.bump || '' }}": "patch",
    "${{ inputs.pre != 'none' && inputs.pre || '' }}": "",
    "${{ inputs.base }}": "main",
    "${{ inputs.version }}": "",
    "${{ inputs.post && 'true' || '' }}": "",
    "${{ inputs.allow-lower && 'true' || '' }}": "",
    "${{ inputs.notes }}": "",
    "${{ !inputs.attest && 'true' || '' }}": "",
    "${{ inputs.run || github.run_id }}": "4711",
    "${{ steps.app.outputs.token || secrets.RELEASE_TOKEN || github.token }}": "token",
    "${{ github.ref_name }}": "v1.4.0",
    "${{ inputs.take-over }}": "",
    "${{ needs.build.outputs.sha256 }}": "0" * 64,
}


OWN = '{"name": "wheelwright", "sdk": {"source": "python"}}'
# The form that this repository does not have: it publishes by release.yml.
TAGGED = workflows(
    fixture("hatchling-src"), caller(OWN, Engine.DAGGER, "", ""), Choices(publish="tag")
)
TEXTS = {
    **{Path(path).stem: text for path, text in TAGGED.items() if path.endswith("/publish.yml")},
    **{path.stem: path.read_text() for path in sorted(WORKFLOWS.glob("*.yml"))},
}


def workflow(name: str) -> Any:
    """Read a workflow of this repository, or publish.yml as it would be here."""
    return YAML(typ="safe", pure=True).load(TEXTS[name])


def steps(name: str, job: str) -> dict[str, dict[str, Any]]:
    """Return the shell steps of a job, by name."""
    return {step["name"]: step for step in workflow(name)["jobs"][job]["steps"] if "run" in step}


def scripts() -> Iterator[tuple[str, str]]:
    """Yield every script of every workflow, with a name."""
    for name in TEXTS:
        for job, body in workflow(name)["jobs"].items():
            for step in body.get("steps", ()):
                if "run" in step:
                    yield f"{name}:{job}:{step['name']}", step["run"]


def calls() -> Iterator[tuple[str, str]]:
    """Yield each call of the module: the function, and what follows up to a pipe or a file."""
    for _, script in scripts():
        for found in re.finditer(r"dagger call (?:-m \S+ )?([\w-]+)((?:\\\n|[^|>\n])*)", script):
            yield found[1], found[2]


@dataclass
class Runner:
    """A stand-in for GitHub's runner: its directories, its files, its shell."""

    at: Path
    source: Path
    env: Mapping[str, str]
    expressions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.temp = self.at / "runner-temp"
        self.temp.mkdir()
        self.output, self.summary = self.at / "output", self.at / "summary"
        self.output.touch()
        self.summary.touch()

    def run(self, step: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a step's script with bash, as `shell: bash` does."""
        script = self.at / "script.sh"
        script.write_text(step["run"])
        values = {name: self._value(text) for name, text in step.get("env", {}).items()}
        return subprocess.run(
            # Source: GitHub's workflow syntax, `jobs.<job_id>.steps[*].shell`.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.source,
            env={**self.env, **self._github(), **values},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def passes(self, step: Mapping[str, Any]) -> str:
        """Run a step, hold that it passes, and return what it printed."""
        done = self.run(step)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def _github(self) -> dict[str, str]:
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "example/millrace",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_SHA": "0" * 40,
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.source),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.temp),
        }

    def _value(self, text: str) -> str:
        known = {**EXPRESSIONS, "${{ runner.temp }}": str(self.temp), **self.expressions}

        def value(match: re.Match[str]) -> str:
            assert match[0] in known, f"say what GitHub makes of {match[0]} in EXPRESSIONS"
            return known[match[0]]

        return re.sub(r"\$\{\{.*?\}\}", value, text)


@pytest.fixture
def program(stiletto: Bench, tmp_path: Path) -> dict[str, str]:
    """Return an environment where `dagger` is the embedded engine over the working directory."""
    shim = tmp_path / "bin" / "dagger"
    shim.parent.mkdir()
    words = shlex.join(stiletto.program)
    module = shlex.quote(str(REPOSITORY))
    shim.write_text(
        f'#!/bin/sh\nverb=$1\nshift\nexec {words} "$verb" --progress=plain -m {module} '
        '--source . "$@"\n'
    )
    shim.chmod(0o755)
    path = os.pathsep.join([str(shim.parent), stiletto.env.get("PATH", os.defpath)])
    return {**stiletto.env, "PATH": path}


@pytest.fixture
def functions(stiletto: Bench) -> set[str]:
    """Return the names of the module's functions, as the engine lists them."""
    shown = stiletto.run("functions", "-m", REPOSITORY)
    assert shown.code == 0, str(shown)
    return {line.split()[0] for line in shown.out.splitlines()[1:]}


def tell(source: Path, *lines: str) -> Path:
    """Add lines to a package's [tool.wheelwright.matrix]."""
    pyproject = source / "pyproject.toml"
    table = "\n".join(["\n[tool.wheelwright.matrix]", *lines, ""])
    pyproject.write_text(pyproject.read_text() + table)
    return source


@pytest.mark.slow
def test_gates_pass_and_say_which_cells_are_native(
    program: dict[str, str], sample: Sample, tmp_path: Path
) -> None:
    """The job runs the gates, and its output has the cells of other systems with their commands."""
    source = tell(sample("hatchling-src"), f'python = ["{PYTHON}"]', 'os = ["macos-15"]')
    runner = Runner(tmp_path, source, program)
    gates = steps("ci", "gates")

    assert "passed: 6 passed" in runner.passes(gates["Gates"])
    runner.passes(gates["Cells for other systems"])

    name, _, value = runner.output.read_text().rstrip("\n").partition("=")
    (cell,) = json.loads(value)["include"]
    assert ("cells", "macos-15") == (name, cell["os"])


def test_native_cell_runs_without_an_engine(
    program: dict[str, str], stiletto: Bench, sample: Sample, tmp_path: Path
) -> None:
    """A native cell's script, run by its step, tests the package with uv and bash alone."""
    source = tell(sample("hatchling-src"), f'python = ["{PYTHON}"]', 'os = ["macos-15"]')
    (cell,) = json.loads(stiletto.passes(source, "native-matrix").out)["include"]
    interpreters = [str(Path(sys.base_prefix) / "bin"), str(Path(sys.executable).parent)]
    path = os.pathsep.join([*interpreters, program["PATH"]])
    env = {**program, "PATH": path, "UV_CACHE_DIR": str(tmp_path / "uv")}
    runner = Runner(tmp_path, source, env, {"${{ matrix.script }}": cell["script"]})

    said = runner.passes(steps("ci", "native")["Tests"])

    assert "2 passed" in said
    assert (source / ".wheelwright/reports/junit.xml").is_file()


@pytest.mark.slow
def test_failed_matrix_is_annotated_summed_up_and_kept(
    program: dict[str, str], sample: Sample, tmp_path: Path
) -> None:
    """The step that judges fails; those after it annotate, sum up and hand out the same run."""
    source = tell(sample("failing-test"), f'python = ["{PYTHON}"]')
    runner = Runner(tmp_path, source, program)
    matrix = steps("ci", "matrix")

    assert 0 != runner.run(matrix["Matrix"]).returncode
    annotated = runner.passes(matrix["Annotations"])
    runner.passes(matrix["Summary"])
    runner.passes(matrix["Reports"])

    assert "::error file=" in annotated
    assert "test_leaky_valve.py,line=" in annotated
    assert "failed" in runner.summary.read_text()
    assert (runner.temp / "reports" / "junit.xml").is_file()


@pytest.mark.slow
def test_cache_of_uv_goes_out_and_comes_back(
    program: dict[str, str], stiletto: Bench, fresh: Bench, sample: Sample, tmp_path: Path
) -> None:
    """What was built is taken out of one engine and put into another that has nothing."""
    # Without a lock it may build what it needs, and so has a cache of its own to keep.
    package = commit(sample("setuptools-flat"))
    stiletto.passes(package, "test")
    runner = Runner(tmp_path, package, program)
    gates = steps("ci", "gates")

    runner.passes(gates["Take uv's cache out of the engine"])
    saved = sorted(path.name for path in (runner.temp / "uv-cache").iterdir())
    own = {name: fresh.env[name] for name in ("STILETTO_CACHE", "STILETTO_IDLE")}
    runner.env = {**program, **own}
    said = runner.passes(gates["Hand it to the engine"])

    assert "CACHEDIR.TAG" in saved
    assert f"restored {len(saved)} entries of uv's cache" in said


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ("success success skipped", 0),
        ("success failure skipped", 1),
        ("cancelled success success", 1),
    ],
)
def test_required_check_follows_the_jobs(
    tmp_path: Path, program: dict[str, str], results: str, code: int
) -> None:
    """Nothing to do is no failure; a failure or a cancelled job is one."""
    expressions = {"${{ join(needs.*.result, ' ') }}": results}
    runner = Runner(tmp_path, tmp_path, program, expressions)
    (step,) = steps("ci", "passed").values()

    assert code == runner.run(step).returncode


@pytest.mark.parametrize(
    ("workflow_name", "name"),
    [("audit", "audit"), ("release", "build"), ("release", "finish"), ("publish", "publish")],
)
def test_summary_shows_what_was_said(
    workflow_name: str, name: str, tmp_path: Path, program: dict[str, str]
) -> None:
    """The end of what the call printed is in the summary, and nothing where it printed nothing."""
    runner = Runner(tmp_path, tmp_path, program)
    summary = steps(workflow_name, name)["Summary"]

    runner.passes(summary)
    assert "" == runner.summary.read_text()

    (runner.temp / f"{name}.txt").write_bytes(b"one\n~~~\r# two\n")
    runner.passes(summary)
    assert "\n    one\n    ~~~\n    # two\n" == runner.summary.read_text()


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("build", "call release-build --base main --run 4711 --bump patch -o"),
        ("propose", "release-propose --built"),
        ("publish", "release-publish --built"),
        ("finish", "--remote https://github.example/example/millrace.git --run 4711"),
    ],
)
def test_failed_call_fails_its_step(
    job: str, words: str, tmp_path: Path, program: dict[str, str]
) -> None:
    """A call that fails fails the step although its output goes through a pipe, and is kept."""
    shim = tmp_path / "bin" / "dagger"
    shim.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    runner = Runner(tmp_path, tmp_path, program)

    done = runner.run(steps("release", job)[job.capitalize()])

    assert 3 == done.returncode
    assert words in (runner.temp / f"{job}.txt").read_text()


@pytest.mark.parametrize("script", [script for _, script in scripts()], ids=dict(scripts()))
def test_script_is_bash(script: str) -> None:
    """Every script of every workflow is one that bash can read."""
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_called_functions_exist(functions: set[str]) -> None:
    """Every function that a workflow calls is there."""
    called = {function for function, _ in calls()}

    assert {"ci", "matrix", "matrix-run", "native-matrix", "annotations"} <= called
    assert set() == called - functions


@pytest.mark.parametrize("function", sorted(OUTSIDE))
def test_outside_calls_are_spelt_as_help_says(function: str, stiletto: Bench) -> None:
    """Calls that are not run here take flags that their function has."""
    shown = stiletto.run("call", "-m", REPOSITORY, function, "--help")
    given = " ".join(words for name, words in calls() if name == function)

    assert 0 == shown.code, str(shown)
    assert set() == set(re.findall(r"--[a-z-]+", given)) - set(re.findall(r"--[a-z-]+", shown.out))


@pytest.mark.slow
def test_foreign_repository_gets_its_workflows(stiletto: Bench, sample: Sample) -> None:
    """In a repository with nothing but the toolchain they are written, once; edits around stay."""
    source = sample("hatchling-src")
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    # A local toolchain lies inside the repository that installs it.
    where = source / "tools" / "wheelwright"
    shutil.copytree(REPOSITORY / "src", where / "src", ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("dagger.json", "pyproject.toml", "uv.lock", ".python-version", "README.md"):
        shutil.copy(REPOSITORY / name, where / name)
    said = {"name": "millrace", "toolchains": [{"name": "ww", "source": "tools/wheelwright"}]}
    (source / "dagger.json").write_text(json.dumps(said))
    words = ("ww", "workflows", "-y")

    first = stiletto.run("call", *words, cwd=source)
    assert 0 == first.code, str(first)
    ci = source / ".github/workflows/ci.yml"
    ci.write_text(f"# by hand\n{ci.read_text()}\n  docs:\n    name: docs\n")
    edited = ci.read_text()
    second = stiletto.run("call", *words, cwd=source)

    assert "run: dagger call ww ci\n" in edited
    assert "no changes to apply" in second.said
    assert edited == ci.read_text()


def test_overwrite_replaces_a_file_of_a_person(stiletto: Bench, sample: Sample) -> None:
    """A file without the marks stays, and --overwrite replaces it."""
    source = sample("hatchling-src")
    ci = source / ".github/workflows/ci.yml"
    ci.parent.mkdir(parents=True)
    ci.write_text("name: mine\n")
    module = f"github.com/example/wheelwright@{'0' * 40}"
    words = ("workflows", "--module", module, "--branch", "main")

    stiletto.passes(source, *words, "-y", cwd=source)
    kept = ci.read_text()
    stiletto.passes(source, *words, "--overwrite", "-y", cwd=source)

    assert "name: mine\n" == kept
    assert ci.read_text().startswith("# >>> wheelwright")


@pytest.mark.parametrize(
    ("flags", "name"), [((), "ruleset.json"), (("--tags",), "tag-ruleset.json")]
)
def test_ruleset_is_a_file(
    flags: tuple[str, ...], name: str, stiletto: Bench, sample: Sample, tmp_path: Path
) -> None:
    """The ruleset is saved as a file, and its name says which it is."""
    out = tmp_path / "out.json"
    source = sample("tiny-plain")
    stiletto.passes(source, "ruleset", *flags, "-o", out)

    assert "active" == json.loads(out.read_text())["enforcement"]
    assert name == stiletto.passes(source, "ruleset", *flags, "name").out.strip()
