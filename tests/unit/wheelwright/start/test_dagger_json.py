"""The entry of the module in dagger.json."""

import json

import pytest

from wheelwright.errors import ProjectError, RequestError
from wheelwright.start.dagger_json import Toolchain, installed, with_toolchain

AT = Toolchain("host.example/o/wheelwright.git@v1", "0" * 40)


def test_new_file_is_what_dagger_reads() -> None:
    """It has the package's name, the engine's version, and the entry with its pin."""
    made = json.loads(with_toolchain(None, "My_Package.x", AT))

    assert {
        "name": "my-package-x",
        "engineVersion": "v0.21.8",
        "toolchains": [{"name": "wheelwright", "source": AT.source, "pin": AT.pin}],
    } == made


@pytest.mark.parametrize(
    ("project", "name"),
    [("", "project"), ("wheelwright", "project"), ("3d", "project-3d"), ("a", "a")],
)
def test_name_is_one_that_dagger_accepts(project: str, name: str) -> None:
    """A package without a name, or with one of digits, has another."""
    assert name == json.loads(with_toolchain(None, project, AT))["name"]


def test_what_is_there_stays_in_its_order() -> None:
    """An existing file keeps its keys, their order, its other toolchains and its indentation."""
    text = json.dumps(
        {"engineVersion": "v0.20.0", "name": "x", "toolchains": [{"name": "go"}], "include": ["a"]},
        indent=4,
    )
    made = with_toolchain(text, "y", AT)

    assert [("engineVersion", "v0.20.0"), ("name", "x")] == [*json.loads(made).items()][:2]
    assert ["go", "wheelwright"] == [each["name"] for each in json.loads(made)["toolchains"]]
    assert '\n    "engineVersion"' in made
    assert installed(made) == AT


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "wheelwright", "source": "h.example/o/other@v1"},
        {"name": "checks", "source": "h.example/o/wheelwright@v1"},
        {"name": "checks", "source": "h.example/o/wheelwright.git@v1"},
        {"name": "checks", "source": "../wheelwright/"},
        "h.example/o/wheelwright@v1",
    ],
)
def test_entry_is_found_by_name_or_address(entry: object) -> None:
    """The module is there under its own name, or from a repository of its name."""
    assert installed(json.dumps({"name": "x", "toolchains": [entry]})) is not None


def test_another_toolchain_is_not_ours() -> None:
    """A toolchain of another name and address is none."""
    text = json.dumps({"name": "x", "toolchains": [{"name": "go", "source": "h.example/o/go@v1"}]})

    assert installed(text) is None
    assert installed(None) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "dagger.json is not JSON"),
        ("[]", "dagger.json is not a JSON object"),
        ('{"toolchains": {}}', "dagger.json: toolchains is not a list"),
        ('{"toolchains": [3]}', "dagger.json: toolchains has an entry that is not an object"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    """A broken file is an error, and is not replaced."""
    with pytest.raises(ProjectError, match=r"dagger\.json") as error:
        installed(text)

    assert error.value.message.startswith(message)


def test_module_itself_is_refused() -> None:
    """In the module's own repository there is nothing to put in."""
    with pytest.raises(RequestError, match="the module itself"):
        installed('{"name": "wheelwright", "sdk": {"source": "python"}}')
