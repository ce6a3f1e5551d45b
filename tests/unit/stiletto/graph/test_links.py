"""Where a path leads, links and `..` followed as the kernel does it in a container."""

from __future__ import annotations

import posixpath
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.graph.links import TreeError, follow

LINKS = {
    "/bin": "usr/bin",
    "/usr/bin/python": "python3",
    "/usr/bin/python3": "/opt/python/bin/python3.12",
    "/opt/python": "../opt/./python-3.12",
    "/up": "../../..",
    "/loop": "loop/x",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/usr//./bin/", "/usr/bin"),
        ("relative/path", "/relative/path"),
        ("/bin/python", "/opt/python-3.12/bin/python3.12"),
        ("/bin/../x", "/usr/x"),
        ("/up/../bin/missing/x", "/usr/bin/missing/x"),
        ("/../../usr", "/usr"),
    ],
)
def test_links_are_followed(path: str, expected: str) -> None:
    """Absolute targets start at the root, others beside the link; nothing leaves the root."""
    assert expected == follow(path, LINKS.get)


def test_the_last_one_may_stay() -> None:
    """Without `last`, links on the way are followed and the thing itself is not."""
    assert "/usr/bin/python" == follow("/bin/python", LINKS.get, last=False)
    assert "/bin" == follow("/bin", LINKS.get, last=False)


def test_a_circle_is_an_error() -> None:
    """Links that lead to themselves end with the path that was asked for."""
    with pytest.raises(TreeError, match="too many links at /loop"):
        follow("/loop", LINKS.get)


PATHS = st.lists(st.sampled_from(["a", "b", "c", "."]), min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(st.sampled_from(["a", "b", "c/a", "c/b"]), PATHS, max_size=3), PATHS)
def test_it_leads_where_the_kernel_does(links: dict[str, str], path: str) -> None:
    """What exists is found at the same place that the file system finds it."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        for directory in {"a", "b", "c", "c/a", "c/b"} - links.keys():
            (root / directory).mkdir(parents=True, exist_ok=True)
        for at, target in links.items():
            (root / at).parent.mkdir(exist_ok=True)
            (root / at).symlink_to(target)
        try:
            expected = "/" + (root / path).resolve(strict=True).relative_to(root).as_posix()
        except (OSError, RuntimeError):  # not there, or a circle
            return

        told = {f"/{at}": target for at, target in links.items()}
        assert posixpath.normpath(expected) == follow(path, told.get)
