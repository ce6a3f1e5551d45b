"""Loads modules: dagger.json -> related modules -> files -> definition -> other defaults.

    place         a directory of this machine, or a commit of a repository
    code          digest of the files and of what the used modules are; registered once for each
    definition    what was registered, with customizations and `.env` defaults applied

A toolchain's default paths lead into the project that installs it: `/` is that project's
repository; a relative path starts at its dagger.json with `-m` or as another module's toolchain,
and at the working directory where the command found it by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stiletto.api import files as f
from stiletto.api.definition import ModuleDef, ObjectDef, from_json, to_json
from stiletto.api.session import FunctionCall
from stiletto.engine.client import Client, RunCode
from stiletto.engine.consent import Consent
from stiletto.engine.context import current_span
from stiletto.engine.core import Core
from stiletto.engine.keys import MODULE_FORMAT
from stiletto.engine.once import Once
from stiletto.errors import EnvironmentFailed, ModuleFailed, UsageError
from stiletto.graph.recipe import digest_of
from stiletto.module.config import CONFIG, Customization, ModuleConfig, Related, parse_config
from stiletto.module.defaults import EnvFile, apply_defaults, module_defaults, parse_env
from stiletto.module.naming import camel
from stiletto.module.origin import Origin, acts
from stiletto.module.remote import is_remote, parse_reference
from stiletto.module.source import (
    LoadedModule,
    Place,
    context_of,
    find_module,
    is_present,
    read_project,
    read_text,
)
from stiletto.module.toolchain import customize
from stiletto.module.workspace import WORKSPACE, parse_workspace
from stiletto.store.sealed import fitting

if TYPE_CHECKING:
    from stiletto.engine.repositories import Repositories


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the default paths of toolchains start: relative ones, and absolute ones."""

    root: Path
    context: Path


class Modules:
    """Loads modules, for one session."""

    def __init__(self, core: Core, consent: Consent, run: RunCode) -> None:
        self._core = core
        self._consent = consent
        self._run = run
        self._loaded: dict[str, LoadedModule] = {}
        self._definitions = Once()
        self._outer: EnvFile | None = None

    @cached_property
    def repositories(self) -> Repositories:
        """What clones modules; imported when a module is in a repository."""
        from stiletto.engine.repositories import Repositories

        return Repositories(self._core.store, self._core.environ, self._core.secrets.masks.add)

    def __getitem__(self, digest: str) -> LoadedModule:
        """Return a module of this session.

        Raises:
            UsageError: no module of this digest was loaded.
        """
        try:
            return self._loaded[digest]
        except KeyError:
            raise UsageError("an object belongs to a module that is not loaded") from None

    def __contains__(self, digest: str) -> bool:
        return digest in self._loaded

    async def load(self, ref: str | None) -> LoadedModule:
        """Find, read and register the module of a command.

        Raises:
            UsageError: there is none.
            ModuleFailed: it cannot be read or registered.
        """
        workdir = self._core.workdir
        root = find_module(ref, workdir)
        if root is not None:
            place = Place(root, context_of(root), str(root))
        else:
            place = await self._clone(ref or "", workdir)
        implicit = _Start(workdir, context_of(workdir)) if ref is None else None
        return await self._load(place, Related("", ""), None, implicit, ())

    async def place_of(self, source: str, pin: str, parent: Place) -> Place:
        """Return where a dependency or toolchain of a module is.

        Raises:
            UsageError: there is no module, or it lies outside of the parent's repository.
        """
        if pin or is_remote(source, parent.root):
            local = (parent.root / source).resolve()
            if not (local / CONFIG).is_file():
                return await self._clone(source, parent.root, pin)
        at = (parent.root / source).resolve()
        if Path(source).is_absolute():
            raise UsageError(
                f"local module source path {source!r} is absolute",
                hint="write it relative to the file's directory",
            )
        if not at.is_relative_to(parent.context):
            raise UsageError(
                f"local module source path {source!r} escapes {parent.context}",
                hint="name a module inside, or the address of its repository",
            )
        if not is_present(at / CONFIG):
            raise UsageError(
                f"no module at {at}: it has no {CONFIG}", hint="correct the path of the module"
            )
        if parent.url:
            inside = at.relative_to(parent.context).as_posix()
            origin = f"{parent.url}/{inside}@{parent.commit}"
            return replace(parent, root=at, origin=origin)
        return Place(at, parent.context, str(at))

    async def _clone(self, ref: str, base: Path, pin: str = "") -> Place:
        cloned = await self.repositories.clone(parse_reference(ref, base), pin)
        root = (cloned.path / cloned.directory).resolve()
        where = f"{cloned.directory or '.'} of {cloned.url} at {cloned.commit[:12]}"
        if not root.is_relative_to(cloned.path.resolve()):
            raise UsageError(f"{where} is outside of the repository")
        if not (root / CONFIG).is_file():
            raise UsageError(
                f"no module in {where}: it has no {CONFIG}",
                hint="add the module's directory to the address: ADDRESS/DIRECTORY@VERSION",
            )
        origin = f"{cloned.url}/{cloned.directory}@{cloned.commit}"
        return Place(root, cloned.path.resolve(), origin, cloned.url, cloned.commit)

    async def _load(
        self,
        place: Place,
        related: Related,
        start: _Start | None,
        implicit: _Start | None,
        chain: tuple[str, ...],
    ) -> LoadedModule:
        """Load a module as `related` names it.

        `start` is where its default paths lead, None for its own place; `implicit` where those of
        its toolchains do, where that is not the same.
        """
        config = _config(place.root, with_workspace=implicit is not None)
        for note in config.notes:
            self._core.progress.say(note)
        chain = (*chain, place.origin)

        async def load(each: Related, onto: _Start | None) -> LoadedModule:
            with _naming(each.where):
                at = await self.place_of(each.source, each.pin, place)
                if at.origin in chain:
                    raise UsageError(
                        f"module {config.name!r} has a circular dependency on itself",
                        hint="remove one of the two dependencies",
                    )
            return await self._load(at, each, onto, None, chain)

        dependencies = [await load(each, None) for each in config.dependencies]
        # A toolchain of a toolchain works on the same project.
        onto = implicit or start or _Start(place.root, place.context)
        toolchains = [await load(each, onto) for each in config.toolchains]
        uses = (*dependencies, *toolchains)
        _check_names(uses, place)
        name = related.name or config.name
        tree, project = "", None
        if config.has_code:
            tree = await self._files(place, config)
            project = read_project(place.root / config.source)
        code = digest_of(
            [
                MODULE_FORMAT,
                config.name,
                config.source,
                tree,
                [[used.name, used.code, used.settings] for used in uses],
            ]
        )
        own = start or _Start(place.root, place.context)
        module = LoadedModule(
            name=name,
            place=place,
            root=own.root,
            context=own.context,
            config=config,
            tree=tree,
            code=code,
            settings="",
            digest="",
            definition=ModuleDef(name, camel(name), objects={camel(name): ObjectDef(camel(name))}),
            project=project,
            uses=uses,
            toolchains=tuple(toolchains),
            ignore_checks=related.ignore_checks,
        )
        if config.has_code:
            module = replace(module, definition=await self._definition(module))
        module = self._with_defaults(module, related)
        self._loaded[module.digest] = module
        return module

    async def _files(self, place: Place, config: ModuleConfig) -> str:
        excluded = [pattern[1:] for pattern in config.include if pattern.startswith("!")]
        # `.env` contains the caller's settings, not code, and perhaps secrets.
        # Bytecode is made from the sources, which may have changed in the same second.
        unread = [".git", ".env", "**/__pycache__", *excluded]
        kept = f.a_filter(exclude=unread, gitignore=True)
        read = await self._core.evaluator.fixed(f.HostDirectory(str(place.root), kept))
        tree = await self._core.evaluator.tree(read)
        store = self._core.store
        # Most calls are of a module that is there, and an unchanged one reads none of its files:
        # what is missing of one that was saved is copied when it is needed, as it was offered.
        if not await asyncio.to_thread(store.was_saved, tree.digest):
            await asyncio.to_thread(store.save_tree, tree)
        return tree.digest

    # -- what it offers --------------------------------------------------------------------------

    async def _definition(self, module: LoadedModule) -> ModuleDef:
        key = digest_of([MODULE_FORMAT, module.name, module.code])
        return await self._definitions.get(key, lambda: self._stored_definition(module, key))

    async def _stored_definition(self, module: LoadedModule, key: str) -> ModuleDef:
        definition = fitting(self._core.store.record("module", key), from_json)
        if definition is None:
            definition = await self._register(module)
            self._core.store.put_record("module", key, to_json(definition))
        return definition

    async def _register(self, module: LoadedModule) -> ModuleDef:
        # Only for a module that was not registered yet.
        from stiletto.api.typedefs import Module
        from stiletto.module.registration import define
        from stiletto.module.validation import validate

        span = self._core.progress.span(f"load {module.name}", "load", current_span.get())
        call = FunctionCall("", "", "", ())
        client = Client(self._core, module, call, span, served=module.uses)
        with span.ending():
            answer = await self._run(client, f"module {module.name}")
            built = self._core.objects.recall(json.loads(answer))
            if not isinstance(built, Module):
                raise ModuleFailed(f"module {module.name} did not report its types")
            definition = define(module.name, built, module.config.name)
            foreign = {
                name: used.name
                for used in module.uses
                for name in (*used.definition.objects, *used.definition.enums)
            }
            validate(definition, foreign)
        return definition

    def _with_defaults(self, module: LoadedModule, related: Related) -> LoadedModule:
        """Apply customizations, then `.env`.

        Customized defaults of the constructor go before `.env`, and with any of them `.env` does
        not apply to the constructor (core/modfunc.go, UserDefault); of other functions `.env` goes
        first.
        """
        definition, addresses, missed = customize(module.definition, related.customizations)
        for line in missed:
            self._core.progress.say(line)
        environ = self._core.environ
        origins = self._origins_of(related, addresses)
        defaults = self._env_of(module) if related.from_env else EnvFile()
        definition, from_env, applied = apply_defaults(
            definition,
            defaults,
            environ,
            constructor=not any(c.default and not c.function for c in related.customizations),
            origins=origins,
        )
        for line in applied:
            self._core.progress.say(line)
        settings = digest_of(
            [[_facts(c) for c in related.customizations], applied, sorted(from_env)]
        )
        addresses |= from_env
        settings = digest_of([settings, sorted([*key, text] for key, text in addresses.items())])
        digest = digest_of(
            [module.code, module.name, settings, str(module.root), str(module.context)]
        )
        self._announce(definition, addresses, origins)
        return replace(
            module,
            definition=definition,
            addresses=addresses,
            origins=origins,
            settings=settings,
            digest=digest,
        )

    def _announce(
        self,
        definition: ModuleDef,
        addresses: Mapping[tuple[str, str, str], str],
        origins: Mapping[tuple[str, str, str], Origin],
    ) -> None:
        """Announce what defaults do on the machine, so that one question covers a whole file."""
        for key, origin in origins.items():
            owner, name, argument = key
            item = definition.objects[owner]
            function = item.functions.get(name) if name else item.constructor
            arg = function.arg(argument) if function else None
            act = arg and acts(
                arg, addresses[key], self._core.workdir, context_of(Path(origin.path).parent)
            )
            if act:
                self._consent.announce(origin, act)

    def _origins_of(
        self, related: Related, addresses: Mapping[tuple[str, str, str], str]
    ) -> dict[tuple[str, str, str], Origin]:
        """Return the places of the addresses that customizations set, by argument."""
        written = {c.default: c.origin for c in related.customizations if c.origin is not None}
        return {key: written[text] for key, text in addresses.items() if text in written}

    def _env_of(self, module: LoadedModule) -> EnvFile:
        # Only a module of this machine brings its own file: a repository's is not the user's.
        inner = EnvFile() if module.place.url else _read_env(module.place.root / ".env")
        if self._outer is None:
            workdir = self._core.workdir
            paths = (parent / ".env" for parent in (workdir, *workdir.parents))
            found = next((path for path in paths if path.exists()), None)
            self._outer = _read_env(found) if found else EnvFile()
        return module_defaults(inner, self._outer, module.name, module.config.name)


def _config(root: Path, *, with_workspace: bool) -> ModuleConfig:
    """Read a directory's `dagger.json`, and with it the modules of its `dagger.toml`."""
    path, toml = root / CONFIG, root / WORKSPACE
    config = ModuleConfig("workspace", has_code=False)
    if is_present(path) or not with_workspace:
        config = parse_config(read_text(path), path)
    if not with_workspace or not is_present(toml):
        return config
    workspace = parse_workspace(read_text(toml), toml)
    names = {each.name for each in workspace.modules}
    others = [each for each in config.toolchains if each.name not in names]
    return replace(
        config, toolchains=(*others, *workspace.modules), notes=(*config.notes, *workspace.notes)
    )


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Put the file and the line that name a module before what is wrong with it."""
    try:
        yield
    except (EnvironmentFailed, ModuleFailed, UsageError) as error:
        if where:
            raise type(error)(f"{where}: {error.message}", hint=error.hint) from error
        raise


def _facts(customization: Customization) -> dict[str, Any]:
    """Return the content of a customization, for a key: its place in the file does not count."""
    return {name: value for name, value in asdict(customization).items() if name != "origin"}


def _read_env(path: Path) -> EnvFile:
    if not path.is_file():
        return EnvFile()
    try:
        return parse_env(read_text(path), str(path.resolve()))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}",
            hint="make it readable, or remove it",
        ) from error


def _check_names(uses: Sequence[LoadedModule], place: Place) -> None:
    names = [used.name for used in uses]
    for name in names:
        if names.count(name) > 1:
            raise ModuleFailed(
                f"{place.root / CONFIG}: two of its dependencies and toolchains are named {name!r}",
                hint='give one of them another "name"',
            )
