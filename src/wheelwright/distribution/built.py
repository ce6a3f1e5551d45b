"""Has the back end make a package's metadata, where its files leave a field to it."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

from wheelwright.container import steps, toolchain
from wheelwright.container.history import for_install
from wheelwright.container.loading import LoadedProject, python_of
from wheelwright.container.privileges import PACKAGE
from wheelwright.distribution import builder
from wheelwright.environment.plan import SOURCE
from wheelwright.environment.tools import Tool, pinned
from wheelwright.project import building
from wheelwright.project.files import join
from wheelwright.project.pythons import unclaimed
from wheelwright.project.version import VersionSource, pretend_variables, version_source

_SCRIPT = "wheel_metadata.py"
_OWN = "/opt/wheelwright"
_MADE = f"{_OWN}/METADATA"


async def with_pythons(loaded: LoadedProject) -> LoadedProject:
    """Return the project with the back end's metadata, where nothing else says which Pythons.

    The step is that of a build: it sees no secret, and no cache but what the build requires. Where
    it fails, what was not known before is not known after.
    """
    project = loaded.project
    open_field = "requires_python" in project.metadata.unknown and unclaimed(project.metadata)
    if project.built or not project.installable or not open_field:
        return loaded
    python = python_of(loaded, "")
    tool = Tool("build", pinned("build", python), "pinned by wheelwright")
    container = await builder.prepared(loaded, python, building.build_files(project))
    container = toolchain.with_tool(container, tool, python)
    text = (files("wheelwright") / "inside" / _SCRIPT).read_text(encoding="utf-8")
    container = container.with_new_file(f"{_OWN}/{_SCRIPT}", text).with_new_file(_MADE, "")
    history = await for_install(loaded)
    container = builder.with_source(container, loaded.source, history)
    if history is None and version_source(project) is VersionSource.VCS:
        container = steps.with_variables(container, pretend_variables(project) or {})
    program = f"{steps.TOOLS}/{tool.name}/bin/python"
    args = (program, f"{_OWN}/{_SCRIPT}", join(SOURCE, project.where), _MADE)
    done = steps.step(container, PACKAGE, args, may_fail=True)
    ended = await steps.output(done, "the back end's metadata")
    if ended.exit_code:
        return loaded
    made = await done.file(_MADE).contents()
    return replace(loaded, project=replace(project, built=made))
