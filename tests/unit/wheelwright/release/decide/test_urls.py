"""Where servers are."""

import pytest

from tests.unit.wheelwright.release.packages import STATIC, project
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.urls import (
    Hub,
    IndexUrls,
    forge_of,
    https,
    hub_of,
    index_urls,
    is_path,
    is_pypi,
    origin,
)

# -- where ----------------------------------------------------------------------------------------

NAMED = (
    STATIC
    + """
[[tool.uv.index]]
name = "inner"
url = "https://index.example.org/simple"
publish-url = "https://index.example.org/upload/"

[[tool.uv.index]]
name = "read-only"
url = "https://mirror.example.org/simple"
"""
)


def test_index_is_pypi_unless_said_otherwise() -> None:
    """PyPI is the default; an index of pyproject.toml is taken by its name; arguments win."""
    package = project(NAMED)
    pypi = index_urls(package, "demo", "", "", "")
    assert (
        IndexUrls(
            "https://upload.pypi.org/legacy/",
            "https://pypi.org/simple/",
            "https://pypi.org/project/demo/",
        )
        == pypi
    )
    assert isinstance(pypi, IndexUrls)
    assert is_pypi(pypi)
    inner = index_urls(package, "demo", "inner", "", "")
    expected = IndexUrls("https://index.example.org/upload/", "https://index.example.org/simple/")
    assert expected == inner
    assert not is_pypi(expected)
    own = index_urls(package, "demo", "inner", "https://a/", "https://b")
    assert IndexUrls("https://a/", "https://b/") == own


@pytest.mark.parametrize(
    ("index", "publish", "says"),
    [
        ("other", "", 'no [[tool.uv.index]] is named "other" (there: inner, read-only)'),
        ("read-only", "", '[[tool.uv.index]] "read-only" has no publish-url'),
        ("", "https://a/", "only --publish-url is given"),
    ],
)
def test_index_that_cannot_be_found_is_a_problem(index: str, publish: str, says: str) -> None:
    """Half an address or an unknown name is named, and nothing is guessed."""
    problem = index_urls(project(NAMED), "demo", index, publish, "")
    assert isinstance(problem, Problem)
    assert says in problem.text()


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:o/demo.git", "https://github.com/o/demo.git"),
        ("ssh://git@github.com:22/o/demo", "https://github.com/o/demo"),
        ("https://x:secret@github.com/o/demo", "https://github.com/o/demo"),
        ("ssh://git@ssh.github.com:443/o/demo.git", "https://github.com/o/demo.git"),
        ("git@ssh.github.com:o/demo.git", "https://github.com/o/demo.git"),
        ("git@github.com:/o/demo.git", "https://github.com/o/demo.git"),
        ("git+ssh://git@github.com/o/demo", "https://github.com/o/demo"),
        ("git://github.com/o/demo.git", "https://github.com/o/demo.git"),
        ("https://www.github.com/o/demo", "https://github.com/o/demo"),
        ("https://GitHub.com/O/Demo", "https://github.com/O/Demo"),
        ("https://x:secret@www.github.com/o/demo", "https://github.com/o/demo"),
        ("http://127.0.0.1:8000/o/demo.git", "http://127.0.0.1:8000/o/demo.git"),
    ],
)
def test_remote_is_used_by_https_without_credentials(remote: str, address: str) -> None:
    """A clone made by ssh, or with a password in its address, is released by the token alone."""
    assert address == https(remote)


def test_repository_and_api_follow_from_the_remote() -> None:
    """github.com has its API beside it, an enterprise server beneath it, and an argument wins."""
    page = "https://github.com/o/demo"
    assert Hub("https://api.github.com", "o", "demo", page) == hub_of(page + ".git")
    enterprise = hub_of("https://git.example.org/o/demo")
    assert isinstance(enterprise, Hub)
    assert "https://git.example.org/api/v3" == enterprise.api
    local = hub_of("http://127.0.0.1:1/o/demo.git", "http://127.0.0.1:2/")
    assert Hub("http://127.0.0.1:2", "o", "demo", "http://127.0.0.1:1/o/demo") == local
    assert isinstance(hub_of("/srv/demo.git"), Problem)


@pytest.mark.parametrize(
    ("remote", "message"),
    [
        ("/srv/demo.git", "/srv/demo.git names no repository on GitHub"),
        ("", "no remote is a repository on GitHub"),
    ],
)
def test_another_remote_is_named(remote: str, message: str) -> None:
    """What is not on GitHub is a problem with one sentence, whether there is a remote or none."""
    problem = hub_of(remote)
    assert isinstance(problem, Problem)
    assert message == problem.seen


@pytest.mark.parametrize(
    "remote", ["https://gitlab.com/o/demo.git", "https://gitlab.example.org:8443/o/p/demo"]
)
def test_gitlab_is_named_in_one_line(remote: str) -> None:
    """What is missing there, and what to do; an address of GitHub's API decides otherwise."""
    problem = hub_of(remote)
    assert isinstance(problem, Problem)
    assert Reason.NOT_GITHUB is problem.reason
    host = remote.split("/")[2]
    assert (
        f"the repository is not on GitHub: {host} has no API of GitHub, which a release needs; "
        "set the version and its tag by hand, then run `publish --tag TAG --index-token env://NAME`"
    ) == problem.text()
    assert isinstance(hub_of(remote, "https://api.github.com"), Hub)


@pytest.mark.parametrize(
    ("host", "forge"),
    [
        ("github.com", "github"),
        ("GitLab.com", "gitlab"),
        ("gitlab.example.org", "gitlab"),
        ("git.example.org", ""),
        ("mygitlab.example.org", ""),
    ],
)
def test_forge_is_a_part_of_the_hosts_name(host: str, forge: str) -> None:
    """A whole label of the name, as anybody may have it in a longer one."""
    assert forge == forge_of(host)


def test_origin_is_read_from_the_configuration_of_git() -> None:
    """The remote is origin's address, and of no other remote or branch."""
    config = (
        '[core]\n\tbare = false\n[remote "fork"]\n\turl = https://a/f\n'
        '[remote "origin"]\n\tfetch = +refs\n\turl = git@github.com:o/demo.git\n[branch "main"]\n'
    )
    assert "git@github.com:o/demo.git" == origin(config)
    assert "" == origin('[remote "fork"]\n\turl = https://a/f\n')


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("/srv/git/demo.git", True),
        ("../demo", True),
        ("demo", True),
        ("./a:b", True),
        ("file:///srv/git/demo.git", True),
        ("FILE:/srv/demo", True),
        ("C:/work/demo", True),
        ("c:\\work\\demo", True),
        ("", True),
        ("https://example.org/o/demo.git", False),
        ("ssh://git@example.org/o/demo.git", False),
        ("git@example.org:o/demo.git", False),
        ("example.org:demo", False),
    ],
)
def test_a_path_is_told_from_an_address(remote: str, expected: bool) -> None:
    """A path is what no container sees; a colon before any slash makes it a host, as in git."""
    assert expected == is_path(remote)


def test_testpypi_needs_no_table_of_its_own() -> None:
    """Its addresses are known by its name; a table of that name wins."""
    found = index_urls(project(STATIC), "demo", "testpypi", "", "")
    table = (
        '\n[[tool.uv.index]]\nname = "testpypi"\nurl = "https://a/"\npublish-url = "https://b/"\n'
    )
    own = index_urls(project(STATIC + table), "demo", "testpypi", "", "")

    assert isinstance(found, IndexUrls)
    assert ("https://test.pypi.org/legacy/", "https://test.pypi.org/simple/") == (
        found.publish,
        found.check,
    )
    assert isinstance(own, IndexUrls)
    assert ("https://b/", "https://a/") == (own.publish, own.check)
