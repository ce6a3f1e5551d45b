"""Files that contain requirements are flattened."""

import pytest

from wheelwright.environment.requirements import flatten
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot


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
    with pytest.raises(ProjectError, match=r"requirements-dev\.txt:1 includes gone\.txt"):
        flatten(files, "requirements-dev.txt")


def test_paths_are_told_from_the_package_itself() -> None:
    """`-e .` is the package, wherever it stands in the repository; other directories are kept."""
    files = Snapshot(
        {
            "api/tests.txt": "-e .[fast]\n-e ../sdk[x]\n./vendor/a.whl\n-c ../c.txt\n",
            "c.txt": "pytest<9\n",
        }
    )
    flat = flatten(files, "api/tests.txt", "api")
    assert (True, ["fast"], ["pytest<9"]) == (flat.itself, flat.extras, flat.constraints)
    assert ["-e ./sdk[x]", "./api/vendor/a.whl"] == [str(path) for path in flat.paths]
