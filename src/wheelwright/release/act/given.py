"""Wheels that were built elsewhere: lists those that are needed, and takes those that are given."""

from __future__ import annotations

import dagger

from wheelwright.container import steps, toolchain
from wheelwright.container.privileges import CODE
from wheelwright.distribution.verify import Distribution
from wheelwright.environment.tools import Tool, pinned
from wheelwright.errors import RequestError, ToolFailed
from wheelwright.pins import DEFAULT_PYTHON
from wheelwright.project.files import join
from wheelwright.release.act.git import TREE
from wheelwright.release.act.package import Package
from wheelwright.release.act.uploading import DIST, tail
from wheelwright.release.decide import wheels


async def needed(package: Package) -> dict[str, tuple[str, ...]]:
    """Return the wheels that cibuildwheel builds of the package, by platform.

    Raises:
        ToolFailed: its table is not valid.
    """
    tool = Tool("cibuildwheel", pinned("cibuildwheel", DEFAULT_PYTHON), "pinned by wheelwright")
    where = join(TREE, package.where)
    # Only what it reads: it looks at pyproject.toml, setup.cfg and setup.py.
    source = package.loaded.source
    container = toolchain.tooled(DEFAULT_PYTHON, tool).with_directory(TREE, source)
    container = container.with_workdir(where)
    found: dict[str, tuple[str, ...]] = {}
    for platform in wheels.PLATFORMS:
        command = ["cibuildwheel", "--print-build-identifiers", f"--platform={platform}"]
        output = await steps.output(steps.step(container, CODE, command, may_fail=True))
        if output.exit_code:
            raise ToolFailed(
                f"cibuildwheel cannot read its table for {platform}: {tail(output)}",
                "correct [tool.cibuildwheel] in pyproject.toml",
            )
        found[platform] = wheels.identifiers(output.stdout)
    return found


async def wheels_of(dist: dagger.Directory) -> dagger.Directory:
    """Return the wheels in a directory that was given, at any depth, beside each other.

    Raises:
        RequestError: it has none, or two of one name.
    """
    paths = [path for path in await dist.glob("**/*.whl") if not path.endswith("/")]
    names = [path.rpartition("/")[2] for path in paths]
    if not paths:
        raise RequestError("--dist has no wheel", "pass the directory that cibuildwheel filled")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RequestError(f"--dist has {twice[0]} twice", "pass one directory for each name")
    found = dagger.dag.directory()
    regular = dagger.ExistsType.REGULAR_TYPE
    for path, name in zip(paths, names, strict=True):
        if not await dist.exists(path, expected_type=regular, do_not_follow_symlinks=True):
            raise RequestError(f"--dist has {path}, which is not a regular file", "pass the file")
        found = found.with_file(name, dist.file(path))
    return found


async def audited(
    python: str, dist: dagger.Directory, given: tuple[Distribution, ...]
) -> list[str]:
    """Return what abi3audit finds in wheels for the stable ABI; nothing for others."""
    names = [f"{DIST}/{name}" for name in wheels.abi3(given)]
    if not names:
        return []
    tool = Tool("abi3audit", pinned("abi3audit", python), "pinned by wheelwright")
    container = toolchain.tooled(python, tool).with_directory(DIST, dist)
    command = ["abi3audit", "--strict", "--summary", *names]
    output = await steps.output(steps.step(container, CODE, command, may_fail=True))
    return [] if output.exit_code == 0 else [f"abi3audit: {tail(output)}"]
