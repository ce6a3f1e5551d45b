"""Which of a repository's tags are versions of a package."""

from __future__ import annotations

from collections.abc import Mapping

from wheelwright.project.model import Project
from wheelwright.release.decide import edits, tags, version_tools
from wheelwright.release.decide.tags import Tags


def version_tags(project: Project, refs: Mapping[str, str]) -> Tags:
    """Return a package's version tags among refs: a commit by the name of each."""
    current = edits.current_version(project)
    return tags.read(
        refs,
        project.metadata.name,
        member=bool(project.where),
        current=current if isinstance(current, str) else "",
        setting=project.settings.release.tag,
        usual=version_tools.tag_form(project),
    )
