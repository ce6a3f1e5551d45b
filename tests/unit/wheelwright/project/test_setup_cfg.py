"""Reading setup.cfg as setuptools does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.declared import Declared
from wheelwright.project.files import Snapshot
from wheelwright.project.setup_cfg import build_requires, declares, paths, read

MIDDLE = """\
[metadata]
name = quay-middle
version = attr: quay_middle.__version__
classifiers =
    Programming Language :: Python :: 3.10
    Programming Language :: Python :: 3.11

[options]
packages = find:
python_requires = >=3.10
install_requires =
    iniconfig
    # a comment
    typing-extensions >= 4.1; python_version < '3.11'

[options.extras_require]
Test_s =
    pytest
docs = sphinx; furo
"""


def cfg(text: str, files: dict[str, str] | None = None) -> Declared:
    """Return what a setup.cfg says, beside these files."""
    return read("setup.cfg", text, Snapshot(files or {}))


def test_metadata_and_options() -> None:
    """Each field is read with its line; lists are one item a line, or have their separator."""
    found = cfg(MIDDLE, {"quay_middle/__init__.py": '__version__ = "1.4.0"\n'})

    assert ("quay-middle", "1.4.0", ">=3.10") == (found.name, found.version, found.requires_python)
    assert found.classifiers is not None
    assert 2 == len(found.classifiers)
    assert ("iniconfig", "typing-extensions >= 4.1; python_version < '3.11'") == found.dependencies
    assert {"test-s": ("pytest",), "docs": ("sphinx", "furo")} == found.extras
    assert [
        "setup.cfg:2 [metadata]",
        "setup.cfg:10 [options]",
        "setup.cfg:11 [options]",
        "setup.cfg:16 [options.extras_require]",
    ] == [str(found.places[name]) for name in ("name", "requires_python", "dependencies", "extras")]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", "quay/_v.py"),
        ("", "src/quay/_v.py"),
        ("[options]\npackage_dir =\n    = lib\n", "lib/quay/_v.py"),
        ("[options]\npackage-dir = quay = x\n", "x/_v.py"),
    ],
)
def test_attr_is_followed(options: str, path: str) -> None:
    """The module is where setuptools would find it; it is among the paths to read first."""
    text = f"[metadata]\nversion = attr: quay._v.VERSION\n{options}"

    assert "2.1" == cfg(text, {path: "VERSION = (2, 1)\n"}).version
    assert path in paths("setup.cfg", text)


def test_file_is_followed() -> None:
    """Versions and lists may be in files, several with commas between them."""
    text = (
        "[metadata]\nversion = file: VERSION\n[options]\ninstall_requires = file: a.txt, b.txt\n"
        "[options.extras_require]\nx = file: x.txt\n"
    )
    files = {"VERSION": " 1.2\n", "a.txt": "a\n#c\n", "b.txt": "b", "x.txt": "x ; os_name == 'a'\n"}
    found = cfg(text, files)

    assert ("1.2", ("a", "b"), {"x": ("x ; os_name == 'a'",)}) == (
        found.version, found.dependencies, found.extras
    )  # fmt: skip
    assert ["VERSION", "a.txt", "b.txt", "x.txt"] == paths("setup.cfg", text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[metadata]\nversion = attr: quay.__version__\n", "version"),
        ("[metadata]\nversion = attr: other.__version__\n", "version"),
        ("[metadata]\nversion = file: ../VERSION\n", "version"),
        ("[options]\ninstall_requires = file: none.txt\n", "dependencies"),
        ("[options.extras_require]\na = b\nx = file: none.txt\n", "extras"),
    ],
)
def test_what_cannot_be_followed_is_not_known(text: str, field: str) -> None:
    """A computed attribute, a file that is not there and one outside are named with their line."""
    found = cfg(text, {"quay.py": "__version__ = compute()\n"})

    assert (None, True) == (getattr(found, field), field not in found.places)
    assert found.computed[field].startswith("setup.cfg:")


def test_the_directory_is_part_of_every_path() -> None:
    """In a package below the root, what is named is relative to the package."""
    files = Snapshot({"a/VERSION": "3", "a/b/__init__.py": "v = '4'"})

    assert "3" == read("a/setup.cfg", "[metadata]\nversion = file: VERSION\n", files, "a").version
    assert "4" == read("a/setup.cfg", "[metadata]\nversion = attr: b.v\n", files, "a").version


def test_keys_of_the_default_section_and_without_value() -> None:
    """A file for other tools alone says nothing; a broken one is an error."""
    found = cfg("[flake8]\nmax-line-length = 100\n[metadata]\nname =\n")

    assert ({}, {}) == (found.places, found.computed)
    with pytest.raises(ProjectError, match=r"setup\.cfg cannot be read"):
        cfg("name = a\n")


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(
    ["[metadata]\n", "[options]\n", "[options.extras_require]\n", "[DEFAULT]\n", "name = a\n",
     "version = attr: q.v\n", "version = file: q.py\n", "package_dir = =x\n", "a = b; c\n",
     "install_requires =\n", "  a\n", "  # b\n", "classifiers = file: ,\n", "version = attr:\n",
     "python-requires = >=3\n", "=", ":", "[", "\n", "%(a)s", "\t"]
), max_size=15).map("".join))  # fmt: skip
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text: what it says, or the one error; every value has its place."""
    files = {"q.py": "v = '1'\n", "src/q.py": "v = ("}
    try:
        found = cfg(text, files)
        paths("setup.cfg", text)
    except ProjectError:
        return
    assert {"name", "version", "requires_python", "classifiers", "dependencies", "extras"} >= {
        *found.places, *found.computed
    }  # fmt: skip
    assert not {*found.places} & {*found.computed}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[metadata]\nname = x\n", True),
        ("[flake8]\n\n[options]\n", True),
        ("[flake8]\nmax-line-length = 100\n", False),
        ("[options.extras_require]\n", False),
        ("", False),
    ],
)
def test_which_setup_cfg_is_that_of_a_package(text: str, expected: bool) -> None:
    """Tools have their settings in the same file."""
    assert expected is declares(text)


def test_requirements_of_the_build() -> None:
    """`setup_requires` is a list like any other."""
    text = "[options]\nsetup_requires = pbr>=2; wheel\n"
    assert ("pbr>=2", "wheel") == build_requires("setup.cfg", text)
    assert () == build_requires("setup.cfg", "[metadata]\n")
