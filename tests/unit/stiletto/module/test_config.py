"""What is read of a dagger.json, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stiletto.errors import ModuleFailed, NotSupported, StilettoError
from stiletto.module.config import Customization, Related, parse_config

PATH = Path("/project/dagger.json")


def read(**data: Any) -> Any:
    """Read a configuration with a name."""
    return parse_config(json.dumps({"name": "m", **data}), PATH)


def test_only_toolchains() -> None:
    """Without an SDK there is no code, only what is installed."""
    config = read(toolchains=[{"name": "t", "source": "../t", "ignoreChecks": ["x*"]}])

    assert not config.has_code
    assert (Related("t", "../t", ignore_checks=("x*",)),) == config.toolchains


def test_sdk_has_two_forms() -> None:
    """The SDK is a word or an object with a source."""
    assert read(sdk="python").has_code
    assert read(sdk={"source": "python"}).has_code


def test_customization() -> None:
    """A customization names an argument by a path of functions and gives text."""
    given = {
        "function": ["a", "b"],
        "argument": "x",
        "default": "1",
        "defaultPath": "./p",
        "defaultAddress": "python:3.12",
        "ignore": ["*.md"],
    }
    config = read(toolchains=[{"name": "t", "source": "t", "customizations": [given]}])

    assert (
        Customization("x", ("a", "b"), "1", "./p", "python:3.12", ("*.md",)),
    ) == config.toolchains[0].customizations


def test_older_forms() -> None:
    """A dependency may be its source alone, and `exclude` is an inverted `include`."""
    config = read(sdk="python", dependencies=["../a"], exclude=["x", "!y"])

    assert (Related("", "../a"),) == config.dependencies
    assert ("!x", "y") == config.include


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        ({"sdk": "go"}, NotSupported, "sdk 'go'"),
        ({"blueprint": {"source": "x"}}, NotSupported, "blueprint"),
        ({"engineVersion": "v99.0.0"}, ModuleFailed, "needs engine v99.0.0"),
        ({"engineVersion": "v0.9.8"}, ModuleFailed, "v0.9.8, which v0.21.8 does not support"),
        ({"name": ""}, ModuleFailed, "no name"),
        ({"toolchains": [{"name": "t"}]}, ModuleFailed, "toolchains has no source"),
        (
            {"toolchains": [{"name": "t", "source": "a"}, {"name": "t", "source": "b"}]},
            ModuleFailed,
            "two entries named 't'",
        ),
        (
            {"toolchains": [{"source": "a", "customizations": [{"argument": "n", "default": 3}]}]},
            ModuleFailed,
            "default of 'n' is not a string: 3",
        ),
        ({"include": "x"}, ModuleFailed, "include must be a list of strings"),
    ],
)
def test_refused(data: dict[str, Any], kind: type[StilettoError], words: str) -> None:
    """What cannot be followed is named, with the file."""
    with pytest.raises(kind) as caught:
        read(**data)

    assert words in str(caught.value)
    assert str(PATH) in str(caught.value)


def test_engine_version_decides_about_the_function_cache() -> None:
    """Modules from before persistent function results keep theirs for a session."""
    assert read(sdk="python", engineVersion="v0.19.4").persistent_cache
    assert not read(sdk="python", engineVersion="v0.19.3").persistent_cache
    assert read(sdk="python", engineVersion="latest").persistent_cache
    assert not read(sdk="python").persistent_cache
    assert not read(
        sdk="python", engineVersion="v0.21.8", disableDefaultFunctionCaching=True
    ).persistent_cache
    assert read(
        sdk="python", engineVersion="v0.19.3", disableDefaultFunctionCaching=False
    ).persistent_cache


@pytest.mark.parametrize(
    ("given", "engine"),
    [
        ({}, (0, 9, 9)),
        ({"engineVersion": ""}, (0, 9, 9)),
        ({"engineVersion": "v0.11.4"}, (0, 11, 4)),
        ({"engineVersion": "latest"}, None),
    ],
)
def test_engine_version_decides_about_the_api(
    given: dict[str, str], engine: tuple[int, ...] | None
) -> None:
    """A module without a version has the API of the oldest engine."""
    assert engine == read(sdk="python", **given).engine


@pytest.mark.parametrize(
    ("text", "expected", "hint"),
    [
        ('{"name": "m",\n  oops}', ":2:3: not valid JSON: ", "correct this line"),
        ("[]", ":1: not a JSON object, but a list", '"sdk": {"source": "python"}'),
        ('{\n"sdk": "python"}', ":1: no name of the module", '"name": "my-module"'),
        ('{"name": "m",\n"sdk": "go"}', ":2: sdk 'go' is not implemented", "`dagger`"),
        (
            '{"name": "m",\n"sdk": {"source": "github.com/a/b"}}',
            ":2: sdk 'github.com/a/b' is not implemented",
            "`dagger`",
        ),
        ('{"name": "m",\n\n"sdk": 3}', ":3: sdk must be a string, not a number", "python"),
        ('{"name": "m",\n"source": []}', "", ""),
        ('{"name": "m",\n"source": ["a"]}', ":2: source must be a string, not a list", ".dagger"),
        ('{"name": "m",\n"source": "a/../../b"}', ":2: source 'a/../../b' is outside", "beneath"),
        ('{"name": "m",\n"source": "/b"}', ":2: source '/b' is outside", "beneath"),
        ('{"name": "m",\n"engineVersion": "v9.0.0"}', ":2: module needs engine v9.0.0", "dagger"),
        ('{"name": "m",\n"include": "x"}', ":2: include must be a list of strings", "include"),
        ('{"name": "m",\n"toolchains": {}}', "", ""),
        ('{"name": "m",\n"toolchains": [3]}', ":2: an entry of toolchains has no source", "name"),
        ('{"name":\n"a;b"}', ":1: name is 'a;b': not a valid name", "use letters"),
    ],
)
def test_unreadable_file_names_its_line(text: str, expected: str, hint: str) -> None:
    """An error has the path and the line, what was expected, and what to do, in one line each."""
    if not expected:
        assert "m" == parse_config(text, PATH).name
        return
    with pytest.raises(StilettoError) as caught:
        parse_config(text, PATH)

    assert f"{PATH}{expected}" in caught.value.message
    assert hint in (caught.value.hint or "")
    assert "\n" not in f"{caught.value.message}{caught.value.hint}"


def test_hidden_name() -> None:
    """A module may be called as its directory `.dagger` is."""
    assert ".dagger" == parse_config('{"name": ".dagger"}', PATH).name
