"""The module's recorded definition, for what reads functions as the command line does."""

from __future__ import annotations

import json
from pathlib import Path

from stiletto.api.definition import EnumDef, ObjectDef, from_json

ROOT = Path(__file__).resolve().parents[3]
RECORD = ROOT / "tests" / "e2e" / "recorded" / "registration.json"
MODULE = from_json(json.loads(RECORD.read_text(encoding="utf-8")))


class Types:
    """The module's types; what the core API returns has nothing to call here."""

    def object_def(self, type_name: str) -> ObjectDef | None:
        """Return an object of the module."""
        return MODULE.objects.get(type_name)

    def enum_def(self, type_name: str) -> EnumDef | None:
        """Return an enum of the module."""
        return MODULE.enums.get(type_name)

    def refuses(self, type_name: str, function: str) -> bool:  # noqa: ARG002 - the port's own
        """Refuse nothing."""
        return False


TYPES = Types()
