"""Where things are in every container that installs or runs something."""

from typing import Final

SOURCE: Final = "/src"
"""The source's root."""

VENV: Final = "/opt/venv"
"""The environment of the tests."""
