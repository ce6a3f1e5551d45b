"""A module's functions, called as the command line calls them."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from wire_bench import Opener, Session, write

from stiletto.engine.keys import call_key
from stiletto.engine.ports import ObjectRef
from stiletto.errors import ModuleFailed, StepFailed, StilettoError, UsageError
from stiletto.store import sealed
from stiletto.store.layout import file_name

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.network]

GEARBOX = Path(__file__).parent / "gearbox"


@dataclass(frozen=True)
class Loaded:
    """A session with the module loaded."""

    session: Session

    async def call(self, field: str, /, **args: Any) -> Any:
        """Call a function of the module's main object."""
        return await self.on(await self.session.engine.construct({}), field, **args)

    async def on(self, value: Any, field: str, /, **args: Any) -> Any:
        """Ask a field of an object."""
        assert isinstance(value, ObjectRef)
        return await self.session.engine.select(value, field, args)

    async def root(self, field: str, /, **args: Any) -> Any:
        """Ask a field of the root."""
        return await self.session.engine.select(None, field, args)


def copy(to: Path) -> Path:
    """Make a repository with the module and files beside it."""
    shutil.copytree(GEARBOX, to / "module")
    return write(to, {".git/HEAD": "", "seen.txt": "1", "ignored/x": "1"})


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the module of the shared session is."""
    return copy(tmp_path_factory.mktemp("gearbox"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def box(open_: Opener, place: Path) -> AsyncIterator[Loaded]:
    """The module, loaded in one session for all tests that need no other."""
    async with open_(place, environ={"OWN_TOKEN": "from-env"}) as session:
        await session.engine.load_module("module")
        yield Loaded(session)


# -- arguments and results --------------------------------------------------------------------


async def test_definition(box: Loaded) -> None:
    """Functions, fields and types have their API names, descriptions come along."""
    definition = await box.session.engine.load_module("module")

    assert "Gearbox" == definition.main
    assert "A module with one function for each thing that crosses the wire." in (
        definition.description
    )
    main = definition.main_object
    assert "Call" not in main.functions
    assert main.constructor is not None
    assert ["source", "size", "token"] == [a.name for a in main.constructor.args]
    assert "commandFails" in main.functions
    assert "Give back what came." == main.functions["echo"].description
    assert {"Gearbox", "GearboxWheel"} == set(definition.objects)
    direction = definition.enums["GearboxDirection"]
    assert ("LEFT", "RIGHT") == direction.members


async def test_scalars_and_defaults(box: Loaded) -> None:
    """Arguments arrive with their types; what is not given has its default."""
    assert "a 1.0 3" == await box.call("echo", text="a")
    assert "A A 0.5 3" == await box.call("echo", text="a", times=2, loud=True, scale=0.5)
    engine = box.session.engine
    other = await engine.construct({"size": 9})
    assert "a 1.0 9" == await box.on(other, "echo", text="a")


async def test_lists_and_optional_arguments(box: Loaded) -> None:
    """Lists arrive whole, optional arguments may be left out."""
    assert "a-b" == await box.call("join", words=["a", "b"])
    assert "a!" == await box.call("join", words=["a"], end="!")
    assert [1, 2, 3] == await box.call("numbers")
    assert await box.call("nothing") is None


async def test_missing_and_unknown_arguments(box: Loaded) -> None:
    """A required argument that is missing is an error that names it."""
    with pytest.raises(StilettoError, match="'text'"):
        await box.call("echo")


async def test_own_objects(box: Loaded) -> None:
    """Objects of the module have fields, functions, and may be arguments."""
    big, small = await box.call("wheel", teeth=24), await box.call("wheel")

    assert 24 == await box.on(big, "teeth")
    assert 2.0 == await box.on(big, "ratio", other=small)
    assert "12 teeth LEFT left" == await box.on(small, "turned", direction="LEFT")
    assert "12 teeth RIGHT right" == await box.on(small, "turned")
    assert "24 teeth" == await box.on(await box.on(big, "label"), "contents")
    assert [1, 2] == [await box.on(wheel, "teeth") for wheel in await box.call("wheels")]


async def test_objects_of_the_api(box: Loaded) -> None:
    """Directories, files, containers and changesets come back lazy and work."""
    built = await box.call("built")
    assert ["list"] == await box.on(built, "entries")
    listed = await box.on(await box.on(built, "file", path="list"), "contents")
    assert ["module", "seen.txt"] == listed.split()
    assert "4" == await box.on(await box.call("box"), "envVariable", name="GEAR")
    assert ["added.txt"] == await box.on(await box.call("tidy"), "addedPaths")


async def test_objects_as_arguments(box: Loaded) -> None:
    """Files and directories of the client reach a function."""
    directory = await box.on(await box.root("directory"), "withNewFile", path="f", contents="")
    file = await box.root("file", name="x", contents="text")

    assert "['f'] text" == await box.call("measure", directory=directory, file=file)


async def test_contextual_directory(box: Loaded) -> None:
    """A default path reads the files around the module, without what `Ignore` names."""
    names = await box.call("names")

    assert "seen.txt" in names
    assert "ignored/" not in names


async def test_directory_that_a_program_passes_comes_whole(box: Loaded) -> None:
    """`Ignore` belongs to the command line and to the default path, as on Dagger."""
    empty = await box.root("directory")
    directory = await box.on(empty, "withNewFile", path="ignored/x", contents="")
    made = await box.session.engine.construct({"source": directory})

    assert ["ignored/"] == await box.on(made, "names")


async def test_secrets(box: Loaded) -> None:
    """A secret reaches a function as argument and in the object's state."""
    secret = await box.root("secret", uri="env://OWN_TOKEN")
    mine = await box.session.engine.construct({"token": secret})

    assert "8 0" == await box.call("unlock", secret=secret)
    assert "8 8" == await box.on(mine, "unlock", secret=secret)


async def test_modules_do_not_see_the_host(box: Loaded) -> None:
    """A module's code reads the host only through its arguments."""
    with pytest.raises(StilettoError, match="cannot read the host"):
        await box.call("peeks")


# -- errors -------------------------------------------------------------------------------------


async def test_an_exception_is_told(box: Loaded) -> None:
    """What a function raises arrives as its text."""
    with pytest.raises(ModuleFailed, match="the gear slipped"):
        await box.call("broken")


async def test_a_failed_command_passes_through(box: Loaded) -> None:
    """A failed command inside a function keeps exit code and streams."""
    with pytest.raises(StepFailed) as caught:
        await box.call("commandFails", code=7)

    error = caught.value
    assert (7, "said", "why") == (error.exit_code, error.stdout, error.stderr)


async def test_a_caught_refusal_is_reported_each_time(open_: Opener, place: Path) -> None:
    """What a module catches is known at the end, in every session: such a result is not stored."""
    for _ in range(2):
        async with open_(place) as session:
            await session.engine.load_module("module")
            box = Loaded(session)
            assert "did without" == await box.call("tolerant")
            assert [
                "Container.publish is not implemented by stiletto",
                "this machine cannot provide the image mysql:8",
            ] == list(session.engine.refused)


async def test_unknown_function(box: Loaded) -> None:
    """A function that is not there is named."""
    with pytest.raises(UsageError, match="'absent'"):
        await box.call("absent")


# -- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        pytest.param(
            'dependencies = ["dagger-io", "stiletto-has-no-such-package"]',
            "pyproject.toml: what the module requires cannot be installed: ",
            marks=pytest.mark.slow,
        ),
        (
            'dependencies = ["dagger-io>=99"]',
            "pyproject.toml: without uv.lock the engine's own SDK is installed",
        ),
        (
            'dependencies = ["dagger-io"]\n[tool.dagger]\nbase-image = "acme/python:3"',
            "pyproject.toml: base-image: this machine cannot provide the image acme/python:3",
        ),
    ],
)
async def test_module_that_cannot_be_installed(
    open_: Opener, tmp_path: Path, project: str, expected: str
) -> None:
    """What is missing is named in one line, and nothing of it is registered."""
    at = copy(tmp_path)
    path = at / "module" / "pyproject.toml"
    path.write_text(f'[project]\nname = "gearbox"\nversion = "0"\n{project}\n')
    async with open_(at) as session:
        for _ in range(2):
            with pytest.raises(StilettoError) as caught:
                await session.engine.load_module("module")
            assert expected in caught.value.message
            assert "\n" not in caught.value.message
            assert caught.value.hint


# -- caching ------------------------------------------------------------------------------------


async def test_cache_policies(open_: Opener, place: Path, fresh: str) -> None:
    """Results are kept across sessions, for one session, or not at all, as the function says."""
    policies = ("default", "session", "never")
    counts: list[list[int]] = []
    for _ in range(2):
        async with open_(place) as session:
            await session.engine.load_module("module")
            loaded = Loaded(session)
            for policy in (*policies, *policies):
                assert "done" == await loaded.call(policy, word=f"{fresh}-{policy}")
            counts.append([session.runs(f"{fresh}-{policy}") for policy in policies])

    assert [[1, 1, 2], [1, 2, 4]] == counts


async def test_a_call_is_stored_with_the_inputs_of_its_key(
    open_: Opener, place: Path, fresh: str
) -> None:
    """The record says what the call saw, without secrets; one that does not answers as well."""
    token = secrets.token_hex(8)
    async with open_(place, environ={"OWN_TOKEN": token}) as session:
        await session.engine.load_module("module")
        loaded = Loaded(session)
        await loaded.root("secret", uri="env://OWN_TOKEN")
        for word in (fresh, token):
            await loaded.call("default", word=word)
        store = session.engine.core.store
        paths = list((store.root / "records" / "call").rglob("*.json"))
        assert not [path for path in paths if token in path.read_text()]
        args = {"word": json.dumps(fresh)}
        records = {path.stem: sealed.read(path) or {} for path in paths}
        name, record = next(
            (name, record)
            for name, record in records.items()
            if args == record.get("inputs", {}).get("args")
        )
        key = call_key(record.pop("inputs"))
        assert name == file_name(key)
        store.put_record("call", key, record)

    async with open_(place) as session:
        await session.engine.load_module("module")
        await Loaded(session).call("default", word=fresh)
        assert session.runs(fresh) == 1


async def test_files_decide_whether_a_function_runs(
    open_: Opener, tmp_path: Path, fresh: str
) -> None:
    """Editing a file of an argument or of the module runs it again, one beneath `ignore` not."""
    place = copy(tmp_path)

    async def runs() -> int:
        async with open_(place) as session:
            await session.engine.load_module("module")
            await Loaded(session).call("looked", word=fresh)
            return session.runs(fresh)

    assert await runs() == 1
    write(place, {"ignored/x": "2", "ignored/y": "new"})
    assert await runs() == 1
    write(place, {"seen.txt": "2"})
    assert await runs() == 2
    write(place, {"module/src/gearbox/more.py": "MORE = 1\n"})
    assert await runs() == 3


async def test_a_secret_made_inside_is_not_taken_from_an_earlier_session(
    open_: Opener, place: Path
) -> None:
    """An object with a secret that its code set works in every session, never with nothing."""
    for _ in range(2):
        async with open_(place) as session:
            await session.engine.load_module("module")
            loaded = Loaded(session)
            assert 11 == await loaded.on(await loaded.call("keep"), "kept")
