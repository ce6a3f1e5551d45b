"""Reads the workflows of the source, and prints what is carried over."""

from __future__ import annotations

from wheelwright.container.loading import LoadedProject, with_files
from wheelwright.importing import carried, reading

_DIRECTORY = ".github/workflows"


async def settings(loaded: LoadedProject) -> str:
    """Return the settings as TOML, and behind them what is not carried over."""
    paths = [
        path
        for ending in ("yml", "yaml")
        for path in await loaded.source.glob(f"{_DIRECTORY}/*.{ending}")
    ]
    loaded = await with_files(loaded, lambda _: paths)
    texts = loaded.project.files.texts
    workflows = {path: texts[path] for path in paths if path in texts}
    return carried.text(reading.carried(loaded.project, workflows), loaded.project)
