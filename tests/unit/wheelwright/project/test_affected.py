"""Which packages of a workspace a change affects: three, of which ash needs oak."""

from __future__ import annotations

import pytest

from wheelwright.project.affected import Affected, Changes, affected
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

ROOT = """\
[project]
name = "grove"
version = "0"

[tool.uv.workspace]
members = ["oak", "ash", "yew"]

[tool.uv.sources]
oak = { workspace = true }
"""
PACKAGE = (
    '[project]\nname = "{name}"\nversion = "1"\n{more}\n[dependency-groups]\ntest = ["pytest"]\n'
)
BACK_END = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
MEMBERS = {
    "oak": PACKAGE.format(name="oak", more="dependencies = []"),
    "ash": PACKAGE.format(name="ash", more='dependencies = ["oak"]'),
    "yew": PACKAGE.format(name="yew", more="dependencies = []"),
}


def workspace(root: str = ROOT, members: dict[str, str] | None = None, **files: str) -> Project:
    """Return the root of a workspace."""
    members = MEMBERS if members is None else members
    texts = {"pyproject.toml": root, **files}
    texts |= {f"{name}/pyproject.toml": text for name, text in members.items()}
    return describe(Snapshot(texts, frozenset(texts)), members=members)


def after(*paths: str, root: Project | None = None, before: str | None = ROOT) -> set[str]:
    """Return the packages that a change of these paths affects."""
    return set(found(*paths, root=root, before=before).reasons)


def found(*paths: str, root: Project | None = None, before: str | None = ROOT) -> Affected:
    """Return what a change of these paths affects."""
    return affected(root or workspace(), Changes(paths, before))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("yew/src/yew/__init__.py", {"yew"}),
        ("oak/src/oak/__init__.py", {"oak", "ash"}),
        ("ash/tests/test_ash.py", {"ash"}),
        ("oak/README.md", {"oak", "ash"}),
        ("README.md", set()),
        ("LICENSE", set()),
        ("docs/conf.py", set()),
        (".github/workflows/ci.yml", set()),
        ("ruff.toml", {"oak", "ash", "yew"}),
        ("conftest.py", {"oak", "ash", "yew"}),
        ("uv.lock", {"oak", "ash", "yew"}),
        ("requirements/test.txt", {"oak", "ash", "yew"}),
        ("oaks/notes.py", {"oak", "ash", "yew"}),
        (".gitignore", {"oak", "ash", "yew"}),
    ],
)
def test_a_file_affects_its_package_and_what_needs_it(path: str, expected: set[str]) -> None:
    """A file outside of all packages affects all, unless it is documentation."""
    assert expected == after(path)


def test_nothing_changed_affects_nothing() -> None:
    """Not even a package whose needs are not known."""
    assert after() == set()


def test_the_reason_names_the_file_or_the_package() -> None:
    """One path, how many more, and what a package needs."""
    assert {
        "oak": "oak/a.py and 1 more changed",
        "ash": "it needs oak",
    } == found("oak/b.py", "oak/a.py").reasons


def test_settings_of_the_root_affect_all() -> None:
    """A comment, too, but not a change that only says which packages there are."""
    assert {"oak", "ash", "yew"} == after("pyproject.toml", before=ROOT + "\n[tool.ruff]\n")
    assert {"oak", "ash", "yew"} == after("pyproject.toml", before=None)
    assert {"oak", "ash", "yew"} == after("pyproject.toml", before="[broken")
    assert {"oak", "ash", "yew"} == after("pyproject.toml", before=ROOT + "# a comment\n")
    fewer = ROOT.replace(', "yew"', "")
    assert {"yew"} == after("pyproject.toml", "yew/pyproject.toml", before=fewer)


def test_a_package_with_a_new_name_affects_what_needs_it() -> None:
    """The directory of the old name is no file outside of all packages."""
    members = {
        "elm": MEMBERS["oak"].replace("oak", "elm"),
        "ash": MEMBERS["ash"].replace("oak", "elm"),
        "yew": MEMBERS["yew"],
    }
    root = workspace(ROOT.replace("oak", "elm"), members)
    changed = [f"{name}/{file}" for name in ("oak", "elm") for file in ("pyproject.toml", "x.py")]
    assert {"elm", "ash"} == after("pyproject.toml", "ash/pyproject.toml", *changed, root=root)


def test_a_package_that_is_no_more_affects_what_got_it_from_the_workspace() -> None:
    """From now on it comes from an index."""
    members = {"ash": MEMBERS["ash"], "yew": MEMBERS["yew"]}
    plain = ROOT.replace('"oak", ', "").replace("oak = { workspace = true }", "")
    changed = ("pyproject.toml", "oak/pyproject.toml", "oak/x.py")
    root = workspace(plain, members)
    assert {"ash": "where it gets oak from changed"} == found(*changed, root=root).reasons


@pytest.mark.parametrize(
    "more",
    [
        "dependencies = [\"OAK[x]>=1; python_version > '3'\"]",
        'optional-dependencies.x = ["oak"]',
        'dependencies = []\n[tool.uv]\ndev-dependencies = ["oak"]',
        "dependencies = []\n[tool.uv.sources]\noak = { workspace = true }",
        '[tool.poetry.dependencies]\noak = { path = "../oak" }',
        '[tool.poetry.group.dev.dependencies]\noak = { path = "../oak" }',
        '[build-system]\nrequires = ["oak"]\nbuild-backend = "oak"',
        'dynamic = ["dependencies"]',
    ],
)
def test_each_way_to_need_a_package_counts(more: str) -> None:
    """Extras, groups, the build, tables of uv and Poetry; what only a back end knows may be it."""
    root = workspace(members={**MEMBERS, "yew": PACKAGE.format(name="yew", more=more)})
    assert {"oak", "ash", "yew"} == after("oak/x.py", root=root)


def test_a_group_counts_with_what_it_includes() -> None:
    """A group of the package or of the root."""
    groups = '[dependency-groups]\ntest = [{include-group = "own"}]\nown = ["oak"]\n'
    yew = PACKAGE.format(name="yew", more="").partition("[dep")[0] + groups
    assert "yew" in after("oak/x.py", root=workspace(members={**MEMBERS, "yew": yew}))
    root = ROOT + groups
    assert "yew" in after("oak/x.py", root=workspace(root), before=root)


def test_a_package_without_groups_is_tested_with_those_of_the_root() -> None:
    """Such a group is installed with all packages, so that each of them counts."""
    yew = '[project]\nname = "yew"\nversion = "1"\n'
    root = ROOT + '[dependency-groups]\ntest = ["pytest"]\n'
    changed = workspace(root, {**MEMBERS, "yew": yew})
    assert "yew" in after("oak/x.py", root=changed, before=root)


def test_the_lock_says_what_a_back_end_fills_in() -> None:
    """With a lock, a package of dynamic dependencies needs what the lock has."""
    lock = '[[package]]\nname = "yew"\nversion = "1"\ndependencies = [{ name = "%s" }]\n'
    yew = PACKAGE.format(name="yew", more='dynamic = ["dependencies"]')
    for needed, expected in (("oak", True), ("ash", True), ("attrs", False)):
        root = workspace(members={**MEMBERS, "yew": yew}, **{"uv.lock": lock % needed})
        assert expected == ("yew" in after("oak/x.py", root=root))


def test_a_root_that_is_a_package_has_its_own_files() -> None:
    """Its code, its tests and its README affect it alone; what lies beside them affects all."""
    root = workspace(ROOT + BACK_END)
    for path in ("src/grove/x.py", "tests/test_x.py", "grove/x.py", "README.md"):
        assert {""} == after(path, root=root, before=ROOT + BACK_END)
    assert {"", "oak", "ash", "yew"} == after("noxfile.py", root=root, before=ROOT + BACK_END)


def test_a_package_without_a_workspace_is_affected_as_one() -> None:
    """By any of its files: tests are never chosen by file."""
    text = '[project]\nname = "larch"\nversion = "1"\n' + BACK_END
    one = describe(Snapshot({"pyproject.toml": text}, frozenset({"pyproject.toml"})))
    assert {"": "README.md changed"} == found("README.md", root=one, before=text).reasons
    assert found(root=one, before=text).reasons == {}
