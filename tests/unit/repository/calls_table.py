"""The table of calls in docs/engine.md, made from the schema and from the table of calls.

`LIMITED` says of an implemented call what it does not do; `REFUSED` puts what is refused into
families with one reason each. What is in neither is refused as its type's own line says.

Run as a program, this writes the table into docs/engine.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import stiletto.engine.session  # noqa: F401 - registers the calls
from stiletto.engine.calls import CALLS
from stiletto.wire.schema import core_schema

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "docs" / "engine.md"
BEGIN, END = "<!-- calls: begin -->\n", "<!-- calls: end -->\n"

WITHOUT_CALL = ("id", "node")
"""Fields that the dispatcher answers itself; `load...FromID` as well."""

LIMITED: Mapping[str, str] = {
    "Container.from": "the images above; `registryService` is refused",
    "Container.rootfs": "with a path, a filter or a pattern: the whole root would be the host's",
    "Container.withAnnotation": "taken, without effect",
    "Container.withDefaultTerminalCmd": "taken, without effect",
    "Container.withExec": "`experimentalPrivilegedNesting`, `insecureRootCapabilities` are refused",
    "Container.asService": "as `withExec`",
    "Container.withRegistryAuth": "taken, without effect",
    "Container.withoutAnnotation": "taken, without effect",
    "Container.withoutRegistryAuth": "taken, without effect",
    "Function.withSourceMap": "taken, and not shown",
    "Function.withUp": "taken; there is no `up`",
    "Host.directory": "a path is read once in a session, with `noCache` too",
    "Host.file": "a path is read once in a session, with `noCache` too",
    "Query.container": "`platform` is this machine's",
    "Query.git": "`sshAuthSocket` and `experimentalServiceHost` are refused",
    "Query.secret": "`env://`, `file://` and `cmd://`",
}


@dataclass(frozen=True)
class Family:
    """Calls that are refused for one reason: whole types, and calls of other types."""

    name: str
    reason: str
    types: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


REFUSED = (
    Family(
        "images",
        "no image is downloaded, built, loaded or published; tarballs of images as well",
        calls=(
            *("Container.asTarball", "Container.export", "Container.exportImage"),
            *("Container.import", "Container.publish", "Directory.dockerBuild"),
            "Host.containerImage",
        ),
    ),
    Family(
        "modules as objects",
        "the command line loads modules, written in Python; code cannot load or serve others",
        types=(
            *("Check", "CheckGroup", "Generator", "GeneratorGroup", "GeneratedCode"),
            *("ModuleConfigClient", "ModuleSource", "SDKConfig"),
        ),
        calls=(
            *("CurrentModule.dependencies", "CurrentModule.generatedContextDirectory"),
            *("CurrentModule.generators", "CurrentModule.workdir", "CurrentModule.workdirFile"),
            *("Directory.asModule", "Directory.asModuleSource"),
            *("Module.check", "Module.checks", "Module.dependencies", "Module.generator"),
            *("Module.generatedContextDirectory", "Module.generators"),
            *("Module.introspectionSchemaJSON", "Module.runtime", "Module.sdk", "Module.serve"),
            *("Module.services", "Module.source", "Module.sync", "Module.userDefaults"),
            *("Query.currentTypeDefs", "Query.generatedCode", "Query.moduleSource"),
        ),
    ),
    Family(
        "LLM",
        "there are no models, and no environments for them",
        types=("Binding", "Env", "LLM", "LLMTokenUsage"),
        calls=("Query.currentEnv", "Query.env", "Query.llm"),
    ),
    Family(
        "sockets, tunnels and services of the host",
        "steps reach services of the session only",
        types=("Socket",),
        calls=(
            *("Address.service", "Address.socket", "Container.withUnixSocket"),
            *("Container.withoutUnixSocket", "Host.service", "Host.tunnel", "Host.unixSocket"),
        ),
    ),
    Family(
        "terminals and `up`",
        "nothing is interactive",
        types=("Terminal", "Up", "UpGroup"),
        calls=(
            *("Container.terminal", "Container.up", "Directory.terminal"),
            *("Service.terminal", "Service.up"),
        ),
    ),
    Family(
        "the engine itself",
        "there is no engine to ask: `stiletto prune` empties the cache",
        types=(
            *("ClientFilesyncMirror", "Cloud", "Engine", "EngineCache", "EngineCacheEntry"),
            *("EngineCacheEntrySet", "HTTPState", "RemoteGitMirror"),
        ),
        calls=("Query.cloud", "Query.engine"),
    ),
    Family(
        "workspaces", "those of Dagger 1.0", types=("Workspace",), calls=("Query.currentWorkspace",)
    ),
    Family(
        "GPUs",
        "a step sees none",
        calls=("Container.experimentalWithAllGPUs", "Container.experimentalWithGPU"),
    ),
    Family(
        "places in source code",
        "they are not kept",
        types=("InputTypeDef",),
        calls=(
            *("EnumTypeDef.sourceMap", "EnumValueTypeDef.sourceMap", "FieldTypeDef.sourceMap"),
            *("Function.sourceMap", "FunctionArg.sourceMap", "InterfaceTypeDef.sourceMap"),
            *("ObjectTypeDef.sourceMap", "EnumTypeDef.sourceModuleName"),
            *("Function.sourceModuleName", "InterfaceTypeDef.sourceModuleName"),
            *("ObjectTypeDef.sourceModuleName", "ScalarTypeDef.sourceModuleName"),
        ),
    ),
)


def fields_of(type_name: str) -> list[str]:
    """Return the fields of a type that a call answers, or could."""
    return [
        name
        for name in core_schema().objects[type_name].functions
        if name not in WITHOUT_CALL and not (name.startswith("load") and name.endswith("FromID"))
    ]


def table() -> str:
    """Return the calls that work, are limited or are refused, and the families of the latter."""
    types = {name for family in REFUSED for name in family.types}
    in_family = {name for family in REFUSED for name in family.calls}
    rows = ["| type | works | limited | refused |", "|---|---|---|---|"]
    for owner in sorted(core_schema().objects.keys() - types):
        works: list[str] = []
        limited: list[str] = []
        refused: list[str] = []
        for field in sorted(fields_of(owner)):
            name = f"{owner}.{field}"
            if name not in CALLS:
                refused += [] if name in in_family else [f"`{field}`"]
            elif name in LIMITED:
                limited.append(f"`{field}`: {LIMITED[name]}")
            else:
                works.append(f"`{field}`")
        if works or limited or refused:
            cells = (owner, ", ".join(works), "; ".join(limited), ", ".join(refused))
            rows.append("".join(f"| {cell} " if cell else "| " for cell in cells) + "|")
    rows += ["", "| refused | calls | why |", "|---|---|---|"]
    for family in REFUSED:
        names = [f"all of {', '.join(family.types)}"] if family.types else []
        names += [f"`{name}`" for name in family.calls]
        rows.append(f"| {family.name} | {', '.join(names)} | {family.reason} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    page = ENGINE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    ENGINE.write_text(f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
