"""How the caller of this run would type a command: the one place that looks for the program.

Stiletto gives a function the command up to its name in a variable; Dagger has none.
"""

from __future__ import annotations

import os

from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide.commands import DEFAULT_PROGRAM, JOBS, Commands, options_of

_STILETTO = "STILETTO"


def commands(options: ReleaseOptions) -> Commands:
    """Return the commands that the messages of a run name.

    Directories, files and secrets are left out: their addresses are only known to the caller, who
    has them in the command before, or in `.env`.
    """
    if options.checkout:
        return JOBS
    program = os.environ.get(_STILETTO) or DEFAULT_PROGRAM
    named = (
        ("--base", options.base),
        ("--remote", options.remote),
        ("--github-api", options.github_api),
        ("--index", options.index),
        ("--publish-url", options.publish_url),
        ("--check-url", options.check_url),
        ("--run", options.run),
    )
    places = [word for option, value in named if value for word in (option, value)]
    places += ["--allow-lower"] if options.allow_lower else []
    return Commands(program, options_of(options), tuple(places))
