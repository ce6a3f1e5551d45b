"""The programs that look at installed files: what is imported, and how two differ."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from wheelwright.release.inside import finder, installed

STARTED = "import site, sys; site.addsitedir(sys.argv.pop(1)); "
PYTEST = STARTED + "import pytest; sys.exit(pytest.main(sys.argv[1:]))"


def write(directory: Path, files: dict[str, str]) -> None:
    """Write files below a directory."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


class Installation:
    """A package in a directory of installed ones, and its source."""

    def __init__(self, root: Path, layout: str = "src") -> None:
        self.site, self.source = root / "site", root / "source"
        self.place = layout
        self.log = root / "log"
        self.tests: dict[str, str] = {}
        package = {"teasel/__init__.py": "WHERE = 'wheel'\n", "teasel/inner.py": "HERE = 1\n"}
        write(self.site, package)
        source = {path: text.replace("wheel", "source") for path, text in package.items()}
        source["teasel/forgotten.py"] = "HERE = 2\n"
        write(self.source / layout, source)

    def start(self, code: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a program where the source is in front of what is installed."""
        text = Path(finder.__file__).read_text(encoding="utf-8")
        names = {"names": ["teasel"], "tests": self.tests, "source": str(self.source)}
        settings = json.dumps({**names, "log": str(self.log)})
        files = {"py": text, "json": settings, "pth": f"import {installed.MODULE}\n"}
        write(self.site, {f"{installed.MODULE}.{suffix}": each for suffix, each in files.items()})
        return subprocess.run(
            [sys.executable, "-c", code, str(self.site), *args],
            cwd=self.source,
            env={"PYTHONPATH": str(self.source / self.place), "PY_IGNORE_IMPORTMISMATCH": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    def pytest(self, files: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
        """Run pytest over some files of the source."""
        write(self.source, files)
        return self.start(PYTEST, "-q", "-p", "no:cacheprovider", *args)


@pytest.mark.parametrize("layout", ["src", ""])
def test_tests_read_source_and_import_what_is_installed(tmp_path: Path, layout: str) -> None:
    """The tests may read the source; what they import is what the wheel installed."""
    at = Installation(tmp_path, layout)
    test = f"""\
from pathlib import Path
import subprocess, sys
import teasel, teasel.inner

def test_source_is_there():
    assert "source" in Path("{layout or "."}/teasel/__init__.py").read_text()

def test_installed_files_are_imported():
    assert teasel.WHERE == "wheel"
    assert "site" in Path(teasel.inner.__file__).parts
"""
    ran = at.pytest({"tests/__init__.py": "", "tests/test_it.py": test})

    assert 0 == ran.returncode, ran.stdout
    assert "" == at.log.read_text()


def test_a_module_that_the_wheel_lacks_is_missing_in_the_tests(tmp_path: Path) -> None:
    """What is in the source alone cannot be imported: users will not have it."""
    ran = Installation(tmp_path).start(STARTED + "import teasel.forgotten")

    assert "No module named 'teasel.forgotten'" in ran.stderr


def test_tests_inside_the_package_run_from_the_source(tmp_path: Path) -> None:
    """Test modules that the wheel leaves out are imported from the source, and nothing else."""
    at = Installation(tmp_path)
    at.tests = {"teasel.tests": str(at.source / "src/teasel")}
    test = (
        "import teasel\nfrom . import known\n\ndef test_it():\n    assert teasel.WHERE == 'wheel'\n"
    )
    directory = "src/teasel/tests"
    files = {"__init__.py": "", "known.py": "", "test_it.py": test, "conftest.py": ""}
    ran = at.pytest({f"{directory}/{name}": text for name, text in files.items()})

    assert 0 == ran.returncode, ran.stdout
    assert "1 passed" in ran.stdout
    assert "" == at.log.read_text()


def test_tests_of_the_wheel_are_the_installed_ones(tmp_path: Path) -> None:
    """A test module that is in the source and in the wheel runs as it is installed."""
    at = Installation(tmp_path)
    test = "def test_it():\n    assert 'site' in __file__\n"
    write(at.site, {"teasel/tests/__init__.py": "", "teasel/tests/test_it.py": test})
    files = {"src/teasel/tests/__init__.py": "", "src/teasel/tests/test_it.py": test}
    ran = at.pytest(files, "src/teasel/tests")

    assert 0 == ran.returncode, ran.stdout


def test_parts_of_a_namespace_are_each_where_they_are(tmp_path: Path) -> None:
    """In a namespace the package is the installed one, and other parts are found as ever."""
    at = Installation(tmp_path)
    write(at.site, {"meadow/teasel/__init__.py": "WHERE = 'wheel'\n"})
    write(
        at.source / "src",
        {
            "meadow/teasel/__init__.py": "WHERE = 'source'\n",
            "meadow/other/__init__.py": "WHERE = 'other'\n",
        },
    )
    at.start("pass")
    settings = at.site / f"{installed.MODULE}.json"
    code = (
        "import json, pathlib, sys; p = pathlib.Path(sys.argv[2]); d = json.loads(p.read_text()); "
        "p.write_text(json.dumps({**d, 'names': ['meadow']})); "
        + STARTED
        + "import meadow.teasel, meadow.other; print(meadow.teasel.WHERE, meadow.other.WHERE)"
    )
    ran = at.start(code, str(settings))

    assert "wheel other\n" == ran.stdout, ran.stderr


def test_what_is_imported_from_the_source_is_written_down(tmp_path: Path) -> None:
    """A test that loads the source by its path is seen, by the name that it gives to it."""
    test = """\
import importlib.util, sys

def test_it():
    spec = importlib.util.spec_from_file_location("teasel", "src/teasel/__init__.py")
    sys.modules["teasel"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
"""
    at = Installation(tmp_path)
    ran = at.pytest({"tests/test_it.py": test})

    assert 0 == ran.returncode, ran.stdout
    file = str(at.source / "src/teasel/__init__.py")
    assert ["teasel", file] == json.loads(at.log.read_text())


def test_the_finder_is_put_among_the_installed_packages(tmp_path: Path) -> None:
    """Whatever Python of the environment starts, the installed package is what it imports."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    site = next((tmp_path / "venv/lib").glob("python*/site-packages"))
    write(site, {"teasel/__init__.py": "WHERE = 'wheel'\n"})
    source = tmp_path / "source"
    directory = source / "src/teasel/tests"
    write(source, {"teasel/__init__.py": "WHERE = 'source'\n"})
    write(directory, {"__init__.py": "", "known.py": "ANSWER = 42\n"})
    write(source, {"opt/finder.py": Path(finder.__file__).read_text(encoding="utf-8")})
    write(source, {"opt/installed.py": Path(installed.__file__).read_text(encoding="utf-8")})
    settings = json.dumps({"names": ["teasel"], "tests": {"teasel.tests": "src/teasel"}})
    first = ["opt/installed.py", "first", settings, str(source), str(tmp_path / "log")]
    subprocess.run([python, *first], cwd=source, check=True)
    code = "import teasel, teasel.tests.known as t; print(teasel.WHERE, t.ANSWER)"
    ran = subprocess.run(
        [python, "-c", code], cwd=source, capture_output=True, text=True, check=False
    )

    assert "wheel 42\n" == ran.stdout, ran.stderr


def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    command = [sys.executable, installed.__file__, *args]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_imports_are_told(tmp_path: Path) -> None:
    """Each module's version is told, or how it failed; one that ends the process is named, too."""
    answer = tmp_path / "answer.json"
    write(
        tmp_path,
        {
            "good.py": "__version__ = '1.2.4'\n",
            "odd.py": "__version__ = (1, 2)\n",
            "broken.py": "import nowhere_at_all\n",
            "ends.py": "import os\nos._exit(0)\n",
        },
    )
    code = f"import sys; sys.path.insert(0, '.'); sys.argv[1:] = {['import', str(answer)]!r} + %r; "
    code += f"import runpy; runpy.run_path({installed.__file__!r}, run_name='__main__')"
    names = ["good", "odd", "broken", "ends", "never"]
    subprocess.run([sys.executable, "-c", code % (names,)], cwd=tmp_path, check=False)
    told = json.loads(answer.read_text())

    assert {"error": "", "version": "1.2.4"} == told["good"]
    assert {"error": "", "version": None} == told["odd"]
    assert "ModuleNotFoundError: No module named 'nowhere_at_all'" == told["broken"]["error"]
    assert "the process ended" == told["ends"]["error"]
    assert "never" not in told


def test_installed_files_are_compared(tmp_path: Path) -> None:
    """Files and contents count; what the installer writes, and paths in compiled files do not."""
    one, two = tmp_path / "one", tmp_path / "two"
    own = "teasel-1.2.4.dist-info"
    write(one, {"teasel/a.py": "1", "teasel/b.json": "1", "teasel/c.so": "1", f"{own}/RECORD": "1"})
    write(two, {"teasel/a.py": "2", "teasel/d.json": "1", "teasel/c.so": "2", f"{own}/RECORD": "2"})
    write(two, {f"{own}/direct_url.json": "{}", "teasel/__pycache__/a.pyc": "x"})
    run("compare", "answer.json", "one", "two", cwd=tmp_path)

    assert [
        ["only in one", "teasel/b.json"],
        ["only in two", "teasel/d.json"],
        ["differs", "teasel/a.py"],
    ] == json.loads((tmp_path / "answer.json").read_text())
