"""Files that contain requirements are flattened."""

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.environment.requirements import flatten, from_tox
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot

BARE = '[project]\nname = "demo"\nversion = "1"\n'


def test_constraints_are_kept_apart() -> None:
    """A `-c` file constrains, and does not install."""
    files = Snapshot(
        {
            "requirements/tests.txt": "-c ../constraints.txt\n-r base.txt\nx \\\n  --hash=a:0\n",
            "requirements/base.txt": "y>=1  # why\n.[fast, slow]\n",
            "constraints.txt": "y==1.5\n",
        }
    )
    flat = flatten(files, "requirements/tests.txt")
    assert ["y>=1", "x    --hash=a:0"] == flat.lines
    assert (["y==1.5"], ["fast", "slow"]) == (flat.constraints, flat.extras)


def test_files_that_include_each_other_end() -> None:
    """A cycle of requirements files is read once."""
    files = Snapshot({"a.txt": "-r b.txt\nx\n", "b.txt": "-r a.txt\ny\n"})
    assert ["y", "x"] == flatten(files, "a.txt").lines


def test_missing_inclusion_names_both_files() -> None:
    """An inclusion that is not there is an error, never a silently smaller environment."""
    files = Snapshot({"requirements-dev.txt": "-r gone.txt\n"})
    with pytest.raises(ProjectError, match=r"requirements-dev\.txt includes gone\.txt"):
        flatten(files, "requirements-dev.txt")


def test_tox_substitution_that_is_not_understood_is_an_error() -> None:
    """A reference to another section is not dropped in silence."""
    described = project(BARE, {"tox.ini": "[testenv]\ndeps = {[base]deps}\n"})
    with pytest.raises(ProjectError, match="refers to another place of tox's configuration"):
        from_tox(described.files, described.package, "3.12")
