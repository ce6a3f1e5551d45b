"""A small definition that the tests of this directory share."""

from __future__ import annotations

from stiletto.api.definition import (
    ArgDef,
    EnumDef,
    FieldDef,
    FunctionDef,
    ModuleDef,
    ObjectDef,
    TypeRef,
)
from stiletto.graph.kind import Kind

__all__ = ["HELLO", "INT", "STRING"]

STRING = TypeRef(Kind.STRING)
INT = TypeRef(Kind.INTEGER)
BOOL = TypeRef(Kind.BOOLEAN)
FLOAT = TypeRef(Kind.FLOAT)
COLOR = TypeRef(Kind.ENUM, "HelloColor")
GREETING = TypeRef(Kind.OBJECT, "HelloGreeting")


def _arg(name: str, of: TypeRef, default: str | None = None, original: str = "") -> ArgDef:
    return ArgDef(name, of, default=default, original=original or name)


HELLO = ModuleDef(
    "hello",
    "Hello",
    "Says hello.",
    objects={
        "Hello": ObjectDef(
            "Hello",
            "Greets.",
            functions={
                "checkFormat": FunctionDef(
                    "checkFormat",
                    GREETING,
                    (
                        _arg("cellLimit", INT, "1", "cell_limit"),
                        _arg("fast", BOOL, "false"),
                        _arg("rate", FLOAT, "1.0"),
                        _arg("names", TypeRef(Kind.LIST, element=STRING), "[]"),
                        _arg("counts", TypeRef(Kind.LIST, element=INT), "[]"),
                        _arg("color", COLOR, '"RED"'),
                    ),
                    original="check_format",
                ),
                "all": FunctionDef("all", TypeRef(Kind.LIST, element=GREETING), original="all"),
                "quiet": FunctionDef("quiet", TypeRef(Kind.VOID, optional=True), original="quiet"),
            },
            constructor=FunctionDef(
                "",
                TypeRef(Kind.OBJECT, "Hello"),
                (
                    _arg("greeting", STRING, '"hi"'),
                    _arg("name", STRING),
                    _arg("token", TypeRef(Kind.OBJECT, "Secret")),
                    _arg("class", TypeRef(Kind.STRING, optional=True), original="class_"),
                ),
            ),
            original="Hello",
        ),
        "HelloGreeting": ObjectDef(
            "HelloGreeting",
            "A greeting.",
            fields={"text": FieldDef("text", STRING, original="text")},
            functions={
                "shout": FunctionDef("shout", STRING, (_arg("times", INT, "1"),), original="shout")
            },
            original="Greeting",
        ),
    },
    enums={
        "HelloColor": EnumDef("HelloColor", ("RED", "BLUE"), values={"RED": "red", "BLUE": "blue"})
    },
)
