"""Which version of a tool a project gets."""

import pytest

from tests.unit.wheelwright.samples import LIKE_CLICK, locked, project
from wheelwright.environment.tools import declared_in, judging_tool, listed_in, release_tool, tool
from wheelwright.errors import ProjectError

HOOKS = """\
repos:
- repo: https://x.org/a/ruff-pre-commit
  rev: v0.13.1
  hooks: [{id: ruff}]
- repo: https://x.org/a/mirrors-mypy
  rev: c41e6916784c4efdc3b2f7a4b0a1e9f1d2c3b4a5
  hooks: [{id: mypy}]
"""
OTHER = '[[package]]\nname = "ruff"\nversion = "0.12.1"\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"uv.lock": locked("ruff==0.11.2")}, "ruff 0.11.2 (locked in uv.lock)"),
        (
            {".pre-commit-config.yaml": HOOKS},
            "ruff 0.13.1 (fixed in .pre-commit-config.yaml)",
        ),
        (
            {"poetry.lock": OTHER, ".pre-commit-config.yaml": HOOKS},
            "ruff 0.12.1 (locked in poetry.lock)",
        ),
        ({"pdm.lock": OTHER}, "ruff 0.12.1 (locked in pdm.lock)"),
        (
            {"uv.lock": locked("ruff==0.11.2"), "poetry.lock": OTHER},
            "ruff 0.11.2 (locked in uv.lock)",
        ),
        ({}, "ruff 0.17.6 (pinned by wheelwright)"),
    ],
)
def test_tool_version_is_the_projects_own(files: dict[str, str], expected: str) -> None:
    """A tool runs in the version that the project locks, else the one pinned here."""
    assert expected == str(tool(project(LIKE_CLICK, files), "ruff", "3.12"))


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.2.0", "twine 7.0.0 (pinned by wheelwright)"),
        ("9.1", "twine 9.1 (locked in uv.lock)"),
        ("", "twine 7.0.0 (pinned by wheelwright)"),
    ],
)
def test_an_old_lock_does_not_judge_for_an_index(version: str, expected: str) -> None:
    """What checks distributions is never older than the pin: metadata become newer."""
    lock = {"uv.lock": locked(f"twine=={version}")} if version else {}
    assert expected == str(judging_tool(project(LIKE_CLICK, lock), "twine", "3.12"))


def test_a_lock_still_decides_what_writes_a_changelog() -> None:
    """An older towncrier writes as the project's own does."""
    lock = {"uv.lock": locked("towncrier==22.8.0")}
    found = release_tool(project(LIKE_CLICK, lock), "towncrier", "3.12")
    assert "towncrier 22.8.0 (locked in uv.lock)" == str(found)


def test_a_commit_of_a_hook_is_not_a_version() -> None:
    """The pin runs where a hook has a bare commit, and the reason is beside it."""
    found = tool(project(LIKE_CLICK, {".pre-commit-config.yaml": HOOKS}), "mypy", "3.12")

    assert tool(project(LIKE_CLICK), "mypy", "3.12").version == found.version
    assert (
        "pinned by wheelwright; the hook mypy in .pre-commit-config.yaml:7 "
        "has a commit without `# frozen:` as its rev"
    ) == found.chosen_by


def test_a_tool_that_is_no_hook_needs_no_hooks() -> None:
    """A broken file of hooks stops the tools that hooks can install, and nothing else."""
    broken = project(LIKE_CLICK, {".pre-commit-config.yaml": "repos: ["})

    assert "pinned by wheelwright" == tool(broken, "bandit", "3.12").chosen_by
    with pytest.raises(ProjectError, match=r"\.pre-commit-config\.yaml:1: not valid YAML"):
        tool(broken, "ruff", "3.12")


def test_exact_requirement_and_required_version_fix_a_tool() -> None:
    """`ruff==X` in a group and ruff's own required-version both decide without a lock."""
    exact = LIKE_CLICK.replace('"ruff", "tox"', '"ruff==0.12.0", "tox"')
    assert "0.12.0" == tool(project(exact), "ruff", "3.12").version
    required = LIKE_CLICK + 'required-version = "==0.12.3"\n'
    assert "0.12.3" == tool(project(required), "ruff", "3.12").version


def test_pinned_tool_suits_an_old_python() -> None:
    """On a Python that the newest mypy dropped, the last version for it is taken."""
    versions = [tool(project(LIKE_CLICK), "mypy", python).version for python in ("3.8", "3.9")]
    assert ["1.14.1", "1.19.1"] == versions


def test_pyright_brings_node() -> None:
    """The checker pyright is installed with the extra that brings Node from the package index."""
    requirement = tool(project(LIKE_CLICK), "pyright", "3.12").requirement
    assert requirement.startswith("pyright[nodejs]==")


def test_groups_that_name_a_tool_themselves() -> None:
    """A group counts as holding a tool also when it includes the group that does."""
    assert ["typing"] == declared_in(project(LIKE_CLICK), "mypy")
    assert [] == declared_in(project(LIKE_CLICK), "ty")


def test_a_lock_that_cannot_be_read_decides_no_version() -> None:
    """The linter runs in another version and says why; the gates of locks fail."""
    broken = project(LIKE_CLICK, {"uv.lock": "<<<<<<< HEAD\n", "poetry.lock": OTHER})
    assert "ruff 0.12.1 (locked in poetry.lock; uv.lock cannot be read)" == str(
        tool(broken, "ruff", "3.12")
    )


DEV = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("pyproject", "files", "expected"),
    [
        (
            DEV + '[dependency-groups]\na = ["mypy"]\nb = ["mypy==1.2"]\n',
            {},
            "mypy 1.2 (fixed in pyproject.toml)",
        ),
        (
            DEV + '[project.optional-dependencies]\nlint = ["mypy===1.3"]\n',
            {},
            "mypy 1.3 (fixed in pyproject.toml)",
        ),
        (
            DEV + '[tool.poetry.group.lint.dependencies]\nmypy = "1.4"\n',
            {},
            "mypy 1.4 (fixed in pyproject.toml)",
        ),
        (
            DEV + '[tool.pdm.dev-dependencies]\nlint = ["mypy==1.5"]\n',
            {},
            "mypy 1.5 (fixed in pyproject.toml)",
        ),
        (
            DEV + '[tool.uv]\ndev-dependencies = ["mypy==1.6"]\n',
            {},
            "mypy 1.6 (fixed in pyproject.toml)",
        ),
        (
            DEV,
            {"requirements.txt": "-e .\n# x\nmypy==1.7 --hash=sha256:1\n"},
            "mypy 1.7 (fixed in requirements.txt)",
        ),
        (
            DEV,
            {"requirements.txt": "mypy==1.7", "requirements-dev.txt": "mypy==1.8"},
            "mypy 1.8 (fixed in requirements-dev.txt)",
        ),
        (
            DEV,
            {"requirements/typing.in": "mypy>=1", "requirements/typing.txt": "mypy==1.9"},
            "mypy 1.9 (fixed in requirements/typing.txt)",
        ),
        (
            DEV,
            {"requirements.txt": "mypy\n-c constraints.txt", "constraints.txt": "mypy==1.10\n"},
            "mypy 1.10 (fixed in requirements.txt)",
        ),
        (
            DEV,
            {"requirements.txt": "-r nowhere.txt\nmypy==1.7", "dev-requirements.txt": "mypy<2"},
            "mypy <2 (from dev-requirements.txt)",
        ),
        (
            DEV + '[dependency-groups]\na = ["mypy<2"]\nb = ["mypy<3"]\n',
            {"requirements.txt": "mypy==1.7"},
            "mypy <2 (from pyproject.toml)",
        ),
        (
            DEV
            + '[dependency-groups]\na = ["mypy==1.1 ; python_version < \'3.10\'", "mypy==1.2"]\n',
            {},
            "mypy 1.2 (fixed in pyproject.toml)",
        ),
        (
            DEV + '[dependency-groups]\na = ["mypy==1.19.*"]\n',
            {},
            "mypy ==1.19.* (from pyproject.toml)",
        ),
        (
            DEV + '[dependency-groups]\na = ["mypy @ git+https://x.org/mypy"]\n',
            {},
            "mypy 2.4.1 (pinned by wheelwright)",
        ),
        (
            DEV + '[dependency-groups]\na = ["mypy<2"]\n',
            {".pre-commit-config.yaml": HOOKS.replace(HOOKS.split("rev: ")[2][:40], "v1.11.0")},
            "mypy 1.11.0 (fixed in .pre-commit-config.yaml)",
        ),
        (DEV, {"constraints.txt": "mypy==1.7"}, "mypy 2.4.1 (pinned by wheelwright)"),
    ],
)
def test_a_tool_is_that_of_the_place_that_installs_it(
    pyproject: str, files: dict[str, str], expected: str
) -> None:
    """pyproject.toml before requirements files; exact versions, then hooks, then ranges."""
    assert expected == str(tool(project(pyproject, files), "mypy", "3.12"))


def test_a_range_is_what_is_installed() -> None:
    """The index then decides; what has to know the version does without."""
    described = project(DEV + '[dependency-groups]\na = ["bandit>=1.7,<2"]\n')
    assert "bandit[sarif]<2,>=1.7" == tool(described, "bandit", "3.12").requirement
    assert "bandit[sarif]==1.9.4" == tool(described, "bandit", "3.12", exact=True).requirement


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (">=0.8", "ruff==0.17.6"),
        ("<0.9", "ruff<0.9"),
        ("0.12.3", "ruff==0.12.3"),
        ("x", "ruff==0.17.6"),
    ],
)
def test_ruffs_own_version_limits_the_pin(written: str, expected: str) -> None:
    """Ruff refuses to run outside of `required-version`; the pin stays where it is inside."""
    pyproject = DEV + f'[tool.ruff]\nrequired-version = "{written}"\n'
    assert expected == tool(project(pyproject), "ruff", "3.12").requirement


def test_a_group_of_poetry_names_a_tool() -> None:
    """As a dependency group does; an extra is what users may install."""
    poetry = DEV + '[tool.poetry.group.dev.dependencies]\nmypy = "*"\n'
    assert listed_in(project(poetry), "mypy")
    assert not listed_in(project(DEV + '[project.optional-dependencies]\na = ["mypy"]\n'), "mypy")
