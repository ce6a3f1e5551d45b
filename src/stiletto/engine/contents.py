"""Texts of files: how large they may be, and how a part of one is replaced (pure)."""

from __future__ import annotations

from stiletto.errors import UsageError

MAX_CONTENTS_BYTES = 128 * 1024 * 1024  # as the real engine


def refuse_large(name: str, size_bytes: int) -> None:
    """Refuse what is too large to be read as a text.

    Raises:
        UsageError: it names the file.
    """
    if size_bytes > MAX_CONTENTS_BYTES:
        raise UsageError(f"{name}: {size_bytes} bytes exceed the limit of 128 MiB")


def replaced(
    name: str, text: str, search: str, new: str, everywhere: bool, first_from: int | None
) -> str:
    """Return a file's text with the first match from a line on, or every match, replaced.

    Raises:
        UsageError: there is no match, or more than one; the text becomes too large.
    """
    lines = text.split("\n")  # lines count from 1, and only "\n" ends one
    head = "".join(line + "\n" for line in lines[: (first_from or 1) - 1])
    rest = text[len(head) :]
    # An empty text is found once in each line.
    found = rest.count(search) if search else max(rest.count("\n"), 1)
    # Checked before: a text that replaces each of its letters by itself grows without end.
    refuse_large(name, len(text) + (found if everywhere else 1) * (len(new) - len(search)))
    if everywhere:
        return head + rest.replace(search, new)
    if not found:
        raise UsageError("search string not found")
    if found > 1 and first_from is None:
        raise UsageError(f"search string found multiple times: {found}")
    return head + rest.replace(search, new, 1)
