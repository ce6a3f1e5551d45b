"""The containers that steps begin with: the query that an engine gets, and what it runs there."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from wheelwright.container import steps

APT_GET = """\
#!/bin/sh
echo "$DEBIAN_FRONTEND $*" >>"$CALLS"
cat "${1#--config-file=}" >"$CALLS.config"

"""


def fields(image: str, *packages: str) -> list[str]:
    """Return the fields of the query, in their order."""
    return [each.name for each in steps.base(image, "3.12", packages)._ctx.selections]


def test_packages_are_below_everything_else() -> None:
    """What is added or edited later leaves that layer as it is; its cache is not in it."""
    found = fields("python:3.12-slim", "git", "libpq-dev")

    below = ["container", "from", "withNewFile", "withMountedCache", "withExec", "withoutMount"]
    assert [*below, "withFile"] == found[:7]
    assert "withExec" not in found[6:]


def test_without_packages_nothing_runs() -> None:
    """The container is the image, uv and settings."""
    found = fields("python:3.12-slim")

    assert ["container", "from", "withFile"] == found[:3]
    assert "withExec" not in found


def test_the_cache_of_apt_is_used_by_one_step_at_a_time() -> None:
    """apt-get does not wait for another."""
    selections = steps.base("python:3.12-slim", "3.12", ["git"])._ctx.selections
    (mounted,) = (each for each in selections if each.name == "withMountedCache")

    assert "/var/cache/apt" == mounted.args["path"]
    assert "LOCKED" == str(mounted.args["sharing"])


def run(
    directory: Path, *packages: str, apt: bool = True
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script as a step does; return how it ended, and the calls of apt-get."""
    programs = directory / "bin"
    programs.mkdir()
    for name in ("basename", "cat", "dirname", "mkdir", "rm", "sed", "sh"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    if apt:
        (programs / "apt-get").write_text(APT_GET)
        (programs / "apt-get").chmod(0o755)
    script = directory / "system-packages.sh"
    program = files("wheelwright.inside") / "system-packages.sh"
    script.write_text(program.read_text(encoding="utf-8"))
    calls = directory / "calls"
    done = subprocess.run(
        [str(programs / "sh"), str(script), *packages],
        env={"PATH": str(programs), "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, calls.read_text().splitlines() if calls.exists() else []


def test_lists_are_read_and_packages_installed(tmp_path: Path) -> None:
    """Without questions and recommended packages; what is kept beside the script is removed."""
    done, calls = run(tmp_path, "git", "libpq-dev")

    config = f"--config-file={tmp_path}/apt/config --quiet=2"
    assert 0 == done.returncode, done.stderr
    assert [
        f"noninteractive {config} update",
        f"noninteractive {config} install --yes --no-install-recommends git libpq-dev",
    ] == calls
    assert {"bin", "calls", "calls.config", "system-packages.sh"} == {
        each.name for each in tmp_path.iterdir()
    }
    settings = (tmp_path / "calls.config").read_text()
    assert f'Dir::Etc::SourceParts "{tmp_path}/apt/sources";' in settings
    assert "#clear DPkg::Post-Invoke;" in settings


def test_an_image_without_apt_get_is_named(tmp_path: Path) -> None:
    """It is no Debian: the setting cannot work there."""
    done, calls = run(tmp_path, "git", apt=False)

    assert (1, []) == (done.returncode, calls)
    assert "system-packages: no apt-get in this image" in done.stderr
