"""What is written to a container's files."""

import pytest

from stiletto.api.container import Container, ImageRoot
from stiletto.api.files import EmptyDirectory
from stiletto.api.filesystem import directory, with_directory, with_mounted_directory

IMAGE = Container(root=ImageRoot("debian", "host:x"))


def test_a_directory_over_itself_changes_nothing() -> None:
    """A container's own directory over itself is not copied, unless its owner becomes another."""
    mounted = with_mounted_directory(IMAGE, "/src", EmptyDirectory())

    assert IMAGE == with_directory(IMAGE, "/opt", directory(IMAGE, "/opt"))
    assert mounted == with_directory(mounted, "/src", directory(mounted, "/src"))
    assert IMAGE != with_directory(IMAGE, "/opt", directory(IMAGE, "/opt"), owner="1000")


@pytest.mark.parametrize(
    ("path", "options"),
    [("/srv", {}), ("/opt", {"exclude": ["*.pyc"]}), ("/opt", {"permissions": 0o700})],
)
def test_anything_else_is_a_copy(path: str, options: dict[str, object]) -> None:
    """Another place, a filter and permissions are heeded."""
    copied = with_directory(IMAGE, path, directory(IMAGE, "/opt"), **options)  # type: ignore[arg-type]  # by name

    assert IMAGE != copied
