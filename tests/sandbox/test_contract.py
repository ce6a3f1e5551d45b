"""What every provider does alike."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_bench import Bench, can_isolate, python_image

from stiletto.sandbox.images import HostImages, find_uv
from stiletto.sandbox.plan import BindMount, Image, SecretMount, StepOutput, TempMount
from stiletto.sandbox.relocation import restore
from stiletto.sandbox.spool import Stream

ISOLATION = pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")


@pytest.fixture(params=[pytest.param("bubblewrap", marks=ISOLATION), "plain"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One provider with its directories."""
    return Bench(request.param, tmp_path)


def said(output: StepOutput) -> str:
    """Return standard output after checking that the command succeeded."""
    assert output.exit_code == 0, output.interleaved.decode()
    return output.stdout.decode()


def command_lines() -> list[bytes]:
    """Return the command line of every process of this machine."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes())
        except OSError:
            continue  # it ended meanwhile
    return lines


async def there(path: Path) -> None:
    """Wait until a step has made a file; the limit is for a machine that is very busy."""
    until_s = time.monotonic() + 120
    while not files(path.parent).count(path.name):
        assert time.monotonic() < until_s, f"{path} was not made"
        await asyncio.sleep(0.01)


def files(root: Path) -> list[str]:
    """Return what a layer's directory holds, sorted."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


# -- process --------------------------------------------------------------------------------


async def test_streams(bench: Bench) -> None:
    """Both streams are kept apart, and together in the order they came."""
    heard = bench.directory("heard")

    def hear(_stream: Stream, data: bytes) -> None:
        for word in data.split():
            (heard / word.decode()).touch()

    wait = "until [ -e /heard/{} ]; do sleep 0.01; done"
    script = f"echo one; {wait.format('one')}; echo two >&2; {wait.format('two')}; echo three"
    mounts = (BindMount("/heard", heard, writable=True),)
    output = await bench.sandbox.run(bench.step("sh", "-c", script, mounts=mounts), hear)

    assert (output.stdout, output.stderr) == (b"one\nthree\n", b"two\n")
    assert output.interleaved == b"one\ntwo\nthree\n"


async def test_sink_hears_output_as_it_comes(bench: Bench) -> None:
    """The sink gets output before the step has ended."""
    heard: list[tuple[Stream, bytes]] = []
    told = bench.directory("told")

    def hear(stream: Stream, data: bytes) -> None:
        heard.append((stream, data))
        (told / "early").touch()

    script = "echo early; until [ -e /told/early ]; do sleep 0.01; done; echo late >&2"
    mounts = (BindMount("/told", told, writable=True),)
    await bench.sandbox.run(bench.step("sh", "-c", script, mounts=mounts), hear)

    assert [("stdout", b"early\n"), ("stderr", b"late\n")] == heard


@pytest.mark.parametrize(
    ("script", "expected"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill $$", 143)]
)
async def test_exit_codes(bench: Bench, script: str, expected: int) -> None:
    """An exit code is as a shell shows it, 128+n for a signal."""
    output = await bench.sh(script)

    assert expected == output.exit_code


async def test_missing_command(bench: Bench) -> None:
    """A command that is not there ends with 1 and its name, as on the real engine."""
    output = await bench.run("no-such-program", "x")

    assert (output.exit_code, output.stderr) == (1, b"no-such-program: command not found\n")


async def test_command_that_may_not_be_executed(bench: Bench) -> None:
    """A file without the executable bit ends with 1 and the reason."""
    layer = bench.layer({"src/tool": "echo hi"})
    output = await bench.run("/src/tool", layers=(layer,))

    assert (output.exit_code, output.stderr) == (1, b"/src/tool: permission denied\n")


async def test_script_without_interpreter_line(bench: Bench) -> None:
    """An executable text without `#!` is not started: no shell runs it, as execvp would."""
    layer = bench.layer({"src/tool": "echo from $1"})
    (layer.root / "src/tool").chmod(0o755)
    output = await bench.run("./tool", "here", layers=(layer,), workdir="/src")

    assert (output.exit_code, output.stderr) == (1, b"./tool: exec format error\n")


async def test_command_is_found_on_the_containers_path(bench: Bench) -> None:
    """`args[0]` is looked up on the step's PATH, layers included."""
    layer = bench.layer({"opt/tools/hello": "#!/bin/sh\necho hello"})
    (layer.root / "opt/tools/hello").chmod(0o755)
    output = await bench.run("hello", layers=(layer,), env={"PATH": "/opt/tools:/usr/bin:/bin"})

    assert said(output) == "hello\n"


async def test_stdin(bench: Bench) -> None:
    """Standard input is what the step says, and empty otherwise."""
    given = await bench.run("cat", stdin=b"line\n\0binary")
    nothing = await bench.run("cat")

    assert given.stdout == b"line\n\0binary"
    assert nothing.stdout == b""


async def test_large_output(bench: Bench) -> None:
    """Two megabytes on both streams arrive whole."""
    output = await bench.sh("head -c 2000000 /dev/zero | tr '\\0' x; echo err >&2")

    assert (len(output.stdout), output.stderr) == (2_000_000, b"err\n")


async def test_environment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is the step's, never the host's; HOME is root's unless set."""
    monkeypatch.setenv("HOST_TOKEN", "leak")
    output = await bench.sh("echo $GREETING-$HOST_TOKEN-$HOME", env={"GREETING": "hi there"})
    set_home = await bench.sh("echo $HOME", env={"HOME": "/src"}, workdir="/src")

    assert said(output) == "hi there--/root\n"
    assert said(set_home) == "/src\n"


async def test_proxies_pass_through(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's proxies and certificates reach a step unless it sets them itself."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "host.example")
    certificates = _file(bench)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    monkeypatch.setenv("SSL_CERT_DIR", str(certificates.parent))
    script = f"cat $SSL_CERT_FILE; cat $SSL_CERT_DIR/{certificates.name}"
    output = await bench.sh(f"echo $https_proxy $NO_PROXY; {script}", env={"NO_PROXY": "mine"})

    assert said(output) == "http://proxy.example:3128 mine\nmarker\nmarker\n"
    assert files(output.layer.root) == []


async def test_workdir_is_created(bench: Bench) -> None:
    """A missing working directory is created and becomes part of the layer."""
    first = await bench.sh("pwd", workdir="/work/deep")
    second = await bench.sh("ls /work", layers=(first.layer,))

    assert (said(first), said(second)) == ("/work/deep\n", "deep\n")


# -- layers ---------------------------------------------------------------------------------


async def test_layer_holds_what_the_step_wrote(bench: Bench) -> None:
    """A layer holds new and changed files, and nothing that mounting left behind."""
    below = bench.layer({"src/a": "1", "src/b": "1"})
    output = await bench.sh("echo 2 > /src/b; echo 3 > /src/c", layers=(below,), workdir="/src")

    assert files(output.layer.root) == ["src", "src/b", "src/c"]
    assert output.layer.removed == frozenset()
    assert (below.root / "src/b").read_text() == "1"


async def test_idle_step_leaves_an_empty_layer(bench: Bench) -> None:
    """A step that writes nothing leaves nothing, whatever was mounted."""
    cache = bench.directory()
    mounts = (
        BindMount("/src/cache/deep", cache, writable=True),
        BindMount("/etc/marker", _file(bench)),
        TempMount("/scratch"),
        SecretMount("/run/secrets/token", b"x"),
        bench.overlay("/mnt/tree", bench.directory()),
    )
    output = await bench.sh(
        "true", layers=(bench.layer({"src/a": "1"}),), workdir="/src", mounts=mounts
    )

    assert files(output.layer.root) == []


def _file(bench: Bench) -> Path:
    path = bench.directory() / "file"
    path.write_text("marker\n")
    return path


async def test_layers_stack(bench: Bench) -> None:
    """A higher layer hides a lower one, and directories merge."""
    low = bench.layer({"src/a": "low", "src/b": "low"})
    high = bench.layer({"src/b": "high", "src/c": "high"})
    output = await bench.sh("cat a b c", layers=(low, high), workdir="/src")

    assert said(output) == "lowhighhigh"


async def test_removal(bench: Bench) -> None:
    """What a step removes is named in its layer and gone for the next."""
    below = bench.layer({"src/a": "1", "src/d/x": "1", "src/d/y": "1"})
    output = await bench.sh("rm -r a d", layers=(below,), workdir="/src")
    after = await bench.sh("ls -A", layers=(below, output.layer), workdir="/src")

    assert output.layer.removed == {"src/a", "src/d"}
    assert said(after) == ""


async def test_directory_made_anew_hides_the_old_one(bench: Bench) -> None:
    """A directory that is removed and made again shows only its new contents."""
    below = bench.layer({"src/d/old": "1", "src/keep": "1"})
    output = await bench.sh("rm -r d; mkdir d; touch d/new", layers=(below,), workdir="/src")
    after = await bench.sh("ls d; ls", layers=(below, output.layer), workdir="/src")

    assert said(after) == "new\nd\nkeep\n"


async def test_new_directory_is_no_removal(bench: Bench) -> None:
    """A directory where there was none removes nothing."""
    output = await bench.sh(
        "mkdir d; touch d/x", layers=(bench.layer({"src/a": ""}),), workdir="/src"
    )

    assert output.layer.removed == frozenset()


async def test_handmade_removals_are_followed(bench: Bench) -> None:
    """A layer whose removals stand only in `removed` hides them, opaque directories included."""
    low = bench.layer({"src/a": "1", "src/d/old": "1", "src/b": "1"})
    high = bench.layer({"src/d/new": "1"}, frozenset({"src/a", "src/d"}))
    output = await bench.sh("find . -type f | sort", layers=(low, high), workdir="/src")

    assert said(output) == "./b\n./d/new\n"


async def test_kinds_change(bench: Bench) -> None:
    """A file may become a directory and the other way round, over several layers."""
    low = bench.layer({"src/x": "1", "src/y/f": "1"})
    one = await bench.sh(
        "rm -r x y; mkdir x; echo in > x/f; echo file > y", layers=(low,), workdir="/src"
    )
    two = await bench.sh("cat x/f y", layers=(low, one.layer), workdir="/src")

    assert said(two) == "in\nfile\n"


async def test_links(bench: Bench) -> None:
    """Relative and absolute links of a layer lead to the container's files."""
    low = bench.layer({"src/real": "text\n"})
    (low.root / "src/rel").symlink_to("real")
    (low.root / "abs").symlink_to("/src/real")
    first = await bench.sh("cat rel /abs; ln -s /src/real made", layers=(low,), workdir="/src")
    second = await bench.sh("cat made", layers=(low, first.layer), workdir="/src")

    assert (said(first), said(second)) == ("text\ntext\n", "text\n")
    made = str((first.layer.root / "src/made").readlink())
    assert restore(made.encode()) == b"/src/real"


async def test_modes(bench: Bench) -> None:
    """Permission bits travel with a layer, of directories and after a bare chmod too."""
    low = bench.layer({"src/a": "1", "src/d/f": ""})
    first = await bench.sh("chmod 751 a; chmod 750 d", layers=(low,), workdir="/src")
    second = await bench.sh("stat -c %a a d", layers=(low, first.layer), workdir="/src")

    assert said(second) == "751\n750\n"


async def test_many_layers(bench: Bench) -> None:
    """Sixty layers with long paths make one container."""
    layers = tuple(bench.layer({f"src/file-{number:02}": str(number)}) for number in range(60))
    renamed = []
    for layer in layers:
        long = layer.root.with_name(layer.root.name + "-" + "n" * 90)
        layer.root.rename(long)
        renamed.append(type(layer)(long))
    output = await bench.sh(
        "ls | wc -l; cat file-00 file-59; echo new > x", layers=tuple(renamed), workdir="/src"
    )

    assert said(output).split() == ["60", "059"]
    assert files(output.layer.root) == ["src", "src/x"]


async def test_layer_beneath_the_hosts_usr(bench: Bench) -> None:
    """A file that a layer puts beneath /usr is found by its path, beside the host's."""
    layer = bench.layer({"usr/local/bin/hello-tool": "#!/bin/sh\necho hello"})
    (layer.root / "usr/local/bin/hello-tool").chmod(0o755)
    output = await bench.sh("/usr/local/bin/hello-tool && test -x /usr/bin/env", layers=(layer,))

    assert said(output) == "hello\n"


async def test_image_files(bench: Bench) -> None:
    """An image's own files and links are there, and are no part of a layer."""
    image = Image(
        "x",
        "x",
        "x",
        bench.image.binds,
        files={**bench.image.files, "/opt/x/a": b"A\n", "/opt/x/l": "a"},
    )
    output = await bench.sh("cat /opt/x/a /opt/x/l; ls -d /tmp", image=image)

    assert said(output) == "A\nA\n/tmp\n"
    assert files(output.layer.root) == []


async def test_image_shows_files_of_the_host(bench: Bench) -> None:
    """What an image shows at a path of its own is there, as uv in the uv image."""
    image = await HostImages().resolve("ghcr.io/astral-sh/uv:latest")
    output = await bench.run("/uv", "--version", image=image)

    assert said(output).startswith("uv ")


async def test_uv_image_has_its_python_on_the_path(bench: Bench) -> None:
    """In a uv image of a Python both run by their names."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    image = await HostImages().resolve(f"ghcr.io/astral-sh/uv:python{here}-bookworm-slim")
    output = await bench.sh("uv --version && uvx --version && python --version", image=image)

    names = [line.split()[0] for line in said(output).splitlines()]
    assert ["uv", "uvx", "Python"] == names
    assert f"Python {here}." in said(output)


# -- mounts ---------------------------------------------------------------------------------


async def test_overlay_mount(bench: Bench) -> None:
    """Changes in a read-write mount go to its own layer; source and step's layer stay clean."""
    lower = bench.layer({"a": "1", "b": "1", "d/x": "1"}).root
    mount = bench.overlay("/src", lower)
    output = await bench.sh(
        "echo 2 > a; rm b; rm -r d; echo 3 > c; ls", workdir="/src", mounts=(mount,)
    )

    assert said(output) == "a\nc\n"
    layer = output.mount_layers["/src"]
    assert layer.removed == {"b", "d"}
    assert (layer.root / "a").read_text() == "2\n"
    assert files(output.layer.root) == []
    assert files(lower) == ["a", "b", "d", "d/x"]


async def test_cache_volume(bench: Bench) -> None:
    """A writable mount keeps what steps write, and enters no layer."""
    cache = bench.directory("cache")
    mount = BindMount("/root/.cache/uv", cache, writable=True)
    first = await bench.sh("echo kept > /root/.cache/uv/x", mounts=(mount,))
    second = await bench.sh("cat /root/.cache/uv/x", mounts=(mount,))

    assert said(second) == "kept\n"
    assert (cache / "x").read_text() == "kept\n"
    assert files(first.layer.root) == []


async def test_read_only_mount(bench: Bench) -> None:
    """A read-only mount can be read, and its source never changes."""
    source = bench.layer({"a": "1\n"}).root
    output = await bench.sh("cat /in/a; echo 2 > /in/a; true", mounts=(BindMount("/in", source),))

    assert output.stdout == b"1\n"
    assert (source / "a").read_text() == "1\n"
    assert files(output.layer.root) == []


async def test_mounts_nest(bench: Bench) -> None:
    """A mount beneath another one is seen, in whatever order they are named."""
    cache = bench.directory("cache")
    lower = bench.layer({"a": "1"}).root
    mounts = (BindMount("/src/.cache", cache, writable=True), bench.overlay("/src", lower))
    output = await bench.sh("echo x > .cache/f; ls -A", workdir="/src", mounts=mounts)

    assert said(output) == ".cache\na\n"
    assert (cache / "f").read_text() == "x\n"
    assert files(output.mount_layers["/src"].root) == []


async def test_mount_beneath_a_cache_volume(bench: Bench) -> None:
    """A mount beneath a cache volume leaves nothing in the volume, and new files stay in it."""
    outer, inner = bench.directory("outer"), bench.directory("inner")
    (outer / "old").write_text("old\n")
    mounts = (
        BindMount("/cache", outer, writable=True),
        BindMount("/cache/in", inner, writable=True),
    )
    output = await bench.sh(
        "cat /cache/old; echo 1 > /cache/new; echo 2 > /cache/in/f", mounts=mounts
    )

    assert said(output) == "old\n"
    assert {"new", "old"} == {name for name in files(outer) if name != "in"}
    assert not (outer / "in").is_symlink()
    assert files(inner) == ["f"]


async def test_mount_within_a_mount_hides_and_removes_nothing(bench: Bench) -> None:
    """What a mount hides in another mount, or in a layer, is no removal and comes back."""
    lower = bench.layer({"d/x": "1", "a": "1"}).root
    below = bench.layer({"opt/d/y": "1"})
    mounts = (
        bench.overlay("/src", lower),
        TempMount("/src/d"),
        BindMount("/opt/d", bench.directory(), writable=True),
    )
    output = await bench.sh("touch /src/d/t /opt/d/t", layers=(below,), mounts=mounts)
    after = await bench.sh("ls /opt/d", layers=(below, output.layer))

    assert said(after) == "y\n"
    assert output.mount_layers["/src"].removed == frozenset()
    assert output.layer.removed == frozenset()
    assert files(output.mount_layers["/src"].root) == []


async def test_branches_do_not_meet(bench: Bench) -> None:
    """Steps that go on from the same layers see neither each other's files nor removals."""
    low = bench.layer({"src/a": "1"})
    base = await bench.sh("echo 1 > b", layers=(low,), workdir="/src")
    left = await bench.sh("rm a; echo 1 > left", layers=(low, base.layer), workdir="/src")
    right = await bench.sh("ls; touch right", layers=(low, base.layer), workdir="/src")
    joined = (low, base.layer, left.layer, right.layer)
    after = await bench.sh("ls", layers=joined, workdir="/src")

    assert said(right) == "a\nb\n"
    assert said(after) == "b\nleft\nright\n"


async def test_committed_layers_are_recognised(bench: Bench) -> None:
    """A layer that was renamed into a store is the same layer; a failed step leaves no trace."""
    low = bench.layer({"src/a": "1"})
    failed = await bench.sh("rm a; exit 1", layers=(low,), workdir="/src")
    first = await bench.sh("cat a; touch b", layers=(low,), workdir="/src")
    moved = bench.root / "committed"
    first.layer.root.rename(moved)
    second = await bench.sh("ls", layers=(low, replace(first.layer, root=moved)), workdir="/src")

    assert failed.exit_code == 1
    assert said(first) == "1"
    assert said(second) == "a\nb\n"


async def test_temporary_mount(bench: Bench) -> None:
    """A temporary mount is empty, writable, and gone afterwards."""
    layer = bench.layer({"scratch/hidden": ""})
    mounts = (TempMount("/scratch", 1 << 20),)
    first = await bench.sh("ls /scratch; touch /scratch/x", layers=(layer,), mounts=mounts)
    second = await bench.sh("ls /scratch", layers=(layer, first.layer))

    assert (said(first), said(second)) == ("", "hidden\n")


async def test_mount_behind_a_link(bench: Bench) -> None:
    """A mount point whose parent is a link lands where the link leads."""
    layer = bench.layer({"data/real/keep": ""})
    (layer.root / "data/link").symlink_to("/data/real")
    source = bench.layer({"f": "mounted\n"}).root
    output = await bench.sh(
        "cat /data/real/m/f", layers=(layer,), mounts=(BindMount("/data/link/m", source),)
    )

    assert said(output) == "mounted\n"
    assert files(output.layer.root) == []


# -- redirects ------------------------------------------------------------------------------


async def test_redirects(bench: Bench) -> None:
    """A redirected stream is still printed, and stands in a private, truncated file."""
    below = bench.layer({"src/out": "something longer than what comes\n", "logs/old": ""})
    first = await bench.sh(
        "echo o; echo e >&2",
        layers=(below,),
        redirect_stdout="/src/out",
        redirect_stderr="/logs/err",
    )
    second = await bench.sh(
        "cat /src/out /logs/err; stat -c %a /src/out /logs/err", layers=(below, first.layer)
    )

    assert (first.stdout, first.stderr) == (b"o\n", b"e\n")
    assert said(second) == "o\ne\n600\n600\n"


async def test_redirect_into_a_mount(bench: Bench) -> None:
    """A redirect into a read-write mount lands in the mount's layer."""
    mount = bench.overlay("/src", bench.directory())
    output = await bench.sh("echo o", workdir="/src", mounts=(mount,), redirect_stdout="/src/log")

    assert (output.mount_layers["/src"].root / "log").read_text() == "o\n"
    assert files(output.layer.root) == []


# -- secrets --------------------------------------------------------------------------------


async def test_secrets_reach_the_step_and_not_its_output(bench: Bench) -> None:
    """A secret variable and a secret file can be read, and are `***` wherever they are printed.

    A line break at the end of a secret is part of it, as in the real engine.
    """
    output = await bench.sh(
        'test "$TOKEN" = tok-12345; cat /run/s; echo "$TOKEN"; echo "$TOKEN" >&2; '
        "printf tok-; sleep 0.1; printf '12345 plain-word\\n'",
        secret_env={"TOKEN": "tok-12345"},
        scrub=("plain-word",),
        mounts=(SecretMount("/run/s", b"file-secret\n"),),
        redirect_stdout="/log",
    )

    assert output.stdout == b"******\n*** ***\n"
    assert output.stderr == b"***\n"
    assert (output.layer.root / "log").read_bytes() == output.stdout


async def test_secrets_touch_no_disk_and_no_command_line(bench: Bench) -> None:
    """While a step runs, its secrets stand in no file of ours and in no command line."""
    secret = "s3cr3t-" + "v" * 20
    meet = bench.directory("meet")
    wait = "until [ -e /meet/go ]; do sleep 0.01; done"
    running = asyncio.create_task(
        bench.sh(
            f"cat /run/s > /dev/null; touch /meet/here; {wait}",
            secret_env={"TOKEN": secret},
            mounts=(
                SecretMount("/run/s", secret.encode()),
                BindMount("/meet", meet, writable=True),
            ),
        )
    )
    await there(meet / "here")
    lines = command_lines()
    on_disk = [
        path
        for path in bench.root.rglob("*")
        if path.is_file() and not path.is_symlink() and secret.encode() in path.read_bytes()
    ]
    (meet / "go").touch()
    output = await running

    assert output.exit_code == 0
    assert on_disk == []
    assert not any(secret.encode() in line for line in lines)


async def test_secret_file_mode(bench: Bench) -> None:
    """A secret file has the mode it was mounted with."""
    output = await bench.sh(
        "stat -L -c %a /run/s", mounts=(SecretMount("/run/s", b"x" * 9, 0o440),)
    )

    assert said(output) == "440\n"


# -- end ------------------------------------------------------------------------------------


async def test_cancelling_ends_the_whole_tree(bench: Bench) -> None:
    """Cancelling a step ends its grandchildren, also those in a session of their own."""
    beat = bench.directory("beat")
    script = (
        "setsid sh -c 'while :; do date +%N > /beat/a; sleep 0.05; done' & "
        "(while :; do date +%N > /beat/b; sleep 0.05; done) & wait"
    )
    mounts = (BindMount("/beat", beat, writable=True),)
    running = asyncio.create_task(bench.sh(script, mounts=mounts))
    for name in "ab":
        await there(beat / name)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.sleep(0.1)
    before = [(beat / name).stat().st_mtime_ns for name in "ab"]
    await asyncio.sleep(0.2)

    assert before == [(beat / name).stat().st_mtime_ns for name in "ab"]


async def test_daemons_do_not_outlive_the_step(bench: Bench) -> None:
    """A process left in the background does not keep the step waiting, nor outlive it."""
    beat = bench.directory("beat")
    # A step that waited for it would never end.
    wait = "until [ -e /beat/go ]; do sleep 0.01; done"
    output = await bench.sh(
        f"setsid sh -c '{wait}; touch /beat/late' & echo done",
        mounts=(BindMount("/beat", beat, writable=True),),
    )
    (beat / "go").touch()
    await asyncio.sleep(0.3)

    assert said(output) == "done\n"
    assert files(beat) == ["go"]


async def test_steps_run_at_the_same_time(bench: Bench) -> None:
    """Several steps on the same layers run side by side and do not meet."""
    low = bench.layer({"src/a": "1"})
    outputs = await asyncio.gather(
        *(
            bench.sh(f"echo {n} > n; sleep 0.1; cat n", layers=(low,), workdir="/src")
            for n in range(4)
        )
    )

    assert [said(output) for output in outputs] == ["0\n", "1\n", "2\n", "3\n"]


# -- Python ---------------------------------------------------------------------------------


async def test_environment_made_in_one_step_works_in_the_next(bench: Bench) -> None:
    """A virtual environment made by one step is used by later ones, wherever they run."""
    uv = find_uv()
    assert uv is not None
    image = await python_image()
    tool = bench.layer({"src/pkg/__init__.py": "WHERE = __file__\n"})
    binds = (BindMount("/opt/uv/uv", uv),)
    env = {"PATH": "/src/.venv/bin:/opt/uv:" + image.env["PATH"], "UV_PYTHON_DOWNLOADS": "never"}
    first = await bench.sh(
        "uv venv -q --offline --no-config .venv && "
        "echo /src > $(echo .venv/lib/python*/site-packages)/src.pth && "
        "printf '#!/src/.venv/bin/python\\nprint(1)\\n' > .venv/bin/own && "
        "python -c 'import pkg'",
        layers=(tool,),
        image=image,
        env=env,
        mounts=binds,
        workdir="/src",
    )
    assert first.exit_code == 0, first.interleaved.decode()
    bench.renew()
    second = await bench.sh(
        "cd / && python -c 'import pkg, sys; print(pkg.WHERE, sys.prefix)'; which python",
        layers=(tool, first.layer),
        image=image,
        env=env,
        workdir="/src",
    )

    assert said(second) == "/src/pkg/__init__.py /src/.venv\n/src/.venv/bin/python\n"
    config = (first.layer.root / "src/.venv/bin/activate").read_bytes()
    assert b"/src/.venv" in restore(config)
    assert str(bench.root).encode() not in config
