"""`stiletto init`: call `init` of the module that this command came with, on the repository here.

    stiletto init -y   is   stiletto call -m MODULE --source . init --module MODULE
                            --engine stiletto -y

with the repository's root as working directory. What the function prints is its answer, so it is
shown at the end in every mode of progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stiletto.cli import commands
from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag
from stiletto.cli.invocation import Invocation
from stiletto.cli.options import GLOBALS
from stiletto.errors import UsageError

HELP = """\
Put Wheelwright into the repository here: dagger.json, workflows, a changelog.
Nothing is overwritten; what was found and kept is printed.

USAGE
  stiletto init [options]

EXAMPLES
  stiletto init       # Show what would be added, and ask
  stiletto init -y    # Add it

OPTIONS
"""

FLAGS = (
    Flag(
        "module",
        placeholder="string",
        doc="What dagger.json names, as HOST/OWNER/REPOSITORY@TAG (default: what this command "
        "was installed from)",
    ),
    Flag("engine", placeholder="string", doc="What the workflows install (default: stiletto)"),
    Flag("package", placeholder="string", doc="The package, if the repository has several"),
)


async def init(invocation: Invocation, args: list[str]) -> int:
    """Call the function; return the exit code."""
    terminal = invocation.terminal
    given, _ = invocation.read(args, "stiletto init", own=FLAGS, only_flags=True)
    if invocation.options.help:
        terminal.out(command_help(HELP, (*FLAGS, *GLOBALS), terminal.width))
        return 0
    from stiletto import distribution

    chosen = {item.flag.name: item.text for item in given}
    module = invocation.options.mod or chosen.get("module") or distribution.module()
    if not module:
        raise UsageError(
            "this command was installed from an archive: the module's address is not known",
            hint="pass --module HOST/OWNER/REPOSITORY@TAG",
        )
    here = invocation.workdir
    root = repository_of(here)
    invocation.options = replace(invocation.options, mod=None, workdir=str(root))
    invocation.shown_at_end = "init"
    return await commands.call(invocation, command(module, here, root, chosen))


def command(module: str, here: Path, root: Path, chosen: Mapping[str, str]) -> list[str]:
    """Return the arguments of `stiletto call`; `chosen` are the options that were given."""
    package = chosen.get("package") or (
        here.relative_to(root).as_posix() if root != here and is_package(here) else ""
    )
    directory = here / module
    # A directory of this machine is no address: the function takes the module's own then.
    at, reference = (str(directory.resolve()), "") if directory.is_dir() else (module, module)
    reference = chosen.get("module") or reference
    return [
        *("-m", at, "--source", "."),
        *(("--package", package) if package else ()),
        *("init", "--engine", chosen.get("engine") or "stiletto"),
        *(("--module", reference) if reference else ()),
    ]


def repository_of(directory: Path) -> Path:
    """Return the root of the repository around a directory; the directory itself without one."""
    return next(
        (each for each in (directory, *directory.parents) if (each / ".git").exists()), directory
    )


def is_package(directory: Path) -> bool:
    """Whether a directory has a package of its own."""
    return any((directory / name).is_file() for name in ("pyproject.toml", "setup.cfg", "setup.py"))
