"""Takes another Python where nobody chose one and the engine has not the default.

An engine with a registry has them all. One without, such as one that works offline, has those that
were used before, or those of its machine.
"""

from __future__ import annotations

from dataclasses import replace

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject, python_of
from wheelwright.environment.tools import runs_on
from wheelwright.errors import WheelwrightError
from wheelwright.pins import DEFAULT_PYTHON, KNOWN_PYTHONS, slim_image
from wheelwright.project.pythons import instead, preferred


async def with_offered(loaded: LoadedProject, requested: str) -> LoadedProject:
    """Return the project with the newest Python that the engine has and the package allows.

    That is so only if the default is not to be had; a note names it. What the caller, the settings
    or .python-version choose stays as it is.
    """
    project = loaded.project
    if requested or project.settings.python or project.settings.image:
        return loaded
    try:
        python = python_of(loaded, "")
    except WheelwrightError:
        # An error of whatever needs a Python.
        return loaded
    own = preferred(project.text(".python-version"))
    if python == own or not (why := await steps.unavailable(slim_image(python))):
        return loaded
    for other in instead(project.metadata, python, why):
        if not await steps.unavailable(slim_image(other)):
            note = f"Python {other}: the default, {python}, is not available here"
            settings = replace(project.settings, python=other)
            return replace(
                loaded, project=replace(project, settings=settings), notes=(*loaded.notes, note)
            )
    return loaded


async def for_tool(loaded: LoadedProject, requested: str, name: str) -> str:
    """Return a Python for a pinned tool that is the same on any: the default, else one that is had.

    Raises:
        RequestError: there is none, and what the caller requested is none of the package's.
    """
    if not await steps.unavailable(slim_image(DEFAULT_PYTHON)):
        return DEFAULT_PYTHON
    own = python_of(loaded, requested)
    for python in dict.fromkeys((own, *reversed(KNOWN_PYTHONS))):
        if runs_on(name, python) and not await steps.unavailable(slim_image(python)):
            return python
    return own
