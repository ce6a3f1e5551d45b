"""Containers whose programs trust the certificates of `--ca`, beside the system's."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import dagger
from dagger import dag

from wheelwright.container import steps
from wheelwright.container.certificates import EVERYWHERE, NAMING_A_FILE, OF_TOOLS
from wheelwright.container.privileges import DATA
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON, slim_image

JOINED: Final = "/opt/wheelwright/certificates.pem"
"""Where the system's certificates and those of `--ca` are, as one file."""

_PROGRAM: Final = "/opt/wheelwright/certificates.py"
_GIVEN: Final = "/opt/wheelwright/given.pem"


def with_authorities(container: dagger.Container, ca: dagger.File | None) -> dagger.Container:
    """Let every program trust the certificates of `--ca` beside the system's; None: as it is."""
    if ca is None:
        return container
    container = container.with_file(JOINED, joined(ca))
    return steps.with_variables(container, dict.fromkeys(NAMING_A_FILE, JOINED))


def without_authorities(container: dagger.Container) -> dagger.Container:
    """Return a container for code of the package, which trusts what it would trust elsewhere."""
    container = steps.without_variables(container, NAMING_A_FILE)
    return steps.with_variables(container, {**EVERYWHERE, **OF_TOOLS})


def joined(ca: dagger.File) -> dagger.File:
    """Return the certificates of the system and those of `--ca` as one file.

    The step is another one in each call: which authorities a machine has is in no key.
    """
    program = (files("wheelwright.inside") / "certificates.py").read_text(encoding="utf-8")
    container = (
        dag.container()
        .from_(slim_image(DEFAULT_PYTHON))
        .with_new_file(_PROGRAM, program)
        .with_file(_GIVEN, ca)
    )
    container = steps.once_in_each_call(container)
    return steps.run(container, ["python", _PROGRAM, _GIVEN, JOINED], kind=DATA).file(JOINED)


def checked(text: str) -> str:
    """Return the text of `--ca`.

    Raises:
        RequestError: no certificate is in it.
    """
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise RequestError("--ca has no certificate in PEM", "pass a file with BEGIN CERTIFICATE")
    return text
