"""The program that makes the coverage of all cells, with the real coverage."""

import json
import os
import subprocess
from importlib.resources import files
from pathlib import Path

from wheelwright.environment.tools import pinned
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.testing.coverage import HELPERS, TOTAL


def test_a_cell_whose_data_are_broken_does_not_stop_the_others(tmp_path: Path) -> None:
    """Each cell has its own report, and all of them together one."""
    source, reports, programs = (tmp_path / name for name in ("source", "reports", "programs"))
    for directory in (source, reports, programs):
        directory.mkdir()
    for name in (TOTAL, *HELPERS):
        text = (files("wheelwright.inside") / name).read_text(encoding="utf-8")
        (programs / name).write_text(text)
    (source / "demo.py").write_text("import sys\nif sys.argv[1:]:\n    X = 1\nelse:\n    X = 2\n")
    cells = {"3.11": (), "3.12 lowest": ("more",)}
    named: list[str] = []
    venv = tmp_path / "venv"
    subprocess.run(["uv", "venv", "--quiet", venv], check=True)
    install = ("uv", "pip", "install", "--quiet", f"coverage=={pinned('coverage', DEFAULT_PYTHON)}")
    subprocess.run([*install, "--python", venv / "bin" / "python"], check=True)
    environ = {**os.environ, "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}
    for cell, args in cells.items():
        (reports / "data" / cell).mkdir(parents=True)
        data = reports / "data" / cell / "coverage.data"
        measured = ["coverage", "run", "--source=.", f"--data-file={data}", "demo.py", *args]
        subprocess.run(measured, cwd=source, env=environ, check=True)
        named.append(str(data))
    (reports / "data" / "broken").mkdir()
    (reports / "data" / "broken" / "coverage.data").write_text("?")
    command = (
        "sh",
        str(programs / TOTAL),
        str(reports),
        str(source),
        "",
        str(tmp_path / "lines.json"),
    )
    done = subprocess.run(
        [*command, "3", *cells, "broken", *named],
        cwd=source,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr

    def missing(place: Path) -> list[int]:
        found = json.loads((place / "coverage.json").read_text())
        return [*found["files"]["demo.py"]["missing_lines"]]

    assert [] == missing(reports)
    assert [[3], [5]] == [missing(reports / "cells" / cell) for cell in cells]
    assert not (reports / "cells" / "broken" / "coverage.json").exists()
    assert ["demo.py"] == [
        each["path"] for each in json.loads((tmp_path / "lines.json").read_text())
    ]
