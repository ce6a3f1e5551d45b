"""The form of a text file, which an edit keeps: line ends, byte order mark, final newline."""

from __future__ import annotations

from collections.abc import Iterator

from wheelwright.release.decide.line_changes import compared

_MARK = "\ufeff"


def as_before(old: str, new: str) -> str:
    r"""Return a new text in the form of the old one, whatever a tool made of that.

    Lines that stay keep their ends. New ones end as those that they replace, or as most do. An old
    text without a line end has no form but its mark.
    """
    if not old:
        return new
    marked = old.startswith(_MARK)
    old, new = old.removeprefix(_MARK), new.removeprefix(_MARK)
    if "\n" in old:
        new = _ended(old, "".join(_lines(old, new)))
    return _MARK + new if marked else new


def _lines(old: str, new: str) -> Iterator[str]:
    before, after = old.split("\n"), new.split("\n")
    if "\r\n" not in old:
        # As a work tree with other line ends has them.
        yield new.replace("\r\n", "\n")
        return
    usual = "\r" if old.count("\r\n") * 2 >= old.count("\n") else ""
    # What keeps both kinds of ends knows what it does.
    mixed = all("\n" in each.replace("\r\n", "") for each in (old, new)) and "\r\n" in new
    # Behind the last line end stands no other one.
    bare = [
        [*(line.removesuffix("\r") for line in lines[:-1]), lines[-1]] for lines in (before, after)
    ]
    for tag, start, stop, at, end in compared(*bare):
        kept = tag == "equal" or stop - start == end - at
        for number in range(at, end):
            if number == len(after) - 1:
                yield after[number]
            elif kept or mixed:
                like = before[start + number - at] if kept else after[number]
                yield bare[1][number] + ("\r\n" if like.endswith("\r") else "\n")
            else:
                yield f"{bare[1][number]}{usual}\n"


def _ended(old: str, new: str) -> str:
    """Return a text that ends with a newline where the old one does, and only there."""
    if old.endswith("\n") == new.endswith("\n") or not new:
        return new
    if not old.endswith("\n"):
        return new.removesuffix("\n").removesuffix("\r")
    return new + ("\r\n" if old.endswith("\r\n") else "\n")
