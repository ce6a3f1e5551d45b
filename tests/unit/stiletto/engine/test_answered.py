"""What a stored answer holds is evaluated once, while the machine and the contents are the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.api.secrets import SetSecret
from stiletto.engine.answered import KIND, Answered
from stiletto.engine.machine import Machine
from stiletto.graph.recipe import Recipe
from stiletto.graph.tree import Dir
from stiletto.store import Store
from tests.unit.stiletto.engine.test_machine import PYTHON, provided

STEP: Mapping[str, Any] = {
    "root": c.ImageRoot(PYTHON, "host:3.11.7"),
    "args": ("make",),
    "workdir": "/",
    "user": "",
    "env": (),
    "volatile": (),
    "secrets": (),
    "mounts": (),
}


def made(**fields: Any) -> f.Directory:
    """Return a directory that a step left."""
    return c.ContainerDirectory(c.ExecRoot(c.Exec(**{**STEP, **fields})), "/dist")


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store whose directory `dist` is a tree of one file."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "wheel").write_text("a wheel")
    return Store(tmp_path / "store")


def evaluated(store: Store, tmp_path: Path) -> Dir:
    """Return the tree that evaluation gives."""
    return store.ingest(tmp_path / "dist", copy=True)


def keep(store: Store, tmp_path: Path, directory: f.Directory, *held: Recipe) -> Dir:
    """Keep a tree in one session, whose answers hold these."""

    async def session() -> Dir:
        machine = provided(tmp_path)
        await machine.sandbox.ready()
        answered = Answered(store, Machine(store, machine))
        answered.hold(held)
        tree = evaluated(store, tmp_path)
        await answered.keep(directory, tree)
        return tree

    return asyncio.run(session())


def found(
    store: Store, tmp_path: Path, directory: f.Directory, *held: Recipe, version: str = "3.11.7"
) -> Dir | None:
    """Return what another session finds, with this Python on the machine."""
    answered = Answered(store, Machine(store, provided(tmp_path, version)))
    answered.hold(held)
    return asyncio.run(answered.tree(directory))


def test_a_directory_of_an_answer_is_evaluated_once(store: Store, tmp_path: Path) -> None:
    """The next session has the same tree, with its contents; another step has none."""
    directory, other = made(), made(args=("make", "more"))
    tree = keep(store, tmp_path, directory, directory)

    assert tree == found(store, tmp_path, directory, directory)
    assert None is found(store, tmp_path, other, other)


def test_only_what_an_answer_holds_is_kept(store: Store, tmp_path: Path) -> None:
    """Directories on the way to it are neither kept nor looked for."""
    directory = made()
    keep(store, tmp_path, directory)
    assert None is store.record(KIND, directory.digest)

    keep(store, tmp_path, directory, directory)
    assert None is found(store, tmp_path, directory)


@pytest.mark.parametrize("version", ["3.11.9", ""])
def test_another_interpreter_evaluates_again(store: Store, tmp_path: Path, version: str) -> None:
    """The same address means another image."""
    directory = made()
    keep(store, tmp_path, directory, directory)
    (tmp_path / "bin" / "python3.11").touch()
    assert None is found(store, tmp_path, directory, directory, version=version)


@pytest.mark.parametrize(
    "directory",
    [
        made(secrets=(c.SecretVariable("TOKEN", SetSecret("token", "")),)),
        made(mounts=(c.SecretFileMount("/run/token", SetSecret("token", ""), 0o400),)),
        made(services=(c.ServiceBinding("db", c.Service(c.Exec(**STEP))),)),
        made(mounts=(c.DirectoryMount("/src", f.HostDirectory("/src")),)),
        f.StoredTree("sha256:" + "0" * 64),
    ],
    ids=["secret", "secret-file", "service", "host", "tree"],
)
def test_what_more_than_contents_decides_is_evaluated(
    store: Store, tmp_path: Path, directory: f.Directory
) -> None:
    """A secret, a service and the host are not seen in a recipe; a tree is one already."""
    keep(store, tmp_path, directory, directory)
    assert None is store.record(KIND, directory.digest)


def test_removed_contents_are_made_again(store: Store, tmp_path: Path) -> None:
    """A tree whose file is no longer in the store counts as not kept."""
    directory = made()
    keep(store, tmp_path, directory, directory)
    for blob in (tmp_path / "store" / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    with Store(tmp_path / "store") as later:
        assert None is found(later, tmp_path, directory, directory)


@pytest.mark.parametrize(
    "record", [{}, {"tree": 3, "machine": {}}, {"tree": "sha256:" + "0" * 64, "machine": []}]
)
def test_a_record_of_another_shape_counts_as_absent(
    store: Store, tmp_path: Path, record: dict[str, object]
) -> None:
    """Another version wrote it."""
    directory = made()
    store.put_record(KIND, directory.digest, record)
    assert None is found(store, tmp_path, directory, directory)
