"""What a GitHub release has beside the distributions: what the package depends on, as files.

    PACKAGE-VERSION.cdx.json   CycloneDX 1.5: the locked dependencies, for scanners
    pylock.PACKAGE.toml        PEP 751: the same to install from

Both are made from the uv.lock of the release commit by `uv export`, and are the same bytes on every
run: uv puts a random number and the clock's time into the first, which are replaced here.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from wheelwright.distribution.file import File
from wheelwright.project.reading import json_data

EXPORT: Final = ("uv", "export", "--no-default-groups", "--no-emit-workspace", "--frozen")
"""The dependencies of the package itself: no group for development, no member of a workspace."""

_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/")


def names(package: str, version: str) -> tuple[str, str]:
    """Return the names that such files have, and no others."""
    # PEP 751 takes pylock.NAME.toml, without a dot in the name.
    stem = re.sub(r"[^a-z0-9-]", "-", package)
    return f"{package}-{version}.cdx.json", f"pylock.{stem}.toml"


def files(texts: Mapping[str, str]) -> tuple[File, ...]:
    """Return the names and digests of such files."""
    return tuple(
        File(name, hashlib.sha256(text.encode()).hexdigest()) for name, text in texts.items()
    )


def sbom(text: str, package: str, version: str, epoch_s: int) -> str:
    """Return a CycloneDX file with a fixed serial number, the release's version and its time.

    Raises:
        ValueError: it is something else.
    """
    try:
        data = json_data(text)
        metadata = data["metadata"]
        metadata["timestamp"] = datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata["component"]["version"] = version
        data["serialNumber"] = f"urn:uuid:{uuid.uuid5(_SPACE, f'{package} {version}')}"
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a CycloneDX file: {error!r}") from error
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
