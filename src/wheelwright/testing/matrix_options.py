"""The options of a matrix: how its cells run, and what they must cover together (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wheelwright.errors import RequestError
from wheelwright.project.arguments import argument
from wheelwright.testing.cells import Selection
from wheelwright.testing.plan import ARGS


@dataclass(frozen=True)
class MatrixOptions:
    """How to run the cells.

    Attributes:
        limit: 0 is one cell for each core.
        skip_unavailable: None leaves out what only the package's claims ask for.
        coverage: whether to measure it; None measures where the project does.
        coverage_min: 0 takes the project's `fail_under`.
    """

    args: list[str] = argument(ARGS, [])
    limit: int = argument(
        "How many cells run at the same time. Default: as many as the engine has cores.", 0
    )
    fail_fast: bool = argument(
        "Stop at the first cell that fails, instead of running them all.", False
    )
    skip_unavailable: bool | None = argument(
        "Leave out a Python that the engine cannot provide; =false fails for it, as in CI. "
        "Default: leave it out, unless --python or --cell names it.",
        None,
    )
    coverage: bool | None = argument(
        "Measure coverage. Default: where the package configures it or installs a tool for it.",
        None,
    )
    coverage_min: float = argument(
        "Percent that all cells together must cover. Default: coverage's own fail_under.", 0.0
    )

    def settled(self, selection: Selection) -> MatrixOptions:
        """Return the options with what the requested cells decide."""
        if self.skip_unavailable is not None:
            return self
        return replace(self, skip_unavailable=not (selection.python or selection.cell))

    def check(self) -> None:
        """Refuse what no matrix can be run or judged by.

        Raises:
            RequestError: a number out of its range, or a minimum without coverage.
        """
        if self.limit < 0:
            raise RequestError(f"--limit must be at least 1, not {self.limit}")
        if not 0 <= self.coverage_min <= 100:
            raise RequestError(f"--coverage-min must be 0 to 100, not {self.coverage_min:g}")
        if self.coverage_min and self.coverage is False:
            raise RequestError(
                f"--coverage-min {self.coverage_min:g} cannot be judged without coverage",
                "leave out --coverage=false",
            )
