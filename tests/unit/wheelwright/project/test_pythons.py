"""Which Pythons a package claims, which one is taken, where its files disagree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, described, project
from wheelwright.errors import RequestError
from wheelwright.pins import DEFAULT_PYTHON, KNOWN_PYTHONS
from wheelwright.project.metadata import Metadata
from wheelwright.project.model import Project
from wheelwright.project.pythons import (
    Drift,
    allows,
    assumed,
    choose,
    claimed,
    drift,
    instead,
    listed,
    preferred,
    unclaimed,
)


def said(pyproject: str) -> Metadata:
    """Return the metadata in a pyproject.toml."""
    return project(pyproject).metadata


def package(requires: str = "", *classifiers: str) -> Project:
    """Return a package that claims these."""
    lines = [f'"Programming Language :: Python :: {python}",' for python in classifiers]
    text = '[project]\nname = "demo"\n'
    text += f'requires-python = "{requires}"\n' if requires else ""
    return project(text + "\n".join(["classifiers = [", *lines, "]", ""]))


def disagreements(of: Project, python_version_file: str | None) -> list[Drift]:
    """Return what disagrees in a package."""
    return drift(of.metadata, of.files, python_version_file)


def test_classifiers_are_the_claim() -> None:
    """What the classifiers name is claimed, in the order of versions."""
    assert ["3.9", "3.10", "3.11"] == claimed(said(LIKE_ATTRS))
    assert ["3.9", "3.10"] == claimed(package(">=3.9", "3.10", "3.9", "3", "3 :: Only").metadata)


def test_without_classifiers_requires_python_is_the_claim() -> None:
    """A package without version classifiers claims every release that it allows."""
    expected = [python for python in KNOWN_PYTHONS if python not in ("3.8", "3.9")]
    assert expected == claimed(said(LIKE_CLICK))


def test_forbidden_classifier_is_not_claimed() -> None:
    """requires-python wins over a classifier that it forbids."""
    assert ["3.10"] == claimed(package(">=3.10", "3.9", "3.10").metadata)


@pytest.mark.parametrize(
    ("requires", "python", "expected"),
    [
        (">=3.9", "3.9", True),
        (">=3.9.2", "3.9", True),
        (">=3.9.2", "3.9.1", False),
        ("<3.12", "3.12", False),
        (">=3.9,<4", "3.14", True),
        ("!=3.9.0", "3.9", True),
        ("==3.11.*", "3.12", False),
    ],
)
def test_minor_version_is_allowed_if_some_patch_release_is(
    requires: str, python: str, expected: bool
) -> None:
    """A minor version is allowed if any of its patch releases may install the package."""
    assert expected is allows(SpecifierSet(requires), python)


@given(st.sampled_from(KNOWN_PYTHONS), st.sampled_from(KNOWN_PYTHONS))
def test_lower_bound_splits_the_releases(bound: str, python: str) -> None:
    """`>=X` allows X and what came after, compared as versions and not as text."""
    later = KNOWN_PYTHONS.index(python) >= KNOWN_PYTHONS.index(bound)
    assert later is allows(SpecifierSet(f">={bound}"), python)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.12\n", "3.12"),
        ("# ours\n\n3.11.4\n", "3.11.4"),
        ("cpython-3.12\n3.11\n", "3.12"),
        ("pypy3.10\n", "pypy3.10"),
        ("pypy3.11-7.3.19\n", "pypy3.11"),
        ("3.14t\n", "3.14t"),
        ("3.14+freethreaded\n", "3.14t"),
        ("graalpy-24.1\n", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_python_version_file(text: str | None, expected: str) -> None:
    """The first line of .python-version counts; CPython and PyPy are understood."""
    assert expected == preferred(text)


def test_asked_for_python_wins() -> None:
    """--python wins over the setting, which wins over .python-version."""
    demo = package(">=3.9").metadata
    assert "3.10" == choose(demo, "3.10", "3.11", "3.12\n")
    assert "3.11" == choose(demo, "", "3.11", "3.12\n")
    assert "3.12" == choose(demo, "", "", "3.12\n")


def test_unusable_python_version_file_is_passed_over() -> None:
    """A .python-version outside requires-python is drift, not the Python to run on."""
    assert DEFAULT_PYTHON == choose(package(">=3.11").metadata, "", "", "3.9\n")


def test_default_is_the_newest_claim_that_is_not_too_new() -> None:
    """Without a preference the default Python is taken, or the nearest claimed one."""
    assert DEFAULT_PYTHON == choose(package(">=3.9").metadata, "", "", None)
    assert "3.10" == choose(package(">=3.9", "3.9", "3.10").metadata, "", "", None)
    assert "3.14" == choose(package(">=3.14").metadata, "", "", None)


@pytest.mark.parametrize(
    "word", ["312", "3", "py3.12", "3.12.1.1", "2.7", "3,12", "pypy3.11t", "3.14tt", "pypy"]
)
def test_malformed_python_is_refused(word: str) -> None:
    """What is no version of Python 3 is answered with how to write one."""
    with pytest.raises(RequestError) as raised:
        choose(package(">=3.9").metadata, word, "", None)
    assert f'--python "{word}" is not a Python version; write it like 3.12' == str(raised.value)


@pytest.mark.parametrize("python", ["3.14t", "pypy3.11"])
def test_other_interpreters_can_be_requested(python: str) -> None:
    """A free-threaded CPython and a PyPy are compared with requires-python by their release."""
    assert python == choose(package(">=3.10").metadata, python, "", None)
    with pytest.raises(RequestError, match=f'Python {python} is outside requires-python ">=3.15"'):
        choose(package(">=3.15").metadata, python, "", None)


def test_python_outside_requires_python_lists_the_claims() -> None:
    """A Python that the package forbids is answered with those that it claims."""
    with pytest.raises(RequestError) as raised:
        choose(package(">=3.10", "3.10", "3.11").metadata, "3.9", "", None)
    expected = 'Python 3.9 is outside requires-python ">=3.10" of demo; choose one of 3.10, 3.11'
    assert expected == str(raised.value)


def test_nothing_claimed_is_an_error_of_the_file() -> None:
    """A requires-python that no release satisfies leaves nothing to choose."""
    with pytest.raises(RequestError, match='no released Python is inside requires-python ">=4"'):
        choose(package(">=4").metadata, "", "", None)


def test_agreement_is_no_drift() -> None:
    """Files that agree give no drift."""
    assert [] == disagreements(package(">=3.9", "3.9", "3.10"), "3.10\n")


def test_each_disagreement_is_found_with_its_place() -> None:
    """Drift names file and line of every disagreement."""
    found = disagreements(package(">=3.10", "3.9", "3.12"), "3.13\n")
    assert [
        'pyproject.toml:5: classifier claims Python 3.9, requires-python ">=3.10" forbids it',
        'pyproject.toml:3: requires-python ">=3.10" allows Python 3.10, no classifier claims it',
        'pyproject.toml:3: requires-python ">=3.10" allows Python 3.11, no classifier claims it',
        ".python-version:1: names 3.13, no classifier claims it",
    ] == [str(each) for each in found]


def test_newer_release_than_any_classifier_is_no_drift() -> None:
    """An open requires-python does not drift merely because a new Python appeared."""
    assert [] == disagreements(package(">=3.9", "3.9"), None)


def test_python_version_file_against_requires_python() -> None:
    """A .python-version that the package forbids, or that names no CPython, is drift."""
    assert ['.python-version:2: names 3.8, requires-python ">=3.9" forbids it'] == [
        str(each) for each in disagreements(package(">=3.9"), "# old\n3.8\n")
    ]
    assert [".python-version:1: names no version of Python"] == [
        str(each) for each in disagreements(package(">=3.9"), "graalpy-24.1\n")
    ]


def test_missing_requires_python_is_drift() -> None:
    """A package that names no requires-python says nothing that could agree."""
    assert ["pyproject.toml:1: requires-python is missing"] == [
        str(each) for each in disagreements(package(), None)
    ]


def files(**texts: str) -> Project:
    """Return the package of these files, `_` in a name for a dot."""
    return described({name.replace("_", "."): text for name, text in texts.items()})


def test_pythons_of_a_legacy_poetry_table() -> None:
    """`python` sets them; Poetry adds the classifiers, so that none is missing."""
    table = (
        'name = "verse"\nversion = "1"\nclassifiers = ["Programming Language :: Python :: 3.11"]\n'
    )
    text = f'[tool.poetry]\n{table}[tool.poetry.dependencies]\npython = "^3.10"\n'
    of = project(text)
    assert ["3.10", "3.11"] == claimed(of.metadata)[:2]
    assert "3.15" == claimed(of.metadata)[-1]
    assert [] == disagreements(of, None)


def test_pythons_of_setup_cfg() -> None:
    """Its classifiers are the claim, and what disagrees has its place there."""
    lines = "".join(f"    Programming Language :: Python :: {each}\n" for each in ("3.9", "3.10"))
    text = f"[metadata]\nname = middle\nclassifiers =\n{lines}[options]\npython_requires = >=3.10\n"
    of = files(setup_cfg=text)
    assert ["3.10"] == claimed(of.metadata)
    assert [
        'setup.cfg:4: classifier claims Python 3.9, requires-python ">=3.10" forbids it'
    ] == list(map(str, disagreements(of, None)))
    silent = files(setup_cfg=text.replace(">=3.10", ">=3.8"))
    assert [
        'setup.cfg:7: requires-python ">=3.8" allows Python 3.8, no classifier claims it'
    ] == list(map(str, disagreements(silent, None)))


def test_classifiers_count_where_requires_python_is_not_known() -> None:
    """A setup.py that computes python_requires claims what its classifiers name."""
    call = 'setup(python_requires=f(), classifiers=["Programming Language :: Python :: 3.12"])\n'
    of = files(setup_py=call)
    assert (["3.12"], "") == (claimed(of.metadata), unclaimed(of.metadata))
    assert [] == disagreements(of, "3.12\n")


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (
            {"setup_py": "setup(python_requires=f())\n"},
            "requires-python is not known: setup.py:1 computes it: python_requires=f()",
        ),
        (
            {"setup_py": "setup(name='old')\n"},
            "neither requires-python nor a classifier of a version is set",
        ),
        (
            {"requirements_txt": "flask\n"},
            "requires-python is not known: no file of the package sets it",
        ),
        (
            {"pyproject_toml": '[project]\nname = "x"\nversion = "1"\n'},
            "neither requires-python nor a classifier of a version is set",
        ),
    ],
)
def test_what_nobody_says_is_no_claim(texts: dict[str, str], why: str) -> None:
    """The default alone is listed, with the reason and the setting; nothing disagrees."""
    of = files(**texts)
    assert ([], why) == (claimed(of.metadata), unclaimed(of.metadata))
    (line,) = listed(of.metadata, "", None)
    assert line.startswith(f"{DEFAULT_PYTHON} (the default: {why}; python in [tool.wheelwright]")
    assert why == assumed(of.metadata, DEFAULT_PYTHON, "", None)
    assert DEFAULT_PYTHON == choose(of.metadata, "", "", None)
    missing = ["pyproject.toml:1: requires-python is missing"]
    expected = missing if "pyproject_toml" in texts else []
    assert expected == list(map(str, disagreements(of, None)))


def test_a_preferred_python_is_listed_without_a_reason() -> None:
    """.python-version and the setting answer where nothing is claimed."""
    of = files(requirements_txt="flask\n").metadata
    assert "" == assumed(of, "3.9", "3.9", None) == assumed(of, "3.9", "", "3.9\n")
    assert ["3.11"] == listed(of, "3.11", "3.12\n")
    assert ["3.12"] == listed(of, "", "3.12\n")
    assert ["3.9", "3.10"] == listed(package(">=3.9", "3.9", "3.10").metadata, "3.10", None)


def test_a_python_outside_names_the_file_of_a_package_without_a_name() -> None:
    """An error has something to look at, too, where the name is not known."""
    of = files(setup_py="setup(name=f(), python_requires='>=3.12')\n").metadata
    with pytest.raises(RequestError, match=r'outside requires-python ">=3\.12" of setup\.py; '):
        choose(of, "3.11", "", None)


def test_a_python_that_nothing_here_runs_on_is_refused() -> None:
    """What records the tests is Python, too: without this it ended in a syntax error of ours."""
    of = files(requirements_txt="flask\n").metadata
    assert "3.7" == choose(of, "3.7", "", None)
    with pytest.raises(RequestError, match=r"--python 3\.6 is too old") as caught:
        choose(of, "3.6", "", None)
    assert "choose 3.7 or a newer one" == caught.value.hint


@pytest.mark.parametrize(
    ("requires", "python", "offered", "expected"),
    [
        (">=3.11", "3.13", "", ["3.12", "3.11", "3.14", "3.15"]),
        (
            ">=3.11",
            "3.13",
            "no Python 3.13; found 3.11, pypy3.12",
            ["3.11", "3.12", "3.14", "3.15"],
        ),
        (">=3.11,<3.13", "3.12", "", ["3.11"]),
        ("==3.13.*", "3.13", "found 3.11", []),
    ],
)
def test_what_may_be_used_in_place_of_the_default(
    requires: str, python: str, offered: str, expected: list[str]
) -> None:
    """What the engine names comes first, then older Pythons, the newest of them first."""
    own = project(f'[project]\nname = "a"\nversion = "1"\nrequires-python = "{requires}"\n')
    assert expected == instead(own.metadata, python, offered)
