"""The commit of a repository, from its files."""

from wheelwright.container.commit import packed

COMMIT = "0f1e" * 10


def test_packed_reference_is_found() -> None:
    """A packed reference has its commit; a comment, a peeled tag and another name have none."""
    others = f"# pack-refs with: peeled\n{'1' * 40} refs/heads/other\n"
    text = f"{others}{COMMIT} refs/heads/main\n^{'2' * 40}\n"
    assert COMMIT == packed(text, "refs/heads/main")
    assert "" == packed(text, "refs/heads/mai")
    assert "" == packed("nothing refs/heads/main", "refs/heads/main")
