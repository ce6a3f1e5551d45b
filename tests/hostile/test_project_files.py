"""Files of a package that are written to hang, flood or break their reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.e2e.bench import Bench

from wheelwright.environment import test_dependencies
from wheelwright.environment.sources import expand
from wheelwright.environment.tools import tool
from wheelwright.errors import ProjectError
from wheelwright.project import lock, precommit, pyproject, reading
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe
from wheelwright.project.runners.job import Place
from wheelwright.project.runners.tox import check_braces, configured
from wheelwright.release.decide import edits
from wheelwright.release.decide.changelog import notes, sections, writing
from wheelwright.release.decide.changelog.reading import read as reading_of
from wheelwright.release.decide.changelog.sections import Known
from wheelwright.release.decide.changelog.writing import Release, Style
from wheelwright.testing import coverage

HEAD = '[project]\nname = "quay"\nversion = "1"\nrequires-python = ">=3.11"\n'


def needs(files: dict[str, str]) -> test_dependencies.TestDependencies:
    """Return what the tests of a package with these files need."""
    texts = {"pyproject.toml": HEAD, **files}
    return test_dependencies.find(describe(Snapshot(texts, frozenset(texts))), "3.12")


def says(act: Callable[[], object]) -> str:
    """Return the message of the error that an act ends with."""
    with pytest.raises(ProjectError) as caught:
        act()
    return str(caught.value)


# -- what the tests need --------------------------------------------------------------------------


def test_a_condition_of_tox_for_more_environments_than_anybody_has_is_an_error() -> None:
    """Braces that stand for millions of environments are named with file and line."""
    ini = f"[tox]\n\n[testenv]\ndeps =\n    idna\n    {'{a,b}' * 26}: pytest\n"
    said = says(lambda: check_braces(Place("tox.ini"), ini))
    assert "tox.ini:6: the condition '{a,b}{a,b}" in said
    assert "names more than 10000 environments; write a shorter one" in said


@pytest.mark.parametrize(
    "factors",
    ["{" * 5000 + "a" + "}" * 5000, "{a}" * 5000, "py{1-99999}", "{1-200}{1-200}", "{a,b}" * 14],
)
def test_braces_of_any_shape_are_refused(factors: str) -> None:
    """Nested and many braces, and ranges, are refused before tox reads them."""
    ini = f"[testenv]\ndeps =\n    idna\n    {factors}: pytest\n"
    assert "tox.ini:4: the condition" in says(lambda: check_braces(Place("tox.ini"), ini))


@pytest.mark.parametrize("factors", ["py3{9-14}-dj{42,51,52}", "{a,b" * 50, "{tox_root}/{a}"])
def test_braces_that_people_write_are_read(factors: str) -> None:
    """What a real file has passes."""
    check_braces(Place("tox.ini"), f"[testenv]\ndeps =\n    {factors}: pytest\n")


def test_groups_that_include_each_other_twice_are_read_once() -> None:
    """Inclusions that double at every step resolve to what they hold."""
    lines = ["[dependency-groups]", 'tests = [{ include-group = "g0" }]', 'g60 = ["pytest"]']
    for number in range(60):
        twice = f'{{ include-group = "g{number + 1}" }}'
        lines.append(f"g{number} = [{twice}, {twice}]")
    project = describe(Snapshot({"pyproject.toml": "\n".join([HEAD, *lines])}))
    assert ["pytest"] == project.package.group("tests")
    assert () == test_dependencies.find(project, "3.12").added


def test_groups_that_include_each_other_in_a_long_chain_are_an_error() -> None:
    """A chain longer than any real one names the file and the line where it ends."""
    lines = ["[dependency-groups]"]
    lines += [f'g{number} = [{{ include-group = "g{number + 1}" }}]' for number in range(5000)]
    parsed = pyproject.parse("pyproject.toml", "\n".join([*lines, "g5000 = []"]))
    said = says(lambda: parsed.group("g0"))
    assert 'pyproject.toml:101: group "g0" includes groups more than 100 levels deep' in said


def test_requirements_that_include_each_other_twice_are_read_once() -> None:
    """Files whose inclusions double at every step give the lines that they hold."""
    files = {
        f"requirements-{number}.txt": f"-r requirements-{number + 1}.txt\n" * 2
        for number in range(60)
    }
    files |= {"requirements-dev.txt": "-r requirements-0.txt\n", "requirements-60.txt": "pytest\n"}
    assert ("pytest",) == needs(files).lines


def test_requirements_that_include_each_other_in_a_long_chain_are_an_error() -> None:
    """A chain longer than any real one names the file and the line."""
    files = {
        f"requirements-{number}.txt": f"\n-r requirements-{number + 1}.txt\n"
        for number in range(5000)
    }
    files |= {"requirements-dev.txt": "-r requirements-0.txt\n", "requirements-5000.txt": "x\n"}
    said = says(lambda: needs(files))
    assert "requirements-99.txt:2: includes files more than 100 levels deep" in said


def test_requirements_that_include_themselves_are_read_once() -> None:
    """A circle of files ends where it began."""
    files = {
        "requirements-dev.txt": "-r requirements-b.txt\npytest\n",
        "requirements-b.txt": "-r requirements-dev.txt\nidna\n-c requirements-c.txt\n",
        "requirements-c.txt": "idna<4\n",
    }
    found = needs(files)
    assert (("idna", "pytest"), ("idna<4",)) == (found.lines, found.constraints)


def test_an_extra_that_names_itself_is_read_once() -> None:
    """Extras that name themselves and each other twice end in what they hold."""
    extras = ["[project.optional-dependencies]", 'tests = ["quay[tests]", "quay[e0,e0]"]']
    extras += [
        f'e{number} = ["quay[e{number + 1}]", "quay[e{number + 1}]"]' for number in range(5000)
    ]
    extras.append('e5000 = ["pytest"]')
    project = describe(Snapshot({"pyproject.toml": "\n".join([HEAD, *extras])}))
    assert () == test_dependencies.find(project, "3.12").added
    assert ["pytest"] == expand(project, ["quay[tests]"]).lines


@pytest.mark.parametrize(
    "line",
    ["x; " + "(" * 20_000 + "os_name == 'a'" + ")" * 20_000, "x" * 1_000_000, "x[" * 100_000],
)
def test_a_requirement_that_nobody_writes_is_no_requirement(line: str) -> None:
    """Brackets without end and lines without end are named, shortened, as no requirement."""
    text = f'{HEAD}[dependency-groups]\ntests = ["{line}"]\n'
    said = says(lambda: pyproject.parse("pyproject.toml", text).group("tests"))
    assert "is not a requirement (PEP 508); correct it" in said
    assert len(said) < 400


# -- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        "\n\na" + ".a" * 500_000 + " = 1",
        "[a" + " . 'a'" * 100_000 + "]",
        "a = [\n" * 100_000,
    ],
)
def test_toml_that_nests_without_end_is_an_error_with_its_line(text: str) -> None:
    """Arrays, tables and dotted keys are bounded before anything recurses over them."""
    said = says(lambda: reading.toml("pyproject.toml", text))
    assert said.startswith("pyproject.toml:")
    assert "nested more than 100 levels deep; flatten it" in said


@pytest.mark.parametrize(
    "text",
    [
        '"""\n' + '\\"""\n' * 200_000,
        "'''" + "''\n" * 200_000,
        '"' * 1_000_000,
        'x = "' + "\\" * 1_000_001,
        "x = 1" + "0" * 5000,
        "x = 2026-13-41",
        "\ufeff\ufeff[a]",
        "\0",
    ],
)
def test_toml_that_is_none_is_an_error_that_says_where(text: str) -> None:
    """Strings without end, numbers and dates that are none are invalid TOML, in one short line."""
    said = says(lambda: reading.toml("tox.toml", text))
    assert said.startswith("tox.toml is not valid TOML: ")
    assert len(said) < 400


def test_real_toml_is_read_as_before() -> None:
    """Strings of every kind may hold what nests elsewhere, and decimals have dots."""
    text = (
        'a = """[[[{{{""" # [[[\nb = \'[[[\'\nc.d.e = [1.5, 2.5, 3.5]\n'
        "f = '''\n[[[\n'''\ng = \"\\\"[\"\n" + f"h = [{', '.join(['0.5'] * 500)}]\n"
    )
    data = reading.toml("pyproject.toml", text)
    assert ("[[[{{{", "[[[", [1.5, 2.5, 3.5], "[[[\n", '"[', 500) == (
        data["a"],
        data["b"],
        data["c"]["d"]["e"],
        data["f"],
        data["g"],
        len(data["h"]),
    )


def test_a_line_of_blanks_does_not_keep_the_reader_of_ini_files() -> None:
    """Blanks without end in an ini file are read in the time of their number."""
    ini = "[testenv]\nx" + " " * 2_000_000 + "y\ndeps = pytest\n"
    assert "tox.ini cannot be read" in says(lambda: configured(Snapshot({"tox.ini": ini})))


def test_a_requirements_file_of_blanks_is_read() -> None:
    """An inclusion with blanks without end is named, and ends at once."""
    text = f"-r {' ' * 500_000} a b\n-r{' ' * 500_000}\npytest\n"
    assert "requirements-dev.txt:1 includes" in says(lambda: needs({"requirements-dev.txt": text}))


@pytest.mark.parametrize(
    "text",
    [
        "package = 1",
        'package = ["a"]',
        '[[package]]\nname = 1\nversion = "1"',
        '[[package]]\nname = "ruff"\nversion = "no version"',
        '[[package]]\nname = "ruff"\nversion = "1"\nresolution-markers = [1]',
        "[[package]]\nname = 'ruff'\nversion = '1'\nresolution-markers = ['" + "(" * 9000 + "']",
    ],
)
def test_a_lock_that_uv_did_not_write_is_an_error(text: str) -> None:
    """A lock of another shape says so, with what makes a right one."""
    assert "run `uv lock`" in says(lambda: lock.Lock("uv.lock", text).version("ruff", "3.12"))


@pytest.mark.parametrize("report", ["[" * 100_000, "NaN", "1" * 5000, "{}", '{"files": 3}', ""])
def test_a_report_of_another_shape_has_no_verdict(report: str) -> None:
    """A report of coverage that is none is one error, whatever it is instead."""
    with pytest.raises(Exception, match=r"coverage\.json is not coverage's report"):
        coverage.read(report)


def test_hooks_are_read_in_files_up_to_a_length() -> None:
    """A file of hooks with thousands of entries is read; one of a megabyte is refused, at once."""
    entry = "- repo: https://host/a/x\n  rev: 1\n  hooks: [{id: y}]\n"
    wanted = "- repo: https://host/a/ruff-pre-commit\n  rev: v0.9.1\n  hooks: [{id: ruff}]\n"
    files = {"pyproject.toml": HEAD, ".pre-commit-config.yaml": entry * 3000 + wanted}
    assert "0.9.1" == tool(describe(Snapshot(files)), "ruff", "3.12").version
    files[".pre-commit-config.yaml"] = entry * 20_000 + wanted
    said = says(lambda: tool(describe(Snapshot(files)), "ruff", "3.12"))
    assert "more than the 262144 that are read" in said


def test_aliases_of_hooks_do_not_multiply() -> None:
    """A few lines that stand for a billion hooks are one error."""
    lines = ["x0: &x0 [{id: ruff}]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 12)]
    text = "\n".join([*lines, "repos: [{repo: local, hooks: *x11}]"])
    files = {"pyproject.toml": HEAD, ".pre-commit-config.yaml": text}
    said = says(lambda: tool(describe(Snapshot(files)), "ruff", "3.12"))
    assert "more than 100000 values, aliases included" in said


def test_a_pattern_of_a_hook_has_a_time_limit_for_all_paths_together() -> None:
    """One that takes a second for each of a thousand paths ends after a few of them."""
    text = "exclude: (a|aa)+$\nrepos: [{repo: local, hooks: [{id: x, entry: mypy}]}]\n"
    hooks = precommit.read(text)
    paths = [f"{'a' * 27}{n}" for n in range(1000)]
    said = says(lambda: precommit.selected(paths, hooks.hooks[0], hooks))
    assert "exclude: the pattern '(a|aa)+$' " in said


# -- patterns of the project, and of ours ---------------------------------------------------------


def test_a_pattern_that_the_project_wrote_has_a_time_limit() -> None:
    """A pattern that tries more ways than there is time for is named, and ends in seconds."""
    pattern = r"__version__ = (?P<version>(a|aa)+)$"
    text = f"__version__ = {'a' * 60}!\n"
    said = says(lambda: edits.static_version(text, f"(?m){pattern}"))
    assert "[tool.hatch.version] pattern: the pattern '(?m)__version__" in said
    assert "did not end within 2 s; write one that does not repeat what repeats" in said
    assert "did not end within 2 s" in says(lambda: edits.version_edit(text, pattern, "2"))


@pytest.mark.parametrize("pattern", ["(" * 40 + "a" + ")+" * 40, "(?:" * 14 + "a" + "){9}" * 14])
def test_a_pattern_that_repeats_what_repeats_takes_no_memory(pattern: str) -> None:
    """One that would compile to gigabytes is refused before it is compiled."""
    said = says(lambda: reading.search(pattern, "a", "f: exclude"))
    assert "repeats too much that is repeated" in said


@pytest.mark.parametrize("pattern", ["(", "(?P<version>", "no group", "(?P<other>x)", "\\"])
def test_a_pattern_that_is_none_is_an_error(pattern: str) -> None:
    """A broken pattern, or one that finds no version, says what is wrong with it."""
    said = says(lambda: edits.static_version("no group x", pattern))
    assert "is invalid" in said or "has no group named version" in said


@pytest.mark.parametrize(
    "text",
    [
        "# " + " #" * 200_000 + "x\n",
        "# a" + " " * 400_000 + "b\n",
        "[\n" * 10_000,
        "<!--" * 200_000,
        f"## 1{'.1' * 200_000}!\n",
        "[unreleased]: " + "/compare/..." * 50_000 + "@\n",
    ],
)
def test_a_changelog_of_any_shape_is_read_in_the_time_of_its_length(text: str) -> None:
    """No line of a changelog takes the square of its length."""
    whole = f"# Changes\n\n## Unreleased\n\n- more\n\n{text}\n## 1.0\n\n- first\n"
    for path in ("CHANGELOG.md", "CHANGES.rst"):
        outline = sections.outline(reading_of(path, whole), Known("2.0", {"1.0"}))
        release = Release("2.0", "v2.0", date(2026, 1, 31))
        made = writing.inserted(outline, ["## 2.0", "", "- more"], release)
        assert "- more" in made
        assert notes.content_lines(notes.clean(whole))
        if outline.waiting:
            assert "2.0" in writing.released(outline, release, Style())


def test_a_requirements_file_of_empty_lines_is_no_export_at_once() -> None:
    """Empty lines without end are looked at once each."""
    assert not edits.is_export("x\n" + "\n" * 1_000_000)


# -- by the command -------------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        (
            "pyproject.toml",
            HEAD.encode() + b'description = "caf\xe9"\n',
            "pyproject.toml:5:19: byte 83 is not UTF-8; save it as UTF-8",
        ),
        (
            "pyproject.toml",
            HEAD.encode() + b'description = "\xef\xbf\xbd \xf0\x9f\x98"\n',
            "is not UTF-8; save it as UTF-8",
        ),
        ("pyproject.toml", b"a = " + b"[" * 10_000, "pyproject.toml:1: nested more than 100"),
    ],
)
def test_the_command_says_what_is_wrong_with_the_file(
    stiletto: Bench, tmp_path: Path, name: str, written: bytes, said: str
) -> None:
    """A file that cannot be read ends the call with its place, not with a traceback."""
    package = tmp_path / "package"
    package.mkdir()
    (package / name).write_bytes(written)
    ended = stiletto.call(package, "lint")
    assert 1 == ended.code
    assert said in ended.err
    assert "Traceback" not in ended.err + ended.out
