"""reStructuredText as the Markdown that GitHub renders in a release.

A newline in the text of a release is a line break there: a paragraph becomes one line. What cannot
be shown (comments, targets, directives that insert) is left out; roles become text, code or links.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from docutils import nodes

from wheelwright.release.decide.changelog import restructured

LARGEST: Final = 150_000
"""Characters that are rendered. GitHub takes fewer."""

_TOP: Final = 3
"""Level of the headings inside a section: the version's own is the second."""
_DEEPEST: Final = 4
"""Unknown directives in each other that are read."""

# Roles of Sphinx whose text is code (sphinx-doc.org, Cross-referencing Python objects; Roles).
_CODE: Final = frozenset(
    (
        *("func", "class", "meth", "attr", "mod", "data", "exc", "obj", "const", "method", "any"),
        *("file", "command", "option", "envvar", "kbd", "program", "samp", "code", "literal"),
        *("keyword", "token", "confval", "fixture", "hook", "type", "property", "decorator", ""),
    )
)
_NUMBERED: Final = re.compile(r"#?\d{1,9}")
_OTHER_NUMBERS: Final = {
    "pep": "https://peps.python.org/pep-{:04}/",
    "rfc": "https://www.rfc-editor.org/rfc/rfc{}",
}
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\s<>()\"\\]+")
_TARGET: Final = re.compile(r"\.\. _(`?)(?P<name>[^`]+?)\1: *(?P<address>https?://\S+) *")
_REPLACED: Final = re.compile(r"\.\. \|(?P<name>[^|]+)\| +replace:: +(?P<text>.{1,1000})")
_DIRECTIVE: Final = re.compile(r"\.\. +(?P<name>[\w:.-]+)::[ \t]*(?P<argument>[^\n]*)")
_CODE_BLOCKS: Final = frozenset(("code", "code-block", "sourcecode"))
_OPTION: Final = re.compile(r":[\w-]+:(?: .*)?")
_SINCE: Final = {
    "versionadded": "New in",
    "versionchanged": "Changed in",
    "deprecated": "Deprecated since",
    "versionremoved": "Removed in",
}


def targets(text: str) -> dict[str, str]:
    """Return the addresses that a file defines for its links, by name.

    What it writes in the place of `|name|` is there with these bars.
    """
    lines = text.split("\n")
    found = (_TARGET.fullmatch(line.rstrip()) for line in lines if line[:4] == ".. _")
    known = {_name(each["name"].replace("\\", "")): each["address"] for each in found if each}
    replaced = (_REPLACED.fullmatch(line.rstrip()) for line in lines if line[:4] == ".. |")
    return known | {f"|{_name(each['name'])}|": each["text"] for each in replaced if each}


def markdown(text: str, known: Mapping[str, str] | None = None) -> str:
    """Return a section's text as Markdown; `known` are addresses defined at other places."""
    writer = _Writer(known or {})
    if len(text) > LARGEST:
        text = text[:LARGEST].rpartition("\n")[0]
    text = textwrap.dedent(text)
    document = restructured.parse(text)
    if document is None:
        # What cannot be parsed is shown as it is written.
        return _fence(text.strip("\n"), "rst") if text.strip() else ""
    writer.anonymous = [
        str(each.get("refuri", ""))
        for each in document.findall(nodes.target)
        if each.get("anonymous")
    ]
    return "\n\n".join(writer.blocks(document, _TOP))


def _name(text: str) -> str:
    return " ".join(text.casefold().split())


class _Writer:
    """Writes nodes; `known` are the addresses of names.

    Attributes:
        anonymous: addresses of links without a name, in their order.
    """

    anonymous: Sequence[str] = ()

    def __init__(self, known: Mapping[str, str], depth: int = 0) -> None:
        self._known = dict(known)
        self._depth = depth
        self._shown: dict[str, str] = {}

    # -- blocks -----------------------------------------------------------------------------------

    def blocks(self, node: nodes.Element, level: int) -> list[str]:
        """Return the blocks below a node."""
        found: list[str] = []
        for child in node.children:
            found += [block for block in self._block(child, level) if block.strip()]
        return found

    def _block(self, node: nodes.Node, level: int) -> Iterator[str]:
        if isinstance(node, nodes.section):
            yield f"{'#' * min(level, 6)} {self._line(node[0])}"
            yield from self.blocks(_without_first(node), level + 1)
        elif isinstance(node, nodes.paragraph):
            yield _safe_start(self._line(node))
        elif isinstance(node, _LISTS):
            yield self._list(node, level)
        elif isinstance(node, nodes.literal_block | nodes.doctest_block):
            classes = [each for each in _classes(node) if each != "code"]
            plain = "pycon" if isinstance(node, nodes.doctest_block) else ""
            language = classes[0] if classes and re.fullmatch(r"[\w+-]+", classes[0]) else plain
            yield _fence(node.astext(), language)
        elif isinstance(node, nodes.table):
            yield self._table(node)
        elif isinstance(node, nodes.line_block):
            yield "\\\n".join(_lines_of(self, node))
        elif isinstance(node, nodes.rubric):
            yield f"**{self._line(node)}**"
        elif isinstance(node, nodes.image):
            yield self._inline(node)
        elif isinstance(node, nodes.system_message):
            yield from self._unknown(node, level)
        elif isinstance(node, nodes.Element) and not isinstance(node, _LEFT_OUT):
            yield from self._nested(node, level)

    def _nested(self, node: nodes.Element, level: int) -> Iterator[str]:
        if isinstance(node, nodes.definition_list | nodes.field_list):
            described = [self._described(each, level) for each in node.children]
            yield "\n".join(self._item("- ", each) for each in described)
        elif isinstance(node, nodes.block_quote):
            inner = self.blocks(node, level)
            # A list that is indented is a quotation in docutils, and meant as a list.
            lists = all(isinstance(each, _LISTS) for each in node.children)
            yield "\n\n".join(inner) if lists else _quoted("\n\n".join(inner))
        elif isinstance(node, nodes.Admonition):
            kind = node.tagname.capitalize()
            yield _quoted("\n\n".join([f"**{kind}**", *self.blocks(node, level)]))
        elif isinstance(node, nodes.footnote | nodes.citation):
            label = _escaped(node.children[0].astext())
            yield f"\\[{label}\\] " + " ".join(self.blocks(_without_first(node), level))
        elif isinstance(node, nodes.TextElement):
            yield _safe_start(self._line(node))
        else:
            yield from self.blocks(node, level)

    def _list(self, node: nodes.Element, level: int) -> str:
        numbered = isinstance(node, nodes.enumerated_list)
        first = int(node.get("start", 1)) if numbered else 1
        items = []
        for number, item in enumerate(node.children, first):
            assert isinstance(item, nodes.Element)
            mark = f"{number}. " if numbered else "- "
            items.append(self._item(mark, self._parts(item, level)))
        return "\n".join(items)

    def _parts(self, item: nodes.Element, level: int) -> list[tuple[str, bool]]:
        """Return an item's blocks, and whether each is a list, which needs no blank line above."""
        found = []
        for child in item.children:
            tight = isinstance(child, _LISTS)
            found += [(block, tight) for block in self._block(child, level) if block.strip()]
        return found

    def _described(self, node: nodes.Node, level: int) -> list[tuple[str, bool]]:
        assert isinstance(node, nodes.Element)
        found: list[tuple[str, bool]] = []
        for child in node.children:
            if isinstance(child, nodes.term | nodes.field_name):
                found.append((f"**{self._line(child)}**", True))
            elif isinstance(child, nodes.Element):
                found += self._parts(child, level)
        return found

    @staticmethod
    def _item(mark: str, parts: list[tuple[str, bool]]) -> str:
        text = ""
        for block, tight in parts:
            text += block if not text else f"{'' if tight else chr(10)}\n{block}"
        return mark + textwrap.indent(text, " " * len(mark)).lstrip(" ")

    def _table(self, node: nodes.table) -> str:
        rows = []
        for row in node.findall(nodes.row):
            cells = [" ".join(self.blocks(each, 6)) for each in row.findall(nodes.entry)]
            rows.append([cell.replace("\n", " ").replace("|", "\\|") for cell in cells])
        if not rows:
            return ""
        width = max(map(len, rows))
        if not any(True for _ in node.findall(nodes.thead)):
            rows.insert(0, [""] * width)
        rows.insert(1, ["---"] * width)
        return "\n".join(f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows)

    def _unknown(self, node: nodes.system_message, level: int) -> Iterator[str]:
        """Write what is in a directive that docutils does not know, such as one of Sphinx."""
        literal = [each for each in node.children if isinstance(each, nodes.literal_block)]
        source = literal[0] if literal else None
        if source is None:
            return
        text = source.astext()
        found = _DIRECTIVE.match(text)
        if found is None or self._depth >= _DEEPEST:
            return
        if found["name"] in _CODE_BLOCKS:
            # Sphinx has options that docutils does not know, such as :linenos: and :caption:.
            yield _source(text[found.end() :], found["argument"].strip())
            return
        if "Unknown directive type" not in node.astext():
            return
        lines = textwrap.dedent(text[found.end() :].strip("\n")).split("\n")
        while lines and _OPTION.fullmatch(lines[0]):
            lines.pop(0)
        inner = restructured.parse("\n".join(lines))
        blocks = _Writer(self._known, self._depth + 1).blocks(inner, level) if inner else []
        argument = found["argument"].strip()
        if since := _SINCE.get(found["name"]):
            number, _, rest = argument.partition(" ")
            named = f"*{since} {_escaped(number)}*"
            yield " ".join([f"{named}: {_escaped(rest)}" if rest else named, *blocks[:1]])
            yield from blocks[1:]
        else:
            yield from blocks

    # -- in a line --------------------------------------------------------------------------------

    def _line(self, node: nodes.Node) -> str:
        """Return the text of a node in one line."""
        return " ".join(self._inline_children(node).split())

    def line(self, node: nodes.Node) -> str:
        """Return the text of a line of a block of lines."""
        return self._line(node)

    def _inline_children(self, node: nodes.Node) -> str:
        return "".join(self._inline(each) for each in node.children)

    def _inline(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Text):
            return _escaped(node.astext())
        if isinstance(node, nodes.literal | nodes.math):
            return _code(node.astext())
        if isinstance(node, nodes.emphasis | nodes.strong):
            mark = "*" if isinstance(node, nodes.emphasis) else "**"
            inner = self._inline_children(node).strip()
            return f"{mark}{inner}{mark}" if inner else ""
        if isinstance(node, nodes.image):
            address = str(node.get("uri", ""))
            alternative = _escaped(str(node.get("alt", "")))
            return f"![{alternative}]({address})" if _ADDRESS.fullmatch(address) else alternative
        if isinstance(node, nodes.reference):
            return self._link(node)
        if isinstance(node, nodes.inline):
            return self._role(node)
        if isinstance(node, nodes.substitution_reference):
            return self._replaced(node)
        if isinstance(node, nodes.footnote_reference | nodes.citation_reference):
            return f"\\[{_escaped(node.astext())}\\]"
        if isinstance(node, nodes.target | nodes.raw | nodes.comment | nodes.system_message):
            return ""
        return self._inline_children(node)

    def _replaced(self, node: nodes.substitution_reference) -> str:
        name = f"|{_name(str(node.get('refname', '')))}|"
        if name in self._known and name not in self._shown:
            inner = restructured.parse(self._known[name])
            paragraph = inner.next_node(nodes.paragraph) if inner else None
            # What is written for a name has no such names itself: they could be in each other.
            links = {each: text for each, text in self._known.items() if each[:1] != "|"}
            self._shown[name] = _Writer(links).line(paragraph) if paragraph else ""
        return self._shown.get(name) or self._inline_children(node)

    def _link(self, node: nodes.reference) -> str:
        text = " ".join(node.astext().split())
        address = str(node.get("refuri", ""))
        if not address and node.get("anonymous") and self.anonymous:
            address, *self.anonymous = self.anonymous
        elif not address:
            address = self._known.get(_name(str(node.get("refname", node.get("name", "")))), "")
        elif name := node.get("name"):
            # `text <address>`_ can be used once more by its name.
            self._known.setdefault(_name(str(name)), address)
        if not _ADDRESS.fullmatch(address):
            return self._inline_children(node)
        return address if text == address else f"[{self._line(node)}]({address})"

    @staticmethod
    def _role(node: nodes.inline) -> str:
        text = node.astext()
        roles = [each for each in _classes(node) if each.startswith("role-")]
        role = (roles[0] if roles else "").removeprefix("role-").rpartition(":")[2].casefold()
        shown, address = text, ""
        if text.endswith(">") and "<" in text[1:]:
            shown, _, address = text[:-1].rpartition("<")
            shown = shown.rstrip()
        if _NUMBERED.fullmatch(text):
            number = text.removeprefix("#")
            if role in _OTHER_NUMBERS:
                link = _OTHER_NUMBERS[role].format(int(number))
                return f"[{role.upper()} {number}]({link})"
            return f"bpo-{number}" if role == "bpo" else f"#{number}"
        if re.fullmatch(rf"{_NUMBERED.pattern}(?:, *{_NUMBERED.pattern})+", text):
            return re.sub(r"#?(\d+)", r"#\1", text)
        if role in ("user", "gh-user", "github-user") and re.fullmatch(r"[\w-]+", shown):
            return f"@{shown}"
        if role in _CODE:
            short = shown.startswith("~")
            name = shown.lstrip("~!")
            called = "()" if role in ("func", "meth") and not name.endswith(")") else ""
            return _code((name.rpartition(".")[2] if short else name) + called)
        if _ADDRESS.fullmatch(address):
            return f"[{_escaped(shown)}]({address})"
        return _escaped(shown)


def _classes(node: nodes.Element) -> list[str]:
    found: list[str] = node.get("classes", [])
    return found


def _without_first(node: nodes.Element) -> nodes.Element:
    rest = nodes.container("")
    rest.children = node.children[1:]
    return rest


_LISTS: Final = (nodes.bullet_list, nodes.enumerated_list)
_LEFT_OUT: Final = (
    *(nodes.comment, nodes.target, nodes.substitution_definition, nodes.pending, nodes.raw),
    *(nodes.transition, nodes.meta, nodes.title, nodes.label),
)


def _lines_of(writer: _Writer, node: nodes.Element) -> Iterator[str]:
    for each in node.children:
        if isinstance(each, nodes.line_block):
            yield from _lines_of(writer, each)
        else:
            yield writer.line(each)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _source(text: str, language: str) -> str:
    """Return the code of a directive, without its options."""
    lines = textwrap.dedent(text.strip("\n")).split("\n")
    while lines and _OPTION.fullmatch(lines[0]):
        lines.pop(0)
    code = "\n".join(lines).strip("\n")
    shown = language if re.fullmatch(r"[\w+-]+", language) else ""
    return _fence(code, shown) if code.strip() else ""


def _longest_run(text: str) -> int:
    return max((len(each) for each in re.findall(r"`+", text)), default=0)


def _fence(text: str, language: str) -> str:
    mark = "`" * max(3, _longest_run(text) + 1)
    return f"{mark}{language}\n{text}\n{mark}"


def _code(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    mark = "`" * (_longest_run(text) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{mark}{padding}{text}{padding}{mark}"


def _escaped(text: str) -> str:
    """Return text in which Markdown sees no marks of its own."""
    text = re.sub(r"([\\`*\[\]<])", r"\\\1", text)
    # An underscore inside of a name marks nothing.
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def _safe_start(text: str) -> str:
    """Return a paragraph that does not begin as another block does."""
    if re.match(r"(?:#{1,6}|[-+>])(?:\s|$)|[-=]{2,}|~~~", text):
        return "\\" + text
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text)
