"""Lays out pages in a real browser: Debian's Chromium, without a window."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MUST = bool(os.environ.get("CI"))
"""CI has a browser; elsewhere a test that needs one is skipped without."""

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-sync", "--disable-component-update", "--no-first-run", "--disable-quic"),
)


def chromium() -> str:
    """Return the browser, or skip."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found and not MUST:
        pytest.skip("no chromium on this machine: the page is not laid out")
    assert found, "CI lays the page out: install chromium"
    return found


def dumped(address: str, profile: Path, *flags: str) -> str:
    """Return the document at an address after its scripts ran."""
    command = [chromium(), *FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0 and not MUST:
        # Inside a sandbox there is a browser that cannot make one of its own.
        pytest.skip(f"chromium does not start here: {(done.stderr.splitlines() or ['?'])[-1]}")
    assert done.returncode == 0, done.stderr
    return done.stdout
