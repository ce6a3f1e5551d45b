"""Programs of steps behind a proxy that reads along, on a machine that trusts its authority.

On Dagger the authority is in the system's store and nowhere else. So each program runs without the
variables that stiletto passes on, with those of the module's table alone.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator

import dagger
import pytest
import pytest_asyncio
from tests.standins.certificates import Authority
from tests.standins.clock import Clock
from tests.standins.effects import Effects
from tests.standins.index import Index
from tests.standins.intercepting import Intercepting
from wire_bench import PYTHON, Opener, Session

from wheelwright.container.certificates import EVERYWHERE, OF_TOOLS
from wheelwright.pins import UV_IMAGE

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.network]

WITHOUT = ("env", "-u", "SSL_CERT_FILE", "-u", "SSL_CERT_DIR")
"""What hides from a command the variables that stiletto passes on."""

TOOLS = ("codecov-cli", "pip-audit", "pypi-attestations", "twine")
NAME = "sample-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.4\nName: sample\nVersion: 1.0\n"
TAGS = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

PROGRAMS = {
    "uv": "uv pip install --refresh --target=/b --index-url={index}/simple/ sample",
    "uv publish": "uv publish --no-cache --publish-url={index}/legacy/ --token={token} {wheel}",
    "twine": "twine upload --non-interactive --repository-url={index}/legacy/"
    " --username=__token__ --password={token} {wheel}",
    "pip": "/seeded/bin/pip download --no-deps --no-cache-dir --index-url={index}/simple/ sample",
    "python": "python -c import\tssl,urllib.request;"
    "urllib.request.urlopen('{index}/simple/sample/')",
    "git": "git ls-remote {index}/simple/sample",
    "curl": "curl --fail {index}/simple/sample/",
    "pip-audit": "pip-audit --requirement=/locked.txt --no-deps --disable-pip"
    " --vulnerability-service=osv --osv-url={index}/osv",
    "codecovcli": "codecovcli --url={index} upload-process --fail-on-error --disable-search"
    " --file=/coverage.xml --sha=1234567 --slug=octo-org/sample --git-service=github -t word",
    "pypi-attestations": "pypi-attestations verify pypi"
    " --repository=https://github.com/pypa/sampleproject pypi:sampleproject-4.0.0.tar.gz",
    "npm": "npm ping --fetch-retries=0 --registry={named}/",
}
"""A command of each that opens a connection; {index} and {named} are addresses of the stand-in."""


def wheel() -> bytes:
    """Return a wheel with one module in it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("sample.py", "one = 1\n")
        for name, text in (("METADATA", METADATA), ("WHEEL", TAGS), ("RECORD", "")):
            packed.writestr(f"sample-1.0.dist-info/{name}", text)
    return written.getvalue()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intercepting]:
    """A proxy with an authority of its own."""
    with Intercepting(tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index over TLS, which has one package."""
    at = tmp_path_factory.mktemp("index")
    index = Index(Effects(), Clock(), Authority(at), "octo-org/sample")
    with index.server:
        index.put("sample", "1.0", NAME, wheel())
        yield index


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind(open_: Opener, proxy: Intercepting) -> AsyncIterator[Session]:
    """A session on a machine that trusts the proxy's authority, and has no other way out."""
    with pytest.MonkeyPatch.context() as machine:
        # Steps get these of the process.
        machine.setenv("https_proxy", proxy.url)
        machine.setenv("SSL_CERT_FILE", str(proxy.authority))
        for name in ("HTTPS_PROXY", "SSL_CERT_DIR", "no_proxy", "NO_PROXY"):
            machine.delenv(name, raising=False)
        async with open_(environ={"STILETTO_LOOPBACK": "all"}) as session:
            yield session


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def container(behind: Session, tmp_path_factory: pytest.TempPathFactory) -> dagger.Container:
    """A step's container as the module makes it, with the tools that open connections."""
    dag = behind.dag
    made = dag.container().from_(PYTHON)
    made = made.with_file("/opt/uv/bin/uv", dag.container().from_(UV_IMAGE).file("/uv"))
    variables = {
        **EVERYWHERE,
        **OF_TOOLS,
        "UV_HTTP_RETRIES": "0",
        "UV_NO_PROGRESS": "1",
        "UV_TOOL_BIN_DIR": "/opt/tools/bin",
        "UV_TOOL_DIR": "/opt/tools",
    }
    for name, value in variables.items():
        made = made.with_env_variable(name, value)
    path = "/opt/uv/bin:/opt/tools/bin:${PATH}"
    made = made.with_env_variable("PATH", path, expand=True)
    for tool in TOOLS:
        made = made.with_exec([*WITHOUT, "uv", "tool", "install", "--quiet", tool])
    made = made.with_exec([*WITHOUT, "uv", "venv", "--quiet", "--seed", "/seeded"])
    made = made.with_new_file("/locked.txt", "sample==1.0\n")
    made = made.with_new_file("/coverage.xml", "<coverage/>\n")
    at = tmp_path_factory.mktemp("dist")
    (at / NAME).write_bytes(wheel())
    made = made.with_directory("/dist", dag.host().directory(str(at)))
    return await made.sync()


async def ran(container: dagger.Container, args: list[str]) -> str:
    """Run a command to its end, whichever that is; return what it printed."""
    # An exit code such as git's 128 is that of a signal, which is a failure whatever is expected.
    ended = ["sh", "-c", '"$@" || true', "sh", "timeout", "--signal=KILL", "60s", *WITHOUT]
    return await container.with_exec([*ended, *args]).combined_output()


@pytest.mark.parametrize("program", PROGRAMS)
async def test_each_program_trusts_the_machine_s_authority(
    program: str, container: dagger.Container, index: Index, proxy: Intercepting
) -> None:
    """Its connection is read along, and it does not refuse that."""
    args = PROGRAMS[program].split(" ")
    if args[0] in ("curl", "git", "npm") and shutil.which(args[0]) is None:
        pytest.skip(f"no {args[0]} on this machine")
    proxy.forget()
    known = {
        "index": index.server.url,
        "named": f"https://localhost:{index.server.port}",
        "token": index.token,
        "wheel": f"/dist/{NAME}",
    }
    printed = await ran(container, [arg.replace("\t", " ").format(**known) for arg in args])

    assert ([], True) == (proxy.refused, bool(proxy.seen)), printed


async def test_an_index_is_reached_through_it(container: dagger.Container, index: Index) -> None:
    """What is installed, and what is uploaded, is what the index has."""
    target = ["uv", "pip", "install", "--refresh", "--target=/c"]
    installed = await ran(container, [*target, f"--index-url={index.simple_url}", "sample"])

    assert "+ sample==1.0" in installed
    assert {NAME} == {*index.uploads}


@pytest.mark.parametrize(
    ("program", "variable"), [("uv", "UV_SYSTEM_CERTS"), ("twine", "REQUESTS_CA_BUNDLE")]
)
async def test_without_its_variable_a_program_has_a_list_of_its_own(
    program: str, variable: str, container: dagger.Container, index: Index, proxy: Intercepting
) -> None:
    """The table has no variable that does nothing."""
    proxy.forget()
    known = {"index": index.server.url, "token": index.token, "wheel": f"/dist/{NAME}"}
    args = PROGRAMS[program].format(**known).split(" ")
    await ran(container.without_env_variable(variable), args)

    assert (["127.0.0.1"], []) == ([*dict.fromkeys(proxy.refused)], proxy.seen)
