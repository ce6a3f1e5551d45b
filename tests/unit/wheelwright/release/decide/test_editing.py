"""The files of the release commit."""

import json

import pytest

from tests.unit.wheelwright.release.imaginary import a_plan
from tests.unit.wheelwright.release.packages import (
    HATCH,
    HATCH_VCS,
    SETUPTOOLS,
    STATIC,
    locked,
    project,
)
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe
from wheelwright.release.decide import editing, edits, places
from wheelwright.release.decide.changelog.tools import ChangelogSource
from wheelwright.release.decide.places import Found, Text

LOG = "# Changelog\n\n## Unreleased\n\n- A thing.\n"
OWN = '\n[[package]]\nname = "demo"\nversion = "1.2.3"\nsource = { editable = "." }\n'
NEEDY = OWN + 'dependencies = [\n    { name = "anyio" },\n]\n'


def test_edits_of_a_release_are_the_version_and_the_lock() -> None:
    """Each file that says the version gets it; the changelog is made elsewhere."""
    files = {"uv.lock": locked("anyio==4.0") + OWN, "CHANGELOG.md": LOG}
    changed = editing.texts(project(STATIC, files), a_plan())
    assert ["pyproject.toml", "uv.lock"] == list(changed)
    assert "version = '1.2.4'   # the release" in changed["pyproject.toml"]
    assert 'version = "1.2.4"\nsource = { editable' in changed["uv.lock"]


def test_lock_of_a_package_in_a_directory_is_the_one_beside_it() -> None:
    """A package that is no member of a workspace has a lock of its own; the root's stays."""
    texts = {"boat/pyproject.toml": STATIC, "boat/uv.lock": OWN, "uv.lock": OWN}
    boat = describe(Snapshot(texts), where="boat", base="boat")
    changed = editing.texts(boat, a_plan())
    assert ["boat/pyproject.toml", "boat/uv.lock"] == list(changed)
    assert 'version = "1.2.4"' in changed["boat/uv.lock"]


def test_version_file_of_the_back_end_is_edited_in_place_of_pyproject() -> None:
    """Where the version stands in a module, pyproject.toml stays as it is."""
    files = {"src/demo/__about__.py": "__version__ = '1.2.3'\n", "CHANGELOG.md": LOG}
    changed = editing.texts(project(HATCH, files), a_plan())
    assert "__version__ = '1.2.4'\n" == changed["src/demo/__about__.py"]
    assert "pyproject.toml" not in changed


def test_version_from_tags_edits_no_file() -> None:
    """Nothing says the version in files."""
    assert {} == editing.texts(project(HATCH_VCS, {"uv.lock": OWN}), a_plan())


VERSIONS = "# Log\n\n## 1.2.3\n\n- Old.\n"


@pytest.mark.parametrize(
    ("toml", "files", "path"),
    [
        (STATIC, {"CHANGELOG.md": ""}, "CHANGELOG.md"),
        (STATIC, {"Changes.rst": "", "README.md": VERSIONS}, "Changes.rst"),
        (STATIC, {"docs/release-notes.md": ""}, "docs/release-notes.md"),
        (STATIC, {"docs/Release_Notes.txt": ""}, "docs/Release_Notes.txt"),
        (STATIC, {"NEWS": "", "docs/changelog.md": ""}, "NEWS"),
        # One that only points to the other.
        (
            STATIC,
            {"CHANGELOG.md": "See docs.\n", "docs/changelog.md": VERSIONS},
            "docs/changelog.md",
        ),
        (STATIC, {"docs/other.md": VERSIONS, "src/CHANGES.md": VERSIONS}, ""),
        (STATIC, {}, ""),
        (
            STATIC + '[tool.wheelwright.release]\nchangelog = "docs/log.md"\n',
            {"CHANGELOG.md": VERSIONS, "docs/log.md": ""},
            "docs/log.md",
        ),
    ],
)
def test_changelog_is_a_file_of_a_usual_name(toml: str, files: dict[str, str], path: str) -> None:
    """In the package's directory or its docs/, in any case; a setting comes first."""
    assert path == editing.changelog_path(project(toml, files), ChangelogSource.HAND)


def test_git_cliff_s_file_is_where_its_configuration_has_it() -> None:
    """Without a changelog it becomes the one that git-cliff would write, inside of the package."""
    table = '[tool.git-cliff.changelog]\noutput = "{}"\n'
    for output, path in {"docs/log.md": "docs/log.md", "../x.md": "CHANGELOG.md"}.items():
        package = project(STATIC + table.format(output))
        assert path == editing.changelog_path(package, ChangelogSource.GIT_CLIFF)


def test_towncrier_writes_its_file_itself() -> None:
    """The changelog that towncrier keeps has towncrier's name, in each version's form."""
    package = project(STATIC + '[tool.towncrier]\nfilename = "NEWS.rst"\n', {"CHANGELOG.md": LOG})
    assert "NEWS.rst" == editing.changelog_path(package, ChangelogSource.TOWNCRIER)
    assert "CHANGELOG.md" == editing.changelog_path(package, ChangelogSource.HAND)
    many = '[tool.towncrier]\nsingle_file = false\nfilename = "docs/{name}-{version}.md"\n'
    found = editing.changelog_path(project(STATIC + many), ChangelogSource.TOWNCRIER, "1.2.4")
    assert "docs/demo-1.2.4.md" == found


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"towncrier.toml": '[tool.towncrier]\nfilename = "docs/news.md"\n'}, "docs/news.md"),
        ({"towncrier.toml": "[tool.towncrier]\n"}, "NEWS.rst"),
        ({}, "HISTORY.md"),
    ],
)
def test_towncrier_s_file_is_where_towncrier_reads_it(files: dict[str, str], path: str) -> None:
    """towncrier.toml comes before pyproject.toml, and a changelog beside it counts for nothing."""
    toml = STATIC + '[tool.towncrier]\nfilename = "HISTORY.md"\n'
    package = project(toml, {**files, "CHANGELOG.md": LOG})
    assert path == editing.changelog_path(package, ChangelogSource.TOWNCRIER)


def test_version_that_stands_nowhere_is_an_error() -> None:
    """A version file that is missing is named."""
    with pytest.raises(ProjectError, match=r"no src/demo/__about__\.py in the source"):
        editing.texts(project(HATCH), a_plan())


EXPORTED = "anyio==4\n    # via demo\n"


@pytest.mark.parametrize(
    ("files", "requested", "rewritten"),
    [
        ({}, None, False),
        ({}, True, False),
        # None was ever there, and none is added (requirements_none).
        ({"uv.lock": NEEDY}, None, False),
        ({"uv.lock": NEEDY}, False, False),
        ({"uv.lock": NEEDY}, True, True),
        # Nothing would stand in it.
        ({"uv.lock": OWN}, True, False),
        ({"uv.lock": locked("anyio==4.0") + OWN}, True, False),
        # The last dependency went: what an export said of it must not stay.
        ({"uv.lock": OWN, "requirements.txt": EXPORTED}, None, True),
        ({"uv.lock": NEEDY, "requirements.txt": EXPORTED}, None, True),
        ({"uv.lock": NEEDY, "requirements.txt": EXPORTED}, True, True),
        ({"uv.lock": NEEDY, "requirements.txt": EXPORTED}, False, False),
        ({"uv.lock": NEEDY, "requirements.txt": "anyio>=4\n"}, None, False),
        ({"uv.lock": NEEDY, "requirements.txt": "anyio>=4\n"}, True, False),
    ],
)
def test_requirements_are_exported_again_or_on_request(
    files: dict[str, str], requested: bool | None, rewritten: bool
) -> None:
    """An export is made from the lock again; a hand-written file stays, none is added unasked."""
    assert rewritten is editing.rewrites_requirements(project(STATIC, files), requested)


def test_export_has_what_the_package_needs_and_nothing_else() -> None:
    """Every default group, the members and the package itself stay out (requirements_groups)."""
    assert {"--no-default-groups", "--no-emit-workspace", "--no-emit-project"} <= set(edits.EXPORT)
    assert "--no-dev" not in edits.EXPORT


def test_news_fragments_are_where_towncrier_looks_for_them() -> None:
    """With `directory`, its sections are in it; without, they are in the package's directory."""
    table = "[project]\nname = 'demo'\nversion = '1'\n[tool.towncrier]\n"
    section = "[[tool.towncrier.section]]\npath = 'cli'\n"

    assert ("changes",) == editing.fragment_directories(project(f"{table}directory = 'changes'\n"))
    assert ("changes/cli",) == editing.fragment_directories(
        project(f"{table}directory = './changes/'\n{section}")
    )
    assert ("src/demo/newsfragments",) == editing.fragment_directories(
        project(f"{table}package = 'demo'\npackage_dir = 'src'\n")
    )
    assert () == editing.fragment_directories(project(f"{table}directory = '../..'\n"))


# -- a member of a workspace ----------------------------------------------------------------------

SHARED = "# Log\n\n## Unreleased\n\n- New.\n\n## 3.1.0 - 2025-01-02\n\n- Old.\n"


def member(files: dict[str, str], version: str = 'version = "3.1.0"', root: str = "") -> Project:
    """Return the member `packages/core` of a workspace with these files."""
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n' + root,
        "packages/core/pyproject.toml": f'[project]\nname = "teasel-core"\n{version}\n',
        **files,
    }
    inner = {"packages/core": texts["packages/core/pyproject.toml"]}
    return describe(Snapshot(texts, frozenset(texts)), "packages/core", inner)


TAGGED = """dynamic = ["version"]
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"
[tool.hatch.version]
source = "vcs\""""


@pytest.mark.parametrize(
    ("files", "version", "root", "path"),
    [
        ({"CHANGELOG.md": SHARED}, 'version = "3.1.0"', "", "CHANGELOG.md"),
        ({"docs/changelog.md": SHARED}, 'version = "3.1"', "", "docs/changelog.md"),
        # It is released by itself: what waits at the root is of another package.
        ({"CHANGELOG.md": SHARED}, 'version = "0.4.0"', "", ""),
        (
            {"CHANGELOG.md": SHARED, "packages/core/CHANGES.md": VERSIONS},
            'version = "3.1.0"',
            "",
            "packages/core/CHANGES.md",
        ),
        ({"CHANGELOG.md": SHARED}, TAGGED, "", "CHANGELOG.md"),
        ({"CHANGELOG.md": SHARED}, TAGGED, '[project]\nname = "teasel"\nversion = "1"\n', ""),
    ],
    ids=[
        *("lock-step", "in docs", "a version of its own", "a changelog of its own"),
        *("from tags", "from tags, beside a package"),
    ],
)
def test_changelog_of_a_workspace_is_a_member_s_in_lock_step(
    files: dict[str, str], version: str, root: str, path: str
) -> None:
    """A member without a changelog has the root's, if that has its version; a note names it."""
    package = member(files, version, root)
    assert path == editing.changelog_path(package, ChangelogSource.HAND)
    above = bool(path) and not path.startswith("packages/")
    note = f"changelog {path}, of the workspace: packages/core has none of its own" if above else ""
    assert note == editing.shared_note(package, path)


def test_towncrier_of_a_workspace_runs_in_its_root() -> None:
    """A member without a table of its own has the root's file, and its fragments."""
    table = '[tool.towncrier]\ndirectory = "changes"\nfilename = "NEWS.md"\n'
    package = member({}, root=table)
    assert "" == editing.towncrier_directory(package)
    assert "NEWS.md" == editing.changelog_path(package, ChangelogSource.TOWNCRIER)
    assert ("changes",) == editing.fragment_directories(package)
    own = member({"packages/core/towncrier.toml": table}, root=table)
    assert "packages/core" == editing.towncrier_directory(own)
    assert "packages/core/NEWS.md" == editing.changelog_path(own, ChangelogSource.TOWNCRIER)
    assert ("packages/core/changes",) == editing.fragment_directories(own)


# -- encodings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["__version__ = '1.2.3'\n", "__version__ = (1, 2, 3)\n"])
def test_version_file_keeps_its_encoding(place: str) -> None:
    """A module of Latin-1 that the back end reads is edited byte by byte."""
    path, text = "src/demo/__init__.py", f"# coding: latin-1\n# Ren\xe9\n{place}"
    package = project(SETUPTOOLS, {path: text})
    search = json.loads(places.searched(package, "1.2.3", None))
    found = Found(texts={path: Text(text, "latin-1")})
    placed = editing.placed(package, a_plan(), found, None)

    assert path in search["paths"]
    expected = text.replace("1.2.3", "1.2.4").replace("(1, 2, 3)", "(1, 2, 4)")
    assert ({path: expected}, {path: "latin-1"}) == (placed.texts, placed.encodings)
