"""The key of a command: the content of everything it can see.

The inputs are plain data, so that the same structure is hashed into the key, stored beside the
result, and compared when somebody asks why a command ran again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stiletto.api import container as c
from stiletto.graph.tree import Dir

FORMAT = 1
"""Raised whenever stored results stop meaning what they meant."""


def step_inputs(
    exec_: c.Exec,
    provider: str,
    stack: Sequence[str],
    trees: Mapping[str, Dir],
    services: Mapping[str, str],
) -> dict[str, Any]:
    """Return everything that decides what a command does.

    `stack` names the image and layers; `trees` are the contents of directory and file mounts by
    target; `services` are the keys of bound services by alias. Cache volumes and secrets count by
    identity, temporary directories by place and size, volatile variables by name.
    """
    return {
        "format": FORMAT,
        "provider": provider,
        "root": list(stack),
        "args": list(exec_.args),
        "workdir": exec_.workdir,
        "user": exec_.user,
        "env": {v.name: v.value for v in exec_.env},
        "volatile": sorted(v.name for v in exec_.volatile),
        "secrets": {v.name: v.secret.digest for v in exec_.secrets},
        "mounts": {m.target: _mount(m, trees) for m in exec_.mounts},
        "stdin": exec_.stdin,
        "redirects": [exec_.redirect_stdin, exec_.redirect_stdout, exec_.redirect_stderr],
        "expect": exec_.expect,
        "services": dict(services),
    }


def _mount(mount: c.Mount, trees: Mapping[str, Dir]) -> list[Any]:
    match mount:
        case c.DirectoryMount(target, _, read_only):
            return ["directory", trees[target].digest, read_only]
        case c.FileMount(target):
            return ["file", trees[target].digest]
        case c.CacheMount(_, volume):
            return ["cache", volume.digest]
        case c.SecretFileMount(_, secret, mode):
            return ["secret", secret.digest, mode]
        case c.TempDirMount(_, size_bytes):
            return ["temp", size_bytes]
        case _:
            raise TypeError(f"unknown mount {type(mount).__name__}")
