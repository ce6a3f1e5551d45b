"""Each way in which a back end has its version: where it is read, and what a release edits."""

from collections.abc import Mapping

import pytest

from tests.unit.wheelwright.release.imaginary import a_plan
from tests.unit.wheelwright.release.packages import HATCH, PDM, POETRY, SETUPTOOLS, project
from wheelwright.errors import ProjectError
from wheelwright.project.model import Project
from wheelwright.release.decide import editing, edits
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.version_sources import candidates, version_file

DYNAMIC = '[project]\nname = "demo"\ndynamic = ["version"]\n'
SETUP = 'from setuptools import setup\n\nsetup(name="demo", version=about["__version__"])\n'


def backed(backend: str, requires: str, table: str = "") -> str:
    """Return the pyproject.toml of a package whose back end has the version."""
    system = f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n'
    return f"{DYNAMIC}{system}{table}"


HATCHLING = backed("hatchling.build", "hatchling")
MATURIN = backed("maturin", "maturin")
MESON = backed("mesonpy", "meson-python")
SCIKIT = backed(
    "scikit_build_core.build",
    "scikit-build-core",
    '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.regex"\n'
    'input = "src/demo/__init__.py"\n',
)
LEGACY = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
CARGO = '[package]\nname = "demo"\n# here\nversion = "1.2.3"\n\n[dependencies]\nx = "1.2.3"\n'
LOCK = (
    'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.2.3"\ndependencies = [\n "x",\n]\n\n'
    '[[package]]\nname = "x"\nversion = "1.2.3"\nsource = "registry+https://example.org"\n'
)


@pytest.mark.parametrize(
    ("toml", "files", "path", "old", "new"),
    [
        (SETUPTOOLS, "VERSION = (1, 2, 3)\n", "src/demo/__init__.py", "(1, 2, 3)", "(1, 2, 4)"),
        (SETUPTOOLS, "__version__ = [1,2,3,]\n", "demo.py", "[1,2,3,]", "[1,2,4,]"),
        (
            SETUPTOOLS,
            "VERSION: tuple[int, ...] = (1, 2, 3)\n__version__ = '.'.join(map(str, VERSION))\n",
            "src/demo/__init__.py",
            "(1, 2, 3)",
            "(1, 2, 4)",
        ),
        (
            SETUPTOOLS,
            '__version_info__ = (1,  2,  3)\n__version__: str = ".".join(str(n) for n in '
            "__version_info__)\n",
            "src/demo/__init__.py",
            "(1,  2,  3)",
            "(1,  2,  4)",
        ),
        (SETUPTOOLS, "__version__ = version = '1.2.3'\n", "demo.py", "1.2.3", "1.2.4"),
        (SETUPTOOLS, "VERSION = __version__ = u'1.2.3'\n", "demo.py", "1.2.3", "1.2.4"),
        (SETUPTOOLS, "__version__ = (\n    '1.2.3'\n)\n", "demo.py", "1.2.3", "1.2.4"),
        (
            f'{HATCHLING}[tool.hatch.version]\nsource = "code"\npath = "demo/about.py"\n',
            "__version__ = '1.2.3'\n",
            "demo/about.py",
            "1.2.3",
            "1.2.4",
        ),
        (
            f'{HATCHLING}[tool.hatch.version]\nsource = "code"\npath = "a.py"\nexpression = "V"\n',
            "__version__ = '9'\nV = '1.2.3'\n",
            "a.py",
            "'1.2.3'",
            "'1.2.4'",
        ),
        (
            f'{HATCHLING}[tool.hatch.version]\nsource = "nodejs"\n',
            '{\n  "name": "demo",\n  "version": "1.2.3"\n}\n',
            "package.json",
            "1.2.3",
            "1.2.4",
        ),
        (
            PDM.replace('"file"', '"file"\n# as a package has it'),
            "__version__: Final[str] = '1.2.3'\n",
            "demo/__init__.py",
            "1.2.3",
            "1.2.4",
        ),
        (MATURIN, CARGO, "Cargo.toml", '\nversion = "1.2.3"', '\nversion = "1.2.4"'),
        (
            f'{MATURIN}[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n',
            CARGO,
            "rust/Cargo.toml",
            '\nversion = "1.2.3"',
            '\nversion = "1.2.4"',
        ),
        (
            f'{MATURIN}[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n',
            '[workspace]\nmembers = ["rust"]\n[workspace.package]\nversion = "1.2.3"\n',
            "Cargo.toml",
            "1.2.3",
            "1.2.4",
        ),
        (SCIKIT, '__version__ = "1.2.3"\n', "src/demo/__init__.py", "1.2.3", "1.2.4"),
        (
            SCIKIT + "regex = '''version is (?P<value>[0-9.]+)'''\n",
            "# version is 1.2.3\n",
            "src/demo/__init__.py",
            "1.2.3",
            "1.2.4",
        ),
        (
            MESON,
            "project(\n  'demo',\n  'c',\n  version: '1.2.3',\n  meson_version: '>=1.2.3',\n)\n",
            "meson.build",
            "version: '1.2.3'",
            "version: '1.2.4'",
        ),
    ],
    ids=[
        *("a tuple", "a list", "a joined tuple", "joined in a loop"),
        *("two names", "two names, the other first", "in brackets", "hatch code"),
        *("hatch code, another name", "hatch nodejs", "pdm file", "maturin"),
        *("maturin in a directory", "a crate's workspace", "scikit-build-core"),
        *("scikit-build-core's pattern", "meson-python"),
    ],
)
def test_version_is_edited_where_each_back_end_has_it(
    toml: str, files: str, path: str, old: str, new: str
) -> None:
    """The place is read, it is among the files to be read, and nothing else of it changes."""
    if "VERSION = (1, 2, 3)\n" == files:
        toml = toml.replace("demo.__version__", "demo.VERSION")
    package = project(toml, {path: files})
    found = version_file(package)
    assert path in candidates(package)
    assert "1.2.3" == edits.current_version(package)
    assert not isinstance(found, Problem)
    assert path == found[0]
    expected = files.replace(old, new, 1)
    assert expected != files
    assert {path: expected} == editing.version_texts(package, a_plan())


def test_crate_s_lock_is_edited_with_it() -> None:
    """Cargo.lock has the new version of the own crates, and of no dependency."""
    package = project(MATURIN, {"Cargo.toml": CARGO, "Cargo.lock": LOCK})
    changed = editing.version_texts(package, a_plan(version="1.3.0rc1"))
    assert ["Cargo.toml", "Cargo.lock"] == list(changed)
    assert {"Cargo.toml", "Cargo.lock"} <= set(candidates(package))
    # As Cargo spells it.
    assert '\nversion = "1.3.0-rc.1"\n' in changed["Cargo.toml"]
    expected = LOCK.replace('"1.2.3"\ndepend', '"1.3.0-rc.1"\ndepend')
    assert expected == changed["Cargo.lock"]


def test_tuple_takes_no_pre_release() -> None:
    """Numbers cannot have it: the stop names the version and the tuple."""
    toml = SETUPTOOLS.replace("demo.__version__", "demo.VERSION")
    package = project(toml, {"demo.py": "VERSION = (1, 2, 3)\n"})
    with pytest.raises(ProjectError, match=r"1\.3\.0rc1 cannot be written into the tuple"):
        editing.version_texts(package, a_plan(version="1.3.0rc1"))
    longer = editing.version_texts(package, a_plan(version="1.3.0.1"))
    assert {"demo.py": "VERSION = (1, 3, 0, 1)\n"} == longer
    shorter = editing.version_texts(package, a_plan(version="2.0"))
    assert {"demo.py": "VERSION = (2, 0)\n"} == shorter


@pytest.mark.parametrize(
    ("toml", "files", "path"),
    [
        (LEGACY, {"setup.py": SETUP, "src/demo/__version__.py": "VERSION = '1.2.3'\n"}, None),
        (LEGACY, {"setup.py": SETUP, "demo.py": "__version__ = '1.2.3'\n"}, "demo.py"),
        (
            SETUPTOOLS,
            {
                "demo/__init__.py": "from demo._version import __version__\n",
                "demo/_version.py": "__version__ = '1.2.3'\n",
            },
            "demo/_version.py",
        ),
        (
            backed("sphinx_theme_builder", "sphinx-theme-builder"),
            {"src/demo/__init__.py": "__version__ = '1.2.3'\n"},
            "src/demo/__init__.py",
        ),
    ],
    ids=["a name of a module", "one module", "imported", "another back end"],
)
def test_computed_version_is_edited_in_the_package_s_own_module(
    toml: str, files: Mapping[str, str], path: str | None
) -> None:
    """What a computation reads is most likely there; another result stops in the verification."""
    package = project(toml, files)
    wanted = path or "src/demo/__version__.py"
    found = version_file(package)
    assert not isinstance(found, Problem)
    assert wanted == found[0]
    assert wanted in candidates(package)
    assert {wanted: files[wanted].replace("1.2.3", "1.2.4")} == editing.version_texts(
        package, a_plan()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RELEASE = 0\nversion = '1.2.3'\n", "version = '1.2.4'"),
        ("VERSION = (1, 2, 3)\n", "VERSION = (1, 2, 4)"),
        ("1.2.3\n", "1.2.4"),
        ('{\n "version": "1.2.3"\n}\n', '"version": "1.2.4"'),
    ],
)
def test_computed_version_is_edited_where_the_setting_has_it(text: str, expected: str) -> None:
    """`version-files` names the file that a computation reads."""
    table = '[tool.wheelwright.release]\nversion-files = ["data/about.txt"]\n'
    package = project(LEGACY + table, {"setup.py": SETUP, "data/about.txt": text})
    assert "1.2.3" == edits.current_version(package)
    assert "data/about.txt" in candidates(package)
    assert expected in editing.version_texts(package, a_plan())["data/about.txt"]


@pytest.mark.parametrize(
    ("toml", "files", "says"),
    [
        (
            PDM.replace('"file"', '"call"').replace("path", "getter"),
            {},
            "[tool.pdm.version] source = 'call' computes the version",
        ),
        (
            f'{HATCHLING}[tool.hatch.version]\nsource = "env"\nvariable = "V"\n',
            {},
            "[tool.hatch.version] source = 'env' computes the version",
        ),
        (
            f'{HATCHLING}[tool.hatch.version]\nsource = "code"\npath = "a.py"\n'
            'expression = "f()"\n',
            {"a.py": "__version__ = '1.2.3'\n"},
            "[tool.hatch.version] source = 'code' computes the version",
        ),
        (LEGACY, {"setup.py": SETUP}, "setup.py computes the version"),
        (
            LEGACY,
            {"setup.py": SETUP, "demo/_version.py": "__version__ = '0.0.0'\n"},
            "setup.py computes the version",
        ),
        (MATURIN, {"Cargo.toml": "[package]\nname = 'x'\n"}, "no [package] version in Cargo.toml"),
        (MESON, {"meson.build": "project('x', version: run_command('v'))\n"}, "in meson.build"),
        (SETUPTOOLS, {"demo.py": "__version__ = find()\n"}, "no __version__ in"),
        (
            SETUPTOOLS,
            {"demo.py": "V = 1, 2, 3\n__version__ = '.'.join(map(str, V))\n"},
            "no __version__ in",
        ),
        (SETUPTOOLS, {"demo.py": "__version__ = '%s.%s' % (1, 2)\n"}, "no __version__ in"),
        (HATCH.partition("[tool.hatch")[0], {}, "does not set where hatchling.build reads"),
    ],
    ids=[
        *("pdm call", "hatch env", "hatch expression", "setup.py", "a place-holder"),
        *("no version of a crate", "meson's command", "an attribute"),
        *("numbers without brackets", "a format", "nothing"),
    ],
)
def test_version_that_no_file_has_is_one_line_with_the_setting(
    toml: str, files: Mapping[str, str], says: str
) -> None:
    """What computes the version is named, and the setting that names a file."""
    problem = edits.current_version(project(toml, files))
    assert isinstance(problem, Problem)
    assert Reason.NOT_BUILDABLE is problem.reason
    assert says in problem.text()
    assert "version-files in [tool.wheelwright.release]" in problem.text()
    assert 1 == len(problem.text().splitlines())


DYNAMIC_POETRY = (
    f"{POETRY}[build-system]\n"
    'requires = ["poetry-core", "poetry-dynamic-versioning"]\n'
    'build-backend = "poetry_dynamic_versioning.backend"\n'
    "[tool.poetry-dynamic-versioning]\nenable = {}\n"
)


def test_poetry_s_version_from_tags_is_not_edited() -> None:
    """Its number in pyproject.toml is only a place-holder where the plugin is enabled."""

    def of(enabled: str) -> Project:
        return project(DYNAMIC_POETRY.format(enabled))

    assert ("", "") == version_file(of("true"))
    assert "" == edits.current_version(of("true"))
    assert ("pyproject.toml", "") == version_file(of("false"))
    assert "1.2.3" == edits.current_version(of("false"))


def test_hatch_toml_has_the_place_of_the_version() -> None:
    """Hatch reads its own file before the table of pyproject.toml."""
    files = {"hatch.toml": "[version]\npath = 'demo/v.py'\n", "demo/v.py": "VERSION = 'v1.2.3'\n"}
    package = project(HATCHLING, files)
    assert "1.2.3" == edits.current_version(package)
    assert {"demo/v.py": "VERSION = 'v1.2.4'\n"} == editing.version_texts(package, a_plan())
