"""Where the default branch comes from, and that it is never guessed."""

import pytest

from wheelwright.repository.branch import GitFiles, decide, listed, packed, remotes, to_ask

ORIGIN = '[remote "origin"]\n\turl = https://github.com/example/kiln.git\n'
PATH = '[remote "origin"]\n\turl = /srv/kiln.git\n'
TRUNK = {"refs/remotes/origin/HEAD": "ref: refs/remotes/origin/trunk\n"}
HEAD = "ref: refs/heads/topic\n"
SYMREF = f"ref: refs/heads/trunk\tHEAD\n{'0' * 40}\tHEAD\n"
TWO = ("refs/heads/topic", "refs/remotes/origin/trunk")


@pytest.mark.parametrize(
    ("git", "answer", "expected"),
    [
        (GitFiles(HEAD, ORIGIN, TWO, TRUNK), None, ("trunk", "refs/remotes/origin/HEAD")),
        (GitFiles(HEAD, ORIGIN, TWO), SYMREF, ("trunk", "the HEAD of the remote origin")),
        (
            GitFiles(HEAD, ORIGIN, TWO),
            "",
            ("topic", "the branch of HEAD; the remote origin names none"),
        ),
        (GitFiles(HEAD, ORIGIN, TWO[:1]), None, ("topic", "the only branch of the clone")),
        (
            GitFiles(HEAD, ORIGIN, TWO),
            None,
            ("", "the remote origin cannot be asked, and the clone does not name its branch"),
        ),
        (GitFiles(HEAD, "", TWO), None, ("topic", "the branch of HEAD; there is no remote")),
        (
            GitFiles(HEAD, PATH, TWO),
            None,
            ("topic", "the branch of HEAD; the remote origin names none"),
        ),
        (GitFiles(f"{'0' * 40}\n"), None, ("", "HEAD is not on a branch")),
        (GitFiles("ref: refs/heads/.invalid\n"), None, ("", "HEAD is not on a branch")),
    ],
    ids=["cloned", "asked", "empty", "only", "unreadable", "none", "path", "detached", "reftable"],
)
def test_branch_comes_from_the_first_that_says_it(
    git: GitFiles, answer: str | None, expected: tuple[str, str]
) -> None:
    """The clone, the remote, then HEAD; where none says it, the reason is returned."""
    assert expected == decide(git, answer)


def test_remote_is_asked_only_where_it_has_to_be() -> None:
    """A clone that knows the branch, a path and a repository without a remote ask nobody."""
    assert "https://github.com/example/kiln.git" == to_ask(GitFiles(HEAD, ORIGIN))
    assert ["", "", ""] == [
        to_ask(git)
        for git in (GitFiles(HEAD, ORIGIN, (), TRUNK), GitFiles(HEAD, PATH), GitFiles(HEAD))
    ]


def test_remote_of_another_name_counts_where_it_is_the_only_one() -> None:
    """A remote named upstream is taken; of two without an origin neither is."""
    upstream = ORIGIN.replace("origin", "upstream")
    two = upstream + ORIGIN.replace("origin", "fork")

    assert "upstream" == GitFiles(config=upstream).remote[0]
    assert ("", "") == GitFiles(config=two).remote
    assert ["upstream", "fork"] == list(remotes(two))


def test_answer_without_a_branch_is_no_answer() -> None:
    """An empty repository has an empty answer, one with a detached HEAD has None."""
    assert ("", None) == (listed(""), listed(f"{'0' * 40}\tHEAD\n"))


def test_packed_refs_are_names() -> None:
    """Comments and the commits of annotated tags are left out."""
    text = "# pack-refs with: peeled\n1111 refs/heads/main\n2222 refs/tags/v1\n^3333\n"
    assert ("refs/heads/main", "refs/tags/v1") == packed(text)
