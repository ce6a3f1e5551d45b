"""reStructuredText: where titles are, by docutils, which reads no file and runs nothing here."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser
from docutils.parsers.rst.states import Inliner

from wheelwright.release.decide.changelog.document import Heading, columns


class _Roles(Inliner):
    """Takes every role: those of Sphinx and of its extensions are not known here."""

    def init_customizations(self, settings: Any) -> None:
        """Prepare the patterns, which docutils makes from attributes of the very class."""
        prepared = Inliner()
        prepared.init_customizations(settings)
        vars(self).update(vars(prepared))
        dispatch: list[Any] = [(self.patterns.uri, self.standalone_uri)]
        self.implicit_dispatch = dispatch

    def interpreted(
        self,
        rawsource: str,
        text: str,
        role: str,
        lineno: int,  # noqa: ARG002 - docutils' parameters
    ) -> tuple[list[Any], list[Any]]:
        """Return the text, with the role's name for the one who writes it."""
        return [nodes.inline(rawsource, utils.unescape(text), classes=[f"role-{role}"])], []


class _NoInliner(_Roles):
    """Leaves the text of a paragraph as it is."""

    def parse(
        self,
        text: str,
        lineno: int,  # noqa: ARG002 - docutils' parameters
        memo: Any,  # noqa: ARG002 - docutils' parameters
        parent: Any,  # noqa: ARG002 - docutils' parameters
    ) -> tuple[list[Any], list[Any]]:
        """Return one node."""
        return [nodes.Text(utils.unescape(text))], []


_SETTINGS: Final = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "syntax_highlight": "none",
    "line_length_limit": 100_000,
}


def parse(text: str, *, inline: bool = True) -> nodes.document | None:
    """Parse a text; None for one that docutils cannot take.

    Nothing is read from files or addresses, no raw text of other formats is taken, and what is
    wrong with the text is not printed.
    """
    settings = frontend.get_default_settings(Parser)
    for name, value in {**_SETTINGS, "warning_stream": io.StringIO()}.items():
        setattr(settings, name, value)
    document = utils.new_document("changelog", settings)
    try:
        Parser(inliner=_Roles() if inline else _NoInliner()).parse(text, document)
    # A text of anyone: docutils raises many kinds for what it cannot take, RecursionError too.
    except Exception:
        return None
    return document


def headings(lines: Sequence[str]) -> list[Heading]:
    """Return the titles outside of lists and quotations."""
    document = parse("\n".join(lines), inline=False)
    if document is None:
        return []
    return list(_below(document, lines, 1))


def _below(node: nodes.Element, lines: Sequence[str], level: int) -> list[Heading]:
    found = []
    for section in node.children:
        if isinstance(section, nodes.section):
            # docutils names the line below the title, counted from 1.
            below = (section.line or 0) - 1
            if heading := _heading(lines, below, level):
                found.append(heading)
            found += _below(section, lines, level + 1)
    return found


def _heading(lines: Sequence[str], below: int, level: int) -> Heading | None:
    if not 1 <= below < len(lines) or not _is_line(lines[below]):
        return None
    mark = lines[below].strip()[0]
    start = below - 1
    title = lines[start].strip()
    long = len(lines[below].rstrip())
    # Where all lines are of one length, that is the form; one too short is a fault.
    width = long if long > columns(title) else 0
    above = start >= 1 and _is_line(lines[start - 1]) and lines[start - 1].startswith(mark)
    if above and lines[start - 1].rstrip() == lines[below].rstrip():
        return Heading(level, title, start - 1, below + 1, mark * 2, width)
    return Heading(level, title, start, below + 1, mark, width)


def _is_line(line: str) -> bool:
    text = line.rstrip()
    return bool(text) and len(set(text)) == 1 and not text[0].isalnum() and not text[0].isspace()
