"""What runs while it is entered: the one thing that all servers here share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["Entered"]


class Entered(ABC):
    """Starts when it is entered, and stops when it is left."""

    @abstractmethod
    def start(self) -> None:
        """Start; what fails leaves nothing behind."""

    @abstractmethod
    def stop(self, error: BaseException | None = None) -> None:
        """Stop. `error` is what left the block, if anything did."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(error)
