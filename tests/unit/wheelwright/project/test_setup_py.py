"""Reading setup.py without executing it."""

from __future__ import annotations

import pytest

from wheelwright.project.declared import Declared
from wheelwright.project.setup_py import build_requires, read, version_tool

ONLY = (
    "from setuptools import setup\n\n"
    'setup(name="quay-old", version="2.0", py_modules=["quay_old"], python_requires=">=3.10", '
    'extras_require={"tests": ["pytest"]})\n'
)


def setup(arguments: str, before: str = "") -> Declared:
    """Return what a call of setup with these arguments says."""
    return read("setup.py", f"import setuptools\n{before}\nsetuptools.setup({arguments})\n")


def test_literal_arguments_are_read() -> None:
    """Each field has its value and the line where it is."""
    found = read("setup.py", ONLY)

    assert ("quay-old", "2.0", ">=3.10", {"tests": ("pytest",)}) == (
        found.name, found.version, found.requires_python, found.extras
    )  # fmt: skip
    assert (None, None, True) == (found.classifiers, found.dependencies, found.complete)
    assert "setup.py:3 setup()" == str(found.places["version"])


@pytest.mark.parametrize(
    ("arguments", "field", "why"),
    [
        ("version=get_version()", "version", "setup.py:3 computes it: version=get_version()"),
        ("version=3", "version", "setup.py:3 computes it: version=3"),
        ("install_requires=open('r').read()", "dependencies", "setup.py:3 computes it: install_r"),
        ("use_scm_version=True", "version", "setup.py:3: use_scm_version sets it"),
        ("version='1', use_scm_version={'a': 'b'}", "version", "use_scm_version sets it"),
        ("pbr=True", "dependencies", "setup.py:3: pbr sets it"),
        ("extras_require={'a': reqs}", "extras", "setup.py:3 computes it"),
    ],
)
def test_what_is_computed_is_not_known(arguments: str, field: str, why: str) -> None:
    """A computed argument, and one that a plugin replaces, is named with its line."""
    found = setup(arguments)

    assert getattr(found, field) is None
    assert field not in found.places
    assert why in found.computed[field]


def test_names_of_the_module_are_followed() -> None:
    """A constant above the call is its value."""
    found = setup("version=VERSION, install_requires=REQUIRES", "VERSION = '1'\nREQUIRES = ['a']")

    assert ("1", ("a",)) == (found.version, found.dependencies)


def test_requirements_may_be_one_text() -> None:
    """One text has a requirement on each line; keys with a condition belong to no extra."""
    found = setup(
        "install_requires='''a\\n# b\\n\\nc''', extras_require={"
        "':os_name==\"nt\"': ['d'], 'X_y:python_version<\"3\"': 'e', 'x-y': ['f']}"
    )

    assert ("a", "c", 'd ; os_name=="nt"') == found.dependencies
    assert {"x-y": ('e ; python_version<"3"', "f")} == found.extras
    alone = setup("extras_require={':os_name==\"nt\"': ['d']}")
    assert ('d ; os_name=="nt"',) == alone.dependencies


def test_several_calls_have_to_agree() -> None:
    """Calls in the branches of a condition count where none contradicts another."""
    found = read(
        "setup.py",
        "if x:\n    setup(name='a', version='1', ext_modules=y)\nelse:\n    setup(version='2')\n",
    )

    assert ("a", None) == (found.name, found.version)
    assert "setup.py:4 computes it" in found.computed["version"]


def test_what_may_set_anything() -> None:
    """`**`, and a file without a call, leave open what else is set."""
    assert "setup.py:3 has ** in the call of setup" == setup("name='a', **options").rest
    assert "setup.py has no call of setup" == read("setup.py", "import x\nx.main()\n").rest
    assert "" == setup("use_scm_version=False").rest


def test_a_call_of_another_name_is_none() -> None:
    """Only a call of `setup` by its name or of a module counts."""
    assert not read("setup.py", "setup()(name='a')\nf().setup(name='b')\n").places


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("setup(use_scm_version={'version_scheme': 'post-release'})", "setuptools-scm"),
        ("setup(use_scm_version=False)", ""),
        ("setup(setuptools_git_versioning={'enabled': True})", "setuptools-git-versioning"),
        ("setup(pbr=True)", "pbr"),
        ("import versioneer\nsetup(version=versioneer.get_version())", "versioneer"),
        ("import versioneer\nsetup(version='1')", ""),
        ("setup(version=read('VERSION'))", ""),
        ("x = 1", ""),
    ],
)
def test_the_tool_that_asks_git_for_the_version(text: str, tool: str) -> None:
    """A keyword of it, or its module where the version is computed."""
    assert tool == version_tool("setup.py", text)


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ("setup_requires=['setuptools_scm', 'wheel']", ("setuptools_scm", "wheel")),
        ("setup_requires='setuptools_scm>=3'", ("setuptools_scm>=3",)),
        ("setup_requires=needed()", ()),
        ("name='x'", ()),
    ],
)
def test_requirements_of_the_build(arguments: str, lines: tuple[str, ...]) -> None:
    """Those that are literal: an installing step fetches them."""
    assert lines == build_requires("setup.py", f"setup({arguments})")
