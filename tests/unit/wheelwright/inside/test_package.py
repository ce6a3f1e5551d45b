"""The program that installs a package apart: what it takes out, and what it reports."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from wheelwright.environment import apart
from wheelwright.inside import package

INSTALL = """\
import os, pathlib, sys
source, environment = map(pathlib.Path, sys.argv[1:])
(site,) = environment.glob("lib/*/site-packages")
info = site / "demo-1.dist-info"
info.mkdir()
(site / "_demo.pth").write_text(str(source))
(info / "METADATA").write_text("Metadata-Version: 2.4\\nName: demo\\n\\nName: other\\n")
(info / "WHEEL").write_text("Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
(info / "uv_cache.json").write_text(str(os.getpid()))
(info / "direct_url.json").write_text('{"url": "file://%s"}' % source)
(environment / "bin" / "demo").write_text("#!/opt/venv/bin/python\\n")
(environment / "bin" / "demo").chmod(0o755)
(info / "RECORD").write_text(
    "_demo.pth,,\\ndemo-1.dist-info/uv_cache.json,sha256=x,5\\n../../../bin/demo,,\\n"
)
"""


def installed(
    at: Path, more: str = "", files: tuple[str, ...] = (), place: str = "/opt/venv"
) -> dict[str, Any]:
    """Run the program in a source with a command that installs, and does more."""
    source = at / "src"
    for name in ("demo/__init__.py", "demo/old.py", *files):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x = 1\n")
    program = at / "install.py"
    program.write_text(INSTALL + more)
    words = [str(each) for each in (source, at / "venv", at / "out")]
    command = [sys.executable, str(program), *words[:2]]
    subprocess.run(
        [sys.executable, package.__file__, *words, "--", *command],
        check=True,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(at),
            "UV_PROJECT_ENVIRONMENT": place,
        },
        capture_output=True,
    )
    facts: dict[str, Any] = json.loads((at / "out" / "facts.json").read_text())
    return facts


def test_what_was_installed_is_taken_out_without_what_uv_notes_of_times(tmp_path: Path) -> None:
    """Files of an environment that is empty otherwise, and programs with their mode."""
    facts = installed(tmp_path)
    names = ("METADATA", "RECORD", "WHEEL", "direct_url.json")
    assert ["_demo.pth", *(f"demo-1.dist-info/{name}" for name in names)] == facts["site"]
    assert ["bin/demo"] == facts["prefix"]
    record = (tmp_path / "out" / "site" / "demo-1.dist-info" / "RECORD").read_text()
    assert "_demo.pth,,\n../../../bin/demo,,\n" == record
    assert (tmp_path / "out" / "prefix" / "bin" / "demo").stat().st_mode & 0o111
    left = apart.read(json.dumps(facts))
    assert isinstance(left, apart.Left)
    assert (("demo",), ()) == (left.packages, left.requires)


def test_what_the_build_wrote_into_the_source_is_taken_out(tmp_path: Path) -> None:
    """New and changed files, and empty directories; bytecode and .git are none of them."""
    facts = installed(
        tmp_path,
        """
(source / "demo" / "_version.py").write_text("1")
(source / "demo" / "old.py").write_text("y = 2222")
(source / "build").mkdir()
(source / ".git").mkdir()
(source / ".git" / "index").write_text("")
""",
    )
    assert ["demo/_version.py", "demo/old.py"] == facts["source"]
    assert ["build"] == facts["directories"]
    assert "y = 2222" == (tmp_path / "out" / "source" / "demo" / "old.py").read_text()
    assert isinstance(apart.read(json.dumps(facts)), apart.Left)


def test_what_cannot_be_copied_is_reported(tmp_path: Path) -> None:
    """A file that the build removes, and a link, are facts against a shared build."""
    more = '(source / "demo" / "old.py").unlink(); (source / "link").symlink_to("demo")'
    facts = installed(tmp_path, more)
    assert (["demo/old.py"], ["link"]) == (facts["removed"], facts["special"])


def test_a_module_that_the_build_has_run_is_reported(tmp_path: Path) -> None:
    """Its code may have asked for the version of Python, whatever came of it."""
    facts = installed(tmp_path, "sys.path.insert(0, str(source)); import demo")
    assert [f"demo/__init__.{sys.implementation.cache_tag}.pyc"] == facts["run"]


def test_code_in_the_directory_of_a_member_is_reported(tmp_path: Path) -> None:
    """What was not read before the build is looked for behind it."""
    assert ["setup.py"] == installed(tmp_path, files=("setup.py",))["code"]


def test_a_command_that_fails_leaves_no_report(tmp_path: Path) -> None:
    """Then each environment builds for itself, and reports what fails."""
    places = map(str, (tmp_path, tmp_path / "venv", tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, package.__file__, *places, "--", "uv", "sync", "--unknown"],
        check=False,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
    )
    assert (2, False) == (done.returncode, (tmp_path / "out" / "facts.json").exists())


def test_an_engine_without_containers_builds_nothing_apart(tmp_path: Path) -> None:
    """What is installed there has the paths of its own cell."""
    facts = installed(tmp_path, place=str(tmp_path / "opt" / "venv"))

    assert not (tmp_path / "venv").exists()
    assert apart.read(json.dumps(facts)) == "paths of this cell"
