"""Reading literal values of Python code."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.literals import (
    NOT_LITERAL,
    attribute,
    module_paths,
    names,
    parsed,
)


def value(text: str) -> object:
    """Return what the last line of a module, an expression, is."""
    tree = parsed("m.py", text)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return names(tree, last).value(last.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("'a' 'b'", "ab"),
        ("['a', ('b',), 1]", ["a", ["b"], 1]),
        ("{'a': ['b'], 'c': None}", {"a": ["b"], "c": None}),
        ("A = 'x'\nB: list[str] = [A]\nB", ["x"]),
        ("A = 'x'\nprint(A)\nA", "x"),
        ("A = 'x'\nA = 'y'\nA", NOT_LITERAL),
        ("A = ['x']\nA.append('y')\nA", NOT_LITERAL),
        ("A = ['x']\nA += ['y']\nA", NOT_LITERAL),
        ("A = 'x'\ndef f():\n    global A\nA", NOT_LITERAL),
        ("if x:\n    A = 'x'\nA", NOT_LITERAL),
        ("A = A\nA", NOT_LITERAL),
        ("open('x').read()", NOT_LITERAL),
        ("['a'] + ['b']", NOT_LITERAL),
        ("f'{a}'", NOT_LITERAL),
        ("{**a}", NOT_LITERAL),
        ("{1: 'a'}", NOT_LITERAL),
        ("['a', *b]", NOT_LITERAL),
        ("[" * 30 + "]" * 30, NOT_LITERAL),
    ],
)
def test_what_is_literal(text: str, found: object) -> None:
    """Texts, lists, dictionaries and names that nothing changes count; a computation does not."""
    assert found == value(text)


def test_names_of_names_end() -> None:
    """Lists of lists of lists, by name, stop before they are a million values."""
    lines = ["a0 = ['x']"]
    lines += [f"a{n} = [{', '.join([f'a{n - 1}'] * 10)}]" for n in range(1, 15)]

    assert value("\n".join([*lines, "a14"])) is NOT_LITERAL


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("__version__ = '1.4.0'\n", "1.4.0"),
        ("__version__: str = '1.4.0'\n", "1.4.0"),
        ("V = (1, 2, 'b1')\n__version__ = V\n", "1.2.b1"),
        ("x = __version__ = '1'\n", "1"),
        ("from a import __version__\n", None),
        ("__version__ = get()\n", None),
        ("class A:\n    __version__ = '1'\n", None),
    ],
)
def test_an_attribute_of_a_module(text: str, found: str | None) -> None:
    """The last assignment at the top of a module is its value, if it is literal."""
    assert found == attribute("m.py", text, "__version__")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nb = (\n", r"m\.py:2: not valid Python: '\(' was never closed; correct it"),
        ("a = '\0'", r"m\.py:?.* not valid Python: "),
        ("(" * 5000, r"m\.py:?.* not valid Python: "),
        ("-" * 100_000 + "1", r"m\.py is not valid Python: "),
        ("#" * 300_000, r"m\.py has 300000 characters, more than the 262144 that are read"),
    ],
)
def test_what_is_not_python_is_an_error(text: str, message: str) -> None:
    """Broken, nested without end or too large: one error."""
    with pytest.raises(ProjectError, match=message):
        parsed("m.py", text)


def test_a_wrong_escape_is_no_warning() -> None:
    """What Python itself would warn of is read in silence."""
    assert "\\d" == attribute("m.py", "v = '\\d'", "v")


@pytest.mark.parametrize(
    ("module", "package_dir", "paths"),
    [
        ("a.b", {}, ["src/a/b.py", "src/a/b/__init__.py", "a/b.py", "a/b/__init__.py"]),
        ("a", {"": "lib"}, ["lib/a.py", "lib/a/__init__.py"]),
        ("a.b", {"a": "x", "": "lib"}, ["x/b.py", "x/b/__init__.py"]),
    ],
)
def test_where_a_module_is(module: str, package_dir: dict[str, str], paths: list[str]) -> None:
    """A mapping of packages decides; without one it is in src or at the top."""
    assert paths == module_paths(module, package_dir)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(
    ["a", " = ", "'x'", "[", "]", "{", "}", ":", ",", "(", ")", "\n", "    ", "def f():", "*", "+=",
     "lambda", "\\", "\x00", "0x", "b''", "é", "\ud800", "class a", ";", "global a"]
), max_size=20).map("".join))  # fmt: skip
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text: a value, none, or the one error."""
    try:
        found = attribute("m.py", text, "a")
    except ProjectError as error:
        found = error.message
    assert found is None or isinstance(found, str)
