"""Every error that Wheelwright raises on purpose.

    WheelwrightError
    |- ProjectError    the package's own files: broken pyproject.toml, unknown setting
    |- RequestError    the caller's arguments: an unknown group, a Python outside requires-python
    |  `- NotFixed     a module named by what can be moved (github/home.py)
    |- ToolFailed      a tool ended with a code that is not one of its verdicts
    |- GateFailed      a gate ran and failed; the message is its report
    |- RecordInvalid   the record of a test run is broken (testing/record.py)
    |- ActFailed       a step of a release failed (release/decide/ports.py)
    `- Stopped         a release stopped before it was done (release/decide/report.py)

A message is a fact that names the object and the path; a hint is the next step. Over the wire both
are one text, joined by a semicolon: `container/failures.py` sends it without a traceback. Anything
else that a function raises is a bug and keeps its traceback.
"""

from __future__ import annotations

__all__ = ["GateFailed", "ProjectError", "RequestError", "ToolFailed", "WheelwrightError"]


class WheelwrightError(Exception):
    """Base of all errors here: a message, and the next step where there is one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint


class ProjectError(WheelwrightError):
    """The package's own files are invalid."""


class RequestError(WheelwrightError):
    """The caller's arguments are invalid."""


class ToolFailed(WheelwrightError):
    """A tool did not reach a verdict; the message has the end of its output."""


class GateFailed(WheelwrightError):
    """A gate ran and failed."""
