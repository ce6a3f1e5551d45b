"""Validates texts that become part of names, lines, argument vectors and the like (pure).

A text of a query ends up in an argument vector, an environment, a path, /etc/hosts or /etc/passwd.
Each of these has a mark that ends an entry; a text that contains it would continue as something
else: a NUL in a variable's value was once an option of bubblewrap. What is refused here is refused
with the name of the field; `docs/engine.md` lists what quotes what.

    every text      no NUL, and nothing that no file system can name (half a surrogate pair)
    data            anything: contents of files, standard input, secrets, messages of errors
    variable name   not empty, no `=`
    user            one line of /etc/passwd at most: no `/`, blank or control character; numbers
                    that a kernel has
    host name       letters, digits, `.`, `_`, `-`
    file name       one name: no `/`, not `.` or `..`
    permissions     the twelve bits of chmod(2)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stiletto.errors import UsageError

ID_MAX = 2**32 - 2
"""The last user or group id: the one above it means "no change" to the kernel."""

DATA = frozenset(
    {
        "Container.withExec(stdin:)",
        "Container.withNewFile(contents:)",
        "Directory.withNewFile(contents:)",
        "Error.withValue(value:)",
        "File.withReplaced(replacement:)",
        "File.withReplaced(search:)",
        "FunctionCall.returnValue(value:)",
        "JSONValue.field(path:)",
        "JSONValue.newString(value:)",
        "JSONValue.withContents(contents:)",
        "JSONValue.withField(path:)",
        "Query.error(message:)",
        "Query.file(contents:)",
        "Query.setSecret(plaintext:)",
    }
)
"""Texts that stay what they are: they are never a part of a line, a name or a vector."""

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_HOST_NAME_CHARS_MAX = 253
_USER = re.compile(r"[^\s:/\x00-\x1f\x7f-\x9f]+")
_MODE_MAX = 0o7777


def fault_of(text: str) -> str | None:
    """Return why a text cannot be an argument, path or variable, or None if it can."""
    if "\0" in text:
        return "contains a NUL byte"
    if not text.isascii():
        try:
            text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return "is not valid Unicode: it contains half a surrogate pair"
    return None


def check_text(call: str, field: str, value: Any) -> None:
    """Refuse a text, or one inside a list or an input, that could become something else.

    Raises:
        UsageError: it names the call and the field.
    """
    match value:
        case str():
            if "\0" in value and f"{call}({field}:)" in DATA:
                value = value.replace("\0", "")
            fault = fault_of(value)
            if fault is not None:
                raise UsageError(f"{call}({field}:) {fault}", hint="remove it from the text")
        case Mapping():
            for name, item in value.items():
                check_text(call, f"{field}.{name}", item)
        case Sequence():
            for item in value:
                check_text(call, field, item)
        case _:
            return


def check_variable(call: str, name: str) -> None:
    """Refuse a name that no environment can have.

    Raises:
        UsageError: it is empty, or contains `=`.
    """
    if not name or "=" in name or "\0" in name:
        fault = f"is {name!r}: a variable's name cannot contain '=' or NUL"
        what = fault if name else "is empty"
        raise UsageError(f"{call}(name:) {what}")


def number_of(text: str) -> int | None:
    """Return the number of a user or group given as digits, or None where it is a name.

    Raises:
        UsageError: no kernel has this number.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) > len(str(ID_MAX)) + 20 or int(text) > ID_MAX:
        raise UsageError(f"{text[:40]} is not a user or group: the largest number is {ID_MAX}")
    return int(text)


def check_user(call: str, text: str) -> None:
    """Refuse what is neither a user nor `user:group`, by name or number; empty means root.

    Raises:
        UsageError: it names the call.
    """
    if not text:
        return
    for part in text.split(":", 1):
        if not _USER.fullmatch(part):
            raise UsageError(
                f"{call}(name:) is {text!r}: not a user",
                hint="write USER, UID, USER:GROUP or UID:GID",
            )
        try:
            number_of(part)
        except UsageError as error:
            raise UsageError(f"{call}(name:): {error.message}") from error


def check_host_name(call: str, field: str, name: str) -> None:
    """Refuse what cannot be in a line of /etc/hosts.

    Raises:
        UsageError: it names the field.
    """
    if len(name) > _HOST_NAME_CHARS_MAX or not _HOST_NAME.fullmatch(name):
        raise UsageError(
            f"{call}({field}:) is {name[:300]!r}: not a valid host name",
            hint="use letters, digits, '.', '_' and '-'; begin and end with a letter or digit",
        )


def check_file_name(call: str, name: str) -> None:
    """Refuse a name that is more than a name: it could lead out of the directory it is put in.

    Raises:
        UsageError: it is empty, `.`, `..`, or has a `/`.
    """
    if "/" in name:
        raise UsageError(f"{call}(name:): file name {name!r} must not contain '/'")
    if name in ("", ".", ".."):
        raise UsageError(f"{call}(name:): {name!r} is not a file name")


def check_link_target(call: str, target: str) -> None:
    """Refuse a link to nothing: symlink(2) does.

    Raises:
        UsageError: the target is empty.
    """
    if not target:
        raise UsageError(f"{call}(target:) is empty")


def check_permissions(call: str, field: str, mode: int | None) -> None:
    """Refuse permission bits that chmod(2) does not have.

    Raises:
        UsageError: it names the field.
    """
    if mode is not None and not 0 <= mode <= _MODE_MAX:
        raise UsageError(
            f"{call}({field}:) is {mode}, which is not between 0 and {_MODE_MAX:#o}",
            hint="in a query the number is decimal: 0644 is 420",
        )
