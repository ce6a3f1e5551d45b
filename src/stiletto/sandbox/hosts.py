"""Names of services inside a step: lines of /etc/hosts, or addresses in place of names (pure).

`hosts` is always address -> names; a name that is not one field of one line reaches nothing. Where
/etc/hosts cannot be changed, a name is replaced by its address wherever a program would look it up:
the whole word, or in host position.

    redis://cache:6379/0            ->  redis://127.9.8.7:6379/0
    postgres://app:word@db/app      ->  postgres://app:word@127.9.8.6/app
    host=db port=5432               ->  host=127.9.8.6 port=5432
    db:5432                         ->  127.9.8.6:5432
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stiletto.errors import EnvironmentFailed
from stiletto.visible import visible

HOSTS_FILE = "/etc/hosts"
POSITION = r"""
    (?<=//) NAME (?= $ | [/?,;\s"'] | :\d ) (?! [^\s/]*@ )  # in a URL; no user name before "@"
  | (?<=@)  NAME (?= $ | [/?,;\s"'] | :\d )
  | (?: (?<==) | (?<=,) | (?<=-h[ ]) | (?<=--host[ ]) | ^ ) NAME (?= $ | [,;\s"'] | :\d )
"""
_WORD = re.compile(r"[A-Za-z0-9._:-]+")
NAME_CHARS_MAX = 253
LOCALHOST = b"127.0.0.1 localhost\n::1 localhost\n"


def hosts_file(before: bytes | None, hosts: Mapping[str, Sequence[str]]) -> bytes:
    """Return the contents of /etc/hosts: our names first, because the first line wins.

    Raises:
        EnvironmentFailed: an address would not stay one field of one line.
    """
    for address in hosts:
        if not _WORD.fullmatch(address):
            raise EnvironmentFailed(f"{visible(address)!r} is not allowed in {HOSTS_FILE}")
    fields = ((address, *_words(names)) for address, names in hosts.items())
    ours = "".join(f"{' '.join(line)}\n" for line in fields if len(line) > 1)
    return ours.encode() + (LOCALHOST if before is None else before)


def _words(names: Sequence[str]) -> list[str]:
    return [name for name in names if len(name) <= NAME_CHARS_MAX and _WORD.fullmatch(name)]


def addresses_for(text: str, hosts: Mapping[str, Sequence[str]]) -> str:
    """Return a text with the names of services replaced by their addresses."""
    address = {name: at for at, names in hosts.items() for name in _words(names)}
    if not address:
        return text
    # Longest first: of two names that begin alike the longer one is meant.
    names = "|".join(map(re.escape, sorted(address, key=len, reverse=True)))
    found = re.compile(POSITION.replace("NAME", f"(?:{names})"), re.VERBOSE)
    return found.sub(lambda match: address[match.group()], text)
