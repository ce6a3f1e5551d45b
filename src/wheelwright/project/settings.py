"""[tool.wheelwright]: settings of a package for this module. All of them are optional.

| key | value | effect |
|---|---|---|
| `python` | "3.12" | the version used by default |
| `step-timeout` | "30m" | how long one step may take; "0" is no limit |
| `test` | list | the command line that tests, such as ["python", "-m", "unittest"] |
| `runner` | string | what says how to test, such as "tox:py312-dj52", "nox:tests", "pytest" |
| `env` | table | variables of the tests, such as { DJANGO_SETTINGS_MODULE = "tests.settings" } |
| `groups` | list | dependency groups for the tests, instead of the place found |
| `extras` | list | extras installed beside the test dependencies |
| `requirements` | list | requirements files for the tests, instead of the place found |
| `pytest-args` | list | arguments of pytest where the caller gives none |
| `lint` | list | the linter's command line, such as ["ruff", "check", "src"] |
| `format` | list | the command line that checks the format, such as ["black", "--check", "."] |
| `typecheck` | list | the type checker's command line, such as ["mypy", "src"] |
| `user` | "root" | the user of the tests; an ordinary one without it |
| `system-packages` | list | Debian packages below everything else, such as ["git", "libpq-dev"] |
| `image` | string | the container image with the Python, in place of python:X.Y |
| `services` | list | servers for the tests, such as ["postgres:16", "redis:7"] |
| `migrate` | list | a command line that runs before the tests where there are services |
| `skip` | list | gates that `ci` leaves out; they are listed as such |
| `matrix` | table | the cells of `matrix`: see `matrix.py` beside this file |
| `release` | table | what a release does: see `release_settings.py` beside this file |
| `github` | table | what `workflows` writes: see `github_settings.py` beside this file |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wheelwright.errors import ProjectError
from wheelwright.project import github_settings, matrix, release_settings
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.project.matrix import MatrixSettings
from wheelwright.project.pyproject import Pyproject, line_of
from wheelwright.project.reading import is_strings
from wheelwright.project.release_settings import ReleaseSettings
from wheelwright.project.suggestions import unknown


@dataclass(frozen=True, slots=True)
class Settings:
    """The table's values; empty means not set."""

    python: str = ""
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    runner: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    lint: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    typecheck: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    matrix: MatrixSettings = field(default_factory=MatrixSettings)
    step_timeout: str = ""
    services: tuple[str, ...] = ()
    migrate: tuple[str, ...] = ()
    user: str = ""
    system_packages: tuple[str, ...] = ()
    image: str = ""
    release: ReleaseSettings = field(default_factory=ReleaseSettings)
    github: GitHubSettings = field(default_factory=GitHubSettings)


_STRINGS = ("python", "step-timeout", "runner", "user", "image")
_LISTS = (
    *("test", "groups", "extras", "requirements", "pytest-args", "lint", "format", "typecheck"),
    *("skip", "services", "migrate", "system-packages"),
)
_TABLES = ("env",)
_RUNNERS = ("tox", "nox", "hatch", "pdm", "pytest", "unittest")
_USERS = ("", "root")
# deb-control(5): names of packages; with a version or an architecture as apt-get takes it.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~-]+)?")
# distribution/reference: no more than what keeps an argument one.
_IMAGE = re.compile(r"[A-Za-z0-9][\w.:/@-]*", re.ASCII)
# A name that every shell and every program accepts.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")


def read(pyproject: Pyproject, gates: Sequence[str] | None = None) -> Settings:
    """Read the table; all that is wrong with it is reported at once.

    `gates` are the names that `skip` may have; None lets it have any.

    Raises:
        ProjectError: unknown keys, values of another type, unknown gates in `skip`.
    """
    # Not cattrs: the same messages took as many lines, and a table with one mistake hid its others.
    table = pyproject.table("tool", "wheelwright")
    wrong = [
        *_unknown_keys(table),
        *_wrong_values(table, gates),
        *matrix.check(table.get("matrix", {})),
        *release_settings.check(table.get("release", {})),
        *github_settings.check(table.get("github", {})),
    ]
    if wrong:
        line = line_of(pyproject.text, "[tool.wheelwright")
        raise ProjectError(
            f"{pyproject.path}:{line or 1}: [tool.wheelwright] {', and '.join(wrong)}",
            "correct the table",
        )
    values: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in ("matrix", "release", "github")
    }
    return Settings(
        **values,
        matrix=matrix.read(table.get("matrix", {})),
        release=release_settings.read(table.get("release", {})),
        github=github_settings.read(table.get("github", {})),
    )


def _unknown_keys(table: Mapping[str, Any]) -> list[str]:
    known = (*_STRINGS, *_LISTS, *_TABLES, "matrix", "release", "github")
    return [f"has an {unknown('key', key, known)}" for key in table if key not in known]


def _wrong_values(table: Mapping[str, Any], gates: Sequence[str] | None) -> list[str]:
    wrong = [
        f"has {key} = {table[key]!r}, which is not a string"
        for key in _STRINGS
        if not isinstance(table.get(key, ""), str)
    ]
    for key in _LISTS:
        value = table.get(key, [])
        if not is_strings(value):
            wrong.append(f"has {key} = {value!r}, which is not a list of strings")
        elif key == "skip" and gates is not None:
            wrong.extend(
                f"has an {unknown('gate', gate, gates)}" for gate in value if gate not in gates
            )
    return [
        *wrong,
        *_wrong_choices(table),
        *_wrong_system(table),
        *_wrong_variables(table.get("env", {})),
    ]


def _wrong_choices(table: Mapping[str, Any]) -> list[str]:
    wrong = []
    runner, user = table.get("runner", ""), table.get("user", "")
    if isinstance(runner, str) and runner and runner.partition(":")[0] not in _RUNNERS:
        wrong.append(f"has an {unknown('runner', runner.partition(':')[0], _RUNNERS)}")
    if isinstance(user, str) and user not in _USERS:
        wrong.append(f'has user = {user!r}; only "root" can be set')
    return wrong


def is_debian_package(name: str) -> bool:
    """Whether a Debian package may have this name, a version or an architecture behind it."""
    return _PACKAGE.fullmatch(name) is not None


def is_variable(name: str) -> bool:
    """Whether a variable of the tests may have this name."""
    return _VARIABLE.fullmatch(name) is not None


def is_image(text: str) -> bool:
    """Whether this may be the address of an image."""
    return _IMAGE.fullmatch(text) is not None


def _wrong_system(table: Mapping[str, Any]) -> list[str]:
    packages, image = table.get("system-packages", []), table.get("image", "")
    wrong = []
    if is_strings(packages):
        wrong += [
            f"has system-packages = {name!r}, which is not the name of a Debian package"
            for name in packages
            if not is_debian_package(name)
        ]
    if isinstance(image, str) and image and not is_image(image):
        wrong.append(f"has image = {image!r}, which is not the address of an image")
    return wrong


def _wrong_variables(table: object) -> list[str]:
    if not isinstance(table, Mapping):
        return [f"has env = {table!r}, which is not a table"]
    return [
        f"has env.{name} = {value!r}, which is not a variable and its text"
        for name, value in table.items()
        if not isinstance(value, str) or not is_variable(name)
    ]
