"""Runs one recorded case against a session, and compares what it answers.

`recorded/` holds small GraphQL cases with what Dagger v0.21.8 answered to them. A case is some
queries; a step with `bind` puts its value where `{{name}}` stands later. What is compared is
described at `reduced`. `python -m tests.wire.recorded_report` prints how many agree.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tomllib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from stiletto.engine.session import open_session, serve
from stiletto.progress import Progress

DATA = Path(__file__).parent / "recorded"
LIMIT_S = 60.0
HOST_NAME = "recorded-host"

Value: TypeAlias = Any
"""What JSON can hold."""

_TRACE = re.compile(r" \[traceparent:[0-9a-f-]+\]")
_REPEAT = re.compile(r"\{\{repeat:(.):(\d+)\}\}")
_REFUSED = re.compile(r"(\S+) is not implemented by stiletto")
_CUT = re.compile(r"(.*)\.\.\.\((\d+) characters\)", re.DOTALL)
_OMITTED = re.compile(r"\[omitting \d+ bytes\]\.\.\.")


class Verdict(Enum):
    """What a case shows of Stiletto."""

    EQUAL = "equal"
    REFUSED = "refused"
    WORDING = "wording"
    VALUE = "value"


@dataclass(frozen=True)
class Case:
    """Some queries, and what Dagger answered."""

    name: str
    group: str
    steps: Sequence[Mapping[str, Value]]
    expected: Value
    reduce: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What Stiletto answered, and what that is beside Dagger's answer."""

    verdict: Verdict
    actual: Value
    call: str = ""


@dataclass(frozen=True)
class Exceptions:
    """What may differ: cases by name, calls that Stiletto refuses; each with its reason."""

    cases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@cache
def cases() -> tuple[Case, ...]:
    """Return every case, by group and in the order of its file."""
    return tuple(
        Case(group=path.stem, **record)
        for path in sorted((DATA / "cases").glob("*.json"))
        for record in json.loads(path.read_text())
    )


@cache
def exceptions() -> Exceptions:
    """Return what may differ."""
    read = tomllib.loads((DATA / "exceptions.toml").read_text())
    return Exceptions(read["case"], read["refused"])


def make_host(root: Path) -> None:
    """Write the files that the cases find under `{{host}}`."""
    for record in json.loads((DATA / "host.json").read_text()):
        at = root / record["path"]
        at.parent.mkdir(parents=True, exist_ok=True)
        if record["path"].endswith("/"):
            at.mkdir(exist_ok=True)
        elif "link" in record:
            at.symlink_to(record["link"])
        else:
            at.write_text(record["text"])
            at.chmod(int(record["mode"], 8))
            if "mtime" in record:
                os.utime(at, (record["mtime"], record["mtime"]))
    (root / "modes/d").chmod(0o700)
    _make_repository(root / "repo")


def _make_repository(at: Path) -> None:
    """Make a repository with two commits, three tags, a branch, and changes beside them."""
    (at / "dir").mkdir(parents=True)
    (at / "one.txt").write_text("one\n")
    (at / "dir/two.txt").write_text("two\n")
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (
            ("NAME", "a"),
            ("EMAIL", "a@example.invalid"),
            ("DATE", "2020-01-01T00:00:00Z"),
        )
    }
    environ = {
        **os.environ,
        **who,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
    }

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=at, env=environ, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("tag", "v1.0.0")
    git("branch", "feature")
    (at / "three.txt").write_text("three\n")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    git("tag", "v1.1.0")
    git("tag", "not-a-version")
    git("clone", "-q", "--bare", ".", "../repo.git")
    (at / "one.txt").write_text("one changed\n")
    (at / "new.txt").write_text("new\n")


@dataclass(frozen=True)
class Recorded:
    """One session, and the words that stand for it in the cases."""

    client: httpx.AsyncClient
    host: Path
    nonce: str

    async def run(self, case: Case) -> Outcome:
        """Run a case and compare its answer."""
        try:
            async with asyncio.timeout(LIMIT_S):
                answers, messages = await self._answers(case.steps)
        except TimeoutError:
            return Outcome(Verdict.VALUE, f"no answer in {LIMIT_S:g} s")
        expected = json.loads(self._filled(json.dumps(case.expected), {}))
        if case.reduce == "sorted":
            # As recorded, only the outer list is in order.
            expected = _sorted(expected)
        actual = reduced(case.reduce, answers)
        call = next((found[1] for text in messages if (found := _REFUSED.search(text))), "")
        return Outcome(verdict(expected, actual, refused=bool(call)), actual, call)

    async def _answers(self, steps: Sequence[Mapping[str, Value]]) -> tuple[list[Value], list[str]]:
        bound: dict[str, str] = {}
        answers: list[Value] = []
        messages: list[str] = []
        for step in steps:
            query = self._filled(step["query"], bound)
            variables = json.loads(self._filled(json.dumps(step.get("variables")), bound))
            answer = await self._ask(query, variables, step.get("take", ""), messages)
            if "bind" not in step:
                answers.append(answer)
            elif isinstance(answer, dict) and "error" in answer:
                answers.append(answer)
                break
            else:
                bound[step["bind"]] = answer
        return answers, messages

    async def _ask(self, query: str, variables: Value, take: str, messages: list[str]) -> Value:
        response = await self.client.post("/query", json={"query": query, "variables": variables})
        body = response.json()
        if errors := body.get("errors"):
            messages.append(errors[0]["message"])
            return _error(errors[0], response.status_code)
        value = body["data"]
        for name in filter(None, take.split(".")):
            value = value[int(name) if isinstance(value, list) else name]
        return value

    def _filled(self, text: str, bound: Mapping[str, str]) -> str:
        for name, value in bound.items():
            text = text.replace("{{" + name + "}}", value)
        text = _REPEAT.sub(lambda found: found[1] * int(found[2]), text)
        text = text.replace("{{host}}", str(self.host)).replace("{{hostbase}}", self.host.name)
        return text.replace("{{nonce}}", self.nonce)


def _error(error: Mapping[str, Value], status: int) -> dict[str, Value]:
    """Return an error as the cases have it; only an unusual status is kept."""
    said: dict[str, Value] = {"error": _TRACE.sub("", error["message"])}
    extensions = error.get("extensions") or {}
    if "_type" in extensions:
        said["type"] = extensions["_type"]
    said |= {
        name: extensions[name] for name in ("exitCode", "stdout", "stderr") if name in extensions
    }
    if status != httpx.codes.OK:
        said["status"] = status
    return said


def reduced(how: str | None, answers: Sequence[Value]) -> Value:
    """Return what is compared of some answers.

    `equal` and `equal-any`: for each answer after the first, whether it equals the first, errors
    left as they are or compared as well; `len`, `sorted`, `type`: that of each; `ok`: whether it
    is an error.
    """
    if how in ("equal", "equal-any"):
        first, *rest = answers
        failed = [answer for answer in answers if _is_error(answer)]
        made: list[Value] = (
            failed if failed and how == "equal" else [answer == first for answer in rest]
        )
    else:
        made = [_reduced_one(how, answer) for answer in answers]
    return made[0] if len(made) == 1 else made


def _reduced_one(how: str | None, answer: Value) -> Value:
    if how == "ok":
        return "error" if _is_error(answer) else "ok"
    if _is_error(answer):
        return answer
    match how:
        case "len":
            return len(answer)
        case "sorted":
            return _sorted(answer)
        case "type":
            return type(answer).__name__
        case _:
            return answer


def _sorted(value: Value) -> Value:
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, dict):
        return {name: _sorted(item) for name, item in value.items()}
    return value


def _is_error(answer: Value) -> bool:
    return isinstance(answer, dict) and "error" in answer


def verdict(expected: Value, actual: Value, *, refused: bool = False) -> Verdict:
    """Compare an answer; an error whose text was not recorded has any text."""
    if same(expected, actual):
        return Verdict.EQUAL
    if refused:
        return Verdict.REFUSED
    return Verdict.WORDING if same(_failures(expected), _failures(actual)) else Verdict.VALUE


def same(expected: Value, actual: Value) -> bool:
    """Return whether an answer is what was recorded; `{{hex}}` stands for any digest.

    The streams of a failed step were left out where they are the engine's own: any are right then.
    Of a long text its beginning and its length were recorded.
    """
    match expected, actual:
        case {"type": _}, {"stdout": _, "stderr": _, **rest} if "stdout" not in expected:
            return same(expected, rest)
        case str(), str() if cut := _CUT.fullmatch(expected):
            return actual.startswith(cut[1]) and len(actual) == _length(actual, int(cut[2]))
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                (name == "error" and expected[name] is True) or same(expected[name], actual[name])
                for name in expected
            )
        case list(), list():
            return len(expected) == len(actual) and all(map(same, expected, actual))
        case str(), str() if "{{hex}}" in expected:
            return bool(
                re.fullmatch(re.escape(expected).replace(r"\{\{hex\}\}", "[0-9a-f]+"), actual)
            )
        case _:
            return type(expected) is type(actual) and bool(expected == actual)


def _length(text: str, size: int) -> int:
    """Return how long a text is whose recorded length does not count what is said of the rest."""
    omitted = _OMITTED.match(text)
    return size + (len(omitted[0]) if omitted else 0)


def _failures(value: Value) -> Value:
    """Return a value with nothing of each error but that it is one, and its exit code."""
    if isinstance(value, list):
        return [_failures(item) for item in value]
    if _is_error(value):
        return {"error": True, "exitCode": value.get("exitCode")}
    return value


@dataclass
class Recording:
    """Sessions of one store, one for each group of cases: a secret of one group masks no other."""

    root: Path
    stack: contextlib.AsyncExitStack
    nonce: str
    caching: str
    sessions: dict[str, Recorded] = field(default_factory=dict)

    async def run(self, case: Case) -> Outcome:
        """Run a case in the session of its group."""
        if case.group not in self.sessions:
            client = await self.stack.enter_async_context(_session(self.root, self.caching))
            self.sessions[case.group] = Recorded(client, self.root / HOST_NAME, self.nonce)
        return await self.sessions[case.group].run(case)


@contextlib.asynccontextmanager
async def opened(root: Path, caching: str = "content") -> AsyncIterator[Recording]:
    """Write the host's files into an empty directory, and open sessions as cases need them.

    `caching` is what STILETTO_CACHING says in them.
    """
    make_host(root / HOST_NAME)
    async with contextlib.AsyncExitStack() as stack:
        yield Recording(root, stack, uuid.uuid4().hex, caching)


@contextlib.asynccontextmanager
async def _session(root: Path, caching: str) -> AsyncIterator[httpx.AsyncClient]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "STILETTO_CACHE": str(root / "store"),
        "STILETTO_IDLE": "0",
        "STILETTO_LOOPBACK": os.environ.get("STILETTO_LOOPBACK", ""),
        "STILETTO_CACHING": caching,
        "PROBE_SECRET": "env-secret-value",
    }
    async with (
        open_session(
            workdir=root,
            sandbox="auto",
            progress=Progress(),
            environ=environ,
            plain_secrets=True,
            allow_env=True,
        ) as engine,
        serve(engine) as (port, token),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", auth=(token, ""), timeout=LIMIT_S, trust_env=False
        ) as client,
    ):
        yield client
