"""Values of the command line, and the words around them."""

from __future__ import annotations

import csv
import io
import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.api.definition import EnumDef, TypeRef
from stiletto.cli.flags import Flag, FlagSet, asks_for_help
from stiletto.cli.names import closest, kebab
from stiletto.cli.options import Options, peek_options
from stiletto.cli.values import (
    Address,
    flag_type,
    read_boolean,
    read_csv,
    read_float,
    read_integer,
)
from stiletto.errors import UsageError
from stiletto.graph.kind import Kind


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("buildImage", "build-image"),
        ("python312", "python-312"),
        ("JSONData", "json-data"),
        ("dockerConfig", "docker-config"),
        ("DockerConfig", "docker-config"),
        ("already-kebab", "already-kebab"),
        ("snake_case", "snake-case"),
        ("asURL", "as-url"),
        ("x", "x"),
        ("", ""),
    ],
)
def test_names_become_kebab_as_dagger_makes_them(name: str, expected: str) -> None:
    """Words start where case changes and at digits; an acronym is one word."""
    assert expected == kebab(name)


@given(st.from_regex(r"[a-z]+(-[a-z]+|-[0-9]+)*", fullmatch=True))
def test_kebab_names_stay_as_they_are(name: str) -> None:
    """A name that is in kebab case already is not changed."""
    assert name == kebab(name)


def test_a_mistyped_name_leads_to_the_nearest() -> None:
    """One wrong letter, another case or a cut-off name find the meant one; nonsense does not."""
    known = ["build-image", "test", "lint"]
    expected = ["test", "build-image", "build-image", None]
    assert expected == [closest(word, known) for word in ("tset", "buildImage", "bui", "zzz")]


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


FLAGS = FlagSet(
    [Flag("name", "n"), Flag("loud", "l", implied="true"), Flag("verbose", "v", implied="true")],
    command="stiletto call",
)
WORDS = st.text(string.ascii_letters + string.digits + "=,./ ", min_size=1)


@given(WORDS)
def test_all_spellings_of_a_value_mean_the_same(value: str) -> None:
    """`--name v`, `--name=v`, `-n v`, `-nv` and `-n=v` give one value."""
    spellings = [["--name", value], [f"--name={value}"], ["-n", value], [f"-n={value}"]]
    if not value.startswith("="):
        spellings.append([f"-n{value}"])
    given_texts = [[one.text for one in FLAGS.take(words)[0]] for words in spellings]
    assert [[value]] * len(spellings) == given_texts


def test_flags_end_at_the_first_other_word() -> None:
    """Clusters are taken apart, switches take no word, and the rest is left as it is."""
    given, rest = FLAGS.take(["-vvl", "--loud=false", "test", "--name", "x"])
    expected = [("verbose", "true"), ("verbose", "true"), ("loud", "true"), ("loud", "false")]
    assert expected == [(one.flag.name, one.text) for one in given]
    expected_rest = ["test", "--name", "x"]
    assert expected_rest == rest


def test_a_double_dash_ends_the_flags() -> None:
    """What follows `--` is no flag, and `-` alone never is."""
    expected = ["--loud"]
    assert expected == FLAGS.take(["--", "--loud"])[1]
    expected = ["a", "-", "--loud"]
    assert expected == FLAGS.take_all(["a", "-l", "-", "--", "--loud"])[1]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--nam", "x"], "unknown flag: --nam", "did you mean --name?"),
        (["--zzzzzz"], "unknown flag: --zzzzzz", "see stiletto call --help"),
        (["-lx"], 'unknown shorthand flag: "x" in -lx', "see stiletto call --help"),
        (["--name"], "flag needs an argument: --name", "see stiletto call --help"),
        (["-ln"], "flag needs an argument: -n", "see stiletto call --help"),
    ],
)
def test_wrong_flags_are_named(words: list[str], message: str, hint: str) -> None:
    """An unknown flag or a missing value is an error with the next act."""
    with pytest.raises(UsageError) as caught:
        FLAGS.take(words)
    assert message == caught.value.message
    assert hint in str(caught.value.hint)


def test_help_counts_before_the_double_dash_only() -> None:
    """-h and --help are seen anywhere, except behind `--`."""
    assert asks_for_help(["a", "-h"])
    assert asks_for_help(["--help"])
    assert not asks_for_help(["a", "--", "-h"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["test", "--progress", "plain"], Options(progress="plain")),
        (["-m", "mod", "test"], Options(mod="mod")),
        (["-mmod", "--workdir=w"], Options(mod="mod", workdir="w")),
        (["--source", ".", "-m", "mod", "test"], Options(mod="mod")),
        (["test", "--workdir", "w"], Options()),
        (["test", "-vv", "-q"], Options(verbosity=1)),
        (["test", "--progress", "5"], Options()),
        (["--", "-s"], Options()),
    ],
)
def test_the_start_is_read_off_words_not_known_yet(words: list[str], expected: Options) -> None:
    """Presentation counts anywhere, what the module is loaded with only ahead of functions."""
    assert expected == peek_options(Options(), words)
