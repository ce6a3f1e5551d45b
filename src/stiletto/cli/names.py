"""Names as a user types them, and what a mistyped one may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def _is_upper(char: str) -> bool:
    return "A" <= char <= "Z"


def _is_lower(char: str) -> bool:
    return "a" <= char <= "z"


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def kebab(name: str) -> str:
    """Return a name in the command line's form: `pythonVersion312` is `python-version-312`.

    The rules are those of Go's strcase.ToKebab, which Dagger's command line uses: a change of
    case or between letters and digits starts a word, and an acronym is one word (`JSONData` is
    `json-data`).
    """
    name = name.strip()
    out: list[str] = []
    for index, char in enumerate(name):
        following = name[index + 1] if index + 1 < len(name) else ""
        upper, lower, digit = _is_upper(char), _is_lower(char), _is_digit(char)
        next_upper, next_lower = _is_upper(following), _is_lower(following)
        next_digit = _is_digit(following)
        turns = (
            (upper and (next_lower or next_digit))
            or (lower and (next_upper or next_digit))
            or (digit and (next_upper or next_lower))
        )
        if turns:
            if upper and next_lower and index > 0 and _is_upper(name[index - 1]):
                out.append("-")
            out.append(char.lower())
            if lower or digit or next_digit:
                out.append("-")
        else:
            out.append("-" if char in " _-." else char.lower() if upper else char)
    return "".join(out)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` most likely meant, or None."""
    # Only a mistake pays for the import.
    import difflib

    names = sorted(known)
    wanted = kebab(word)
    if wanted in names:
        return wanted
    found = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if found:
        return found[0]
    starting = [name for name in names if wanted and name.startswith(wanted)]
    return starting[0] if len(starting) == 1 else None
