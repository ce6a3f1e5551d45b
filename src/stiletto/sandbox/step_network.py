"""The network that steps are in: that of the machine, or one of their own (see `network`)."""

from __future__ import annotations

import socket
from typing import Protocol


class StepNetwork(Protocol):
    """The network that steps are in, the machine's or their own."""

    own: bool

    def socket(self, kind: int) -> socket.socket:
        """Return an IPv4 socket of this kind that is in the network."""
        ...


class _Machine:
    """The network of the machine."""

    own = False

    def socket(self, kind: int) -> socket.socket:
        """Return a socket."""
        return socket.socket(socket.AF_INET, kind)


MACHINE: StepNetwork = _Machine()
