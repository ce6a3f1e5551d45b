"""Values of the plain types over the wire: ids, definitions, env files, JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import dagger
import httpx
import pytest
import pytest_asyncio
from wire_bench import Session

from stiletto.engine.session import serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

Ask = Callable[[str], Awaitable[Any]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ask(isolated: Session) -> AsyncIterator[Ask]:
    """Send queries as they are written; gives data, or the first message."""
    async with (
        serve(isolated.engine) as (port, token),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", auth=(token, "")) as client,
    ):

        async def asked(query: str) -> Any:
            body = (await client.post("/query", json={"query": query})).json()
            return body["errors"][0]["message"] if body.get("errors") else body["data"]

        yield asked


async def test_an_id_of_another_type_is_refused(ask: Ask) -> None:
    """An id is loaded, and taken as an argument, as the type that it has only."""
    id_ = (await ask('{directory{withNewFile(path:"a",contents:"A"){id}}}'))["directory"][
        "withNewFile"
    ]["id"]

    assert {"loadDirectoryFromID": {"entries": ["a"]}} == await ask(
        f'{{loadDirectoryFromID(id:"{id_}"){{entries}}}}'
    )
    expected = "expected the id of a File, got that of a Directory"
    assert expected == await ask(f'{{loadFileFromID(id:"{id_}"){{size}}}}')
    assert expected == await ask(f'{{container{{withFile(path:"/f",source:"{id_}"){{user}}}}}}')


async def test_a_definition_is_read_back(ask: Ask) -> None:
    """What is registered of a module can be read, by the names that the API shows."""
    text = "{typeDef{withKind(kind:STRING){id}}}"
    string = (await ask(text))["typeDef"]["withKind"]["id"]
    made = await ask(
        f'{{function(name:"say_it",returnType:"{string}"){{withArg(name:"the_text",'
        f'typeDef:"{string}",defaultValue:"\\"x\\"",ignore:["a"]){{withDeprecated(reason:"old"){{'
        "name deprecated returnType{kind asObject{name}} "
        "args{name defaultValue defaultPath ignore typeDef{kind optional}}}}}}"
    )

    assert {
        "name": "sayIt",
        "deprecated": "old",
        "returnType": {"kind": "STRING_KIND", "asObject": None},
        "args": [
            {
                "name": "theText",
                "defaultValue": '"x"',
                "defaultPath": "",
                "ignore": ["a"],
                "typeDef": {"kind": "STRING_KIND", "optional": False},
            }
        ],
    } == made["function"]["withArg"]["withDeprecated"]


async def test_an_env_file_is_read_as_a_shell_reads_it(ask: Ask) -> None:
    """Values are expanded where they are read; a module of a prefix sees the others."""
    made = await ask(
        '{file(name:"e",contents:"ROOT=/r\\nexport APP_AT=\\"$ROOT/x\\"\\nAPP_B=\'$ROOT\'\\n")'
        '{asEnvFile{namespace(prefix:"app"){variables{name value} get(name:"ROOT") '
        "asFile{contents}}}}}"
    )

    assert {
        "variables": [{"name": "AT", "value": "/r/x"}, {"name": "B", "value": "$ROOT"}],
        "get": "",
        "asFile": {"contents": "AT=\"$ROOT/x\"\nB='$ROOT'\n"},
    } == made["file"]["asEnvFile"]["namespace"]


async def test_an_env_file_with_another_line_is_refused(ask: Ask) -> None:
    """A line that is not an assignment is an error at once, a value that is not set when read."""
    assert "'just words' is not an assignment of an env file" == await ask(
        '{file(name:"e",contents:"A=1\\njust words\\n"){asEnvFile{get(name:"A",raw:true)}}}'
    )
    unset = '{envFile{withVariable(name:"A",value:"$NOT_SET_B"){variables(raw:%s){value}}}}'
    assert ".env: A: NOT_SET_B is not set" == await ask(unset % "false")
    assert "$NOT_SET_B" in str(await ask(unset % "true"))


async def test_the_last_value_of_a_volatile_variable_counts(one: Session, fresh: str) -> None:
    """Volatile variables are bound by name for a session, so a container's own value may be old."""
    first = await one.base().with_volatile_variable("WHEN", "one").sync()
    await one.base().with_workdir("/x").with_volatile_variable("WHEN", "two").sync()

    assert "two\n" == await first.with_exec(["sh", "-c", f"echo $WHEN #{fresh}"]).stdout()


async def test_a_file_is_no_working_directory(one: Session) -> None:
    """A command in a directory that is a file fails, and is not a fault of the machine."""
    at = one.base().with_new_file("/f", "").with_workdir("/f").with_exec(["true"])

    with pytest.raises(dagger.ExecError) as failed:
        await at.sync()
    assert 1 == failed.value.exit_code
