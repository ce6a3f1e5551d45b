"""The credential of a private index is seen by what installs, and by no code of a package."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import threading
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from release_attacks import written
from tests.e2e.bench import Bench, Ended
from tests.e2e.release_bench import run_git
from tests.standins.effects import Effects
from tests.standins.git_http import GitServer
from tests.standins.repository import Repository
from tests.standins.tokens import Token, Tokens

from wheelwright.inside import fetch

USER, PASSWORD = "reader", "canary-5b1e77"

# What any code can look for; it adds a line for each time that it runs.
LOOK = """\
import os, pathlib
def look(who):
    home = pathlib.Path("/root/.netrc")
    seen = home.read_text() if home.exists() else "none"
    mounted = [each for each in ("/cache/uv",) if os.path.isdir(each) and os.listdir(each)]
    with open("/opt/looked.txt", "a") as file:
        file.write(f"{who}: {' '.join(seen.split())} {mounted}\\n")
"""
BACKEND = f"""\
from hatchling.build import *
from hatchling.build import build_editable as _build_editable

{LOOK}

def build_editable(*args, **kwargs):
    look("the back end")
    return _build_editable(*args, **kwargs)
"""
METADATA = """

def prepare_metadata_for_build_wheel(*args, **kwargs):
    look("asked for metadata")
    raise SystemExit(pathlib.Path("/opt/looked.txt").read_text())


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
"""
TEST = """\
import pathlib


def test_leak():
    import inhouse
    print()
    for word in pathlib.Path("/opt/looked.txt").read_text().splitlines():
        print(word)
    assert inhouse
"""
PYPROJECT = """\
[project]
name = "outpost"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["inhouse"]

[dependency-groups]
tests = ["pytest"]

[build-system]
requires = ["hatchling", "inhouse-plugin"]
build-backend = "backend"
backend-path = ["."]

[tool.hatch.build.targets.wheel]
packages = ["outpost"]

[tool.wheelwright]
pytest-args = ["-s"]

[[tool.uv.index]]
name = "inhouse"
url = "{url}/simple/"
explicit = true

[tool.uv.sources]
inhouse = {{ index = "inhouse" }}
inhouse-plugin = {{ index = "inhouse" }}
"""


def wheel(name: str, files: Mapping[str, str]) -> bytes:
    """Return a wheel of version 1.0."""
    info = f"{name}-1.0.dist-info"
    own = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in {**files, **own}.items():
            archive.writestr(path, text)
    return packed.getvalue()


def sdist(name: str, files: Mapping[str, str]) -> bytes:
    """Return an sdist of version 1.0."""
    packed = io.BytesIO()
    info = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in {**files, **info}.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


# Run by every interpreter of an environment that has it, uv's look at that interpreter included.
PTH = wheel(
    "inhouse",
    {
        "inhouse.py": LOOK,
        "inhouse.pth": "import inhouse; inhouse.look('a line of a .pth file')\n",
    },
)


INHOUSE_SOURCE = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling", "inhouse-plugin"]\n'
    'build-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "inhouse"\nversion = "1.0"\n',
    "backend.py": f"""\
from hatchling.build import *
from hatchling.build import build_wheel as _build_wheel

{LOOK}

def build_wheel(*args, **kwargs):
    look("a back end of a dependency")
    return _build_wheel(*args, **kwargs)
""",
    "inhouse.py": "",
}


@dataclass
class Index:
    """A simple index for one user."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def index() -> Iterator[Index]:
    """Serve an index that asks for the password."""
    kept = Index()
    expected = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("authorization") != expected:
                self._answer(401, b"who are you?")
                return
            *_, kind, name = self.path.rstrip("/").split("/")
            if kind == "files" and name in kept.files:
                self._answer(200, kept.files[name])
                return
            mine = [
                each for each in kept.files if each.partition("-1.0")[0] == name.replace("-", "_")
            ]
            links = "".join(f'<a href="/files/{each}">{each}</a>' for each in mine)
            self._answer(200 if mine else 404, links.encode())

        do_HEAD = do_GET  # noqa: N815 - the base's name

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            if status == 401:
                self.send_header("www-authenticate", 'Basic realm="inhouse"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Outpost:
    """A package that needs the index, and the command over it with the password."""

    at: Path
    netrc: Path
    bench: Bench

    def lock(self) -> None:
        """Write uv.lock, on the host and with the password."""
        uv = Path(sys.executable).with_name("uv")
        words = [str(uv), "lock", "--quiet", f"--python={sys.executable}"]
        # git looks in the home alone.
        home = self.netrc.with_name("home-of-a-person")
        written(home, {".netrc": self.netrc.read_text()})
        env = {**self.bench.env, "HOME": str(home), "NETRC": str(self.netrc)}
        subprocess.run(words, cwd=self.at, env=env, check=True)

    def ask_for_everything(self) -> None:
        """Let the index be asked for all that is needed, not only for what names it."""
        path = self.at / "pyproject.toml"
        path.write_text(path.read_text().replace("explicit = true\n", ""))

    def call(self, *words: str) -> Ended:
        """Run a function with the password, which nothing that is printed may hold."""
        ended = self.bench.call(self.at, f"--netrc=file://{self.netrc}", *words)
        assert PASSWORD not in ended.said
        return ended

    def looked(self, *words: str) -> list[str]:
        """Run the tests, which have to pass; return what was seen, a line for each look."""
        ended = self.call("test-run", *words, "log", "contents")
        assert ended.code == 0, str(ended)
        assert "1 passed" in ended.out, str(ended)
        return sorted({line for line in ended.out.splitlines() if ": " in line and "[" in line})


@pytest.fixture
def outpost(stiletto: Bench, tmp_path: Path, index: Index) -> Outpost:
    """Return the package; what it needs are wheels on the index."""
    index.files["inhouse-1.0-py3-none-any.whl"] = PTH
    index.files["inhouse_plugin-1.0-py3-none-any.whl"] = wheel("inhouse_plugin", {})
    at = tmp_path / "outpost"
    files = {
        "pyproject.toml": PYPROJECT.format(url=index.url),
        "outpost/__init__.py": "",
        "backend.py": BACKEND,
        "tests/test_leak.py": TEST,
    }
    written(at, files)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    return Outpost(at, netrc, stiletto.on_loopback)


@pytest.mark.e2e
@pytest.mark.network
def test_the_packages_own_back_end_sees_no_credential(outpost: Outpost) -> None:
    """A back end, and a `.pth` file of a dependency, find neither the credential nor the cache."""
    outpost.lock()

    assert ["a line of a .pth file: none []", "the back end: none []"] == outpost.looked()


@pytest.mark.e2e
@pytest.mark.network
def test_a_back_end_that_is_asked_for_metadata_sees_no_credential(outpost: Outpost) -> None:
    """To compare uv.lock with dynamic metadata uv runs it, whatever `--no-build` says."""
    outpost.lock()
    pyproject = outpost.at / "pyproject.toml"
    text = pyproject.read_text().replace('version = "0.1"', 'dynamic = ["version"]')
    pyproject.write_text(text)
    (outpost.at / "backend.py").write_text(BACKEND + METADATA)

    ended = outpost.call("lock-check")

    assert 1 == ended.code
    assert "asked for metadata: none []" in ended.said


@pytest.mark.e2e
@pytest.mark.network
def test_a_package_cannot_let_an_installing_step_run_its_environment(outpost: Outpost) -> None:
    """With `compile-bytecode` of its own, uv would start the interpreter that it installs for."""
    pyproject = outpost.at / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + "\n[tool.uv]\ncompile-bytecode = true\n")
    outpost.lock()

    assert ["a line of a .pth file: none []", "the back end: none []"] == outpost.looked()


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://private.example/x-1.0.tar.gz", True),
        ("http://private.example/x-1.0.tar.gz", False),
        ("http://127.0.0.1:8080/x-1.0.tar.gz", True),
        ("http://127.0.0.1.private.example/x-1.0.tar.gz", False),
    ],
)
def test_an_address_in_the_lock_sends_no_password_in_clear(
    url: str, sent: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv.lock is a file of the package: what it names by http is asked for as by a stranger."""
    hosts = ("private.example", "127.0.0.1", "127.0.0.1.private.example")
    text = "".join(f"machine {host} login {USER} password {PASSWORD}\n" for host in hosts)
    written(tmp_path, {".netrc": text})
    monkeypatch.setenv("HOME", str(tmp_path))
    request = fetch.authorized(urllib.request.Request(url))  # noqa: S310 - asks nothing

    assert sent == request.has_header("Authorization")


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_a_private_sdist_is_fetched_with_it_and_built_without(
    outpost: Outpost, index: Index
) -> None:
    """An sdist in uv.lock is downloaded by us; its back end, of the same index, sees nothing."""
    index.files.pop("inhouse-1.0-py3-none-any.whl")
    index.files["inhouse-1.0.tar.gz"] = sdist("inhouse", INHOUSE_SOURCE)
    outpost.ask_for_everything()
    outpost.lock()

    assert ["a back end of a dependency: none []", "the back end: none []"] == outpost.looked()


@pytest.mark.e2e
@pytest.mark.network
def test_a_private_wheel_is_added_without_running_the_environment(
    outpost: Outpost, index: Index
) -> None:
    """Requirements beside uv.lock come with the credential; what is installed already sees none."""
    index.files["inhouse_gauge-1.0-py3-none-any.whl"] = wheel(
        "inhouse_gauge", {"inhouse_gauge.py": ""}
    )
    pyproject = outpost.at / "pyproject.toml"
    outpost.ask_for_everything()
    text = pyproject.read_text()
    tests = '[dependency-groups]\ntests = ["pytest"]\n'
    assert tests in text
    pyproject.write_text(text.replace(tests, ""))
    written(outpost.at, {"requirements-dev.txt": "pytest\ninhouse-gauge\n"})
    outpost.lock()

    assert ["a line of a .pth file: none []", "the back end: none []"] == outpost.looked()


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_without_a_lock_a_private_sdist_is_refused(outpost: Outpost, index: Index) -> None:
    """Where uv would download and build in one step, the call ends and names the next act."""
    index.files.pop("inhouse-1.0-py3-none-any.whl")
    index.files["inhouse-1.0.tar.gz"] = sdist("inhouse", INHOUSE_SOURCE)
    pyproject = outpost.at / "pyproject.toml"
    text = pyproject.read_text().partition("[tool.uv.sources]")[0]
    pyproject.write_text(text)
    outpost.ask_for_everything()
    ended = outpost.call("test")

    assert 1 == ended.code, str(ended)
    assert "builds do not get the credentials of --netrc" in ended.error
    assert "run `uv lock`" in ended.error


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_a_private_commit_is_cloned_with_it_and_built_without(
    outpost: Outpost, tmp_path: Path
) -> None:
    """A commit in uv.lock is cloned by git; its back end sees no credential."""
    work = tmp_path / "inhouse"
    source = INHOUSE_SOURCE["pyproject.toml"].replace(', "inhouse-plugin"', "")
    written(work, {**INHOUSE_SOURCE, "pyproject.toml": source})
    run_git(work, "init", "--quiet", "--initial-branch=main")
    run_git(work, "add", "--all")
    run_git(work, "commit", "--quiet", "-m", "First")
    repository = Repository(tmp_path / "remote" / "repository.git")
    repository.git("fetch", "--quiet", str(work), "+HEAD:refs/heads/main")
    tokens = Tokens()
    token = tokens.add(Token())
    with GitServer(Effects(), repository, "octo-org/inhouse", tokens) as server:
        host = server.url.partition("//")[2].partition(":")[0].partition("/")[0]
        outpost.netrc.write_text(
            f"machine {host} login {USER} password {token.value}\n"
            + ("" if host == "127.0.0.1" else outpost.netrc.read_text())
        )
        pyproject = outpost.at / "pyproject.toml"
        text = pyproject.read_text()
        place = f'inhouse = {{ git = "{server.url}" }}'
        text = text.replace('inhouse = { index = "inhouse" }', place)
        text = text.replace(', "inhouse-plugin"', "").replace(
            'inhouse-plugin = { index = "inhouse" }\n', ""
        )
        pyproject.write_text(text)
        outpost.lock()
        looked = outpost.looked()

    assert ["a back end of a dependency: none []", "the back end: none []"] == looked


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_private_requirements_that_a_build_tells_are_refused(outpost: Outpost) -> None:
    """Where only the back end knows what is needed, the call ends and names the next act."""
    pyproject = outpost.at / "pyproject.toml"
    text = pyproject.read_text().partition("[tool.uv.sources]")[0]
    text = text.replace('dependencies = ["inhouse"]', 'dynamic = ["dependencies"]')
    text += "[tool.hatch.metadata.hooks.custom]\n"
    pyproject.write_text(text)
    hook = (
        "from hatchling.metadata.plugin.interface import MetadataHookInterface\n\n\n"
        "class Hook(MetadataHookInterface):\n"
        "    def update(self, metadata):\n"
        '        metadata["dependencies"] = ["inhouse"]\n'
    )
    written(outpost.at, {"hatch_build.py": hook})
    outpost.ask_for_everything()
    ended = outpost.call("test")

    assert 1 == ended.code, str(ended)
    assert "the dependencies are known only when the package is built" in ended.error
    assert "run `uv lock`" in ended.error
