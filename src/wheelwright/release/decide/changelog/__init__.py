"""The changelog of a release: who keeps it, what is in it, and its next text."""

from wheelwright.release.decide.changelog.tools import (
    CLIFF_CONTEXT,
    NAMES,
    ChangelogSource,
    cliff_commands,
    cliff_context_command,
    cliff_dated,
    cliff_directory,
    cliff_render_command,
    content_lines,
    find,
    insert,
    release_unreleased,
    section,
    source_of,
    towncrier_command,
    unreleased,
)

__all__ = [
    "CLIFF_CONTEXT",
    "NAMES",
    "ChangelogSource",
    "cliff_commands",
    "cliff_context_command",
    "cliff_dated",
    "cliff_directory",
    "cliff_render_command",
    "content_lines",
    "find",
    "insert",
    "release_unreleased",
    "section",
    "source_of",
    "towncrier_command",
    "unreleased",
]
