"""What makes a command or a call the same one: the content of everything it sees.

The inputs are plain data, so that the same structure is hashed into the key, stored beside the
result, and compared by `stiletto explain`:

    step_inputs, hashed by `digest_of`    a command
    call_inputs, hashed by `call_key`     a call of a module's function

Both stay what they are: another name, value or order of the hashed data is another key, and a
store that was filled before is of no use any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stiletto.api import container as c
from stiletto.graph.recipe import digest_of
from stiletto.graph.tree import Dir

FORMAT = 2
"""Raised whenever stored results of commands stop meaning what they meant."""

MODULE_FORMAT = 3
"""Raised whenever stored definitions, or results of functions, stop meaning what they meant."""


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
        **({} if exec_.init else {"init": False}),
    }


def _mount(mount: c.Mount, trees: Mapping[str, Dir]) -> list[Any]:
    match mount:
        case c.DirectoryMount(target, _, read_only):
            return ["directory", trees[target].key, read_only]
        case c.FileMount(target):
            return ["file", trees[target].key]
        case c.CacheMount(_, volume):
            return ["cache", volume.digest]
        case c.SecretFileMount(_, secret, mode, owner):
            return ["secret", secret.digest, mode, *([owner] if owner else [])]
        case c.TempDirMount(_, size_bytes):
            return ["temp", size_bytes]
        case _:
            raise TypeError(f"unknown mount {type(mount).__name__}")


def call_inputs(
    code: str, parent: str | tuple[str, str], function: str, args: Mapping[str, str]
) -> dict[str, Any]:
    """Return everything that decides what a call of a module's function gives.

    `code` is the module's, `parent` the type of the object and its state (JSON), or the type alone
    where the call makes the object; `args` are JSON by name, in which host files count by content.
    """
    return {
        "format": MODULE_FORMAT,
        "code": code,
        "parent": parent if isinstance(parent, str) else list(parent),
        "function": function,
        "args": dict(args),
    }


def call_key(inputs: Mapping[str, Any]) -> str:
    """Return the key of a call."""
    names = ("format", "code", "parent", "function")
    return digest_of([*(inputs[name] for name in names), sorted(inputs["args"].items())])
