"""What the command lines of installers install: pip, uv, Poetry, PDM (pure).

A runner installs by such lines: `session.install("-e", ".[test]")`, `uv sync --group test`.
Options that change how something is installed, but not what, are passed over.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.utils import canonicalize_name

from wheelwright.project.files import join
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import requirement_or_none
from wheelwright.project.runners.dev_dependencies import default_groups

_EXTRAS: Final = re.compile(r"\[([\w\s,.-]*)\]$")
_SDISTS: Final = (".whl", ".tar.gz", ".zip", ".tar.bz2")

# Options of `pip install` and `uv pip install`. Sources: their manuals.
_LINES: Final = frozenset(
    {
        "--extra-index-url", "--find-links", "--index-url", "--no-binary", "--only-binary",
        "-f", "-i",
    }
)  # fmt: skip
_WITH_VALUE: Final = frozenset(
    {
        "--cache-dir", "--config-setting", "--config-settings", "--exists-action",
        "--global-option", "--keyring-provider", "--link-mode", "--log", "--progress-bar",
        "--python", "--refresh-package", "--reinstall-package", "--report", "--retries",
        "--root-user-action", "--src", "--timeout", "--trusted-host", "--upgrade-package",
        "--upgrade-strategy", "--use-feature", "-C", "-P", "-p",
    }
)  # fmt: skip
_FLAGS: Final = frozenset(
    {
        "--active", "--break-system-packages", "--compile", "--compile-bytecode",
        "--disable-pip-version-check", "--exact", "--force-reinstall", "--ignore-installed",
        "--isolated", "--no-build-isolation", "--no-cache", "--no-cache-dir", "--no-clean",
        "--no-compile", "--no-deps", "--no-dependencies", "--no-input", "--no-progress",
        "--no-python-version-warning", "--no-warn-conflicts", "--no-warn-script-location",
        "--offline", "--pre", "--prefer-binary", "--quiet", "--refresh", "--reinstall",
        "--require-hashes", "--require-virtualenv", "--strict", "--system", "--upgrade",
        "--use-pep517", "--user", "--verbose", "-I", "-U", "-q", "-qq", "-qqq", "-v", "-vv", "-vvv",
    }
)  # fmt: skip
_SHORT: Final = {
    "-c": "--constraint",
    "-e": "--editable",
    "-r": "--requirement",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What command lines refer to by name.

    Attributes:
        package: the normalized name of the package.
        groups: all dependency groups.
        extras: all extras of the package.
        default_groups: what `uv sync` installs if nothing else is named.
        poetry_groups: what `poetry install` installs if nothing else is named.
    """

    package: str = ""
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    poetry_groups: tuple[str, ...] = ()


def known(pyproject: Pyproject) -> Known:
    """Return what command lines refer to by name in a package.

    Raises:
        ProjectError: uv's default groups are not groups.
    """
    poetry = pyproject.table("tool", "poetry")
    groups = pyproject.table("tool", "poetry", "group")
    legacy = ("dev",) if "dev-dependencies" in poetry else ()
    chosen = (
        name
        for name, group in groups.items()
        if not (isinstance(group, Mapping) and group.get("optional") is True)
    )
    return Known(
        package=pyproject.name,
        groups=tuple(dict.fromkeys((*pyproject.groups.values(), *groups, *legacy))),
        extras=tuple(pyproject.extras),
        default_groups=default_groups(pyproject).names,
        poetry_groups=(*legacy, *chosen),
    )


@dataclass(slots=True)
class Installed:
    """What one or more command lines install.

    Attributes:
        requirements: lines as pip reads them.
        installs: whether the package itself is installed.
        unread: arguments that are not understood.
    """

    requirements: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    installs: bool = False
    unread: list[str] = field(default_factory=list)

    def add(self, other: Installed) -> None:
        """Add what another command line installs."""
        for mine, more in (
            (self.requirements, other.requirements),
            (self.groups, other.groups),
            (self.extras, other.extras),
            (self.unread, other.unread),
        ):
            mine[:] = dict.fromkeys((*mine, *more))
        self.installs = self.installs or other.installs


def pip(arguments: Iterable[str], known: Known, workdir: str = "") -> Installed:
    """Read the arguments of `pip install`; paths start at `workdir`."""
    found = Installed()
    left = list(arguments)
    while left:
        option, value = _option(left)
        match option:
            case "--requirement" | "--constraint":
                found.requirements.append(f"-{option[2]} {join(workdir, value)}")
            case "--editable":
                _place(found, value, known, workdir, editable=True)
            case "--group":
                path, _, name = value.rpartition(":")
                if path in ("", "pyproject.toml", "./pyproject.toml"):
                    found.groups.append(name)
                else:
                    found.unread.append(f"--group {value}")
            case "--extra":
                found.extras.append(value)
            case "--all-extras":
                found.extras += known.extras
            case "":
                _place(found, value, known, workdir, editable=False)
            case _ if option in _LINES:
                found.requirements.append(f"{option} {value}")
            case _ if option not in _FLAGS and option not in _WITH_VALUE:
                found.unread.append(f"{option} {value}".strip())
    return found


def _option(left: list[str]) -> tuple[str, str]:
    """Take an option and its value off a list; an argument is a value without an option."""
    first = left.pop(0).strip()
    if not first.startswith("-") or first == "-":
        return "", first
    option, equals, value = first.partition("=")
    if not option.startswith("--") and option[:2] in _SHORT and len(first) > 2:
        return _SHORT[option[:2]], first[2:].lstrip("= ")
    option = _SHORT.get(option, option)
    takes = option in (*_SHORT.values(), "--group", "--extra") or option in _LINES | _WITH_VALUE
    if equals:
        return option, value
    return option, (left.pop(0).strip() if takes and left else "")


def _place(found: Installed, text: str, known: Known, workdir: str, *, editable: bool) -> None:
    """Add a requirement, a path, or the package itself."""
    extras = _EXTRAS.search(text)
    path = text[: extras.start()] if extras else text
    local = path.startswith((".", "/")) or (editable and "://" not in path)
    if local and not path.startswith("/") and join(workdir, path) == "":
        found.installs = True
        found.extras += _names(extras.group(1)) if extras else []
    elif local or (path.endswith(_SDISTS) and "://" not in path):
        place = path if path.startswith("/") else join(workdir, path)
        suffix = extras.group() if extras else ""
        if not place.startswith(("/", "..")):
            place = f"./{place}"
        found.requirements.append(f"{'-e ' if editable else ''}{place}{suffix}")
    elif editable:
        found.requirements.append(f"-e {text}")
    elif "://" in text and " " not in text:
        found.requirements.append(text)
    elif (requirement := requirement_or_none(text)) is None:
        if text:
            found.unread.append(text)
    elif (
        canonicalize_name(requirement.name) == known.package
        and requirement.extras
        and not requirement.specifier
        and requirement.url is None
    ):
        # pip finds the package itself there already.
        found.extras += sorted(requirement.extras)
        found.installs = True
    else:
        found.requirements.append(text)


def _names(text: str) -> list[str]:
    return [name for each in re.split(r"[,\s]+", text) if (name := each.strip())]


def unwrapped(
    command: Sequence[str], known: Known, workdir: str = ""
) -> tuple[Installed | None, tuple[str, ...]]:
    """Return what a command line installs, and what is left of it to run.

    `uv run --group test pytest` does both; for a command that installs nothing, the first is None.
    """
    words = tuple(command)
    if len(words) > 2 and posixpath.basename(words[0]).startswith("python") and words[1] == "-m":
        if words[2] not in _TOOLS:
            return None, words
        words = words[2:]
    if not words:
        return None, words
    name = "pip" if words[0] == "pip3" else words[0]
    tool = _TOOLS.get(name)
    return tool(words[1:], known, workdir, words) if tool else (None, tuple(command))


_Parts = tuple[Installed | None, tuple[str, ...]]


def _pip(rest: Sequence[str], known: Known, workdir: str, words: tuple[str, ...]) -> _Parts:
    if rest[:1] == ("install",):
        return pip(rest[1:], known, workdir), ()
    return None, words


def _uv(rest: Sequence[str], known: Known, workdir: str, words: tuple[str, ...]) -> _Parts:
    match rest:
        case ("pip", "install", *arguments):
            return pip(arguments, known, workdir), ()
        case ("pip", "sync", *arguments):
            files = [each for each in arguments if not each.startswith("-")]
            return Installed(requirements=[f"-r {join(workdir, each)}" for each in files]), ()
        case ("sync", *arguments):
            return _uv_options(arguments, known)[0], ()
        case ("run", *arguments):
            found, left = _uv_options(arguments, known)
            return found, tuple(left)
    return None, words


_UV_VALUES: Final = frozenset(
    {
        "--color", "--config-file", "--config-setting", "--directory", "--env-file", "--index",
        "--link-mode", "--package", "--project", "--python", "--python-platform", "-C", "-p",
    }
) | _WITH_VALUE  # fmt: skip


def _uv_options(arguments: Sequence[str], known: Known) -> tuple[Installed, list[str]]:
    """Read the options of `uv sync` and `uv run`; return them and the command behind them."""
    found = Installed(installs=True)
    without: list[str] = []
    only, defaults, every = False, True, False
    left = list(arguments)
    while left and left[0].startswith("-") and left[0] != "--":
        option, equals, value = left.pop(0).partition("=")
        if option in ("-m", "--module"):
            left = ["python", "-m", *left]
            break
        takes = option in _UV_VALUES or option in (
            "--extra", "--group", "--no-extra", "--no-group", "--only-group", "--with",
            "--with-editable", "--with-requirements", "--no-install-package",
        )  # fmt: skip
        if takes and not equals and left:
            value = left.pop(0)
        match option:
            case "--group":
                found.groups.append(value)
            case "--only-group":
                found.groups.append(value)
                only = True
            case "--dev":
                found.groups.append("dev")
            case "--only-dev":
                found.groups.append("dev")
                only = True
            case "--no-group":
                without.append(value)
            case "--no-dev":
                without.append("dev")
            case "--no-default-groups":
                defaults = False
            case "--all-groups":
                every = True
            case "--extra":
                found.extras += _names(value)
            case "--all-extras":
                found.extras += known.extras
            case "--with":
                found.requirements += [each.strip() for each in value.split(",") if each.strip()]
            case "--with-editable":
                _place(found, value, known, "", editable=True)
            case "--with-requirements":
                found.requirements.append(f"-r {value}")
            case "--no-install-project" | "--no-project" | "--no-sync":
                found.installs = False
            case "--package":
                found.unread.append(f"--package {value}")
        if option in ("--no-project", "--no-sync"):
            defaults = False
    if only:
        found.installs = False
    elif every:
        found.groups = [*known.groups]
    elif defaults:
        found.groups = [*known.default_groups, *found.groups]
    found.groups = [each for each in dict.fromkeys(found.groups) if each not in without]
    return found, left[1:] if left[:1] == ["--"] else left


def _poetry(rest: Sequence[str], known: Known, _: str, words: tuple[str, ...]) -> _Parts:
    if rest[:1] == ("run",):
        return None, tuple(rest[1:])
    if rest[:1] not in (("install",), ("sync",)):
        return None, words
    found, groups = Installed(installs=True), list(known.poetry_groups)
    left = list(rest[1:])
    while left:
        option, equals, value = left.pop(0).partition("=")
        takes = option in ("--with", "--without", "--only", "--extras", "-E")
        if takes and not equals and left:
            value = left.pop(0)
        match option:
            case "--with":
                groups += _names(value)
            case "--without":
                groups = [each for each in groups if each not in _names(value)]
            case "--only":
                groups = _names(value)
                found.installs = False
            case "--all-groups":
                groups = [*known.groups, *groups]
            case "--no-root":
                found.installs = False
            case "--no-dev":
                groups = []
            case "--extras" | "-E":
                found.extras += _names(value)
            case "--all-extras":
                found.extras += known.extras
    found.groups = list(dict.fromkeys(groups))
    return found, ()


def _pdm(rest: Sequence[str], known: Known, _: str, words: tuple[str, ...]) -> _Parts:
    if rest[:1] == ("run",):
        return None, tuple(rest[1:])
    if rest[:1] not in (("install",), ("sync",)):
        return None, words
    found, groups, dev = Installed(installs=True), list[str](), True
    left = list(rest[1:])
    while left:
        option, equals, value = left.pop(0).partition("=")
        if option.startswith("-G") and len(option) > 2:
            option, value = "-G", option[2:]
        elif option in ("-G", "--group", "--with", "--without") and not equals and left:
            value = left.pop(0)
        match option:
            case "-G" | "--group" | "--with":
                groups += _names(value.replace(":all", ",".join((*known.groups, *known.extras))))
            case "--prod" | "--production" | "--no-dev":
                dev = False
            case "--no-self":
                found.installs = False
    # Every group for development is installed unless one is named.
    groups = groups or ([*known.groups] if dev else [])
    found.extras = [each for each in groups if each in known.extras]
    found.groups = [each for each in groups if each not in known.extras]
    return found, ()


_Tool = Callable[[Sequence[str], Known, str, tuple[str, ...]], _Parts]
_TOOLS: Final[Mapping[str, _Tool]] = {"pdm": _pdm, "pip": _pip, "poetry": _poetry, "uv": _uv}
