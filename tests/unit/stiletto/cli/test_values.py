"""Values of the command line."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.api.definition import EnumDef, TypeRef
from stiletto.cli.values import Address, flag_type, read_boolean, read_csv, read_float, read_integer
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_every_64_bit_integer_is_read_in_any_base(number: int) -> None:
    """Decimal, 0x, 0b and 0o forms mean the same number."""
    sign = "-" if number < 0 else ""
    forms = [f"{sign}{abs(number):{form}}" for form in ("d", "#x", "#b", "#o")]
    wanted = [read_integer(form) for form in forms]
    assert wanted == [number] * 4


@pytest.mark.parametrize("text", ["", "1.5", "abc", "0o", "0x", "1_000", " 1", str(2**63)])
def test_what_is_no_integer_is_refused(text: str) -> None:
    """No digits, fractions, underscores, blanks and more than 64 bits are errors."""
    with pytest.raises(UsageError, match="expected an integer"):
        read_integer(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_back(number: float) -> None:
    """The text that Python writes is read as the same number."""
    assert number == read_float(repr(number))


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", " 1", "one"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    """JSON could not carry NaN and infinity."""
    with pytest.raises(UsageError, match="expected a number"):
        read_float(text)
    assert not math.isnan(read_float("1e3"))


def test_booleans_are_those_of_go() -> None:
    """The texts of strconv.ParseBool, and no others."""
    assert all(read_boolean(text) for text in ("1", "t", "T", "true", "True", "TRUE"))
    assert not any(read_boolean(text) for text in ("0", "f", "F", "false", "False", "FALSE"))
    with pytest.raises(UsageError, match="expected true or false"):
        read_boolean("yes")


@given(st.lists(st.text(st.characters(exclude_characters="\r\0", codec="utf-8")), min_size=1))
def test_lists_written_as_csv_are_read_back(fields: list[str]) -> None:
    """Whatever a CSV writer quotes comes back, commas, quotes and line breaks included."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(fields)
    assert fields == read_csv(out.getvalue())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ("a,,", ["a", "", ""]),
    ],
)
def test_lists_are_split_at_commas(text: str, expected: list[str]) -> None:
    """An empty text is an empty list; quotes keep commas; empty fields count."""
    assert expected == read_csv(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a"b', 'bare "'),
        ('"a', 'missing closing "'),
        ('"a"b', "expected a comma"),
        ("a\nb", "line break in a list"),
    ],
)
def test_malformed_lists_are_errors(text: str, message: str) -> None:
    """Nothing of a list is dropped silently."""
    with pytest.raises(UsageError, match=message):
        read_csv(text)


LEVELS = EnumDef("Level", ("LOW", "HIGH"))


def _read(type_: TypeRef, text: str) -> object:
    found = flag_type(type_, lambda _: LEVELS)
    assert found is not None
    return found.read(text)


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        (TypeRef(Kind.ENUM, "Level"), "high", "HIGH"),
        (TypeRef(Kind.SCALAR, "JSON"), '{"a": 1}', '{"a": 1}'),
        (TypeRef(Kind.SCALAR, "Platform"), "linux/arm64", "linux/arm64"),
        (TypeRef(Kind.OBJECT, "Directory"), "src", Address("Directory", "src")),
        (TypeRef(Kind.LIST, element=TypeRef(Kind.INTEGER)), "1, 2", [1, 2]),
        (TypeRef(Kind.LIST, element=TypeRef(Kind.BOOLEAN)), "true,'0'", [True, False]),
        (TypeRef(Kind.LIST, element=TypeRef(Kind.ENUM, "Level")), "low,HIGH", ["LOW", "HIGH"]),
        (
            TypeRef(Kind.LIST, element=TypeRef(Kind.OBJECT, "File")),
            "a,b",
            [Address("File", "a"), Address("File", "b")],
        ),
    ],
)
def test_each_type_reads_its_texts(type_: TypeRef, text: str, expected: object) -> None:
    """Enums ignore case, scalars stay text, objects become addresses, lists read each member."""
    assert expected == _read(type_, text)


def test_the_current_platform_is_this_machine() -> None:
    """`current` becomes an operating system and a processor."""
    value = _read(TypeRef(Kind.SCALAR, "Platform"), "current")
    assert isinstance(value, str)
    assert value.startswith("linux/")


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        (TypeRef(Kind.ENUM, "Level"), "mid", "value should be one of LOW, HIGH"),
        (TypeRef(Kind.SCALAR, "JSON"), "{", "expected JSON"),
        (TypeRef(Kind.SCALAR, "Platform"), "", "expected a platform"),
        (TypeRef(Kind.OBJECT, "Directory"), "", "expected the address of a Directory"),
    ],
)
def test_each_type_says_what_it_expects(type_: TypeRef, text: str, message: str) -> None:
    """A text that is no value of the type is an error that teaches."""
    with pytest.raises(UsageError, match=message):
        _read(type_, text)


@pytest.mark.parametrize(
    "type_",
    [
        TypeRef(Kind.OBJECT, "Sample"),
        TypeRef(Kind.INPUT, "PortForward"),
        TypeRef(Kind.LIST, element=TypeRef(Kind.LIST, element=TypeRef(Kind.STRING))),
        TypeRef(Kind.LIST, element=TypeRef(Kind.OBJECT, "Sample")),
    ],
)
def test_types_without_a_text_form_have_no_flag(type_: TypeRef) -> None:
    """A module's own objects, inputs and lists of lists cannot be typed."""
    assert flag_type(type_, lambda _: None) is None
