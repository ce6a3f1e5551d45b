"""What an interpreter of the machine has and an image of Python has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.sandbox.interpreters import Interpreter
from stiletto.sandbox.preinstalled import packages_of

LIB = "lib/python3.11/site-packages"

STAYS = [
    f"{LIB}/pip/__init__.py",
    f"{LIB}/pip-24.0.dist-info/RECORD",
    f"{LIB}/setuptools/__init__.py",
    f"{LIB}/_distutils_hack/__init__.py",
    f"{LIB}/distutils-precedence.pth",
    "bin/python3.11",
    "bin/pip3",
    "bin/2to3-3.11",
    "lib/python3.11/json/__init__.py",
]
GOES = [
    f"{LIB}/pipx/__init__.py",
    f"{LIB}/yaml.py",
    f"{LIB}/_yaml.cpython-311.so",
    f"{LIB}/PyYAML-6.0.dist-info/RECORD",
    f"{LIB}/__editable__.mine-1.pth",
    f"{LIB}/_mine.pth",
    "bin/pytest",
]


def interpreter(prefix: Path) -> Interpreter:
    """Return one that has these files."""
    for name in (*STAYS, *GOES):
        path = prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("/elsewhere\n")
    return Interpreter(prefix / "bin/python3.11", (3, 11, 7), prefix)


def test_packages_and_their_programs(tmp_path: Path) -> None:
    """All that was installed beside pip, setuptools and wheel is named, as a whole."""
    hidden = {Path(path) for path in packages_of(interpreter(tmp_path))}

    for name in STAYS:
        assert not hidden & {tmp_path / name, *(tmp_path / name).parents}
    for name in GOES:
        assert hidden & {tmp_path / name, *(tmp_path / name).parents}


@pytest.mark.parametrize(
    ("name", "text", "hides"),
    [
        ("certificates.pth", "import os; os.environ\n", False),
        ("__editable__.x.pth", "import __editable___x_finder\n", True),
        ("path.pth", "# comment\n/elsewhere\n", True),
    ],
)
def test_path_files(tmp_path: Path, name: str, text: str, hides: bool) -> None:
    """A .pth file that adds a directory goes; one that runs code of the machine stays."""
    python = interpreter(tmp_path)
    (tmp_path / LIB / name).write_text(text)

    assert hides == (str(tmp_path / LIB / name) in packages_of(python))


@pytest.mark.parametrize("prefix", ["/", "/usr"])
def test_an_interpreter_of_the_system(prefix: str) -> None:
    """Its packages belong to programs of the system."""
    assert () == packages_of(Interpreter(Path("/usr/bin/python3"), (3, 11, 2), Path(prefix)))
