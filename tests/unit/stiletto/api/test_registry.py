"""The table of calls agrees with the schema's own signatures."""

from __future__ import annotations

import inspect
import json
import keyword
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import stiletto.engine.session  # noqa: F401 - registers every call
from stiletto.api.definition import ArgDef, FunctionDef, TypeRef
from stiletto.api.fields import FIELDS, attribute
from stiletto.api.registry import Call, snake
from stiletto.engine.calls import CALLS
from stiletto.graph.kind import Kind
from stiletto.graph.recipe import Recipe
from stiletto.wire.schema import CoreSchema, core_schema

UNSUPPORTED: frozenset[str] = frozenset()
"""Arguments that the SDK can send and an implemented call does not take: `Type.field(argument)`."""

OTHER_DEFAULTS = {
    # Not given and given as SHARED differ: the latter names another volume.
    "Container.withMountedCache(sharing)": "",
}


@pytest.fixture(scope="module")
def core() -> CoreSchema:
    """Return the schema that clients see."""
    return core_schema()


def python_name(arg: ArgDef) -> str:
    """Return the Python parameter of an API argument."""
    name = snake(arg.name)
    return name + "_" if keyword.iskeyword(name) else name


def function_of(core: CoreSchema, name: str) -> FunctionDef:
    """Return what the SDK says of a call."""
    type_name, _, field = name.partition(".")
    return core.objects[type_name].functions[field]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_call_is_the_sdks(core: CoreSchema, call: Call) -> None:
    """An implemented call exists in the SDK, with the same arguments and the same defaults."""
    known = {python_name(arg): arg for arg in function_of(core, call.name).args}

    assert not call.parameters.keys() - known.keys()
    for name, arg in known.items():
        full = f"{call.name}({arg.name})"
        assert (full in UNSUPPORTED) == (name not in call.parameters), full
        if name not in call.parameters:
            continue
        default = call.parameters[name].default
        if arg.required:
            assert inspect.Parameter.empty is default, full
            continue
        wanted = json.loads(arg.default) if arg.default is not None else None
        given = list(default) if isinstance(default, tuple) else default
        assert OTHER_DEFAULTS.get(full, wanted) == given, full


def written(hint: Any) -> str:
    """Return an attribute's type, without `None`, as `plain` writes the SDK's."""
    given = [each for each in get_args(hint) if each not in (Ellipsis, NoneType)]
    if given:
        return f"[{written(given[0])}]" if get_origin(hint) is tuple else written(given[0])
    return str(hint.TYPE if issubclass(hint, Recipe) else hint.__name__)


def plain(of: TypeRef) -> str:
    """Return a type of the SDK as Python has it: enums and other scalars are texts."""
    if of.element is not None:
        return f"[{plain(of.element)}]"
    builtins = {Kind.INTEGER: "int", Kind.BOOLEAN: "bool", Kind.OBJECT: of.name}
    return builtins.get(of.kind, "str")


@pytest.mark.parametrize(
    ("of", "name"), [(of, name) for of, names in FIELDS.items() for name in names]
)
def test_field_has_the_sdks_type(core: CoreSchema, of: type[Recipe], name: str) -> None:
    """A call of the table answers an attribute that exists, of the type that the SDK expects."""
    expected = function_of(core, f"{of.TYPE}.{name}").returns

    assert plain(expected) == written(get_type_hints(of)[attribute(name)])


def test_exceptions_are_still_needed(core: CoreSchema) -> None:
    """Nothing is excused that does not exist."""
    for full in (*UNSUPPORTED, *OTHER_DEFAULTS):
        name, _, arg = full.rstrip(")").partition("(")
        assert name in CALLS
        assert function_of(core, name).arg(arg) is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("useEntrypoint", "use_entrypoint"),
        ("args", "args"),
        ("typeDef", "type_def"),
        ("sshKnownHosts", "ssh_known_hosts"),
        ("httpAuthToken", "http_auth_token"),
        ("asJSON", "as_json"),
    ],
)
def test_python_names(name: str, expected: str) -> None:
    """API names become Python's as in the SDK."""
    assert expected == snake(name)
