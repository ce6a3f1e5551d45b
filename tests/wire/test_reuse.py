"""Modules used by others: dependencies, toolchains, repositories, defaults from `.env`."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from reuse_bench import APP, HELLO, KEEPER, VAULT, Cli, ask, committed, git, module, served
from wire_bench import Opener, write

from stiletto.engine.session import serve
from stiletto.errors import ModuleFailed, StepFailed, UsageError
from stiletto.module.remote import parse_reference

WHEELWRIGHT = Path(__file__).parents[2]

HELLO_DEPENDENCY = [{"name": "hello", "source": "../hello"}]


WORKSPACE = """\
[modules.hello]
source = "../hello"

[modules.hello.settings]
greeting = "ahoi"

[modules.hello.check]
skip = ["bad"]
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a module, one that depends on it, and a project that installs it."""
    root = tmp_path_factory.mktemp("second")
    custom = [
        {"argument": "greeting", "default": "hola"},
        {"function": ["say"], "argument": "name", "default": "mundo"},
        {"function": ["say"], "argument": "color", "default": "BLUE"},
        {"function": ["say", "shout"], "argument": "times", "default": "3"},
    ]
    installed = {"name": "hello", "source": "../hello"}
    files = {
        **module("hello", HELLO),
        **module("app", APP, dependencies=HELLO_DEPENDENCY),
        **module("only", None, toolchains=[installed]),
        **module("custom", None, toolchains=[{**installed, "customizations": custom}]),
        **module("ignoring", None, toolchains=[{**installed, "ignoreChecks": ["ba*"]}]),
        **module("mixed", APP.replace("App", "Mixed"), toolchains=[installed]),
        "only/inner/file.txt": "",
        "workspace/dagger.toml": WORKSPACE,
        "workspace/inner/file.txt": "",
        "workspace/.env": "HELLO_GREETING=unread\n",
        "beside/dagger.json": json.dumps(
            {"name": "beside", "toolchains": [{**installed, "name": "hi"}]}
        ),
        "beside/dagger.toml": WORKSPACE,
        "broken/dagger.toml": "[modules.hello]\nsource = hello\n",
        "listed/dagger.toml": WORKSPACE.replace('"ahoi"', '["a", "b"]'),
    }
    committed(root, files)
    return root


@pytest.fixture
def cli(repository: Path, cache: Path) -> Cli:
    """`stiletto` in the project that has nothing but the toolchain."""
    return Cli(repository / "only", cache)


def directories(root: Path) -> list[str]:
    """Return the directories at the root of a repository, as Dagger lists them."""
    return sorted(f"{each.name}/" for each in root.glob("[!.]*") if each.is_dir())


def at(cli: Cli, directory: str) -> Cli:
    """Return the command line in another directory of the repository."""
    return replace(cli, cwd=cli.cwd.parent / directory)


# -- dependencies -----------------------------------------------------------------------------


@pytest.mark.slow
async def test_dependency_is_called_from_code(open_: Opener, repository: Path) -> None:
    """Arguments, enums, own objects, lists and files of a dependency work both ways."""
    async with open_(repository / "app") as session:
        engine = session.engine
        await engine.load_module(None)

        assert ["ciao bob blue", "CIAO BOB BLUE" * 2, "kept"] == await ask(engine, "words")
        assert ["2", "count", "x"] == await ask(engine, "both")
        assert "HI KEPT RED" == await ask(engine, "keep", "shout")


@pytest.mark.slow
async def test_dependencys_default_paths_are_its_own(open_: Opener, repository: Path) -> None:
    """A dependency's `/` is its own repository, and a relative path starts at its directory."""
    roots = directories(repository)
    async with open_(repository) as session:
        await session.engine.load_module("app")
        assert [*roots, "dagger.json", "pyproject.toml", "src/"] == await ask(
            session.engine, "where"
        )


@pytest.mark.slow
async def test_failed_command_of_a_dependency(open_: Opener, repository: Path) -> None:
    """A command that fails in a dependency keeps its exit code and output through its user."""
    async with open_(repository / "app") as session:
        await session.engine.load_module(None)
        with pytest.raises(StepFailed) as caught:
            await ask(session.engine, "fails")

    assert (7, "told") == (caught.value.exit_code, caught.value.stdout.strip())


@pytest.mark.slow
async def test_change_of_a_dependency_runs_its_user_again(open_: Opener, tmp_path: Path) -> None:
    """A result is kept while the dependency stays the same, and made again when it changes."""
    files = {**module("hello", HELLO), **module("app", APP, dependencies=HELLO_DEPENDENCY)}
    committed(tmp_path, files)
    source = tmp_path / "hello/src/main/__init__.py"
    said = []
    for text in (HELLO, HELLO.replace('"kept"', '"changed"'), HELLO):
        source.write_text(text)
        async with open_(tmp_path / "app") as session:
            await session.engine.load_module(None)
            said.append((await ask(session.engine, "words"))[-1])

    assert ["kept", "changed", "kept"] == said


@pytest.mark.slow
async def test_renamed_dependency(open_: Opener, repository: Path, tmp_path: Path) -> None:
    """A dependency goes by the name that its user gives it, and so do its types."""
    code = APP.replace("hello(", "salut(").replace("Hello", "Salut")
    named = [{"name": "salut", "source": "../hello"}]
    committed(tmp_path, {**module("hello", HELLO), **module("app", code, dependencies=named)})
    async with open_(tmp_path / "app") as session:
        await session.engine.load_module(None)

        assert "ciao bob blue" == (await ask(session.engine, "words"))[0]
        assert "HI KEPT RED" == await ask(session.engine, "keep", "shout")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("../app", "circular dependency"),
        ("../../elsewhere", "escapes"),
        ("/elsewhere", "is absolute"),
        ("../nothing", "no module at"),
    ],
)
async def test_dependency_that_cannot_be(
    open_: Opener, tmp_path: Path, source: str, words: str
) -> None:
    """A dependency must be another module inside the same repository."""
    related = [{"name": "other", "source": source}]
    committed(tmp_path / "r", module("app", APP, dependencies=related))
    async with open_(tmp_path / "r/app") as session:
        with pytest.raises(UsageError, match=words):
            await session.engine.load_module(None)


async def test_types_of_a_dependency_are_not_offered(open_: Opener, tmp_path: Path) -> None:
    """A module offers types of its own: everything else is refused at once, as Dagger does."""
    code = APP.replace("dataclasses.field(default=None, init=False)", "field(default=None)")
    code = code.replace("dag, function", "dag, field, function")
    code += (
        "\n    @function\n    def take(self, color: HelloColor) -> list[dagger.HelloGreeting]:\n"
    )
    code += '        """Take and return."""\n        return []\n'
    files = {**module("hello", HELLO), **module("app", code, dependencies=HELLO_DEPENDENCY)}
    committed(tmp_path, files)
    async with open_(tmp_path / "app") as session:
        with pytest.raises(ModuleFailed) as caught:
            await session.engine.load_module(None)

    told = str(caught.value)
    assert 'field "kept" cannot reference external type from dependency module "hello"' in told
    assert 'function "take" cannot return external type' in told
    assert 'arg "color" cannot reference external type' in told


async def test_two_of_the_same_name(open_: Opener, tmp_path: Path) -> None:
    """A dependency and a toolchain cannot share a name."""
    files = module("app", None, dependencies=HELLO_DEPENDENCY, toolchains=HELLO_DEPENDENCY)
    committed(tmp_path, {**files, **module("hello", None)})
    async with open_(tmp_path / "app") as session:
        with pytest.raises(ModuleFailed, match="are named 'hello'"):
            await session.engine.load_module(None)


async def test_loaded_module_is_served_to_programs(open_: Opener, repository: Path) -> None:
    """A program that connects to a session finds the loaded module at the root."""
    async with open_(repository / "hello") as session:
        await session.engine.load_module(None)
        async with serve(session.engine) as (port, token):
            query = '{hello(greeting: "oi"){say(name: "ana", color: BLUE){text}}}'
            body = await asyncio.to_thread(_sent, port, token, query)

    assert {"data": {"hello": {"say": {"text": "oi ana blue"}}}} == body


def _sent(port: int, token: str, query: str) -> object:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    user = base64.b64encode(f"{token}:".encode()).decode()
    body = json.dumps({"query": query})
    connection.request("POST", "/query", body, {"Authorization": f"Basic {user}"})
    try:
        return json.load(connection.getresponse())
    finally:
        connection.close()


# -- toolchains -------------------------------------------------------------------------------


def test_toolchain_is_a_function(cli: Cli) -> None:
    """A project without code offers its toolchains; their functions are listed by name."""
    assert ["Name    Description", "hello   Says hello."] == cli("functions").lines
    assert "say        Greet somebody." in cli("functions", "hello").lines


def test_toolchain_is_called_with_its_constructors_flags(cli: Cli) -> None:
    """Flags of the constructor come behind the toolchain's name."""
    done = cli("call", "hello", "--greeting", "yo", "say", "--name", "bob", "text")

    assert (0, "yo bob red") == (done.code, done.out)


def test_toolchain_works_on_the_project(cli: Cli) -> None:
    """`/` is the project's repository; a relative path starts where the command was called."""
    inner = at(cli, "only/inner")

    assert "only/" in cli("call", "hello", "where").lines
    assert ["file.txt"] == inner("call", "hello", "around").lines
    assert ["dagger.json", "inner/"] == inner("-m", "..", "call", "hello", "around").lines


@pytest.mark.slow
def test_customizations(cli: Cli) -> None:
    """Text becomes what the argument is, on the constructor, a function, and beneath it."""
    custom = at(cli, "custom")

    assert "hola mundo blue" == custom("call", "hello", "say", "text").out
    assert "HOLA MUNDO BLUE" * 3 == custom("call", "hello", "say", "shout").out


def test_checks_of_a_toolchain(cli: Cli) -> None:
    """Checks go by the toolchain's name; what the project ignores is neither listed nor run."""
    listed = cli("check", "-l")
    failed = cli("check")
    passed = at(cli, "ignoring")("check")

    assert ["hello:bad    Be bad.", "hello:good   Be good."] == listed.lines[1:]
    assert 1 == failed.code
    assert "hello:bad    ERROR" in failed.out
    assert "bad luck" in failed.out
    assert (0, "hello:good   OK") == (passed.code, passed.out[:15])


@pytest.mark.slow
def test_module_with_code_and_toolchain(cli: Cli) -> None:
    """A module's own functions stand beside its toolchains, which its code sees as well."""
    mixed = at(cli, "mixed")
    listed = [line.split()[0] for line in mixed("functions").lines if line]

    assert {"hello", "words", "keep"} <= set(listed)
    assert "ciao bob blue" == mixed("call", "words").lines[0]
    assert "hi ann red" == mixed("call", "hello", "say", "--name=ann", "text").out


def test_modules_of_dagger_toml_are_toolchains(cli: Cli) -> None:
    """With their settings as defaults, their checks, and no `.env`, as with Dagger 1.0."""
    project = at(cli, "workspace")
    inner = at(cli, "workspace/inner")

    assert ["Name    Description", "hello   Says hello."] == project("functions").lines
    assert "ahoi ann red" == project("call", "hello", "say", "--name=ann", "text").out
    own = ("call", "hello", "--greeting=own", "say", "--name=ann", "text")
    assert "own ann red" == inner(*own).out
    assert ["file.txt"] == inner("call", "hello", "around").lines
    assert (0, "hello:good   OK") == ((done := project("check")).code, done.out[:15])


def test_dagger_toml_stands_beside_dagger_json(cli: Cli) -> None:
    """The modules of both are there."""
    names = [line.split()[0] for line in at(cli, "beside")("functions").lines]
    assert ["Name", "hello", "hi"] == names


def test_dagger_toml_that_is_wrong_is_one_line(cli: Cli) -> None:
    """The file, the line, what was expected; `toolchain install` leaves it as it is."""
    broken = at(cli, "broken")("functions")
    listed = at(cli, "listed")("call", "hello", "where")
    installing = at(cli, "workspace")("toolchain", "install", "../hello")

    root = cli.cwd.parent
    assert f"Error: {root}/broken/dagger.toml:2: not valid TOML: Invalid value" in broken.err
    expected = f"Error: {root}/listed/dagger.toml:5: greeting is a list, and the argument takes one"
    assert expected in listed.err
    assert f"{root}/workspace has dagger.toml and no dagger.json" in installing.err
    assert [1, 1, 1] == [broken.code, listed.code, installing.code]


def test_install_and_uninstall(tmp_path: Path, repository: Path, cache: Path) -> None:
    """A toolchain is added by path or repository, keeps the rest of the file, and goes again."""
    commit = committed(tmp_path / "origin", module("hello", HELLO))
    project = tmp_path / "project"
    shutil.copytree(repository / "hello", project / "tools/hello")
    write(project, {"dagger.json": '{"name": "p", "note": 1, "toolchains": []}'})
    git(project, "init", "-q")
    cli = Cli(project, cache)
    remote = f"file://{tmp_path}/origin/hello@main"

    assert "toolchain installed\n" == cli("toolchain", "install", "./tools/hello").out
    assert 0 == cli("toolchain", "install", remote, "-n", "away").code
    data = json.loads((project / "dagger.json").read_text())
    assert (1, "v0.21.8") == (data["note"], data["engineVersion"])
    assert [
        {"name": "away", "source": remote, "pin": commit},
        {"name": "hello", "source": "tools/hello"},
    ] == data["toolchains"]
    assert [f"away    {remote}", "hello   tools/hello"] == cli("toolchain", "list").lines
    clash = cli("toolchain", "install", remote, "-n", "hello")
    assert "a toolchain named 'hello' is installed already" in clash.err
    assert 0 == cli("toolchain", "uninstall", "away").code
    assert "no toolchain named 'away'" in cli("toolchain", "uninstall", "away").err


def test_install_wants_a_project(tmp_path: Path, cache: Path) -> None:
    """Nothing is installed where there is no dagger.json, nor into somebody else's repository."""
    git(tmp_path, "init", "-q")
    cli = Cli(tmp_path, cache)

    assert "module must be fully initialized" in cli("toolchain", "install", "x").err
    remote = cli("toolchain", "install", "x", "-m", "https://example.org/r.git")
    assert 'kind must be "local", got "git"' in remote.err


# -- .env -------------------------------------------------------------------------------------


def project_with(tmp_path: Path, repository: Path, env: str, **related: object) -> Path:
    """Make a project that has the toolchain, and a `.env`."""
    shutil.copytree(repository / "hello", tmp_path / "hello")
    installed = [{"name": "hello", "source": "hello", **related}]
    write(
        tmp_path,
        {
            "dagger.json": json.dumps({"name": "p", "toolchains": installed}),
            ".env": env,
            "data/file.txt": "",
        },
    )
    git(tmp_path, "init", "-q")
    return tmp_path


def test_env_defaults(tmp_path: Path, repository: Path, cache: Path) -> None:
    """A `.env` speaks for constructor and functions, for objects by address; flags go before."""
    text = 'HELLO_GREETING="good ${DAY}"\nhello_say_name=env\n'
    text += "HELLO_TOKEN=env://TOK\nHELLO_EXTRA=./data\nOTHER=$UNSET\n"
    root = project_with(tmp_path, repository, text)
    cli = Cli(root, cache, {"DAY": "day", "TOK": "four"})
    done = cli("call", "hello", "say", "text")

    assert "good day env red" == done.out
    assert 'user default: hello.say(name="env")' in done.err
    assert ["file.txt", "4"] == cli("call", "hello", "given").lines
    assert "yo me red" == cli("call", "hello", "--greeting=yo", "say", "--name=me", "text").out
    assert '(default "good day")' in cli("call", "hello", "--help").out


async def test_a_stored_result_never_holds_another_secret(
    open_: Opener, cache: Path, tmp_path: Path
) -> None:
    """A result whose secret a dependency read is made again, with the value of this session.

    Nothing in the call itself names the secret: only the stored container does.
    """
    vaults = [{"name": "vault", "source": "../vault"}]
    files = {**module("vault", VAULT), **module("keeper", KEEPER, dependencies=vaults)}
    committed(tmp_path, {**files, "vault/.env": "TOKEN=env://OWN_TOKEN\n"})
    sizes = []
    for value in ("one", "three"):
        async with open_(tmp_path / "keeper", environ={"OWN_TOKEN": value}) as session:
            await session.engine.load_module(None)
            sizes.append(await ask(session.engine, "sealed", "stdout"))

    assert ["3\n", "5\n"] == sizes
    calls = [path.read_text() for path in (cache / "records").rglob("*.json")]
    assert [text for text in calls if "UriSecret" in text]
    assert not [text for text in calls if "OWN_TOKEN" in text]


def test_env_and_customizations(tmp_path: Path, repository: Path, cache: Path) -> None:
    """`.env` goes before a function's customization, and after a constructor's."""
    custom = [
        {"argument": "greeting", "default": "hola"},
        {"function": ["say"], "argument": "name", "default": "mundo"},
    ]
    text = "HELLO_GREETING=env\nHELLO_SAY_NAME=env\n"
    root = project_with(tmp_path, repository, text, customizations=custom)

    assert "hola env red" == Cli(root, cache)("call", "hello", "say", "text").out


def test_env_that_cannot_be_read(tmp_path: Path, repository: Path, cache: Path) -> None:
    """A value that does not fit is an error that names the argument."""
    root = project_with(tmp_path, repository, "HELLO_SAY_COLOR=RED\n")
    done = Cli(root, cache)("call", "hello", "say", "--name=x", "text")

    assert 1 == done.code
    assert "user default hello.say(color=...): not JSON: 'RED'" in done.err


def test_env_changes_the_argument_alone(tmp_path: Path, repository: Path, cache: Path) -> None:
    """Another `.env` with the same values for a function does not run it again."""
    (tmp_path / "project").mkdir()
    cli = Cli(project_with(tmp_path / "project", repository, ""), cache)
    (cli.cwd / ".env").unlink()
    outer = tmp_path / ".env"
    outer.write_text("HELLO_SAY_NAME=one\n")
    cli("call", "hello", "say", "text")
    outer.write_text("HELLO_SAY_NAME=one\nUNRELATED=1\nHELLO_FAILS_X=2\n")
    again = cli("call", "hello", "say", "text")
    outer.write_text("HELLO_SAY_NAME=two\n")
    other = cli("call", "hello", "say", "text")

    assert "say CACHED" in again.err
    assert ("hi one red", "hi two red") == (again.out, other.out)


# -- repositories -----------------------------------------------------------------------------


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository whose README says which commit it is of, with tags and two branches."""
    work = tmp_path / "work"
    for text in ("first", "second", "third"):
        committed(work, {**module("hello", HELLO), "README": text}, text)
        tag = {"first": "v1.0.0", "second": "hello/v1.2.0", "third": ""}[text]
        if tag:
            git(work, "tag", tag)
    git(work, "branch", "old", "v1.0.0")
    git(work, "clone", "-q", "--bare", ".", str(tmp_path / "origin.git"))
    return tmp_path / "origin.git"


def greeting(cli: Cli, ref: str) -> str:
    """Return what the module at a reference says by default, or why it does not."""
    done = cli("-m", ref, "-s", "call", "greeting")
    return done.out or done.err


async def test_repository_by_path_url_and_version(
    open_: Opener, origin: Path, tmp_path: Path
) -> None:
    """A reference means HEAD, a branch, a tag (a directory's own first), or a commit."""
    commit = git(origin, "rev-parse", "v1.0.0")
    wanted = {
        f"file://{origin}/hello": "third",
        f"{origin}/hello@old": "first",
        "./origin.git/hello@v1.2.0": "second",
        f"file://{origin}@v1.0.0": "first",
        f"file://{origin}/hello@{commit}": "first",
    }
    async with open_(tmp_path) as session:
        repositories = session.engine.modules.repositories
        for ref, text in wanted.items():
            cloned = await repositories.clone(parse_reference(ref, tmp_path))
            assert text == (cloned.path / "README").read_text(), ref
            assert (cloned.path / cloned.directory).is_dir()


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("file://{}/origin.git/hello@v9", "has no version 'v9'"),
        ("file://{}/origin.git", "it has no dagger.json"),
        ("file://{}/missing.git", "cannot read the repository file://"),
        ("{}/origin.git/nowhere", "it has no dagger.json"),
    ],
)
def test_repository_without_the_module(
    origin: Path, tmp_path: Path, cache: Path, ref: str, words: str
) -> None:
    """What a repository does not have is said with its address."""
    assert words in greeting(Cli(tmp_path, cache), ref.format(origin.parent))


def test_repository_over_http(origin: Path, tmp_path: Path, cache: Path) -> None:
    """A module is cloned over HTTP, and its `/` is the clone; without network it says so."""
    cli = Cli(tmp_path, cache)
    write(tmp_path, {"dagger.json": '{"name": "p"}'})
    with served(origin.parent) as address:
        assert ["README", "hello/"] == cli(
            "-m", f"{address}/origin.git/hello@main", "-s", "call", "where"
        ).lines
        plain = origin.rename(origin.with_suffix(""))
        done = cli("toolchain", "install", f"{address}/{plain.name}/hello")
        assert "toolchain installed\n" == done.out
    unreachable = greeting(cli, f"{address}/origin.git/hello")
    assert "cannot read the repository" in unreachable
    assert "network" in unreachable


def test_pin_holds_while_the_branch_moves(origin: Path, tmp_path: Path, cache: Path) -> None:
    """A pinned toolchain stays at its commit, and once cloned needs its repository no more."""
    project = tmp_path / "project"
    write(project, {"dagger.json": '{"name": "p"}'})
    git(project, "init", "-q")
    cli = Cli(project, cache)
    cli("toolchain", "install", f"file://{origin}/hello@old")
    git(origin, "branch", "-f", "old", "main")
    shutil.rmtree(origin)

    assert "hi" == cli("call", "hello", "greeting").out
    pin = json.loads((project / "dagger.json").read_text())["toolchains"][0]["pin"]
    assert git(tmp_path / "work", "rev-parse", "v1.0.0") == pin


# -- the real module --------------------------------------------------------------------------


@pytest.mark.network
@pytest.mark.slow
def test_wheelwright_as_toolchain(tmp_path: Path, cache: Path) -> None:
    """A package with nothing but a dagger.json is checked by this repository's module."""
    clone = tmp_path / "wheelwright.git"
    git(tmp_path, "clone", "-q", "--bare", "--depth=1", f"file://{WHEELWRIGHT}", str(clone))
    project = tmp_path / "quay"
    fixture = WHEELWRIGHT / "tests/fixtures/hatchling-src"
    shutil.copytree(fixture, project)
    installed = [{"name": "wheelwright", "source": f"file://{clone}"}]
    write(project, {"dagger.json": json.dumps({"name": "quay", "toolchains": installed})})
    git(project, "init", "-q")
    cli = Cli(project, cache)

    assert "lint" in [line.split()[0] for line in cli("functions", "wheelwright").lines if line]
    assert "wheelwright:lock-check" in cli("check", "-l").out
    done = cli("check", "wheelwright:check-versions")
    assert (0, "wheelwright:check-versions   OK") == (done.code, done.out[:31])
