"""Runs inside a module's sandbox: imports the SDK and the module once, then forks per call.

Importing the SDK costs about a second, a fork some milliseconds; a call's state dies with its
process all the same. This file is sent as program text to the module's own interpreter, so it
imports nothing of Stiletto, and nothing at all beyond the standard library before the SDK.

Its standard input is a socket that keeps messages apart, each one JSON:

    engine -> worker   {"job": 1, "env": {...}, "umask": 18}   a call; with it comes the descriptor
                                                               that the call prints to, and one of
                                                               what the engine serves, if that is
                                                               known (its digest is "serves")
                       {"job": 1, "end": true}                 when the command is interrupted
                       {"leave": true}                         when the command has ended
    worker -> engine   {"ready": true, "asks": "query ..."}    it has imported; false if the module
                                                               did more than that; how the SDK asks
                                                               what the engine serves
                       {"job": 1, "code": 0}                   the call has ended
                       {"job": 1, "handles": false}            answers an interruption
                       {"left": true}                          nothing of the calls is left; false
                                                               if something may be

A call never has the socket: it is closed before any code of the module runs.
"""

import array
import contextlib
import functools
import gc
import importlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile
import traceback

COLLECT_AFTER = 20_000
"""New objects until the collector runs: a call lives too short for Python's 700."""

MESSAGE_BYTES = 1 << 18
SHARED = pathlib.Path("/dev/shm")  # noqa: S108 - it is emptied, and nothing is put there
SYSTEM_V = ("shm", "sem", "msg")
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
CALLS_IMPORT = ("anyio._backends._asyncio", "certifi", "httpcore", "httpcore._backends.anyio")
"""What the SDK imports once a call has begun."""

CALL = "{ currentFunctionCall { parentName name parent inputArgs { id name value } } }"
"""What a process is to call, and with which arguments."""

ROUNDS = 200
"""Of killing what is left: each gives the worker the children of what was killed."""


class Worker:
    """The process that forks: its socket, and the calls that run."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.scratch = pathlib.Path.cwd()
        self.running: dict[int, int] = {}
        self.guarded = _prctl(PR_SET_CHILD_SUBREAPER, 1)

    def serve(self) -> None:
        """Fork a process for every job until the engine closes the socket."""
        gc.disable()  # what is imported is no garbage
        import dagger.mod.cli as sdk

        try:
            module = sdk.get_entry_point().load().__dagger_module__
        except Exception:
            module = None  # each call loads it again, and reports why it cannot
        for name in CALLS_IMPORT:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        share_converters()
        ask_once()
        share_types()
        share_certificates()
        self.served = Served()
        # No call looks through it again, which took a fifth of a registration; nor copies its
        # pages.
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        gc.enable()
        # Where calls write temporary files, the directory is the sandbox's own from here on.
        tempfile.TemporaryFile().close()
        ready = self.guarded and self.has_only_imported()
        _prctl(PR_SET_DUMPABLE, 0)  # no call reads or writes the memory of this process
        self.say({"ready": ready, "asks": self.served.query})

        import select

        # A signal's arrival wakes the select below: ends are reported as soon as they happen.
        wake, tell = os.pipe()
        os.set_blocking(tell, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            awake, _, _ = select.select([self.link.fileno(), wake], [], [])
            if wake in awake:
                os.read(wake, 4096)
                self.reap(os.WNOHANG)
            if self.link.fileno() not in awake:
                continue
            data, ancillary, _, _ = self.link.recvmsg(MESSAGE_BYTES, 64)
            if not data:
                break
            message = json.loads(data)
            if "leave" in message:
                self.say({"left": self.left()})
            elif "end" in message:
                job = message["job"]
                handles = any(_ended(pid) for pid, own in self.running.items() if own == job)
                self.say({"job": job, "handles": handles})
            else:
                output, *given = _descriptors(ancillary)
                for fd in given:
                    self.served.learn(message["serves"], fd)
                pid = os.fork()
                if pid == 0:
                    self.link.close()
                    _child(message, output, sdk, module)
                os.close(output)
                self.running[pid] = message["job"]
        while self.running:
            self.reap(0)

    def say(self, message: dict[str, object]) -> None:
        """Send a message to the engine; one that has gone needs none."""
        try:
            self.link.send(json.dumps(message).encode())
        except OSError:
            return

    def reap(self, options: int) -> None:
        """Report the calls that have ended; others are what calls have left."""
        while True:
            try:
                pid, status = os.waitpid(-1, options)
            except ChildProcessError:
                self.running.clear()
                return
            if pid == 0:
                return
            job = self.running.pop(pid, None)
            if job is not None:
                code = os.waitstatus_to_exitcode(status)
                self.say({"job": job, "code": code if code >= 0 else 128 - code})
                if options == 0:
                    return

    def has_only_imported(self) -> bool:
        """Whether the module has neither threads nor processes nor connections."""
        sockets = 0
        for fd in pathlib.Path("/proc/self/fd").iterdir():
            try:
                sockets += str(fd.readlink()).startswith("socket:")
            except OSError:
                continue
        threads = len(list(pathlib.Path("/proc/self/task").iterdir()))
        return threads == sockets == 1 and not _children()

    def left(self) -> bool:
        """End what calls have left; return whether nothing of them is left."""
        for _ in range(ROUNDS):
            children = _children()
            if not children:
                break
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            for pid in children:
                os.waitpid(pid, 0)
        else:
            return False
        self.running.clear()
        for directory in (self.scratch, SHARED):
            for path in directory.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
        if any(list(directory.iterdir()) for directory in (self.scratch, SHARED)):
            return False
        tables = (pathlib.Path("/proc/sysvipc", name) for name in SYSTEM_V)
        return all(len(t.read_text().splitlines()) <= 1 for t in tables if t.exists())


def share_converters() -> None:
    """Let the SDK make a converter when it reads an answer with objects, and only then.

    It makes one for every call of a chain, which was a third of what a function cost. Only
    objects in an answer need one that knows the chain they came by.
    """
    try:
        core = importlib.import_module("dagger.client._core")
        own = core.make_converter
    except (ImportError, AttributeError):
        return  # of another version, which does it in its own way
    shared = own(None)
    plain = (list[str], str | None)

    class Converter:
        def __init__(self, context: object) -> None:
            self._context = context
            self.unstructure = shared.unstructure

        def structure(self, value: object, kind: object) -> object:
            simple = isinstance(kind, type) and issubclass(kind, str | int | float)
            converter = shared if simple or kind in plain else own(self._context)
            return converter.structure(value, kind)

    core.__dict__["make_converter"] = Converter


def ask_once() -> None:
    """Let the SDK learn by one request what to call: it makes one for each name and each value.

    Where that fails, the SDK's own requests are made, and their error is the call's.
    """
    from typing import Any  # not before the SDK is imported

    try:
        types = importlib.import_module("dagger.client.gen")
        query = importlib.import_module("gql").gql(CALL)
        call, argument = types.FunctionCall, types.FunctionCallArgValue
        own = {name: getattr(call, name) for name in ("parent_name", "name", "parent")}
        own_arguments = call.input_args
    except (ImportError, AttributeError):
        return  # of another version, which does it in its own way
    answers: list[Any] = []  # a process answers one call

    async def answer(self: Any) -> Any:
        if not answers:
            response = await self._ctx.conn.session.execute(query)
            answers.append(response["currentFunctionCall"])
        return answers[0]

    def read(name: str, key: str, kind: Any) -> Any:
        async def known(self: Any) -> Any:
            with contextlib.suppress(Exception):
                return kind((await answer(self))[key])
            return await own[name](self)

        return known

    def fixed(text: str) -> Any:
        async def known(_: Any) -> str:
            return text

        return known

    async def arguments(self: Any) -> Any:
        name = argument.__name__
        with contextlib.suppress(Exception):
            return [
                type(name, (argument,), {key: fixed(each[key]) for key in ("name", "value")})(
                    self._select("inputArgs", []).select_id(name, each["id"])
                )
                for each in (await answer(self))["inputArgs"]
            ]
        return await own_arguments(self)

    call.parent_name = read("parent_name", "parentName", str)
    call.name = read("name", "name", str)
    call.parent = read("parent", "parent", types.JSON)
    call.input_args = arguments


def share_certificates() -> None:
    """Read the certificates once: in each call the SDK's connection reads them, without TLS."""
    try:
        session = importlib.import_module("dagger.client._session")
        context = importlib.import_module("httpx").create_ssl_context()
        own = session.TelemetryTransport
    except (ImportError, AttributeError, OSError):
        return  # of another version, which does it in its own way
    session.__dict__["TelemetryTransport"] = functools.partial(own, verify=context)


class Served:
    """The schema that the engine serves, built once for all calls: the SDK asks in each of them.

    The text comes from the engine, before the code of any call runs. A call that knows none asks.

    Attributes:
        query: how the SDK asks for it; empty where it is of another version.
    """

    def __init__(self) -> None:
        self.query = ""
        self._digest = ""
        self._schema: object = None
        try:
            session = importlib.import_module("dagger.client._session")
            utilities = importlib.import_module("gql.utilities")
            self._build = utilities.build_client_schema
            self._own = session.GraphQLClient
            query = utilities.get_introspection_query_ast()
            self.query = importlib.import_module("graphql").print_ast(query)
        except Exception:
            return
        session.__dict__["GraphQLClient"] = self._client

    def learn(self, digest: str, fd: int) -> None:
        """Build the schema of a response to the query, unless it is the one that is known."""
        with os.fdopen(fd, "rb") as file:
            if digest == self._digest:
                return
            self._digest, self._schema = digest, None
            with contextlib.suppress(Exception):
                self._schema = self._build(json.load(file)["data"])
        gc.freeze()

    def _client(self, **given: object) -> object:
        """Return a client of the SDK; one that would ask this engine knows the schema."""
        port = os.environ.get("DAGGER_SESSION_PORT", "")
        url = str(getattr(given.get("transport"), "url", ""))
        if self._schema is not None and url == f"http://127.0.0.1:{port}/query":
            given |= {"schema": self._schema, "fetch_schema_from_transport": False}
        return self._own(**given)


def share_types() -> None:
    """Let the SDK ask once for each type that functions take or return.

    It asks for each use of one: a module that uses 30 types made 500 requests when it registered.
    """
    try:
        types = importlib.import_module("dagger.client.gen")
        resolve = importlib.import_module("dagger.client._core").Context.resolve_ids
        own = types.TypeDef.id
    except (ImportError, AttributeError):
        return  # of another version, which does it in its own way
    import asyncio  # not before the SDK is imported
    from typing import Any

    asked: dict[str, asyncio.Future[str]] = {}

    async def shared(self: Any) -> str:
        await resolve(self._ctx)  # the types that it is made of
        key = repr([(each.type_name, each.name, each.args) for each in self._ctx.selections])
        if key not in asked:
            asked[key] = asyncio.ensure_future(own(self))
        return await asyncio.shield(asked[key])

    types.TypeDef.id = shared


def _prctl(option: int, value: int) -> bool:
    """Set something about this process; return whether that worked."""
    try:
        import ctypes
    except ImportError:
        return False
    return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)


def _descriptors(ancillary: "list[tuple[int, int, bytes]]") -> "array.array[int]":
    fds = array.array("i")
    for _level, _kind, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return fds


def _children() -> list[int]:
    """Return this process's children, what has lost its parent included."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == os.getpid():
            found.append(int(process.name))
    return found


def _ended(pid: int) -> bool:
    """Send SIGTERM to a call that handles it; return whether it does, as far as /proc shows."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    if not caught or not int(caught[0], 16) >> (signal.SIGTERM - 1) & 1:
        return False
    os.kill(pid, signal.SIGTERM)
    return True


# Types of the SDK, and `typing`, would have to be imported before the SDK is.
def _child(job: dict, output: int, sdk, module) -> None:  # type: ignore[no-untyped-def,type-arg]
    """Answer one call and leave; never returns."""
    import inspect

    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _prctl(PR_SET_DUMPABLE, 1)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.umask(job["umask"])
        os.environ.update(job["env"])
        scratch = pathlib.Path.cwd() / str(job["job"])
        scratch.mkdir()
        os.chdir(scratch)
        # Before 0.19 it takes nothing, and finds the module itself.
        takes_module = bool(inspect.signature(sdk.app).parameters)
        code = (sdk.app(module) if takes_module else sdk.app()) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _link() -> socket.socket:
    """Return the socket, with nothing in its place as standard input."""
    link = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return link


if __name__ == "__main__":
    Worker(_link()).serve()
