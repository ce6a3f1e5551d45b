"""Hatch's environments after inheritance, matrix and overrides (pure)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wheelwright.errors import ProjectError
from wheelwright.project.reading import DEPTH, is_strings, search, shortened
from wheelwright.project.runners import hatch_defaults
from wheelwright.project.runners.hatch_overrides import PLATFORM, applied
from wheelwright.project.runners.job import Place
from wheelwright.project.runners.keys import KeyLines

ENVIRONMENTS: Final = 500
"""Environments that all matrices together may make."""

Table = dict[str, Any]


class Source:
    """The file that the environments are in."""

    def __init__(self, path: str, text: str, keys: tuple[str, ...]) -> None:
        self.path = path
        self._lines = KeyLines(text)
        self._keys = keys

    def place(self, *keys: str) -> Place:
        """Return where a key of the environments' table is."""
        here = self._lines.known(*self._keys, *keys)
        return Place(self.path, self._lines.line(*here), f"[{'.'.join(here)}]" if here else "")

    def wrong(self, keys: tuple[str, ...], shape: str) -> ProjectError:
        """Return the error for a value that has another shape."""
        return ProjectError(f"{self.place(*keys)} is not {shape}", "correct it")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment.

    Attributes:
        base: the name of its table.
        name: hatch's name for it, with the values of its matrix.
        config: what is set, by hatch's keys.
        matrix: the values of its variables.
    """

    base: str
    name: str
    config: Table
    matrix: Mapping[str, str]


def environments(
    source: Source, tables: Any, variables: Mapping[str, str]
) -> Iterator[Environment]:
    """Yield every environment; of hatch's own, those that the project has a table for.

    Raises:
        ProjectError: a value that is not of its shape, or a circle of templates.
    """
    reader = _Tables(source, variables)
    configs = reader.configs(tables)
    count = 0
    for base in configs:
        if base in hatch_defaults.ENVIRONMENTS and base not in tables:
            continue
        for each in reader.generated(base, configs[base]):
            count += 1
            if count > ENVIRONMENTS + len(configs):
                raise ProjectError(
                    f"{source.place(base, 'matrix')}: matrices make more than {ENVIRONMENTS} "
                    "environments",
                    "make them smaller",
                )
            yield each


@dataclass(frozen=True, slots=True)
class _Tables:
    source: Source
    variables: Mapping[str, str]

    def configs(self, tables: Any) -> dict[str, Table]:
        """Return every environment's table after inheritance."""
        if not isinstance(tables, Mapping):
            raise self.source.wrong((), "a table")
        configs: dict[str, Table] = {"default": {}}
        for name, table in hatch_defaults.ENVIRONMENTS.items():
            configs[name] = {**table, "template": name}
        for name, table in tables.items():
            if not isinstance(table, Mapping):
                raise self.source.wrong((name,), "a table")
            configs.setdefault(name, {}).update(table)
        for name, table in configs.items():
            if table.pop("detached", False):
                table.update({"template": name, "skip-install": True})
            for key in ("scripts", "extra-scripts", "env-vars", "overrides", "workspace"):
                if not isinstance(table.get(key, {}), Mapping):
                    raise self.source.wrong((name, key), "a table")
        done: set[str] = set()
        for name in configs:
            self._inherit(name, configs, done, ())
        return configs

    def _inherit(
        self, name: str, configs: dict[str, Table], done: set[str], active: tuple[str, ...]
    ) -> None:
        """Add to an environment what it inherits."""
        if name in done:
            return
        if name in active or len(active) >= DEPTH:
            chain = " -> ".join((*active, name))
            raise ProjectError(
                f"{self.source.place(name)}: environments inherit from each other: "
                f"{shortened(chain)}",
                "remove one `template`",
            )
        table = configs[name]
        template = table.pop("template", "default")
        if not isinstance(template, str) or template not in configs:
            raise ProjectError(
                f"{self.source.place(name, 'template')} refers to the environment "
                f"{shortened(repr(template))}, which does not exist",
                "correct the name or add the environment",
            )
        if template != name:
            self._inherit(template, configs, done, (*active, name))
            for key, value in configs[template].items():
                if key == "scripts":
                    table["scripts"] = {**value, **table.get("scripts", {})}
                elif key != "matrix":
                    table.setdefault(key, value)
        done.add(name)

    def generated(self, base: str, table: Table) -> Iterator[Environment]:
        """Yield the environments that one table makes: one for each combination of its matrix."""
        config = dict(table)
        overrides = config.pop("overrides", {})
        naming = config.pop("matrix-name-format", "{value}")
        for kind in ("platform", "env", "matrix", "name"):
            if not isinstance(overrides.get(kind, {}), Mapping):
                raise self.source.wrong((base, "overrides", kind), "a table")
        for name, options in overrides.get("platform", {}).items():
            if name == PLATFORM:
                config = self._applied(config, options, name, base, "platform", name)
        for name, options in overrides.get("env", {}).items():
            if name in self.variables:
                value = self.variables[name]
                config = self._applied(config, options, value, base, "env", name)
        if "matrix" not in config:
            yield Environment(base, base, config, {})
            return
        for values in self._combinations(base, config.pop("matrix")):
            made = dict(config)
            for variable, options in overrides.get("matrix", {}).items():
                if variable in values:
                    value = values[variable]
                    made = self._applied(made, options, value, base, "matrix", variable)
            parts = []
            for variable, value in values.items():
                if variable in ("py", "python"):
                    made["python"] = value
                    parts.append(value if value.startswith("py") else f"py{value}")
                else:
                    format_ = naming if isinstance(naming, str) else "{value}"
                    parts.append(format_.replace("{variable}", variable).replace("{value}", value))
            name = "-".join(parts)
            for pattern, options in overrides.get("name", {}).items():
                origin = str(self.source.place(base, "overrides", "name"))
                if search(pattern, name, origin):
                    made = self._applied(made, options, name, base, "name", pattern)
            yield Environment(base, name if base == "default" else f"{base}.{name}", made, values)

    def _applied(self, config: Table, options: Any, value: str, *keys: str) -> Table:
        base, *rest = keys
        where = str(self.source.place(base, "overrides", *rest))
        return applied(config, options, value, self.variables, where)

    def _combinations(self, base: str, matrices: Any) -> Iterator[dict[str, str]]:
        for matrix in matrices if isinstance(matrices, list) else [None]:
            if not isinstance(matrix, Mapping) or not all(map(is_strings, matrix.values())):
                raise self.source.wrong((base, "matrix"), "a list of tables of lists of strings")
            # The Python comes first, whatever the order of the file.
            names = sorted(matrix, key=lambda name: name not in ("py", "python"))
            for values in itertools.product(*(matrix[name] for name in names)):
                yield dict(zip(names, values, strict=True))
