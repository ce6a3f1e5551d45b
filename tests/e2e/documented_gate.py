"""Adds the gate that CONTRIBUTING writes out to a copy of the module: one file, one entry."""

from __future__ import annotations

import re
from pathlib import Path

from .bench import REPOSITORY


def add_documented_gate(sources: Path) -> None:
    """Do the first two steps of "Add a check" in a copy of src/wheelwright."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.partition("```python\n")[2].partition("```")[0]
    file = re.sub("^   ", "", block, flags=re.MULTILINE)
    (sources / "gates" / "syntax.py").write_text(file, encoding="utf-8")
    path = sources / "ci.py"
    listed = path.read_text(encoding="utf-8").replace(
        "    Build(),\n", "    Build(),\n    Syntax(),\n"
    )
    before, found, after = listed.partition("from wheelwright.gates.table")
    entry = "from wheelwright.gates.syntax import Syntax\n"
    path.write_text(f"{before}{entry}{found}{after}", encoding="utf-8")
