"""What `.env` files say about arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from stiletto.api.definition import ArgDef, ModuleDef
from stiletto.errors import UsageError
from stiletto.module.defaults import EnvFile, apply_defaults, module_defaults, parse_env
from tests.unit.stiletto.module.module_samples import HELLO


def applied(
    text: str, environ: Mapping[str, str] | None = None, *, constructor: bool = True
) -> tuple[ModuleDef, Mapping[tuple[str, str, str], str], list[str]]:
    """Apply the text of a `.env` that stands around the working directory."""
    values = module_defaults(EnvFile(), parse_env(text), "hello", "hello")
    return apply_defaults(HELLO, values, environ or {}, constructor=constructor)


def argument(module: ModuleDef, function: str, name: str, type_: str = "Hello") -> ArgDef:
    """Return an argument of a function; an empty function is the constructor."""
    item = module.objects[type_]
    found = item.functions[function] if function else item.constructor
    arg = found.arg(name) if found else None
    assert arg is not None
    return arg


@pytest.mark.parametrize(
    ("line", "function", "name", "value"),
    [
        ("HELLO_GREETING=yo", "", "greeting", "yo"),
        ("hello_Greeting=yo", "", "greeting", "yo"),
        ("export HELLO_GREETING=yo", "", "greeting", "yo"),
        ("HELLO_CHECK_FORMAT_CELLLIMIT=3", "checkFormat", "cellLimit", 3),
        ("HELLO_checkFormat_cellLimit=3", "checkFormat", "cellLimit", 3),
        ("HELLO_CHECKFORMAT_FAST=true", "checkFormat", "fast", True),
        ("HELLO_CHECKFORMAT_RATE=0.5", "checkFormat", "rate", 0.5),
        ("HELLO_CHECKFORMAT_NAMES=a,b", "checkFormat", "names", ["a", "b"]),
        ("HELLO_CHECKFORMAT_COUNTS=1,2", "checkFormat", "counts", [1, 2]),
        ("HELLO_CHECKFORMAT_COLOR='\"BLUE\"'", "checkFormat", "color", "BLUE"),
    ],
)
def test_default(line: str, function: str, name: str, value: object) -> None:
    """A variable is a default, by module, function and argument, in the argument's type."""
    module, _, _ = applied(line)

    assert value == json.loads(argument(module, function, name).default or "null")


def test_function_of_another_object() -> None:
    """Functions of other objects carry the object's name too."""
    module, _, _ = applied("HELLO_GREETING_SHOUT_TIMES=4")

    assert "4" == argument(module, "shout", "times", "HelloGreeting").default


def test_arguments_are_not_spelled_with_underscores() -> None:
    """An argument is compared by its API name alone, as in the real engine."""
    module, _, _ = applied("HELLO_CHECK_FORMAT_CELL_LIMIT=3")

    assert "1" == argument(module, "checkFormat", "cellLimit").default


def test_default_makes_a_required_argument_optional() -> None:
    """What has a user default need not be given; an object's is kept as an address."""
    module, addresses, said = applied("HELLO_NAME=bob\nHELLO_TOKEN=env://TOKEN")

    assert not argument(module, "", "name").required
    assert not argument(module, "", "token").required
    assert {("Hello", "", "token"): "env://TOKEN"} == addresses
    assert ['user default: hello(name="bob")', 'user default: hello(token="env://TOKEN")'] == said


def test_plaintext_of_a_secret_is_not_told() -> None:
    """A secret that is no address is not shown."""
    assert ["user default: hello(token=*****)"] == applied("HELLO_TOKEN=plain")[2]


def test_constructor_may_be_left_out() -> None:
    """Where customizations speak for the constructor, `.env` does not."""
    module, _, said = applied("HELLO_GREETING=yo\nHELLO_CHECKFORMAT_FAST=true", constructor=False)

    assert '"hi"' == argument(module, "", "greeting").default
    assert ['user default: hello.checkFormat(fast="true")'] == said


def test_own_directory_needs_no_prefix_and_the_outer_file_wins() -> None:
    """A module's own `.env` speaks of it alone; the caller's goes before."""
    inner = parse_env("GREETING=inner\nNAME=inner")
    values = module_defaults(inner, parse_env("HELLO_NAME=outer\nGREETING=other"), "hello", "hello")

    assert "inner" == values.lookup("greeting", {})
    assert "outer" == values.lookup("name", {})


def test_other_name_of_the_same_module() -> None:
    """A renamed module is found by either name."""
    values = module_defaults(EnvFile(), parse_env("SALUT_A=1\nHELLO_B=2"), "salut", "hello")

    assert ("1", "2") == (values.lookup("a", {}), values.lookup("b", {}))


def test_dashes_of_a_module_name() -> None:
    """`super-dash` is written SUPERDASH_ or SUPER_DASH_."""
    for name in ("SUPERDASH_X", "SUPER_DASH_X", "superDash_X"):
        assert "1" == parse_env(f"{name}=1").namespace("super-dash").lookup("x", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text # kept", "plain text # kept"),
        ("'single $X'", "single $X"),
        ('"double ${X}"', "double of the host"),
        ("$X", "of the host"),
        ("${NONE:-other}", "other"),
        ("${EMPTY-unset} ${EMPTY:-empty}", "unset empty"),
        ("${OWN}!", "own!"),
        ('"a\\"b"', 'a"b'),
        ("a\\ b  'c'", "a b c"),
        ("'x' # comment", "x"),
        ("5$", "5$"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    """Values are read as a shell reads an assignment."""
    file = parse_env(f"A={text}\nOWN=own")

    assert expected == file.lookup("a", {"X": "of the host", "EMPTY": ""})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=$MISSING", "MISSING is not set"),
        ("A=${B}\nB=$A", "A is not set (it refers to itself)"),
        ("A='open", "not closed"),
        ("A=$(rm x)", "cannot expand"),
    ],
)
def test_values_that_cannot_be_read(text: str, words: str) -> None:
    """A value that means nothing is an error that names it; commands are never run."""
    with pytest.raises(UsageError) as caught:
        parse_env(text).lookup("a", {})

    assert words in str(caught.value)


def test_context_of_a_namespace_expands_only_where_it_is_used() -> None:
    """Other variables of the file may be referred to, and do no harm otherwise."""
    file = parse_env("ROOT=/r\nBROKEN=$MISSING\nHELLO_DIR=${ROOT}/d").namespace("hello")

    assert "/r/d" == file.lookup("dir", {})
    assert file.lookup("root", {}) is None


@pytest.mark.parametrize(
    "line",
    [
        "HELLO_CHECKFORMAT_CELLLIMIT=many",
        "HELLO_CHECKFORMAT_FAST=yes",
        "HELLO_CHECKFORMAT_COLOR=BLUE",
        "HELLO_CHECKFORMAT_COUNTS=1,x",
    ],
)
def test_value_of_another_type(line: str) -> None:
    """A value that does not fit its argument is refused, with the argument's name."""
    with pytest.raises(UsageError, match=r"user default hello\.checkFormat"):
        applied(line)
