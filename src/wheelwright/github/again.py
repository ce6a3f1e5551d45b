"""The lines that run a job again on a laptop, for the end of its summary: pure.

Both engines take the same arguments, so each line stands there twice. Variables of the step stand
in them without quotes: the line itself is in quotes of the shell.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wheelwright.github.calls import Caller, Engine
from wheelwright.github.template import read

_REQUEST: Final = (
    "release-plan --base $BASE${BUMP:+ --bump $BUMP}${PRE:+ --pre $PRE}"
    "${VERSION:+ --version $VERSION}${POST:+ --post}${LOWER:+ --allow-lower}"
)
_RUN_AGAIN: Final = '"gh run rerun $GITHUB_RUN_ID"'


def steps(
    caller: Caller, matrix_args: str, requests: tuple[str, str], package: str
) -> dict[str, str]:
    """Return the last step of each kind of job, by placeholder.

    `requests` and `package` are lines of variables: those of a plan and of a build, and of both.
    """
    of_plan, of_build = ("\n".join(filter(None, (each, package))) for each in requests)
    functions = {
        "gates": ("ci", ""),
        "matrix": (f"matrix{matrix_args}", ""),
        "part": (f"matrix{matrix_args} --cell $CELL", "CELL: ${{ matrix.cell }}"),
        "native": ("matrix --cell $CELL", "CELL: ${{ matrix.cell }}"),
        "audit": ("audit", ""),
        "security": ("security", ""),
        "plan": (_REQUEST, of_plan),
        "build": (_REQUEST, of_build),
    }
    made = {
        f"again_{name}": _step(lines(caller, function), env)
        for name, (function, env) in functions.items()
    }
    return {**made, "again_run": _step([_RUN_AGAIN], "")}


def lines(caller: Caller, function: str) -> list[str]:
    """Return a call for both engines, each as a word of the shell."""
    module, package = caller.module.strip('"'), caller.package.strip('"')
    plain = replace(caller, netrc=False, module=module, package=package)
    engines = (Engine.STILETTO, Engine.DAGGER)
    return [f'"{replace(plain, engine=engine).call(function)}"' for engine in engines]


def _step(words: list[str], env: str) -> str:
    variables = "env:\n" + "\n".join(f"  {line}" for line in env.splitlines()) if env else ""
    text = read("again").replace("  @again_env@\n", _indented(variables, "  "))
    return text.replace("      @again_lines@ \\\n", "".join(f"      {each} \\\n" for each in words))


def _indented(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in text.splitlines())
