"""What is planned for, and judged of, installed distributions."""

from __future__ import annotations

import json

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.distribution import installed
from wheelwright.distribution.verify import Distribution

PYPROJECT = '[project]\nname = "teasel"\nversion = "1.2.3"\n'
WHEEL = "teasel-1.2.4-py3-none-any.whl"


def wheel(*members: str) -> Distribution:
    """Return a wheel with these members."""
    found = dict.fromkeys((*members, "teasel-1.2.4.dist-info/METADATA"), ("", ""))
    return Distribution(WHEEL, "", 1, "", found)


@pytest.mark.parametrize(
    ("members", "names", "main"),
    [
        (("teasel/__init__.py",), ("teasel",), "teasel"),
        (("teasel.py", "_teasel.cpython-311-x86_64-linux-gnu.so"), ("_teasel", "teasel"), "teasel"),
        (("one/__init__.py", "two/__init__.py"), ("one", "two"), ""),
        (("other/__init__.py", "tests/__init__.py"), ("other",), "other"),
        (("teasel-data/a.json", "teasel/__init__.py"), ("teasel",), "teasel"),
    ],
)
def test_names_are_what_people_import(
    members: tuple[str, ...], names: tuple[str, ...], main: str
) -> None:
    """Packages and modules at the top; tests are not among them, nor what no import can name."""
    assert names == installed.names(wheel(*members))
    assert main == installed.main_name("teasel", wheel(*members))


def test_tests_inside_the_package_are_found() -> None:
    """Only test modules that the wheel leaves out are taken from the source."""
    paths = [
        "src/teasel/__init__.py",
        "src/teasel/forgotten.py",
        "src/teasel/tests/__init__.py",
        "src/teasel/tests/test_a.py",
        "src/teasel/part/__init__.py",
        "src/teasel/part/test_b.py",
        "src/teasel/kept/tests/test_c.py",
        "src/teasel/kept/tests/test_d.py",
        "tests/data/teasel/__init__.py",
        "tests/data/teasel/test_x.py",
        "tests/test_e.py",
    ]
    own = wheel("teasel/__init__.py", "teasel/part/__init__.py", "teasel/kept/tests/test_c.py")

    assert {
        "teasel.tests": "src/teasel",
        "teasel.part.test_b": "src/teasel/part",
        "teasel.kept.tests.test_d": "src/teasel/kept/tests",
    } == installed.inner_tests(paths, own)
    assert {} == installed.inner_tests(["tests/test_e.py"], own)


def test_version_twice_another_version_is_a_problem() -> None:
    """`__version__` of the imported package is that of the release, however it is spelled."""
    own = wheel("teasel/__init__.py")

    def told(version: object) -> list[str]:
        answer = json.dumps({"teasel": {"error": "", "version": version}})
        return installed.import_problems(answer, own, "teasel", "1.2.4", strict=True)

    assert [] == told("1.2.4") == told("v1.2.4") == told(None)
    assert [f"teasel.__version__ is 1.2.3 in {WHEEL}, not 1.2.4"] == told("1.2.3")


def test_what_cannot_be_imported_counts_where_nothing_else_runs() -> None:
    """Where tests run, they decide; otherwise a module that cannot be imported is a problem."""
    own = wheel("teasel/__init__.py")
    broken = json.dumps({"teasel": {"error": "ImportError: no\x1b[31m", "version": None}})

    assert [] == installed.import_problems(broken, own, "teasel", "1.2.4", strict=False)
    assert [f"cannot import teasel from {WHEEL}: ImportError: no [31m"] == (
        installed.import_problems(broken, own, "teasel", "1.2.4", strict=True)
    )
    for forged in ("", "[]", "nothing", '{"teasel": 3}'):
        assert [f"cannot import teasel from {WHEEL}: the process ended"] == (
            installed.import_problems(forged, own, "teasel", "1.2.4", strict=True)
        )


def test_an_sdist_that_installs_something_else_is_a_problem() -> None:
    """What differs is named, with where it is, and not more of it than people read."""
    pairs = [
        [f"only in {installed.FROM_WHEEL}", "teasel/a.json"],
        [f"only in {installed.FROM_SDIST}", "teasel/b.json"],
        ["differs", "teasel/c.py"],
    ]
    (found,) = installed.sdist_problems(json.dumps(pairs), "teasel-1.2.4.tar.gz")
    (many,) = installed.sdist_problems(json.dumps([["differs", "x"]] * 12), "teasel-1.2.4.tar.gz")

    assert found == (
        "teasel-1.2.4.tar.gz does not install what the wheel does: teasel/a.json (only from the "
        "wheel), teasel/b.json (only from the sdist), teasel/c.py (other contents)"
    )
    assert many.endswith("x (other contents), and 2 more")
    assert [] == installed.sdist_problems("[]", "teasel-1.2.4.tar.gz")


def test_what_was_imported_from_the_source_is_named() -> None:
    """The lines that the tests' processes wrote are read as they are: by anyone."""
    line = json.dumps(["teasel", "/src/src/teasel/__init__.py"])
    log = f"{line}\n{line}\nno JSON\n[1]\n"

    assert [] == installed.elsewhere("", WHEEL)
    assert [
        f"with {WHEEL} installed, the tests import from the source: "
        "teasel from /src/src/teasel/__init__.py"
    ] == installed.elsewhere(log, WHEEL)


def test_readme_empty_is_a_note() -> None:
    """What `--strict` would refuse, and the index takes, is for people to know, once."""
    printed = (
        "Checking teasel.whl: PASSED with warnings\n"
        "\x1b[33mWARNING \x1b[0m `long_description` missing.     \n"
        "Checking teasel.tar.gz: PASSED with warnings\n"
        "WARNING  `long_description` missing.\n"
    )

    assert ("twine check --strict: `long_description` missing.",) == installed.twine_notes(printed)


def test_wheels_for_this_machine_are_tried() -> None:
    """Of wheels from elsewhere, those of Linux and this Python, the special ones first."""
    names = [
        "teasel-1.2.4-cp311-abi3-manylinux_2_28_x86_64.whl",
        "teasel-1.2.4-cp312-cp312-manylinux_2_28_aarch64.whl",
        "teasel-1.2.4-cp312-cp312-win_amd64.whl",
        "teasel-1.2.4-cp313-cp313-manylinux_2_28_x86_64.whl",
        "teasel-1.2.4-cp312-cp312-musllinux_1_2_x86_64.whl",
        WHEEL,
    ]
    every = [Distribution(name, "", 1, "", {}) for name in names]

    assert [names[1], names[4], names[0], names[5]] == [
        each.name for each in installed.fitting(every, "3.12")
    ]


@pytest.mark.parametrize(
    ("files", "command", "expected"),
    [
        ({}, ("pytest",), {"PY_IGNORE_IMPORTMISMATCH": "1", "A": "b"}),
        (
            {"pytest.ini": "[pytest]\naddopts = --cov=src --cov-fail-under=100\n"},
            ("pytest",),
            {"PY_IGNORE_IMPORTMISMATCH": "1", "A": "b", "PYTEST_ADDOPTS": "--no-cov"},
        ),
        (
            {},
            ("pytest", "--cov"),
            {"PY_IGNORE_IMPORTMISMATCH": "1", "A": "b", "PYTEST_ADDOPTS": "--no-cov"},
        ),
    ],
)
def test_coverage_of_the_source_is_not_measured(
    files: dict[str, str], command: tuple[str, ...], expected: dict[str, str]
) -> None:
    """Where the installed files are imported, the source's coverage would be too little."""
    package = project(PYPROJECT, files)

    assert expected == installed.variables(package, [command], {"A": "b"})


def test_reports_of_coverage_are_left_out() -> None:
    """There is nothing that they could report; a command that runs tests stays."""
    run = ("coverage", "run", "-m", "pytest")
    report = ("python", "-m", "coverage", "report", "--fail-under=100")

    assert (run,) == installed.without_coverage([run, report, ("coverage", "xml")])
    assert (report,) == installed.without_coverage([report])
