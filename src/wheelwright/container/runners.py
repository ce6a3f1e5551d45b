"""Lets a project's runner print what it does, in a step of its own.

tox reads its configuration in a language; every other runner's is read without a container.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from importlib.resources import files as resources

from wheelwright.container.loading import LoadedProject, with_files, with_test_modules
from wheelwright.container.offered import for_tool, with_offered
from wheelwright.container.steps import observe, output
from wheelwright.container.toolchain import tooled
from wheelwright.environment.places import SOURCE
from wheelwright.environment.runner_jobs import files_named
from wheelwright.environment.test_setup import needs_modules
from wheelwright.environment.tools import Tool, pinned
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot, join
from wheelwright.project.model import Printed
from wheelwright.project.runners import tox_config
from wheelwright.project.runners.job import Place
from wheelwright.project.runners.tox import check_braces, configured, inputs


async def with_runners(loaded: LoadedProject, python: str = "") -> LoadedProject:
    """Return the project with what else decides how it is tested, typed and linted.

    `python` is the one that the caller requested. What decides is what its tox prints, the
    requirements files that are named, and the modules of its tests where nothing else says what
    runs them. Where the engine lacks the default Python, another is taken.

    What is wrong with a file is an error of whatever needs it.
    """
    loaded = await with_offered(loaded, python)
    project = loaded.project
    if project.tox is None:
        loaded = replace(loaded, project=replace(project, tox=await _of_tox(loaded, python)))
    loaded = await with_files(loaded, files_named)
    return await with_test_modules(loaded) if needs_modules(loaded.project) else loaded


async def _of_tox(loaded: LoadedProject, python: str) -> Printed | None:
    project = loaded.project
    try:
        place = configured(project.files, project.where)
        if place is not None:
            check_braces(place, project.files.texts[place.path])
    except ProjectError as error:
        return Printed(Place("tox.ini"), error=error)
    if place is None:
        return None
    return await _printed(project.files, place, await for_tool(loaded, python, "tox"))


async def _printed(files: Snapshot, place: Place, python: str) -> Printed:
    """Return what tox prints about all its environments.

    The step sees the file that configures tox and nothing else, so it runs again when that file
    changes. It is the same for every Python.
    """
    tool = Tool("tox", pinned("tox", python), "pinned by wheelwright")
    where = join(SOURCE, posixpath.dirname(place.path))
    plugin = resources("wheelwright") / "inside" / tox_config.PLUGIN
    container = tooled(python, tool)
    for path, text in inputs(files, place).items():
        container = container.with_new_file(join(SOURCE, path), text)
    container = container.with_new_file(
        join(where, tox_config.PLUGIN), plugin.read_text(encoding="utf-8")
    ).with_workdir(where)
    ran = observe(container, tox_config.command(place))
    ended = await output(ran, "tox config")
    if ended.exit_code:
        return Printed(place, error=tox_config.failure(place, ended.stderr))
    return Printed(place, await ran.file(join(where, tox_config.PRINTED)).contents())
