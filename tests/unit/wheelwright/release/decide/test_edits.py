"""The edits of a release change the version and nothing else."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wheelwright.release.packages import (
    FLIT,
    HATCH,
    HATCH_VCS,
    PDM,
    POETRY,
    SETUPTOOLS,
    STATIC,
    locked,
    project,
)
from wheelwright.release.decide import edits
from wheelwright.release.decide.stops import Problem, Reason
from wheelwright.release.decide.version_sources import candidates, version_file


def test_pyproject_keeps_everything_but_the_value() -> None:
    """Comments, quotes, order and other tables' versions stay as they were."""
    expected = STATIC.replace("version = '1.2.3'   #", "version = '1.3.0'   #")
    assert expected == edits.version_edit(STATIC, "", "1.3.0")
    assert POETRY.replace("1.2.3", "2.0") == edits.version_edit(POETRY, "", "2.0")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40))
def test_pyproject_edit_is_the_inverse_of_itself(comment: str) -> None:
    """Writing a version and writing the old one back gives the same bytes."""
    text = f'# {"".join(c for c in comment if c.isprintable())}\n[project]\nversion = "1.2.3"\n'
    there = edits.version_edit(text, "", "1.2.4")
    assert text != there
    assert text == edits.version_edit(there, "", "1.2.3")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        STATIC,
        POETRY,
        "[tool.other]\nversion = '1.2.3'\n[project]\nname = 'demo'\nversion = '1.2.3'\n",
        "project = { name = 'demo', version = '1.2.3' } # 1.2.3\n",
        "project.name = 'demo'\nproject.version = \"1.2.3\"",
        "[project]\nname = 'demo'\n[tool.a]\nversion='''1.2.3'''\n[ 'project' . x ]\ny = 1\n"
        '[tool.poetry]\n"version"="""1.2.3""" # x\n',
    ],
)
def test_one_value_of_toml_changes_and_no_other_byte(text: str, end: str, mark: str) -> None:
    """Line ends, byte order mark, quotes and equal values elsewhere stay (version_bom)."""
    before = mark + text.replace("\n", end)
    after = edits.version_edit(before, "", "1.10.0")
    assert "1.10.0" == edits.static_version(after, "")
    assert len(before) + 1 == len(after)
    assert before == edits.version_edit(after, "", "1.2.3")


@pytest.mark.parametrize(
    ("annotation", "version"),
    [
        (": Final[str]", "1.2.3"),
        (": Final", "1.2.3"),
        (": typing.Final[str]", "1.2.3"),
        (': "Final[str]"', "1.2.3"),
        (": str | None", "1.2.3"),
        (": t.Annotated[str, (1, 2)]", "1.2.3"),
        ("", "1.2.3.dev0"),
    ],
)
def test_attribute_is_found_behind_any_annotation(annotation: str, version: str) -> None:
    """The attribute is read as by setuptools, annotation and all (version_final)."""
    toml = SETUPTOOLS.replace("demo.__version__", "demo.about.VERSION")
    text = f'from typing import Final\n\nVERSION{annotation} = "{version}"\n'
    package = project(toml, {"src/demo/about.py": text})
    assert version == edits.current_version(package)
    found = version_file(package)
    assert not isinstance(found, Problem)
    path, pattern = found
    assert "src/demo/about.py" == path
    assert text.replace(version, "1.2.4") == edits.version_edit(text, pattern, "1.2.4")


BUILD = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
SETUP = "from setuptools import setup\n"
OTHERS = "[bumpversion]\nversion = 9\n\n"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"setup.cfg": "[metadata]\nname = demo\nversion = 1.2.3\n"}, "setup.cfg"),
        (
            {"setup.cfg": f"{OTHERS}[metadata]\n# a\nversion: 1.2.3\n[x]\nversion = 1.2.3\n"},
            "setup.cfg",
        ),
        (
            {
                "setup.cfg": "[metadata]\nname = demo\nversion = attr: demo.__version__\n",
                "src/demo/__init__.py": "__version__ = '1.2.3'\n",
            },
            "src/demo/__init__.py",
        ),
        (
            {
                "setup.cfg": "[metadata]\nname = demo\nversion = file: VERSION\n",
                "VERSION": "1.2.3\n",
            },
            "VERSION",
        ),
        (
            {"setup.py": f"{SETUP}setup(name='demo', version='1.2.3')\n"},
            "setup.py",
        ),
        (
            {"setup.py": f"{SETUP}version = '1.2.3'\nsetup(version=version)\n"},
            "setup.py",
        ),
    ],
)
def test_version_beside_pyproject_is_edited_where_setuptools_reads_it(
    files: Mapping[str, str], path: str
) -> None:
    """A value of setup.cfg, or of what it names, and a literal of setup.py (version_setup_cfg)."""
    package = project(BUILD, files)
    assert "1.2.3" == edits.current_version(package)
    found = version_file(package)
    assert not isinstance(found, Problem)
    assert path == found[0]
    expected = files[path][::-1].replace("3.2.1", "4.2.1", 1)[::-1]
    if "[x]" in expected:
        expected = files[path].replace("1.2.3", "1.2.4", 1)
    assert expected == edits.version_edit(files[path], found[1], "1.2.4")


COMPUTED = f"""{SETUP}import re
text = open('my_demo.py').read()
setup(name='my-demo', version=re.search("__version__ = '(.*)'", text)[1], py_modules=['my_demo'])
"""


@pytest.mark.parametrize("toml", ["", BUILD], ids=["setup.py alone", "with a [build-system]"])
@pytest.mark.parametrize("path", ["my_demo.py", "src/my_demo/__init__.py"])
def test_version_that_setup_py_computes_is_edited_in_the_module(toml: str, path: str) -> None:
    """A setup.py that reads `__version__` gets that of the module of the package's name."""
    files = {"setup.py": COMPUTED, path: "__version__ = '1.2.3.dev0'\n"}
    package = project(toml, files)
    assert "1.2.3.dev0" == edits.current_version(package)
    assert path in candidates(package)
    found = version_file(package)
    assert not isinstance(found, Problem)
    assert path == found[0]
    assert "__version__ = '1.2.3'\n" == edits.version_edit(files[path], found[1], "1.2.3")


@pytest.mark.parametrize(
    ("toml", "files", "says"),
    [
        ("", {"setup.py": COMPUTED}, "setup.py computes the version"),
        (
            "",
            {"setup.py": COMPUTED.replace("__version__", "v"), "my_demo.py": "__version__ = '1'\n"},
            "setup.py computes the version",
        ),
        (
            BUILD.replace("setuptools", "poetry.core"),
            {"setup.py": COMPUTED, "my_demo.py": "__version__ = '1'\n"},
            "",
        ),
    ],
    ids=["no such module", "another name", "another back end"],
)
def test_version_that_setup_py_computes_of_something_else(
    toml: str, files: Mapping[str, str], says: str
) -> None:
    """Where setup.py does not read that of the module, nothing is edited."""
    found = edits.current_version(project(toml, files))
    assert isinstance(found, Problem)
    assert says in found.text()


def test_file_that_setuptools_reads_the_version_from_is_edited() -> None:
    """A file with nothing but the version keeps its last newline."""
    toml = SETUPTOOLS.replace('attr = "demo.__version__"', 'file = ["VERSION.txt"]')
    package = project(toml, {"VERSION.txt": "1.2.3\n"})
    assert "1.2.3" == edits.current_version(package)
    found = version_file(package)
    assert not isinstance(found, Problem)
    assert "VERSION.txt" == found[0]
    assert "1.2.4\n" == edits.version_edit("1.2.3\n", found[1], "1.2.4")


def test_setup_py_with_two_versions_is_refused() -> None:
    """A name that is not the argument of setup is not taken for it."""
    text = f"{SETUP}version = '0.9'\nsetup(name='demo', **{{'version': '1.2.3'}})\n"
    found = edits.current_version(project(BUILD, {"setup.py": text}))
    assert isinstance(found, Problem)


@pytest.mark.parametrize(
    ("toml", "files", "path"),
    [
        (STATIC, {}, "pyproject.toml"),
        (POETRY, {}, "pyproject.toml"),
        (HATCH, {"src/demo/__about__.py": "__version__ = '1.2.3'\n"}, "src/demo/__about__.py"),
        (
            HATCH.replace('"src/demo', '"demo') + "pattern = 'v = \"(?P<version>.+)\"'\n",
            {"demo/__about__.py": 'v = "1.2.3"\n'},
            "demo/__about__.py",
        ),
        (SETUPTOOLS, {"src/demo/__init__.py": '__version__ = "1.2.3"\n'}, "src/demo/__init__.py"),
        (SETUPTOOLS, {"demo.py": '__version__: str = "1.2.3"\n'}, "demo.py"),
        (
            FLIT,
            {"my_demo/__init__.py": "'''Doc.'''\n__version__ = '1.2.3'\n"},
            "my_demo/__init__.py",
        ),
        (PDM, {"demo/__init__.py": "__version__ = '1.2.3'\n"}, "demo/__init__.py"),
    ],
)
def test_version_is_found_and_replaced_where_each_back_end_has_it(
    toml: str, files: Mapping[str, str], path: str
) -> None:
    """The file, its version and the edit agree, and the file is among those to be read."""
    package = project(toml, files)
    assert "1.2.3" == edits.current_version(package)
    found = version_file(package)
    assert not isinstance(found, Problem)
    assert path == found[0]
    assert path == "pyproject.toml" or path in candidates(package)
    text = package.files.text(path) or ""
    assert text.replace("1.2.3", "1.2.4", 1) == edits.version_edit(text, found[1], "1.2.4")


def test_version_control_needs_no_edit() -> None:
    """Where the tag decides, nothing is edited."""
    package = project(HATCH_VCS)
    assert ("", "") == version_file(package)
    assert "" == edits.current_version(package)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (SETUPTOOLS, "no __version__ in src/demo/__init__.py or src/demo.py"),
        (HATCH, "no version in src/demo/__about__.py"),
        (HATCH.partition("[tool.hatch")[0], "does not set where hatchling.build reads the version"),
    ],
)
def test_version_that_cannot_be_set_is_a_problem(toml: str, says: str) -> None:
    """A version that stands nowhere is named before anything is written."""
    problem = edits.current_version(project(toml))
    assert isinstance(problem, Problem)
    assert Reason.NOT_BUILDABLE is problem.reason
    assert says in problem.text()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lock_changes_in_the_packages_own_line_alone(end: str) -> None:
    """Of all entries of uv.lock only the package's own gets the version, whatever ends lines."""
    own = '\n[[package]]\nname = "demo"\nversion = "1.2.3"\nsource = { editable = "." }\n'
    other = '\n[[package]]\nname = "demo"\nversion = "1.2.3"\nsource = { registry = "x" }\n'
    text = locked("anyio==1.2.3") + own + other
    expected = locked("anyio==1.2.3") + own.replace("1.2.3", "1.3.0rc1") + other
    expected, text = (each.replace("\n", end) for each in (expected, text))
    assert expected == edits.lock_version(text, "Demo", "1.3.0-rc1")


def test_lock_of_a_dynamic_version_stays() -> None:
    """An entry without a version line, as uv writes it for dynamic versions, is left alone."""
    text = '[[package]]\nname = "demo"\nsource = { editable = "." }\n'
    assert text == edits.lock_version(text, "demo", "2.0")


@pytest.mark.parametrize(
    ("text", "compiled"),
    [
        ("anyio==4.0\n    # via demo\n", True),
        ("anyio==4.0 \\\n    --hash=sha256:00\n", True),
        ("", True),
        ("# what we need\nanyio>=4\n", False),
        ("-e .\npytest\n", False),
    ],
)
def test_requirements_written_by_hand_are_not_an_export(text: str, compiled: bool) -> None:
    """Only a file that a tool compiled, or an empty one, may be written anew."""
    assert compiled is edits.is_export(text)


@pytest.mark.parametrize(
    ("old", "version", "expected"),
    [
        ("v1.2.3", "1.2.4", "v1.2.4"),
        ("1.2.3-beta.2", "1.2.3b3", "1.2.3-beta.3"),
        ("1.2.3-beta.2", "1.2.3rc1", "1.2.3-rc.1"),
        ("1.2.3-beta.2", "1.2.3", "1.2.3"),
        ("1.2.3b2", "1.2.3b3", "1.2.3b3"),
        ("2026.01.05-rc1", "2026.2.1rc1", "2026.02.01-rc1"),
        ("1.2.3-dev", "1.2.3", "1.2.3"),
    ],
)
def test_version_is_spelled_as_it_stood_there(old: str, version: str, expected: str) -> None:
    """A letter in front and the signs of a pre-release stay, in TOML and in a file of its own."""
    toml = f"[project]\nname = 'demo'\nversion = '{old}'\n"
    assert toml.replace(old, expected) == edits.version_edit(toml, "", version)
    whole = r"\A\s*(?P<version>\S+)\s*\Z"
    assert f"{expected}\n" == edits.version_edit(f"{old}\n", whole, version)


def test_version_of_a_setup_py_may_have_any_name() -> None:
    """Where no usual name has it, the literal that is the package's version is edited."""
    text = "from setuptools import setup\nv = '1.2.3'\nsetup(name='demo', version=v)\n"
    found = version_file(project("", {"setup.py": text}))
    assert not isinstance(found, Problem)
    path, pattern = found
    assert "setup.py" == path
    assert text.replace("1.2.3", "1.2.4") == edits.version_edit(text, pattern, "1.2.4")


@pytest.mark.parametrize("value", ['"1.2" ".3"', "'1.2' '.3'", '"1.2" + ".3"'])
def test_version_in_two_texts_is_a_problem(value: str) -> None:
    """What is put together is not read as its first half."""
    files = {"demo/__init__.py": f"__version__ = {value}\n"}
    problem = edits.current_version(project(SETUPTOOLS, files))
    assert isinstance(problem, Problem)
    assert "no __version__ in src/demo/__init__.py or src/demo.py" == problem.seen
