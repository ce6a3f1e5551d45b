"""Reading PDM's scripts."""

from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.runners import pdm
from wheelwright.project.runners.calling import IGNORED
from wheelwright.project.runners.job import Job


def jobs(scripts: str) -> dict[str, Job]:
    """Return the jobs of a pyproject.toml with these scripts."""
    text = f"[tool.pdm.scripts]\n{scripts}\n"
    return {job.name: job for job in pdm.read(Snapshot({"pyproject.toml": text}))}


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ('"pytest -k \'a and b\'"', [("pytest", "-k", "a and b")]),
        ('{ cmd = ["pytest", "my tests"] }', [("pytest", "my tests")]),
        ('["pytest", "{args:tests}"]', [("pytest", "tests")]),
        ('["pytest", "{args:a b}", "{args}", "c d"]', [("pytest", "a", "b", "c d")]),
        ('{ composite = ["echo a | b"] }', [("echo", "a", "|", "b")]),
        ('"pytest {args:tests} --x"', [("pytest", "tests", "--x")]),
        ('"pytest | cat"', [("pytest", "|", "cat")]),
        ('{ shell = "pytest | cat" }', [("sh", "-c", "pytest | cat")]),
        ('{ call = "a.b:main(1)" }',
         [("python", "-c", "import sys, a.b as m; sys.exit(m.main(1))")]),
        ('{ composite = ["lint", "cov --x", "echo hi"] }',
         [("ruff", "."), ("coverage", "erase"), ("pytest", "--cov", "--x"), ("echo", "hi")]),
        ('{ composite = ["lint"], keep_going = true }', [(*IGNORED, "ruff", ".")]),
    ],
)  # fmt: skip
def test_kinds_of_scripts(script: str, commands: list[tuple[str, ...]]) -> None:
    """Each kind of script is what PDM runs for a caller without arguments."""
    text = f'lint = "ruff ."\npre_cov = "coverage erase"\ncov = "pytest --cov"\nx = {script}'
    assert tuple(commands) == jobs(text)["x"].commands


def test_scripts_before_and_after() -> None:
    """PDM runs `pre_NAME` and `post_NAME` around a script."""
    job = jobs('pre_test = "a"\ntest = "b"\npost_test = "c"')["test"]
    assert (("a",), ("b",), ("c",)) == job.commands


def test_variables_and_directory() -> None:
    """The table `_` is for all scripts; a script's own wins; an env_file is not read."""
    found = jobs(
        '_ = { env = { A = "1", B = "1" }, env_file = ".env" }\n'
        'test = { cmd = "pytest", env = { B = "2" }, working_dir = "./sub" }\n'
        'all = { composite = ["test"], env = { B = "3" } }'
    )
    assert ["test", "all"] == list(found)
    assert {"A": "1", "B": "2"} == found["test"].variables
    assert {"A": "1", "B": "3"} == found["all"].variables
    assert "sub" == found["test"].workdir
    (missing,) = found["test"].unread
    assert ("variables", "env_file = '.env'") == (missing.subject, missing.text)
    assert "pyproject.toml:3 [tool.pdm.scripts] test" == str(found["test"].place)


def test_variables_in_commands_are_not_read() -> None:
    """PDM fills `$NAME` from an environment that is not known here."""
    (missing,) = jobs('test = "pytest $ARGS"')["test"].unread
    assert ("command", "pytest $ARGS") == (missing.subject, missing.text)


@pytest.mark.parametrize(
    "scripts",
    [
        "a = 1",
        "a = {}",
        'a = { cmd = "x", env = 1 }',
        'a = { cmd = "x", working_dir = 1 }',
        'a = { composite = "b" }',
        'a = { composite = ["b"] }\nb = { composite = ["a"] }',
        'a = { call = "no" }',
        "a = \"it's\"",
        '_ = 1\na = "x"',
        *(
            ["\n".join(f'a{n} = {{ composite = ["a{n + 1}", "a{n + 1}"] }}' for n in range(40))
             + '\na40 = "x"']
        ),
    ],
)  # fmt: skip
def test_wrong_shapes_are_errors(scripts: str) -> None:
    """A script that PDM would refuse is one error, with file and line."""
    with pytest.raises(ProjectError, match=r"pyproject\.toml:\d+ \[tool\.pdm\.scripts\]"):
        jobs(scripts)


def test_no_scripts_have_no_jobs() -> None:
    """Without the table there is nothing; one that is not a table is an error."""
    assert () == pdm.read(Snapshot({}))
    assert () == pdm.read(Snapshot({"pyproject.toml": ""}))
    with pytest.raises(ProjectError, match="is not a table"):
        pdm.read(Snapshot({"pyproject.toml": "[tool.pdm]\nscripts = 1\n"}))


NAMES = st.sampled_from(["_", "a", "b", "pre_a", "cmd", "shell", "call", "composite", "env"])
VALUES = st.recursive(
    st.one_of(NAMES, st.integers(), st.booleans(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(NAMES, st.sampled_from(["env_file", "working_dir"])), inner),
    ),
    max_leaves=12,
)


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_scripts_are_read_or_refused(scripts: dict[str, Any]) -> None:
    """Whatever the table has, there are jobs, or a ProjectError."""
    text = tomlkit.dumps({"tool": {"pdm": {"scripts": scripts}}})
    found: tuple[Job, ...] = ()
    message = "pyproject.toml"
    try:
        found = pdm.read(Snapshot({"pyproject.toml": text}))
    except ProjectError as error:
        message = error.message
    assert "pyproject.toml" in message
    assert all(isinstance(word, str) for job in found for c in job.commands for word in c)
