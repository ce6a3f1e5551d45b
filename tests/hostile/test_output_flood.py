"""A step that prints without end: it takes disk, no memory, and is kept once."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import dagger
import pytest
from dagger.client._session import ConnectParams, SingleConnection
from test_host import ISOLATION
from wire_client import LIMIT_S, session

from stiletto.engine import printed
from wheelwright.container import printed as printed_files
from wheelwright.container import steps

MB = 1_000_000

ASK = """
import asyncio, json, resource, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from wire_client import ended, session

async def main() -> None:
    async with session(Path(sys.argv[2])) as asking:
        answers = []
        for query in sys.argv[3:]:
            body = json.dumps({{"query": query}}).encode()
            answer = ended(asking, body) if sys.argv[1] == "end" else asking.post(body)
            answers.append(await answer)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({{"answers": answers, "peak_kib": peak_kib}}))

asyncio.run(main())
"""


def exec_of(script: str, leaves: str, more: str = "") -> str:
    """Return a query that runs a shell script."""
    args = json.dumps(["sh", "-c", script])
    return f'{{container{{from(address:"debian"){{withExec(args:{args}{more}){{{leaves}}}}}}}}}'


def flood(size_bytes: int) -> str:
    """Return a script that prints so much to each stream in turn, half to each."""
    half = f"head -c {size_bytes // 2} /dev/zero | tr '\\0' x"
    return f"{half}; {half} >&2"


def run(directory: Path, *queries: str, only: str = "all") -> Any:
    """Ask a session in a process of its own; return answers, or their ends, and peak memory."""
    directory.mkdir(exist_ok=True)
    ran = subprocess.run(
        [
            *(sys.executable, "-c", ASK.format(here=str(Path(__file__).parent))),
            *(only, str(directory), *queries),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S * 5,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "" == ran.stderr
    return json.loads(ran.stdout)


def kept_bytes(directory: Path) -> int:
    """Return what all files beneath a directory take."""
    return sum(
        path.lstat().st_size
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def spooled(directory: Path) -> list[Path]:
    """Return the large blobs of a store."""
    return [path for path in directory.rglob("blobs/*/*") if path.stat().st_size > MB]


def compare(tmp_path: Path, size_bytes: int) -> None:
    """Compare a step that prints so much with one that prints a megabyte."""
    # It fails, too: the error carries the end alone.
    leaves = "exitCode"
    queries = [exec_of(flood(size_bytes), leaves), exec_of(flood(size_bytes) + "; exit 3", leaves)]
    small = run(tmp_path / "small", exec_of(flood(MB), leaves), exec_of(flood(MB), leaves))
    before = kept_bytes(tmp_path / "small")
    large = run(tmp_path / "large", *queries)
    (status, answer), (_, failed) = large["answers"]
    assert (200, False) == (status, "errors" in answer)
    told = failed["errors"][0]["extensions"]
    assert 3 == told["exitCode"]
    for stream in ("stdout", "stderr"):
        assert told[stream].startswith(f"[omitting {size_bytes // 2 - 102400} bytes]...xxx")
        assert len(told[stream]) < 103_000
    assert large["peak_kib"] <= 1.3 * small["peak_kib"], (large["peak_kib"], small["peak_kib"])
    assert kept_bytes(tmp_path / "large") - before <= 1.1 * size_bytes


@pytest.mark.timeout(LIMIT_S * 5)
def test_a_flood_takes_no_memory_and_is_kept_once(tmp_path: Path) -> None:
    """64 MB of output take no more memory than one, and no more room than themselves."""
    compare(tmp_path, 64 * MB)


@pytest.mark.timeout(LIMIT_S * 5)
def test_a_long_answer_takes_no_memory(tmp_path: Path) -> None:
    """Asked for 64 MB of text, the engine sends it as it reads it; all of it arrives."""

    def query(size_bytes: int, leaves: str) -> str:
        return exec_of(f"head -c {size_bytes} /dev/zero | tr '\\0' x; echo y", leaves)

    small = run(tmp_path / "small", query(MB, "stdout"), only="end")
    large = run(tmp_path / "large", query(64 * MB, "stdout combinedOutput"), only="end")
    ((status, size, end),) = large["answers"]
    assert 200 == status
    assert 128 * MB < size < 128 * MB + 1_000
    assert end.endswith('xxxxy\\n"}}}}}')
    assert large["peak_kib"] <= 1.3 * small["peak_kib"], (large["peak_kib"], small["peak_kib"])


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S * 5)
def test_a_large_flood_takes_no_memory_and_is_kept_once(tmp_path: Path) -> None:
    """400 MB of output take no more memory than one, and no more room than themselves."""
    compare(tmp_path, 400 * MB)


@pytest.mark.asyncio
async def test_what_is_too_long_for_an_answer_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Output beyond the bound is an error that names the file as the way out, which has all."""
    monkeypatch.setattr(printed, "MAX_TEXT_BYTES", 3 * MB)
    async with session(tmp_path) as asking:
        for leaf in ("stdout", "stderr", "combinedOutput"):
            status, answer = await asking.query(exec_of(flood(8 * MB), leaf))
            assert 200 == status
            (error,) = answer["errors"]
            assert "bytes exceed the limit of 128 MiB" in error["message"]
            assert "redirectStdout" in error["message"]
        script = f"head -c {8 * MB} /dev/zero"
        query = exec_of(script, 'file(path:"/out"){size} stderr', ',redirectStdout:"/out"')
        _, answer = await asking.query(query)
        done = answer["data"]["container"]["from"]["withExec"]
        assert {"file": {"size": 8 * MB}, "stderr": ""} == done


@pytest.mark.asyncio
async def test_spooled_output_is_what_was_printed(tmp_path: Path) -> None:
    """Two million bytes to both streams come back as printed, also from the store."""
    script = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); printf '%025000d' $i; "
    script += "printf '%025000d' $i >&2; done"
    expected = "".join(f"{number:025000d}" for number in range(1, 41))
    for _ in range(2):
        async with session(tmp_path) as asking:
            _, answer = await asking.query(exec_of(script, "stdout stderr combinedOutput"))
        done = answer["data"]["container"]["from"]["withExec"]
        assert [expected, expected] == [done["stdout"], done["stderr"]]
        assert sorted(expected * 2) == sorted(done["combinedOutput"])
    # Gone from the store: the step runs again.
    (blob,) = spooled(tmp_path)
    blob.unlink()
    async with session(tmp_path) as asking:
        _, answer = await asking.query(exec_of(script, "stdout"))
    assert expected == answer["data"]["container"]["from"]["withExec"]["stdout"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sandbox", "stdout", "stderr", "large"),
    [
        pytest.param("bubblewrap", "/out", "/err", 0, marks=ISOLATION),
        pytest.param("bubblewrap", "/out", "", 1, marks=ISOLATION),
        pytest.param("bubblewrap", "/out", "/out", 1, marks=ISOLATION),
        pytest.param("bubblewrap", "/mount/out", "", 2, marks=ISOLATION),
        ("plain", "/out", "/err", 1),
    ],
)
async def test_redirected_output_is_kept_once(
    tmp_path: Path,
    sandbox: Literal["bubblewrap", "plain"],
    stdout: str,
    stderr: str,
    large: int,
) -> None:
    """What has a file in the layer is read from it; `large` blobs have what else there is."""
    script = "i=0; while [ $i -lt 80 ]; do i=$((i+1)); printf '%025000d' $i; "
    script += "printf '%025000d' $i >&2; done"
    expected = "".join(f"{number:025000d}" for number in range(1, 81))
    more = f',redirectStdout:"{stdout}",redirectStderr:"{stderr}"'
    for _ in range(2):
        async with session(tmp_path, sandbox) as asking:
            _, made = await asking.query("{directory{id}}")
            source = json.dumps(made["data"]["directory"]["id"])
            mount = f'withMountedDirectory(path:"/mount",source:{source}){{withExec('
            query = exec_of(script, "stdout stderr combinedOutput", more)
            _, answer = await asking.query(query.replace("withExec(", mount) + "}")
        done = answer["data"]["container"]["from"]["withMountedDirectory"]["withExec"]
        assert [expected, expected] == [done["stdout"], done["stderr"]]
        assert sorted(expected * 2) == sorted(done["combinedOutput"])
    assert large == len(spooled(tmp_path))
    names = {Path(path).name for path in (stdout, stderr) if path}
    assert names == written(tmp_path, expected)


def written(directory: Path, expected: str) -> set[str]:
    """Return the names of the files with this text in the layers of a store."""
    layers = directory.rglob("layers/*/fs/*")
    return {path.name for path in layers if path.is_file() and expected == path.read_text()}


@pytest.mark.asyncio
async def test_a_secret_of_a_later_session_is_masked_in_stored_output(tmp_path: Path) -> None:
    """What an earlier session spooled is masked by what this one knows, across all frames."""
    secret = "correct-horse-battery-staple"
    script = f"i=0; while [ $i -lt 80000 ]; do i=$((i+1)); echo {secret}; done"
    for known in (False, True):
        async with session(tmp_path) as asking:
            if known:
                query = f'{{setSecret(name:"a",plaintext:"{secret}"){{id}}}}'
                assert "errors" not in (await asking.query(query))[1]
            _, answer = await asking.query(exec_of(script, "stdout"))
        stdout = answer["data"]["container"]["from"]["withExec"]["stdout"]
        assert ("***\n" if known else f"{secret}\n") * 80_000 == stdout


@pytest.mark.asyncio
async def test_a_verdict_does_not_hang_on_how_much_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too long for an answer is left out of a step's output; its exit code is there."""
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo short >&2; exit 7"
    async with (
        session(tmp_path) as asking,
        SingleConnection(ConnectParams(port=asking.port, session_token=asking.token)) as connection,
    ):
        ran = (
            dagger.Client.from_connection(connection)
            .container()
            .from_("debian")
            .with_exec(["sh", "-c", script], expect=dagger.ReturnType.ANY)
        )
        whole = await steps.output(ran)
        monkeypatch.setattr(printed, "MAX_TEXT_BYTES", 1_000)
        output = await steps.output(ran)
    assert "x" * 3_000_000 == whole.stdout
    assert (7, "short\n") == (output.exit_code, output.stderr)
    expected = (
        "(left out, because it is too long: stdout: 3000000 bytes exceed the limit of 128 MiB)"
    )
    assert expected == output.stdout.strip()


@pytest.mark.asyncio
async def test_of_a_large_output_in_files_only_the_end_is_read(tmp_path: Path) -> None:
    """Little is read whole, of much the last 100 KiB, also bytes that are not UTF-8."""
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo end; printf 'a\\377b' >&2; rm -f /gone"
    async with (
        session(tmp_path) as asking,
        SingleConnection(ConnectParams(port=asking.port, session_token=asking.token)) as connection,
    ):
        image = dagger.Client.from_connection(connection).container().from_("debian")
        ran = steps.observe(image, ["sh", "-c", script], log="/out", errors="/err")
        output = await printed_files.ends(ran, 7, "/out", "/err")
        gone = await printed_files.ends(ran, 7, "/gone", "/etc")
    head, _, text = output.stdout.partition("\n")
    assert ("[2897604 bytes above]", "x" * (102400 - 4) + "end\n") == (head, text)
    assert (7, "a\ufffdb") == (output.exit_code, output.stderr)
    assert ("", "") == (gone.stdout, gone.stderr)


@pytest.mark.timeout(LIMIT_S * 2)
@pytest.mark.parametrize("script", ["exec yes", "trap '' PIPE; while :; do yes; done 2>/dev/null"])
def test_a_flood_that_fills_the_disk_is_ended(tmp_path: Path, script: str) -> None:
    """A step that prints until the disk is full is ended in one line; the next one has room."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    disk = tmp_path / "disk"
    disk.mkdir()
    ask = ASK.format(here=str(Path(__file__).parent))
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m", "none", str(disk)]
    ran = subprocess.run(
        [
            *("unshare", "--mount", "sh", "-c", f'{shlex.join(mount)} || exit 99; exec "$@"', "sh"),
            *(sys.executable, "-c", ask, "all", str(disk), exec_of(script, "exitCode")),
            exec_of("echo after", "stdout"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if ran.returncode == 99 or "unshare" in ran.stderr:
        pytest.skip(f"no mounts of its own here: {ran.stderr.strip()}")
    assert "" == ran.stderr
    (_, flooded), (_, after) = json.loads(ran.stdout)["answers"]
    assert "after\n" == after["data"]["container"]["from"]["withExec"]["stdout"]
    (error,) = flooded["errors"]
    assert str(disk) in error["message"]
    expected = "no space left on device: make room, or run stiletto prune"
    assert error["message"].endswith(expected)
