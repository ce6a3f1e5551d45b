"""Changes the toolchains that a project's `dagger.json` names.

The rest of the file stays. As in the real engine, entries are sorted by name, a repository's are
pinned to the commit found, and `engineVersion` becomes the engine's own (cmd/dagger/module.go,
core/schema/modulesource.go of v0.21.8).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stiletto.api import API_VERSION
from stiletto.engine.repositories import Repositories
from stiletto.errors import UsageError
from stiletto.module.config import CONFIG, Related, check_module_name, parse_config
from stiletto.module.credentials import shown, without_credentials
from stiletto.module.remote import parse_reference
from stiletto.module.source import context_of, find_module, read_text
from stiletto.module.workspace import WORKSPACE
from stiletto.store.layout import root_from
from stiletto.store.store import Store


def project_of(mod: str | None, workdir: Path) -> Path:
    """Return the directory of the `dagger.json` to change.

    Raises:
        UsageError: there is none, or it is in a remote repository.
    """
    try:
        root = find_module(mod, workdir)
    except UsageError as error:
        raise UsageError(
            "module must be fully initialized",
            hint=f'write {workdir / CONFIG} first: {{"name": "{workdir.name}"}}',
        ) from error
    if root is None:
        raise UsageError(
            f'module source "{shown(mod or "")}" kind must be "local", got "git"',
            hint="pass `--mod .` to use the project around the working directory",
        )
    if not (root / CONFIG).is_file():
        raise UsageError(
            f"{root} has {WORKSPACE} and no {CONFIG}: stiletto changes only {CONFIG}",
            hint="write the module into [modules.NAME] there, or use `dagger install` of 1.0",
        )
    return root


def installed(project: Path) -> Sequence[Related]:
    """Return the project's toolchains."""
    path = project / CONFIG
    return parse_config(read_text(path), path).toolchains


async def install(
    project: Path, ref: str, name: str, workdir: Path, environ: Mapping[str, str]
) -> None:
    """Add a module to the project's toolchains, or renew its pin where it is one already.

    Raises:
        UsageError: there is no such module, or another toolchain has that name.
    """
    if name:
        check_module_name(name, "--name")
    entry = await _entry(project, ref, workdir, environ)
    if name:
        entry["name"] = name
    data = _read(project)
    entries: list[dict[str, Any]] = []
    for old in data.get("toolchains") or ():
        item = {"name": "", "source": old} if isinstance(old, str) else dict(old)
        if item.get("name") != entry["name"]:
            entries.append(item)
        elif item.get("source", "").partition("@")[0] != entry["source"].partition("@")[0]:
            raise UsageError(
                f"a toolchain named {entry['name']!r} is installed already, from {item['source']}",
                hint="choose another name with -n NAME",
            )
        else:
            entry = {**item, **entry}
    data["toolchains"] = sorted([*entries, entry], key=lambda item: str(item.get("name")))
    _write(project, data)


async def _entry(
    project: Path, ref: str, workdir: Path, environ: Mapping[str, str]
) -> dict[str, Any]:
    root = find_module(ref, workdir)
    if root is not None:
        return _named(root, _relative(root, project), "")
    with Store(root_from(environ)) as store:
        cloned = await Repositories(store, environ).clone(parse_reference(ref, workdir))
    root = cloned.path / cloned.directory
    if not (root / CONFIG).is_file():
        raise UsageError(f"no module in {shown(ref)}: it has no {CONFIG}")
    # The whole project uses the file: it must not contain a user's credentials.
    return _named(root, without_credentials(ref), cloned.commit)


def _relative(root: Path, project: Path) -> str:
    context = context_of(project)
    if not root.is_relative_to(context):
        raise UsageError(
            f"{root} is outside of {context}: a toolchain's path must stay inside",
            hint="name its repository by a URL, or leave dagger.json as it is: "
            f"stiletto -m {root} call --source . ...",
        )
    return os.path.relpath(root, project)


def _named(root: Path, source: str, pin: str) -> dict[str, Any]:
    name = parse_config(read_text(root / CONFIG), root / CONFIG).name
    return {"name": name, "source": source, **({"pin": pin} if pin else {})}


def uninstall(project: Path, name: str) -> None:
    """Remove a toolchain.

    Raises:
        UsageError: there is none of that name.
    """
    names = [each.name for each in installed(project)]
    if name not in names:
        raise UsageError(
            f"no toolchain named {name!r} in {project / CONFIG}",
            hint=f"installed: {', '.join(names) or 'none'}",
        )
    data = _read(project)
    kept = [item for item in data["toolchains"] if item.get("name") != name]
    if kept:
        data["toolchains"] = kept
    else:
        del data["toolchains"]
    _write(project, data)


def _read(project: Path) -> dict[str, Any]:
    path = project / CONFIG
    text = read_text(path)
    parse_config(text, path)
    data: dict[str, Any] = json.loads(text)
    return data


def _write(project: Path, data: dict[str, Any]) -> None:
    data["engineVersion"] = API_VERSION
    path = project / CONFIG
    # By rename: the file is the project's, and must never be half written.
    staged = path.with_name(f".{CONFIG}.{os.getpid()}")
    staged.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    staged.replace(path)
