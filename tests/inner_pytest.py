"""The environment of a pytest that a test starts.

This project's own plugins have no part in it, and cost more than the run. Nor has the name of the
worker that runs the test: the run would be taken for a worker's. Its temporary directories lie in
the test's own: pytest removes those of earlier runs, which may be whole environments.
"""

import os
from pathlib import Path

import wheelwright.inside

__all__ = ["inner_environ"]


def inner_environ(temporary: Path) -> dict[str, str]:
    """Return the environment, with wheelwright's own plugin on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    (inside,) = wheelwright.inside.__path__
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_DEBUG_TEMPROOT": str(temporary)}
    return {**kept, **own, "PYTHONPATH": inside}
