"""What `import wheelwright` loads: every process of the module waits for it, whatever it runs."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import dagger, dagger.mod
before = set(sys.modules)
import wheelwright
print(json.dumps(sorted(set(sys.modules) - before)))
"""

OWN_ONLY_FOR = {
    "wheelwright.importing": "import",
    "wheelwright.github.annotate": "annotations",
    "wheelwright.release.act.loop": "a release",
    "wheelwright.release.decide.report": "a release",
    "wheelwright.start.doctor": "doctor",
    "wheelwright.start.setup_github": "setup-github",
    "wheelwright.testing.reports.trend_page": "trend-page",
}
"""Modules that one function, or one kind of them, imports by itself."""


def test_what_other_functions_need_is_not_loaded() -> None:
    """Beside what the SDK brings there are two packages, and of releases the arguments only."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    ours = [name for name in loaded if name.partition(".")[0] == "wheelwright"]
    others = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert {"packaging", "tomlkit", "wheelwright"} == {n for n in others if not n.startswith("_")}
    assert [] == [name for name in ours if name in OWN_ONLY_FOR]
    assert {"wheelwright.release.act.options", "wheelwright.release.act.tokens"} == {
        name for name in ours if name.startswith("wheelwright.release.act.")
    }
