"""A Python package's whole pipeline as code: the same on a laptop and in CI.

Wheelwright reads what to do from the package's own files: requires-python and classifiers,
dependency groups, extras or requirements files, the tables of ruff, mypy, pyright, ty, pyrefly
and pytest, and uv.lock, whose versions it installs. Nothing has to be configured for it; what it
cannot find out can be set in [tool.wheelwright].

    dagger call wheelwright test --python 3.12      one gate
    dagger call wheelwright ci                      all of them, and a table
    dagger check                                    those that need no arguments
"""

from wheelwright.main import Cell, Matrix, PlanFormat, TestRun, Wheelwright

__all__ = ["Cell", "Matrix", "PlanFormat", "TestRun", "Wheelwright"]
