"""Runs `stiletto`, and writes down what each step that really ran could see: a line of JSON each.

python step_recorder.py FILE WORDS...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from stiletto.cli.main import main
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.plain import Plain
from stiletto.sandbox.plan import BindMount, SecretMount, Step


def line(step: Step) -> str:
    """Return what a step sees: command, variables, names of secrets, what is mounted, its layers.

    A layer is a directory, which a step fills and which keeps its number when the store takes it.
    """
    secrets = [mount.target for mount in step.mounts if isinstance(mount, SecretMount)]
    binds = [mount for mount in step.mounts if isinstance(mount, BindMount)]
    seen = {
        "args": step.args,
        "env": dict(step.env),
        "secrets": sorted([*step.secret_env, *secrets]),
        "writable": sorted(mount.target for mount in binds if mount.writable),
        "writes": step.upper.stat().st_ino,
        "layers": [layer.root.stat().st_ino for layer in step.layers],
    }
    return json.dumps(seen)


def recording(run: Callable[..., Awaitable[Any]], path: str) -> Callable[..., Awaitable[Any]]:
    """Return the provider's `run` that writes a line first."""

    async def recorded(self: object, step: Step, *rest: Any, **named: Any) -> Any:
        with Path(path).open("a", encoding="utf-8") as file:  # noqa: ASYNC230 - a line, in a test
            file.write(f"{line(step)}\n")
        return await run(self, step, *rest, **named)

    return recorded


if __name__ == "__main__":
    for provider in (Bubblewrap, Plain):
        setattr(provider, "run", recording(provider.run, sys.argv[1]))  # noqa: B010 - for mypy
    sys.exit(main(sys.argv[2:]))
