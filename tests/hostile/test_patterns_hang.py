"""Names and patterns chosen by an adversary: matching ends, and a name is never a pattern."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiletto.api.patterns import MAX_PATTERN_LENGTH, Filter, Glob, PatternList
from stiletto.errors import UsageError
from wheelwright.project.files import literal

REPOSITORY = Path(__file__).resolve().parents[2]

STARS = "*a" * 27 + "*b"
PLAIN = "a" * 120

BACKTRACKING = [
    (STARS, PLAIN),
    ("**/" * 20 + "*a" * 20 + "b", "a/" * 60 + "a"),
    ("?*" * 60 + "b", "a" * 200),
    ("[a-c]*" * 60 + "d", "abc" * 70),
    ("**/*" * 30 + "!", "ab/" * 60),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("pattern", "name"), BACKTRACKING)
def test_no_pattern_takes_exponential_time(pattern: str, name: str) -> None:
    """Patterns that a backtracking matcher never ends with are answered, as every use of them."""
    assert not Glob(pattern).matches(name)
    assert not PatternList([pattern]).matches(name)
    assert not Filter(include=[pattern]).keep(name, False)
    assert Filter(exclude=[pattern]).keep(name, False)
    assert Filter(gitignore={"": [pattern]}).keep(name, False)


@pytest.mark.timeout(60)
def test_blanks_of_an_ignore_file_take_linear_time() -> None:
    """A line of .gitignore with a million blanks before a letter is read at once."""
    line = "a" + " " * 1_000_000 + "b"
    assert Filter(gitignore={"": [line]}).keep("a", False)


def test_a_pattern_longer_than_any_path_is_refused() -> None:
    """The message says how long the pattern is, how long it may be, and what to do."""
    with pytest.raises(UsageError, match=f"at most {MAX_PATTERN_LENGTH}") as caught:
        Glob("a" * (MAX_PATTERN_LENGTH + 1))
    assert caught.value.hint == "name a directory instead of each file"


NAMES = st.text(
    st.sampled_from("ab*?[]!\\ -^.#\t\n\u00a0{}") | st.characters(exclude_characters="/\0"),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in (".", ".."))


@given(NAMES, NAMES)
@settings(max_examples=400, deadline=None)
def test_a_literal_pattern_matches_its_own_path_alone(name: str, other: str) -> None:
    """Whatever a path is named, its pattern keeps it and keeps no other path."""
    path = f"packages/{name}"
    kept = Filter(include=literal([path, name]))
    expected = {path: True, name: True, f"packages/{other}": other == name, other: other == name}
    assert expected == {each: kept.keep(each, False) for each in expected}


def test_ordinary_paths_are_their_own_patterns() -> None:
    """What needs no escape is not changed, so that stored results of such packages stay."""
    paths = ["pyproject.toml", "packages/a-b/pyproject.toml", "dist/x-1.0+local-py3-none-any.whl"]
    assert paths == literal(paths)


def test_no_pattern_is_made_of_a_name_unescaped() -> None:
    """Every `include` and `exclude` in the module is made of constants or of escaped names."""
    sources = REPOSITORY / "src/wheelwright"
    given = [
        (path.name, ast.unparse(keyword.value))
        for path in sorted(sources.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        for keyword in call.keywords
        if call.func.attr in ("filter", "with_directory") and keyword.arg in ("include", "exclude")
    ]
    # `pieces.plan` has escaped the second, and `of_output` is given constants alone.
    assert {
        ("cut.py", "literal(paths)"),
        ("cut.py", "list(part.excluded)"),
        ("cut.py", "list(include)"),
        ("cut.py", "list(exclude)"),
    } == set(given)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.timeout(240)
def test_members_named_as_patterns_are_names(tmp_path: Path) -> None:
    """A workspace with members named `*a*a*b` and `a*[x]!` is locked with those members alone."""
    names = [STARS, PLAIN, "a*[x]!", "abcx!"]
    for number, name in enumerate(names):
        member = tmp_path / "source/packages" / name
        member.mkdir(parents=True)
        (member / "pyproject.toml").write_text(
            f'[project]\nname = "member{number}"\nversion = "1"\nrequires-python = ">=3.11"\n'
        )
    (tmp_path / "source/pyproject.toml").write_text(
        '[project]\nname = "quay-root"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    )
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    environ = {
        **os.environ,
        "UV_PYTHON_INSTALL_DIR": os.environ.get("UV_PYTHON_INSTALL_DIR", str(data / "uv/python")),
        "HOME": str(tmp_path / "home"),
        "STILETTO_CACHE": str(tmp_path / "store"),
        "STILETTO_IDLE": "0",
    }
    source = tmp_path / "source"
    subprocess.run(["uv", "lock", "--offline", "-q"], cwd=source, env=environ, check=True)
    words = ["call", "-m", str(REPOSITORY), "--source", ".", "--progress=plain", "lock-check"]
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("stiletto")), *words],
        cwd=source,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "uv.lock matches pyproject.toml" in ran.stdout
