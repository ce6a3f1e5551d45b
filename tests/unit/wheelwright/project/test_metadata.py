"""Which place sets which field of a package's metadata."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from tests.unit.wheelwright.project.test_built_metadata import METADATA
from tests.unit.wheelwright.project.test_poetry import REED, VERSE
from tests.unit.wheelwright.project.test_setup_cfg import MIDDLE
from tests.unit.wheelwright.project.test_setup_py import ONLY
from wheelwright.errors import ProjectError
from wheelwright.project import metadata, pyproject
from wheelwright.project.declared import FIELDS
from wheelwright.project.files import Snapshot
from wheelwright.project.metadata import Metadata, decide, wanted

SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
POETRY = '[build-system]\nrequires = []\nbuild-backend = "poetry.core.masonry.api"\n'


def of(built: str = "", **texts: str) -> Metadata:
    """Return the metadata of files by their names, `_` for the dot."""
    files = {
        f"{name.removesuffix(f'_{end}')}.{end}": text
        for name, text in texts.items()
        for end in [name.rpartition("_")[2]]
    }
    text = files.get("pyproject.toml")
    project = None if text is None else pyproject.parse("pyproject.toml", text)
    return decide(Snapshot(files, frozenset(files)), "", project, built)


def test_project_comes_first() -> None:
    """What [project] has is known, and what it leaves out is not there."""
    found = of(
        pyproject_toml='[project]\nname = "Quay_Old"\nversion = "1"\nrequires-python = ">=3.9"\n'
        'dependencies = ["a"]\n[project.optional-dependencies]\nx_y = ["b"]\n'
        '[tool.poetry]\nname = "other"\n',
        setup_cfg="[metadata]\nname = third\n[options]\ninstall_requires = c\n",
    )

    assert ("quay-old", "1", ">=3.9") == (found.name, found.version, found.requires_python)
    assert (("a",), {"x-y": ("b",)}) == (found.dependencies, found.extras)
    assert ({}, ()) == (found.unknown, found.classifiers)
    assert ["pyproject.toml:2 [project]", "pyproject.toml:6 [project]"] == [
        str(found.places[name]) for name in ("name", "extras")
    ]
    assert SpecifierSet(">=3.9") == found.pythons()


def test_a_poetry_table() -> None:
    """Name, version, Pythons and requirements without [project]."""
    found = of(pyproject_toml=POETRY + VERSE)

    assert ("quay-verse", "0.3.0", ">=3.10,<4.0") == (
        found.name, found.version, found.requires_python
    )  # fmt: skip
    assert ("iniconfig>=2.0,<3.0", 'tomli>=2.0,<3.0 ; python_version < "3.11"') == (
        found.dependencies
    )
    assert {} == found.unknown
    assert "pyproject.toml:10 [tool.poetry.dependencies]" == str(found.places["requires_python"])


def test_poetry_groups_of_another_back_end_are_no_metadata() -> None:
    """A table with groups alone, beside [project], changes nothing."""
    found = of(pyproject_toml=REED + '[tool.poetry.dependencies]\npython = "^3"\nb = "1"\n')

    assert ("reed-poetry", "", ()) == (found.name, found.requires_python, found.dependencies)


def test_the_back_end_of_poetry_fills_in() -> None:
    """What `dynamic` names comes from the table, and Pythons that [project] leaves out."""
    found = of(
        pyproject_toml=f'{POETRY}[project]\nname = "a"\ndynamic = ["version", "dependencies"]\n'
        '[tool.poetry]\nversion = "3"\n[tool.poetry.dependencies]\npython = "^3.9"\nb = "1"\n'
    )

    assert ("a", "3", ">=3.9,<4.0", ("b==1",)) == (
        found.name, found.version, found.requires_python, found.dependencies
    )  # fmt: skip


def test_setup_cfg() -> None:
    """A package with [build-system] alone has the metadata of its setup.cfg."""
    found = of(pyproject_toml=SETUPTOOLS, setup_cfg=MIDDLE, quay_middle_py="__version__ = '1.4.0'")

    assert ("quay-middle", "1.4.0", ">=3.10") == (
        found.name, found.version, found.requires_python
    )  # fmt: skip
    assert {"test-s", "docs"} == set(found.extras)
    assert {} == found.unknown


def test_setup_py_alone() -> None:
    """A package without pyproject.toml has the metadata of the literal call."""
    found = of(setup_py=ONLY)

    assert ("quay-old", "2.0", ">=3.10", {"tests": ("pytest",)}) == (
        found.name, found.version, found.requires_python, found.extras
    )  # fmt: skip
    assert ({}, ()) == (found.unknown, found.dependencies)


def test_setup_py_counts_before_setup_cfg() -> None:
    """What the call has got is not set again by setup.cfg, computed or not."""
    found = of(
        setup_py="from setuptools import setup\nsetup(version=get(), name='a')\n",
        setup_cfg="[metadata]\nname = b\nversion = 1\n[options]\npython_requires = >=3.9\n",
    )

    assert ("a", ">=3.9", "setup.py:2 computes it: version=get()") == (
        found.name, found.requires_python, found.unknown["version"]
    )  # fmt: skip
    assert "setup.cfg:5 [options]" == str(found.places["requires_python"])


@pytest.mark.parametrize(
    ("texts", "unknown"),
    [
        ({}, dict.fromkeys(FIELDS, "no file of the package sets it")),
        ({"pyproject_toml": "[tool.ruff]\n"},
         dict.fromkeys(FIELDS, "no file of the package sets it")),
        ({"setup_py": "from distutils.core import setup\nsetup(name='a', version='1', **more)\n"},
         dict.fromkeys(FIELDS[2:], "setup.py:2 has ** in the call of setup")),
        ({"setup_cfg": "[flake8]\nignore = E1\n"},
         dict.fromkeys(("name", "version"), "no file of the package sets it")),
        ({"pyproject_toml": '[project]\nname = "a"\ndynamic = ["version", "classifiers"]\n'
          '[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\n'},
         dict.fromkeys(("version", "classifiers"),
                       "pyproject.toml: [project] leaves it to hatchling.build")),
        ({"pyproject_toml": f"{SETUPTOOLS}[project]\nname = 'a'\ndynamic = ['version']\n"
          "[tool.setuptools.dynamic]\nversion = { attr = 'a.b' }\n"},
         {"version": "pyproject.toml:7 [tool.setuptools]: what it names is not a literal in the "
          "source"}),
        ({"pyproject_toml": f"{POETRY}[tool.poetry]\nname = 'a'\nversion = '0.0.0'\n"
          "[tool.poetry-dynamic-versioning]\nenable = true\n"},
         {"version": "pyproject.toml: poetry-dynamic-versioning sets it"}),
    ],
)  # fmt: skip
def test_what_no_file_sets_is_not_known(texts: dict[str, str], unknown: dict[str, str]) -> None:
    """Each field that may be set in a way that cannot be read has its reason, and no value."""
    found = of(**texts)

    assert unknown == found.unknown
    assert not any(getattr(found, name) or name in found.places for name in unknown)


@pytest.mark.parametrize(
    ("texts", "field", "reason"),
    [
        ({"setup_py": "setup(\n"}, "name", "setup.py:1: not valid Python: "),
        ({"setup_cfg": "name = a\n"}, "name", "setup.cfg cannot be read: "),
        (
            {"pyproject_toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nb = "^^"\n'},
            "dependencies",
            "pyproject.toml:4 [tool.poetry.dependencies]: b = '^^' cannot be read: ",
        ),
        (
            {"pyproject_toml": '[tool.poetry.dependencies]\npython = "three"\n'},
            "requires_python",
            "pyproject.toml:2 [tool.poetry.dependencies]: python = 'three' cannot be read: ",
        ),
    ],
)
def test_a_broken_file_is_a_reason(texts: dict[str, str], field: str, reason: str) -> None:
    """A file that cannot be read leaves its fields open, with the error as the reason."""
    assert of(**texts).unknown[field].startswith(reason)


def test_dynamic_fields_of_setuptools() -> None:
    """`attr` and `file` are followed, and setup.cfg has what is left."""
    found = of(
        pyproject_toml=f"{SETUPTOOLS}[project]\nname = 'a'\n"
        "dynamic = ['version', 'dependencies', 'optional-dependencies', 'requires-python']\n"
        "[tool.setuptools.dynamic]\nversion = { attr = 'quay.V' }\n"
        "dependencies = { file = ['a.txt', 'b.txt'] }\n"
        "optional-dependencies.x = { file = 'x.txt' }\n",
        quay_py="V = '1.2'\n",
        a_txt="a\n# c\n",
        b_txt="b ; os_name == 'x'\n",
        x_txt="x\n",
        setup_cfg="[options]\npython_requires = >=3.9\n",
    )

    assert ("1.2", ("a", "b ; os_name == 'x'"), {"x": ("x",)}, ">=3.9", {}) == (
        found.version, found.dependencies, found.extras, found.requires_python, found.unknown
    )  # fmt: skip


def test_the_back_end_sets_what_is_open() -> None:
    """METADATA fills in, and replaces nothing that a file sets."""
    found = of(METADATA, setup_py="setup(name='other', **rest)\n")

    assert ("other", "2.0", {}) == (found.name, found.version, found.unknown)
    assert ("pytest", 'c[d]; (os_name == "a" or os_name == "b")') == found.extras["tests"]
    assert "METADATA of the build back end" == str(found.places["version"])
    bare = of("Metadata-Version: 2.4\nName: a\n", setup_py="setup(**rest)\n")
    assert ({"version": "setup.py:1 has ** in the call of setup"}, "a") == (
        bare.unknown, bare.name
    )  # fmt: skip


def test_pythons_that_are_none_are_an_error() -> None:
    """A broken specifier is named with its place; one that is not set is any Python."""
    broken = of(setup_cfg="[options]\npython_requires = three\n")
    with pytest.raises(ProjectError, match=r"setup.cfg:2 \[options\]: requires-python 'three' is"):
        broken.pythons()
    assert of(setup_py="setup(name='a')\n").pythons() is None


def test_further_files_are_named() -> None:
    """The modules and lists that decide are listed from the root, and none outside the package."""
    text = (
        f"{SETUPTOOLS}[tool.setuptools.dynamic]\nversion = {{ attr = 'quay.V' }}\n"
        "dependencies = { file = ['a.txt', '../b.txt'] }\n[tool.setuptools.package-dir]\n"
        "'' = 'lib'\n"
    )
    files = Snapshot({"p/setup.cfg": "[metadata]\nversion = attr: /etc/quay.V\n"})

    assert ["p/lib/quay.py", "p/lib/quay/__init__.py", "p/a.txt"] == wanted(
        files, "p", pyproject.parse("p/pyproject.toml", text)
    )
    assert metadata.wanted(Snapshot({}), "", None) == []
