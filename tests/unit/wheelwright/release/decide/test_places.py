"""Which places of the version a release edits, and which it leaves alone."""

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.wheelwright.release.packages import STATIC, project
from wheelwright.errors import ProjectError
from wheelwright.release.decide import places
from wheelwright.release.decide.last_release import LastRelease
from wheelwright.release.decide.line_changes import New, rows
from wheelwright.release.decide.places import Found, Hit, Places, Text

NEW = New("1.2.4", "2026-01-31")
OWN = "src/demo/__init__.py"


def found(files: Mapping[str, str]) -> Found:
    """Return what a search for 1.2.3 finds in these files."""
    hits = [
        Hit(path, number, line)
        for path, text in files.items()
        for number, line in enumerate(rows(text), 1)
        if "1.2.3" in line or "version" in line
    ]
    return Found(tuple(hits), {path: Text(text) for path, text in files.items()})


def last(
    changes: Mapping[str, tuple[str | None, str | None]], version: str = "1.2.3"
) -> LastRelease:
    """Return a release of that version with these changes."""
    return LastRelease(version, "1.2.2", f"v{version}", "a" * 40, "b" * 40, "", False, changes)


def decide(
    files: Mapping[str, str],
    release: LastRelease | None = None,
    toml: str = STATIC,
    new: New = NEW,
    current: str = "1.2.3",
) -> Places:
    """Return the places of a package with these files."""
    return places.decide(project(toml, files), found(files), release, current, new, {})


def edited(files: Mapping[str, str], decided: Places) -> dict[str, str]:
    """Return the texts that differ after the edits."""
    texts = {path: places.applied(files[path], lines) for path, lines in decided.lines.items()}
    return {path: text for path, text in texts.items() if text != files[path]}


# -- confirmed by the last release ----------------------------------------------------------------

SIX = {
    OWN: '"""A sample."""\n\n__version__ = "1.2.3"\n',
    "docs/conf.py": 'project = "demo"\nversion = "1.2"\nrelease = "1.2.3"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.3\ndate-released: 2025-01-03\n",
    "package.json": '{\n  "name": "demo-docs",\n  "version": "1.2.3"\n}\n',
    "README.md": "# demo\n\nSince 1.2.3 there is more.\n",
    "tests/data/answer.json": '{"peer": "1.2.3"}\n',
}


def changes_of(files: Mapping[str, str], *paths: str) -> dict[str, tuple[str, str]]:
    """Return what made 1.2.3 of 1.2.2 in these files."""
    return {
        path: (
            files[path].replace("1.2.3", "1.2.2").replace("2025-01-03", "2024-11-30"),
            files[path],
        )
        for path in paths
    }


def test_version_places() -> None:
    """What the last release changed is edited, its day included; the rest is listed."""
    paths = [OWN, "docs/conf.py", "CITATION.cff", "package.json"]
    decided = decide(SIX, last(changes_of(SIX, *paths)))

    assert {
        OWN: SIX[OWN].replace("1.2.3", "1.2.4"),
        "docs/conf.py": SIX["docs/conf.py"].replace("1.2.3", "1.2.4"),
        "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.4\ndate-released: 2026-01-31\n",
        "package.json": SIX["package.json"].replace("1.2.3", "1.2.4"),
    } == edited(SIX, decided)
    assert ("README.md:3", "tests/data/answer.json:1") == decided.left
    assert (
        "version in: CITATION.cff:2, CITATION.cff:3, docs/conf.py:3, package.json:3, "
        "src/demo/__init__.py:3",
        "left alone: README.md:3, tests/data/answer.json:1",
    ) == decided.notes()


def test_place_moved_since_the_last_release_is_found() -> None:
    """A line is looked for where it stood, as a comparison of the files shows."""
    then = 'A = "1.2.3"\nB = 1\nC = "1.2.3"\n'
    before = 'A = "1.2.3"\nB = 1\nC = "1.2.2"\n'
    now = "# New.\n# Lines.\n" + then
    decided = decide({"src/demo/other.py": now}, last({"src/demo/other.py": (before, then)}))
    assert {"src/demo/other.py": now[::-1].replace("3.2.1", "4.2.1", 1)[::-1]} == edited(
        {"src/demo/other.py": now}, decided
    )
    assert ("src/demo/other.py:3",) == decided.left


def test_static_development_version_becomes_the_release() -> None:
    """Where main says 8.4.2.dev, the line that said 8.4.1.dev before is the place."""
    path = "docs/conf.py"
    change = ('release = "8.4.1.dev"\n', 'release = "8.4.1"\n')
    files = {path: 'release = "8.4.2.dev"\n'}
    decided = decide(files, last({path: change}, "8.4.1"), new=New("8.4.2", "2026-01-31"))
    assert {path: 'release = "8.4.2"\n'} == edited(files, decided)


@pytest.mark.parametrize(
    ("before", "after", "now", "then"),
    [
        ('version = "1.1"', 'version = "1.2"', 'version = "1.2"', 'version = "1.3"'),
        ("V = (1, 2, 2)", "V = (1, 2, 3)", "V = (1, 2, 3)", "V = (1, 3, 0)"),
        (
            "go 1.2.2 of 2025/01/01",
            "go 1.2.3 of 2025/01/03",
            "go 1.2.3 of 2025/01/03",
            "go 1.3.0 of 2026/01/31",
        ),
        (
            "demo==1.2.2 (v1.2.2)",
            "demo==1.2.3 (v1.2.3)",
            "demo==1.2.3 (v1.2.3)",
            "demo==1.3.0 (v1.3.0)",
        ),
        ("demo-1.2.2.tar.gz", "demo-1.2.3.tar.gz", "demo-1.2.3.tar.gz", "demo-1.3.0.tar.gz"),
        # Where the line ends in another way since.
        ("a 1.2.2", "a 1.2.3", "a 1.2.3\r", "a 1.3.0\r"),
    ],
)
def test_forms_of_a_version_in_a_confirmed_line(
    before: str, after: str, now: str, then: str
) -> None:
    """A short version, a tuple, a day and more than one of them are edited where they changed."""
    key = 'k = "1.2.3"\n'
    change = (f"{key.replace('1.2.3', '1.2.2')}{before}\n", f"{key}{after}\n")
    files = {"a.txt": f"{key}{now}\n"}
    decided = decide(files, last({"a.txt": change}), new=New("1.3.0", "2026-01-31"))
    assert f'k = "1.3.0"\n{then}\n' == edited(files, decided)["a.txt"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Something else changed in the line.
        ("since 1.2.2 new", "since 1.2.3 old"),
        # The line is new: it is about that release.
        (None, "versionadded 1.2.3"),
        # The version was there before.
        ("a 1.2.3 b", "a 1.2.3 c"),
        # A number that is no version of the package.
        ("idna 3.9", "idna 3.10"),
        # A day, and no version.
        ("day 2025-01-01", "day 2025-01-03"),
    ],
)
def test_lines_that_the_last_release_changed_in_another_way(before: str | None, after: str) -> None:
    """They are no places."""
    old = "head\n" if before is None else f"head\n{before}\n"
    files = {"a.txt": f"head\n{after}\n"}
    assert {} == edited(files, decide(files, last({"a.txt": (old, files["a.txt"])})))


def test_large_changes_are_bounded() -> None:
    """Thousands of equal lines are compared in seconds, and not all of them are places."""
    old, new = (f"{n}\n" + "v 1.2.2\n\n" * 900 + f"{n}\n" for n in (1, 2))
    files = {"a.txt": new.replace("1.2.2", "1.2.3")}
    began_s = time.process_time()
    decided = decide(files, last({"a.txt": (old, files["a.txt"])}))
    assert 5 > time.process_time() - began_s
    assert 500 == len(decided.lines["a.txt"])


def test_place_that_is_gone_is_named() -> None:
    """A line or file that the last release changed, and that is not there, is said."""
    release = last({"a.txt": ("v 1.2.2\n", "v 1.2.3\n"), "b.txt": ("v 1.2.2\n", "v 1.2.3\n")})
    decided = decide({"a.txt": "nothing\n"}, release)
    assert ("a.txt:1", "b.txt") == decided.missed
    assert ("changed by the last release and not found: a.txt:1, b.txt",) == decided.notes()


def test_module_s_version_is_edited_beside_confirmed_places() -> None:
    """`__version__` that is new since the last release would contradict the metadata."""
    files = {OWN: '__version__ = "1.2.3"\n', "a.txt": "v 1.2.3\n"}
    decided = decide(files, last(changes_of(files, "a.txt")))
    assert {OWN, "a.txt"} == set(edited(files, decided))


def test_known_place_in_a_file_of_another_encoding_needs_no_confirmation() -> None:
    """The last release's texts are UTF-8: what it changed in another file is not known."""
    files = {"docs/conf.py": "# \xe9\nrelease = '1.2.3'\nx = '1.2.3'\n", "a.txt": "v 1.2.3\n"}
    seen = found(files)
    latin = replace(
        seen, texts={**seen.texts, "docs/conf.py": Text(files["docs/conf.py"], "latin-1")}
    )
    release = last(changes_of(files, "a.txt"))
    package = project(STATIC, files)
    assert [["a.txt"], ["a.txt", "docs/conf.py"]] == [
        list(places.decide(package, each, release, "1.2.3", NEW, {}).lines)
        for each in (seen, latin)
    ]


# -- known places ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (OWN, '__version__ = "1.2.3"', '__version__ = "1.2.4"'),
        (OWN, "__version__: Final[str] = '1.2.3'  # x", "__version__: Final[str] = '1.2.4'  # x"),
        ("demo/_version.py", "VERSION = 'v1.2.3'", "VERSION = 'v1.2.4'"),
        ("demo.py", "__version__ = '1.2.3'\r", "__version__ = '1.2.4'\r"),
        ("docs/conf.py", "version = release = '1.2.3'", ""),
        ("docs/source/conf.py", "release = u'1.2.3'", "release = u'1.2.4'"),
        ("CITATION.cff", "version: '1.2.3'", "version: '1.2.4'"),
        ("CITATION.cff", "cff-version: 1.2.3", ""),
        ("package.json", '  "version": "1.2.3",', '  "version": "1.2.4",'),
        ("codemeta.json", '  "version": "1.2.3"', '  "version": "1.2.4"'),
        ("web/node/package.json", '  "version": "1.2.3",', ""),
        ("setup.cfg", "version = 1.2.3", "version = 1.2.4"),
        ("setup.cfg", "current_version = 1.2.3", "current_version = 1.2.4"),
        ("setup.py", "    version='1.2.3',", "    version='1.2.4',"),
        ("VERSION", "\ufeff1.2.3\r", "\ufeff1.2.4\r"),
        (".release-please-manifest.json", '  ".": "1.2.3"', '  ".": "1.2.4"'),
        (".bumpversion.toml", 'current_version = "1.2.3"', 'current_version = "1.2.4"'),
        ("a.md", "1.2.3 <!-- x-release-please-version", "1.2.4 <!-- x-release-please-version"),
        ("src/demo/data.py", 'PEER = "1.2.3"', ""),
        ("tests/test_a.py", '__version__ = "1.2.3"', ""),
        ("docs/index.md", "demo 1.2.3", ""),
        (OWN, '__version__ = "1.2.3.4"', ""),
        (OWN, '__version__ = "11.2.3"', ""),
        (OWN, '__version__ = "1.2.3.dev1"', ""),
    ],
)  # fmt: skip
def test_known_places_without_a_release_that_shows_them(path: str, before: str, after: str) -> None:
    """Without a confirming commit the known places are edited, and no other (version_twice)."""
    files = {path: f"head\n{before}\n"}
    decided = decide(files)
    assert ({path: f"head\n{after}\n"} if after else {}) == edited(files, decided)


def test_what_belongs_to_a_known_place_is_edited_with_it() -> None:
    """The day of CITATION.cff, and Sphinx's short version, follow the version."""
    files = {
        "CITATION.cff": "version: 1.2.3\ndate-released: '2025-01-03'\n",
        "docs/conf.py": "version = '1.2'\nrelease = '1.2.3'\n",
    }
    assert {
        "CITATION.cff": "version: 1.3.0\ndate-released: '2026-01-31'\n",
        "docs/conf.py": "version = '1.3'\nrelease = '1.3.0'\n",
    } == edited(files, decide(files, new=New("1.3.0", "2026-01-31")))


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (
            '[[tool.bumpversion.files]]\nfilename = "a.txt"\nsearch = "v {current_version}"',
            "v 1.2.3",
        ),
        ('[tool.bumpversion]\nfiles = [{ filename = "a.txt" }]', "b 1.2.3"),
        ('[tool.commitizen]\nversion_files = ["a.txt:VERSION"]', "VERSION 1.2.3"),
        ('[tool.semantic_release]\nversion_variables = ["a.txt:ver"]', "ver = 1.2.3"),
    ],
)
def test_files_of_the_package_s_own_tool_are_places(table: str, line: str) -> None:
    """bump-my-version, commitizen and python-semantic-release name the files that they edit."""
    files = {"a.txt": f"{line}\nnot so 1.2.3.4\n"}
    decided = decide(files, toml=f"{STATIC}\n{table}\n")
    assert {"a.txt": files["a.txt"].replace("1.2.3\n", "1.2.4\n")} == edited(files, decided)


def test_version_of_the_package_s_own_tool_is_a_place() -> None:
    """A tool that keeps the current version in its table would not start again."""
    toml = f'{STATIC}\n[tool.commitizen]\nversion = "1.2.3"\n[tool.others]\nversion = "1.2.3"\n'
    files = {"pyproject.toml": toml}
    decided = decide(files, toml=toml)
    line = rows(toml).index("[tool.commitizen]") + 2
    assert [line] == list(decided.lines["pyproject.toml"])


@pytest.mark.parametrize(
    ("version", "line", "expected"),
    [
        ("1.2.4", "__version_info__ = (1, 2, 3)", "__version_info__ = (1, 2, 4)"),
        ("1.2.4", "VERSION: tuple[int, ...] = (1,2,3,)", "VERSION: tuple[int, ...] = (1,2,4,)"),
        ("2.0", "version_info = [1, 2, 3]  # as above", "version_info = [2, 0]  # as above"),
        ("1.3.0rc1", "__version_info__ = (1, 2, 3)", ""),
        ("1.2.4", "__version_info__ = (1, 2, 30)", ""),
        ("1.2.4", 'INFO = (1, 2, 3, "final", 0)', ""),
        ("1.2.4", '__version_info__ = (1, 2, 3, "rc", 1)', ""),
        ("1.2.4", "python = (1, 2, 3)", ""),
    ],
)
def test_numbers_beside_a_known_place(version: str, line: str, expected: str) -> None:
    """The tuple beside `__version__` has the same version, where numbers can have it."""
    files = {OWN: f'__version__ = "1.2.3"\n{line}\n'}
    text = edited(files, decide(files, new=New(version, "2026-01-31")))[OWN]
    assert f'__version__ = "{version}"\n{expected or line}\n' == text


def test_setting_replaces_what_was_found() -> None:
    """With `version-files` these files are edited wherever they have it, and no others."""
    setting = '\n[tool.wheelwright.release]\nversion-files = ["README.md"]\n'
    files = {**SIX, "README.md": "1.2.3, v1.2.3 and 1.2.30\n"}
    decided = decide(files, last(changes_of(SIX, OWN)), STATIC + setting)
    assert {"README.md": "1.2.4, v1.2.4 and 1.2.30\n"} == edited(files, decided)
    assert "docs/conf.py:3" in decided.left


def test_setting_that_names_a_file_without_the_version_is_refused() -> None:
    """The message names the file and the version."""
    setting = '\n[tool.wheelwright.release]\nversion-files = ["README.md"]\n'
    with pytest.raises(ProjectError, match=r"README\.md of version-files does not have 1\.2\.3"):
        decide({"README.md": "1.2.30\n"}, toml=STATIC + setting)


WAITING = {
    "docs/use.md": "```{versionadded} NEXT\n```\n\nThe NEXT thing, in version NEXT.\n",
    "src/demo/gen.py": '"""\n    .. versionchanged:: NEXT\r\n    .. versionadded:: NEXT-2\n"""\n',
    "HISTORY.md": "versionadded:: NEXT\n",
}


def test_directive_that_waits_for_the_version_gets_it() -> None:
    """Documentation names the final release; a candidate leaves it waiting."""
    assert {
        "docs/use.md": WAITING["docs/use.md"].replace("versionadded} NEXT", "versionadded} 1.2.4"),
        "src/demo/gen.py": WAITING["src/demo/gen.py"].replace("changed:: NEXT", "changed:: 1.2.4"),
    } == edited(WAITING, decide(WAITING, last({"a.txt": ("v 1.2.2\n", "v 1.2.3\n")})))
    assert Places() == decide(WAITING, new=New("1.2.4rc1", "2026-01-31"))


def test_base_that_has_the_version_already_needs_no_edit() -> None:
    """Where somebody has prepared the release, its places are neither edited nor left."""
    files = {OWN: '__version__ = "1.2.3"\n'}
    assert Places() == decide(files, new=New("1.2.3", "2026-01-31"))


def test_version_that_the_base_has_already_is_left_nowhere() -> None:
    """Where nothing has to change, no place is called left alone."""
    decided = decide(SIX, new=New("1.2.3", "2026-01-31"))
    assert ((), ()) == (decided.left, decided.missed)


def test_workflows_are_left_alone() -> None:
    """A release may not change what runs on GitHub, whatever the last one changed by hand."""
    path = ".github/workflows/ci.yml"
    files = {path: "demo: 1.2.3\n"}
    decided = decide(files, last(changes_of(files, path)))
    assert ({}, (f"{path}:1",)) == (decided.lines, decided.left)
    setting = f'\n[tool.wheelwright.release]\nversion-files = ["{path}"]\n'
    with pytest.raises(ProjectError, match="of version-files is not edited"):
        decide(files, toml=STATIC + setting)


def test_locks_exports_and_the_changelog_are_neither_edited_nor_listed() -> None:
    """They have versions of others, and of earlier releases."""
    names = ("uv.lock", "docs/changelog.md", "CHANGES.rst", "requirements-dev.txt", "News/1.md")
    files = dict.fromkeys(names, "1.2.3\n")
    decided = decide(files, last(dict.fromkeys(names, ("1.2.2\n", "1.2.3\n"))))
    assert Places() == decided


def test_changelog_of_any_name_is_apart() -> None:
    """The file that the changelog's own edit changes is no place of the version."""
    files = {"docs/whatsnew.md": "## 1.2.3\n"}
    package = project(STATIC, files)
    change = {"docs/whatsnew.md": ("## 1.2.2\n", "## 1.2.3\n")}
    apart = ("docs/whatsnew.md",)
    assert Places() == places.decide(package, found(files), last(change), "1.2.3", NEW, {}, apart)


def test_other_ecosystems_spell_a_candidate_in_their_own_way() -> None:
    """Npm accepts 1.3.0-rc.1 and refuses 1.3.0rc1."""
    files = {"package.json": '  "version": "1.2.3"\n', "VERSION": "1.2.3\n"}
    decided = decide(files, new=New("1.3.0rc1", "2026-01-31"))
    assert {"package.json": '  "version": "1.3.0-rc.1"\n', "VERSION": "1.3.0rc1\n"} == edited(
        files, decided
    )


def test_more_places_than_are_read_are_counted() -> None:
    """A note stays a line; a name that is not printable is not in it."""
    decided = Places(left=(*(f"{n}.md:1" for n in range(14)), "a\nb:1"))
    (note,) = decided.notes()
    assert note.endswith("10.md:1, 11.md:1, 3 more")
    assert "\n" not in note


def test_search_asks_for_both_versions_and_the_files_that_may_need_an_edit() -> None:
    """The request names the current version, that of the last release, and files of both."""
    request = places.searched(project(STATIC), "8.4.2.dev", last({"a.txt": ("1.2.2", "1.2.3")}))
    assert '"tokens": ["8.4.2.dev", "1.2.3", ' in request
    assert '"a.txt"' in request
    for odd in ("", "1" * 101, "1.2.3\n4"):
        assert "" == places.searched(project(STATIC), odd, None)


# -- found by trying: neighbours of the known places -----------------------------------------------

NPM = (
    '{\n  "version": "1.2.3",\n  "packages": {\n    "": {\n      "version": "1.2.3"\n    },\n'
    '    "node_modules/x": {\n      "version": "1.2.3"\n    }\n  }\n}\n'
)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (OWN, "V = (1,2,3)\n__version__ = V = '1.2.3'\n", "__version__ = V = '1.2.4'"),
        (OWN, "__version__ = '1.2.3'\nversion_info = (1,2,3)\n", "version_info = (1,2,4)"),
        (
            *(OWN, "__version__ = '1.2.3'\nVERSION = (1, 2, 3, 'final', 0)\n"),
            "VERSION = (1, 2, 4, 'final', 0)",
        ),
        ("src/demo/VERSION", "1.2.3\n", "1.2.4"),
        ("demo/version.txt", "1.2.3\n", "1.2.4"),
        (".release-please-manifest.json", '{\n  ".": "1.2.3"\n}\n', '  ".": "1.2.4"'),
        (".release-please-manifest.json", '{\n  "web": "1.2.3"\n}\n', ""),
        ("package.json", '{\n  "engine": {\n    "version": "1.2.3"\n  }\n}\n', ""),
        ("package.json", '{\n  "x": "}",\n  "version": "1.2.3"\n}\n', '  "version": "1.2.4"'),
        ("web/VERSION", "1.2.3\n", ""),
        ("src/demo/_vendor/x/__init__.py", "__version__ = '1.2.3'\n", ""),
        ("src/demo/templates/x/__init__.py", "__version__ = '1.2.3'\n", ""),
        ("src/demo/templates.py", "__version__ = '1.2.3'\n", "__version__ = '1.2.4'"),
        ("package-lock.json", NPM, ""),
    ],
)
def test_version_places_that_no_release_shows(path: str, text: str, expected: str) -> None:
    """What is the package's own is edited as it is written; the same number of another is not."""
    decided = edited({path: text}, decide({path: text}))
    lines = {*rows(decided.get(path, text))} - {*rows(text)}
    assert (expected in lines) if expected else not lines


def test_version_places_have_the_lock_of_npm_beside_them() -> None:
    """The two places of package-lock.json that repeat package.json follow it, no other one."""
    files = {"package.json": '{\n  "version": "1.2.3"\n}\n', "package-lock.json": NPM}
    decided = decide(files, last(changes_of(files, "package.json")))
    assert NPM.replace("1.2.3", "1.2.4", 2) == edited(files, decided)["package-lock.json"]
    assert ("package-lock.json:8",) == decided.left


@pytest.mark.timeout(20)
def test_places_in_a_large_lock_are_read_once() -> None:
    """The time for a lock of thousands of packages of one version grows with its size."""
    text = (
        '{\n  "packages": {\n' + '    "a": {\n      "version": "1.2.3"\n    },\n' * 2_000 + "}}\n"
    )
    files = {"package.json": '{\n  "version": "1.2.3"\n}\n', "package-lock.json": text}
    assert ["package.json"] == list(edited(files, decide(files)))


@pytest.mark.parametrize(
    ("before", "now", "then"),
    [
        ("V = (1,2,2)", "V = (1,2,3)", "V = (1,2,4)"),
        ("V = (1, 2, 2)", "V = (1, 2, 3)", "V = (1, 2, 4)"),
        ("other==0.9.0", "other==1.2.3", ""),
        ('"other": "^0.9.0"', '"other": "^1.2.3"', ""),
        ("other >= 1.2", "other >= 1.2.3", ""),
        ("demo-core==1.2.2", "demo-core==1.2.3", "demo-core==1.2.4"),
        ("demo-core==1.2.3.dev0", "demo-core==1.2.3", "demo-core==1.2.4"),
        ("demo==1.0.0", "demo==1.2.3", "demo==1.2.4"),
        ("Demo[extra] == 1.0.0", "Demo[extra] == 1.2.3", "Demo[extra] == 1.2.4"),
        ("<version>1.0.0</version>", "<version>1.2.3</version>", "<version>1.2.4</version>"),
    ],
)
def test_version_places_of_numbers_and_requirements(before: str, now: str, then: str) -> None:
    """Numbers keep what is between them; another package's version that was raised to it stays."""
    files = {"other.txt": f"{now}\n"}
    decided = edited(files, decide(files, last({"other.txt": (f"{before}\n", f"{now}\n")})))
    assert ({"other.txt": f"{then}\n"} if then else {}) == decided


@pytest.mark.parametrize(
    ("before", "short"), [("1.2.2", "1.3"), ("1.1.9", "1.2")], ids=["patch", "minor"]
)
def test_short_version_that_a_patch_did_not_change(before: str, short: str) -> None:
    """A minor release changes Sphinx's short version, unless the last one shows that it stays."""
    path = "docs/conf.py"
    text = 'version = "1.2"\nrelease = "1.2.3"\n'
    change = {path: (text.replace("1.2.3", before), text)}
    release = replace(last(change), before=before)
    decided = decide({path: text}, release, new=New("1.3.0", "2026-01-31"))
    assert {path: f'version = "{short}"\nrelease = "1.3.0"\n'} == edited({path: text}, decided)
