"""What a job of a workflow does, by its name and its commands."""

import json

import pytest

from wheelwright.project import yaml_data
from wheelwright.project.yaml_data import Table
from wheelwright.repository import jobs
from wheelwright.repository.jobs import Job


def job(name: str, body: dict[str, object], files: dict[str, str] | None = None) -> Job:
    """Read a job."""
    table = yaml_data.read("a.yml", json.dumps(body))
    assert isinstance(table, Table)
    return jobs.read(name, table, files or {})


def kinds(*commands: str, name: str = "a") -> tuple[str, ...]:
    """Return what a job with these commands does."""
    return job(name, {"steps": [{"run": each} for each in commands]}).kinds


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("tox", ("tests",)),
        ("uvx --with tox-uv tox -e py312", ("tests",)),
        ("tox -e ${{ matrix.env }}", ("tests",)),
        ("tox -e docs", ()),
        ("tox run -f lint", ("lint",)),
        ("tox -e mypy", ("types",)),
        ("pipx run nox -s lint", ("lint",)),
        ("nox -s docs", ()),
        ("nox -s docs\nnox -s tests", ("tests",)),
        ("uv run --group tox tox -e docs", ()),
        ("python -m pip install --upgrade tox", ()),
        ("pip install tox && tox", ("tests",)),
        ("maturin build --release", ("build",)),
        ("python setup.py sdist bdist_wheel", ("build",)),
        ("docker build .", ()),
    ],
)
def test_runner_is_of_the_kind_of_its_environment(command: str, expected: tuple[str, ...]) -> None:
    """An environment of documents tests nothing, and an installed runner has not run."""
    assert expected == kinds(command)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lint", ("lint",)),
        ("unit-tests", ("tests",)),
        ("release-test-pypi", ()),
        ("build", ()),
    ],
)
def test_kind_by_name(name: str, expected: tuple[str, ...]) -> None:
    """A name decides where it can mean one thing only: a build may be one of documents."""
    assert expected == kinds("scripts/it", name=name)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"uses": "o/actions/.github/workflows/publish-pypi.yml@v1"},
            "o/actions/.github/workflows/publish-pypi.yml",
        ),
        ({"uses": "./.github/workflows/publish.yml"}, ""),
        ({"uses": "o/actions/.github/workflows/docs.yml@v1"}, ""),
        (
            {"steps": [{"uses": "PyO3/maturin-action@v1", "with": {"command": "upload"}}]},
            "PyO3/maturin-action",
        ),
        ({"steps": [{"uses": "PyO3/maturin-action@v1", "with": {"command": "build"}}]}, ""),
        (
            {"steps": [{"run": "./it", "env": {"TWINE_PASSWORD": "${{ secrets.A }}"}}]},
            "TWINE_PASSWORD is set",
        ),
        (
            {"env": {"UV_PUBLISH_TOKEN": "${{ secrets.A }}"}, "steps": [{"run": "./it"}]},
            "UV_PUBLISH_TOKEN is set",
        ),
        (
            {"steps": [{"run": "x", "env": {"TWINE_PASSWORD": "${{ secrets.TEST_PYPI }}"}}]},
            "",
        ),
        ({"steps": [{"run": "venv/bin/twine upload dist/*"}]}, "twine upload"),
        ({"steps": [{"run": "${PREFIX}twine upload dist/*"}]}, "twine upload"),
    ],
)
def test_upload_of_every_kind(body: dict[str, object], expected: str) -> None:
    """Actions, workflows of elsewhere, commands with a path, and a tool's credential."""


@pytest.mark.parametrize(
    ("run", "files", "expected"),
    [
        ("scripts/p", {"scripts/p": "twine upload dist/*\n"}, "twine upload in scripts/p"),
        ("make p", {"Makefile": "p:\n\tuv publish\n"}, "uv publish in Makefile"),
        ("tox -e p", {"tox.ini": "[testenv:p]\ncommands = uv publish\n"}, "uv publish in tox.ini"),
        ("scripts/p", {"scripts/p": "twine upload -r testpypi dist/*\n"}, ""),
    ],
)
def test_upload_in_what_a_step_calls(run: str, files: dict[str, str], expected: str) -> None:
    """A script, a recipe or an environment of the repository uploads as a command does."""
    body: dict[str, object] = {"steps": [{"run": run}]}
    table = yaml_data.read("a.yml", json.dumps(body))
    assert isinstance(table, Table)

    assert expected == job("a", body, files).upload
    assert set(files) == jobs.wanted(table, files)
