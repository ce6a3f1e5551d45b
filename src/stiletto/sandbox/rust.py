"""The machine's Rust: what a build of an extension module finds of it.

    <toolchain>/            bin, lib: the compiler and its libraries
    <folder of cargo>/      programs alone

Nothing beside them is shown: ~/.cargo holds the credentials of registries. A toolchain of rustup is
shown itself, first on PATH, because rustup's own `cargo` would want to write to its home.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stiletto.sandbox.userland import ROOTS, stamp

PROGRAMS = ("cargo", "rustc")
SETTINGS_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Rust:
    """Directories to show, those of programs in the order of PATH, and what identifies them."""

    directories: tuple[Path, ...]
    path: tuple[str, ...]
    facts: tuple[str, ...]


def find_rust(env: Mapping[str, str], home: Path) -> Rust | None:
    """Return the Rust of the caller's PATH, or of cargo's home; None where both programs are not.

    One in a directory of the system needs nothing: it is shown with the machine's userland.
    """
    found = {name: _program(name, env, home) for name in PROGRAMS}
    programs = [program for program in found.values() if program is not None]
    if len(programs) < len(PROGRAMS):
        return None
    shown = [program for program in programs if not _of_system(program.resolve())]
    if not shown:
        return None
    toolchains = [root for program in shown if (root := _toolchain(program, env, home))]
    folders = [program.parent for program in shown if not _of_system(program)]
    directories = tuple(dict.fromkeys((*toolchains, *folders)))
    path = dict.fromkeys((*(str(root / "bin") for root in toolchains), *map(str, folders)))
    actual = [root / "bin" / name for root in toolchains for name in PROGRAMS]
    facts = tuple(stamp(file) for file in dict.fromkeys((*actual, *shown)) if _is_file(file))
    return Rust(directories, tuple(path), facts)


def _program(name: str, env: Mapping[str, str], home: Path) -> Path | None:
    folders = [Path(part) for part in env.get("PATH", "").split(os.pathsep) if part.startswith("/")]
    for folder in [*folders, Path(env.get("CARGO_HOME") or home / ".cargo") / "bin"]:
        program = folder / name
        if _is_file(program) and os.access(program, os.X_OK):
            return program
    return None


def _of_system(program: Path) -> bool:
    return program.parts[1] in ("usr", *ROOTS)


def _toolchain(program: Path, env: Mapping[str, str], home: Path) -> Path | None:
    """Return the toolchain that a program is of; None for a program of its own, as a script."""
    actual = program.resolve()
    if actual.name != "rustup" and not _same(program, program.with_name("rustup")):
        root = actual.parent.parent
        return root if _is_toolchain(root) else None
    # As rustup looks for its home; PATH may be another user's.
    places = [Path(env["RUSTUP_HOME"])] if env.get("RUSTUP_HOME") else []
    places += [home / ".rustup", program.parent.parent.parent / ".rustup"]
    return next((root for place in places for root in _installed(place, env)), None)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _installed(rustup: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Yield the toolchains of a home of rustup, the selected one first."""
    settings = _settings(rustup / "settings.toml")
    name = env.get("RUSTUP_TOOLCHAIN") or str(settings.get("default_toolchain") or "")
    folder = rustup / "toolchains"
    try:
        every = sorted(folder.iterdir())
    except OSError:
        return
    chosen = [root for root in every if name and root.name == name]
    # A short name is that of this machine's: `stable` is `stable-x86_64-unknown-linux-gnu`.
    chosen += [root for root in every if name and root.name.startswith(f"{name}-")]
    for root in dict.fromkeys((*chosen, *every)):
        if _is_toolchain(root):
            yield root.resolve()


def _settings(file: Path) -> dict[str, object]:
    try:
        if file.stat().st_size > SETTINGS_MAX_BYTES:
            return {}
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _is_toolchain(root: Path) -> bool:
    return _is_file(root / "bin" / "rustc") and os.access(root / "lib" / "rustlib", os.R_OK)


def _is_file(path: Path) -> bool:
    """Whether it is a file; False in a directory that is closed to this user."""
    try:
        return path.is_file()
    except OSError:
        return False
