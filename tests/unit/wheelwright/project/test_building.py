"""What is built from source, and the name of the volume for that."""

from __future__ import annotations

import tomllib

import pytest

from wheelwright.project import building
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

LOCK = """\
version = 1

[[package]]
name = "Docopt"
version = "0.6.2"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://example.org/docopt-0.6.2.tar.gz", hash = "sha256:aa" }

[[package]]
name = "idna"
version = "3.20"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://example.org/idna-3.20-py3-none-any.whl", hash = "sha256:bb" }]

[[package]]
name = "of-a-commit"
version = "1"
source = { git = "https://example.org/x.git#0123" }

[[package]]
name = "demo"
version = "0.1"
source = { editable = "." }
"""
PYPROJECT = '[project]\nname = "demo"\nversion = "0.1"\ndependencies = ["docopt", "idna"]\n'


def project(files: dict[str, str]) -> Project:
    """Return a package of these files."""
    return describe(Snapshot(files, frozenset(files)))


def test_sdists_are_what_has_no_wheel_and_is_not_local() -> None:
    """An sdist alone and a commit of git are built; the package itself is another matter."""
    demo = project({"pyproject.toml": PYPROJECT, "uv.lock": LOCK})

    assert ("docopt", "of-a-commit") == building.sdists(demo)


def test_without_a_lock_nothing_is_known() -> None:
    """What will be built is known from uv.lock alone."""
    assert () == building.sdists(project({"pyproject.toml": PYPROJECT}))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            "error: Distribution `docopt==0.6.2 @ registry+https://pypi.org/simple` can't be "
            "installed because it is marked as `--no-build` but has no binary distribution",
            "docopt",
        ),
        ("error: Failed to fetch: `https://example.org/idna/`", ""),
    ],
)
def test_uv_says_what_it_may_not_build(said: str, name: str) -> None:
    """The package's name is read from uv's sentence; another error has none."""
    assert name == building.unbuilt(said)


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({"uv.lock": LOCK.replace("3.20", "3.21")}, True),
        ({"uv.lock": LOCK.replace("sha256:aa", "sha256:cc")}, False),
        ({"tox.ini": "[testenv]\ndeps = evil\n"}, False),
        ({"pyproject.toml": PYPROJECT + "[tool.ruff]\nline-length = 99\n"}, True),
        ({"pyproject.toml": PYPROJECT + '[tool.uv]\nindex-url = "http://x/"\n'}, False),
        (
            {
                "pyproject.toml": PYPROJECT
                + '[tool.uv.extra-build-dependencies]\ndocopt = ["evil"]\n'
            },
            False,
        ),
    ],
)
def test_the_volume_is_named_by_whose_code_runs(files: dict[str, str], same: bool) -> None:
    """Whatever changes what is built, or with what, leads to another volume; else it is kept."""
    before = {"pyproject.toml": PYPROJECT, "uv.lock": LOCK}
    one, two = building.volume(project(before)), building.volume(project({**before, **files}))

    assert same == (one == two)


@pytest.mark.parametrize(
    ("changed", "same"),
    [(PYPROJECT.replace('"idna"', '"evil"'), False), (PYPROJECT.replace("0.1", "0.2"), True)],
)
def test_without_a_lock_the_requirements_name_the_volume(changed: str, same: bool) -> None:
    """Another requirement is another volume; another version of the package is not."""
    one = building.volume(project({"pyproject.toml": PYPROJECT}))

    assert same == (one == building.volume(project({"pyproject.toml": changed})))


NO_CODE = ("--no-build", "--no-compile-bytecode")


@pytest.mark.parametrize(
    ("args", "made"),
    [
        (("uv", "pip", "install", "x"), ("uv", "pip", "install", *NO_CODE, "x")),
        (("uv", "tool", "install", "x"), ("uv", "tool", "install", *NO_CODE, "x")),
        (("uv", "sync", "--frozen"), ("uv", "sync", *NO_CODE, "--frozen")),
        (("uv", "pip", "compile", "x"), ("uv", "pip", "compile", "--no-build", "x")),
        (("uv", "lock", "--check"), ("uv", "lock", "--no-build", "--check")),
        (("uv", "venv", "/opt/venv"), ("uv", "venv", "/opt/venv")),
        (("python", "x.py"), ("python", "x.py")),
    ],
)
def test_a_command_that_builds_nothing(args: tuple[str, ...], made: tuple[str, ...]) -> None:
    """Each command of uv that could build or compile is told not to."""
    assert made == building.without_builds(args)


def test_repositories_that_a_credential_may_be_sent_to() -> None:
    """uv.lock names commits: over https, or of this machine; else they are cloned without one."""
    places = ("https://a.example/r", "http://a.example/r", "http://127.0.0.1:80/r", "ssh://a/r")
    lock = "version = 1\n" + "".join(
        f'[[package]]\nname = "p{number}"\nversion = "1"\nsource = {{ git = "{place}#{number}" }}\n'
        for number, place in enumerate(places)
    )
    files = {"pyproject.toml": PYPROJECT, "uv.lock": lock}

    assert ("https://a.example/r", "http://127.0.0.1:80/r") == building.repositories(project(files))


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"setup.py": "setup()\n"}, ["setuptools>=40.8.0", "wheel"]),
        (
            {"setup.py": "setup(setup_requires=['setuptools_scm'])\n"},
            ["setuptools>=40.8.0", "setuptools_scm", "wheel"],
        ),
        (
            {"setup.py": "", "setup.cfg": "[options]\nsetup_requires =\n    pbr>=2\n"},
            ["setuptools>=40.8.0", "pbr>=2", "wheel"],
        ),
        ({"setup.py": "setup(\n", "setup.cfg": "[options\n"}, ["setuptools>=40.8.0", "wheel"]),
        (
            {
                "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n'
                'build-backend = "hatchling.build"\n',
                "setup.py": "setup(setup_requires=['x'])\n",
            },
            ["hatchling", "editables~=0.3"],
        ),
    ],
)
def test_what_a_build_needs_without_project(files: dict[str, str], lines: list[str]) -> None:
    """setuptools, and what setup.py and setup.cfg require while they are built."""
    written = tomllib.loads(building.build_files(project(files))["pyproject.toml"])
    assert lines == written["project"]["dependencies"]


def test_a_module_read_for_the_version_is_no_part_of_the_volume() -> None:
    """A new version builds no dependency again; another setup.py may."""
    files = {"setup.py": "", "old.py": "__version__ = '1'\n"}
    one = building.volume(project(files))
    assert one == building.volume(project({**files, "old.py": "__version__ = '2'\n"}))
    assert one != building.volume(project({**files, "setup.py": "setup()\n"}))
