"""Codecov's own uploader: its command line, its run, and the message about it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import dagger

from wheelwright.container import privileges, steps, toolchain
from wheelwright.container.output import Output
from wheelwright.container.privileges import Credential
from wheelwright.container.steps import StepSecret
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.arguments import argument

REPORT = "/coverage/coverage.xml"

# Where it fails it ends with a traceback, whose last line is the reason.
_TAIL_LINES = 8


@dataclass(frozen=True)
class Upload:
    """What Codecov has to know and cannot find out without the repository; empty is left out."""

    commit: str = argument("The commit that was tested, in full.")
    branch: str = argument("Its branch.", "")
    slug: str = argument("The repository on GitHub: OWNER/NAME.", "")
    pull_request: str = argument("The pull request's number.", "")
    flags: list[str] = argument("Codecov's flags for this upload.", [])
    url: str = argument("A Codecov server of your own.", "")


async def upload(report: dagger.File, token: dagger.Secret, about: Upload) -> str:
    """Upload one report in a container that has nothing else, and return what came of it."""
    container = (
        toolchain.hashed(DEFAULT_PYTHON, "codecov-cli")
        .with_file(REPORT, report)
        # An upload is a side effect: it is never cached.
        .with_env_variable("WHEELWRIGHT_UPLOADED_AT", str(time.time_ns()))
    )
    held = StepSecret(Credential.REPORTS, "CODECOV_TOKEN", token)
    ran = steps.step(container, privileges.REPORT, command(about), secrets=[held], may_fail=True)
    return upload_message(about, await steps.output(ran))


def command(upload: Upload) -> tuple[str, ...]:
    """Return the command; the token is in `CODECOV_TOKEN`, never among the arguments."""
    args = ["codecovcli"]
    if upload.url:
        args.append(f"--url={upload.url}")
    # One file, ours: searching would also find the reports of single cells.
    args += ["upload-process", "--fail-on-error", "--disable-search", f"--file={REPORT}"]
    for option, value in (
        ("--sha", upload.commit),
        ("--branch", upload.branch),
        ("--slug", upload.slug),
        ("--pr", upload.pull_request),
    ):
        if value:
            args.append(f"{option}={value}")
    if upload.slug:
        args.append("--git-service=github")
    args += [f"--flag={flag}" for flag in upload.flags]
    return tuple(args)


def upload_message(upload: Upload, output: Output) -> str:
    """Return the message about an upload; one that failed does not fail the call."""
    printed = "\n".join(part.strip() for part in (output.stdout, output.stderr) if part.strip())
    lines = printed.splitlines()[-_TAIL_LINES:]
    to = upload.url or "Codecov"
    if output.exit_code == 0:
        return "\n".join([f"uploaded coverage.xml to {to}", *lines])
    why = lines[-1].strip() if lines else "it printed nothing"
    head = f"not uploaded to {to}: codecovcli ended with exit code {output.exit_code}: {why}"
    return "\n".join([head, "", *lines])
