"""The commands that messages name: whole, as the caller of this run would type them. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wheelwright.release.decide.version import Bump

DEFAULT_PROGRAM: Final = "dagger call"


@dataclass(frozen=True, slots=True)
class Commands:
    """What a caller typed, as far as another command needs it.

    Attributes:
        program: what comes before the function's name.
        request: the options of the version, such as --bump patch.
        places: those of the repository, the index and the run.
        jobs: each step is a job of a workflow, which a person runs with its inputs.
    """

    program: str = DEFAULT_PROGRAM
    request: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    jobs: bool = False

    @property
    def again(self) -> str:
        """The same release again."""
        if self.jobs:
            return "run all jobs of the workflow again"
        return self._whole("release", *self.request, *self.places)

    @property
    def status(self) -> str:
        """What shows the state of the release."""
        repository = _without(self.places, ("--run", "--allow-lower", "--source-date-epoch"))
        return self._whole("release-status", *repository)

    def of_version(self, version: str) -> str:
        """Return what releases, or finishes, one version."""
        if self.jobs:
            return f"run the workflow with version: {version}"
        return self._whole("release", "--version", version, *self.places)

    def of_commit(self, version: str, epoch_s: int) -> str:
        """Return what continues a release branch: the same time of the same base is its commit."""
        return f"{self.of_version(version)} --source-date-epoch {epoch_s}"

    def bumped(self, bump: str) -> str:
        """Return what releases the next version."""
        if self.jobs:
            return f"run the workflow with bump: {bump}"
        return self._whole("release", "--bump", bump, *self.places)

    def taking_over(self, run: str, version: str = "") -> str:
        """Return what continues the killed run of a name, which anyone may have chosen."""
        if self.jobs:
            return f"run the workflow with take-over: {run}"
        own = _without(self.places, ("--run",))
        request = ("--version", version) if version else self.request
        return f"{self._whole('release', *request, *own)} --take-over={_named(run)}"

    def continuing(self, run: str, *, named: bool) -> str:
        """Return what continues this run if it is killed; `named`: its name was given."""
        return self.again if named else self.taking_over(run)

    def _whole(self, *words: str) -> str:
        return " ".join([self.program, *map(_quoted, words)])


JOBS: Final = Commands(jobs=True)
"""What continues a release whose steps are jobs."""


def options_of(request: Bump) -> tuple[str, ...]:
    """Return the options of a request."""
    pairs = (("--bump", request.bump), ("--pre", request.pre), ("--version", request.version))
    given = [word for option, value in pairs if value for word in (option, value)]
    return (*given, *(["--post"] if request.post else []))


def _without(words: Iterable[str], options: tuple[str, ...]) -> tuple[str, ...]:
    """Return options without some of them, which are `--name` or `--name value`."""
    kept: list[str] = []
    skipping = False
    for word in words:
        if word.startswith("--"):
            skipping = word in options
        if not skipping:
            kept.append(word)
    return tuple(kept)


def _named(run: str) -> str:
    """Return a run's name as a shell takes it, in quotes as people write them."""
    simple = re.fullmatch(r"[\w.:/@+-]+", run, re.ASCII)
    return f'"{run}"' if simple else shlex.quote(run)


def _quoted(word: str) -> str:
    """Return a word as a shell takes it."""
    return word if re.fullmatch(r"[\w.:/@+=-]+", word, re.ASCII) else shlex.quote(word)
