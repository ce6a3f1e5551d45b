"""Whether a session may give secrets to steps: in plain mode only if the caller allows it.

Plain mode isolates nothing: any code that a step runs is a process of the caller, and reads what
other processes of the caller were given in `/proc`. So a secret is refused when it is requested,
before anything that would use it runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stiletto.errors import EnvironmentFailed


class SecretGate:
    """Lets secrets through to isolated steps, or to all if the caller allows it.

    `isolated` returns whether steps are, and `way_out` how this machine could isolate them, or ""
    if it cannot.
    """

    def __init__(
        self,
        *,
        isolated: Callable[[], Awaitable[bool]],
        allowed: bool,
        way_out: Callable[[], Awaitable[str]],
    ) -> None:
        self._isolated = isolated
        self._allowed = allowed
        self._way_out = way_out

    async def admit(self, what: str) -> None:
        """Let a secret pass; `what` names it.

        Raises:
            EnvironmentFailed: any code that a step runs could read it.
        """
        if self._allowed or await self._isolated():
            return
        from stiletto.distribution import page

        way = await self._way_out()
        others = (
            "run the same command with `dagger`, or add --plain-secrets if you trust all code: "
            + page("troubleshooting", "steps run without isolation")
        )
        raise EnvironmentFailed(
            f"{what} is not given to steps in plain mode: without isolation any code "
            "of the package, and of all that it depends on, could read it",
            hint=f"{way}, or {others}" if way else others,
        )
