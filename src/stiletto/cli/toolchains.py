"""`stiletto toolchain`: put modules into a project's `dagger.json` as toolchains."""

from __future__ import annotations

from stiletto.cli.describe import command_help
from stiletto.cli.flags import Flag
from stiletto.cli.invocation import Invocation
from stiletto.cli.names import closest
from stiletto.cli.options import GLOBALS
from stiletto.errors import NotSupported, UsageError

HELP = """\
Manage toolchains: modules that check and build a project without being part of it.

USAGE
  stiletto toolchain <command> [options]

COMMANDS
  install <module>   Install a toolchain to the current module
  list               List all toolchains
  uninstall <name>   Uninstall a toolchain

EXAMPLES
  stiletto toolchain install github.com/org/repo/toolchain@v1.2
  stiletto toolchain install ./tools/checks -n checks

OPTIONS
"""

FLAGS = (
    Flag(
        "name",
        "n",
        placeholder="string",
        doc="Name of the installed toolchain (default: the module's own)",
    ),
)

ARGUMENTS = {"install": 1, "list": 0, "uninstall": 1}


async def toolchain(invocation: Invocation, args: list[str]) -> int:
    """Install, list or uninstall; return the exit code."""
    terminal = invocation.terminal
    given, others = invocation.read(args, "stiletto toolchain", own=FLAGS)
    if invocation.options.help or not others:
        terminal.out(command_help(HELP, (*FLAGS, *GLOBALS), terminal.width))
        return 0
    action, *arguments = others
    if action == "update":
        raise NotSupported("the command toolchain update")
    if action not in ARGUMENTS:
        meant = closest(action, ARGUMENTS)
        raise UsageError(
            f'unknown command "{action}" for "stiletto toolchain"',
            hint=f'did you mean "{meant}"?' if meant else "see stiletto toolchain --help",
        )
    if len(arguments) != ARGUMENTS[action]:
        raise UsageError(f"accepts {ARGUMENTS[action]} arg(s), received {len(arguments)}")
    name = given[-1].text if given else ""
    if name and action != "install":
        raise UsageError(f"--name has no meaning for {action}")
    # Imported late: `stiletto toolchain --help` must not pay for the engine.
    from stiletto.engine import install

    project = install.project_of(invocation.options.mod, invocation.workdir)
    if action == "install":
        await install.install(project, arguments[0], name, invocation.workdir, terminal.environ)
        terminal.out("toolchain installed\n")
    elif action == "uninstall":
        install.uninstall(project, arguments[0])
        terminal.out("toolchain uninstalled\n")
    else:
        found = sorted((each.name, each.source) for each in install.installed(project))
        width = max((len(each) for each, _ in found), default=0)
        terminal.out("".join(f"{each:<{width}}   {source}\n" for each, source in found))
    return 0
