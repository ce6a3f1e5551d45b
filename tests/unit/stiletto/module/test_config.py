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
            "toolchains[0].customizations[0].default must be a string, not a number",
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
        (
            '{"name": "m",\n\n"sdk": 3}',
            ":3: sdk must be an object or a string, not a number",
            "sdk",
        ),
        ('{"name": "m",\n"source": []}', ":2: source must be a string, not a list", "..."),
        ('{"name": "m",\n"source": null,\n"SDK": "python"}', "", ""),
        ('{"name": 5}', ":1: name must be a string, not a number", '"name": "..."'),
        ('\ufeff{"name": "m"}', ":1: begins with a byte order mark", "UTF-8"),
        (" \n", ":2:1: not valid JSON: the file is empty", '"name": "my-module"'),
        ('{"name": "m", "x": NaN}', ":1: not valid JSON: nan is not a json value", "correct"),
        ('{"name": "m", "a": ' + "[" * 99999, ":1: not valid JSON: nested too deeply", "correct"),
        ('{"name": "m", "a": ' + "9" * 9999 + "}", ":1: not valid JSON: exceeds", "correct"),
        (
            '{"name": "m",\n"disableDefaultFunctionCaching": "yes"}',
            ":2: disableDefaultFunctionCaching must be true or false, not a string",
            '"disableDefaultFunctionCaching": true',
        ),
        ('{"name": "m",\n"engineVersion": 21}', ":2: engineVersion must be a string", "..."),
        ('{"name": "m",\n"engineVersion": "0.99.0"}', ":2: module needs engine 0.99.0", "dagger"),
        ('{"name": "m",\n"engineVersion": "v0.9.0"}', ":2: module needs engine v0.9.0", "v0.21"),
        ('{"name": "m",\n"sdk": {"source": 4}}', ":2: sdk.source must be a string", "source"),
        ('{"name": "m",\n"sdk": {"config": 4}}', ":2: sdk.config must be an object", "{...}"),
        ('{"name": "m",\n"sdk": "python@v0.9"}', ":2: sdk 'python@v0.9': this SDK has", "uv lock"),
        ('{"name": "m",\n"sdk": "Pyton"}', ":2: unknown sdk 'Pyton'", "did you mean 'python'?"),
        ('{"name": "m",\n"sdk": "cobol"}', ":2: unknown sdk 'cobol'", "Dagger has go, dang, pyt"),
        ('{"name": "m",\n"sdk": "./s"}', ":2: sdk './s': no dagger.json in /project/s", "path"),
        ('{"name": "m",\n"sdk": "php@v1"}', ":2: sdk 'php@v1' is not implemented", "`dagger`"),
        ('{"name": "m",\n"clients": "x"}', ":2: clients must be a list, not a string", "[{...}]"),
        ('{"name": "m",\n"codegen": 4}', ":2: codegen must be an object, not a number", "{...}"),
        ('{"name": "m", "include":\n["a",\n4]}', ":3: include[1] must be a string", '"..."'),
        (
            '{"name": "m", "dependencies": [\n"a",\n{"source": "b", "pin": 4}]}',
            ":3: dependencies[1].pin must be a string, not a number",
            '"pin": "..."',
        ),
        (
            '{"name": "m", "toolchains": [\n{"source": ""}]}',
            ":2: an entry of toolchains has no source",
            '"source"',
        ),
        ('{"name": "m",\n"source": ["a"]}', ":2: source must be a string, not a list", "..."),
        ('{"name": "m",\n"source": "a/../../b"}', ":2: source 'a/../../b' is outside", "beneath"),
        ('{"name": "m",\n"source": "/b"}', ":2: source '/b' is outside", "beneath"),
        ('{"name": "m",\n"engineVersion": "v9.0.0"}', ":2: module needs engine v9.0.0", "dagger"),
        ('{"name": "m",\n"include": "x"}', ":2: include must be a list of strings", "include"),
        ('{"name": "m",\n"toolchains": {}}', ":2: toolchains must be a list", "["),
        (
            '{"name": "m",\n"toolchains": [3]}',
            ":2: toolchains[0] must be an object or a string",
            "...",
        ),
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


def test_an_unknown_key_is_named_with_the_one_that_may_be_meant() -> None:
    """Dagger ignores an unknown key: a line says so."""
    text = '{"name": "m",\n"sourc": "x",\n"sdk": {"source": "python", "zz": 1}}'

    assert (
        f"{PATH}:2: unknown key 'sourc', which has no effect; did you mean 'source'?",
        f"{PATH}:3: unknown key 'sdk.zz', which has no effect",
    ) == parse_config(text, PATH).notes


def test_what_dagger_cannot_read_as_a_version_is_an_old_one() -> None:
    """The functions of such a module are cached for a session only, unless the file says else."""
    assert not read(sdk="python", engineVersion="newest").persistent_cache
    assert read(sdk="python", engineVersion="latest").persistent_cache
    assert read(
        sdk="python", engineVersion="v0.19.3", disableDefaultFunctionCaching=False
    ).persistent_cache


def test_a_related_module_has_its_line() -> None:
    """What is wrong with a dependency is reported with the file and the line that name it."""
    text = '{"name": "m",\n"dependencies": [\n"a",\n{"source": "b"}]}'

    assert [f"{PATH}:3", f"{PATH}:4"] == [
        each.where for each in parse_config(text, PATH).dependencies
    ]
