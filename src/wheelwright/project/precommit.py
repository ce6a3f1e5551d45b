"""The hooks of .pre-commit-config.yaml: what they run, in which version, over which files.

Source: pre-commit's documentation, and `clientlib.py` and `commands/run.py` of pre-commit. Nothing
of it is run, and no repository of hooks is cloned: what a hook of another repository has by
default is not known, but for the programs of `hook_programs.py` beside this file.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, overload

from wheelwright.errors import ProjectError
from wheelwright.project.hook_programs import (
    PROGRAMS,
    Program,
    is_commit,
    of_entry,
    of_repository,
    pinned_in,
    tagged,
)
from wheelwright.project.reading import found_in, shortened
from wheelwright.project.runners.job import Place
from wheelwright.project.yaml_data import Items, Scalar, Table, Value
from wheelwright.project.yaml_data import read as read_yaml

PATH: Final = ".pre-commit-config.yaml"

_HINT: Final = "correct it, or set lint, format and typecheck in [tool.wheelwright]"

_LOCAL: Final = "local"
_META: Final = "meta"
# Names before pre-commit 3.2, which are still read.
_OLD_STAGES: Final = {
    "commit": "pre-commit",
    "merge-commit": "pre-merge-commit",
    "push": "pre-push",
}
# Of these a commit or a push runs every hook; those for checkouts, merges and rebases are left out.
_COMMIT_STAGES: Final = frozenset(
    {
        "pre-commit",
        "pre-merge-commit",
        "pre-push",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
    }
)
# Languages whose program comes from the machine: the revision says nothing about its version.
_UNMANAGED: Final = frozenset({"system", "script", "unsupported", "unsupported_script"})
_TRUE: Final = frozenset({"true", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook, with the defaults of the file, and of its repository where these are known.

    Attributes:
        id: with `repository` (an address, "local" or "meta") what it is.
        place: of its entry in the list.
        program: what it runs of the programs here; None for anything else.
        command: the line from the program on, with its arguments, without files; empty if `program`
            is None.
        version: of the program; empty where the file does not determine it.
        unversioned: why not, as the end of a sentence about the hook; empty where it is known, or
            `program` is None.
        args: as the hook has them; those of the program's own repository if it has none.
        entry: of a local hook, or of one that replaces its own.
        files: a regular expression of paths; `exclude` one of those that are left out.
        types: tags of which a file has all; of `types_or` it has one, of `exclude_types` none.
        dependencies: `additional_dependencies`.
        language_version: a Python for most; empty for pre-commit's default.
        stages: when it runs.
        automatic: whether some stage of a commit or a push runs it.
    """

    id: str
    repository: str
    place: Place
    program: Program | None = None
    command: tuple[str, ...] = ()
    version: str = ""
    unversioned: str = ""
    rev: str = ""
    alias: str = ""
    args: tuple[str, ...] = ()
    entry: str = ""
    language: str = ""
    files: str = ""
    exclude: str = ""
    types: tuple[str, ...] = ("file",)
    types_or: tuple[str, ...] = ()
    exclude_types: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    language_version: str = ""
    stages: tuple[str, ...] = ()
    automatic: bool = True
    pass_filenames: bool = True
    always_run: bool = False

    @property
    def name(self) -> str:
        """What `pre-commit run` calls it."""
        return self.alias or self.id

    @property
    def checking(self) -> tuple[str, ...]:
        """The command as one that reports what it would change: a changed file fails a hook."""
        return self.program.without_changes(self.command) if self.program else ()


@dataclass(frozen=True, slots=True)
class Hooks:
    """All hooks of a file, in their order, and what holds for all of them.

    Attributes:
        files: a regular expression of paths that any hook gets; empty for all.
        exclude: one of those that no hook gets; empty for none.
    """

    hooks: tuple[Hook, ...] = ()
    files: str = ""
    exclude: str = ""
    path: str = PATH
    default_stages: tuple[str, ...] = ()
    default_language_version: Mapping[str, str] = field(default_factory=dict)

    def running(self, program: str) -> tuple[Hook, ...]:
        """Return the hooks that run a program of `PROGRAMS` when something is committed."""
        return tuple(
            hook
            for hook in self.hooks
            if hook.automatic and hook.program and hook.program.name == program
        )

    def versions_of(self, distribution: str) -> tuple[Hook, ...]:
        """Return the hooks that install a distribution, those that run by themselves first."""
        found = (hook for hook in self.hooks if hook.program)
        own = [hook for hook in found if hook.program and hook.program.distribution == distribution]
        return tuple(sorted(own, key=lambda hook: not hook.automatic))

    @property
    def not_run(self) -> tuple[Hook, ...]:
        """The hooks of a commit or a push that no gate here has a program for."""
        return tuple(hook for hook in self.hooks if hook.automatic and not hook.program)

    @property
    def manual(self) -> tuple[Hook, ...]:
        """The hooks that no commit and no push runs."""
        return tuple(hook for hook in self.hooks if not hook.automatic)


def may_run(distribution: str) -> bool:
    """Whether some hook may install a distribution, as far as hooks are known here."""
    return any(program.distribution == distribution for program in PROGRAMS.values())


def selected(
    paths: Iterable[str], hook: Hook, hooks: Hooks, scripts: Mapping[str, str] | None = None
) -> list[str]:
    """Return those files that a hook gets, in their order, by pre-commit's own rules.

    `paths` are the files that git tracks, from the root, without links and submodules. A type is
    known from the name; that of an executable without an extension from `scripts`, which maps the
    executable files to their first lines.

    Raises:
        ProjectError: a pattern that is broken or does not end; a type that does not exist.
    """
    kept = list(paths)
    for key, wanted in (("files", True), ("exclude", False)):
        for owner, place in ((hooks, Place(hooks.path)), (hook, hook.place)):
            if pattern := getattr(owner, key):
                found = found_in(pattern, kept, f"{place}: {key}")
                kept = [path for path in kept if (path in found) is wanted]
    _known_types(hook)
    types, any_of, none_of = map(frozenset, (hook.types, hook.types_or, hook.exclude_types))
    tagged = ((path, _tags(path, scripts or {})) for path in kept)
    return [
        path
        for path, tags in tagged
        if types <= tags and (not any_of or tags & any_of) and not tags & none_of
    ]


def _known_types(hook: Hook) -> None:
    # A hundredth of a second of every start.
    from identify.identify import ALL_TAGS

    for tag in (*hook.types, *hook.types_or, *hook.exclude_types):
        if tag not in ALL_TAGS:
            raise ProjectError(
                f"{hook.place}: hook {hook.name!r} has the type {shortened(repr(tag))}, "
                "which pre-commit does not have",
                _HINT,
            )


def _tags(path: str, scripts: Mapping[str, str]) -> frozenset[str]:
    """Return pre-commit's tags of a file; one that the name leaves open counts as text."""
    from io import BytesIO

    from identify import identify

    tags = set(identify.tags_from_filename(path))
    if not tags and (first := scripts.get(path)):
        command = identify.parse_shebang(BytesIO(first.encode()))
        tags |= identify.tags_from_interpreter(command[0]) if command else set()
    if not tags & identify.ENCODING_TAGS:
        tags.add(identify.TEXT)
    mode = identify.EXECUTABLE if path in scripts else identify.NON_EXECUTABLE
    return frozenset({*tags, mode, identify.FILE})


@lru_cache(maxsize=8)
def read(text: str, path: str = PATH) -> Hooks:
    """Read the file.

    Raises:
        ProjectError: not YAML, beyond a bound, or not in the shape that pre-commit reads.
    """
    root = read_yaml(path, text, _HINT)
    # Before pre-commit 0.16 the file was the list of repositories itself.
    top = Table({"repos": root}, 1) if isinstance(root, Items) else root
    if isinstance(top, Scalar) and top.is_null:
        return Hooks(path=path)
    if not isinstance(top, Table):
        raise ProjectError(f"{path}: not a mapping with `repos`", _HINT)
    reader = _Reader(path)
    languages = top.values.get("default_language_version")
    hooks = Hooks(
        files=reader.text(top, "files"),
        exclude=reader.text(top, "exclude"),
        path=path,
        default_stages=reader.stages(top, "default_stages"),
        default_language_version=reader.texts_by_key(languages),
    )
    found = tuple(
        reader.hook(hook, repository, hooks)
        for repository in reader.tables(top, "repos")
        for hook in reader.tables(repository, "hooks")
    )
    return replace(hooks, hooks=found)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values of the shapes that pre-commit accepts, and names the line of any other."""

    path: str

    def hook(self, table: Table, repository: Table, hooks: Hooks) -> Hook:
        address = self.text(repository, "repo")
        identifier = self.text(table, "id")
        entry = self.text(table, "entry")
        args = self.texts(table, "args")
        language = self.text(table, "language")
        local = address in (_LOCAL, _META)
        program: Program | None = None
        command: tuple[str, ...] = ()
        if entry:
            # `entry: uv run ruff` may have its subcommand, or the program itself, in `args`.
            program, command = of_entry(f"{entry} {shlex.join(args or ())}") or (None, ())
            if not local and program and of_repository(address, identifier) != program:
                program, command = None, ()
        elif not local and (program := of_repository(address, identifier)):
            command = (*program.command, *(args or ()))
        known = program if not local else None
        if args is None:
            args = known.args if known else ()
            command = (*command, *args)
        stages = self.stages(table, "stages") or (known.stages if known else ())
        stages = stages or hooks.default_stages
        dependencies = self.texts(table, "additional_dependencies") or ()
        hook = Hook(
            id=identifier,
            repository=address,
            place=Place(self.path, table.line),
            program=program,
            command=command,
            rev=self.text(repository, "rev"),
            alias=self.text(table, "alias"),
            args=args,
            entry=entry,
            language=language or ("python" if known else ""),
            files=self.text(table, "files"),
            exclude=self.text(table, "exclude"),
            types=self.texts(table, "types", ("file",)),
            types_or=self.texts(table, "types_or", known.types if known else ()),
            exclude_types=self.texts(table, "exclude_types", ()),
            dependencies=dependencies,
            stages=stages,
            automatic=not stages or not _COMMIT_STAGES.isdisjoint(stages),
            pass_filenames=self.flag(
                table, "pass_filenames", known.pass_filenames if known else True
            ),
            always_run=self.flag(table, "always_run", False),
        )
        version, unversioned = self._version(hook, repository)
        return replace(
            hook,
            version=version,
            unversioned=unversioned,
            language_version=self._language_version(table, hook, hooks),
        )

    def _language_version(self, table: Table, hook: Hook, hooks: Hooks) -> str:
        own = self.text(table, "language_version")
        if own in ("", "default"):
            own = hooks.default_language_version.get(hook.language, "")
        return "" if own == "default" else own

    def _version(self, hook: Hook, repository: Table) -> tuple[str, str]:
        """Return the version of the program, and why it is not known where it is not."""
        if hook.program is None:
            return "", ""
        if hook.language in _UNMANAGED:
            return "", "runs what is installed"
        if pinned := pinned_in(hook.dependencies, hook.program.distribution):
            return pinned, ""
        if hook.repository == _LOCAL:
            return "", f"names no exact version of {hook.program.distribution}"
        rev = repository.values.get("rev")
        comment = rev.comment if isinstance(rev, Scalar) else ""
        if version := tagged(hook.repository, hook.rev, comment):
            return version, ""
        if is_commit(hook.rev):
            return "", "has a commit without `# frozen:` as its rev"
        return "", f"has the rev {shortened(repr(hook.rev))}, which is not a version"

    def tables(self, table: Table, key: str) -> list[Table]:
        value = table.values.get(key)
        if value is None or _is_null(value):
            return []
        if not isinstance(value, Items):
            raise self._wrong(value, key, "a list")
        found = []
        for item in value.values:
            if not isinstance(item, Table):
                raise self._wrong(item, key, "a list of mappings")
            found.append(item)
        return found

    @overload
    def texts(self, table: Table, key: str) -> tuple[str, ...] | None: ...
    @overload
    def texts(self, table: Table, key: str, default: tuple[str, ...]) -> tuple[str, ...]: ...
    def texts(
        self, table: Table, key: str, default: tuple[str, ...] | None = None
    ) -> tuple[str, ...] | None:
        value = table.values.get(key)
        if value is None:
            return default
        if not isinstance(value, Items):
            raise self._wrong(value, key, "a list of strings")
        for item in value.values:
            if not isinstance(item, Scalar):
                raise self._wrong(item, key, "a list of strings")
        return tuple(item.text for item in value.values if isinstance(item, Scalar))

    def stages(self, table: Table, key: str) -> tuple[str, ...]:
        return tuple(_OLD_STAGES.get(stage, stage) for stage in self.texts(table, key, ()))

    def texts_by_key(self, value: Value | None) -> dict[str, str]:
        if value is None or _is_null(value):
            return {}
        if not isinstance(value, Table):
            raise self._wrong(value, "default_language_version", "a mapping")
        return {key: self.text(value, key) for key in value.values}

    def text(self, table: Table, key: str) -> str:
        value = table.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, Scalar):
            raise self._wrong(value, key, "a string")
        return value.text

    def flag(self, table: Table, key: str, default: bool) -> bool:
        return self.text(table, key).lower() in _TRUE if key in table.values else default

    def _wrong(self, value: Value, key: str, expected: str) -> ProjectError:
        return ProjectError(f"{self.path}:{value.line}: {key} is not {expected}", _HINT)


def _is_null(value: Value) -> bool:
    return isinstance(value, Scalar) and value.is_null
