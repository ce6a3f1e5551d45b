"""A `dagger.toml`: modules with settings, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.errors import ModuleFailed, NotSupported
from stiletto.module.workspace import parse_workspace

PATH = Path("/p/dagger.toml")

INSTALLED = """\
check-generated = false

[modules.checks]
source = "modules/wheelwright"

# python = "3.12"

[modules.checks.settings]
python = "3.13"
package = "tide"
limit = 3
fast = true
gates = ["lint", "types"]
odd = ["a,b", "c"]

[modules.checks.check]
skip = ["audit"]

[modules.docs]
source = "github.com/org/docs@v1"
pin = "0123"
legacy-default-path = true

[modules.python-sdk]
source = "github.com/dagger/python-sdk"

[[modules.python-sdk.as-sdk.modules]]
path = "own"

[env.ci.modules.checks.settings]
python = "3.12"
"""


def test_modules_are_toolchains() -> None:
    """Their settings are defaults of the constructor, as text; a module that is an SDK is none."""
    checks, docs = parse_workspace(INSTALLED, PATH).modules

    assert ("checks", "modules/wheelwright", "", ("audit",), False) == (
        checks.name,
        checks.source,
        checks.pin,
        checks.ignore_checks,
        checks.from_env,
    )
    assert {
        "python": ("3.13", False),
        "package": ("tide", False),
        "limit": ("3", False),
        "fast": ("true", False),
        "gates": ("lint,types", True),
        "odd": ('["a,b", "c"]', True),
    } == {each.argument: (each.default, each.many) for each in checks.customizations}
    assert ("docs", "github.com/org/docs@v1", "0123") == (docs.name, docs.source, docs.pin)


def test_a_setting_has_its_line() -> None:
    """Consent to what it does, and errors, name it."""
    checks, _ = parse_workspace(INSTALLED, PATH).modules
    lines = {each.argument: each.origin.line for each in checks.customizations if each.origin}
    assert {"python": 9, "package": 10, "limit": 11, "fast": 12, "gates": 13, "odd": 14} == lines


def test_env_files_count_where_the_file_says_so() -> None:
    """Dagger 1.0 reads `.env` for those projects alone."""
    text = 'defaults_from_dotenv = true\n[modules.a]\nsource = "a"\n'
    assert [True] == [each.from_env for each in parse_workspace(text, PATH).modules]


def test_a_file_without_modules_has_none() -> None:
    """It may be there for other tools of Dagger."""
    assert () == parse_workspace("", PATH).modules
    assert () == parse_workspace('[env.ci]\n[ports.80]\nbackendService = "a:b"\n', PATH).modules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[modules.a]\nsource = "a\n', "2: not valid TOML: "),
        ("[modules.a\n", "1: not valid TOML: "),
        ("x =", "1: not valid TOML: "),
        ("modules = 3\n", "1: modules is not a table"),
        ("\n[modules]\na = 3\n", "3: modules.a is not a table"),
        ("\n[modules.a]\n", "2: modules.a has no source"),
        ('[modules.a]\nsource = ["a"]\n', "1: modules.a has no source"),
        ('[modules."a/b"]\nsource = "a"\n', "1: name is 'a/b': not a valid name of a module"),
        ('[modules.a]\nsource = "a"\npin = 3\n', "3: pin of a is not a string"),
        ('[modules.a]\nsource = "a"\nsettings = 3\n', "3: modules.a.settings is not a table"),
        (
            '[modules.a]\nsource = "a"\n[modules.a.settings]\nx = 1\ny = {z = 1}\n',
            "5: y of a is not a text, a number or a list of them",
        ),
        ('[modules.a]\nsource = "a"\n[modules.a.check]\nskip = "x"\n', "skip of a is not a list"),
        ('[modules.a]\nsource = "a"\nentrypoint = 1\n', "3: modules.a.entrypoint is not true or"),
    ],
)
def test_what_is_wrong_has_file_and_line(text: str, expected: str) -> None:
    """One line, with what was expected."""
    with pytest.raises(ModuleFailed) as raised:
        parse_workspace(text, PATH)
    assert raised.value.message.startswith(f"{PATH}:")
    assert expected in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ignore = ["a"]\n', "1: ignore"),
        ('[modules.a]\nsource = "a"\nentrypoint = true\n', "3: entrypoint of a"),
        (
            '[modules.a]\nsource = "a"\n[modules.b]\nsource = "b"\n[modules.b.settings]\n'
            'x = "a:f"\n',
            "6: x of b, a function's result",
        ),
    ],
)
def test_what_only_dagger_does_is_refused(text: str, expected: str) -> None:
    """By name, with the line."""
    with pytest.raises(NotSupported) as raised:
        parse_workspace(text, PATH)
    assert f"{PATH}:{expected} is not implemented by stiletto" == raised.value.message


def test_an_image_is_no_function() -> None:
    """Only the name of a module that is installed makes a reference of it."""
    text = '[modules.b]\nsource = "b"\n[modules.b.settings]\nx = "python:3.12"\n'
    assert ["python:3.12"] == [
        each.default
        for related in parse_workspace(text, PATH).modules
        for each in related.customizations
    ]


def test_an_unknown_key_is_named_with_the_one_that_may_be_meant() -> None:
    """Dagger ignores an unknown key: a line says so."""
    text = '[module.b]\n[modules.a]\nsource = "m"\nsettngs = 4\nzz = 1\n'

    assert (
        f"{PATH}:1: unknown key 'module', which has no effect; did you mean 'modules'?",
        f"{PATH}:4: unknown key 'settngs', which has no effect; did you mean 'settings'?",
        f"{PATH}:5: unknown key 'zz', which has no effect",
    ) == parse_workspace(text, PATH).notes


def test_a_module_has_the_line_of_its_source() -> None:
    """What is wrong with a source is reported with its line."""
    text = '[modules.a]\n\nsource = "m"\n'

    assert [f"{PATH}:3"] == [each.where for each in parse_workspace(text, PATH).modules]


def test_a_switch_that_only_dagger_has_is_named() -> None:
    """What `check` of Dagger 1.0 would leave out runs here, so a line names the flag."""
    text = "check-generated = false\n"

    assert (
        f"{PATH}:1: check-generated has no effect here; use `stiletto check --no-generate`",
    ) == parse_workspace(text, PATH).notes
