"""Runs the scans: bandit over the code, pip-audit over the lock."""

from __future__ import annotations

import time
from dataclasses import dataclass

import dagger

from wheelwright.container import attempting, toolchain
from wheelwright.container.loading import Bench
from wheelwright.container.output import Output
from wheelwright.environment import plan as environment
from wheelwright.environment.tools import Tool, tool
from wheelwright.gates import audit, security
from wheelwright.gates.result import GateResult, Verdict
from wheelwright.project.files import join, literal

_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Scanned:
    """What bandit found: the verdict, and its report in SARIF."""

    result: GateResult
    report: dagger.File


async def scan_code(bench: Bench, python: str, severity: str) -> Scanned:
    """Run bandit once; verdict and report are of the same step."""
    bench.require_package()
    command = security.command(bench.project, severity)
    container, bandit = _with_tool(bench, python, "bandit")
    workdir = join(environment.SOURCE, bench.project.where)
    ready = toolchain.over(container, bench.source).with_workdir(workdir)
    # An empty report first: then the directory is there, and a crash leaves no stale one.
    prepared = ready.with_new_file(security.REPORT, "")

    async def attempt(name: str) -> tuple[dagger.Container, Output]:
        ran = toolchain.observe(attempting.named(prepared, name), command)
        return ran, await toolchain.output(ran, "bandit")

    ran, output = await attempting.settled(
        attempt,
        lambda: attempting.key_of(bench.source, command, bandit, workdir, python),
        python,
        red=lambda ended: ended[1].exit_code != 0,
    )
    report = ran.file(security.REPORT)
    text = await report.contents() if output.exit_code in (0, 1) else ""
    return Scanned(security.judge(output, text, str(bandit), severity), report)


async def check_audit(
    bench: Bench, python: str, osv_url: str, *, allow_unknown: bool
) -> GateResult:
    """Ask for known vulnerabilities of everything in uv.lock, today."""
    if why := audit.configured(bench.project):
        return GateResult("audit", Verdict.NOT_CONFIGURED, why)
    container, pip_audit = _with_tool(bench, python, "pip-audit")
    inputs = environment.inputs(bench.project)
    ready = toolchain.over(container, bench.source.filter(include=literal(inputs)))
    exported = toolchain.run(ready, audit.export())
    # The variable makes this step another one each time: an answer of yesterday is no answer.
    asking = exported.with_env_variable("WHEELWRIGHT_ASKED_AT", str(time.time_ns()))
    # pip-audit brings certificates of its own; a company's are in the system's.
    asking = asking.with_env_variable("REQUESTS_CA_BUNDLE", _CERTIFICATES)
    output = await toolchain.output(toolchain.observe(asking, audit.command(osv_url)))
    return audit.judge(output, str(pip_audit), allow_unknown=allow_unknown)


def _with_tool(bench: Bench, python: str, name: str) -> tuple[dagger.Container, Tool]:
    found = tool(bench.project, name, python)
    return toolchain.tooled(python, found), found
