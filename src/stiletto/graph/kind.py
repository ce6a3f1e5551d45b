"""The kinds of types, as the API's own types and a module's definition name them."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """The kind of a type; values are those of the API's TypeDefKind."""

    STRING = "STRING_KIND"
    INTEGER = "INTEGER_KIND"
    FLOAT = "FLOAT_KIND"
    BOOLEAN = "BOOLEAN_KIND"
    SCALAR = "SCALAR_KIND"
    LIST = "LIST_KIND"
    OBJECT = "OBJECT_KIND"
    INTERFACE = "INTERFACE_KIND"
    INPUT = "INPUT_KIND"
    VOID = "VOID_KIND"
    ENUM = "ENUM_KIND"
