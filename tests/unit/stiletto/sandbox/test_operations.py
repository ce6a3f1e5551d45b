"""The sandbox as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.sandbox import operations as ops
from stiletto.sandbox.plan import BindMount, TempMount

ROOT = ops.Overlay((Path("/s/1"), Path("/s/2")), "/", Path("/s/up"), Path("/s/work"))


def no_data(data: ops.Data | ops.Filter) -> str:
    """Refuse contents: these operations have none."""
    raise AssertionError(data)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (ROOT, "--overlay-src /s/1 --overlay-src /s/2 --overlay /s/up /s/work /"),
        (
            ops.Overlay((Path("/usr"), Path("/s/1/usr")), "/usr"),
            "--overlay-src /usr --overlay-src /s/1/usr --ro-overlay /usr",
        ),
        (BindMount("/usr", Path("/usr")), "--ro-bind /usr /usr"),
        (BindMount("/k", Path("/c"), writable=True), "--bind /c /k"),
        (TempMount("/t", 4096), "--size 4096 --perms 1777 --tmpfs /t"),
        (ops.MakeDirectory("/w"), "--perms 0755 --dir /w"),
        (ops.SetEnvironment("A", "b c"), "--setenv A b|c"),
        (ops.Chdir("/w"), "--chdir /w"),
    ],
)
def test_options(operation: ops.Operation, words: str) -> None:
    """Each operation has its options of bubblewrap."""
    expected = [word.replace("|", " ") for word in words.split()]

    assert expected == ops.options(operation, no_data)


def test_namespaces_give_root_what_a_container_gives() -> None:
    """All namespaces but the network's are new; powers over the machine are not granted."""
    words = ops.options(ops.Namespaces(0, 0, "box"), no_data)

    assert {"--unshare-user", "--unshare-pid", "--die-with-parent", "--clearenv"} <= set(words)
    assert "--unshare-net" not in words
    assert "CAP_DAC_OVERRIDE" in words
    assert not {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_MKNOD", "CAP_NET_ADMIN"} & set(words)


def test_another_user_has_no_capabilities() -> None:
    """Who is not root keeps no capability."""
    assert "--cap-add" not in ops.options(ops.Namespaces(1000, 1000, "box"), no_data)


def test_secrets_are_not_shown() -> None:
    """The printed form of an operation does not hold its secret."""
    data = ops.Data("/run/s", b"hush-hush", 0o440)
    variable = ops.SetEnvironment("TOKEN", "hush-hush", secret=True)

    for operation in (data, variable):
        assert "hush" not in repr(operation)
    given: list[ops.Data | ops.Filter] = []

    def put(item: ops.Data | ops.Filter) -> str:
        given.append(item)
        return "7"

    assert ops.options(data, put) == ["--perms", "0440", "--ro-bind-data", "7", "/run/s"]
    assert given == [data]


def test_option_size_counts_what_the_kernel_gets() -> None:
    """The size is that of the mount's options, escapes included."""
    given = "upperdir=/oldroot/s/up,workdir=/oldroot/s/work,lowerdir=/oldroot/s/1:/oldroot/s/2,"
    escaped = ops.Overlay((Path("/a:b,c"),), "/")

    assert ops.options_size(ROOT) == len(given + "userxattr")
    assert ops.options_size(escaped) == len("lowerdir=/oldroot/a\\:b\\,c,userxattr")


def test_nesting_shortens_layers_and_keeps_the_rest() -> None:
    """The inner sandbox mounts short paths that the outer one shows."""
    plan: list[ops.Operation] = [
        ROOT,
        BindMount("/usr", Path("/usr")),
        ops.Chdir("/w"),
        ops.Kernel(),
    ]
    outer, inner = ops.nested(plan)

    assert inner == [
        ops.Overlay((Path("/0"), Path("/1")), "/", Path("/h/s/up"), Path("/h/s/work")),
        BindMount("/usr", Path("/h/usr")),
        ops.Chdir("/w"),
        ops.Kernel(Path("/h/proc/sys"), Path("/h/dev/null")),
    ]
    assert " --bind /s/1 /0 --bind /s/2 /1 " in " ".join(outer)
