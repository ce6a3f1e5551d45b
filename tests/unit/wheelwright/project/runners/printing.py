"""Lets the real tox print a configuration, as the step in a container does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from wheelwright.pins import KNOWN_PYTHONS
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Printed, Project
from wheelwright.project.runners import tox, tox_config
from wheelwright.project.runners.tox_config import Environments, Layout

PROJECT = '[project]\nname = "quay"\nversion = "1.0"\n'
_INSIDE = Path(tox_config.__file__).parents[2] / "inside"


def ran(
    directory: Path, texts: Mapping[str, str], pythons: Iterable[str] = KNOWN_PYTHONS
) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory that has what tox needs; its stdout is what tox wrote."""
    files = Snapshot(texts)
    place = tox.configured(files)
    assert place is not None
    for path, text in tox.inputs(files, place).items():
        (directory / path).write_text(text, encoding="utf-8")
    plugin = (_INSIDE / tox_config.PLUGIN).read_text(encoding="utf-8")
    (directory / tox_config.PLUGIN).write_text(plugin, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        tox_config.command(place, pythons),
        cwd=directory,
        env={"PATH": path, "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    written = directory / tox_config.PRINTED
    ended.stdout = written.read_text(encoding="utf-8") if written.exists() else ""
    return ended


def environments(
    directory: Path,
    texts: Mapping[str, str],
    python: str = "3.12",
    pythons: Iterable[str] = KNOWN_PYTHONS,
) -> Environments:
    """Return what is read from the output; a root of `/src` stands for the directory."""
    files = Snapshot(texts)
    place = tox.configured(files)
    assert place is not None
    ended = ran(directory, texts, pythons)
    assert 0 == ended.returncode, ended.stderr
    output = ended.stdout.replace(str(directory), "/src")
    return tox_config.read(output, files, place, Layout("/src", "/opt/venv", python))


def with_tox(directory: Path, project: Project) -> Project:
    """Return the project with what its tox prints."""
    place = tox.configured(project.files, project.where)
    assert place is not None
    ended = ran(directory, project.files.texts)
    assert 0 == ended.returncode, ended.stderr
    return replace(project, tox=Printed(place, ended.stdout.replace(str(directory), "/src")))
