"""Start the outside world, put a sample package on its main branch, and say how to reach it.

    python -m tests.standins [DIRECTORY]

It stays until it is interrupted. Lines to paste into another shell come on standard output.
"""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
import threading
from pathlib import Path

from .description import Description, fetch_description
from .outside import Outside
from .packages import Sample, make_package

CACHE = Path(__file__).resolve().parents[2] / ".pytest_cache/d/openapi"


def main(arguments: list[str]) -> int:
    """Serve until interrupted."""
    # Said explicitly: a shell that starts this in the background has interrupts ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="standins-") as scratch:
        directory = Path(arguments[0]) if arguments else Path(scratch)
        sample = Sample()
        with Outside(directory, Description(fetch_description(CACHE))) as outside:
            source = make_package(sample, directory / "work", locked=False)
            outside.land(source)
            outside.index.trust_project(sample.name)
            lines = {
                **outside.environment,
                "STANDINS_REMOTE": outside.git.url,
                "STANDINS_REMOTE_WITH_TOKEN": outside.git.url_for(outside.token),
                "STANDINS_INDEX_TOKEN": outside.index.token,
            }
            for name, value in lines.items():
                print(f"export {name}={shlex.quote(value)}")  # noqa: T201 - what this is for
            sys.stdout.flush()
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                for effect in outside.effects.happened:
                    print(f"# {effect.kind} {effect.subject}")  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
