"""Uploads coverage with Codecov's own program, in a container that has nothing else."""

from __future__ import annotations

import time

import dagger

from wheelwright.container import toolchain
from wheelwright.container.privileges import REPORT, Credential
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.testing.reports import codecov


async def upload(report: dagger.File, token: dagger.Secret, about: codecov.Upload) -> str:
    """Upload one report, and return what came of it."""
    python = DEFAULT_PYTHON
    container = (
        toolchain.hashed(python, "codecov-cli")
        .with_file(codecov.REPORT, report)
        # An upload is a side effect: no earlier one stands in for it.
        .with_env_variable("WHEELWRIGHT_UPLOADED_AT", str(time.time_ns()))
    )
    held = toolchain.Held(Credential.REPORTS, "CODECOV_TOKEN", token)
    ran = toolchain.step(container, REPORT, codecov.command(about), secrets=[held], may_fail=True)
    output = await toolchain.output(ran)
    return codecov.told(about, output)
