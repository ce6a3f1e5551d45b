"""Facts that are read from a repository's files."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, project
from wheelwright.repository.checkout import Submodule, lfs_patterns, submodules
from wheelwright.repository.existing import read
from wheelwright.repository.facts import Found, Repository, host_of, private_indexes


@pytest.mark.parametrize(
    ("remote", "host", "forge"),
    [
        ("https://github.com/a/b.git", "github.com", "github"),
        ("git@github.com:a/b.git", "github.com", "github"),
        ("ssh://git@gitlab.com:22/a/b", "gitlab.com", "gitlab"),
        ("https://gitlab.example.org/a/b", "gitlab.example.org", "gitlab"),
        ("https://git.example.org/a/b", "git.example.org", ""),
        ("/srv/b.git", "", ""),
        ("", "", ""),
    ],
)
def test_host_of_the_remote_names_the_forge(remote: str, host: str, forge: str) -> None:
    """A host with the forge's name in it is one of that forge; others are unknown."""
    assert (host, forge) == (host_of(remote), Repository(remote=remote).forge)


def test_publisher_is_a_foreign_workflow_that_uploads() -> None:
    """A workflow of this module is not one, whatever it calls."""
    text = "on: push\njobs:\n  a:\n    steps:\n      - run: uv publish\n"
    foreign, ours = read("a.yml", text), read("b.yml", f"# >>> wheelwright\n{text}")

    assert (foreign,) == Repository(workflows=(foreign, ours)).publishers


def test_tags_have_the_form_of_a_release() -> None:
    """The newest version tag decides the form of the next."""
    found = Repository(refs={"refs/tags/1.2.0": "", "refs/tags/1.3.0": ""})

    assert "[0-9]*" == found.tags(project(LIKE_CLICK)).form.pattern


def test_submodules_are_read_with_what_they_need() -> None:
    """An address by ssh or a path has a note, one by https or beside the repository none.

    One without a file in the source is not checked out.
    """
    text = (
        '[submodule "a"]\n\tpath = src/a\n\turl = git@github.com:example/a.git\n'
        '[submodule "b"]\n\turl = https://github.com/example/b\n\tpath = b\n'
        '[submodule "c"]\n\tpath = c\n\turl = ../c\n'
        '[submodule "d"]\n\tpath = d\n\turl = /srv/d\n'
    )
    found = submodules(text, ["src/a/x.py", "b", "bc/x.py"])

    assert Submodule("src/a", "git@github.com:example/a.git") == found[0]
    assert [
        "submodule src/a: git@github.com:example/a.git needs a credential; write its address by "
        "https, or give the checkout a key of its own",
        "",
        "",
        "submodule d: /srv/d cannot be reached by a runner",
    ] == [each.note for each in found]
    assert [True, False, False, False] == [each.there for each in found]


def test_patterns_of_lfs_are_read() -> None:
    """Only lines that give the filter count."""
    text = "# *.a filter=lfs\n*.npz filter=lfs diff=lfs -text\n* text=auto\n"
    assert ("*.npz",) == lfs_patterns(text)


def test_private_indexes_are_named_without_credentials() -> None:
    """An index on a host of one's own may need a credential; those that all can read need none."""
    text = (
        '[project]\nname = "quay"\nversion = "1"\n'
        '\n[tool.uv]\nextra-index-url = ["https://me:secret@more.example.org/simple"]\n'
        '\n[[tool.uv.index]]\nname = "forge"\nurl = "https://packages.example.org/simple"\n'
        '\n[[tool.uv.index]]\nname = "torch"\nurl = "https://download.pytorch.org/whl/cpu"\n'
        '\n[[tool.uv.index]]\nname = "here"\nurl = "wheels"\n'
    )
    found = private_indexes(project(text))

    assert Found("https://packages.example.org/simple", "forge") == found[0]
    assert ["forge", "extra-index-url"] == [each.origin for each in found]
    assert "secret" not in found[1].value
