"""Make the files anew from the pins, by `uv pip compile`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from wheelwright.locked import PINNED, oldest_python

OPTIONS = (
    *("--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"),
    *("--no-config", "--no-emit-index-url"),
)

for name, version in PINNED.items():
    path = Path(__file__).with_name(f"{name}.txt")
    python = f"--python-version={oldest_python(name)}"
    subprocess.run(
        ["uv", "pip", "compile", *OPTIONS, python, f"--output-file={path}", "-"],
        input=f"{name}=={version}\n",
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )
