"""Commands over the wire: what they see, what they say, how they fail."""

from __future__ import annotations

import asyncio
import contextlib

import dagger
import pytest
from dagger import CacheSharingMode, ReturnType
from wire_bench import Opener, Session, fails, sh, tick

from stiletto.layers.owners import has_range
from stiletto.sandbox.plan import DEFAULT_PATH

pytestmark = pytest.mark.asyncio(loop_scope="session")


# -- output ---------------------------------------------------------------------------------


async def test_streams_are_kept_apart_and_untrimmed(each: Session) -> None:
    """Both streams arrive as they were printed, blanks at the ends included."""
    done = each.sh("echo ' out '; echo; sleep 0.05; echo err >&2")

    assert await done.stdout() == " out \n\n"
    assert await done.stderr() == "err\n"
    assert await done.combined_output() == " out \n\nerr\n"
    assert await done.exit_code() == 0


async def test_output_is_of_the_last_command(one: Session) -> None:
    """Files written after a command do not change what it printed."""
    done = one.sh("echo one").with_exec(["echo", "two"]).with_new_file("/x", "y")

    assert await done.stdout() == "two\n"


async def test_no_command_no_output(one: Session) -> None:
    """Asking for output where nothing ran is an error."""
    assert "no command has been set" in await fails(one.base().stdout())


async def test_nothing_runs_until_it_is_asked_for(one: Session, fresh: str) -> None:
    """A command is lazy; `sync` forces it."""
    lazy = sh(one.counting(fresh), tick(fresh))
    assert await lazy.id()
    assert one.runs(fresh) == 0

    await lazy.sync()
    assert one.runs(fresh) == 1


async def test_reading_configuration_shows_a_failed_command(one: Session) -> None:
    """Each call that reads configuration fails with the command before it."""
    failed = one.sh("exit 7").with_env_variable("A", "b").with_label("l", "x")
    reads = (
        failed.workdir,
        failed.user,
        failed.entrypoint,
        failed.default_args,
        failed.mounts,
        lambda: failed.env_variable("A"),
        lambda: failed.label("l"),
        failed.env_variables,
        failed.labels,
        failed.exposed_ports,
    )
    codes = []
    for read in reads:
        with pytest.raises(dagger.ExecError) as caught:
            await read()
        codes.append(caught.value.exit_code)

    assert [7] * len(reads) == codes


async def test_from_merges_the_images_environment(one: Session) -> None:
    """The image's variables win, others stay; user, workdir and entrypoint are the image's."""
    before = (
        one.dag.container()
        .with_env_variable("PATH", "/nowhere")
        .with_env_variable("OWN", "kept")
        .with_workdir("/old")
        .with_user("1234")
        .with_entrypoint(["old"])
    )
    made = before.from_("python:3.11-slim")

    assert await made.env_variable("PATH") != "/nowhere"
    assert await made.env_variable("OWN") == "kept"
    assert (await made.workdir(), await made.user(), await made.entrypoint()) == ("", "", [])


async def test_image_reference_is_refused(one: Session) -> None:
    """The reference of an image would have its digest in the registry, which nobody asked here."""
    assert "Container.imageRef is not implemented by stiletto" in await fails(
        one.base().image_ref()
    )
    assert "image reference can only be retrieved" in await fails(
        one.base().with_new_file("/x", "").image_ref()
    )


# -- standard streams and expansion -----------------------------------------------------------


async def test_standard_input(each: Session) -> None:
    """A command reads what it is given, and nothing otherwise."""
    assert await each.base().with_exec(["cat"], stdin="given").stdout() == "given"
    assert await each.base().with_exec(["cat"]).stdout() == ""


async def test_standard_input_from_a_file(one: Session) -> None:
    """`redirect_stdin` reads a file of the container, relative to the workdir."""
    at = one.base().with_workdir("/w").with_new_file("in.txt", "from a file")

    assert await at.with_exec(["cat"], redirect_stdin="in.txt").stdout() == "from a file"
    assert "cannot set both stdin and redirectStdin" in await fails(
        at.with_exec(["cat"], stdin="x", redirect_stdin="in.txt").stdout()
    )


async def test_redirects_copy(each: Session) -> None:
    """A redirected stream is in the file and in the output."""
    done = sh(
        each.base().with_directory("/w", each.dag.directory()).with_workdir("/w"),
        "echo out; echo err >&2",
        redirect_stdout="out.txt",
        redirect_stderr="/err.txt",
    )

    assert (await done.stdout(), await done.stderr()) == ("out\n", "err\n")
    assert await done.file("/w/out.txt").contents() == "out\n"
    assert await done.file("/err.txt").contents() == "err\n"


@pytest.mark.parametrize("path", ["/no/such/out", "out", "/d"])
@pytest.mark.parametrize("stream", ["redirect_stdout", "redirect_stderr"])
async def test_a_redirection_makes_no_directory(each: Session, stream: str, path: str) -> None:
    """A file in a directory that is missing, as a new workdir still is, stops the command."""
    base = each.base().with_directory("/d", each.dag.directory()).with_workdir("/new")
    with pytest.raises(dagger.ExecError) as caught:
        await sh(base, "echo o", **{stream: path}).sync()

    assert (-1, "", "") == (caught.value.exit_code, caught.value.stdout, caught.value.stderr)


async def test_standard_input_from_mounts(each: Session, fresh: str) -> None:
    """`redirect_stdin` reads what is mounted: directories, files, caches and secrets."""
    cache = each.dag.cache_volume(fresh)
    base = (
        each.base()
        .with_mounted_directory("/d", each.dag.directory().with_new_file("in", "of directory"))
        .with_mounted_file("/f", each.dag.file("in", "of file"))
        .with_mounted_cache("/c", cache)
        .with_mounted_secret("/s", each.dag.set_secret(fresh, "0f-secret"))
    )
    filled = sh(base, "printf 'of cache' > /c/in")
    read = [
        await filled.with_exec(["cat"], redirect_stdin=path).stdout()
        for path in ("/d/in", "/f", "/c/in", "/s")
    ]

    assert ["of directory", "of file", "of cache", "***"] == read


async def test_standard_input_that_is_missing(each: Session) -> None:
    """A file that cannot be read stops the command before it starts."""
    with pytest.raises(dagger.ExecError) as caught:
        await each.base().with_exec(["cat"], redirect_stdin="/nope").sync()

    assert -1 == caught.value.exit_code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$NAME ${NAME}s", "you yous"),
        ("${NAME:-d} ${NAME:+d}", " "),
        ("$$ $1 $", "  $"),
        ("${NAME", "NAME"),
        ("a${}b$-c", "abc"),
        ("$NAME_", ""),
    ],
)
async def test_forms_of_expansion(one: Session, text: str, expected: str) -> None:
    """Only `$NAME` and `${NAME}` are known; there are no defaults and no escape."""
    base = one.base().with_env_variable("NAME", "you")

    assert expected == await base.with_exec(["printf", "%s", text], expand=True).stdout()


async def test_expansion(one: Session) -> None:
    """`expand` replaces variables in arguments and redirects; without it they stay."""
    made = one.base().with_directory("/w", one.dag.directory())
    base = made.with_env_variable("NAME", "you").with_workdir("/w")
    done = base.with_exec(["echo", "$NAME ${NAME}s"], expand=True, redirect_stdout="$NAME.txt")

    assert await done.stdout() == "you yous\n"
    assert await done.file("you.txt").contents() == "you yous\n"
    assert await base.with_exec(["echo", "$NAME"]).stdout() == "$NAME\n"


async def test_secrets_are_not_expanded(one: Session) -> None:
    """Expanding a secret variable is an error, for arguments are visible to everybody."""
    secret = one.dag.set_secret("expand", "n0t-expanded")
    made = one.base().with_secret_variable("TOKEN", secret)

    assert "TOKEN" in await fails(made.with_exec(["echo", "$TOKEN"], expand=True).stdout())


async def test_default_arguments_and_entrypoint(one: Session) -> None:
    """No arguments run the default command; the entrypoint only takes part when asked."""
    made = one.base().with_entrypoint(["echo", "entry"]).with_default_args(["echo", "default"])

    assert await made.with_exec([]).stdout() == "default\n"
    assert await made.with_exec(["echo", "own"]).stdout() == "own\n"
    assert await made.with_exec(["own"], use_entrypoint=True).stdout() == "entry own\n"
    assert "no command has been set" in await fails(one.dag.container().with_exec([]).stdout())


# -- exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        (0, {"SUCCESS", "ANY"}),
        (1, {"FAILURE", "ANY"}),
        (127, {"FAILURE", "ANY"}),
        (128, set()),
        (143, set()),
        (191, set()),
        (192, {"FAILURE", "ANY"}),
        (255, {"FAILURE", "ANY"}),
    ],
)
async def test_expected_exit_codes(one: Session, code: int, allowed: set[str]) -> None:
    """Each expectation allows its codes; those of signals are never allowed."""
    passed = set()
    for expect in ReturnType:
        with contextlib.suppress(dagger.ExecError):
            assert code == await one.sh(f"exit {code}", expect=expect).exit_code()
            passed.add(expect.name)

    assert allowed == passed


async def test_failure_tells_everything(each: Session) -> None:
    """A failed command arrives as ExecError with argument vector, code and trimmed streams."""
    with pytest.raises(dagger.ExecError) as caught:
        await each.sh("echo ' out '; echo err >&2; exit 3").stdout()

    error = caught.value
    assert error.command == ["sh", "-c", "echo ' out '; echo err >&2; exit 3"]
    assert (error.exit_code, error.stdout, error.stderr) == (3, "out", "err")
    assert error.message == "exit code: 3"


async def test_long_output_of_a_failure_is_cut(one: Session) -> None:
    """An error keeps the last 100 KiB of a stream and says how much is missing."""
    with pytest.raises(dagger.ExecError) as caught:
        await one.sh("head -c 102410 /dev/zero | tr '\\0' x; exit 1").sync()

    assert caught.value.stdout == "[omitting 10 bytes]..." + "x" * 102400


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("no-such-program", "command not found"),
        ("/plain", "permission denied"),
        ("/etc", "permission denied"),
        ("/text", "exec format error"),
        ("/odd", "command not found"),
    ],
)
async def test_what_is_no_program(each: Session, program: str, cause: str) -> None:
    """A command that cannot be started has exit code 1, and says why."""
    base = (
        each.base()
        .with_new_file("/plain", "x")
        .with_new_file("/text", "echo x", permissions=0o755)
        .with_new_file("/odd", "#!/no/such\n", permissions=0o755)
    )
    with pytest.raises(dagger.ExecError) as caught:
        await base.with_exec([program]).sync()

    assert (1, f"{program}: {cause}") == (caught.value.exit_code, caught.value.stderr)


async def test_without_init_the_command_is_process_1(one: Session) -> None:
    """`no_init` gives the command the first process id, and its exit code comes through."""
    done = sh(one.base(), "echo $$; exit 3", no_init=True, expect=ReturnType.FAILURE)

    assert ("1\n", 3) == (await done.stdout(), await done.exit_code())


# -- what a command sees ----------------------------------------------------------------------


async def test_workdir_is_made(each: Session) -> None:
    """A missing working directory is made before the command runs."""
    assert await each.base().with_workdir("/a/b").with_exec(["pwd"]).stdout() == "/a/b\n"
    assert await sh(each.base().with_workdir("/a").with_workdir("c"), "pwd").stdout() == "/a/c\n"


async def test_user(one: Session) -> None:
    """A command runs as root unless another user is set, by number or by name."""
    assert await one.sh("id -u").stdout() == "0\n"
    assert await sh(one.base().with_user("12:34"), "echo $(id -u) $(id -g)").stdout() == "12 34\n"
    named = one.base().with_new_file("/etc/passwd", "me:x:77:78::/:/bin/sh\n").with_user("me")
    assert await sh(named, "echo $(id -u) $(id -g)").stdout() == "77 78\n"
    assert "unknown user" in await fails(sh(one.base().with_user("who"), "id").stdout())


async def test_variables(each: Session) -> None:
    """Variables reach the command, replaced and removed ones too."""
    made = (
        each.base()
        .with_env_variable("ONE", "1")
        .with_env_variable("TWO", "2")
        .with_env_variable("TWO", "two")
        .with_env_variable("GONE", "x")
        .without_env_variable("GONE")
        .with_env_variable("BOTH", "$ONE-$TWO", expand=True)
    )

    assert await sh(made, "echo $ONE $TWO ${GONE-unset} $BOTH").stdout() == "1 two unset 1-two\n"


async def test_a_variable_of_the_image_can_be_removed(one: Session) -> None:
    """A variable that the image sets is gone once it was removed; PATH has its default then."""
    bare = one.base().without_env_variable("PYTHON_VERSION").without_env_variable("PATH")

    assert f"unset {DEFAULT_PATH}\n" == (
        await sh(bare, "echo ${PYTHON_VERSION-unset} $PATH").stdout()
    )


async def test_host_environment_stays_outside(one: Session, open_: Opener) -> None:
    """Variables of the client's machine do not reach a command."""
    async with open_(environ={"HOST_SECRET": "leaked"}) as session:
        assert "leaked" not in await sh(session.base(), "env; echo outside").stdout()


# -- caching ----------------------------------------------------------------------------------


async def test_the_same_step_runs_once(each: Session, open_: Opener, fresh: str) -> None:
    """In one session and in the next one, the same command is answered from the store."""

    def step(session: Session) -> dagger.Container:
        return sh(session.counting(fresh), f"{tick(fresh)}; echo done")

    assert await step(each).stdout() == "done\n"
    assert await step(each).stdout() == "done\n"
    choice = each.engine.core.evaluator.sandbox.name
    async with open_(sandbox=choice) as later:
        assert await step(later).stdout() == "done\n"
    assert each.runs(fresh) == 1


async def test_twins_in_flight_run_once(one: Session, fresh: str) -> None:
    """A command that is asked for twice at the same time runs once."""
    step = sh(one.counting(fresh), f"sleep 0.2; {tick(fresh)}; echo done")
    other = sh(one.counting(fresh), f"sleep 0.2; {tick(fresh)}; echo done")

    assert list(await asyncio.gather(step.stdout(), other.stdout())) == ["done\n", "done\n"]
    assert one.runs(fresh) == 1


async def test_sessions_at_once_run_a_step_once(open_: Opener, fresh: str) -> None:
    """Two sessions on one store share a running command."""
    async with open_() as first, open_() as second:
        steps = [
            sh(session.counting(fresh), f"sleep 0.2; {tick(fresh)}; echo done").stdout()
            for session in (first, second)
        ]
        assert list(await asyncio.gather(*steps)) == ["done\n", "done\n"]
        assert first.runs(fresh) == 1


async def test_failures_are_not_kept(one: Session, fresh: str) -> None:
    """A failed command runs again when it is asked for again."""
    step = sh(one.counting(fresh), f"{tick(fresh)}; exit 1")
    await fails(step.sync())
    await fails(step.sync())

    assert one.runs(fresh) == 2


async def test_expected_failures_are_kept(one: Session, fresh: str) -> None:
    """A failure that was expected is a result like any other."""
    step = sh(one.counting(fresh), f"{tick(fresh)}; exit 1", expect=ReturnType.ANY)

    assert [await step.exit_code(), await step.exit_code()] == [1, 1]
    assert one.runs(fresh) == 1


async def test_equal_files_share_a_step(one: Session, fresh: str) -> None:
    """A command over the same files runs once, however the files were made."""
    made = one.dag.directory().with_new_file("a/b.txt", "text")
    copied = one.dag.directory().with_directory("a", made.directory("a"))
    for source in (made, copied):
        at = one.counting(fresh).with_mounted_directory("/src", source)
        assert await sh(at, f"{tick(fresh)}; cat /src/a/b.txt").stdout() == "text"

    assert one.runs(fresh) == 1


async def test_a_variables_value_decides(one: Session, fresh: str) -> None:
    """Another value of a variable runs the command again; of a volatile one it does not."""

    async def run(session: Session, name: str, plain: str, volatile: str) -> None:
        at = session.counting(name).with_env_variable("PLAIN", plain)
        await sh(at.with_volatile_variable("VOLATILE", volatile), tick(name)).sync()

    await run(one, fresh, "1", "1")
    await run(one, fresh, "1", "2")
    assert one.runs(fresh) == 1
    await run(one, fresh, "2", "2")
    assert one.runs(fresh) == 2


async def test_many_steps_in_a_row(one: Session, fresh: str) -> None:
    """A container may be made by more steps than one mount has room for layers."""
    made = one.base().with_workdir("/w").with_new_file("0", fresh)
    for number in range(45):
        made = made.with_new_file(f"{number + 1}", "x").with_env_variable("N", str(number))
        made = sh(made, f"echo {number} > last; rm -f {number}")

    assert await made.file("last").contents() == "44\n"
    assert await made.directory("/w").entries() == ["45", "last"]


# -- cache volumes ------------------------------------------------------------------------------


async def test_cache_volumes_last(each: Session, open_: Opener, fresh: str) -> None:
    """What one command leaves in a cache volume the next one finds, in a later session too."""

    def at(session: Session) -> dagger.Container:
        return session.base().with_mounted_cache("/kept", session.dag.cache_volume(fresh))

    await sh(at(each), "echo left > /kept/file").sync()
    assert await sh(at(each), "cat /kept/file").stdout() == "left\n"
    async with open_(sandbox=each.engine.core.evaluator.sandbox.name) as later:
        assert await sh(at(later), "cat /kept/file; echo >/dev/null").stdout() == "left\n"


async def test_cache_volumes_survive_a_failure(one: Session, fresh: str) -> None:
    """What a failed command wrote into a cache volume stays."""
    at = one.base().with_mounted_cache("/kept", one.dag.cache_volume(fresh))
    await fails(sh(at, "echo left > /kept/file; exit 1").sync())

    assert await sh(at, "cat /kept/file").stdout() == "left\n"


async def test_sharing_given_at_the_mount_is_another_volume(one: Session, fresh: str) -> None:
    """`with_mounted_cache(sharing=)` names another volume than the plain one."""
    volume = one.dag.cache_volume(fresh)
    await sh(one.base().with_mounted_cache("/kept", volume), "echo left > /kept/file").sync()
    locked = one.base().with_mounted_cache("/kept", volume, sharing=CacheSharingMode.LOCKED)

    assert await sh(locked, "ls /kept").stdout() == ""


async def test_locked_volumes_serialise(open_: Opener, fresh: str) -> None:
    """Commands with a LOCKED volume run one after the other, also from two sessions."""
    async with open_() as first, open_() as second:
        steps = []
        for number, session in enumerate((first, second, first)):
            volume = session.dag.cache_volume(fresh, sharing=CacheSharingMode.LOCKED)
            at = session.base().with_mounted_cache("/kept", volume)
            script = f"mkdir /kept/busy && sleep 0.1 && rmdir /kept/busy && echo {number}"
            steps.append(sh(at, script).stdout())

        assert list(await asyncio.gather(*steps)) == ["0\n", "1\n", "2\n"]


async def test_cache_volume_starts_from_its_source(one: Session, fresh: str) -> None:
    """An empty volume is filled from its source directory, once."""
    source = one.dag.directory().with_new_file("seed", fresh)
    volume = one.dag.cache_volume(fresh, source=source)
    at = one.base().with_mounted_cache("/kept", volume)

    assert fresh == await sh(at, "cat /kept/seed; rm /kept/seed; touch /kept/other").stdout()
    assert await sh(at, "ls /kept").stdout() == "other\n"


async def test_files_of_a_cache_volume_cannot_be_taken_out(one: Session, fresh: str) -> None:
    """Reading beneath a cache or temporary mount is an error that says so."""
    cache = one.base().with_mounted_cache("/kept", one.dag.cache_volume(fresh))
    temp = one.base().with_mounted_temp("/temp")

    assert "cannot retrieve path from cache" in await fails(cache.file("/kept/x").contents())
    assert "cannot retrieve path from tmpfs" in await fails(temp.directory("/temp").entries())


# -- mounted files -----------------------------------------------------------------------------


async def test_a_step_writes_to_a_mounted_file(one: Session) -> None:
    """What a command writes is in the container's file and in later steps, not in the source."""
    source = one.dag.file("f", "F", permissions=0o640)
    first = sh(one.base().with_mounted_file("/m/f", source), "echo 1 >> /m/f; chmod 600 /m/f")
    second = sh(first, "echo 2 >> /m/f; stat -c %a /m/f")

    assert ("F1\n", "F1\n2\n", "600\n") == (
        await first.file("/m/f").contents(),
        await second.file("/m/f").contents(),
        await second.stdout(),
    )
    assert "F" == await source.contents()


@pytest.mark.parametrize(
    "script",
    [
        "sed -i s/1/2/ /m/f",
        "echo 2 > /m/new; mv /m/new /m/f",
        "echo 2 > /two; ln -sf /two /m/f",
        "chmod 400 /m/f; sed -i s/1/2/ /m/f",
        "rm /m/f; echo 2 > /m/f",
        "echo 2 > /m/f",
    ],
)
async def test_plain_a_mounted_file_is_replaced_by_a_step(plain: Session, script: str) -> None:
    """What a program puts in place of the file is taken: nothing that is written is lost."""
    source = plain.dag.directory().with_new_file("f", "1\n").file("f")
    made = sh(plain.base().with_mounted_file("/m/f", source), script)

    assert "2\n" == await made.file("/m/f").contents()
    assert "2\n" == await sh(made, "cat /m/f").stdout()
    assert "2\n" == await sh(sh(made, "sed -i s/1/3/ /m/f"), "cat /m/f").stdout()
    assert "1\n" == await source.contents()


async def test_plain_a_replaced_file_in_a_mounted_directory(plain: Session) -> None:
    """A file that is mounted in a mounted directory is replaced there, not in the directory."""
    inner = plain.dag.directory().with_new_file("f", "1\n").file("f")
    outer = plain.dag.directory().with_new_file("f", "outer").with_new_file("g", "1\n")
    mounted = plain.base().with_mounted_directory("/m", outer).with_mounted_file("/m/f", inner)
    made = sh(mounted, "cd /m; sed -i s/1/2/ f g")

    assert "2\n2\n" == await sh(made, "cat /m/f /m/g").stdout()
    assert "outer" == await made.without_mount("/m/f").file("/m/f").contents()


async def test_plain_a_mounted_file_is_not_removed_by_a_step(plain: Session) -> None:
    """A mount cannot be removed: a step that seems to do so is an error, with the path."""
    mounted = plain.base().with_mounted_file("/m/f", plain.dag.file("f", "1"))

    assert "a step removed /m/f, where a file is mounted" in await fails(
        sh(mounted, "rm /m/f").sync()
    )
    assert "exit code: 3" in await fails(sh(mounted, "rm /m/f; exit 3").sync())


@pytest.mark.skipif(not has_range(), reason="only root gives files to others")
async def test_a_mounted_file_keeps_its_owner(one: Session) -> None:
    """The copy that a command may write to belongs to who was named, special bits included."""
    source = one.dag.file("f", "F", permissions=0o4755)
    made = one.base().with_mounted_file("/f", source, owner="1000:1001")

    assert "4755 1000:1001\n" == await sh(made, "stat -c '%a %u:%g' /f").stdout()


async def test_a_mounted_file_is_replaced_and_removed(one: Session) -> None:
    """Another file written at its path takes its place; removed, nothing is there."""
    mounted = one.base().with_mounted_file("/f", one.dag.file("f", "old"))
    replaced = mounted.with_new_file("/f", "new", permissions=0o700)
    removed = mounted.without_file("/f")

    assert "new 700\n" == await sh(replaced, "echo $(cat /f) $(stat -c %a /f)").stdout()
    assert (False, "gone\n") == (
        await removed.exists("/f"),
        await sh(removed, "test -e /f || echo gone").stdout(),
    )


async def test_mounts_are_listed_as_they_were_given(one: Session) -> None:
    """An absolute path is not tidied; a relative one is resolved."""
    empty = one.dag.directory()
    made = one.base().with_workdir("/w").with_mounted_directory("/a/../m/./x/", empty)

    assert ["/a/../m/./x/", "/w/y"] == await made.with_mounted_temp("y").mounts()


async def test_sharing_at_the_mount_and_at_the_volume_are_two_volumes(
    one: Session, fresh: str
) -> None:
    """A volume that the mount makes is never one that `cache_volume` names."""
    locked = CacheSharingMode.LOCKED
    plain, own = one.dag.cache_volume(fresh), one.dag.cache_volume(fresh, sharing=locked)
    at_mount = one.base().with_mounted_cache("/c", plain, sharing=locked)
    await sh(at_mount, "touch /c/x").sync()

    assert "x\n" == await sh(at_mount, "ls /c").stdout()
    assert "" == await sh(one.base().with_mounted_cache("/c", own), "ls /c").stdout()
    shared = one.base().with_mounted_cache("/c", plain, sharing=CacheSharingMode.SHARED)
    assert "" == await sh(shared, "ls /c").stdout()


async def test_packages_of_the_machine_are_not_in_an_image(one: Session) -> None:
    """An image of Python has pip and what comes with it, and takes packages of its own."""
    listed = one.sh("python -m pip list --format=freeze --disable-pip-version-check")
    names = {line.partition("==")[0] for line in (await listed.stdout()).splitlines()}
    installed = one.sh("python -m pip install -q iniconfig && python -c 'import iniconfig'")

    assert names <= {"pip", "setuptools", "wheel"}
    assert "" == await installed.stdout()
