"""What a module may not offer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stiletto.api.definition import FieldDef, FunctionDef, TypeRef
from stiletto.errors import ModuleFailed
from stiletto.graph.kind import Kind
from stiletto.module.validation import validate
from tests.unit.stiletto.module.module_samples import HELLO

FOREIGN = {"OtherThing": "other"}
THING = TypeRef(Kind.OBJECT, "OtherThing")


def test_own_and_core_types_may_be_offered() -> None:
    """What is neither of a used module nor reserved passes."""
    hello = HELLO.objects["Hello"]
    assert hello.constructor
    offered = {arg.type.name for arg in hello.constructor.args}
    offered |= {function.returns.name for function in hello.functions.values()}

    assert {"HelloGreeting", "Secret"} <= offered
    validate(HELLO, FOREIGN)


def test_types_of_used_modules_are_refused_all_at_once() -> None:
    """Fields, results and arguments are told together, also inside lists."""
    greeting = HELLO.objects["HelloGreeting"]
    shout = greeting.functions["shout"]
    arg = replace(shout.args[0], type=TypeRef(Kind.LIST, element=THING))
    changed = replace(
        greeting,
        fields={"kept": FieldDef("kept", THING, original="kept")},
        functions={"shout": replace(shout, returns=THING, args=(arg,))},
    )
    with pytest.raises(ModuleFailed) as caught:
        validate(
            replace(HELLO, objects={**HELLO.objects, "HelloGreeting": changed}),
            FOREIGN,
        )

    of = 'external type from dependency module "other"'
    assert [
        f'object "Greeting" field "kept" cannot reference {of}',
        f'object "Greeting" function "shout" cannot return {of}',
        f'object "Greeting" function "shout" arg "times" cannot reference {of}',
    ] == str(caught.value).splitlines()


def test_id_is_reserved() -> None:
    """Every object has an id already."""
    main = HELLO.main_object
    function = FunctionDef("id", TypeRef(Kind.STRING), original="id")
    changed = replace(main, functions={**main.functions, "id": function})
    with pytest.raises(ModuleFailed, match='reserved name "id" on object "Hello"'):
        validate(replace(HELLO, objects={**HELLO.objects, "Hello": changed}), {})
