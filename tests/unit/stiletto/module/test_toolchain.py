"""Customizations, and the command line's view of toolchains."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stiletto.api.definition import ArgDef, FunctionDef, ModuleDef, ObjectDef
from stiletto.cli.checktree import checks_of
from stiletto.errors import UsageError
from stiletto.module.config import Customization
from stiletto.module.toolchain import customize, with_toolchains
from tests.unit.stiletto.module.module_samples import HELLO


def customized(
    argument: str, *function: str, default: str = "", path: str = "", address: str = ""
) -> ModuleDef:
    """Return the sample with one customization."""
    given = Customization(argument, function, default, path, address)
    return customize(HELLO, [given])[0]


def argument(module: ModuleDef, name: str, function: str = "", type_: str = "Hello") -> ArgDef:
    """Return an argument; without a function, of the constructor."""
    item = module.objects[type_]
    found = item.functions[function] if function else item.constructor
    arg = found.arg(name) if found else None
    assert arg is not None
    return arg


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("cellLimit", "3", 3),
        ("cell_limit", "3", 3),
        ("fast", "true", True),
        ("fast", "no", False),
        ("rate", "0.5", 0.5),
        ("names", "a,b", ["a", "b"]),
        ("names", '["a", "b"]', ["a", "b"]),
        ("counts", "1,2", [1, 2]),
        ("color", "BLUE", "BLUE"),
    ],
)
def test_text_becomes_what_the_argument_is(name: str, text: str, value: object) -> None:
    """All values of a customization are text; the argument's type says how to read it."""
    module = customized(name, "check_format", default=text)
    api_name = "cellLimit" if name == "cell_limit" else name

    assert value == json.loads(argument(module, api_name, "checkFormat").default or "null")


def test_numerical_text_stays_text() -> None:
    """A string argument gets a string, whatever it looks like."""
    assert '"8.0"' == argument(customized("greeting", default="8.0"), "greeting").default


def test_path_of_functions() -> None:
    """A path leads through what functions return."""
    module = customized("times", "checkFormat", "shout", default="3")

    assert "3" == argument(module, "times", "shout", "HelloGreeting").default


def test_path_and_address_exclude_each_other() -> None:
    """The later kind of default takes the place of the earlier, and makes it optional."""
    first = Customization("token", default_path="./x")
    second = Customization("token", default_address="python:3.12")
    arg = argument(customize(HELLO, [first, second])[0], "token")

    assert (None, "python:3.12", False) == (arg.default_path, arg.default_address, arg.required)


def test_default_of_an_object_is_an_address() -> None:
    """An object's default is looked up when it is needed."""
    module, addresses, _ = customize(HELLO, [Customization("token", default="env://T")])

    assert {("Hello", "", "token"): "env://T"} == addresses
    assert not argument(module, "token").required


def test_ignore_replaces() -> None:
    """Patterns take the place of the module's own."""
    module, _, _ = customize(HELLO, [Customization("token", ignore=("*.md",))])

    assert ("*.md",) == argument(module, "token").ignore


def test_what_is_not_there_is_told() -> None:
    """A customization of nothing changes nothing, and says so."""
    given = [Customization("nope", default="1"), Customization("x", ("gone",), "1")]
    module, _, missed = customize(HELLO, given)

    assert HELLO == module
    assert [
        "customization of hello(nope) matches nothing",
        "customization of hello.gone(x) matches nothing",
    ] == missed


def test_text_that_does_not_fit() -> None:
    """A number that is none is refused, with the argument's name."""
    with pytest.raises(UsageError, match=r"hello\.check_format\(cellLimit=\.\.\.\): 'x'"):
        customized("cellLimit", "check_format", default="x")


def project(ignored: tuple[str, ...] = ()) -> ModuleDef:
    """Return a project without code that has the sample as toolchain, with two checks."""
    main = HELLO.main_object
    checked = {
        name: replace(function, check=True)
        for name, function in main.functions.items()
        if name != "all"
    }
    no_arguments = FunctionDef("", main.constructor.returns) if main.constructor else None
    tool = replace(
        HELLO,
        objects={
            **HELLO.objects,
            "Hello": replace(main, functions=checked, constructor=no_arguments),
        },
    )
    empty = ModuleDef("project", "Project", objects={"Project": ObjectDef("Project")})
    return with_toolchains(empty, [(tool, ignored)])


def test_toolchain_is_a_function_of_the_project() -> None:
    """A toolchain is called by its name; its constructor's arguments are that function's."""
    empty = ModuleDef("project", "Project", objects={"Project": ObjectDef("Project")})
    function = with_toolchains(empty, [(HELLO, ())]).main_object.functions["hello"]

    assert ["greeting", "name", "token", "class"] == [arg.name for arg in function.args]
    assert ("Hello", "Says hello.") == (function.returns.name, function.description)


def test_checks_go_by_the_toolchains_name() -> None:
    """The project's own name does not appear in a toolchain's checks."""
    checks = checks_of(project())

    assert ["hello:check-format", "hello:quiet"] == [check.name for check in checks]
    assert ("hello", "quiet") == checks[1].call_args


@pytest.mark.parametrize("pattern", ["check-format", "hello:check-*", "checkFormat"])
def test_ignored_checks_are_not_there(pattern: str) -> None:
    """`ignoreChecks` means checks with the toolchain's name or without."""
    assert ["hello:quiet"] == [check.name for check in checks_of(project((pattern,)))]
