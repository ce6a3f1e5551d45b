"""Services: a container's command that keeps running while others use it.

A service is a recipe like everything else: the command as an `Exec`, the ports it is expected to
listen on, and how it shows that it is ready. `stiletto.engine.services` makes instances of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stiletto.api.container import Container, Service, ServiceBinding
from stiletto.api.execution import refuse
from stiletto.api.readiness import Healthcheck, Port, as_duration
from stiletto.api.registry import call
from stiletto.api.texts import check_host_name
from stiletto.errors import UsageError

PORT_MAX = 65535


# -- ports ---------------------------------------------------------------------------------------


@call("Container.withExposedPort")
def with_exposed_port(
    self: Container,
    port: int,
    protocol: str = "TCP",
    description: str | None = None,
    experimental_skip_healthcheck: bool = False,
) -> Container:
    """Declare a port that the container's service listens on."""
    exposed = Port(port, protocol, description, experimental_skip_healthcheck)
    kept = tuple(p for p in self.ports if (p.port, p.protocol) != (port, protocol))
    return replace(self, ports=(*kept, exposed))


@call("Container.withoutExposedPort")
def without_exposed_port(self: Container, port: int, protocol: str = "TCP") -> Container:
    """Remove an exposed port."""
    kept = tuple(p for p in self.ports if (p.port, p.protocol) != (port, protocol))
    return replace(self, ports=kept)


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
    """Set the command that checks whether the container's service is ready."""
    if not args:
        raise UsageError("a health check needs a command")
    if shell and len(args) != 1:
        raise UsageError(f"a health check by shell takes one script, not {len(args)} arguments")
    check = Healthcheck(
        args=tuple(args),
        shell=bool(shell),
        interval=as_duration(interval or ""),
        timeout=as_duration(timeout or ""),
        start_period=as_duration(start_period or ""),
        start_interval=as_duration(start_interval or ""),
        retries=retries or 0,
    )
    return replace(self, healthcheck=check)


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

    Without arguments it runs entrypoint and default arguments, or the default arguments alone where
    they were set by withDefaultArgs; given arguments skip the entrypoint unless it is requested.
    """
    refuse(
        "Container.asService",
        insecureRootCapabilities=insecure_root_capabilities,
        noInit=no_init,
        experimentalPrivilegedNesting=experimental_privileged_nesting,
    )
    given = tuple(self.expand(arg) for arg in args) if expand else tuple(args)
    entered = use_entrypoint or not (given or self.own_default_args)
    command = (self.entrypoint if entered else ()) + (given or self.default_args)
    if not command:
        raise UsageError("no service command has been set")
    for each in self.ports:
        if not 0 < each.port <= PORT_MAX:
            raise UsageError(f"port {each.port} of a service is not between 1 and {PORT_MAX}")
    return Service(self.command(command), self.ports, self.healthcheck)


@call("Container.withServiceBinding")
def with_service_binding(self: Container, alias: str, service: Service) -> Container:
    """Let commands reach a service by a name; it runs while they do.

    An alias that no line of /etc/hosts can have is a name that reaches nothing, as in Dagger.
    """
    kept = tuple(binding for binding in self.services if binding.alias != alias)
    return replace(self, services=(*kept, ServiceBinding(alias, service)))


@call("Service.withHostname")
def with_hostname(self: Service, hostname: str) -> Service:
    """Choose the name by which every container of the session that binds it reaches it."""
    check_host_name("Service.withHostname", "hostname", hostname)
    return replace(self, hostname=hostname)
