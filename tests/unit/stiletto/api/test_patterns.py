"""What filters keep, compared with moby's own examples, with git itself, and by properties."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stiletto.api.files import local
from stiletto.api.patterns import Filter, Glob, PatternList
from stiletto.errors import UsageError

# pattern, path, what it matches: the path itself, only by a parent, or not at all. The cases are
# those of the behaviour documented for .dockerignore and exercised by moby/patternmatcher.
CASES = [
    ("**", "dir/file", "itself"),
    ("**/", "file", "itself"),
    ("**/**", "dir/file", "itself"),
    ("dir/**", "dir/dir2/file", "itself"),
    ("dir/**", "dir", "no"),
    ("**/dir", "dir", "itself"),
    ("**/dir", "dir/file", "parent"),
    ("**/dir2/*", "dir/dir2/file", "itself"),
    ("**/dir2/*", "dir/dir2/file/x", "parent"),
    ("**file", "dir/dir/file", "itself"),
    ("**file", "profile", "itself"),
    ("**/file*txt", "dir/dir/file.txt", "itself"),
    ("**/**/*.txt", "file.txt", "itself"),
    ("a**/*.txt", "a/dir/dir/file.txt", "itself"),
    ("a/*.txt", "a/dir/file.txt", "no"),
    ("a[b-d]e", "ace", "itself"),
    ("a[b-d]e", "aae", "no"),
    ("a[^b-d]e", "aze", "itself"),
    ("a[^b-d]e", "ace", "no"),
    (".*", ".foo", "itself"),
    (".*", "foo", "no"),
    ("abc.def", "abcZdef", "no"),
    ("abc?def", "abcZdef", "itself"),
    ("abc?def", "abc/def", "no"),
    ("**/.foo", "bar.foo", "no"),
    ("a(b)c/def", "a(b)c/def", "itself"),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", "itself"),
    ("a\\*b", "a*b", "itself"),
    ("a\\*b", "axb", "no"),
    ("[\\]a]", "]", "itself"),
    ("[\\-x]", "-", "itself"),
    ("a*", "ab/c", "parent"),
    ("dist/*.whl", "dist/x-1.0+local-py3-none-any.whl", "itself"),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES)
def test_pattern_matches_as_moby_does(pattern: str, path: str, expected: str) -> None:
    """A pattern matches the paths that moby's matcher says it does, itself or by a parent."""
    exact, listed = Glob(pattern).matches(path), PatternList([pattern]).matches(path)
    assert expected == ("itself" if exact else "parent" if listed else "no")


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (["*.go", "!main.go"], "main.go", False),
        (["!main.go", "*.go"], "main.go", True),
        (["docs", "!docs/README.md"], "docs/README.md", False),
        (["docs", "!docs/README.md"], "docs/other.md", True),
        (["**", "!util/web"], "util/web/foo", False),
        (["**", "!util/web", "util/web/foo"], "util/web/foo", True),
        # The real engine's walk: `!docs` is not tried on docs, which nothing has matched.
        (["docs/x", "!docs"], "docs/x", True),
    ],
)
def test_last_matching_pattern_decides(patterns: list[str], path: str, expected: bool) -> None:
    """Later patterns win over earlier ones, and `!` takes a match back."""
    assert expected == PatternList(patterns).matches(path)


@pytest.mark.parametrize("pattern", ["docs", "docs/", "./docs", "  docs ", "x/../docs"])
def test_patterns_are_cleaned(pattern: str) -> None:
    """Blanks, `./` and a slash at the end of a pattern mean nothing."""
    assert PatternList([pattern]).matches("docs/a")


@pytest.mark.parametrize(
    "pattern", ["..", "../docs", "docs/../../docs", "", "  ", "/", "/docs", ".", "!./docs"]
)
def test_patterns_that_are_not_inside_match_nothing(pattern: str) -> None:
    """A pattern that is absolute, leaves the directory or is empty neither keeps nor excludes."""
    assert not Filter(include=[pattern]).keep("docs", True)
    assert not Filter(include=[pattern]).descend("docs")
    assert Filter(exclude=[pattern]).keep("docs", True)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".", ("*",)),
        ("!.", ("!*",)),
        ("./docs/", ("docs",)),
        ("!x/../docs", ("!docs",)),
        ("..", ()),
        ("../docs", ()),
        ("/docs", ()),
        ("!/docs", ()),
        ("", ()),
    ],
)
def test_patterns_of_the_host(pattern: str, expected: tuple[str, ...]) -> None:
    """For a directory of the host, `.` is all that is in it, and what lies outside is left out."""
    assert expected == local([pattern])


@pytest.mark.parametrize("pattern", ["[", "[]", "[]a]", "[-x]", "[x-]", "[b-a]", "[^", "a[", "\\"])
def test_malformed_pattern_is_named(pattern: str) -> None:
    """A class or an escape that is not closed is an error that names the pattern."""
    with pytest.raises(UsageError, match="malformed") as caught:
        PatternList([pattern])
    assert repr(pattern) in caught.value.message


def test_lone_negation_is_an_error() -> None:
    """A `!` without a pattern is refused."""
    with pytest.raises(UsageError, match="negates nothing"):
        Filter(exclude=["!"])


def test_include_keeps_matches_and_what_is_beneath() -> None:
    """With include, only matches and the entries beneath them are kept."""
    only = Filter(include=["src", "*.toml"])
    expected = {
        "src": True,
        "src/a/b.py": True,
        "a.toml": True,
        "docs": False,
        "docs/a.toml": False,
    }
    assert expected == {path: only.keep(path, False) for path in expected}


def test_exclude_wins_over_include() -> None:
    """What exclude matches is left out although include names it."""
    both = Filter(include=["src"], exclude=["**/*.pyc"])
    assert both.keep("src/a.py", False)
    assert not both.keep("src/a.pyc", False)


def test_excluded_directories_are_not_walked() -> None:
    """An excluded directory is descended only if a `!` pattern could match beneath it."""
    assert not Filter(exclude=[".git", "**/node_modules"]).descend("web/node_modules")
    assert not Filter(exclude=[".git", "docs", "!docs/x"]).descend(".git")
    assert Filter(exclude=["docs", "!docs/x"]).descend("docs")
    assert Filter(exclude=["docs", "!**/x"]).descend("docs")
    assert not Filter(exclude=["docs", "!*.md"]).descend("docs")


def test_directories_beside_the_include_are_not_walked() -> None:
    """A directory is not descended when no include pattern could match beneath it."""
    only = Filter(include=["src/pkg/*.py"])
    expected = {"src": True, "src/pkg": True, "docs": False, "src/other": False}
    assert expected == {path: only.descend(path) for path in expected}


def test_glob_reaches_only_where_it_can_match() -> None:
    """A glob tells which directories it cannot match anything in."""
    assert Glob("src/*.py").reaches("src")
    assert not Glob("src/*.py").reaches("src/pkg")
    assert Glob("src/**/*.py").reaches("src/pkg")
    assert not Glob("src/**/*.py").reaches("docs")


def test_gitignore_prefix_places_the_directory_in_its_repository() -> None:
    """The rules of a repository's root apply to a directory further down."""
    rules = {"": ["/api/build", "*.pyc"], "api": ["tmp/"]}
    inner = Filter(gitignore=rules, gitignore_prefix="./api/")
    expected = {"build": False, "tmp": False, "a.pyc": False, "src": True, "src/build": True}
    assert expected == {path: inner.keep(path, True) for path in expected}


def test_gitignored_directories_are_not_walked() -> None:
    """Nothing beneath an ignored directory is kept, so it is not descended."""
    ignoring = Filter(gitignore={"": ["build/"], "build": ["!keep"]})
    assert not ignoring.descend("build")
    assert not ignoring.keep("build/keep", False)
    assert ignoring.keep("build", False), "the rule is about directories only"


NAME = st.sampled_from(["a", "b", "ab", ".c", "a.b"])
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)
PART = st.sampled_from(["a", "b", "ab", "*", "?", "**", "a*", "*b", "[ab]", "[^b]", ".c", "**b"])
PATTERN = st.builds(
    lambda bang, parts: bang + "/".join(parts),
    st.sampled_from(["", "", "!"]),
    st.lists(PART, min_size=1, max_size=4),
)


@given(st.lists(PATTERN, max_size=5), st.lists(PATTERN, max_size=5), PATH, PATH)
@settings(max_examples=400, deadline=None)
def test_nothing_is_kept_where_descend_is_refused(
    include: list[str], exclude: list[str], directory: str, beneath: str
) -> None:
    """Whenever `descend` is False, nothing beneath that directory is kept."""
    filtered = Filter(include, exclude)
    if not filtered.descend(directory):
        assert not filtered.keep(f"{directory}/{beneath}", False)


@given(st.lists(PATTERN, max_size=5), st.lists(PATH, max_size=8))
@settings(deadline=None)
def test_answers_do_not_depend_on_the_order_of_questions(
    patterns: list[str], paths: list[str]
) -> None:
    """What a list says about a path is the same whatever was asked before."""
    shared = PatternList(patterns)
    assert [PatternList(patterns).matches(path) for path in paths] == [
        shared.matches(path) for path in paths
    ]


@given(st.lists(st.lists(PART, min_size=1, max_size=3).map("/".join), max_size=4), PATH, PATH)
@settings(deadline=None)
def test_matches_are_inherited(patterns: list[str], directory: str, beneath: str) -> None:
    """Without `!`, whatever matches a directory matches everything beneath it."""
    matcher = PatternList(patterns)
    if matcher.matches(directory):
        assert matcher.matches(f"{directory}/{beneath}")


RULE = st.sampled_from(
    ["a", "/a", "a/", "/a/", "b", "a/b", "/a/*", "!a", "!/a/b", "!ab", "*.b", "!a.b", "**/b",
     "a/**", "!b/", "*", "!*/", "# a", "", "\\!a", "!.c", "ab/", "[!b]", "a**b", "**/b/*",
     "?.b", "a/**/b", "[", "b  ", "/**/.c", "**"]
)  # fmt: skip
TREE = ["a/a/b", "a/b/ab", "a/.c", "ab/a.b", "ab/b/a", "b/a.b", "b/ab/b", ".c/a", "a.b"]


@given(st.dictionaries(st.sampled_from(["", "a", "ab", "b/ab"]), st.lists(RULE, max_size=4)))
@settings(max_examples=60, deadline=None)
def test_gitignore_agrees_with_git(
    tmp_path_factory: pytest.TempPathFactory, rules: dict[str, list[str]]
) -> None:
    """Files kept under .gitignore rules are the files that git itself would add."""
    root = tmp_path_factory.mktemp("repository")
    for path in TREE:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    for directory, lines in rules.items():
        (root / directory / ".gitignore").write_text("\n".join(lines) + "\n")
    expected = _git_would_add(root)
    ignoring = Filter(gitignore=rules)
    kept = {path for path in TREE if ignoring.keep(path, False)}
    assert expected == kept


def _git_would_add(root: Path) -> set[str]:
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=root, env=env, check=True)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    out = subprocess.run(command, cwd=root, env=env, check=True, capture_output=True).stdout
    return {path for path in out.decode().split("\0") if path in TREE}
