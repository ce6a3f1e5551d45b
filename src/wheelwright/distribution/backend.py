"""The build requirements of a release: the back end and its dependencies, with hashes.

A back end writes its own version into what it builds, so that a rebuild is the same only if it is
made by the same one. When the release commit is made, `[build-system] requires` is resolved once;
versions and hashes are in that commit's message, and every build of it is constrained to them.

    | in requires                        | recorded                                        |
    |------------------------------------|-------------------------------------------------|
    | a name, with extras or a marker    | its version and hashes, and those of what it    |
    |                                    | needs in turn                                   |
    | what [tool.uv.sources] sends away  | nothing: that table decides, not the index      |
    | a direct reference (PEP 508)       | what it needs in turn                           |
    | nothing, a back end in the tree    | nothing: it is in the commit itself             |

Not recorded is what a back end requires only while it builds (PEP 517,
`get_requires_for_build_wheel`), nor `[tool.uv] extra-build-dependencies`: a build that needs such
is repeated without asking for a hash of everything. Those that are recorded count all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.project.model import Project
from wheelwright.project.reading import required_name, requirement_or_none, toml

REQUESTED: Final = "/opt/wheelwright/build.in"
CONSTRAINTS: Final = "/opt/wheelwright/build-constraints.txt"
"""Container paths: requirements, and their constraints."""

COMPILE: Final = (
    *("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
    # [tool.uv.pip] may set otherwise; this has to be a list for this Python, with hashes.
    *("--generate-hashes", "--no-universal"),
    *(f"--constraints={CONSTRAINTS}", REQUESTED),
)
"""Prints `name==version --hash=... ...`, a requirement on several lines."""

_RECORDED: Final = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+-]+")
_HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requested(project: Project) -> tuple[str, ...]:
    """Return the lines of `[build-system] requires` that an index resolves."""
    lines = project.package.table("build-system").get("requires", ())
    return tuple(line for line in lines if required_name(line) not in project.sources)


def bounds(project: Project) -> tuple[str, ...]:
    """Return the project's own constraints of builds; `uv build` adds them by itself.

    Raises:
        ProjectError: uv.toml is not TOML.
    """
    written = project.files.text("uv.toml")
    if written is None:
        settings = project.root.table("tool", "uv")
    else:
        # It takes the place of [tool.uv] as a whole.
        settings = toml("uv.toml", written, "correct it")
    return tuple(settings.get("build-constraint-dependencies", ()))


def text(lines: Iterable[str]) -> str:
    """Return a file of requirements or constraints."""
    return "".join(f"{line}\n" for line in lines)


def pins(compiled: str) -> tuple[str, ...]:
    """Return the `name==version --hash=...` of what uv printed, sorted.

    Direct references are left out, and markers: it was compiled for the Python of the build.
    """
    found = {}
    for line in compiled.replace("\\\n", " ").splitlines():
        written, _, hashes = line.partition(" --hash=")
        requirement = requirement_or_none(written.strip())
        if requirement is None:
            # A comment, or an option such as --index-url.
            continue
        versions = [each.version for each in requirement.specifier if each.operator == "=="]
        if len(versions) == 1:
            pin = f"{canonicalize_name(requirement.name)}=={versions[0]}"
            found[pin] = " ".join([pin, *_HASH.findall(f"--hash={hashes}")])
    return tuple(found[pin] for pin in sorted(found))


def recorded(lines: Iterable[str]) -> tuple[str, ...]:
    """Return what the lines of a commit's message record, in the form of `pins`.

    Anyone who may push can have written them, so only versions and hashes are read. Older commits,
    without hashes, have all versions on one line.
    """
    found: list[str] = []
    for part in " ".join(lines).split():
        if _RECORDED.fullmatch(part):
            found.append(part)
        elif found and _HASH.fullmatch(part):
            found[-1] += f" {part}"
    return tuple(found)


def hashed(lines: Iterable[str]) -> bool:
    """Whether each of some recorded lines has a hash; False for none."""
    lines = tuple(lines)
    return bool(lines) and all("--hash=" in line for line in lines)


def needs_more(printed: str) -> bool:
    """Whether a build required something that is not recorded."""
    return "no trusted hash was provided" in printed
