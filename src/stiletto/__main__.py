"""`python -m stiletto` is the command `stiletto`."""

from __future__ import annotations

from stiletto.cli.main import program

program()
