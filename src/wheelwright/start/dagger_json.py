"""The entry of this module in dagger.json: a toolchain with its source and pin: pure.

What else the file has stays, in its order; an entry of this module stays as it is.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError, RequestError
from wheelwright.pins import DAGGER
from wheelwright.project.reading import json_data

PATH: Final = "dagger.json"
MODULE: Final = "wheelwright"
_ENGINE: Final = f"v{DAGGER.removeprefix('v')}"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where the module comes from; `pin` is empty for a directory of the repository itself."""

    source: str
    pin: str = ""


def installed(text: str | None) -> Toolchain | None:
    """Return the entry of this module; None where there is none.

    Raises:
        ProjectError: it is not JSON, or not what Dagger writes there.
        RequestError: it is the module itself.
    """
    data = _parsed(text)
    if data.get("name") == MODULE and "sdk" in data:
        raise RequestError("this repository is the module itself", "run init in another one")
    listed = data.get("toolchains", [])
    if not isinstance(listed, list):
        raise ProjectError(f"{PATH}: toolchains is not a list", "correct it")
    for each in listed:
        entry = {"source": each} if isinstance(each, str) else each
        if not isinstance(entry, dict):
            raise ProjectError(
                f"{PATH}: toolchains has an entry that is not an object", "correct it"
            )
        name, source, pin = (str(entry.get(key, "")) for key in ("name", "source", "pin"))
        # A reference may end in @version, a path in a slash.
        base = posixpath.basename(source.partition("@")[0].rstrip("/"))
        if MODULE in (name, base, base.removesuffix(".git")):
            return Toolchain(source, pin)
    return None


def with_toolchain(text: str | None, project: str, toolchain: Toolchain) -> str:
    """Return the file with the entry; `project` is the package's name, for a new file.

    Raises:
        ProjectError: it is not JSON, or not what Dagger writes there.
    """
    data = _parsed(text)
    entry = {"name": MODULE, "source": toolchain.source}
    if toolchain.pin:
        entry["pin"] = toolchain.pin
    made = {
        **({} if "name" in data else {"name": _name(project)}),
        **data,
        **({} if "engineVersion" in data else {"engineVersion": _ENGINE}),
        "toolchains": [*data.get("toolchains", []), entry],
    }
    indent = re.search(r'(?m)^([ \t]+)"', text or "")
    return json.dumps(made, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _name(project: str) -> str:
    """Return a name that Dagger accepts: kebab case, and a letter in front."""
    name = re.sub(r"[^a-z0-9-]", "-", canonicalize_name(project)).strip("-")
    if not name or name == MODULE:
        return "project"
    return name if name[0].isalpha() else f"project-{name}"


def _parsed(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        data = json_data(text)
    except ValueError as error:
        raise ProjectError(f"{PATH} is not JSON: {error}", "correct it") from error
    if not isinstance(data, dict):
        raise ProjectError(f"{PATH} is not a JSON object", "correct it")
    return data
