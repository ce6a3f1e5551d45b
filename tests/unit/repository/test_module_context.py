"""What an engine loads of this repository to run the module, by the patterns of dagger.json."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from stiletto.api.patterns import Filter

ROOT = Path(__file__).resolve().parents[3]

BESIDE = [
    ".gitignore",  # the engine reads it while it loads
    ".python-version",  # chooses the image of the module's Python
    "LICENSE",  # uv's build backend builds nothing without it,
    "README.md",  # nor without this one: both are named in pyproject.toml
    "dagger.json",
    "pyproject.toml",
    "src/stiletto/__init__.py",  # nor without each package that it is to build
    "uv.lock",
]


def loaded() -> list[str]:
    """Return the files that git tracks and the patterns keep."""
    include = json.loads((ROOT / "dagger.json").read_text(encoding="utf-8"))["include"]
    assert all(pattern.startswith("!") for pattern in include)
    patterns = Filter((), tuple(pattern[1:] for pattern in include))
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(path for path in listed.stdout.splitlines() if patterns.keep(path, False))


def test_only_the_module_and_what_builds_it_is_loaded() -> None:
    """An edit of anything else makes no engine install the module again."""
    own = [path for path in loaded() if path.startswith("src/wheelwright/")]
    assert BESIDE == [path for path in loaded() if path not in own]
    assert "src/wheelwright/main.py" in own


def test_nothing_of_the_module_is_left_out() -> None:
    """Templates, locks and programs for containers are loaded with the code."""
    listed = subprocess.run(
        ["git", "ls-files", "src/wheelwright"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(listed.stdout.splitlines()) <= set(loaded())
