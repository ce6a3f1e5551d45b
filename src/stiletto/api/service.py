"""Services: a container's command that goes on running while others use it.

A service is a recipe like everything else: the command as an `Exec`, the ports it is expected to
listen on, and how to tell that it is ready. `stiletto.engine.services` makes instances of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from stiletto.api.container import Container, Exec
from stiletto.api.registry import call
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe

__all__ = ["Healthcheck", "Port", "Service", "ServiceBinding", "duration_s"]

PORT_MAX = 65535
UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class Port(Recipe):
    """A port that a container listens on."""

    TYPE: ClassVar[str] = "Port"

    port: int
    protocol: str = "TCP"
    description: str | None = None
    skip_healthcheck: bool = False


@dataclass(frozen=True)
class Healthcheck(Recipe):
    """A command inside the service that succeeds once the service is ready; durations as given."""

    TYPE: ClassVar[str] = "HealthcheckConfig"

    args: tuple[str, ...]
    shell: bool = False
    interval: str = ""
    timeout: str = ""
    start_period: str = ""
    start_interval: str = ""
    retries: int = 0

    @property
    def pause_s(self) -> float:
        """Seconds between two checks; 5 by default, as in the real engine."""
        return duration_s(self.start_interval) or duration_s(self.interval) or 5.0


@dataclass(frozen=True)
class Service(Recipe):
    """What runs, and how others reach it; `hostname` is "" unless it was chosen."""

    TYPE: ClassVar[str] = "Service"

    exec: Exec
    ports: tuple[Port, ...] = ()
    healthcheck: Healthcheck | None = None
    hostname: str = ""


@dataclass(frozen=True)
class ServiceBinding(Recipe):
    """A service under a name of the container that uses it."""

    alias: str
    service: Service


def duration_s(text: str) -> float:
    """Read a duration as Go writes it, such as `1m30s` or `500ms`, in seconds; "" is 0.

    Raises:
        UsageError: it is no duration.
    """
    found = re.findall(r"(\d+(?:\.\d+)?|\.\d+)(h|ms|m|s|us|µs|ns)", text)
    if "".join(number + unit for number, unit in found) != text and text != "0":
        raise UsageError(f"{text!r} is no duration", hint="write it like 30s, 1m30s or 500ms")
    return sum(float(number) * UNITS_S[unit] for number, unit in found)


# -- ports ---------------------------------------------------------------------------------------


@call("Container.withExposedPort")
def with_exposed_port(
    self: Container,
    port: int,
    protocol: str = "TCP",
    description: str | None = None,
    experimental_skip_healthcheck: bool = False,
) -> Container:
    """Say that the container's service listens on a port."""
    if not 0 < port <= PORT_MAX:
        raise UsageError(f"port {port} is not between 1 and {PORT_MAX}")
    made = Port(port, protocol, description, experimental_skip_healthcheck)
    kept = tuple(p for p in self.ports if (p.port, p.protocol) != (port, protocol))
    return replace(self, ports=(*kept, made))


@call("Container.withoutExposedPort")
def without_exposed_port(self: Container, port: int, protocol: str = "TCP") -> Container:
    """Take an exposed port back."""
    kept = tuple(p for p in self.ports if (p.port, p.protocol) != (port, protocol))
    return replace(self, ports=kept)


@call("Container.exposedPorts")
def exposed_ports(self: Container) -> tuple[Port, ...]:
    """List the exposed ports, the image's among them."""
    return self.ports


@call("Port.port")
def port_number(self: Port) -> int:
    """Return the number."""
    return self.port


@call("Port.protocol")
def port_protocol(self: Port) -> str:
    """Return the protocol, TCP or UDP."""
    return self.protocol


@call("Port.description")
def port_description(self: Port) -> str | None:
    """Return what was said of it."""
    return self.description


@call("Port.experimentalSkipHealthcheck")
def port_skips_healthcheck(self: Port) -> bool:
    """Tell whether readiness does not wait for this port."""
    return self.skip_healthcheck


# -- health checks -------------------------------------------------------------------------------


@call("Container.withDockerHealthcheck")
def with_docker_healthcheck(
    self: Container,
    args: Sequence[str],
    shell: bool | None = None,
    interval: str | None = None,
    timeout: str | None = None,
    start_period: str | None = None,
    start_interval: str | None = None,
    retries: int | None = None,
) -> Container:
    """Set the command that tells whether the container's service is ready."""
    if not args:
        raise UsageError("a health check needs a command")
    if shell and len(args) != 1:
        raise UsageError(f"a health check by shell takes one script, not {len(args)} arguments")
    for text in (interval, timeout, start_period, start_interval):
        duration_s(text or "")
    made = Healthcheck(
        args=tuple(args),
        shell=bool(shell),
        interval=interval or "",
        timeout=timeout or "",
        start_period=start_period or "",
        start_interval=start_interval or "",
        retries=retries or 0,
    )
    return replace(self, healthcheck=made)


@call("Container.withoutDockerHealthcheck")
def without_docker_healthcheck(self: Container) -> Container:
    """Remove the health check."""
    return replace(self, healthcheck=None)


@call("Container.dockerHealthcheck")
def docker_healthcheck(self: Container) -> Healthcheck | None:
    """Return the health check."""
    return self.healthcheck


@call("HealthcheckConfig.args")
def healthcheck_args(self: Healthcheck) -> tuple[str, ...]:
    """Return the command."""
    return self.args


@call("HealthcheckConfig.shell")
def healthcheck_shell(self: Healthcheck) -> bool:
    """Tell whether the command is a shell script."""
    return self.shell


@call("HealthcheckConfig.interval")
def healthcheck_interval(self: Healthcheck) -> str:
    """Return the time between checks."""
    return self.interval


@call("HealthcheckConfig.timeout")
def healthcheck_timeout(self: Healthcheck) -> str:
    """Return the time limit of one check."""
    return self.timeout


@call("HealthcheckConfig.startPeriod")
def healthcheck_start_period(self: Healthcheck) -> str:
    """Return the time in which failures do not count."""
    return self.start_period


@call("HealthcheckConfig.startInterval")
def healthcheck_start_interval(self: Healthcheck) -> str:
    """Return the time between checks while the service starts."""
    return self.start_interval


@call("HealthcheckConfig.retries")
def healthcheck_retries(self: Healthcheck) -> int:
    """Return after how many failures the service counts as broken; 0 is the default, 3."""
    return self.retries


# -- services ------------------------------------------------------------------------------------


@call("Container.asService")
def as_service(
    self: Container,
    args: Sequence[str] = (),
    use_entrypoint: bool = False,
    experimental_privileged_nesting: bool = False,
    insecure_root_capabilities: bool = False,
    expand: bool = False,
    no_init: bool = False,
) -> Service:
    """Turn the container into a service.

    Without arguments it runs entrypoint and default arguments, or the default arguments alone
    where they were set by withDefaultArgs; given arguments skip the entrypoint unless asked.
    """
    if insecure_root_capabilities:
        raise NotSupported("Container.asService(insecureRootCapabilities:)")
    if no_init:
        raise NotSupported("Container.asService(noInit:)")
    if experimental_privileged_nesting:
        raise NotSupported("Container.asService(experimentalPrivilegedNesting:)")
    given = tuple(self.expand(arg) for arg in args) if expand else tuple(args)
    entered = use_entrypoint or not (given or self.own_default_args)
    command = (self.entrypoint if entered else ()) + (given or self.default_args)
    if not command:
        raise UsageError("no service command has been set")
    exec_ = Exec(
        root=self.root,
        args=command,
        workdir=self.workdir or "/",
        user=self.user,
        env=self.env,
        volatile=self.volatile,
        secrets=self.secrets,
        mounts=self.mounts,
        stdin="",
        redirect_stdin="",
        redirect_stdout="",
        redirect_stderr="",
        expect="SUCCESS",
        services=self.services,
    )
    return Service(exec_, self.ports, self.healthcheck)


@call("Container.withServiceBinding")
def with_service_binding(self: Container, alias: str, service: Service) -> Container:
    """Let commands reach a service by a name; it runs while they do."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", alias):
        raise UsageError(f"{alias!r} is no host name")
    kept = tuple(binding for binding in self.services if binding.alias != alias)
    return replace(self, services=(*kept, ServiceBinding(alias, service)))


@call("Service.withHostname")
def with_hostname(self: Service, hostname: str) -> Service:
    """Choose the name by which every container of the session that binds it reaches it."""
    return replace(self, hostname=hostname)


@call("Service.ports")
def service_ports(self: Service) -> tuple[Port, ...]:
    """List the ports it is expected to listen on."""
    return self.ports
