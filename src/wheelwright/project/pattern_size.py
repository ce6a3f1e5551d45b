"""How large a regular expression is once it is compiled.

The library with the time limit copies what is repeated: `x+` is `xx*`, and `x{9}` is nine of them.
So `(((x+)+)+ ...)+`, 28 deep, takes gigabytes before any search begins, and no time limit counts
there. The standard library's parser makes a tree without copies; its syntax is also the one that
pre-commit and hatch use.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

# There is no public parser; `sre_parse`, the old name of this one, warns when it is imported.
from re import _parser  # type: ignore[attr-defined]  # the stubs have no private names
from typing import Any, Final

MOST: Final = 50_000
"""Some 80 MB; the largest of real configurations is a hundredth of it."""

_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


@lru_cache(maxsize=64)
def size(pattern: str) -> int:
    """Return about how many nodes a pattern compiles to; more than MOST as soon as it is more.

    Raises:
        re.error: not a pattern.
        RecursionError: nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _sum(_parser.parse(pattern))
        except OverflowError as error:
            raise re.error(str(error)) from error


def _sum(nodes: Iterable[tuple[Any, Any]]) -> int:
    total = 1
    for operator, argument in nodes:
        total += _one(str(operator), argument)
        if total > MOST:
            break
    return total


def _one(operator: str, argument: Any) -> int:
    if operator in _REPEATS:
        least, most, inner = argument
        copies = least + (least != most)
        return max(int(copies), 1) * _sum(inner)
    if operator == "IN":
        return len(argument)
    # The rest have their parts at any place: a group last, a condition behind its number.
    parts = argument if isinstance(argument, tuple | list) else [argument]
    trees = [part for part in parts if isinstance(part, _parser.SubPattern)]
    if operator == "BRANCH":
        trees = argument[1]
    return 1 + sum(map(_sum, trees))
