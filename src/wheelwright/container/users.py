"""The user of the tests: an ordinary one, who owns a home, the source and its environment.

In an image everything belongs to root, and root may read and write what nobody else can: a test of
permissions fails there, and one that forgets them passes. So what the tests write is given to
another user. That is done while it is copied, or by the step that installs it: a further step that
changes owners would copy it once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files

import dagger
from dagger import dag

from wheelwright.environment.imported import Imported

ROOT = "root"
"""The setting `user` for tests that need root."""

NAME = "tester"
HOME = f"/home/{NAME}"
OWNER = "1000:1000"
"""Its number and its group's: the first that a Linux gives to a person."""

_PROGRAMS = "/opt/wheelwright"
_INSTALL = ("/bin/sh", f"{_PROGRAMS}/install.sh")
"""The shell by its path: an environment may bring programs, and comes first in PATH."""

# The users of Debian's base-passwd that programs look up; the numbers are the same everywhere.
_PASSWD = f"""\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
{NAME}:x:1000:1000::{HOME}:/bin/sh
"""
_GROUP = f"""\
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
staff:x:50:
users:x:100:
www-data:x:33:
nogroup:x:65534:
{NAME}:x:1000:
"""


def owner(user: str) -> str:
    """Return who owns what the tests write; empty for root. `user` is that of the settings."""
    return "" if user == ROOT else OWNER


def owned(container: dagger.Container, path: str, user: str) -> dagger.Container:
    """Give a directory of the container to the user of the tests."""
    if user == ROOT:
        return container
    return container.with_directory(path, container.directory(path), owner=owner(user))


def with_program(container: dagger.Container, imported: Imported) -> dagger.Container:
    """Add the program of `installing`, which compiles what is `imported`."""
    added = dag.directory().with_new_file("imported.json", json.dumps(asdict(imported)))
    for name in ("install.sh", "compiled.py"):
        program = (files("wheelwright.inside") / name).read_text(encoding="utf-8")
        added = added.with_new_file(name, program)
    return container.with_directory(_PROGRAMS, added)


def installing(args: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return a command that gives to `owner` what it adds to the environment."""
    return (*_INSTALL, owner, "--", *args)


def installed_by(args: list[str]) -> list[str]:
    """Return a command without what `installing` put before it."""
    return args[4:] if tuple(args[:2]) == _INSTALL else args


def with_files(container: dagger.Container, paths: Iterable[str], user: str) -> dagger.Container:
    """Make empty files, each in a directory that belongs to the user of the tests as well."""
    directories: dict[str, dagger.Directory] = {}
    for path in paths:
        place, _, name = path.rpartition("/")
        directories[place] = directories.get(place, dag.directory()).with_new_file(name, "")
    for place, directory in directories.items():
        container = container.with_directory(place, directory, owner=owner(user))
    return container


def as_user(container: dagger.Container, user: str) -> dagger.Container:
    """Let the further steps of a container run as the user of the tests."""
    if user == ROOT:
        return container
    return (
        container.with_new_file("/etc/passwd", _PASSWD)
        .with_new_file("/etc/group", _GROUP)
        .with_directory(HOME, dag.directory(), owner=OWNER)
        .with_user(NAME)
    )
