"""Reads YAML into plain data with lines and comments, within bounds.

A file of a kilobyte can mean a million values by aliases of aliases, and brackets can nest as deep
as there are characters. Here both end in one error that names the file and the line.

| bound | number |
|---|---|
| characters of a file | 256 Ki |
| values, each as often as an alias repeats it | 100,000 |
| nesting | 100 |

Only the tree of nodes comes from the library: no tag makes an object, and a scalar stays the text
that was written, so that `rev: 1.10` is no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wheelwright.errors import ProjectError
from wheelwright.project.reading import DEPTH, first_line, shortened

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node


_CHARACTERS: Final = 256 * 1024
"""The pure parser reads some 50,000 a second; the longest configurations have 70,000."""

_VALUES: Final = 100_000

_COMMENT: Final = re.compile(r"[ \t]+#[ \t]*(.*)")
_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    Attributes:
        text: as written, without quotes; empty for null.
        line: where it begins, counted from 1.
        comment: behind it on the line where it ends, without the `#`.
        is_null: whether it is null, written out or by leaving it empty.
    """

    text: str
    line: int
    comment: str = ""
    is_null: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    values: Sequence[Value]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping by the texts of its keys; of a key that is there twice, the last counts."""

    values: Mapping[str, Value]
    line: int


Value = Scalar | Items | Table


def read(path: str, text: str, hint: str = "correct that line") -> Value:
    """Read one document of YAML; an empty file is null.

    Raises:
        ProjectError: not YAML, or beyond one of the bounds.
    """
    # A tenth of a second of every start, and few files are YAML.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.scanner import Scanner

    class Bounded(Scanner):
        """The library's scanner, which looks at each open bracket again with each character."""

        def fetch_flow_collection_start(self, TokenClass: type, to_push: str) -> None:  # noqa: N803 - its name there
            if len(self.flow_context) > DEPTH:
                raise RecursionError
            super().fetch_flow_collection_start(TokenClass, to_push)

    if len(text) > _CHARACTERS:
        raise ProjectError(
            f"{path} has {len(text)} characters, more than the {_CHARACTERS} that are read", hint
        )
    text = text.removeprefix("\ufeff")
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = Bounded
        root = yaml.compose(text)
    except RecursionError as error:
        raise ProjectError(f"{path} is nested too deeply", "flatten it") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{path}:{mark.line + 1}" if mark else path
        reason = error.problem or error.context or first_line(str(error))
        raise ProjectError(f"{at}: not valid YAML: {shortened(reason)}", hint) from error
    except (YAMLError, ValueError, AttributeError, IndexError, AssertionError) as error:
        # The last three come from the library's own scanner, on a broken tag or directive.
        reason = shortened(first_line(str(error)) or type(error).__name__)
        raise ProjectError(f"{path} is not valid YAML: {reason}", hint) from error
    return Scalar("", 1, is_null=True) if root is None else _Conversion(path, text).value(root, 0)


@dataclass(slots=True)
class _Conversion:
    """The conversion of one document; an alias counts each time that it is used."""

    path: str
    text: str
    count: int = field(default=0)

    def value(self, node: Node, depth: int) -> Value:
        from ruamel.yaml.nodes import MappingNode, ScalarNode

        line = node.start_mark.line + 1
        self.count += 1
        if self.count > _VALUES:
            raise ProjectError(
                f"{self.path}:{line}: more than {_VALUES} values, aliases included",
                "write fewer aliases",
            )
        if depth > DEPTH:
            raise ProjectError(
                f"{self.path}:{line}: nested more than {DEPTH} levels deep", "flatten it"
            )
        if isinstance(node, ScalarNode):
            found = _COMMENT.match(self.text, node.end_mark.index)
            null = node.tag == _NULL
            comment = found[1].rstrip() if found else ""
            return Scalar("" if null else str(node.value), line, comment, null)
        if isinstance(node, MappingNode):
            return Table(dict(self._pairs(node, depth)), line)
        return Items([self.value(item, depth + 1) for item in node.value], line)

    def _pairs(self, node: Node, depth: int) -> Iterator[tuple[str, Value]]:
        """Yield the pairs of a mapping; what `<<` merges in comes first, so that it counts less."""
        own = []
        for key, content in node.value:
            value = self.value(content, depth + 1)
            if key.tag == _MERGE:
                merged = value.values if isinstance(value, Items) else [value]
                for table in reversed(merged):
                    if isinstance(table, Table):
                        yield from table.values.items()
            elif isinstance(key.value, str):
                own.append((key.value, value))
        yield from own
