"""The commands that load a module: call, functions, check."""

from __future__ import annotations

from stiletto.cli.call import Caller
from stiletto.cli.check import list_text, report, run_checks
from stiletto.cli.checktree import checks_of, choose, command_of
from stiletto.cli.describe import command_help, functions_table, help_of
from stiletto.cli.flags import Flag, requests_help
from stiletto.cli.invocation import Invocation
from stiletto.cli.line import command_before, entry, functions_of, provider_of, read_line, skipped
from stiletto.cli.names import closest, kebab
from stiletto.cli.options import CONTEXT, GLOBALS, OUTPUTS, boolean, peek_options
from stiletto.cli.subject import nothing_to_call
from stiletto.errors import StilettoError, UsageError
from stiletto.module.toolchain import WorkspaceDef
from stiletto.progress import Outcome

CALL_HELP = """\
Call one or more functions, interconnected into a pipeline

USAGE
  stiletto call [options] [arguments] <function>

OPTIONS
"""

FUNCTIONS_HELP = """\
List available functions in a module.

This is similar to `stiletto call --help`, but only focused on showing the
available functions.

USAGE
  stiletto functions [options] [function]...

OPTIONS
"""

CHECK_HELP = """\
Check the state of your project by running tests, linters, etc.

USAGE
  stiletto check [options] [pattern...]

EXAMPLES
  stiletto check                    # Run all checks
  stiletto check -l                 # List all available checks
  stiletto check lint               # Run the check lint and any checks beneath
  stiletto check 'test:**'          # Run what matches a pattern

OPTIONS
"""

CHECK_FLAGS = (
    Flag("list", "l", implied="true", doc="List available checks"),
    Flag("failfast", implied="true", doc="Cancel remaining checks on first failure"),
    Flag("generate", implied="true", doc="Only run generators as checks"),
    Flag("no-generate", implied="true", doc="Only run annotated checks, no generators"),
)


async def call(invocation: Invocation, args: list[str]) -> int:
    """Run a chain of functions; return the exit code."""
    terminal = invocation.terminal
    from_environ = invocation.options
    started_with = peek_options(from_environ, args)
    invocation.options = started_with
    async with invocation.session() as (engine, progress):
        try:
            module = await engine.load_module(started_with.mod)
        except StilettoError:
            if requests_help(args):
                progress.close()
                terminal.out(command_help(CALL_HELP, (*GLOBALS, *OUTPUTS), terminal.width))
            raise
        if not functions_of(module.main_object) and not requests_help(args):
            raise nothing_to_call(started_with.mod, invocation.workdir)
        line = read_line(args, module, engine, from_environ)
        if line.options.context != started_with.context:
            early = ", ".join(f"--{name}" for name in sorted(CONTEXT))
            raise UsageError(f"these flags must come before constructor flags: {early}")
        if line.options.help:
            progress.close()
            text = help_of(line.level, module, engine, width=terminal.width, bold=terminal.bold)
            terminal.out(f"{text}\n")
            return 0
        # One that is among the arguments is in their command already.
        mod = None if started_with.mod != from_environ.mod else from_environ.mod
        names = [link.function.name for link in line.links]
        toolchains = module.toolchains if isinstance(module, WorkspaceDef) else ()
        engine.called_as(command_before(entry(names, toolchains), args, mod))
        await Caller(engine, terminal, line.options, invocation.workdir, progress).run(line)
    return 0


async def functions(invocation: Invocation, args: list[str]) -> int:
    """List the functions of the module, or of what the named functions return."""
    terminal = invocation.terminal
    _, names = invocation.read(args, "stiletto functions")
    if invocation.options.help:
        terminal.out(command_help(FUNCTIONS_HELP, GLOBALS, terminal.width))
        return 0
    async with invocation.session() as (engine, progress):
        module = await engine.load_module(invocation.options.mod)
        definition = module.main_object
        for name in names:
            known = functions_of(definition)
            function = known.get(kebab(name))
            if function is None:
                meant = closest(name, known)
                raise UsageError(
                    f'no function "{name}" in type "{definition.name}"',
                    hint=f'did you mean "{meant}"?' if meant else "see stiletto functions",
                )
            if skipped(function, engine):
                raise UsageError(f'function "{name}" in type "{definition.name}" is not supported')
            found = provider_of(function.returns, engine)
            if found is None:
                raise UsageError(
                    f'function "{name}" returns type "{function.returns.kind.value}" '
                    "with no further functions available"
                )
            definition = found
        text = functions_table(definition, engine, terminal.bold)
        progress.close()
    if text is None:
        terminal.err("No functions found.")
    else:
        terminal.out(f"{text}\n")
    return 0


async def check(invocation: Invocation, args: list[str]) -> int:
    """Run or list checks; return 1 when one failed."""
    terminal = invocation.terminal
    given, patterns = invocation.read(args, "stiletto check", own=CHECK_FLAGS)
    if invocation.options.help:
        terminal.out(command_help(CHECK_HELP, (*CHECK_FLAGS, *GLOBALS), terminal.width))
        return 0
    wanted = {item.flag.name for item in given if boolean(item)}
    if {"generate", "no-generate"} <= wanted:
        raise UsageError(
            "if any flags in the group [no-generate generate] are set none of the others can be"
        )
    async with invocation.session() as (engine, progress):
        module = await engine.load_module(invocation.options.mod)
        checks = [
            check
            for check in checks_of(module)
            if not ("generate" in wanted and not check.generator)
            and not ("no-generate" in wanted and check.generator)
        ]
        checks = choose(checks, patterns)
        if not checks:
            progress.close()
            terminal.err("No checks found.")
            return 0
        if "list" in wanted:
            progress.close()
            terminal.out(f"{list_text(checks, terminal)}\n")
            return 0
        engine.called_as(command_of(checks, invocation.options.mod))
        verdicts = await run_checks(
            engine,
            module,
            checks,
            progress,
            invocation.launcher.beneath,
            fail_fast="failfast" in wanted,
        )
    terminal.out(f"{report(verdicts, terminal.width)}\n")
    failed = [verdict for verdict in verdicts if verdict.outcome is Outcome.FAILED]
    if not failed:
        return 0
    raise StilettoError(f"{len(failed)} of {len(verdicts)} checks failed")
