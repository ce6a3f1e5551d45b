"""Uploads coverage with Codecov's own program, in a container that has nothing else."""

from __future__ import annotations

import time

import dagger

from wheelwright import toolchain
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.project.tools import Tool, pinned
from wheelwright.reports import codecov

__all__ = ["upload"]


async def upload(report: dagger.File, token: dagger.Secret, about: codecov.Upload) -> str:
    """Upload one report, and return what came of it."""
    python = DEFAULT_PYTHON
    tool = Tool("codecov-cli", pinned("codecov-cli", python), "pinned by wheelwright")
    container = (
        toolchain.with_tool(toolchain.base(slim_image(python), python), tool)
        .with_file(codecov.REPORT, report)
        .with_secret_variable("CODECOV_TOKEN", token)
        # An upload is a side effect: no earlier one stands in for it.
        .with_env_variable("WHEELWRIGHT_UPLOADED_AT", str(time.time_ns()))
    )
    output = await toolchain.output(toolchain.observe(container, codecov.command(about)))
    return codecov.told(about, output)
