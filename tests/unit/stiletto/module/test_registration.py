"""What a registered module becomes: types, functions and arguments."""

from __future__ import annotations

import json

import pytest

from stiletto.api import typedefs as t
from stiletto.api.definition import ModuleDef, TypeRef, from_json, to_json
from stiletto.errors import ModuleFailed
from stiletto.graph.kind import Kind
from stiletto.module.registration import define

STRING = t.with_kind(t.TypeDef(), "STRING_KIND")


def an_object(name: str, *functions: t.Function) -> t.TypeDef:
    """Return an object type with functions."""
    made = t.with_object(t.TypeDef(), name, f"About {name}.")
    for function in functions:
        made = t.with_function(made, function)
    return made


def module(*objects: t.TypeDef) -> t.Module:
    """Return a module with object types."""
    made = t.module_description(t.Module(), "About it.")
    for item in objects:
        made = t.module_object(made, item)
    return made


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("Post", "Post"),
        ("PostIt", "PostIt"),
        ("Postman", "PostPostman"),
        ("Letter", "PostLetter"),
    ],
)
def test_types_carry_the_modules_name(own: str, expected: str) -> None:
    """A type's name starts with the module's, where a word of it ends there."""
    made = define("post", module(an_object("Post"), an_object(own)))

    assert expected in made.objects
    assert own == made.objects[expected].original


def defined() -> ModuleDef:
    """Return a module that uses everything there is."""
    wheel = t.with_field(an_object("Wheel"), "tooth_count", STRING, "How many.")
    wheels = t.with_list_of(t.TypeDef(), t.with_object(t.TypeDef(), "Wheel"))
    directory = t.with_object(t.TypeDef(), "Directory")
    turn = t.function_description(t.new_function(t.Module(), "turn_all", wheels), "Turn.")
    turn = t.with_arg(turn, "how_often", t.with_optional(STRING, True), "Count.", "3")
    turn = t.with_arg(turn, "source", directory, default_path="/", ignore=["x"])
    turn = t.with_cache_policy(t.with_check(turn), "Never")
    main = t.with_constructor(
        an_object("GearBox", turn),
        t.with_arg(t.new_function(t.Module(), "", STRING), "size", STRING),
    )
    direction = t.with_enum(t.TypeDef(), "Direction", "Where.")
    direction = t.with_enum_member(direction, "LEFT", "left", "To the left.")
    return define("gear-box", t.module_enum(module(main, wheel), direction))


def test_definition() -> None:
    """Own types are renamed where they are used, the API's own stay."""
    made = defined()
    turn = made.main_object.functions["turnAll"]

    assert ("gear-box", "GearBox", "About it.") == (made.name, made.main, made.description)
    assert TypeRef(Kind.LIST, element=TypeRef(Kind.OBJECT, "GearBoxWheel")) == turn.returns
    assert ("turn_all", "Turn.", "never", True) == (
        turn.original,
        turn.description,
        turn.cache,
        turn.check,
    )
    often, source = turn.args
    assert ("howOften", "how_often", "3", False) == (
        often.name,
        often.original,
        often.default,
        often.required,
    )
    assert ("Directory", "/", ("x",), False) == (
        source.type.name,
        source.default_path,
        source.ignore,
        source.required,
    )
    field = made.objects["GearBoxWheel"].fields["toothCount"]
    assert ("tooth_count", "How many.") == (field.original, field.description)
    direction = made.enums["GearBoxDirection"]
    assert (("LEFT",), {"LEFT": "left"}) == (direction.members, direction.values)
    constructor = made.main_object.constructor
    assert constructor is not None
    assert ["size"] == [arg.name for arg in constructor.args if arg.required]


def test_definition_is_plain_data() -> None:
    """A stored definition reads back as the same."""
    assert defined() == from_json(json.loads(json.dumps(to_json(defined()))))


def test_module_without_its_main_object() -> None:
    """The error names the class that has to be there."""
    with pytest.raises(ModuleFailed, match="module gear-box has no object named GearBox"):
        define("gear-box", module(an_object("Other")))
