"""Makes packages in which the module is a toolchain, from its address.

No server has that address: git is led to a repository of this machine that has the version's tag.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from stiletto import distribution

from .bench import REPOSITORY


def lead_git(home: Path, to: Path) -> None:
    """Have the git of a home find the module's address in a repository."""
    lines = [f'[url "{to}"]', f"insteadOf = {distribution.repository()}"]
    lines += ["[safe]", "directory = *", '[protocol "file"]', "allow = always"]
    (home / ".gitconfig").write_text("\n".join(lines) + "\n", encoding="utf-8")


def committed(at: Path) -> Path:
    """Clone what is committed of this repository, with the version's tag, and return where."""
    subprocess.run(["git", "clone", "-q", REPOSITORY, at], check=True)
    tag = ("tag", "--force", f"v{distribution.version()}")
    subprocess.run(["git", "-C", at, *tag], check=True, capture_output=True)
    return at


def add_toolchain(at: Path, module: Path) -> None:
    """Write the entry that `init` writes, for the commit of a repository."""
    head = subprocess.check_output(["git", "-C", module, "rev-parse", "HEAD"], text=True).strip()
    source = f"{distribution.repository().removeprefix('https://')}@v{distribution.version()}"
    entry = {"name": "wheelwright", "source": source, "pin": head}
    text = json.dumps({"name": at.name, "toolchains": [entry]})
    (at / "dagger.json").write_text(text, encoding="utf-8")
