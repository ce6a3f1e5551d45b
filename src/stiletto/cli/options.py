"""The flags that every command understands, and what they set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from stiletto.cli.flags import Flag, FlagSet, Given, invalid, peek
from stiletto.cli.values import read_boolean
from stiletto.errors import UsageError

ProgressName: TypeAlias = Literal["auto", "plain", "tty", "dots", "report", "none"]
SandboxName: TypeAlias = Literal["auto", "bubblewrap", "plain"]

Name = TypeVar("Name", bound=str)

PROGRESS: tuple[ProgressName, ...] = get_args(ProgressName)
SANDBOX: tuple[SandboxName, ...] = get_args(SandboxName)

GLOBALS = (
    Flag("mod", "m", placeholder="string", doc="Path or URL of the module (default: the one here)"),
    Flag("workdir", placeholder="string", doc='Set the working directory (default ".")'),
    Flag("progress", placeholder="string", doc=f"Progress output ({', '.join(PROGRESS)})"),
    Flag("sandbox", placeholder="string", doc=f"How steps run ({', '.join(SANDBOX)})"),
    Flag("step-memory", placeholder="size", doc="Limit the memory of each step, such as 4g"),
    Flag("step-processes", placeholder="int", doc="Limit the processes of each step"),
    Flag("plain-secrets", implied="true", doc="Give secrets to steps in plain mode, too"),
    Flag("allow-env", implied="true", doc="Let defaults in files run commands and read files"),
    Flag("verbose", "v", implied="true", doc="Increase verbosity: show all output"),
    Flag("quiet", "q", implied="true", doc="Reduce verbosity: show failures only"),
    Flag("silent", "s", implied="true", doc="Do not show progress at all"),
    Flag("debug", "d", implied="true", doc="Show all output, and a traceback with any error"),
    Flag("auto-apply", "y", implied="true", doc="Apply the changes of a returned changeset"),
    Flag("help", "h", implied="true"),
)
"""Understood everywhere; names and letters are Dagger's, but for the sandbox's own."""

OUTPUTS = (
    Flag("output", "o", placeholder="string", doc="Save the result to a local file or directory"),
    Flag("json", "j", implied="true", doc="Present result as JSON"),
)
"""Understood by `call`."""

UNSUPPORTED = (
    Flag("command", "c", placeholder="string"),
    Flag("interactive", "i", implied="true"),
    Flag("interactive-command", placeholder="string"),
    Flag("web", "w", implied="true"),
    Flag("no-exit", "E", implied="true"),
    Flag("no-mod", "M", implied="true"),
    Flag("lock", placeholder="string"),
    Flag("cloud", implied="true"),
    Flag("scale-out", implied="true"),
    Flag("eager-runtime", implied="true"),
    Flag("allow-llm", placeholder="string"),
    Flag("x-release", placeholder="string"),
    Flag("model", placeholder="string"),
    Flag("org", placeholder="string"),
    Flag("workspace", "W", placeholder="string"),
    Flag("env", placeholder="string"),
    Flag("profile", implied="true"),
    Flag("dot-output", placeholder="string"),
    Flag("dot-focus-field", placeholder="string"),
    Flag("dot-show-internal", implied="true"),
)
"""Flags of Dagger 0.21 and 1.0 that have no effect here: refused, not ignored (cmd/dagger)."""

CONTEXT = frozenset(
    {
        *("mod", "workdir", "sandbox", "plain-secrets", "allow-env"),
        *("step-memory", "step-processes"),
    }
)
"""What must be known before the module is loaded."""

MEMORY_MIN_BYTES = 16 << 20
PROCESSES_MIN = 8
"""The sandbox itself has two."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the flags of every command set. `verbosity` is 0, one more for each -v, less for -q."""

    mod: str | None = None
    workdir: str = "."
    progress: ProgressName = "auto"
    sandbox: SandboxName = "auto"
    plain_secrets: bool = False
    allow_env: bool = False
    step_memory_bytes: int | None = None
    step_processes: int | None = None
    verbosity: int = 0
    silent: bool = False
    debug: bool = False
    auto_apply: bool = False
    help: bool = False
    output: str | None = None
    json: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Options:
        """Start from DAGGER_MODULE, DAGGER_PROGRESS and STILETTO_SANDBOX."""
        return cls(
            mod=environ.get("DAGGER_MODULE") or None,
            progress=_one_of(environ.get("DAGGER_PROGRESS") or "auto", PROGRESS, "DAGGER_PROGRESS"),
            sandbox=_one_of(environ.get("STILETTO_SANDBOX") or "auto", SANDBOX, "STILETTO_SANDBOX"),
        )

    @property
    def context(self) -> tuple[object, ...]:
        """What the engine is opened with."""
        limits = (self.step_memory_bytes, self.step_processes)
        return self.mod, self.workdir, self.sandbox, self.plain_secrets, self.allow_env, limits


def _one_of(text: str, choices: Sequence[Name], source: str) -> Name:
    for choice in choices:
        if choice == text:
            return choice
    raise UsageError(f'{source} "{text}" is none of {", ".join(choices)}')


def boolean(given: Given) -> bool:
    """Return whether a switch is on.

    Raises:
        UsageError: its value is not a boolean.
    """
    try:
        return read_boolean(given.text)
    except UsageError as problem:
        raise invalid(given.flag.name, given.text, problem.message) from problem


def _memory_bytes(text: str) -> int:
    """Read a size as `docker run --memory` does: letters are powers of 1024."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([kmgt]?)(?:i?b)?", text.lower())
    size_bytes = int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " ")) if found else 0
    if size_bytes < MEMORY_MIN_BYTES:
        raise invalid("step-memory", text, "expected a size of 16m or more, as 4g")
    return size_bytes


def _processes(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) < PROCESSES_MIN:
        raise invalid("step-processes", text, f"expected a number, {PROCESSES_MIN} or more")
    return int(text)


def _with_one(options: Options, given: Given) -> Options:
    name, text = given.flag.name, given.text
    match name:
        case "mod":
            return replace(options, mod=text or None)
        case "workdir":
            return replace(options, workdir=text or ".")
        case "progress":
            return replace(options, progress=_one_of(text, PROGRESS, "--progress"))
        case "sandbox":
            return replace(options, sandbox=_one_of(text, SANDBOX, "--sandbox"))
        case "step-memory":
            return replace(options, step_memory_bytes=_memory_bytes(text))
        case "step-processes":
            return replace(options, step_processes=_processes(text))
        case "verbose" | "quiet":
            step = 1 if name == "verbose" else -1
            return replace(options, verbosity=options.verbosity + step * boolean(given))
        case "allow-env" | "auto-apply" | "debug" | "help" | "json" | "plain-secrets" | "silent":
            switch: dict[str, Any] = {name.replace("-", "_"): boolean(given)}
            return replace(options, **switch)
        case "output":
            return replace(options, output=text or None)
        case _:
            raise UsageError(
                f"--{name} is not supported by stiletto",
                hint="leave it out, or run the same command with `dagger`",
            )


def with_given(options: Options, given: Iterable[Given]) -> Options:
    """Return the options with flags of this module applied, the last one counting.

    Raises:
        UsageError: a value that is not one of the choices, or a flag of `UNSUPPORTED`.
    """
    for item in given:
        options = _with_one(options, item)
    return options


def peek_options(options: Options, args: Sequence[str]) -> Options:
    """Return the options that arguments set, before the module's own flags are known.

    The flags of progress may be anywhere, as in Dagger. What the module is loaded with counts only
    ahead of the first function: further on the same name may be the function's own. What is wrong
    is left for the full reading to report.
    """
    known = FlagSet((*GLOBALS, *OUTPUTS), command="")
    for given, ahead in peek(args, known):
        if ahead or given.flag.name not in CONTEXT:
            try:
                options = _with_one(options, given)
            except UsageError:
                continue
    return options
