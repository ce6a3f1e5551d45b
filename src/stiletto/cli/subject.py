"""Reports whose files a call works on, where the arguments do not name them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from stiletto.api.definition import FunctionDef
from stiletto.cli.options import Options
from stiletto.module.source import context_of


def repository_notice(
    options: Options, constructor: FunctionDef | None, given: Collection[str], workdir: Path
) -> str:
    """Return a line where `-m` names a module elsewhere and an argument is its own repository.

    A default path that begins with `/` leads into the repository of the module, which is seldom
    what a user in another repository means. Empty if there is nothing to report.
    """
    if not options.mod or constructor is None or _inside(workdir / options.mod, workdir):
        return ""
    for arg in constructor.args:
        # One that a file of defaults gives is optional, and was reported already.
        default = arg.default_path or ""
        if arg.name not in given and default.startswith("/") and not arg.type.optional:
            return (
                f"--{arg.name} is not given: this works on the repository of the module "
                f"{options.mod} itself; pass --{arg.name} . for the directory here"
            )
    return ""


def _inside(module: Path, workdir: Path) -> bool:
    """Whether the working directory lies in the repository of a module on this machine."""
    try:
        at = module.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return workdir.resolve().is_relative_to(context_of(at))
