"""The jobs of the generated release workflow, one after the other, as GitHub's runner runs them.

Each job has a machine of its own: its directories, and of the secrets only what its YAML names.
Its shell steps run as they stand. `dagger` is a script on PATH that calls this module with the
embedded engine and adds where the stand-ins are; what GitHub makes of an expression stands in
`Runner.expressions`, and another one fails the test.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ruamel.yaml import YAML
from tests.e2e.bench import REPOSITORY
from tests.e2e.release_bench import EPOCH_S, ReleaseBench, run_git
from tests.unit.wheelwright.samples import fixture

from wheelwright.github.calls import Engine, caller
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows

__all__ = ["Jobs", "workflow"]

Follow = Callable[[IO[str], int], None]

# Words that the shim adds to a function's own: the stand-ins are not where GitHub and PyPI are.
_PLACES = {
    "release-build": ("index", "time", "ca"),
    "release-propose": ("index", "api", "ca"),
    "release-publish": ("index", "ca"),
    "release-finish": ("index", "api", "ca"),
}


def _tagged() -> dict[str, str]:
    """Return the workflows of a repository that publishes by tags, by name."""
    own = '{"name": "wheelwright", "sdk": {"source": "python"}}'
    who, choices = caller(own, Engine.DAGGER, "", ""), Choices(publish="tag")
    files = workflows(fixture("hatchling-src"), who, choices)
    return {Path(path).name: text for path, text in files.items()}


def workflow(name: str) -> Any:
    """Read a workflow of this repository, or publish.yml as it would be here."""
    path = REPOSITORY / ".github" / "workflows" / f"{name}.yml"
    text = path.read_text(encoding="utf-8") if path.is_file() else _tagged()[f"{name}.yml"]
    return YAML(typ="safe", pure=True).load(text)


@dataclass
class Jobs:
    """A run of a workflow over what is on the remote, job by job.

    Attributes:
        run: the run's number, which "run all jobs again" keeps.
        attempt: counts those.
        outputs: of each job that ended, by name.
        said: what each job printed.
        attested: SHA-256 by name, of what GitHub's action was given.
    """

    at: ReleaseBench
    directory: Path
    name: str = "release"
    run: str = "4711"
    attempt: int = 1
    bump: str = "patch"
    take_over: str = ""
    ref_name: str = "main"
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    attested: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the workflow."""
        jobs = workflow(self.name)["jobs"]
        # The input is off: that job prints the plan in the place of all others.
        self.jobs = {
            name: job for name, job in jobs.items() if job.get("if") != "${{ inputs.plan-only }}"
        }
        self.artifact = self.directory / "artifact"
        self.at.outside.index.trust_project(self.at.sample.name)
        self._shim()

    # -- a run ------------------------------------------------------------------------------------

    def all(self) -> None:
        """Run every job, and hold that each succeeds."""
        for job in self.jobs:
            assert self.job(job), self.said[job]

    def again(self) -> Jobs:
        """Return "run all jobs again" of this run."""
        fresh = self.directory.with_name(f"{self.directory.name}-again")
        fresh.mkdir()
        return Jobs(
            self.at, fresh, self.name, self.run, self.attempt + 1, self.bump, self.take_over
        )

    def job(self, name: str, follow: Follow | None = None) -> bool:
        """Run the steps of a job up to the first that fails; return whether none did.

        `follow` reads what a shell step prints, and may kill its process group on the way.
        """
        body = self.jobs[name]
        machine = self.directory / f"{name}-{self.attempt}"
        temp, workspace = machine / "temp", machine / "workspace"
        temp.mkdir(parents=True)
        workspace.mkdir()
        (machine / "output").touch()
        (machine / "summary").touch()
        self.said[name] = ""
        outputs: dict[str, str] = {}
        for step in body["steps"]:
            if step.get("if") == "${{ env.APP != '' }}":
                # No app is configured here.
                continue
            if "uses" in step:
                self._use(step, temp, workspace)
            elif not self._passes(name, step, machine, outputs, follow):
                return False
            if "id" in step:
                for line in (machine / "output").read_text().splitlines():
                    key, _, value = line.partition("=")
                    outputs[f"${{{{ steps.{step['id']}.outputs.{key} }}}}"] = value
        self.outputs[name] = {
            key: self._value(text, outputs, temp) for key, text in body.get("outputs", {}).items()
        }
        return True

    # -- steps ------------------------------------------------------------------------------------

    def _use(self, step: Mapping[str, Any], temp: Path, workspace: Path) -> None:
        action = step["uses"].partition("@")[0]
        if action == "actions/checkout":
            assert 0 == step["with"]["fetch-depth"]
            git, owner = self.at.outside.git, self.at.outside.owner
            workspace.rmdir()
            run_git(workspace.parent, "clone", "--quiet", git.url_for(owner), workspace.name)
            run_git(workspace, "remote", "set-url", "origin", git.url)
            # The action leaves no name for the remote's default branch.
            run_git(workspace, "remote", "set-head", "origin", "--delete")
            if self.ref_name != "main":
                run_git(workspace, "checkout", "--quiet", "--detach", self.ref_name)
        elif action == "actions/upload-artifact":
            shutil.rmtree(self.artifact, ignore_errors=True)
            shutil.copytree(temp / "release", self.artifact, symlinks=True)
        elif action == "actions/download-artifact":
            shutil.copytree(self.artifact, temp / "release", symlinks=True)
        elif action == "actions/attest":
            subjects = self._value(step["with"]["subject-checksums"], {}, temp)
            for line in Path(subjects).read_text().splitlines():
                sha256, name = line.split("  ")
                self.attested[name] = sha256
        else:
            assert action == "dagger/dagger-for-github", action

    def _passes(
        self,
        job: str,
        step: Mapping[str, Any],
        machine: Path,
        outputs: Mapping[str, str],
        follow: Follow | None,
    ) -> bool:
        if step["name"].startswith("Fetch the module"):
            # Its script has a test of its own; the module here is the one that is tested.
            return True
        temp = machine / "temp"
        script = machine / "script.sh"
        script.write_text(step["run"])
        values = {
            key: self._value(str(text), outputs, temp) for key, text in step.get("env", {}).items()
        }
        with subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=machine / "workspace",
            env={**self._environment(job, machine), **values},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        ) as process:
            if follow is not None:
                assert process.stdout is not None
                follow(process.stdout, process.pid)
            said, _ = process.communicate(timeout=800)
        self.said[job] += said
        return process.returncode == 0

    def _environment(self, job: str, machine: Path) -> dict[str, str]:
        bench, outside = self.at.bench, self.at.outside
        secret = {"GITHUB_TOKEN", "INDEX_TOKEN", *outside.index.actions_environment}
        environ = {key: value for key, value in bench.env.items() if key not in secret}
        if self.jobs[job]["permissions"].get("id-token") == "write":
            environ |= outside.index.actions_environment
        return {
            **environ,
            "GITHUB_OUTPUT": str(machine / "output"),
            "GITHUB_REPOSITORY": outside.name,
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_RUN_ID": self.run,
            "GITHUB_SERVER_URL": outside.git.server.url,
            "GITHUB_STEP_SUMMARY": str(machine / "summary"),
            "PATH": f"{self.directory / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}",
            "RUNNER_TEMP": str(machine / "temp"),
        }

    def _value(self, text: str, outputs: Mapping[str, str], temp: Path) -> str:
        known = {
            "${{ inputs.bump != 'none' && inputs.bump || '' }}": self.bump,
            "${{ inputs.pre != 'none' && inputs.pre || '' }}": "",
            "${{ inputs.base }}": "main",
            "${{ inputs.version }}": "",
            "${{ inputs.post && 'true' || '' }}": "",
            "${{ inputs.allow-lower && 'true' || '' }}": "",
            "${{ inputs.notes }}": "",
            "${{ !inputs.attest && 'true' || '' }}": "",
            "${{ inputs.run || github.run_id }}": self.run,
            "${{ inputs.take-over }}": self.take_over,
            "${{ github.ref_name }}": self.ref_name,
            "${{ github.run_attempt }}": str(self.attempt),
            "${{ steps.app.outputs.token || secrets.RELEASE_TOKEN || github.token }}": (
                self.at.outside.token.value
            ),
            "${{ runner.temp }}": str(temp),
            **outputs,
        }
        for job, said in self.outputs.items():
            known |= {f"${{{{ needs.{job}.outputs.{key} }}}}": said[key] for key in said}

        def value(match: re.Match[str]) -> str:
            assert match[0] in known, f"say what GitHub makes of {match[0]}"
            return known[match[0]]

        return re.sub(r"\$\{\{.*?\}\}", value, text)

    def _shim(self) -> None:
        outside, bench = self.at.outside, self.at.bench
        words = {
            "index": f"--publish-url {outside.index.publish_url} "
            f"--check-url {outside.index.simple_url}",
            "api": f"--github-api {outside.api_url}",
            "time": f"--source-date-epoch {EPOCH_S}",
            "ca": f"--ca {shlex.quote(str(outside.authority.bundle))}",
        }
        cases = "\n".join(
            f"  {function}) more={shlex.quote(' '.join(words[each] for each in places))} ;;"
            for function, places in _PLACES.items()
        )
        program, module = shlex.join(bench.program), shlex.quote(str(bench.module))
        # In a checkout, what is around is the source; elsewhere there is none to name.
        shim = self.directory / "bin" / "dagger"
        shim.parent.mkdir(parents=True, exist_ok=True)
        shim.write_text(
            "#!/bin/bash\n"
            'shift\nif [ "$1" = -m ]; then shift 2; where=; else where="--source ."; fi\n'
            f'case "$1" in\n{cases}\nesac\n'
            f'exec {program} call --progress=plain -m {module} $where "$@" $more '
            "${where:+--git .}\n"
        )
        shim.chmod(0o755)
