"""The network that steps are in: that of the machine, or one of their own (see `network`)."""

from __future__ import annotations

import socket


class StepNetwork:
    """The network that steps are in: by default the machine's."""

    own = False

    def socket(self, kind: int) -> socket.socket:
        """Return an IPv4 socket of this kind that is in the network."""
        return socket.socket(socket.AF_INET, kind)


MACHINE = StepNetwork()
