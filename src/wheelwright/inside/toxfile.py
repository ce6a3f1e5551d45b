"""A tox plugin that lets `tox config` print a project's environments without making any.

It is put where tox looks for a project's own `toxfile.py`. Left to itself, `tox config`

- looks for the interpreter of every environment, and runs each that it finds (a second for each
  of hundreds of environments);
- leaves out environments whose `runner` is a plugin's, and stops where `requires` or
  `min_version` ask for what is not installed;
- opens the files that `deps` names by `-r` and `-c`;
- knows no environment of a Python that `env_list` does not name.

WHEELWRIGHT_PYTHONS is the list of those Pythons, such as `3.12,3.13t,pypy3.11`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tox.config.loader.memory import MemoryLoader
from tox.config.types import EnvList
from tox.plugin import impl
from tox.tox_env.python.api import PythonInfo, VersionInfo
from tox.tox_env.python.pip.req_file import PythonConstraints, PythonDeps
from tox.tox_env.python.virtual_env.runner import VirtualEnvRunner

if TYPE_CHECKING:
    from tox.config.sets import ConfigSet
    from tox.session.state import State
    from tox.tox_env.register import ToxEnvRegister

PLACE = Path("/opt/wheelwright/tox-environment")
"""Stands for the environment's own `bin` and `site-packages`; the reader knows the real ones."""

# A factor that names a Python: how it is written before the version, and whether with a dot.
_FACTOR = re.compile(r"(py|python|cpython|pypy|)[23](\.?)[0-9]{1,2}t?")

_states: list[State] = []


class Shown(VirtualEnvRunner):
    """An environment that is only printed: nothing of it needs an interpreter."""

    def register_config(self) -> None:
        """Add what the runners of tox-uv have beyond the keys of tox."""
        super().register_config()
        self.conf.add_config("only_groups", set[str], set(), "groups without the package")
        self.conf.add_config("uv_resolution", str, "", "which versions uv resolves to")
        self.conf.add_config("uv_sync_flags", list[str], [], "further arguments of uv sync")
        self.conf.add_config(
            "no_default_groups",
            bool,
            lambda _conf, _name: bool(self.conf["dependency_groups"]),
            "whether uv's default groups are left out",
        )

    def get_package_env_types(self) -> tuple[str, str] | None:
        """Register the keys of packaging, and make no environment for it."""
        self._register_package_conf()
        return None

    @property
    def default_pkg_type(self) -> str:
        """As if there were a package: the reader of the output knows whether there is."""
        return "sdist"

    @property
    def pkg_type(self) -> str:
        """As written: plugins have kinds of their own."""
        return self.conf.get("package", str)

    def _default_set_env(self) -> dict[str, str]:
        return {}

    def _exported_set_env(self) -> dict[str, object]:  # type: ignore[override]  # nothing is in it
        return {}

    def _read_python_version_file(self, file_paths: list[str]) -> list[str]:  # noqa: ARG002 - tox has it so
        # The file is not here; this names no version.
        return ["python"]

    def _get_python(self, base_python: list[str]) -> PythonInfo | None:
        found = next(filter(None, map(_python, base_python)), "")
        if not found:
            return None
        major, minor = found.removeprefix("pypy").rstrip("t").split(".")
        return PythonInfo(
            implementation="PyPy" if found.startswith("pypy") else "CPython",
            version_info=VersionInfo(int(major), int(minor), 0, "final", 0),
            version=f"{major}.{minor}.0",
            is_64=True,
            platform="linux",
            extra={},
            free_threaded=found.endswith("t"),
        )

    def env_bin_dir(self) -> Path:
        """Stand in for the programs of the environment."""
        return PLACE / "bin"

    def env_python(self) -> Path:
        """Stand in for its interpreter."""
        return PLACE / "bin/python"

    def env_site_package_dir(self) -> Path:
        """Stand in for its packages."""
        return PLACE / "site-packages"

    def env_site_package_dir_plat(self) -> Path:
        """Stand in for them, too."""
        return PLACE / "site-packages"


def _written(self: PythonDeps | PythonConstraints, **_: bool) -> list[str]:
    return self._raw.splitlines()


for _class in (PythonDeps, PythonConstraints):
    setattr(_class, "lines", _written)  # noqa: B010 - mypy refuses to assign to a method


@impl
def tox_register_tox_env(register: ToxEnvRegister) -> None:
    """Take one class for every runner, those of plugins included."""
    setattr(register, "runner", lambda _name: Shown)  # noqa: B010 - as above


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    """Require no plugin and no version of tox: none is installed to read the configuration."""
    _states.append(state)
    core_conf.loaders.insert(0, MemoryLoader(requires=[], min_version="0"))


@impl
def tox_extend_envs() -> Iterator[str]:
    """Add `py`, and an environment for each Python that has none in `env_list`.

    With an `env_list` of `py312-dj50` and `py312-dj51`, Python 3.13 gets `py313-dj50`.
    """
    listed = _states[-1].conf.core.get("env_list", EnvList).envs if _states else []
    yield "py"
    yield from extended(listed, os.environ.get("WHEELWRIGHT_PYTHONS", "").split(","))


def extended(listed: list[str], pythons: list[str]) -> list[str]:
    """Return the names of environments for those Pythons of which none is listed."""
    have = {_python(factor) for name in listed for factor in name.split("-")}
    model = next((name for name in listed if any(map(_python, name.split("-")))), "py312")
    return [_renamed(model, python) for python in pythons if python and python not in have]


def _python(factor: str) -> str:
    """Return `3.12` of `py312`, `py3.12` and `3.12`; empty for another factor."""
    match = _FACTOR.fullmatch(factor)
    if not match:
        return ""
    version = factor[len(match[1]) :].replace(".", "")
    return f"{'pypy' if match[1] == 'pypy' else ''}{version[0]}.{version[1:]}"


def _renamed(model: str, python: str) -> str:
    """Return the name of an environment with another Python, written as it is there."""
    factors = model.split("-")
    at = next(at for at, factor in enumerate(factors) if _python(factor))
    match = _FACTOR.fullmatch(factors[at])
    assert match is not None
    version = python if match[2] else python.replace(".", "")
    factors[at] = version if python.startswith("pypy") else f"{match[1]}{version}"
    return "-".join(factors)
