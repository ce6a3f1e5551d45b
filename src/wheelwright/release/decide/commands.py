"""The commands that messages name: whole, as the caller of this run would type them. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from wheelwright.container.calling import DEFAULT_PROGRAM
from wheelwright.release.decide.version import Bump

_TIME: Final = "--source-date-epoch"
# The options that `release-status` has of those of a release.
_REPOSITORY: Final = frozenset(
    {"--base", "--remote", "--github-api", "--index", "--publish-url", "--check-url"}
)


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
        return self._whole("release-status", *_kept(self.places, _REPOSITORY))

    def of_version(self, version: str) -> str:
        """Return what releases, or finishes, one version."""
        if self.jobs:
            return f"run the workflow with version: {version}"
        return self._whole("release", "--version", version, *self.places)

    def from_tag(self, tag: str) -> str:
        """Return what publishes the commit of a tag."""
        if self.jobs:
            return f"run publish.yml for the tag {tag}"
        places = ("--remote", "--index", "--publish-url", "--check-url")
        return self._whole("publish", "--tag", tag, *_kept(self.places, places))

    def below(self) -> str:
        """Return the same release, of an older line."""
        if self.jobs:
            return "run the workflow with allow-lower"
        return f"{self.again} --allow-lower"

    def deleting(self, ref: str) -> str:
        """Return what deletes a ref of the remote: no run does that to a ref of another."""
        named = dict(each for each in _options(self.places) if len(each) == 2).get("--remote")
        return f"git push {_quoted(named or 'origin')} {_quoted(f':{ref}')}"

    def at_time(self, epoch_s: int) -> str:
        """Return the same release at a time: of the same base it has the same commit."""
        timeless = replace(self, places=_without(self.places, (_TIME,)))
        return timeless.again if self.jobs else f"{timeless.again} {_TIME} {epoch_s}"

    def bumped(self, bump: str) -> str:
        """Return what releases the next version."""
        if self.jobs:
            return f"run the workflow with bump: {bump}"
        return self._whole("release", "--bump", bump, *_without(self.places, (_TIME,)))

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


def _without(words: Iterable[str], options: Collection[str]) -> tuple[str, ...]:
    """Return options without some of them."""
    return tuple(word for option in _options(words) if option[0] not in options for word in option)


def _kept(words: Iterable[str], options: Collection[str]) -> tuple[str, ...]:
    """Return only some options."""
    return tuple(word for option in _options(words) if option[0] in options for word in option)


def _options(words: Iterable[str]) -> list[list[str]]:
    """Return each option with its value: `--name`, `--name=value` or `--name value`."""
    found: list[list[str]] = []
    for word in words:
        if word.startswith("--") or not found:
            found.append([word])
        else:
            found[-1].append(word)
    return found


def _named(run: str) -> str:
    """Return a run's name as a shell takes it, in quotes as people write them."""
    simple = re.fullmatch(r"[\w.:/@+-]+", run, re.ASCII)
    return f'"{run}"' if simple else shlex.quote(run)


def _quoted(word: str) -> str:
    """Return a word as a shell takes it."""
    return word if re.fullmatch(r"[\w.:/@+=-]+", word, re.ASCII) else shlex.quote(word)
