"""Queries and requests that would stop a session: each has one clear answer, and others go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from wire_client import LIMIT_S, Asking, session

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(LIMIT_S * 2)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asking]:
    """A session for all tests of this file: one that a query stops fails the next test, too."""
    async with session(tmp_path_factory.mktemp("session")) as one:
        yield one


async def refused(asking: Asking, query: str, **more: Any) -> str:
    """Ask a query that is not executed, and check that others are served; return the message."""
    status, answer = await asking.query(query, **more)
    assert (422, None) == (status, answer["data"])
    status, other = await asking.query("{version}")
    assert 200 == status
    assert other["data"]["version"]
    return str(answer["errors"][0]["message"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{nosuch}", 'Cannot query field "nosuch" on type "Query".'),
        ("{directory{nosuch}}", 'Cannot query field "nosuch" on type "Directory".'),
        ("{}", "a selection has at least one field"),
        ("{directory{}}", "a selection has at least one field"),
        ("{version{nosuch}}", 'Cannot query field "nosuch" on type "String".'),
        (
            '{directory{withNewFile(path:"a"){id}}}',
            'Field "withNewFile" argument "contents" of type "String!" is required',
        ),
        ("{directory{id(a:1)}}", 'Unknown argument "a" on field "Directory.id".'),
        ('{directory{file(path:"a",path:"b"){id}}}', 'only one argument named "path"'),
        ("{...A}", 'Unknown fragment "A".'),
        ("{...A} fragment A on Nosuch{id}", 'Unknown type "Nosuch".'),
        ("{...A} fragment A on String{id}", 'non composite type "String"'),
        ("{...A} fragment A on Query{version} fragment A on Query{version}", "only one fragment"),
        ("{directory{...on Nosuch{id}}}", 'Unknown type "Nosuch".'),
        ("query($a:Nosuch){version}", 'Unknown type "Nosuch".'),
        ("{directory{file(path:$a){id}}}", 'Variable "$a" is not defined.'),
        ("{...A} fragment A on Query{host{directory(path:$a){id}}}", 'Variable "$a" is not'),
        ("{version @nosuch}", 'Unknown directive "@nosuch".'),
        ("{version @skip(if:true)}", 'Unknown directive "@skip".'),
        ("{version @check}", 'Directive "@check" may not be used in a query.'),
        (
            "{directory{...on File{size}}}",
            'objects of type "Directory" can never be of type "File"',
        ),
        (
            "{directory{...A}} fragment A on File{size}",
            'objects of type "Directory" can never be of type "File"',
        ),
        ("{version} fragment A on Query{version}", 'Fragment "A" is never used.'),
        ("query A($a:Int){version}", 'Variable "$a" is never used in operation "A".'),
        ("query($a:Int,$a:Int){version}", 'only one variable named "$a"'),
        (
            "query($a:Int!){directory{file(path:$a){id}}}",
            'Variable "$a" of type "Int!" used in position expecting type "String!".',
        ),
        (
            "query($a:String){directory{file(path:$a){id}}}",
            'Variable "$a" of type "String" used in position expecting type "String!".',
        ),
        (
            "query($a:String){container{withEntrypoint(args:[$a]){id}}}",
            'Variable "$a" of type "String" used in position expecting type "String!".',
        ),
        (
            'query($a:String){host{tunnel(service:"",ports:[{backend:$a}]){id}}}',
            'Variable "$a" of type "String" used in position expecting type "Int!".',
        ),
        (
            '{host{tunnel(service:"",ports:[{backend:1,backend:2}]){id}}}',
            'only one input field named "backend"',
        ),
        ("{__schema{types{fields{type{fields{type{fields{name}}}}}}}}", "introspection depth"),
        ("{version} {version}", "must be the only defined operation"),
        ("query A{version} query A{version}", "only one operation of each name"),
        ("mutation{version}", "only queries are served, no mutation"),
        ("type A{b:String}", "only queries and fragments can be executed"),
        ('{a:directory{id} a:host{directory(path:"."){id}}}', 'Fields "a" conflict'),
        (
            '{directory{file(path:"a"){name}} directory{file(path:"b"){name}}}',
            'Fields "file" conflict',
        ),
        ("{...A directory{id:name}} fragment A on Query{directory{id}}", 'Fields "id" conflict'),
        (
            '{node(id:""){...on File{a:size} ...on Directory{a:name}}}',
            'Fields "a" conflict',
        ),
        ('{directory{a:file(path:"a"){id} a:file(path:"b"){id}}}', 'Fields "a" conflict'),
        ("{", "Syntax Error"),
        ("", "Syntax Error"),
    ],
)
async def test_a_query_that_does_not_fit_the_schema_is_refused(
    asking: Asking, query: str, message: str
) -> None:
    """What does not fit is named, with 422, and nothing is executed."""
    assert message in await refused(asking, query)


async def test_fragments_within_themselves_are_refused(asking: Asking) -> None:
    """A fragment that spreads itself, alone or by way of others, is an error that names it."""
    twice = """
        { directory { ...X } }
        fragment X on Directory {
          a: withNewDirectory(path: "a") { ...X id }
          b: withNewDirectory(path: "b") { ...X id }
        }
    """
    assert 'Cannot spread fragment "X" within itself.' == await refused(asking, twice)
    circle = "{...A} fragment A on Query{...B} fragment B on Query{...C} fragment C on Query{...A}"
    assert 'Cannot spread fragment "A" within itself via "B", "C".' == await refused(asking, circle)


async def test_the_number_of_expanded_fields_is_bounded(asking: Asking) -> None:
    """Fragments that double sixty times, and aliases without end, are refused before any work."""
    doubling = "{directory{...F0}}" + "".join(
        f'fragment F{n} on Directory{{a:directory(path:"a"){{...F{n + 1}}}'
        f'b:directory(path:"b"){{...F{n + 1}}}}}'
        for n in range(60)
    )
    doubling += "fragment F60 on Directory{id}"
    assert "more than 10000 fields" in await refused(asking, doubling)
    aliases = "{" + " ".join(f"a{n}:version" for n in range(30_000)) + "}"
    assert "more than 10000 fields" in await refused(asking, aliases)
    repeated = "{" + "version " * 300_000 + "}"
    assert "more than 200000 tokens" in await refused(asking, repeated)


async def test_nesting_is_bounded(asking: Asking) -> None:
    """Selections, fragments, lists and objects within each other end in an error, not a crash."""
    chain = "{directory" + '{directory(path:"a")' * 5_000 + "{id}" + "}" * 5_001
    assert "nested too deep" in await refused(asking, chain)
    inline = "{" + "...{" * 5_000 + "version" + "}" * 5_001
    assert "nested too deep" in await refused(asking, inline)
    spread = "{...F0}" + "".join(f"fragment F{n} on Query{{...F{n + 1}}}" for n in range(5_000))
    spread += "fragment F5000 on Query{version}"
    assert "nested more than 2000 fields deep" in await refused(asking, spread)
    spread = "{...F5000} fragment F0 on Query{version}"
    spread += "".join(f"fragment F{n} on Query{{...F{n - 1}}}" for n in range(1, 5_001))
    assert "nested more than 2000 fields deep" in await refused(asking, spread)
    names = [*range(5_000, 0, -2), *range(1, 5_001, 2)]
    spread = "{...F2000} fragment F0 on Query{version}"
    spread += "".join(f"fragment F{n} on Query{{...{{...F{n - 1}}}}}" for n in names)
    assert "nested more than 2000 fields deep" in await refused(asking, spread)
    values = "{directory{withoutFiles(paths:" + "[" * 1_000 + "]" * 1_000 + "){id}}}"
    assert "a value is nested more than 64 levels deep" in await refused(asking, values)
    values = "{directory{withoutFiles(paths:" + "[" * 50_000 + "]" * 50_000 + "){id}}}"
    assert "nested too deep" in await refused(asking, values)
    kinds = "query($a:" + "[" * 50_000 + "String" + "]" * 50_000 + "){version}"
    assert "nested too deep" in await refused(asking, kinds)
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    message = await refused(
        asking,
        "query($a:[String!]!){container{withEntrypoint(args:$a){user}}}",
        variables={"a": deep},
    )
    assert "a variable is nested more than 64 levels deep" == message


async def test_questions_about_the_schema_are_bounded(asking: Asking) -> None:
    """The schema's types have fields, and these have types: asked in a circle it is refused."""
    circle = "fields{type{" * 8 + "name" + "}}" * 8
    message = await refused(asking, "{__schema{types{" + circle + "}}}")
    assert "Maximum introspection depth exceeded" == message
    many = " ".join(f"a{n}:__schema{{types{{fields{{args{{name}}}}}}}}" for n in range(2_000))
    assert "too much of the schema" in await refused(asking, "{" + many + "}")


async def test_an_argument_of_the_wrong_type_is_named(asking: Asking) -> None:
    """The types of values are compared when the call is made, as in the real engine."""
    status, answer = await asking.query('{container{withExec(args:["a"],expect:NOSUCH){id}}}')
    assert (200, None) == (status, answer["data"])
    assert "expect" in answer["errors"][0]["message"]
    query = "query($a:[String!]!){container{withExec(args:$a){id}}}"
    status, answer = await asking.query(query, variables={"a": [[1]]})
    assert (422, None) == (status, answer["data"])
    assert "$a" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b'{"query":' + b"9" * 10_000 + b"}", "the body is not JSON"),
        (b"[]", "must be an object"),
        (b'[{"query":"{version}"}]', "must be an object"),
        (b"null", "must be an object"),
        (b'{"query":1}', "must be an object with a string `query`"),
        (b'{"query":"{version}","variables":[]}', "`variables` must be an object"),
        (b'{"query":"{version}","operationName":[]}', "`operationName` must be a string"),
        (
            b'{"query":"{version}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
            "nested too deep",
        ),
        (b'{"query":' * 100_000, "nested too deep"),
    ],
)
async def test_a_malformed_body_is_answered_in_json(
    asking: Asking, body: bytes, message: str
) -> None:
    """What is not a request is answered with 400 and says why."""
    status, answer = await asking.post(body)
    assert (400, None) == (status, answer["data"])
    assert message in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"POST /query HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", 401),
        (b"POST /query HTTP/1.1\r\nhost: x\r\nauthorization: Basic \xff\r\n\r\n", 401),
        (
            b"GET /query HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            401,
        ),
    ],
)
async def test_broken_http_is_answered_in_json(
    asking: Asking, request_: bytes, status: int
) -> None:
    """What is not HTTP, and who has no token, is told so in JSON."""
    got, answer = await asking.send(request_)
    assert (status, None) == (got, answer["data"])
    assert answer["errors"][0]["message"]


async def test_a_request_that_is_too_large_is_refused_unread(asking: Asking) -> None:
    """A body that is announced as larger than the bound is refused before it is sent."""
    head = asking.request(b"").replace(b"content-length: 0", b"content-length: 99999999999")
    status, answer = await asking.send(head)
    assert (413, None) == (status, answer["data"])


async def test_clients_that_stall_or_leave_hold_up_nobody(asking: Asking) -> None:
    """Half requests, bodies that come byte by byte, and connections that are cut stop no other."""
    whole = asking.request(json.dumps({"query": "{version}"}).encode())
    stalled = []
    for length in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        reader, writer = await asyncio.open_connection("127.0.0.1", asking.port)
        writer.write(whole[:length])
        await writer.drain()
        stalled.append((reader, writer, length))
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", asking.port)
        writer.write(asking.request(json.dumps({"query": "{directory{id}}"}).encode()))
        writer.transport.abort()

    assert 200 == (await asking.query("{version}"))[0]
    # Who only was slow is answered all the same.
    for reader, writer, length in stalled:
        writer.write(whole[length:])
        assert b"200" in await asyncio.wait_for(reader.readline(), LIMIT_S)
        writer.close()


async def test_a_pattern_that_backtracks_is_answered(asking: Asking) -> None:
    """A glob of twenty-seven stars over a long name is answered like any other."""
    name, pattern = "a" * 120, "*a" * 27 + "*b"
    query = f'{{directory{{withNewFile(path:"{name}",contents:""){{glob(pattern:"{pattern}")}}}}}}'
    assert (200, {"data": {"directory": {"withNewFile": {"glob": []}}}}) == await asking.query(
        query
    )


async def test_others_are_answered_while_a_large_query_is_read(asking: Asking) -> None:
    """A query of two million characters does not keep a small one waiting for its end."""
    names = ",".join(f'"file-{number:08}"' for number in range(100_000))
    order: list[str] = []

    async def large() -> None:
        status, answer = await asking.query(f"{{directory{{withoutFiles(paths:[{names}]){{id}}}}}}")
        assert 200 == status, answer
        order.append("large")

    async def small() -> None:
        while "large" not in order:
            assert 200 == (await asking.query("{version}"))[0]
            order.append("small")

    await asyncio.gather(large(), small())
    assert order.count("small") >= 2


async def test_what_an_sdk_sends_is_answered(asking: Asking) -> None:
    """Chains of five hundred calls, and two thousand aliases pass."""
    steps = "".join(f'{{withNewFile(path:"f{n}",contents:"")' for n in range(500))
    status, answer = await asking.query("{directory" + steps + "{id}" + "}" * 501)
    assert (200, True) == (status, "errors" not in answer)
    spreads = "{...F1900} fragment F0 on Query{version}"
    spreads += "".join(f"fragment F{n} on Query{{...F{n - 1}}}" for n in range(1, 1_901))
    status, answer = await asking.query(spreads)
    assert (200, ["version"]) == (status, list(answer["data"]))
    aliases = " ".join(f"a{n}:version" for n in range(2_000))
    status, answer = await asking.query("{" + aliases + "}")
    assert (200, 2_000) == (status, len(answer["data"]))
    status, answer = await asking.query("{directory}")
    assert (200, None) == (status, answer["data"])
    assert "must have a selection" in answer["errors"][0]["message"]
    query = '{node(id:"x"){...on Container{id}...on Directory{id}}}'
    status, answer = await asking.query(query)
    assert "unknown id" in answer["errors"][0]["message"]


async def test_an_answer_is_bounded(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """One query cannot ask for a file's contents so often that the answer fills the memory."""
    monkeypatch.setattr("stiletto.wire.execute.MAX_ANSWER_BYTES", 10_000)
    contents = " ".join(f"a{n}:contents" for n in range(20))
    file = '{directory{withNewFile(path:"a",contents:"%s"){file(path:"a"){%s}}}}'
    status, answer = await asking.query(file % ("x" * 1_000, contents))
    assert (200, None) == (status, answer["data"])
    assert "the response to this query is longer than 10000" in answer["errors"][0]["message"]
    status, answer = await asking.query(file % ("x" * 1_000, "contents"))
    assert 1_000 == len(answer["data"]["directory"]["withNewFile"]["file"]["contents"])


# -- what grows by being used twice ---------------------------------------------------------------


async def _made(asking: Asking, query: str, *path: str) -> str:
    status, answer = await asking.query(query)
    assert 200 == status, answer
    found = answer["data"]
    for name in path:
        found = found[name]
    return str(found)


async def _too_much(asking: Asking, query: str) -> str:
    """Ask for something that cannot be; return the message, others being served."""
    _, answer = await asking.query(query)
    assert answer["data"] is None
    assert (await asking.query("{version}"))[1]["data"]["version"]
    return str(answer["errors"][0]["message"])


async def test_directories_that_double_are_refused(asking: Asking) -> None:
    """A directory that is put into itself forty times over is an error, not a walk of years."""
    made = await _made(asking, "{directory{id}}", "directory", "id")
    for _ in range(40):
        inner = f'withDirectory(path:"a",source:"{made}"){{withDirectory(path:"b",source:"{made}")'
        path = ("directory", "withDirectory", "withDirectory", "id")
        made = await _made(asking, f"{{directory{{{inner}{{id}}}}}}}}", *path)
    query = f'{{directory{{withDirectory(path:"a",source:"{made}"){{glob(pattern:"*")}}}}}}'
    assert "entries; at most 2000000 can be" in await _too_much(asking, query)


async def test_variables_that_double_are_refused(asking: Asking) -> None:
    """A variable that is twice the one before has an end."""
    twice = 'withEnvVariable(name:"A",value:"$A${A}",expand:true){'
    inner = f'{twice * 40}envVariable(name:"A"){"}" * 40}'
    query = f'{{container{{withEnvVariable(name:"A",value:"xx"){{{inner}}}}}}}'
    assert "expanding A makes a text of over 2097152 bytes" == await _too_much(asking, query)


async def test_files_that_grow_by_replacement_are_refused(asking: Asking) -> None:
    """Each letter replaced by a thousand, again and again, does not fill the memory."""
    grown = f'withReplaced(search:"a",replacement:"{"a" * 1000}",all:true){{'
    inner = f'file(path:"f"){{{grown * 4}size{"}" * 4}}}'
    query = f'{{directory{{withNewFile(path:"f",contents:"a"){{{inner}}}}}}}'
    assert "f: 1000000000 bytes exceed the limit of 128 MiB" == await _too_much(asking, query)
