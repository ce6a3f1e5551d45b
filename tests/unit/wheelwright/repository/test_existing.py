"""What is read of the workflows that are there already."""

import pytest

from wheelwright.repository.existing import Workflow, is_workflow, read
from wheelwright.repository.jobs import Job

CI = """\
name: CI
on:
  push:
    branches: [trunk]
  pull_request:
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: python -m compileall src
  docs:
    runs-on: ubuntu-latest
    steps:
      - run: echo "pytest and ruff"
  suite:
    steps:
      - run: |
          pip install . --group tests
          pytest tests
"""


def upload(step: str) -> str:
    """Return what uploads in a workflow with one step."""
    text = f"on: push\njobs:\n  a:\n    steps:\n      - {step}\n"
    return read(".github/workflows/a.yml", text).jobs[0].upload


def test_workflow_is_read() -> None:
    """Its name, what starts it, and what each job does, by its name or by its commands."""
    assert Workflow(
        ".github/workflows/ci.yml",
        "CI",
        triggers=("push of branches trunk", "pull_request"),
        jobs=(Job("lint", ("lint",)), Job("docs", ("lint",)), Job("suite", ("tests",))),
    ) == read(".github/workflows/ci.yml", CI.replace("pytest and ruff", "see ruff"))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("uses: pypa/gh-action-pypi-publish@release/v1", "pypa/gh-action-pypi-publish"),
        ("run: uv build && uv publish", "uv publish"),
        ("run: uvx twine upload dist/*", "twine upload"),
        ("run: python -m twine upload dist/*", "twine upload"),
        ("run: uv run --with twine twine upload dist/*", "twine upload"),
        ("run: TOKEN=x poetry publish --build", "poetry publish"),
        ("run: flit publish", "flit publish"),
        ("run: hatch publish", "hatch publish"),
        ("run: pdm publish", "pdm publish"),
        ("run: uv run maturin upload wheels/*", "maturin upload"),
        ("run: python setup.py sdist upload", "python setup.py sdist upload"),
        ('run: "uv \\\n publish"', "uv publish"),
    ],
)
def test_upload_is_found(step: str, expected: str) -> None:
    """The action and every tool's command count, behind other commands, too."""
    assert expected == upload(step)


@pytest.mark.parametrize(
    "step",
    [
        'run: echo "uv publish"',
        'run: "# uv publish"',
        "run: uv publish --dry-run",
        "run: uv publish --index testpypi",
        "run: twine upload --repository-url https://test.pypi.org/legacy/ dist/*",
        "run: twine check dist/*",
        "uses: example/gh-action-pypi-publish@v1",
        "{uses: pypa/gh-action-pypi-publish@v1,"
        " with: {repository-url: 'https://test.pypi.org/legacy/'}}",
        "{run: uv publish, env: {UV_PUBLISH_URL: 'https://test.pypi.org/legacy/'}}",
    ],
)
def test_what_does_not_upload_is_none(step: str) -> None:
    """A text, a comment, a rehearsal and the index of tests are not a publisher."""
    assert "" == upload(step)


def test_broken_file_has_its_error() -> None:
    """A file that is not YAML is returned with the place of its mistake."""
    broken = read(".github/workflows/a.yml", "on: [push\njobs: {")

    assert broken.error.startswith(".github/workflows/a.yml:")
    assert ((), ()) == (broken.jobs, broken.triggers)


def test_environment_may_be_a_table() -> None:
    """The name of an environment is read in both forms."""
    jobs = "  a:\n    environment: {name: pypi, url: x}\n  b:\n    environment: e\n"
    text = f"on: release\njobs:\n{jobs}"
    assert ["pypi", "e"] == [job.environment for job in read("a.yml", text).jobs]


def test_block_makes_a_file_ours() -> None:
    """A file with one of the marks at the start of a line is ours."""
    assert read("a.yml", "# >>> wheelwright: x\nname: a\n").ours
    assert not read("a.yml", "name: a # >>> wheelwright\n").ours


def test_only_files_in_the_directory_itself_are_workflows() -> None:
    """GitHub reads .yml and .yaml directly below .github/workflows."""
    paths = ["ci.yml", "ci.yaml", "x/ci.yml", "README.md"]
    assert [True, True, False, False] == [is_workflow(f".github/workflows/{p}") for p in paths]
