"""[tool.wheelwright.github]: what it takes, and how a mistake in it is named."""

import pytest

from wheelwright.errors import ProjectError
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.project.pyproject import parse
from wheelwright.project.settings import read


def github(table: str) -> GitHubSettings:
    """Read the settings of a pyproject.toml with this table."""
    text = f"[tool.wheelwright.github]\n{table}\n"
    return read(parse("pyproject.toml", text)).github


def test_every_key_is_read() -> None:
    """Each key of the table arrives under its own name."""
    table = """
    engine = "stiletto"
    branch = "trunk"
    files = { ci = "wheelwright.yml" }
    without = ["nightly"]
    publish = "tag"
    environment = "index"
    propose-environment = "pushes"
    index = "forge"
    needs = ["docs"]
    sarif = true
    codecov = "CODECOV_TOKEN"
    notify = "SLACK_WEBHOOK"
    history = true
    netrc = "NETRC"
    retention-days = 7
    jobs = "cells"
    shards = 4
    """
    assert GitHubSettings(
        engine="stiletto",
        branch="trunk",
        files={"ci": "wheelwright.yml"},
        without=("nightly",),
        publish="tag",
        environment="index",
        propose_environment="pushes",
        index="forge",
        needs=("docs",),
        sarif=True,
        codecov="CODECOV_TOKEN",
        notify="SLACK_WEBHOOK",
        history=True,
        netrc="NETRC",
        retention_days=7,
        jobs="cells",
        shards=4,
    ) == github(table)


def test_nothing_has_to_be_set() -> None:
    """An empty table is the same as none."""
    assert GitHubSettings() == github("")


@pytest.mark.parametrize(
    ("table", "fact"),
    [
        ('engin = "dagger"', 'has an unknown key "github.engin" (did you mean "github.engine"?)'),
        ('engine = "docker"', "github.engine = 'docker', which is not one of dagger, stiletto"),
        ("engine = 1", "github.engine = 1, which is not a string"),
        ('branch = "ma*n"', "github.branch = 'ma*n', which is not the name of a branch"),
        ('branch = "a..b"', "github.branch = 'a..b', which is not the name of a branch"),
        ('publish = "both"', "github.publish = 'both', which is not one of release, tag, theirs"),
        ("environment = 'a\"b'", "which is not the name of an environment"),
        ('without = "ci"', "github.without = 'ci', which is not a list of strings"),
        ('without = ["nightli"]', 'an unknown file "nightli" (did you mean "nightly"?)'),
        ('needs = ["a b"]', "github.needs with 'a b', which is not the name of a job"),
        ('codecov = "a-b"', "github.codecov = 'a-b', which is not the name of a secret"),
        ('netrc = "GITHUB_TOKEN"', "which is not the name of a secret"),
        ("sarif = 1", "github.sarif = 1, which is neither true nor false"),
        ("retention-days = 91", "retention-days = 91, which is not a number from 1 to 90"),
        ('jobs = "many"', "github.jobs = 'many', which is not one of one, cells"),
        ("shards = 0", "github.shards = 0, which is not a number from 1 to 256"),
        ('shards = "4"', "github.shards = '4', which is not a number from 1 to 256"),
        ('jobs = "one"\nshards = 4', 'github.shards, which jobs = "one" does not have'),
        ("retention-days = true", "retention-days = True, which is not a number from 1 to 90"),
        ('files = "ci.yml"', "github.files = 'ci.yml', which is not a table"),
        ('files = { cii = "a.yml" }', 'files with an unknown file "cii" (did you mean "ci"?)'),
        ('files = { ci = "../a.yml" }', "which is not the name of a .yml file"),
        ('files = { ci = "a.yml", audit = "a.yml" }', "files.audit = 'a.yml', the name of ci, too"),
    ],
)
def test_mistake_is_named(table: str, fact: str) -> None:
    """An unknown key, and a value that no workflow could have, are errors with the key's name."""
    with pytest.raises(ProjectError) as raised:
        github(table)

    assert fact in raised.value.message


def test_table_that_is_none_is_named() -> None:
    """A string in the table's place is an error, too."""
    with pytest.raises(ProjectError, match="has github = 'x', which is not a table"):
        read(parse("pyproject.toml", '[tool.wheelwright]\ngithub = "x"\n'))
