"""Installs a package into an empty environment, and takes out what an environment gets by that.

    package.py SOURCE ENVIRONMENT OUT -- COMMAND...

    OUT/site/      files for the directory of packages
    OUT/prefix/    files for the environment itself, such as its programs
    OUT/source/    files that the build wrote into the source
    OUT/facts.json all of these by path, and what says whether they fit another Python

The files have the same contents whichever Python has built them: what uv notes of the times of
files is left out.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# What an environment has before anything is installed into it, and caches.
_OWN = {"_virtualenv.py", "_virtualenv.pth", "__pycache__"}
_TIMES = "uv_cache.json"
_PLACE = "/opt/venv"
# Files that run code in a build, or move its tables to where nobody has looked.
_CODE = ("setup.py", "hatch_build.py", "pdm_build.py")
_HATCH = re.compile(r"^\s*\[*\s*(build|metadata|version)\b", re.MULTILINE)
_SETUP_CFG = re.compile(r"\b(cmdclass|ext_modules|setup_requires)\b")


def main(source: Path, environment: Path, out: Path, command: list[str]) -> int:
    """Install, take out, and report; return the exit code of the command."""
    if os.environ.get("UV_PROJECT_ENVIRONMENT", _PLACE) != _PLACE:
        # An engine without containers: what is installed has paths that no other cell has.
        out.mkdir(parents=True, exist_ok=True)
        (out / "facts.json").write_text('{"own": "paths of this cell"}', encoding="utf-8")
        return 0
    before = _state(source)
    bytecode = out / "bytecode"
    variables = dict(os.environ)
    # Each module that the build imports leaves a file there.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    variables["PYTHONPYCACHEPREFIX"] = str(bytecode)
    if command[:2] != ["uv", "sync"]:
        subprocess.run(
            ["uv", "venv", "--quiet", "--allow-existing", str(environment)],
            env=variables,
            check=True,
        )
    ended = subprocess.run(command, env=variables, check=False).returncode
    if ended:
        return ended
    facts: dict[str, Any] = {"run": _modules(bytecode, source)}
    shutil.rmtree(bytecode, ignore_errors=True)
    facts.update(_source(source, before, out / "source"))
    facts.update(_installed(environment, out))
    (out / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    return 0


def _state(top: Path) -> dict[str, tuple[int, ...]]:
    """Return each file and directory below, with what changes when it is written."""
    found: dict[str, tuple[int, ...]] = {}
    left = [""]
    while left:
        where = left.pop()
        with os.scandir(top / where) as entries:
            for entry in entries:
                path, known = where + entry.name, entry.stat(follow_symlinks=False)
                if not entry.is_dir(follow_symlinks=False):
                    found[path] = (known.st_mode, known.st_size, known.st_mtime_ns, known.st_ino)
                elif entry.name not in (".git", "__pycache__"):
                    found[path] = (known.st_mode,)
                    left.append(f"{path}/")
    return found


def _source(top: Path, before: dict[str, tuple[int, ...]], out: Path) -> dict[str, Any]:
    """Take out what is new or has changed in the source; what is no file is special."""
    after = _state(top)
    written, special, directories = [], [], []
    for path in sorted(path for path, state in after.items() if before.get(path) != state):
        here = top / path
        if here.is_symlink() or not (here.is_file() or path not in before):
            special.append(path)
        elif here.is_file():
            _copy(here, out / path)
            written.append(path)
        elif not any(here.iterdir()):
            directories.append(path)
    removed = sorted(before.keys() - after.keys())
    return {"source": written, "removed": removed, "special": special, "directories": directories}


def _installed(environment: Path, out: Path) -> dict[str, Any]:
    """Take out what was installed, by the list that each package has of its files."""
    (site,) = environment.glob("lib/*/site-packages")
    in_site = [path for path in _state(site) if not _OWN.intersection(path.split("/"))]
    in_site = [path for path in in_site if (site / path).is_file() and not path.endswith(_TIMES)]
    packages, prefix, code = [], [], []
    for info in sorted(site.glob("*.dist-info")):
        wheel = HeaderParser().parsestr((info / "WHEEL").read_text(encoding="utf-8"))
        metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
        packages.append(
            {
                "name": metadata["Name"],
                "requires_python": metadata["Requires-Python"] or "",
                "tags": wheel.get_all("Tag", []),
                "purelib": (wheel["Root-Is-Purelib"] or "").strip().lower(),
            }
        )
        prefix += _outside(info, site, environment)
        code += _code(info)
    for path in in_site:
        _copy(site / path, out / "site" / path)
    for path in prefix:
        _copy(environment / path, out / "prefix" / path)
    for record in (out / "site").glob("*.dist-info/RECORD"):
        _without_times(record)
    return {"packages": packages, "site": sorted(in_site), "prefix": sorted(prefix), "code": code}


def _outside(info: Path, site: Path, environment: Path) -> list[str]:
    """Return the files of a package that are not in the directory of packages."""
    rows = csv.reader(io.StringIO((info / "RECORD").read_text(encoding="utf-8")))
    paths = [Path(os.path.normpath(site / row[0])) for row in rows if row]
    return [os.path.relpath(path, environment) for path in paths if site not in path.parents]


def _code(info: Path) -> list[str]:
    """Return what in the directory of a package was not looked at before the build."""
    written = info / "direct_url.json"
    if not written.is_file():
        return []
    url = json.loads(written.read_text(encoding="utf-8"))["url"]
    place = Path(unquote(urlsplit(url).path))
    found = [name for name in _CODE if (place / name).exists()]
    for name, pattern in (("hatch.toml", _HATCH), ("setup.cfg", _SETUP_CFG)):
        path = place / name
        if path.is_file() and pattern.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append(name)
    return found


def _modules(bytecode: Path, source: Path) -> list[str]:
    """Return the modules of the source that the build has run."""
    if not hasattr(sys, "pycache_prefix"):
        return ["not known before Python 3.8"]
    below = bytecode / str(source.absolute()).lstrip(os.sep)
    return sorted(str(path.relative_to(below)) for path in below.rglob("*.pyc"))


def _without_times(record: Path) -> None:
    """Leave the note of uv out of the list of a package's files."""
    note = f"/{_TIMES},".encode()
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(line for line in lines if note not in line))


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to)


if __name__ == "__main__":
    at = sys.argv.index("--")
    source, environment, out = map(Path, sys.argv[1:at])
    sys.exit(main(source, environment, out, sys.argv[at + 1 :]))
