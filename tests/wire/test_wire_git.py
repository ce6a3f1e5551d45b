"""Repositories over the wire: from directories and from servers, by the git program."""

from __future__ import annotations

from pathlib import Path

import dagger
import pytest
from git_bench import FIRST, SECOND, commit, git, sample, started
from wire_bench import Opener, Session, fails

session_wide = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits, and a bare clone beside it."""
    return sample(tmp_path_factory.mktemp("git") / "repo")


@pytest.fixture
def local(one: Session, repo: Path) -> dagger.GitRepository:
    """The repository, from its working tree."""
    return one.dag.host().directory(str(repo)).as_git()


# -- in a directory --------------------------------------------------------------------------------


@session_wide
async def test_refs_of_a_directory(local: dagger.GitRepository) -> None:
    """Branches, tags, HEAD and the highest version are those of the repository."""
    assert ["feature", "main"] == await local.branches()
    assert ["not-a-version", "v1.0.0", "v1.1.0"] == await local.tags()
    assert ("refs/heads/main", SECOND) == (await local.head().ref(), await local.head().commit())
    assert "refs/tags/v1.1.0" == await local.latest_version().ref()
    assert FIRST == await local.branch("feature").commit()
    assert FIRST == await local.tag("refs/tags/v1.0.0").commit()
    assert "refs/tags/v1.0.0" == await local.ref("v1.0.0").ref()
    assert (FIRST, FIRST) == (await local.ref(FIRST).ref(), await local.commit(FIRST).commit())


@session_wide
async def test_patterns_match_the_end_of_a_name(local: dagger.GitRepository) -> None:
    """A pattern of refs matches from a slash to the end; `*` matches slashes."""
    assert ["v1.0.0", "v1.1.0"] == await local.tags(patterns=["v1.*"])
    assert ["v1.0.0"] == await local.tags(patterns=["refs/tags/v1.0*"])
    assert ["feature"] == await local.branches(patterns=["f*", "nothing"])
    assert [] == await local.tags(patterns=["1.0.0"])


@session_wide
async def test_tree_of_a_directory(one: Session, local: dagger.GitRepository) -> None:
    """A tree has the files of its commit, with `.git` on its branch or without."""
    tree = local.head().tree()
    old = local.tag("v1.0.0").tree(discard_git_dir=True)

    assert [".git/", "dir/", "one.txt", "three.txt"] == await tree.entries()
    assert "ref: refs/heads/main\n" == await tree.file(".git/HEAD").contents()
    assert "one\n" == await tree.file("one.txt").contents()
    assert ["dir/", "one.txt"] == await old.entries()


@session_wide
async def test_an_edit_is_no_other_tree(open_: Opener, tmp_path: Path) -> None:
    """A file that is not committed changes neither the tree of a commit nor what uses it."""
    root = sample(tmp_path / "repo")
    said = []
    for text in ("one", "two"):
        (root / "not-committed").write_text(text)
        async with open_() as session:
            tree = session.dag.host().directory(str(root)).as_git().head().tree()
            made = session.base().with_mounted_directory("/src", tree)
            said.append(await made.with_exec(["cat", "/proc/sys/kernel/random/uuid"]).stdout())

    assert said[0] == said[1]


@session_wide
@pytest.mark.parametrize("where", ["repo.git", "repo/.git"])
async def test_repository_without_working_tree(one: Session, repo: Path, where: str) -> None:
    """A bare repository and a `.git` directory are repositories, with nothing uncommitted."""
    bare = one.dag.host().directory(str(repo.parent / where)).as_git()

    assert ["feature", "main"] == await bare.branches()
    assert "refs/heads/main" == await bare.head().ref()
    assert await bare.uncommitted().is_empty()


@session_wide
async def test_uncommitted_changes(local: dagger.GitRepository) -> None:
    """What is not committed is a changeset; the repository itself stays."""
    changes = local.uncommitted()

    assert ["new.txt"] == await changes.added_paths()
    assert ["one.txt"] == await changes.modified_paths()
    assert [] == await changes.removed_paths()


@session_wide
async def test_directory_of_a_working_tree(one: Session, tmp_path: Path) -> None:
    """From a directory of a working tree git finds the repository around it."""
    root = sample(tmp_path / "repo")
    (root / "dir" / "two.txt").write_text("changed\n")
    around = one.dag.host().directory(str(root))
    inner = around.directory("dir").as_git()

    assert ["feature", "main"] == await inner.branches()
    assert [".git/", "dir/", "one.txt", "three.txt"] == await inner.head().tree().entries()
    assert ["two.txt"] == await inner.uncommitted().modified_paths()
    assert [] == await inner.uncommitted().added_paths()
    outside = one.dag.directory().with_new_file("a/b/c", "").directory("a/b").as_git()
    assert "not a git repository" in await fails(outside.branches())


@session_wide
async def test_uncommitted_of_all_kinds(one: Session, tmp_path: Path) -> None:
    """Staged, removed, ignored and executable files count as git counts them."""
    root = started(tmp_path / "r")
    commit(root, "first", mod="m", rem="r", x="x", **{".gitignore": "*.log\n"})
    (root / "mod").write_text("changed")
    (root / "rem").unlink()
    (root / "x").chmod(0o755)
    (root / "ignored.log").write_text("")
    (root / "staged").write_text("s")
    git(root, "add", "-A")
    (root / "deep").mkdir()
    (root / "deep" / "untracked").write_text("u")
    changes = one.dag.host().directory(str(root)).as_git().uncommitted()
    added = [path for path in await changes.added_paths() if not path.endswith("/")]

    assert ["deep/untracked", "staged"] == sorted(added)
    assert ["mod", "x"] == sorted(await changes.modified_paths())
    assert ["rem"] == await changes.removed_paths()


@session_wide
async def test_common_ancestor(one: Session, tmp_path: Path) -> None:
    """Two branches have the commit at which they parted, also across repositories."""
    root = started(tmp_path / "r")
    base = commit(root, "base", a="1")
    git(root, "checkout", "-q", "-b", "side")
    commit(root, "side", b="1")
    git(root, "checkout", "-q", "main")
    commit(root, "main", c="1")
    git(root, "clone", "-q", ".", str(tmp_path / "other"))
    repository = one.dag.host().directory(str(root)).as_git()
    other = one.dag.host().directory(str(tmp_path / "other")).as_git()
    found = repository.head().common_ancestor(repository.branch("side"))
    across = other.head().common_ancestor(repository.branch("side"))

    assert (base, base) == (await found.commit(), await found.ref())
    assert base == await across.commit()


@session_wide
async def test_depth_and_tags(one: Session, tmp_path: Path) -> None:
    """A tree has one commit of history, or as many as requested."""
    root = started(tmp_path / "r")
    for number in range(4):
        commit(root, f"commit {number}", a=str(number))
    head = one.dag.host().directory(str(root)).as_git().head()

    async def count(tree: dagger.Directory) -> str:
        made = one.base().with_mounted_directory("/src", tree).with_workdir("/src")
        return await made.with_exec(["git", "rev-list", "--count", "HEAD"]).stdout()

    assert "1\n" == await count(head.tree())
    assert "3\n" == await count(head.tree(depth=3))
    assert "4\n" == await count(head.tree(depth=-1))


@session_wide
@pytest.mark.parametrize(
    ("making", "message"),
    [
        (lambda git: git.branch("nope").commit(), "does not contain ref 'refs/heads/nope'"),
        (lambda git: git.commit("zz").commit(), "invalid commit 'zz'"),
        (lambda git: git.commit(FIRST[:12]).commit(), "invalid commit"),
        (lambda git: git.commit("0" * 40).tree().entries(), f"cannot get commit {'0' * 40}"),
    ],
)
async def test_what_a_repository_does_not_have(
    local: dagger.GitRepository, making: object, message: str
) -> None:
    """A ref or commit that is not there is an error that names it."""
    assert callable(making)
    assert message in await fails(making(local))


@session_wide
async def test_directory_without_repository(one: Session) -> None:
    """A directory that is not a repository is an error where its repository is requested."""
    made = one.dag.directory().with_new_file("a", "").as_git()

    assert "not a git repository" in await fails(made.branches())


@session_wide
async def test_repository_of_sha_256(one: Session, tmp_path: Path) -> None:
    """A repository that uses SHA-256 lists its branches; its commits are refused by name."""
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "-b", "main", "--object-format=sha256")
    commit(root, "first", a="1")
    repository = one.dag.host().directory(str(root)).as_git()

    assert ["main"] == await repository.branches()
    assert "the repository uses SHA-256" in await fails(repository.head().commit())


@session_wide
async def test_shallow_and_packed_repositories(one: Session, tmp_path: Path) -> None:
    """Clones of a part of the history, and those with packed refs and objects, are read."""
    root = started(tmp_path / "r")
    for number in range(3):
        last = commit(root, f"commit {number}", a=str(number))
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    git(tmp_path, "clone", "-q", "--mirror", f"file://{root}", "packed")
    git(tmp_path / "packed", "gc", "-q")
    for name in ("shallow", "packed"):
        head = one.dag.host().directory(str(tmp_path / name)).as_git().head()

        assert "2" == await head.tree().file("a").contents()
        assert last == await head.common_ancestor(head).commit()
