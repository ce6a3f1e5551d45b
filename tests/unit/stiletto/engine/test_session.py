"""Random edits: an answer from a store that is kept is the one that an empty store gives.

The module's code runs in this process (`Probe`): its function makes one step, which prints all that
it sees. Everything else is the real engine, with steps in plain mode.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stiletto.api.session import Query
from stiletto.engine.client import Client
from stiletto.engine.core import core_of
from stiletto.engine.gate import SecretGate
from stiletto.engine.ports import ObjectRef
from stiletto.engine.session import Engine, open_session
from stiletto.errors import UsageError
from stiletto.graph.recipe import Recipe
from stiletto.progress import Progress
from stiletto.sandbox.images import HostImages
from stiletto.sandbox.plain import Plain
from stiletto.store import Store

SHOWN = r"""cd /src && find . -printf '%y %m %p %l\n' | sort
find . -type f | sort | xargs -r cat
echo "[$WORD] [$1] [$TOOL]" """
CALLS_MAX = 6


async def _yes() -> bool:
    return True


async def _no_way() -> str:
    return ""


class Probe:
    """The code of the module, as `RunCode`: registers itself, and answers with one step."""

    command = SHOWN
    policy = "Default"

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.calls = 0

    async def run(self, client: Client, _what: str) -> str:
        """Answer a call of the module, or register it."""
        assert client.call is not None
        assert client.module is not None
        if not client.call.parent_name:
            return json.dumps(await self._registered(client))
        if not client.call.name:
            return "{}"
        self.calls += 1
        tool = (client.module.root / "src/probe/__init__.py").read_text().strip()
        args = {each.name: json.loads(each.value) for each in client.call.args}
        step = await self._made(
            client,
            Query(),
            ("container", {}),
            ("from", {"address": "debian"}),
            (
                "withMountedDirectory" if args["mounted"] else "withDirectory",
                {"path": "/src", "source": args["source"]},
            ),
            ("withEnvVariable", {"name": "WORD", "value": args["word"]}),
            ("withEnvVariable", {"name": "TOOL", "value": tool}),
            ("withExec", {"args": ["sh", "-c", self.command, "sh", args["given"]]}),
        )
        return json.dumps(await self._call(client, step, "stdout", {}))

    async def _registered(self, client: Client) -> str:
        async def kind(*calls: tuple[str, Mapping[str, Any]]) -> str:
            made = await self._made(client, Query(), ("typeDef", {}), *calls)
            return str(await self._call(client, made, "id", {}))

        text = await kind(("withKind", {"kind": "STRING_KIND"}))
        flag = await kind(("withKind", {"kind": "BOOLEAN_KIND"}))
        directory = await kind(("withObject", {"name": "Directory"}))
        function = await self._made(
            client,
            Query(),
            ("function", {"name": "answer", "returnType": text}),
            ("withArg", {"name": "source", "typeDef": directory}),
            ("withArg", {"name": "word", "typeDef": text}),
            ("withArg", {"name": "given", "typeDef": text}),
            ("withArg", {"name": "mounted", "typeDef": flag}),
            ("withCachePolicy", {"policy": self.policy}),
        )
        answer = str(await self._call(client, function, "id", {}))
        probe = await kind(
            ("withObject", {"name": "Probe"}), ("withFunction", {"function": answer})
        )
        module = await self._made(
            client, Query(), ("module", {}), ("withObject", {"object": probe})
        )
        return str(await self._call(client, module, "id", {}))

    async def _made(
        self, client: Client, value: Recipe, *calls: tuple[str, Mapping[str, Any]]
    ) -> Recipe:
        for field, args in calls:
            value = await self._call(client, value, field, args)
            assert isinstance(value, Recipe)
        return value

    async def _call(
        self, client: Client, value: Recipe, field: str, args: Mapping[str, Any]
    ) -> Any:
        assert self.engine is not None
        return await self.engine.dispatch(client, value, field, args)


class Apart(Plain):
    """Runs steps as plain mode does; they count as isolated, so that they begin early, too."""

    name = "apart"


def answer(store_at: Path, case: Case) -> str:
    """Call the function once, in a session of its own."""
    return asyncio.run(_answer(store_at, case))


async def _answer(store_at: Path, case: Case) -> str:
    base = store_at / "sandbox"
    # Every tree counts as a large one, which lies over its older version.
    store = Store(store_at, clock_ns=lambda: time.time_ns() + 10_000_000_000, wide_entries=1)
    with store:
        core = core_of(
            store=store,
            sandbox=Apart(base),
            images=HostImages(servers=base / "servers", memory=store),
            progress=Progress(),
            workdir=case.root,
            environ={"PATH": os.environ["PATH"], "HOME": str(case.root)},
            gate=SecretGate(isolated=_yes, allowed=True, way_out=_no_way),
            command="stiletto call answer",
        )
        probe = Probe()
        engine = probe.engine = Engine(core, run=probe.run)
        try:
            await engine.load_module(str(case.module))
            made = await engine.construct({})
            host = await engine.select(None, "host", {})
            assert isinstance(host, ObjectRef)
            source = await engine.select(host, "directory", {"path": str(case.source)})
            found = await engine.select(made, "answer", {"source": source, **case.args})
        finally:
            await engine.close()
    case.calls.append(probe.calls)
    return str(found)


class Case:
    """A package, the module that is called with it, and the arguments; edited step by step."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.module, self.source = root / "module", root / "source"
        self.args: dict[str, str | bool] = {"word": "w", "given": "g", "mounted": False}
        self.calls: list[int] = []
        code = self.module / "src/probe"
        code.mkdir(parents=True)
        (self.module / "dagger.json").write_text(
            '{"name": "probe", "engineVersion": "v0.21.8", "sdk": {"source": "python"}}'
        )
        (self.module / "pyproject.toml").write_text('[project]\nname = "probe"\nversion = "1"\n')
        (code / "__init__.py").write_text("1\n")
        self.source.mkdir()
        for name in ("a", "b", "d/c", "d/k", "d/l", "p/q", "p/r", "p/s", "p/t"):
            (self.source / name).parent.mkdir(exist_ok=True)
            (self.source / name).write_text(f"{name}\n")

    def edit(self) -> None:
        """Change one thing."""
        self.chance.choice(EDITS)(self)

    def file(self) -> Path | None:
        """Return a file of the package, any of them."""
        files = sorted(p for p in self.source.rglob("*") if p.is_file() and not p.is_symlink())
        return self.chance.choice(files) if files else None

    def free(self) -> Path:
        """Return a path of the package at which there is nothing."""
        at = (self.source / name for name in ("a", "b", "d/c", "d/e", "f", "g", "h/i"))
        free = [path for path in at if not os.path.lexists(path)]
        path = self.chance.choice(free or [self.source / f"n{self.chance.random()}"])
        path.parent.mkdir(exist_ok=True)
        return path

    def value(self) -> str:
        """Return one of a few texts of equal length, so that edits are taken back, too."""
        return self.chance.choice(["one", "two", "six"])


def _content(case: Case) -> None:
    """Other contents of the same length, at the same time."""
    if (path := case.file()) is not None:
        before = path.stat()
        while path.stat().st_ctime_ns == before.st_ctime_ns:  # a tick of the kernel's clock
            path.write_text(case.chance.choice("xyz") * (before.st_size - 1) + "\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _mode(case: Case) -> None:
    if (path := case.file()) is not None:
        path.chmod(case.chance.choice([0o644, 0o755, 0o600]))


def _link(case: Case) -> None:
    case.free().symlink_to(case.chance.choice(["a", "d", "nowhere"]))


def _rename(case: Case) -> None:
    if (path := case.file()) is not None:
        path.rename(case.free())


def _delete(case: Case) -> None:
    if (path := case.file()) is not None:
        path.unlink()


def _add(case: Case) -> None:
    case.free().write_text(f"{case.value()}\n")


def _variable(case: Case) -> None:
    case.args["word"] = case.value()


def _argument(case: Case) -> None:
    case.args["given"] = case.value()


def _mount(case: Case) -> None:
    case.args["mounted"] = not case.args["mounted"]


def _tool(case: Case) -> None:
    (case.module / "src/probe/__init__.py").write_text(f"{case.value()}\n")


def _nothing(_case: Case) -> None:
    """Only the time."""


EDITS: tuple[Callable[[Case], None], ...] = (
    *(_content, _mode, _link, _rename, _delete, _add),
    *(_variable, _argument, _mount, _tool, _nothing),
)


def emptied(store: Path) -> Path:
    """Return a store with nothing but an image's own files, which take longest to make."""
    for path in store.iterdir() if store.is_dir() else ():
        if path.name != "sandbox":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return store


def check(tmp_path: Path, seeds: range) -> tuple[int, int]:
    """Compare the answers of so many sequences; return how many calls there were, and ran."""
    kept, calls = tmp_path / "kept", []
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 - nothing secret
        root = tmp_path / "case"
        case = Case(root, chance)
        for number in range(chance.randint(1, CALLS_MAX)):
            for _ in range(chance.choice([0, 1, 1, 2])):
                case.edit()
            found = answer(kept, case)
            calls.append(case.calls[-1])
            expected = answer(emptied(tmp_path / "empty"), case)
            assert found == expected, f"sequence {seed}, call {number}"
        shutil.rmtree(root)
    return len(calls), sum(calls)


def test_answers_of_a_kept_store_are_those_of_an_empty_one(tmp_path: Path) -> None:
    """After any edits: of contents, modes, links, names, variables, arguments, the module."""
    calls, ran = check(tmp_path, range(12))
    assert 0 < ran < calls


@pytest.mark.parametrize("count", [2, 8])
def test_commands_at_once_have_the_answers_of_an_empty_store(tmp_path: Path, count: int) -> None:
    """They share a store, and each step runs at most once; nothing is left of any."""
    case = Case(tmp_path / "case", random.Random(0))  # noqa: S311 - nothing secret
    expected = answer(tmp_path / "empty", case)
    with ThreadPoolExecutor(count) as pool:
        for _ in range(2):
            found = list(pool.map(lambda _: answer(tmp_path / "kept", case), range(count)))
            assert found == [expected] * count
            case.args["word"] = "other"
            expected = answer(emptied(tmp_path / "empty"), case)
    with Store(tmp_path / "kept") as store:
        assert len(list(store.root.glob("records/step/*/*.json"))) == 2
        assert len(list((store.root / "stage").iterdir())) == 1, "its own"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("STILETTO_IDLE", "a duration, as 5m"), ("STILETTO_CACHE_SIZE", "a size, as 5GB")],
)
def test_an_invalid_variable_is_reported_before_anything_runs(
    tmp_path: Path, name: str, expected: str
) -> None:
    """Also by a call that would not have used it."""

    async def opened() -> None:
        environ = {"PATH": os.environ["PATH"], "STILETTO_CACHE": str(tmp_path), name: "abc"}
        async with open_session(
            workdir=tmp_path, sandbox="auto", progress=Progress(), environ=environ
        ):
            pass

    with pytest.raises(UsageError) as caught:
        asyncio.run(opened())

    assert f'invalid argument "abc" for {name}: expected {expected}' == caught.value.message


@pytest.mark.slow
@pytest.mark.parametrize(
    "seeds", [range(1_000, 1_040), pytest.param(range(2_000, 4_000), marks=pytest.mark.repeated)]
)
def test_more_answers_are_those_of_an_empty_store(tmp_path: Path, seeds: range) -> None:
    """The same for many more sequences of edits."""
    calls, ran = check(tmp_path, seeds)
    assert 0 < ran < calls
