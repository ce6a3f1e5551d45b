"""The user of the tests: a command that installs for it ends as it does by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import pytest

from stiletto.visible import displayed
from wheelwright.container import users
from wheelwright.environment.imported import Imported
from wheelwright.environment.plan import VENV

PROGRAM = files("wheelwright.inside") / "install.sh"


def run(*command: str, environment: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as a step does, with an environment at another place."""
    return subprocess.run(
        ["/bin/sh", str(PROGRAM), users.OWNER, "--", *command],
        env={"PATH": "/usr/bin:/bin", "UV_PROJECT_ENVIRONMENT": str(environment)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("code", [0, 2, 137])
def test_the_exit_code_is_the_command_s(tmp_path: Path, code: int) -> None:
    """A failed command fails the step with its own code, and what it printed is there."""
    done = run("sh", "-c", f"echo installed; echo why >&2; exit {code}", environment=tmp_path)

    assert (code, "installed\n", "why\n") == (done.returncode, done.stdout, done.stderr)


def test_arguments_are_passed_on_as_they_are(tmp_path: Path) -> None:
    """A requirement may have spaces and quotes."""
    given = ("a b", "*", "it's; python_version < '3.12'", "")
    done = run("printf", "%s\n", *given, environment=tmp_path)

    assert list(given) == done.stdout.splitlines()


def test_an_environment_at_another_place_keeps_its_owner(tmp_path: Path) -> None:
    """Without containers everything belongs to one user: nobody else can write to a store."""
    made = tmp_path / "made"
    done = run("touch", str(made), environment=tmp_path)

    assert (0, tmp_path.stat().st_uid) == (done.returncode, made.stat().st_uid)


def test_what_is_installed_is_compiled_once_for_all_runs(tmp_path: Path) -> None:
    """The interpreter of the image compiles it; nothing of the environment runs."""
    venv, programs = tmp_path / "venv", tmp_path / "programs"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    site = venv / "lib" / "python3.11" / "site-packages"
    ran = tmp_path / "ran"
    for name, text in {
        "one.py": "",
        "one-1.dist-info/METADATA": "Name: one\n",
        "one-1.dist-info/RECORD": "one.py,,\n",
        "evil.pth": f"import pathlib; pathlib.Path({str(ran)!r}).touch()",
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    programs.mkdir()
    (programs / "install.sh").write_text(
        PROGRAM.read_text(encoding="utf-8").replace(VENV, str(venv))
    )
    (programs / "compiled.py").write_text((files("wheelwright.inside") / "compiled.py").read_text())
    (programs / "imported.json").write_text(json.dumps(asdict(Imported())))
    done = subprocess.run(
        ["/bin/sh", programs / "install.sh", f"{os.getuid()}:{os.getgid()}", "--", "true"],
        env={"PATH": "/usr/bin:/bin", "UV_PROJECT_ENVIRONMENT": str(venv)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert ["one"] == [path.name.partition(".")[0] for path in site.rglob("*.pyc")]
    assert not ran.exists()


def test_a_step_is_named_by_what_it_installs() -> None:
    """The program before it, and its time limit, are no part of the name that people read."""
    command = ("uv", "sync", "--frozen")
    ran = users.installing(command, users.OWNER)

    assert list(command) == users.installed_by(list(ran))
    assert "uv sync --frozen" == displayed(["timeout", "--signal=KILL", "1800s", *ran])


def test_the_program_and_the_module_mean_one_environment() -> None:
    """The program names the place that all plans have."""
    assert f'[ "$UV_PROJECT_ENVIRONMENT" = {VENV} ] ' in PROGRAM.read_text(encoding="utf-8")
