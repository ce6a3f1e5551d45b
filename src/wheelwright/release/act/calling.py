"""How the caller of this run would type the commands of a release."""

from __future__ import annotations

import dataclasses

from wheelwright.container.calling import program
from wheelwright.project.addresses import without_credentials
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide.commands import JOBS, Commands, options_of

_OTHERS = frozenset({"bump", "pre", "post", "version", "take_over", "until", "log"})
"""Options of the version, and those that are another run's own."""


def commands(options: ReleaseOptions) -> Commands:
    """Return the commands that the messages of a run name.

    Directories, files and secrets are left out: their addresses are only known to the caller, who
    has them in the command before, or in `.env`.
    """
    if options.checkout:
        return JOBS
    places = [
        word
        for field in dataclasses.fields(options)
        if field.metadata and field.name not in _OTHERS
        for word in _words(field.name, getattr(options, field.name), field.default)
    ]
    return Commands(program(options.package), options_of(options), tuple(places))


def _words(name: str, value: object, default: object) -> list[str]:
    """Return an option as it is typed, an address without credentials.

    There is none for a default, and for what only the caller can name.
    """
    option = f"--{name.replace('_', '-')}"
    if value == default:
        return []
    match value:
        case bool():
            return [option if value else f"{option}=false"]
        case str():
            return [option, without_credentials(value)]
        case int():
            return [option, str(value)]
    return []
