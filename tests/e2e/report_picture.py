"""Draws the picture of README.md: the report of the sample of the matrix, as a browser shows it.

    uv run python -m tests.e2e.report_picture

It needs Chromium, and writes docs/report.png. `STILETTO_TEST_CACHE` names a store to keep.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from stiletto.layers.remove import remove_tree

from .bench import REPOSITORY, Bench, copy_of, host_environ, stiletto_program
from .repositories import commit
from .toolchains import add_toolchain, committed, lead_git

PICTURE = REPOSITORY / "docs" / "report.png"
SIZE = (980, 1180)
LEAST_BYTES, MOST_BYTES = 20_000, 150_000


def browser() -> str:
    """Return the browser.

    Raises:
        SystemExit: there is none.
    """
    found = shutil.which("chromium")
    if found is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    return found


def draw(page: Path, picture: Path, profile: Path) -> None:
    """Write what the browser shows of the upper part of a page, in the light theme."""
    width, height = SIZE
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
    quiet = ("--disable-sync", "--disable-component-update", "--no-first-run", "--hide-scrollbars")
    command = [
        *(browser(), *flags, *quiet, "--force-device-scale-factor=1"),
        f"--window-size={width},{height}",
        f"--user-data-dir={profile}",
        f"--screenshot={picture}",
        page.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=120, check=True)


def reports(at: Path) -> Path:
    """Run the sample's matrix, with the module as a toolchain, and return its reports."""
    home = at / "home"
    home.mkdir()
    module = committed(at / "wheelwright")
    lead_git(home, module)
    store = Path(os.environ.get("STILETTO_TEST_CACHE") or at / "store")
    source = copy_of("matrix-demo", at)
    add_toolchain(source, module)
    commit(source)
    bench = Bench(stiletto_program(), host_environ(home, store), source, flags=())
    ended = bench.run("call", "wheelwright", "matrix-run", "reports", "-o", at / "reports")
    sys.stdout.write(str(ended) if ended.code else ended.out)
    return at / "reports"


def main() -> int:
    """Write the picture; the exit code is 1 if it is empty, or too large for a README."""
    at = Path(tempfile.mkdtemp(prefix="picture-"))
    try:
        draw(reports(at) / "report.html", PICTURE, at / "profile")
    finally:
        remove_tree(at)
    size_bytes = PICTURE.stat().st_size
    sys.stdout.write(f"{PICTURE.relative_to(REPOSITORY)}: {size_bytes} bytes\n")
    return 0 if LEAST_BYTES < size_bytes < MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
