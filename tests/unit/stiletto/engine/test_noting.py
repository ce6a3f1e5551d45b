"""Which cells need a step is noted with all that it stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.api import container as c
from stiletto.engine.noting import Noting
from stiletto.history.journal import History, Journal
from stiletto.progress import Outcome, Progress
from stiletto.sandbox.plan import Image
from stiletto.store import Store

IMAGE = Image("python:3.11-slim", "host:3.11.7", "the host's python")


def step(program: str, root: c.Root, *mounts: c.Mount) -> c.Exec:
    """Return a command on what is at `root`."""
    return c.Exec(
        root=root,
        args=(program,),
        workdir="/",
        user="",
        env=(),
        volatile=(),
        secrets=(),
        mounts=mounts,
    )


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("pytest", "pytest -x tests", True),
        ("uv sync --frozen", "uv sync --frozen --group=tests", True),
        ("uv pip install --quiet", "uv sync --frozen", False),
        ("git -C /a status", "git -C /b log", True),
        ("uv", "git", False),
    ],
)
def test_a_step_is_compared_with_the_last_of_its_kind(
    tmp_path: Path, before: str, now: str, same: bool
) -> None:
    """That is the program, or the subcommand of one that has many."""
    root = c.ImageRoot(IMAGE.address, IMAGE.identity)
    with Store(tmp_path / "store") as store:
        noting = Noting(Journal(store, tmp_path, "stiletto call", lambda data: data))
        slots = [
            noting.step(step(name, root), IMAGE, name, "key", None).slots[1]
            for name in (before, now)
        ]
    assert same == (slots[0] == slots[1])


def test_a_step_is_of_each_cell_that_needs_what_stands_on_it(tmp_path: Path) -> None:
    """Beneath its root, or in a mount; a step that nothing in a cell needs is of none."""
    built = step("build", c.ImageRoot(IMAGE.address, IMAGE.identity))
    wheel = c.DirectoryMount("/dist", c.ContainerDirectory(c.ExecRoot(built), "/dist"))
    installed = step("install", c.ImageRoot(IMAGE.address, IMAGE.identity), wheel)
    tests = [step(name, c.ExecRoot(installed)) for name in ("pytest", "unittest")]
    other = step("lint", built.root)
    with Store(tmp_path / "store") as store:
        journal = Journal(store, tmp_path, "stiletto call matrix", lambda data: data)
        noting, progress = Noting(journal), Progress()
        function = progress.span("matrix", "function")
        cells = [progress.span(name, "part", function) for name in ("3.11", "3.12")]
        for cell, last in zip(cells, tests, strict=True):
            noting.needed(last, cell)
        noting.needed(built, cells[0])
        noting.needed(other, function)
        for each in (built, installed, *tests, other):
            noted = noting.step(each, IMAGE, each.args[0], each.digest, cells[0])
            noted.end(progress.span(each.args[0], "step", cells[0]), Outcome.DONE)
        journal.close()
        [call] = History(store, tmp_path).calls()

    assert {
        "build": ("3.11", "3.12"),
        "install": ("3.11", "3.12"),
        "pytest": ("3.11",),
        "unittest": ("3.12",),
        "lint": (),
    } == {note.name: note.parts for note in call.notes}
