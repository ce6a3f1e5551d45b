"""Every kind of file in the store, damaged in every way, under real calls.

Of three calls after the damage the first is right or one clear line, and the others are right.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import dagger
import pytest
from hostile_bench import environment, opened, probe, stiletto

from stiletto.errors import StilettoError

CONTENTS = "contents of a file that is in the source\n" * 3
SCRIPT = (
    """#!/bin/sh
mkdir -p /out/sub
cat /src/file /in/copy > /out/sub/joined
echo "$TOKEN" | wc -c > /out/length
ln -s sub/joined /out/link
echo seen > /cache/seen
exit
"""
    + 2000 * "# So large that checkouts share it.\n"
)


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _braces(path: Path) -> None:
    path.write_bytes(b"{}")


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes() or b"x")
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _directory(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def _file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("what?")


OF_FILES: dict[str, Callable[[Path], None]] = {
    "emptied": _emptied,
    "cut": _cut,
    "braces": _braces,
    "flipped": _flipped,
    "removed": _removed,
    "directory": _directory,
}
OF_DIRECTORIES: dict[str, Callable[[Path], None]] = {"removed": _removed, "file": _file}

BLOB = hashlib.sha256(CONTENTS.encode()).hexdigest()
TWIN = hashlib.sha256(SCRIPT.encode()).hexdigest()
FILES = {
    "blob": f"blobs/*/{BLOB}",
    "twin": f"blobs/*/{TWIN}.*x",
    "step": "records/step/*/*.json",
    "interpreters": "records/interpreters/*/*.json",
    "layer.json": "layers/*/layer.json",
    "files.json": "layers/*/files.json",
    "layer file": "layers/*/fs/out/sub/joined",
    "tree.json": "checkouts/*/tree.json",
    "checkout file": "checkouts/*/fs/file",
    "index": "index/*.json",
    "replay": "replay/*.sh",
    "salt": "salt",
    "lock": ".lock",
    "step lock": "locks/*",
    "size": "size.json",
    "volume file": "volumes/*/seen",
}
DIRECTORIES = {
    "layer": "layers/*",
    "layer fs": "layers/*/fs",
    "layer directory": "layers/*/fs/out/sub",
    "checkout": "checkouts/*",
    "checkout fs": "checkouts/*/fs",
    "volume": "volumes/*",
    "blobs": "blobs",
    "records": "records",
    "layers": "layers",
    "index directory": "index",
    "locks": "locks",
    "stage": "stage",
    "replay directory": "replay",
}
ALL = [
    *itertools.product(FILES, OF_FILES),
    *itertools.product(DIRECTORIES, OF_DIRECTORIES),
]
FAST = [
    ("blob", "flipped"),
    ("step", "braces"),
    ("layer.json", "braces"),
    ("layer file", "emptied"),
    ("checkout file", "flipped"),
    ("salt", "cut"),
    ("lock", "directory"),
    ("layer directory", "removed"),
]


@dataclass(frozen=True)
class Bench:
    """A source, a store that has its results, and what is right."""

    store: Path
    source: Path
    out: Path

    async def call(self, word: str) -> str:
        """Run everything that the store has a kind of file for; return all that came of it."""
        async with opened(self.store, self.source.parent) as session:
            source = session.dag.host().directory(str(self.source))
            base = (
                session.base()
                .with_directory("/in", source.with_file("copy", source.file("file")))
                .with_mounted_directory("/src", source)
                .with_mounted_cache("/cache", session.dag.cache_volume("seen"))
                .with_secret_variable("TOKEN", session.dag.set_secret("token", "value"))
                .with_exec(["/src/run"])
            )
            failing = session.dag.container().from_("python:3.11-slim").with_exec(["false"])
            with pytest.raises(dagger.QueryError, match="exit code: 1"):
                await failing.sync()
            # A word that is new, so that this one runs on what the others left.
            read = f"cat /src/file /out/sub/joined /out/link /out/length; echo {word}"
            said = await base.with_exec(["sh", "-c", read]).stdout()
            shutil.rmtree(self.out, ignore_errors=True)
            await base.directory("/out").export(str(self.out))
            found = sorted(
                f"{path.relative_to(self.out)}: {path.read_text()}"
                for path in self.out.rglob("*")
                if path.is_file()
            )
            return "\n".join([said.removesuffix(f"{word}\n"), *found])


Copies = Callable[[Path], Awaitable[tuple[Bench, str]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Make a store once; give each test a copy of it, with what is right."""
    root = tmp_path_factory.mktemp("damage")
    source = root / "work" / "source"
    source.mkdir(parents=True)
    (source / "file").write_text(CONTENTS)
    (source / "run").write_text(SCRIPT)
    (source / "run").chmod(0o755)
    first = Bench(root / "store", source, root / "out")
    right: list[str] = []

    async def copied(at: Path) -> tuple[Bench, str]:
        if not right:
            right.append(await first.call("first"))
        # Hard links and times stay what they are, as in a store that was always here.
        command = ["cp", "-a", str(first.store), str(at / "store")]
        await asyncio.to_thread(subprocess.run, command, check=True)
        return Bench(at / "store", source, at / "out"), right[0]

    return copied


async def _three_calls(bench: Bench, right: str, kind: str, damage: str) -> None:
    pattern = FILES.get(kind) or DIRECTORIES[kind]
    victims = sorted(bench.store.glob(pattern))
    assert victims, f"the store has no {kind}"
    for victim in victims:
        (OF_FILES if kind in FILES else OF_DIRECTORIES)[damage](victim)
    for number in range(3):
        try:
            assert right == await bench.call(f"{kind} {damage} {number}"), number
        except (StilettoError, dagger.QueryError) as error:
            text = str(error)
            assert number == 0, f"call {number}: {text}"
            assert len(text.splitlines()) == 1, text
            assert "internal error" not in text


@pytest.mark.parametrize(("kind", "damage"), FAST)
async def test_damaged_store_gives_no_other_result(
    made: Copies, tmp_path: Path, kind: str, damage: str
) -> None:
    """After the damage a call is right, or says so in one line and is right the next time."""
    bench, right = await made(tmp_path)
    await _three_calls(bench, right, kind, damage)


REST = [one for one in ALL if one not in FAST]


def suites() -> Iterator[pytest.MarkDecorator]:
    """Yield the suite of each of them: of every kind of file one is slow, another way in turn."""
    for turn, (_, group) in enumerate(itertools.groupby(REST, key=itemgetter(0))):
        count = len([*group])
        for number in range(count):
            yield pytest.mark.slow if number == turn % count else pytest.mark.repeated


@pytest.mark.parametrize(
    ("kind", "damage"),
    [pytest.param(*one, marks=suite) for one, suite in zip(REST, suites(), strict=True)],
)
async def test_every_damage_of_every_kind_of_file(
    made: Copies, tmp_path: Path, kind: str, damage: str
) -> None:
    """The same, for all files and all ways to damage them."""
    bench, right = await made(tmp_path)
    await _three_calls(bench, right, kind, damage)


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_damaged_results_of_a_module_are_made_anew(tmp_path: Path) -> None:
    """A stored answer, definition or compiled file of a module that is damaged is made anew."""
    probe(
        tmp_path,
        """
        @function
        def out(self, source: dagger.Directory) -> dagger.Directory:
            return source
        """,
    )
    environ = environment(tmp_path)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").write_text("contents")
    words: tuple[str, ...] = ("-m", str(tmp_path / "probe"), "call", "out")
    words += ("--source", str(tmp_path / "source"))
    words += ("file", "--path", "file", "contents")
    right = stiletto(tmp_path, environ, *words)
    assert (right.code, right.out.strip()) == (0, "contents"), right.err
    damages = [
        ("records/call/*/*", "braces"),
        ("records/call/*/*", "flipped"),
        ("records/module/*/*", "cut"),
        ("records/module/*/*", "directory"),
        ("records/trees/*/*", "emptied"),
        ("records/trees/*/*", "removed"),
        (f"blobs/*/{_digest('contents')}", "flipped"),
    ]
    for pattern, damage in damages:
        for victim in (tmp_path / "store").glob(pattern):
            OF_FILES[damage](victim)
        ended = [stiletto(tmp_path, environ, *words) for _ in range(3)]
        said = f"{pattern} {damage}: {ended}"
        assert all(one.code in (0, 1) and "Traceback" not in one.err for one in ended), said
        assert [("contents", 0)] * 2 == [(one.out.strip(), one.code) for one in ended[1:]], said
    compiled = [*(tmp_path / "store").glob("layers/*/**/*.pyc")]
    assert compiled
    for victim in compiled:
        _cut(victim)
    shutil.rmtree(tmp_path / "store" / "records" / "call")
    ended = [stiletto(tmp_path, environ, *words) for _ in range(3)]
    assert all(one.code in (0, 1) for one in ended), ended
    assert [("contents", 0)] * 2 == [(one.out.strip(), one.code) for one in ended[1:]], ended


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
