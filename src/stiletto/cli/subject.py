"""Reports whose files a call works on, where the arguments do not name them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from stiletto.api.definition import FunctionDef
from stiletto.cli.options import Options
from stiletto.errors import UsageError
from stiletto.module.config import CONFIG
from stiletto.module.credentials import shown
from stiletto.module.source import context_of, find_module

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", CONFIG, ".git")
"""What makes a directory one that a module can work on."""


def nothing_to_call(mod: str | None, workdir: Path) -> UsageError:
    """Return the error for a module without functions: most have a `dagger.json` alone."""
    root = find_module(mod, workdir)
    where = root / CONFIG if root else f"{CONFIG} of {shown(mod or '')}"
    return UsageError(
        f"{where} has neither a module with functions nor toolchains",
        hint="add a toolchain with `stiletto init` or `stiletto toolchain install ADDRESS`",
    )


def repository_notice(
    options: Options, constructor: FunctionDef | None, given: Collection[str], workdir: Path
) -> str:
    """Return a line where `-m` names a module elsewhere and an argument is its own repository.

    A default path that begins with `/` leads into the repository of the module, which is seldom
    what a user in another repository means. Empty if there is nothing to report.

    Raises:
        UsageError: the working directory has files, and none of a project: nothing could be meant
            by it. A job without a checkout is in an empty one.
    """
    if not options.mod or constructor is None or _inside(workdir / options.mod, workdir):
        return ""
    for arg in constructor.args:
        # One that a file of defaults gives is optional, and was reported already.
        default = arg.default_path or ""
        if arg.name not in given and default.startswith("/") and not arg.type.optional:
            fact = f"--{arg.name} is not given: "
            known = any((at / name).exists() for at in _above(workdir) for name in PROJECT_FILES)
            if not known and any(workdir.iterdir()):
                raise UsageError(
                    f"{fact}{workdir} has none of {', '.join(PROJECT_FILES[:-1])}",
                    hint=f"change to the package's directory and pass --{arg.name} ., "
                    f"or pass --{arg.name} DIRECTORY",
                )
            return (
                f"{fact}this works on the repository of the module "
                f"{shown(options.mod)} itself; pass --{arg.name} . for the directory here"
            )
    return ""


def _above(workdir: Path) -> tuple[Path, ...]:
    return (workdir, *workdir.parents)


def _inside(module: Path, workdir: Path) -> bool:
    """Whether the working directory lies in the repository of a module on this machine."""
    try:
        at = module.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return workdir.resolve().is_relative_to(context_of(at))
