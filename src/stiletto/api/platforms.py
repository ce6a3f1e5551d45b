"""The platform of a container: this machine's, and no other (pure).

    os/architecture[/variant]     linux/amd64, linux/x86_64, linux/arm64/v8, amd64, linux

A part that is left out is this machine's, and architectures have more than one name, as in
containerd's `platforms`. Programs of another platform do not run here, so it is refused: on the
real engine a step would see another processor.
"""

from __future__ import annotations

import platform
import re

from stiletto.errors import NotSupported, UsageError

ARCHITECTURES = {
    "aarch64": "arm64",
    "armv7l": "arm/v7",
    "x86-64": "amd64",
    "x86_64": "amd64",
}
VARIANTS = {"amd64": ("", "v1"), "arm64": ("", "8", "v8")}
"""The variants that are the architecture itself."""

KNOWN_SYSTEMS = frozenset({"darwin", "freebsd", "linux", "wasip1", "windows"})
KNOWN_ARCHITECTURES = frozenset(
    {
        *("386", "aarch64", "amd64", "arm", "arm64", "armel", "armhf", "i386", "loong64"),
        *("mips64le", "ppc64le", "riscv64", "s390x", "wasm", "x86-64", "x86_64"),
    }
)
"""What may stand alone."""


def own_platform() -> str:
    """Return the platform of this machine, such as `linux/amd64`."""
    machine = platform.machine()
    return f"linux/{ARCHITECTURES.get(machine, machine)}"


def require_own_platform(call: str, text: str) -> None:
    """Return if `text` means the platform of this machine.

    Raises:
        UsageError: it is not a platform.
        NotSupported: it is another one.
    """
    parts = text.strip().lower().split("/")
    known = len(parts) > 1 or parts[0] in KNOWN_SYSTEMS | KNOWN_ARCHITECTURES
    if not known or len(parts) > 3 or not all(re.fullmatch(r"[a-z0-9_-]+", p) for p in parts):
        raise UsageError(
            f"{call}: {text!r} is not a platform", hint="write it like linux/amd64 or linux/arm64"
        )
    system, own = "linux", own_platform()
    if len(parts) > 1 or parts[0] in KNOWN_SYSTEMS:
        system, *parts = parts
    architecture = parts[0] if parts else own.partition("/")[2]
    architecture = ARCHITECTURES.get(architecture, architecture)
    variant = parts[1] if len(parts) > 1 else ""
    if f"{system}/{architecture}" != own or variant not in VARIANTS.get(architecture, ("",)):
        raise NotSupported(f"{call}(platform:{text})")
