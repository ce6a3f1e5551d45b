"""Every other function, on the package that was made for it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from stiletto.sandbox.archives import unpack

from .bench import Bench
from .conftest import Sample

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_clean_package_passes_lint_and_format(engine: Bench, sample: Sample) -> None:
    """A clean package passes, with ruff in the version that its lock holds."""
    source = sample("hatchling-src")
    linted, formatted = engine.passes(source, "lint"), engine.passes(source, "check-format")

    assert linted.out.startswith("no issues; ruff ")
    assert formatted.out.startswith("all files are formatted; ruff ")
    assert "(locked in uv.lock)" in linted.out


def test_lint_names_each_issue(engine: Bench, sample: Sample) -> None:
    """An issue fails the call, with its place, code, and whether `format` fixes it."""
    ended = engine.fails(sample("badly-formatted"), "lint")

    assert "2 issues in 1 file, 1 of them fixed by `format`; ruff" in ended.said
    assert "src/crooked_shelf/__init__.py:2:8: F401 `os` imported but unused" in ended.said


def test_check_format_shows_the_diff(engine: Bench, sample: Sample) -> None:
    """What ruff would format differently fails the call, as a diff."""
    ended = engine.fails(sample("badly-formatted"), "check-format")

    assert "1 file would change (src/crooked_shelf/__init__.py)" in ended.said
    assert "-def tilt( left_mm,right_mm ):" in ended.said
    assert "+def tilt(left_mm, right_mm):" in ended.said


def test_format_is_applied_with_y(engine: Bench, sample: Sample) -> None:
    """With -y the changes are written over the package, and `check-format` then passes."""
    source = sample("badly-formatted")
    engine.passes(source, "format", "-y", cwd=source)

    assert "def tilt(left_mm, right_mm):" in (source / "src/crooked_shelf/__init__.py").read_text()
    engine.passes(source, "check-format")


def test_format_asks_somebody(stiletto: Bench, sample: Sample) -> None:
    """Without a terminal and without -y nothing is written: the call fails and says what to add."""
    source = sample("badly-formatted")
    before = (source / "src/crooked_shelf/__init__.py").read_text()
    ended = stiletto.fails(source, "format", cwd=source)

    assert ended.error.startswith("cannot ask whether to apply 1 change(s): no terminal")
    assert "add -y" in ended.error
    assert before == (source / "src/crooked_shelf/__init__.py").read_text()


def test_formatting_what_is_formatted_changes_nothing(engine: Bench, sample: Sample) -> None:
    """A clean package gets an empty changeset: nobody is asked, nothing is written."""
    source = sample("hatchling-src")
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    engine.passes(source, "format", cwd=source)

    assert before == {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_typecheck_passes_on_an_asked_python(engine: Bench, sample: Sample) -> None:
    """`typecheck --python X` checks for X, with the checker that the project locks."""
    ended = engine.passes(sample("hatchling-src"), "typecheck", f"--python={PYTHON}")

    assert ended.out.startswith("no type errors; mypy ")
    assert f"(locked in uv.lock) on Python {PYTHON}" in ended.out


def test_typecheck_shows_the_error(engine: Bench, sample: Sample) -> None:
    """A type error fails the call, with the checker's own line."""
    ended = engine.fails(sample("type-errors"), "typecheck", f"--python={PYTHON}")

    assert "1 type error; mypy " in ended.said
    assert "src/odd_gears/__init__.py:6: error: Incompatible return value type" in ended.said


def test_current_lock_passes(engine: Bench, sample: Sample) -> None:
    """A lock that matches passes."""
    assert (
        "uv.lock matches pyproject.toml"
        == engine.passes(sample("hatchling-src"), "lock-check").out.strip()
    )


def test_stale_lock_fails(engine: Bench, sample: Sample) -> None:
    """A requirement that the lock does not know fails the gate, which writes nothing."""
    source = sample("hatchling-src")
    text = (source / "pyproject.toml").read_text()
    assert 'dependencies = ["more-itertools>=10"]' in text
    (source / "pyproject.toml").write_text(
        text.replace('["more-itertools>=10"]', '["more-itertools>=10", "iniconfig"]')
    )
    lock = (source / "uv.lock").read_bytes()
    ended = engine.fails(source, "lock-check")

    assert "uv.lock does not match pyproject.toml; run `uv lock` and commit it" in ended.said
    assert lock == (source / "uv.lock").read_bytes()


def test_versions_are_listed_oldest_first(engine: Bench, sample: Sample) -> None:
    """`versions` lists what the classifiers claim."""
    ended = engine.passes(sample("hatchling-src"), "versions")

    assert ["3.9", "3.10", "3.11", "3.12", "3.13"] == ended.out.split()


def test_agreeing_claims_pass(engine: Bench, sample: Sample) -> None:
    """.python-version, classifiers and requires-python that agree pass."""
    assert engine.passes(sample("hatchling-src"), "check-versions").out.startswith(
        "millrace 1.4.0 claims Python 3.9, 3.10, 3.11, 3.12, 3.13"
    )


def test_drift_is_located(engine: Bench, sample: Sample) -> None:
    """Each disagreement fails the gate and is named by file and line, all at once."""
    source = sample("hatchling-src")
    (source / ".python-version").write_text("3.8\n")
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(
        text.replace('  "Programming Language :: Python :: 3.12",\n', "")
    )
    ended = engine.fails(source, "check-versions")

    assert '.python-version:1: names 3.8, requires-python ">=3.9" forbids it' in ended.said
    assert "allows Python 3.12, no classifier claims it" in ended.said


@pytest.mark.parametrize(
    ("name", "words", "names"),
    [
        (
            "hatchling-src",
            [],
            ["millrace-1.4.0-py3-none-any.whl", "millrace-1.4.0.tar.gz"],
        ),
        pytest.param(
            "setuptools-flat",
            [],
            ["tidegauge-0.3.1-py3-none-any.whl", "tidegauge-0.3.1.tar.gz"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "workspace",
            ["--package=quay-rope"],
            ["quay_rope-2.0.0-py3-none-any.whl", "quay_rope-2.0.0.tar.gz"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_build_makes_sdist_and_wheel(
    engine: Bench, sample: Sample, tmp_path: Path, name: str, words: list[str], names: list[str]
) -> None:
    """`build` gives both distributions and nothing else, listed or saved with -o."""
    source = sample(name)
    entries = engine.passes(source, *words, "build", "entries")
    engine.passes(source, *words, "build", "-o", tmp_path / "dist")

    assert names == entries.out.split()
    assert names == sorted(path.name for path in (tmp_path / "dist").iterdir())
    with tarfile.open(tmp_path / "dist" / names[1]) as sdist:
        assert any(member.endswith("/PKG-INFO") for member in sdist.getnames())


# -- ci -------------------------------------------------------------------------------------------


def rows(text: str) -> dict[str, str]:
    """Read the table: gate -> verdict."""
    table = text.partition("gate ")[2].splitlines()[2:]
    verdicts = ("not configured", "not run", "passed", "failed")
    found = {}
    for line in table:
        if line.startswith(" "):
            continue  # the rest of a long note
        gate, _, rest = line.partition(" ")
        verdict = next((word for word in verdicts if rest.strip().startswith(word)), None)
        if verdict is None:
            break
        found[gate] = verdict
    return found


def test_ci_passes_a_clean_package(engine: Bench, sample: Sample) -> None:
    """Every gate of a package that configures everything passes: one table, cheap gates first."""
    ended = engine.passes(sample("hatchling-src"), "ci", f"--python={PYTHON}")

    assert ["lock", "lint", "format", "types", "tests", "build"] == list(rows(ended.out))
    assert {"passed"} == set(rows(ended.out).values())
    assert ended.out.rstrip().endswith("passed: 6 passed")


def test_ci_collects_every_failure(engine: Bench, sample: Sample) -> None:
    """Without --fail-fast every gate runs, and each failure's details stand above the table."""
    ended = engine.fails(sample("badly-formatted"), "ci", f"--python={PYTHON}")

    assert {
        "lock": "passed",
        "lint": "failed",
        "format": "failed",
        "types": "not configured",
        "tests": "passed",
        "build": "passed",
    } == rows(ended.said)
    assert "--- lint ---" in ended.said
    assert "--- format ---" in ended.said
    assert "failed: 3 passed, 2 failed, 1 not configured" in ended.said


def test_ci_stops_at_the_first_failure(engine: Bench, sample: Sample) -> None:
    """With --fail-fast no gate after the first failure runs; the table lists them as not run."""
    ended = engine.fails(sample("badly-formatted"), "ci", "--fail-fast", f"--python={PYTHON}")

    assert {
        "lock": "passed",
        "lint": "failed",
        "format": "not run",
        "types": "not run",
        "tests": "not run",
        "build": "not run",
    } == rows(ended.said)


def test_ci_lists_what_is_not_configured(engine: Bench, sample: Sample) -> None:
    """A package that configures nothing passes, and each gate says that it did not apply."""
    ended = engine.passes(sample("tiny-plain"), "ci")

    assert {"not configured"} == set(rows(ended.out).values())
    assert 6 == len(rows(ended.out))


# -- versions from version control ----------------------------------------------------------------

VCS_PYPROJECT = """\
[project]
name = "tideline"
description = "Takes its version from git"
requires-python = ">=3.9"
dynamic = ["version"]

[dependency-groups]
tests = ["pytest>=8"]

[build-system]
requires = ["hatchling>=1.26", "hatch-vcs>=0.4"]
build-backend = "hatchling.build"

[tool.hatch.version]
source = "vcs"

[tool.hatch.build.targets.wheel]
packages = ["src/tideline"]
"""

VCS_TEST = """\
from importlib.metadata import version


def test_version():
    assert version("tideline") == "4.5.6"
"""


def vcs_package(at: Path) -> Path:
    """Write a package whose version is its tag, in a git repository of its own."""
    (at / "src" / "tideline").mkdir(parents=True)
    (at / "tests").mkdir()
    (at / "pyproject.toml").write_text(VCS_PYPROJECT)
    (at / "src" / "tideline" / "__init__.py").write_text('"""Nothing."""\n')
    (at / "tests" / "test_version.py").write_text(VCS_TEST)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["commit", "--quiet", "--message=first"],
        ["tag", "v4.5.6"],
    ):
        subprocess.run(["git", "-C", at, *who, *words], check=True, timeout=60)
    return at


@pytest.mark.slow
def test_version_comes_from_git_or_from_the_sdist(engine: Bench, tmp_path: Path) -> None:
    """A VCS version is right in the repository, and in its unpacked sdist, which has no .git."""
    source = vcs_package(tmp_path / "repository")
    words = [f"--python={PYTHON}", f"--git={source}"]
    tested = engine.passes(source, "test", *words)
    engine.passes(source, "build", *words, "-o", tmp_path / "dist")
    unpack(tmp_path / "dist" / "tideline-4.5.6.tar.gz", tmp_path / "unpacked")
    unpacked = tmp_path / "unpacked" / "tideline-4.5.6"
    again = engine.passes(unpacked, "test", f"--python={PYTHON}")
    rebuilt = engine.passes(unpacked, "build", "entries")

    assert "1 passed" in tested.out
    assert not (unpacked / ".git").exists()
    assert "1 passed" in again.out
    assert ["tideline-4.5.6-py3-none-any.whl", "tideline-4.5.6.tar.gz"] == rebuilt.out.split()


def test_version_that_nobody_knows_is_said(engine: Bench, tmp_path: Path) -> None:
    """A VCS version without .git and PKG-INFO cannot be built: the error says what to pass."""
    source = vcs_package(tmp_path / "repository")
    (source / ".git").rename(tmp_path / "elsewhere")
    ended = engine.fails(source, "build")

    assert "tideline takes its version from version control" in ended.said
    assert "pass --git DIR" in ended.said
