"""Makes the files beside the distributions of a GitHub release, of the release commit's uv.lock."""

from __future__ import annotations

import dagger

from wheelwright.container import steps
from wheelwright.pins import slim_image
from wheelwright.project.files import join
from wheelwright.release.act.package import Package
from wheelwright.release.act.uploading import tail
from wheelwright.release.decide import materials
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.world import FailureKind

_SOURCE = "/lock"


async def made(package: Package, version: str, epoch_s: int) -> dict[str, str]:
    """Return the texts by name; none for a package without a uv.lock.

    Raises:
        ActFailed: uv cannot export its lock.
    """
    project = package.project
    lock = project.lock
    if lock is None:
        return {}
    name, python = package.name, package.python
    # uv reads pyproject.toml of the project, and those of a workspace, beside the lock.
    texts = [path for path in project.files.texts if path.endswith("pyproject.toml")]
    source = await package.loaded.files.only([lock.path, *texts])
    container = steps.base(slim_image(python), python).with_directory(_SOURCE, source)
    container = container.with_workdir(join(_SOURCE, project.base))
    member = [f"--package={project.metadata.name}"] if project.is_member else []
    listed, installed = materials.names(name, version)
    command = [*materials.EXPORT, *member, "--quiet", "--no-header"]
    dependencies = await _printed(container, [*command, "--format=cyclonedx1.5"])
    try:
        found = {listed: materials.sbom(dependencies, name, version, epoch_s)}
    except ValueError as error:
        raise ActFailed(FailureKind.TOOL, f"uv export: {error}") from error
    locked = await _printed(container, [*command, "--no-emit-project", "--format=pylock.toml"])
    return {**found, installed: locked}


async def _printed(container: dagger.Container, command: list[str]) -> str:
    output = await steps.output(steps.observe(container, command))
    if output.exit_code:
        raise ActFailed(FailureKind.TOOL, f"{' '.join(command)}: {tail(output)}")
    return output.stdout
