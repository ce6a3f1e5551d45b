"""Lets a project's runner print what it does, in a step of its own.

tox reads its configuration in a language; every other runner's is read without a container.
"""

from __future__ import annotations

import posixpath
from importlib.resources import files as resources

from wheelwright.container.steps import observe, output
from wheelwright.container.toolchain import tooled
from wheelwright.environment.plan import SOURCE, VENV
from wheelwright.environment.tools import Tool, pinned
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.files import Snapshot, join
from wheelwright.project.runners import tox_config
from wheelwright.project.runners.job import Place
from wheelwright.project.runners.tox import inputs


async def tox_environments(files: Snapshot, place: Place, python: str) -> tox_config.Environments:
    """Return the environments of tox, for commands on that Python.

    The step sees the file that configures tox and nothing else, so it runs again when that file
    changes. It is the same for every Python.

    Raises:
        ProjectError: tox cannot read the file.
    """
    tool = Tool("tox", pinned("tox", DEFAULT_PYTHON), "pinned by wheelwright")
    where = join(SOURCE, posixpath.dirname(place.path))
    plugin = resources("wheelwright") / "inside" / tox_config.PLUGIN
    container = tooled(DEFAULT_PYTHON, tool)
    for path, text in inputs(files, place).items():
        container = container.with_new_file(join(SOURCE, path), text)
    container = container.with_new_file(
        join(where, tox_config.PLUGIN), plugin.read_text(encoding="utf-8")
    ).with_workdir(where)
    ended = await output(observe(container, tox_config.command(place)), "tox config")
    if ended.exit_code:
        raise tox_config.failure(place, ended.stderr)
    layout = tox_config.Layout(SOURCE, VENV, python)
    return tox_config.read(ended.stdout, files, place, layout)
