"""[tool.wheelwright]: settings of a package for this module. All of them are optional."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wheelwright.errors import ProjectError
from wheelwright.project import github_settings, matrix, release_settings
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.project.matrix import MatrixSettings
from wheelwright.project.pyproject import Pyproject, line_of
from wheelwright.project.reading import is_strings
from wheelwright.project.release_settings import ReleaseSettings
from wheelwright.project.setting import setting, table
from wheelwright.project.suggestions import unknown


@dataclass(frozen=True, slots=True)
class Settings:
    """The table's values; empty means not set."""

    python: str = setting(
        "the Python of everything but the matrix",
        '`"3.12"`',
        unset="`.python-version`, else a version that the package claims",
        default="",
    )
    groups: tuple[str, ...] = setting(
        "dependency groups for the tests",
        '`["tests"]`',
        unset="the place that is found",
        default=(),
    )
    extras: tuple[str, ...] = setting(
        "extras installed beside the test dependencies", '`["fast"]`', unset="none", default=()
    )
    requirements: tuple[str, ...] = setting(
        "requirements files for the tests",
        '`["requirements/test.txt"]`',
        unset="the place that is found",
        default=(),
    )
    test: tuple[str, ...] = setting(
        "the command line that tests",
        '`["python", "-m", "unittest"]`',
        unset="that of the runner",
        default=(),
    )
    runner: str = setting(
        "what decides how to test",
        '`"tox:py312-dj52"`, `"nox:tests"`, `"hatch"`, `"pdm"`, `"pytest"`, `"unittest"`',
        unset="what the files show",
        default="",
    )
    env: Mapping[str, str] = setting(
        "variables of the tests",
        '`{ DJANGO_SETTINGS_MODULE = "tests.settings" }`',
        unset="those of the runner",
    )
    pytest_args: tuple[str, ...] = setting(
        "arguments of pytest where the caller gives none",
        '`["tests/unit"]`',
        unset="those of the runner",
        default=(),
    )
    lint: tuple[str, ...] = setting(
        "the command line of the linter",
        '`["ruff", "check", "src"]`',
        unset="what the files show",
        default=(),
    )
    format: tuple[str, ...] = setting(
        "the command line that checks the format",
        '`["black", "--check", "."]`',
        unset="what the files show",
        default=(),
    )
    typecheck: tuple[str, ...] = setting(
        "the command line of the type checker",
        '`["mypy", "src"]`',
        unset="what the files show",
        default=(),
    )
    skip: tuple[str, ...] = setting(
        "gates that `ci` leaves out; they are listed as such",
        '`["types"]`',
        unset="none",
        default=(),
    )
    step_timeout: str = setting(
        'how long one step may take; `"0"` is no limit',
        '`"30m"`',
        unset="30 minutes",
        default="",
    )
    services: tuple[str, ...] = setting(
        "servers for the tests", '`["postgres:16", "redis:7"]`', unset="none", default=()
    )
    migrate: tuple[str, ...] = setting(
        "a command line that runs before the tests where there are services",
        '`["app-migrate"]`',
        unset="none",
        default=(),
    )
    user: str = setting("the user of the tests", '`"root"`', unset="an ordinary one", default="")
    system_packages: tuple[str, ...] = setting(
        "Debian packages below everything else",
        '`["git", "libpq-dev"]`',
        unset="none",
        default=(),
    )
    image: str = setting(
        "the container image with the Python",
        '`"registry.example/demo:1"`',
        unset="`python:X.Y`, or its slim form",
        default="",
    )
    matrix: MatrixSettings = table(MatrixSettings, "the cells of the matrix")
    release: ReleaseSettings = table(ReleaseSettings, "what a release does")
    github: GitHubSettings = table(GitHubSettings, "what `workflows` writes")


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
