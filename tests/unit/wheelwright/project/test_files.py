"""Which files of a project are read, and how their paths are joined."""

from hypothesis import given
from hypothesis import strategies as st

from wheelwright.project.files import join, wanted


def test_only_deciding_files_are_read() -> None:
    """Of a root's entries those are read whose contents decide something."""
    names = ["README.md", "src/", "uv.lock", "requirements-dev.txt", "setup.py", "tox.ini", "x.py"]
    assert ["requirements-dev.txt", "setup.py", "tox.ini", "uv.lock"] == wanted(names)


@given(st.lists(st.sampled_from(["a", "b", ".", ""]), max_size=4))
def test_joined_paths_are_plain(parts: list[str]) -> None:
    """Joining gives the names alone, however the parts were written."""
    assert "/".join(part for part in parts if part in ("a", "b")) == join(*parts)
