"""Which Pythons of another file the matrix can have (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from wheelwright.errors import ProjectError
from wheelwright.importing.carried import Carried
from wheelwright.project.interpreters import is_name, written
from wheelwright.project.model import Project
from wheelwright.project.pythons import allows


def usable(project: Project, named: Iterable[str], where: str, carried: Carried) -> list[str]:
    """Return the names of Pythons as the matrix takes them; report the others."""
    try:
        requires = project.metadata.pythons()
    except ProjectError:
        requires = None
    found: dict[str, None] = {}
    for each in dict.fromkeys(named):
        name = each if is_name(each) else written(each.removesuffix("-dev"))
        if not name:
            carried.lost.append(f"{where}: Python {each}")
        elif not allows(requires, name):
            carried.lost.append(f"{where}: Python {name}, outside requires-python")
        else:
            found[name] = None
    return list(found)
