"""Every error that Wheelwright raises on purpose.

    WheelwrightError
    |- ProjectError    the package's own files: broken pyproject.toml, unknown setting
    |- RequestError    the caller's words: an unknown group, a Python outside requires-python
    |- ToolFailed      a tool ended with a code that is not one of its verdicts
    `- GateFailed      a gate ran and says no; the message is its report

A message is one sentence: the fact, and after a semicolon the next act. The fact names the
object and the path. `container/failures.py` carries it over the wire without a traceback;
anything else that a function raises is a bug and keeps its traceback.
"""

from __future__ import annotations

__all__ = ["GateFailed", "ProjectError", "RequestError", "ToolFailed", "WheelwrightError"]


class WheelwrightError(Exception):
    """Base of all errors here: a fact, and the next act where there is one."""

    def __init__(self, fact: str, act: str = "") -> None:
        super().__init__(f"{fact}; {act}" if act else fact)
        self.fact = fact
        self.act = act


class ProjectError(WheelwrightError):
    """The package's own files are invalid."""


class RequestError(WheelwrightError):
    """The caller's arguments are invalid."""


class ToolFailed(WheelwrightError):
    """A tool did not reach a verdict; the message holds the end of what it printed."""


class GateFailed(WheelwrightError):
    """A gate says no."""
