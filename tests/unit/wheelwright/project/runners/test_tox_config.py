"""Reading what `tox config` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wheelwright.project.runners.printing import PROJECT, environments, ran
from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.runners.job import Job, Place, Unread
from wheelwright.project.runners.tox_config import (
    Environments,
    Layout,
    command,
    failure,
    read,
    version_named,
)

FILE = Place("tox.ini", within="[testenv]")
LAYOUT = Layout("/src", "/opt/venv", "3.12")
TEXTS = {"tox.ini": "[testenv]\n[testenv:py312]\n", "pyproject.toml": PROJECT}

INI = """\
[tox]
min_version = 99
requires =
    tox-quay-plugin
env_list = py3{11,12}-dj{42,52}, pypy3.11
[testenv]
runner = quay-runner
package = editable
deps =
    -r requirements/test.txt  # of the tests
    -c{tox_root}/constraints.txt
    -e ../sdk
    {tox_root}[speed]
    dj42: Django==4.2.*
    dj52: Django==5.2.*
pass_env = CI
change_dir = tests
commands_pre =
    {env_python} -m pip install -q "numpy<2"
    python -m pip freeze
commands =
    - coverage erase
    {env_bin_dir}/coverage run --source={env_site_packages_dir}/quay -m pytest {posargs:-n "a b"}
    ! python -c "raise SystemExit({env:QUAY_CODE:1})"
    pytest --basetemp={env_tmp_dir}
commands_post = coverage report
[testenv:windows]
platform = win32
commands = pytest
[testenv:py37]
commands = pytest {py_dot_ver}
[testenv:secret]
set_env = file|.env
commands = pytest
"""

TOML = """\
[tool.tox]
requires = ["tox>=99", "tox-uv>=1"]
env_list = [{ product = [{ prefix = "3.", start = 11, stop = 12 }, ["a", "b"]] }, "typing"]
[tool.tox.env_run_base]
runner = "uv-venv-lock-runner"
deps = ["never-installed"]
extras = ["Speed_Up"]
uv_sync_flags = ["--extra", "more", "--group=last"]
commands = [["pytest", { replace = "posargs", default = ["tests"], extend = true }]]
[tool.tox.env.typing]
base_python = ["3.13", "python3.12"]
package = "skip"
dependency_groups = ["typing"]
commands = [["mypy", "src dir"]]
[dependency-groups]
typing = ["mypy"]
dev = ["pytest"]
"""


def job(values: dict[str, Any], texts: dict[str, str] | None = None, file: Place = FILE) -> Job:
    """Return the environment `py312` with these values."""
    (only,) = printed({"py312": values}, texts, file).jobs
    return only


def printed(
    values: dict[str, Any], texts: dict[str, str] | None = None, file: Place = FILE
) -> Environments:
    """Return what is read from an output with these environments."""
    output = json.dumps({"env": values, "tox": {"env_list": ["py312"]}})
    return read(output, Snapshot(TEXTS if texts is None else texts), file, LAYOUT)


def test_an_ini_file_is_read_as_tox_evaluates_it(tmp_path: Path) -> None:
    """Factors, references, defaults, paths: with a plugin, a version and files that are absent."""
    every = environments(tmp_path, {"tox.ini": INI, "pyproject.toml": PROJECT})
    names = ["py311-dj42", "py311-dj52", "py312-dj42", "py312-dj52", "pypy3.11", "py37", "secret"]
    taken = every.jobs[3]

    assert names == [each.name for each in every.jobs]
    assert (
        Job(
            runner="tox",
            name="py312-dj52",
            place=Place("tox.ini", 6, "[testenv]"),
            commands=(
                ("mkdir", "-p", "/tmp/tox/py312-dj52/tmp"),  # noqa: S108 - nothing writes there
                ("python", "-m", "pip", "freeze"),
                ("sh", "-c", '"$@" || :', "sh", "coverage", "erase"),
                (
                    *("coverage", "run", "--source=/opt/venv/lib/python3.12/site-packages/quay"),
                    *("-m", "pytest", "-n", "a b"),
                ),
                ("sh", "-c", '! "$@"', "sh", "python", "-c", "raise SystemExit(1)"),
                ("pytest", "--basetemp=/tmp/tox/py312-dj52/tmp"),
            ),
            requirements=(
                "-r requirements/test.txt",
                "-c constraints.txt",
                "-e ../sdk",
                "Django==5.2.*",
                "numpy<2",
                "pip",
            ),
            extras=("speed",),
            pythons=("3.12",),
            workdir="tests",
        )
        == taken
    )
    assert ("pypy3.11",) == every.jobs[4].pythons
    # Nothing was made or looked for: what tox writes is its output alone.
    assert ["toxfile.py", "tox.ini"] == sorted(
        (path.name for path in tmp_path.iterdir() if path.suffix in (".py", ".ini")),
        key=lambda name: name != "toxfile.py",
    )
    assert not (tmp_path / ".tox").exists()


def test_what_another_file_has_is_named(tmp_path: Path) -> None:
    """Variables of a file that the step does not see are unread, and only they."""
    every = environments(tmp_path, {"tox.ini": INI, "pyproject.toml": PROJECT})
    unread = {each.name: each.unread for each in every.jobs if each.unread}

    assert ["secret"] == list(unread)
    assert [("variables", "tox.ini:32 [testenv:secret]")] == [
        (each.subject, str(each.place)) for each in unread["secret"]
    ]
    assert unread["secret"][0].text.startswith("set_env = ")


def test_pythons_that_are_not_listed_get_an_environment(tmp_path: Path) -> None:
    """It has the other factors of the first one that names a Python; `py` is there as well."""
    pythons = ("3.10", "3.12", "3.14t", "pypy3.11")
    every = environments(tmp_path, {"tox.ini": INI}, pythons=pythons)
    names = ["py", "py310-dj42", "py314t-dj42"]

    assert names == [each.name for each in every.implied]
    assert [(), ("3.10",), ("3.14t",)] == [each.pythons for each in every.implied]
    assert "Django==4.2.*" in every.implied[1].requirements
    assert {"tox.ini:6 [testenv]"} == {str(each.place) for each in every.implied}


def test_a_toml_file_is_read_as_tox_evaluates_it(tmp_path: Path) -> None:
    """The runner of tox-uv has no `deps`, its flags count, and uv's default groups are there."""
    every = environments(tmp_path, {"pyproject.toml": TOML})
    tests, typing = every.jobs[2], every.jobs[4]

    assert ["3.11-a", "3.11-b", "3.12-a", "3.12-b", "typing"] == [each.name for each in every.jobs]
    assert (
        Job(
            runner="tox",
            name="3.12-a",
            place=Place("pyproject.toml", 4, "[tool.tox.env_run_base]"),
            commands=(("pytest", "tests"),),
            groups=("last", "dev"),
            extras=("speed-up", "more"),
            pythons=("3.12",),
        )
        == tests
    )
    assert ("typing", "last") == typing.groups
    assert (("mypy", "src dir"),) == typing.commands
    assert ("3.13", "3.12") == typing.pythons
    assert not typing.installs
    assert "pyproject.toml:10 [tool.tox.env.typing]" == str(typing.place)


def test_code_of_the_project_is_not_run(tmp_path: Path) -> None:
    """The plugin here stands where the project's own would be, and only texts come along."""
    ended = ran(tmp_path, {"tox.ini": INI, "toxfile.py": "raise SystemExit('ran')\n"})

    assert 0 == ended.returncode
    assert "ran" not in ended.stderr


def test_a_file_that_tox_refuses_is_an_error(tmp_path: Path) -> None:
    """Its reason is in the message, and the setting that goes around it in the hint."""
    ended = ran(tmp_path, {"tox.ini": "[testenv]\na = 1\n[testenv]\nb = 1\n"})
    error = failure(FILE, ended.stderr)

    assert 0 != ended.returncode
    assert "tox cannot read tox.ini: ToxIni failed loading" in error.message
    assert "section 'testenv' already exists" in error.message
    assert "correct it, or set `test` in [tool.wheelwright]" == error.hint
    assert "tox cannot read tox.ini: no reason given" == failure(FILE, "").message
    assert "tox cannot read tox.ini: broken" == failure(FILE, "a\nbroken\n").message


def test_the_command_runs_beside_its_file() -> None:
    """A file in a directory is named as it is called there; the Pythons are arguments."""
    args = command(Place("sub/tox.ini"), ["3.12", "pypy3.11"])

    assert ("-c", "tox.ini") == args[args.index("-c", 2) :][:2]
    assert "WHEELWRIGHT_PYTHONS=3.12,pypy3.11" in args


def test_requirements_are_relative_to_the_root() -> None:
    """Paths of a file in a directory, of commands in another one, and of the package itself."""
    values = {
        "deps": [
            *("# a comment", "", "pytest # last", "-r a.txt", "-c https://example.org/c.txt"),
            *(
                "-e .[test, docs]",
                "-e other[x]",
                "../up",
                "/src/far",
                "/elsewhere",
                "-e git+https://h/x",
            ),
            "name @ file:///src/x",
        ],
        "constraints": ["-c b.txt"],
        "install_command": "python -m pip install -c /src/c.txt '{packages}'",
        "change_dir": "/src/sub/tests",
        "commands_pre": ["pip install -r d.txt ..", "uv pip install --editable=/src/far"],
        "skip_install": True,
    }
    texts = {"sub/tox.ini": TEXTS["tox.ini"], "sub/setup.py": ""}
    taken = job(values, texts, Place("sub/tox.ini"))

    assert [
        *("pytest", "-r sub/a.txt", "-c https://example.org/c.txt", "-e sub/other[x]", "./up"),
        *("./far", "/elsewhere", "-e git+https://h/x", "name @ file:///src/x", "-c sub/b.txt"),
        *("-c c.txt", "-r sub/tests/d.txt", "-e far"),
    ] == list(taken.requirements)
    assert ("test", "docs") == taken.extras
    assert taken.installs
    assert "sub/tests" == taken.workdir


def test_what_another_installer_brings_is_unread() -> None:
    """The command is not run, and its line and subject are kept."""
    taken = job({"commands": ["poetry install --with test", "pip install --target x y", "pytest"]})
    place = Place("tox.ini", 2, "[testenv:py312]")

    assert (("pytest",),) == taken.commands
    assert (
        Unread(place, "poetry install --with test", "requirements"),
        Unread(place, "pip install --target x y", "requirements"),
    ) == taken.unread


def test_what_tox_could_not_evaluate_is_unread() -> None:
    """Each key with its subject; a variable whose name is `error` is one."""
    broken = {"error": "Fail('no such key')"}
    keys = ("deps", "set_env", "commands", "change_dir", "base_python")
    taken = job(dict.fromkeys(keys, broken))

    assert ["requirements", "variables", "command", "command", "pythons"] == [
        each.subject for each in taken.unread
    ]
    assert {} == taken.variables
    assert "" == taken.workdir
    assert "deps = Fail('no such key')" == taken.unread[0].text
    assert {"error": "0"} == job({"set_env": {"error": "0"}}).variables


@pytest.mark.parametrize(
    ("values", "texts", "expected"),
    [
        ({}, TEXTS, True),
        ({"package": "wheel"}, {"tox.ini": "", "setup.cfg": ""}, True),
        ({"package": "skip"}, TEXTS, False),
        ({"skip_install": True}, TEXTS, False),
        ({"only_groups": ["lint"]}, TEXTS, False),
        ({}, {"tox.ini": ""}, False),
    ],
)
def test_whether_the_package_is_installed(
    values: dict[str, Any], texts: dict[str, str], expected: bool
) -> None:
    """It is, unless tox skips it or there is none."""
    assert expected == job(values, texts).installs


@pytest.mark.parametrize(
    ("settings_of_uv", "expected"),
    [
        ("", ("dev",)),
        ('[tool.uv]\ndefault-groups = ["test", "absent"]\n', ("test",)),
        ('[tool.uv]\ndefault-groups = "all"\n', ("test", "dev")),
        ("[tool]\nuv = 1\n", ("dev",)),
    ],
)
def test_groups_that_uv_installs_by_default(settings_of_uv: str, expected: tuple[str, ...]) -> None:
    """They are those of an environment that is made from uv.lock and names none."""
    groups = "[dependency-groups]\ntest = []\ndev = []\n"
    texts = {**TEXTS, "pyproject.toml": PROJECT + settings_of_uv + groups}
    locked: dict[str, Any] = {"runner": "uv-venv-lock-runner", "no_default_groups": False}

    assert expected == job(locked, texts).groups
    assert ("lint",) == job({**locked, "only_groups": ["lint"]}, texts).groups
    assert () == job({**locked, "no_default_groups": True}, texts).groups
    assert () == job({"no_default_groups": False}, texts).groups


def test_environments_of_other_systems_are_left_out() -> None:
    """`platform` is a pattern for the start of the system's name."""
    platforms = {"a": "win32", "b": "lin", "c": "darwin|linux", "d": "", "e": "x|darwin"}
    every = printed({name: {"platform": value} for name, value in platforms.items()})

    assert ["b", "c", "d"] == [each.name for each in every.implied]
    with pytest.raises(ProjectError, match=r"tox\.ini, platform: the pattern .* is invalid"):
        printed({"py312": {"platform": "("}})


@pytest.mark.parametrize(
    ("python", "library"),
    [("3.12", "python3.12"), ("3.14t", "python3.14t"), ("pypy3.11", "pypy3.11")],
)
def test_places_in_the_environment(python: str, library: str) -> None:
    """What stood for the virtual environment when tox printed is replaced by its own places."""
    commands = [
        "/opt/wheelwright/tox-environment/bin/pytest --python /tmp/tox/py312/bin/python",
        "ls /opt/wheelwright/tox-environment/site-packages /opt/wheelwright/tox-environment/bin",
    ]
    output = json.dumps({"env": {"py312": {"commands": commands}}, "tox": {"env_list": []}})
    layout = Layout("/src", "/opt/venv", python)
    (taken,) = read(output, Snapshot(TEXTS), FILE, layout).jobs

    assert (
        (
            ("mkdir", "-p", "/tmp/tox"),  # noqa: S108 - nothing writes there
            ("pytest", "--python", "/opt/venv/bin/python"),
            ("ls", f"/opt/venv/lib/{library}/site-packages", "/opt/venv/bin"),
        )[1:]
        == taken.commands
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("py312", "3.12"),
        ("py3.12", "3.12"),
        ("3.12", "3.12"),
        ("3.12.1", "3.12"),
        ("python3.9", "3.9"),
        ("cpython3.13", "3.13"),
        ("pypy310", "pypy3.10"),
        ("py314t", "3.14t"),
        ("3.13td", "3.13t"),
        ("py27", "2.7"),
        ("py", ""),
        ("py3", ""),
        ("dj42", ""),
        ("/usr/bin/python3.12", ""),
    ],
)
def test_names_of_pythons(name: str, expected: str) -> None:
    """The version in a factor and in `base_python`, with its kind."""
    assert expected == version_named(name)


@pytest.mark.parametrize(
    "output", ["", "[]", "{}", '{"env": 1, "tox": {"env_list": []}}', "[" * 999]
)
def test_another_output_is_refused(output: str) -> None:
    """What tox does not print is an error that names the file."""
    with pytest.raises(ProjectError, match=r"tox cannot read tox\.ini: its output is not under"):
        read(output, Snapshot(TEXTS), FILE, LAYOUT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("base_python", "change_dir", "commands", "commands_pre", "constraints", "deps"),
        *("dependency_groups", "extras", "install_command", "no_default_groups", "only_groups"),
        *("package", "runner", "set_env", "skip_install", "uv_resolution", "uv_sync_flags"),
    ]
)
LINES = st.sampled_from(["- x", "! ", "pip install -e", "uv-venv-lock-runner", "-e .[", "'", "-r"])


@given(st.dictionaries(KEYS, JSON | LINES | st.lists(LINES | st.text()), max_size=6))
@settings(max_examples=250)
def test_any_values_are_read(values: dict[str, Any]) -> None:
    """Whatever is printed for an environment makes a job of strings."""
    taken = job(values)

    assert "py312" == taken.name
    assert all(isinstance(word, str) for each in taken.commands for word in each)
    assert all(line == line.strip() != "" for line in taken.requirements)
