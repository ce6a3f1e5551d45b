"""Which entries of a working copy are the source's, by git's answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stiletto.api.patterns import Filter
from wheelwright.errors import ProjectError
from wheelwright.project import worktree


def test_a_directory_of_which_nothing_is_kept_goes() -> None:
    """With everything that lies below it."""
    names = ["a.py", "target/", "target/x/", "target/x/blob.bin", "target/y"]
    ignored = ["target/", "target/x/", "target/x/blob.bin", "target/y"]
    assert {"a.py"} == worktree.kept(names, ignored)


def test_a_tracked_file_below_an_ignored_directory_stays() -> None:
    """The directory stays with it, and nothing else that is in it."""
    names = ["build/", "build/kept.py", "build/gone.o", "build/lib/", "build/lib/a.o"]
    ignored = ["build/gone.o", "build/lib/", "build/lib/a.o"]
    assert {"build/", "build/kept.py"} == worktree.kept(names, ignored)


def test_a_directory_without_a_kept_file_goes_as_a_whole() -> None:
    """A rule such as `target/*` names its files; an empty directory stays unless it is ignored."""
    names = ["target/", "target/a", "target/b", "empty/", "none/"]
    ignored = ["target/a", "target/b", "none/"]
    assert {"empty/"} == worktree.kept(names, ignored)


@given(st.data())
def test_exactly_what_is_not_ignored_is_kept(data: st.DataObject) -> None:
    """Each file that git does not ignore, and no other."""
    part = st.sampled_from(["a", "b", "c"])
    files = data.draw(st.sets(st.lists(part, min_size=1, max_size=4).map("/".join), max_size=12))
    files = {one for one in files if not any(other.startswith(f"{one}/") for other in files)}
    parents = {
        "/".join(one.split("/")[:count]) + "/"
        for one in files
        for count in range(1, one.count("/") + 1)
    }
    gone = data.draw(st.sets(st.sampled_from(sorted(files)))) if files else set()
    # git ignores a directory only with everything untracked that is in it.
    full = {one for one in parents if all(file in gone for file in files if file.startswith(one))}
    more = data.draw(st.sets(st.sampled_from(sorted(full)))) if full else set()

    kept = worktree.kept(sorted(files | parents), gone | more)

    assert files - gone == {name for name in kept if not name.endswith("/")}
    assert parents - full == {name for name in kept if name.endswith("/")}


def test_caches_are_left_out_whoever_passes_them() -> None:
    """Another module's directory comes without the patterns of the argument."""
    names = ["a.py", ".venv/", ".venv/bin", "pkg/__pycache__/", "pkg/__pycache__/a.pyc", "pkg/"]
    assert ["a.py", "pkg/"] == worktree.listed(names)
    assert ["a.py", "pkg/"] == worktree.without_caches(names)


def test_rules_are_ignore_files_and_repositories_below() -> None:
    """Those of the source's own .git are read elsewhere."""
    names = [".git/", ".git/info/.gitignore", ".gitignore", "a/.gitignore", "lib/.git", "lib/a.py"]
    assert [".gitignore", "a/.gitignore", "lib/.git"] == worktree.rules(names)


def test_what_git_lists_files_by_has_no_contents() -> None:
    """Neither objects nor logs, those of submodules included."""
    names = [
        *(".git/HEAD", ".git/config", ".git/hooks/", ".git/index", ".git/logs/", ".git/modules/"),
        *(".git/modules/lib/", ".git/modules/lib/index", ".git/modules/lib/logs/HEAD"),
        *(".git/modules/lib/objects/", ".git/modules/lib/objects/pack/", ".git/objects/"),
        *(".git/refs/", ".git/sharedindex.0123", "HEAD"),
    ]
    expected = [
        *(".git/HEAD", ".git/config", ".git/index", ".git/modules/", ".git/modules/lib/"),
        *(".git/modules/lib/index", ".git/refs/", ".git/sharedindex.0123"),
    ]
    assert expected == worktree.git_files(names)


def test_history_is_what_the_version_needs() -> None:
    """Hooks, logs and the last message change nothing in it."""
    names = [
        *(".git/HEAD", ".git/COMMIT_EDITMSG", ".git/hooks/", ".git/logs/", ".git/objects/"),
        *(".git/packed-refs", ".git/refs/", "a.py"),
    ]
    expected = [".git/HEAD", ".git/objects/", ".git/packed-refs", ".git/refs/"]
    assert expected == worktree.history(names)


def test_what_lies_in_a_repository_of_its_own_is_not_asked_about() -> None:
    """Neither the files of .git nor those of a .git further down."""
    names = ["a.py", ".git/", ".git/HEAD", "lib/", "lib/.git", "lib/.gitignore"]
    assert ["a.py", "lib/", "lib/.gitignore"] == worktree.listed(names)


HASH = "0" * 40


def test_the_answer_is_read() -> None:
    """A tracked file of a cache was left out; a submodule may be empty."""
    text = (
        f"100644 {HASH} 0\ta.py\n100644 {HASH} 0\tdocs/.venv/a.py\n"
        f'160000 {HASH} 0\tdata\n160000 {HASH} 0\tlib\n\n./x\n"./gr\\303\\266\\tx"\n'
    )
    kept = worktree.answer(text, ["a.py", "x", "grö\tx", "lib/", "lib/b.py", "data/"])
    assert ("x", "grö\tx") == kept.ignored
    assert ("docs/.venv/a.py",) == kept.left_out
    assert {"data": False, "lib": True} == kept.submodules
    assert ("the submodule data is empty: run `git submodule update --init data`",) == kept.notes


def test_what_is_tracked_is_not_ignored() -> None:
    """The rules name it all the same, and what is in a submodule, which has rules of its own."""
    text = (
        f"100644 {HASH} 0\tbuild/a.py\n160000 {HASH} 0\tlib\n\n"
        "build/\nbuild/a.py\nbuild/b.py\nlib/\nlib/c.log\nx/\n"
    )
    names = ["build/", "build/a.py", "build/b.py", "lib/", "lib/c.log", "x/"]
    assert ("build/b.py", "x/") == worktree.answer(text, names).ignored


def test_tracked_files_are_those_with_contents_of_their_own() -> None:
    """A link and a submodule are none; what a merge left in several versions is one."""
    hash_ = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    rows = [
        (100644, 0, "a.py"),
        (100755, 0, "bin/run"),
        (120000, 0, "link"),
        (160000, 0, "lib"),
        (100644, 2, "merged.py"),
        (100644, 3, "merged.py"),
        (100644, 0, '"caf\\303\\251.py"'),
    ]
    text = "".join(f"{mode} {hash_} {stage}\t{path}\n" for mode, stage, path in rows)

    expected = {"a.py": False, "bin/run": True, "merged.py": False, "café.py": False}
    assert expected == worktree.files(f"{text}\n")
    assert {} == worktree.files("\n")
    with pytest.raises(ProjectError, match="git lists its files in an unknown way"):
        worktree.files("? a.py\n\n")


def test_an_empty_index_is_an_answer() -> None:
    """Nothing is tracked yet."""
    assert worktree.Kept(("x",)) == worktree.answer("\n./x\n", ["x"])


def test_what_is_below_a_submodule_is_asked_there() -> None:
    """The list of what is tracked names it, also when git then refuses."""
    failed = f"160000 {HASH} 0\tlib\n\n"
    names = ["a.py", "lib/", "lib/b.py", "library.py"]
    assert ["a.py", "library.py"] == worktree.without_submodules(failed, names)
    assert ["b.py"] == worktree.below(names, "lib")
    inner = worktree.Kept(("x.log",), (), {"deep": False})
    both = worktree.Kept(("y",), (), {"lib": True}).beside(inner, "lib")
    assert worktree.Kept(("y", "lib/x.log"), (), {"lib": True, "lib/deep": False}) == both


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_quoted_path_is_one_line_and_is_read_back(path: str) -> None:
    """Whatever characters it has."""
    line = worktree.quoted(f"./{path}")
    assert "\n" not in line
    assert f"./{path}" == worktree.unquoted(line)


@pytest.mark.parametrize("text", ["x", "fatal: y\n\n", "100644 0 0\ta\n\n"])
def test_another_answer_is_refused(text: str) -> None:
    """The error names a way around it."""
    with pytest.raises(ProjectError, match="unknown way") as caught:
        worktree.answer(text, [])
    assert ".git" in caught.value.hint


def test_files_above_a_package_that_would_decide_are_named() -> None:
    """Those of its own directory and of its neighbours are not."""
    paths = ["ruff.toml", "a/tox.ini", "a/b/ruff.toml", "c/ruff.toml", "a/notes.txt", "uv.lock"]
    assert ["ruff.toml", "a/tox.ini", "uv.lock"] == worktree.deciding_above(paths, "a/b")
    note = worktree.not_read(["ruff.toml", "tox.ini", "uv.lock", "uv.toml"], "a/b")
    assert "ruff.toml, tox.ini, uv.lock and 1 more, not read here" in note
    assert "--package a/b" in note


@pytest.mark.parametrize("patterns", [worktree.NOT_SENT, worktree.ONLY_GIT])
def test_no_more_of_git_is_sent_than_is_needed(patterns: tuple[str, ...]) -> None:
    """An upload has no hooks, logs, large files, or objects of submodules and other worktrees."""
    needed = [
        *(".git/HEAD", ".git/config", ".git/index", ".git/objects/pack/a.pack", ".git/packed-refs"),
        *(".git/refs/tags/v1", ".git/worktrees/w/HEAD", ".git/worktrees/w/index"),
    ]
    needless = [
        *(".git/hooks/pre-commit", ".git/logs/HEAD", ".git/lfs/objects/a", ".git/FETCH_HEAD"),
        *(".git/modules/lib/objects/pack/b.pack", ".git/modules/a/modules/b/logs/HEAD"),
        *(".git/worktrees/w/logs/HEAD", ".git/worktrees/w/modules/lib/objects/pack/c.pack"),
    ]
    kept = Filter(exclude=patterns)
    assert needed == [path for path in (*needed, *needless) if kept.keep(path, False)]


def test_a_submodule_s_index_is_sent_with_the_source() -> None:
    """By it git knows which of the submodule's files are tracked."""
    kept = Filter(exclude=worktree.NOT_SENT)
    names = (".git/modules/lib/HEAD", ".git/modules/lib/index", "src/a.py")
    assert list(names) == [path for path in names if kept.keep(path, False)]
