"""The part of a file that belongs to `workflows`: between two marks. The rest belongs to the user.

# a person's own lines
# >>> wheelwright ...
what `workflows` writes
# <<< wheelwright
a person's own lines
"""

from __future__ import annotations

from wheelwright.errors import ProjectError
from wheelwright.github.actions import newest
from wheelwright.repository.existing import BEGIN, END, is_marked

_HEAD = f"{BEGIN}: written by `workflows`, which replaces it; edit before or after this block"


def is_ours(existing: str) -> bool:
    """Whether the file has the marks, or one of them."""
    return is_marked(existing)


def is_nothing_else(existing: str) -> bool:
    """Whether the file has one block, and around it nothing but empty lines."""
    lines = [line for line in existing.splitlines() if line.strip()]
    marks = [line for line in lines if is_marked(line)]
    whole = bool(lines) and lines[0].startswith(BEGIN) and lines[-1].startswith(END)
    return whole and len(marks) == 2


def inside(text: str) -> str:
    """Return the block of a text that `merge` made."""
    return text.partition(BEGIN)[2].partition(END)[0]


def merge(path: str, existing: str | None, body: str) -> str:
    """Return the file's text: the block replaced, everything around it as it was.

    A text without marks is replaced; `is_ours` recognises it.

    Raises:
        ProjectError: one mark without the other, two blocks, or the marks in the wrong order.
    """
    block = f"{_HEAD}\n{body.rstrip()}\n{END}\n"
    if existing is None or not is_ours(existing):
        return block
    lines = existing.splitlines(keepends=True)
    begins = [index for index, line in enumerate(lines) if _is(line, BEGIN)]
    ends = [index for index, line in enumerate(lines) if _is(line, END)]
    if len(begins) != 1 or len(ends) != 1 or begins > ends:
        found = ", ".join(f"line {index + 1}" for index in sorted(begins + ends))
        raise ProjectError(
            f"{path}: the marks of the block do not pair up ({found})",
            f'keep one line "{BEGIN}" and below it one line "{END}"',
        )
    begin, end = begins[0], ends[0]
    block = newest(block, "".join(lines[begin:end]))
    if lines[begin].endswith("\r\n"):
        block = block.replace("\n", "\r\n")
    return "".join([*lines[:begin], block, *lines[end + 1 :]])


def _is(line: str, mark: str) -> bool:
    return line.rstrip("\r\n").startswith(mark)
