"""Several packages in one repository: one set of files for all of them. Pure.

Each job of the checks runs once for each package, as `strategy.matrix` has it; release.yml has an
input `package`, and publish.yml finds the package by its tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wheelwright.github.encoding import scalar, word
from wheelwright.github.template import read
from wheelwright.release.decide.tags import Form

VARIABLE = '"$PACKAGE"'
"""The package of a step, in place of a name."""


@dataclass(frozen=True, slots=True)
class Member:
    """A package of a workspace, and the form of its tags.

    Attributes:
        released: whether there is something to build.
        deep: whether its version comes from the history.
        compiled: whether its wheels are built on other machines.
        where: its directory; empty for the root.
    """

    name: str
    tags: Form = field(default_factory=Form)
    released: bool = True
    deep: bool = False
    compiled: bool = False
    where: str = ""


def values(members: Sequence[Member], module_env: str = "") -> dict[str, str]:
    """Return what the templates have for these packages; for none, what one package has.

    `module_env` is a line of variables that the jobs have in any case.
    """
    if not members:
        return {
            "strategy": "",
            "each": "",
            "reports": "reports",
            "cache_suffix": "",
            "job_env": _env(module_env),
            "plan_env": _env(module_env),
            "package_line": "",
            "package_input": "",
            "tag_package": "",
            "native_output": "outputs:\n  native: ${{ steps.native.outputs.cells }}",
            "native_step": read("native-step"),
            "cells_job": "",
            "native_from": "gates",
        }
    names = [word("the package's name", each.name) for each in members]
    listed = ", ".join(scalar("the package's name", name) for name in names)
    released = ", ".join(
        scalar("the package's name", each.name) for each in members if each.released
    )
    strategy = f"strategy:\n  fail-fast: false\n  matrix:\n    package: [{listed}]"
    return {
        "strategy": strategy,
        "each": " (${{ matrix.package }})",
        "reports": "reports-${{ matrix.package }}",
        "cache_suffix": "-${{ matrix.package }}",
        "plan_env": _env(module_env),
        "job_env": _env("\n".join(filter(None, (module_env, "PACKAGE: ${{ matrix.package }}")))),
        "package_line": "PACKAGE: ${{ inputs.package }}",
        "package_input": read("package-input").replace("@packages@", released),
        "tag_package": _by_tag(members),
        "native_output": "",
        "native_step": "",
        "cells_job": read("cells-job").replace("@package_names@", " ".join(names)),
        "native_from": "cells",
    }


def patterns(members: Sequence[Member], own: Form) -> tuple[str, ...]:
    """Return the patterns of all tags that are versions, each once."""
    forms = [each.tags for each in members if each.released] or [own]
    return tuple(dict.fromkeys(form.pattern for form in forms))


def _by_tag(members: Sequence[Member]) -> str:
    """Return the lines that find the package of a tag: the longest prefix first."""
    released = sorted(
        (each for each in members if each.released), key=lambda each: -len(each.tags.prefix)
    )
    lines = ['case "$TAG" in']
    for each in released:
        prefix = word("the prefix of tags", each.tags.prefix) if each.tags.prefix else ""
        lines.append(f'  "{prefix}"*) PACKAGE={word("the package", each.name)} ;;')
    return "\n".join([*lines, "esac"])


def _env(lines: str) -> str:
    return "env:\n" + "\n".join(f"  {line}" for line in lines.splitlines()) if lines else ""
