"""Names as a user types them, and what a mistyped one may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def _kind(char: str) -> str:
    """Return "A", "a" or "0" for a letter or digit of ASCII, else an empty text."""
    return next((first for first, last in ("AZ", "az", "09") if first <= char <= last), "")


def kebab(name: str) -> str:
    """Return a name in the command line's form: `pythonVersion312` is `python-version-312`.

    The rules are those of Go's strcase.ToKebab, which Dagger's command line uses: a change of
    case or between letters and digits starts a word, and an acronym is one word (`JSONData` is
    `json-data`).
    """
    name = name.strip()
    out: list[str] = []
    for index, char in enumerate(name):
        kind, next_kind = _kind(char), _kind(name[index + 1 : index + 2])
        begins_name = kind == "A" and next_kind == "a"
        if begins_name and _kind(name[index - 1 : index]) == "A":
            out.append("-")
        out.append("-" if char in " _-." else char.lower() if kind == "A" else char)
        if kind and next_kind and kind != next_kind and not begins_name:
            out.append("-")
    return "".join(out)


def closest(typed: str, known: Iterable[str]) -> str | None:
    """Return the known name that was most likely meant, or None."""
    # Only a mistake pays for the import.
    import difflib

    names = sorted(known)
    wanted = kebab(typed)
    if wanted in names:
        return wanted
    found = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if found:
        return found[0]
    starting = [name for name in names if wanted and name.startswith(wanted)]
    return starting[0] if len(starting) == 1 else None
