"""Reading hatch's environments."""

from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.runners import hatch, hatch_defaults
from wheelwright.project.runners.calling import IGNORED
from wheelwright.project.runners.job import Job

TESTS = tuple(hatch_defaults.ENVIRONMENTS["hatch-test"]["dependencies"])


def jobs(envs: str, own: str | None = None, **environment: str) -> dict[str, Job]:
    """Return the jobs by name of a pyproject.toml with these tables, and of a hatch.toml."""
    texts = {"pyproject.toml": f'[project]\nname = "reed"\nversion = "1"\n{envs}'}
    if own is not None:
        texts["hatch.toml"] = own
    return {job.name: job for job in hatch.read(Snapshot(texts), environment)}


def test_own_dependencies_of_tests_are_added_to_those_of_hatch() -> None:
    """A table with `extra-dependencies` keeps what hatch installs, and its command."""
    job = jobs('[tool.hatch.envs.hatch-test]\nextra-dependencies = ["hypothesis"]\n')[
        "hatch-test.py3.12:run"
    ]
    assert (*TESTS, "hypothesis") == job.requirements
    assert (("pytest", "-p", "no:randomly", "tests"),) == job.commands
    assert ("3.12",) == job.pythons
    assert job.installs
    assert "pyproject.toml:4 [tool.hatch.envs.hatch-test]" == str(job.place)


def test_options_of_hatch_test_become_arguments() -> None:
    """Arguments, their default, and what hatch adds by itself are in the command."""
    job = jobs(
        "[tool.hatch.envs.hatch-test]\nrandomize = true\nparallel = true\nretries = 2\n"
        'extra-args = ["--dist", "worksteal"]\ndefault-args = ["src", "my tests"]\n'
        'dependencies = ["pytest"]\nmatrix = [{ python = ["3.12"] }]\n'
    )["hatch-test.py3.12:run"]
    options = ("--dist", "worksteal", "-n", "logical", "-r", "aR", "--reruns", "2")
    assert (("pytest", *options, "src", "my tests"),) == job.commands
    assert ("pytest",) == job.requirements


def test_hatch_toml_replaces_the_table_of_pyproject() -> None:
    """Of both files, the environments are those of hatch.toml, with its lines."""
    found = jobs(
        '[tool.hatch.envs.test]\ndependencies = ["old"]\n',
        '\n[envs.unit]\ndependencies = ["new"]\n',
    )
    assert ["default", "unit"] == list(found)
    assert ("new",) == found["unit"].requirements
    assert "hatch.toml:2 [envs.unit]" == str(found["unit"].place)


def test_no_environments_have_no_jobs() -> None:
    """A package without the table says nothing about its tests here."""
    assert {} == jobs("")
    assert {} == jobs("", 'version.path = "x"\n')
    assert () == hatch.read(Snapshot({}))


def test_environments_inherit_unless_they_are_detached() -> None:
    """From `default`, or from `template`; scripts are merged, dependencies replaced."""
    found = jobs(
        "[tool.hatch.envs.default]\n"
        'dependencies = ["pytest"]\nfeatures = ["Net_Work"]\ndependency-groups = ["test"]\n'
        'scripts.test = "pytest"\nenv-vars = { A = "1", B = "{env:A_B:x}" }\n'
        "[tool.hatch.envs.types]\n"
        'dependencies = ["mypy"]\nscripts.check = "mypy {args:src}"\n'
        "[tool.hatch.envs.more]\n"
        'template = "types"\nextra-dependencies = ["ruff"]\nskip-install = true\n'
        "[tool.hatch.envs.alone]\n"
        'detached = true\ndependencies = ["build"]\n'
    )
    names = {"default:test", "types:test", "types:check", "more:test", "more:check", "alone"}
    assert names == set(found)
    assert ("mypy", "ruff") == found["more:check"].requirements
    assert (("mypy", "src"),) == found["more:check"].commands
    assert (("net-work",), ("test",)) == (found["types:check"].extras, found["types:check"].groups)
    assert {"A": "1", "B": "x"} == found["types:check"].variables
    assert [True, False, False] == [
        found[name].installs for name in ("types:check", "more:check", "alone")
    ]
    assert ((), ()) == (found["alone"].extras, found["alone"].commands)


def test_scripts_name_scripts() -> None:
    """A line that begins with a script's name is that script, with what follows it."""
    found = jobs(
        "[tool.hatch.envs.default.scripts]\n"
        'test = "pytest {args:tests}"\n'
        'cov = ["- coverage erase", "test -x", "coverage report | cat"]\n'
        'quiet = "- test"\n'
    )
    assert (
        (*IGNORED, "coverage", "erase"),
        ("pytest", "tests", "-x"),
        ("sh", "-c", "coverage report | cat"),
    ) == found["default:cov"].commands
    assert ((*IGNORED, "pytest", "tests"),) == found["default:quiet"].commands


MATRIX = """
[tool.hatch.envs.test]
dependencies = ["pytest"]
scripts.run = "pytest --dj {matrix:django}"
matrix = [{ django = ["4.2", "5.2"], python = ["3.11", "3.12"] }, { feature = ["foo"] }]
[tool.hatch.envs.test.overrides]
matrix.django.dependencies = [
  { value = "django~=4.2.0", if = ["4.2"] },
  { value = "django~=5.2.0", if = ["5.2"] },
]
matrix.django.env-vars = ["DJ", "FIX=1"]
matrix.feature.set-dependencies = ["foo"]
matrix.feature.skip-install = [{ value = true, if = ["foo"] }]
platform.linux.env-vars = [{ key = "L", value = "l" }, { key = "W", platform = ["windows"] }]
platform.windows.dependencies = ["pywin32"]
env.CI.extra-dependencies = ["coverage"]
name."3.12-5".extra-dependencies = ["hypothesis"]
"""


def test_matrix_makes_environments_with_overrides() -> None:
    """Each combination has hatch's name, its Python, and what the overrides change."""
    found = jobs(MATRIX)
    assert {
        "default",
        "test.py3.11-4.2:run",
        "test.py3.11-5.2:run",
        "test.py3.12-4.2:run",
        "test.py3.12-5.2:run",
        "test.foo:run",
    } == set(found)
    newest = found["test.py3.12-5.2:run"]
    assert ("pytest", "django~=5.2.0", "hypothesis") == newest.requirements
    assert {"DJ": "5.2", "FIX": "1", "L": "l"} == newest.variables
    assert (("3.12",), (("pytest", "--dj", "5.2"),)) == (newest.pythons, newest.commands)
    foo = found["test.foo:run"]
    assert (("foo",), False) == (foo.requirements, foo.installs)
    assert ["command"] == [each.subject for each in foo.unread]
    assert "coverage" in jobs(MATRIX, CI="1")["test.py3.11-4.2:run"].requirements


def test_members_and_directories_are_paths() -> None:
    """Workspace members and `{root:uri}` are requirements by path; a pattern is not read."""
    job = jobs(
        "[tool.hatch.envs.default]\n"
        'dependencies = ["plug[x] @ {root:uri}/plugins/plug", "b@{root:parent:uri}/b"]\n'
        'workspace.members = ["backend/", { path = "sdk", features = ["a"] }, "packages/*"]\n'
    )["default"]
    assert ("./plugins/plug[x]", "../b", "-e ./backend", "-e ./sdk[a]") == job.requirements
    assert ["requirements"] == [each.subject for each in job.unread]


def test_commands_after_the_installation() -> None:
    """What `post-install-commands` install counts; what else they run comes first."""
    job = jobs(
        "[tool.hatch.envs.default]\n"
        'post-install-commands = ["pip install mock", "make data"]\n'
        'pre-install-commands = ["uv run prepare.py"]\n'
        'scripts.test = "pytest"\n'
    )["default:test"]
    assert ("mock",) == job.requirements
    assert (("uv", "run", "prepare.py"), ("make", "data"), ("pytest",)) == job.commands


def test_plugin_that_collects_environments() -> None:
    """It may fill an environment that has no dependencies; another one is taken as it is."""
    found = jobs(
        "[tool.hatch.env.collectors.other]\n[tool.hatch.envs.default]\n"
        '[tool.hatch.envs.test]\ndependencies = ["pytest"]\n'
    )
    assert ["requirements"] == [each.subject for each in found["default"].unread]
    assert () == found["test"].unread


def test_rules_that_hatch_writes_are_not_read() -> None:
    """`hatch fmt` has rules of its own, unless they are in a file of the project."""
    table = "[tool.hatch.envs.hatch-static-analysis]\n"
    (missing,) = jobs(table)["hatch-static-analysis:lint-check"].unread
    assert "the ruff rules of hatch 1.18.2, which no file has" == missing.text
    job = jobs(f'{table}config-path = "ruff_defaults.toml"\n')["hatch-static-analysis:lint-check"]
    assert ((), (("ruff", "check", "."),)) == (job.unread, job.commands)
    assert ("ruff==0.13.2",) == job.requirements


@pytest.mark.parametrize(
    "envs",
    [
        'default.dependencies = "pytest"',
        "default = 1",
        'a.template = "b"',
        'a.template = "b"\nb.template = "a"',
        'a.scripts = ["x"]',
        "a.scripts.x = 1",
        'a.scripts = { x = "y", y = "x" }',
        'a.matrix = [{ python = "3.12" }]',
        "a.matrix = 1",
        "a.overrides.matrix = 1",
        'a.matrix = [{ v = ["1"] }]\na.overrides.matrix.v = "x"',
        'a.matrix = [{ v = ["1"] }]\na.overrides.matrix.v.dependencies = [{ if = ["1"] }]',
        'a.matrix = [{ v = ["1"] }]\na.overrides.name."(".python = "3"',
        "a.env-vars.X = 1",
        f"a.matrix = [{{ a = {list('abcdefghij')}, b = {list('abcdefghij')}, "
        f"c = {list('abcdefghij')} }}]",
    ],
)
def test_wrong_shapes_are_errors(envs: str) -> None:
    """A value that is not of its shape is one error, with file and line."""
    with pytest.raises(ProjectError, match=r"pyproject\.toml"):
        jobs(f"[tool.hatch.envs]\n{envs}\n")


def test_scripts_do_not_multiply() -> None:
    """Scripts that name each other twice, thirty levels deep, are refused soon."""
    lines = "".join(f's{n} = ["s{n + 1} {"x" * 50}", "s{n + 1}"]\n' for n in range(60))
    with pytest.raises(ProjectError, match="more than"):
        jobs(f'[tool.hatch.envs.default.scripts]\n{lines}s60 = "pytest"\n')


KEYS = st.sampled_from(
    [
        "default", "hatch-test", "a", "b", "dependencies", "extra-dependencies", "features",
        "dependency-groups", "scripts", "extra-scripts", "env-vars", "python", "matrix",
        "overrides", "template", "detached", "skip-install", "platform", "linux", "env", "name",
        "set-dependencies", "workspace", "members", "path", "if", "value", "key", "default-args",
        "extra-args", "retries", "matrix-name-format", "post-install-commands", "run",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        KEYS,
        st.integers(-3, 3),
        st.booleans(),
        st.sampled_from(
            ["{args:{env:A:b}}", "{root:uri}/x", "{", "}}", "{matrix:a}", "- a", "a b"]
        ),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=25,
)


@settings(max_examples=250, deadline=None)
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=5), max_size=4), st.booleans())
def test_any_tables_are_read_or_refused(envs: dict[str, Any], own: bool) -> None:
    """Whatever the tables have, there are jobs, or a ProjectError."""
    data = {"envs": envs} if own else {"tool": {"hatch": {"envs": envs}}}
    path = "hatch.toml" if own else "pyproject.toml"
    found: tuple[Job, ...] = ()
    message = path
    try:
        found = hatch.read(Snapshot({path: tomlkit.dumps(data)}))
    except ProjectError as error:
        message = error.message
    assert path in message
    assert all(isinstance(word, str) for job in found for c in job.commands for word in c)


@settings(max_examples=250, deadline=None)
@given(st.text(max_size=100))
def test_any_string_is_filled_or_named(text: str) -> None:
    """Whatever a script is, it is a command, or it is named as not read."""
    texts = {"hatch.toml": tomlkit.dumps({"envs": {"default": {"scripts": {"x": text}}}})}
    try:
        (job,) = hatch.read(Snapshot(texts))
    except ProjectError:
        return
    assert job.commands or job.unread or not text.strip(" -\t\n{}")
