"""What tests and builds run in: their user, their variables, their Python and compilers."""

from __future__ import annotations

import asyncio
import os
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.sandbox.interpreters import find_interpreters
from wheelwright.pins import DEFAULT_PYTHON, KNOWN_PYTHONS
from wheelwright.project.pythons import minor_key

from .bench import Bench
from .repositories import HATCHLING, PYTEST, write

FLAGS = ("--progress=plain", "--sandbox=plain")

AS_USER = """\
import getpass
import os
import sys
from pathlib import Path

import pytest


def test_a_file_without_permissions_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(PermissionError):
        path.read_text()


def test_source_home_and_environment_can_be_written() -> None:
    Path("made-by-a-test.txt").write_text("x")
    Path("tests/another.txt").write_text("x")
    (Path.home() / "settings").write_text("x")
    Path(pytest.__file__).with_name("made.txt").write_text("x")
    assert getpass.getuser() == Path.home().name
    assert os.getuid() != 0


def test_the_environment_belongs_to_the_user() -> None:
    installed = Path(sys.prefix)
    assert len(list(installed.rglob("*.py"))) > 100
    owners = {(found.lstat().st_uid, found.lstat().st_gid) for found in installed.rglob("*")}
    assert owners == {(os.getuid(), os.getgid())}
"""
AS_ROOT = """\
import os
import sys
from pathlib import Path


def test_root() -> None:
    assert os.getuid() == 0
    assert {found.lstat().st_uid for found in Path(sys.prefix).rglob("*")} == {0}
"""
SCM = """\
[build-system]
requires = ["setuptools>=77", "setuptools-scm>=8"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
dynamic = ["version"]
requires-python = ">=3.10"

[tool.setuptools_scm]
"""
NOTHING_OF_OURS = """\
import os
from importlib.metadata import version


def test_environment() -> None:
    left = ("UV_", "SETUPTOOLS_SCM_", "PDM_BUILD_")
    assert [name for name in os.environ if name.startswith(left)] == ["UV_SYSTEM_CERTS"]
    assert version("reef") == "0.0.0"
"""
HELLO = {
    "pyproject.toml": """\
[build-system]
requires = ["maturin>=1.9,<2"]
build-backend = "maturin"

[project]
name = "hello"
version = "0.1.0"
requires-python = ">=3.10"

[tool.maturin]
bindings = "bin"
""",
    "Cargo.toml": '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
    "Cargo.lock": 'version = 4\n\n[[package]]\nname = "hello"\nversion = "0.1.0"\n',
    "src/main.rs": 'fn main() {\n    println!("hello");\n}\n',
    "build.rs": """\
fn main() {
    for home in ["CALLER".into(), std::env::var("HOME").unwrap()] {
        let found = std::path::PathBuf::from(home).join(".cargo/credentials.toml");
        assert!(!found.exists(), "{} is visible", found.display());
    }
}
""",
}


def test_tests_run_as_an_ordinary_user(stiletto: Bench, tmp_path: Path) -> None:
    """Permissions count, and the source, the home and the environment can be written."""
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
        "tests/test_berth.py": AS_USER,
    }
    ended = stiletto.passes(write(tmp_path / "berth", files), "test")

    assert "  3 passed in" in ended.out


@pytest.mark.slow
def test_tests_run_as_root_where_the_settings_say_so(stiletto: Bench, tmp_path: Path) -> None:
    """`user = "root"` is for tests that mount, or change owners."""
    text = HATCHLING.format(name="berth") + PYTEST + '\n[tool.wheelwright]\nuser = "root"\n'
    files = {
        "pyproject.toml": text,
        "src/berth/__init__.py": "",
        "tests/test_berth.py": AS_ROOT,
    }
    ended = stiletto.passes(write(tmp_path / "berth", files), "test")

    assert "  1 passed in" in ended.out


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user stays one in plain mode")
def test_plain_mode_says_that_it_has_one_user(stiletto: Bench, tmp_path: Path) -> None:
    """Without namespaces nothing runs as another user, and one line says so."""
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
        "tests/test_berth.py": AS_ROOT,
    }
    plain = replace(stiletto, flags=FLAGS)
    ended = plain.passes(write(tmp_path / "berth", files), "test")

    line = "plain mode cannot change the user: root runs what tester would"
    assert 1 == ended.err.count(line)
    assert "  1 passed in" in ended.out


@pytest.mark.slow
def test_pretended_version_is_for_one_build(stiletto: Bench, tmp_path: Path) -> None:
    """No test sees it, nor settings of ours; a sdist beside it keeps its version."""
    sdist = tmp_path / "reef" / "vendor" / "shoal-1.5.0.tar.gz"
    shoal = write(
        tmp_path / "shoal-1.5.0",
        {
            "pyproject.toml": SCM.format(name="shoal"),
            "src/shoal/__init__.py": "",
            "PKG-INFO": "Metadata-Version: 2.4\nName: shoal\nVersion: 1.5.0\n",
        },
    )
    sdist.parent.mkdir(parents=True)
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(shoal, "shoal-1.5.0")
    text = SCM.format(name="reef").replace("dynamic", 'dependencies = ["shoal"]\ndynamic')
    text += '\n[tool.uv.sources]\nshoal = { path = "vendor/shoal-1.5.0.tar.gz" }\n'
    files = {
        "pyproject.toml": text + PYTEST,
        "src/reef/__init__.py": "",
        "tests/test_reef.py": NOTHING_OF_OURS
        + '\n\ndef test_other() -> None:\n    assert version("shoal") == "1.5.0"\n',
    }
    ended = stiletto.passes(write(tmp_path / "reef", files), "test")

    assert "  2 passed in" in ended.out
    assert "no .git and no PKG-INFO: tested as version 0.0.0" in ended.out


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no Rust on this machine")
def test_rust_of_the_caller_is_seen_without_its_credentials(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Cargo and rustc in ~/.cargo/bin build; what registries are paid with stays outside."""
    home = Path(stiletto.env["HOME"])
    found = Path(str(shutil.which("cargo")))
    programs = found.parent if found.parent.name == "bin" else found.resolve().parent
    shutil.copytree(programs, home / ".cargo" / "bin", symlinks=True)
    (home / ".cargo" / "credentials.toml").write_text("[registry]\ntoken = 'x'\n")
    rustup = os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")
    path = [part for part in stiletto.env["PATH"].split(":") if not (Path(part) / "cargo").exists()]
    env = {**stiletto.env, "PATH": ":".join(path), "RUSTUP_HOME": rustup}
    files = {**HELLO, "build.rs": HELLO["build.rs"].replace("CALLER", str(home))}
    source = write(tmp_path / "hello", files)
    replace(stiletto, env=env).passes(source, "build", "-o", tmp_path / "dist")

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.name.startswith("hello-0.1.0-py3-none-")


@pytest.mark.slow
def test_python_of_the_constructor_is_the_only_cell(stiletto: Bench, tmp_path: Path) -> None:
    """`--python` before `matrix` holds for it; one behind it wins."""
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
    }
    source = write(tmp_path / "berth", files)
    one = stiletto.passes(source, "--python=3.12", "matrix", "--plan")
    other = stiletto.passes(source, "--python=3.12", "matrix", "--plan", "--python=3.14t,pypy3.11")

    assert "3.12" in one.out
    assert one.out.endswith("1 cell")
    assert ["3.14t", "pypy3.11"] == [line.split()[0] for line in other.out.splitlines()[3:5]]


def test_python_that_is_not_there_fails_its_cell(stiletto: Bench, tmp_path: Path) -> None:
    """The cell names the Python, and what the machine has."""
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
        "tests/test_berth.py": "def test_berth() -> None:\n    pass\n",
    }
    env = {**stiletto.env, "STILETTO_PYTHON_INSTALL": "0", "PYENV_ROOT": "/nowhere"}
    bench = replace(stiletto, env={**env, "UV_PYTHON_INSTALL_DIR": "/nowhere"})
    ended = bench.fails(write(tmp_path / "berth", files), "matrix", "--python=pypy3.11")

    assert "Python pypy3.11 is not available: no Python pypy3.11 on this machine" in ended.said


def test_another_python_is_taken_where_the_default_is_not_there(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Nobody chose the default: the newest that is there and allowed runs, and a note says so."""
    env = {**stiletto.env, "STILETTO_PYTHON_INSTALL": "0", "PYENV_ROOT": "/nowhere"}
    env |= {"UV_PYTHON_INSTALL_DIR": "/nowhere"}
    found = asyncio.run(find_interpreters(env, tmp_path))
    series = {each.series for each in found if each.implementation == "cpython" and each.final}
    older = [each for each in KNOWN_PYTHONS if each in series and minor_key(each) >= (3, 9)]
    if DEFAULT_PYTHON in older or not older:
        pytest.skip(f"this machine has Python {DEFAULT_PYTHON} itself")
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
        "tests/test_berth.py": "def test_berth() -> None:\n    pass\n",
    }
    ended = replace(stiletto, env=env).passes(write(tmp_path / "berth", files), "test")

    note = f"the default, {DEFAULT_PYTHON}, is not available here"
    assert f"  Python {older[-1]}: {note}" in ended.out.splitlines()


def test_what_is_no_python_is_reported_where_the_default_is_not_there(
    stiletto: Bench, tmp_path: Path
) -> None:
    """The caller's mistake is reported, also where tox is read first; not the missing default."""
    env = {**stiletto.env, "STILETTO_PYTHON_INSTALL": "0", "PYENV_ROOT": "/nowhere"}
    env |= {"UV_PYTHON_INSTALL_DIR": "/nowhere"}
    files = {
        "pyproject.toml": HATCHLING.format(name="berth") + PYTEST,
        "src/berth/__init__.py": "",
        "tox.ini": "[tox]\nenv_list = py\n[testenv]\ncommands = pytest\n",
    }
    source = write(tmp_path / "berth", files)
    ended = replace(stiletto, env=env).fails(source, "test", "--python=4.9")

    assert 'Error: --python "4.9" is not a Python version; write it like 3.12' in ended.said
