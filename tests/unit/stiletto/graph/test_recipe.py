"""Recipes: one traversal for the digest, the stored data and the explanation."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stiletto.engine.session  # noqa: F401 - defines every recipe there is
from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import CacheVolume
from stiletto.graph.recipe import Recipe, closure, dump, load


def recipes() -> list[type[Recipe]]:
    """Return every recipe class of the engine."""
    found: list[type[Recipe]] = []
    queue = [Recipe]
    while queue:
        cls = queue.pop()
        queue += cls.__subclasses__()
        if cls is not Recipe and cls.__module__.startswith("stiletto."):
            found.append(cls)
    return sorted(set(found), key=lambda cls: cls.__qualname__)


ALL = recipes()


def names() -> dict[str, Any]:
    """Return what annotations of recipes may name."""
    found: dict[str, Any] = {}
    for cls in ALL:
        found |= {cls.__name__: cls}
    return found


def value_of(annotation: Any, depth: int = 0) -> Any:
    """Return a value that fits a field, the longest alternative of a union."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        chosen = [arg for arg in args if arg is not type(None)]
        return None if depth > 2 else value_of(chosen[0], depth)
    if origin is tuple:
        return () if depth > 2 else (value_of(args[0], depth + 1),)
    if origin in (Mapping, dict):
        return {"name": 1}
    if annotation in (str, int, bool, float):
        return {str: "text", int: 7, bool: True, float: 1.5}[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Recipe):
        return sample(annotation, depth + 1)
    raise AssertionError(f"no sample for {annotation!r}")


def sample(cls: type[Recipe], depth: int = 0) -> Recipe:
    """Make a value of a class with every field given."""
    hints = typing.get_type_hints(cls, localns=names())
    return cls(**{field.name: value_of(hints[field.name], depth) for field in fields_of(cls)})


def fields_of(cls: type[Recipe]) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a recipe class."""
    return dataclasses.fields(cls)


def test_class_names_are_unique() -> None:
    """Stored recipes name their class, so that no two classes may share a name."""
    seen = [cls.__name__ for cls in ALL]
    assert len(set(seen)) == len(seen) > 40


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_recipe_is_stored_and_read_back(cls: type[Recipe]) -> None:
    """A recipe of any class survives being written as JSON."""
    made = sample(cls)
    loaded = load(json.loads(json.dumps(dump([made]))))

    assert made == loaded[made.digest]
    assert made.digest == loaded[made.digest].digest


def other(value: Any) -> Any:
    """Return a value of the same type that differs."""
    match value:
        case bool():
            return not value
        case str():
            return value + "x"
        case int() | float():
            return value + 1
        case tuple():
            return (*value, *value)
        case None:
            return "x"
        case dict():
            return {**value, "more": 2}
        case f.Filter():
            return f.Filter(("other",))
        case _:
            return f.EmptyDirectory()


def marked() -> Iterator[tuple[type[Recipe], str, bool]]:
    """Yield every field of every class, and whether it decides the digest."""
    for cls in ALL:
        for field in fields_of(cls):
            yield cls, field.name, not field.metadata


@pytest.mark.parametrize(("cls", "name", "in_key"), list(marked()))
def test_every_field_is_in_the_key_unless_marked(
    cls: type[Recipe], name: str, in_key: bool
) -> None:
    """Changing a field changes the digest, except where its metadata says otherwise."""
    made = sample(cls)
    changed = dataclasses.replace(made, **{name: other(getattr(made, name))})

    assert in_key == (made.digest != changed.digest)


def test_fields_outside_the_key_are_a_known_few() -> None:
    """What does not decide a result is named here, so that nobody leaves a field out unseen."""
    outside = {f"{cls.__name__}.{name}" for cls, name, in_key in marked() if not in_key}

    assert {
        "Container.image_ref",
        "ImageRoot.address",
        "StoredFile.time_ns",
        "StoredTree.origin",
        "VolatileVariable.value",
    } == outside


TEXTS = st.text(max_size=3)
DIRECTORIES: st.SearchStrategy[f.Directory] = st.recursive(
    st.one_of(
        st.just(f.EmptyDirectory()),
        st.builds(f.StoredTree, TEXTS, TEXTS),
        st.builds(f.HostDirectory, TEXTS),
    ),
    lambda inner: st.one_of(
        st.builds(f.SubDirectory, inner, TEXTS),
        st.builds(f.Difference, inner, inner),
        st.builds(
            f.WrittenDirectory,
            inner,
            st.lists(
                st.one_of(
                    st.builds(f.Remove, st.lists(TEXTS, max_size=2).map(tuple)),
                    st.builds(f.WriteDirectory, TEXTS, inner),
                    st.builds(f.WriteFile, TEXTS, st.builds(f.NewFile, TEXTS, TEXTS)),
                ),
                max_size=3,
            ).map(tuple),
        ),
    ),
    max_leaves=6,
)


@given(DIRECTORIES)
@settings(max_examples=25)
def test_graphs_are_stored_children_first(directory: f.Directory) -> None:
    """Every recipe beneath a root is written once, after those that it is made of."""
    data = dump([directory])
    seen: set[str] = set()
    for item in data:
        text = json.dumps(item["fields"])
        later = {other["digest"] for other in data} - seen
        assert not any(f'"{digest}"' in text for digest in later)
        seen.add(item["digest"])
    assert len(seen) == len(data)
    assert directory.digest == load(data)[directory.digest].digest


def test_long_chains_have_digests() -> None:
    """A chain of thousands of steps is no deeper recursion than one step."""
    made: f.Directory = f.EmptyDirectory()
    for number in range(5000):
        made = f.SubDirectory(made, str(number))

    assert made.digest != f.EmptyDirectory().digest
    assert 5001 == len(closure([made]))


@pytest.mark.parametrize(
    "change",
    [
        {"class": "NoSuchRecipe"},
        {"fields": {"path": "x"}},
        {"fields": {"path": "x", "filter": None, "more": 1}},
        {"digest": "sha256:" + "0" * 64},
    ],
)
def test_data_of_another_version_is_refused(change: dict[str, Any]) -> None:
    """Stored recipes that no longer fit the code raise LookupError, never come back changed."""
    (item,) = dump([f.StoredFile("name", "content", 1, 2)])

    with pytest.raises(LookupError):
        load([{**item, **change}])


def test_the_same_files_are_the_same_directory_wherever_they_were_read() -> None:
    """The place where a tree was read is kept, and is in no key."""
    here, there = f.StoredTree("sha256:1", "/here"), f.StoredTree("sha256:1", "/there")

    assert here.digest == there.digest
    loaded = load(dump([there]))[there.digest]
    assert "/there" == getattr(loaded, "origin", None)


def test_ids_carry_the_type() -> None:
    """An id is the API's type and the digest."""
    volume = CacheVolume("key", "main")

    assert f"CacheVolume@{volume.digest}" == volume.id
    assert c.Container().id.startswith("Container@sha256:")


def test_values_are_those_of_a_frozen_dataclass() -> None:
    """Defaults, equality, hash, text, copies and errors; each class has its own parameters."""
    parent, child = f.HostFile("/a"), f.HostDirectory("/a")

    assert f.EVERYTHING == child.filter
    assert (f.HostFile("/a"), f.HostFile(path="/b")) == (
        parent,
        dataclasses.replace(parent, path="/b"),
    )
    assert f.DatedFile(parent, 1) != f.RenamedFile(parent, "1")
    assert 1 == len({f.HostFile("/a"), parent})
    assert "HostFile(path='/a')" == repr(parent)
    with pytest.raises(dataclasses.FrozenInstanceError):
        parent.path = "/b"  # type: ignore[misc]  # it is frozen
    with pytest.raises(TypeError, match=r"RenamedFile.__init__\(\) missing 1 required"):
        f.RenamedFile(parent)  # type: ignore[call-arg]  # a name is missing
