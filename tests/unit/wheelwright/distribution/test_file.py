"""Names of distributions."""

from wheelwright.distribution.file import file_version


def test_file_versions_are_normal_spellings() -> None:
    """Sdists and wheels tell their version; other files tell none."""
    assert "1.2.4" == file_version("demo-1.2.4.tar.gz")
    assert "1!2.0rc1" == file_version("my_demo-1!2.0rc1-py3-none-any.whl")
    assert "" == file_version("demo-1.2.4.tar.gz.asc")
