"""The generated bindings, run on the real SDK."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import dagger
import pytest

from stiletto.api.definition import ArgDef, FunctionDef, ModuleDef, ObjectDef, TypeRef
from stiletto.graph.kind import Kind
from stiletto.module.bindings import bindings
from tests.unit.stiletto.module.module_samples import HELLO


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The bindings of the sample, as a module."""
    path = tmp_path_factory.mktemp("bindings") / "generated_bindings.py"
    path.write_text(bindings([HELLO]))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # the type checks look annotations up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[module.__name__]


def arguments(value: Any) -> dict[str, Any]:
    """Return the arguments of the last selection of a lazy object."""
    found: dict[str, Any] = value._ctx.selections[-1].args
    return found


def test_everything_of_the_core_is_there(generated: Any) -> None:
    """The file stands in for the SDK's own, so it has all of it and more."""
    assert generated.Container is dagger.Container
    assert set(dagger.client.gen.__all__) | {"Hello", "HelloGreeting", "HelloColor"} == set(
        generated.__all__
    )


def test_root_method_has_the_constructors_arguments(generated: Any) -> None:
    """Required arguments may be positional; others go by keyword, keywords of Python escaped."""
    parameters = inspect.signature(generated.Client.hello).parameters

    assert ["self", "name", "token", "greeting", "class_"] == list(parameters)
    assert "hi" == parameters["greeting"].default
    assert inspect.Parameter.KEYWORD_ONLY == parameters["class_"].kind


def test_defaults_are_left_to_the_engine(generated: Any) -> None:
    """What equals the default is not sent, and what is given goes by API name."""
    secret = generated.dag.set_secret("t", "x")
    made = generated.dag.hello("bob", secret)
    other = generated.dag.hello("bob", secret, class_="k", greeting="yo")

    assert {"name": "bob", "token": secret} == arguments(made)
    assert {"name", "token", "class", "greeting"} == set(arguments(other))
    assert {"cellLimit": 2, "names": ["a"], "color": "BLUE"} == arguments(
        made.check_format(cell_limit=2, names=["a"], color=generated.HelloColor.BLUE)
    )


def test_lazy_and_awaited(generated: Any) -> None:
    """Objects come at once, everything else is awaited."""
    hello = generated.dag.hello("bob", generated.dag.set_secret("t", "x"))

    assert isinstance(hello.check_format(), generated.HelloGreeting)
    for method in (hello.all, hello.quiet, hello.id, hello.check_format().text):
        assert inspect.iscoroutinefunction(inspect.unwrap(method)), method


def test_wrong_types_are_refused_before_anything_is_sent(generated: Any) -> None:
    """The SDK's type checks hold for generated methods too."""
    with pytest.raises(TypeError, match="name"):
        generated.dag.hello(3, generated.dag.set_secret("t", "x"))


@pytest.mark.parametrize("name", ["bool", "float", "int", "list", "str", "type", "import"])
def test_names_of_types_get_an_underscore(name: str) -> None:
    """A function or argument named like a type, or a keyword, has an underscore in Python."""
    of = TypeRef(Kind.STRING)
    function = FunctionDef(name, of, (ArgDef(name, of),))
    item = ObjectDef("Odd", functions={name: function})
    text = bindings([ModuleDef("odd", "Odd", objects={"Odd": item})])

    assert f"async def {name}_(self, {name}_: 'str') -> 'str':" in text
    assert f"Arg({name!r}, {name}_)" in text
