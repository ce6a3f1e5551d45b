"""What calls a checker: environments of runners, and hooks of pre-commit."""

from dataclasses import replace

import pytest

from tests.unit.wheelwright.samples import locked, project
from wheelwright.errors import ProjectError
from wheelwright.gates.gate import Ran, Tree
from wheelwright.gates.type_places import decide
from wheelwright.gates.types import Types
from wheelwright.project.files import Snapshot
from wheelwright.project.model import Project, describe

BARE = '[project]\nname = "demo"\nversion = "1"\n'
PATH = ".pre-commit-config.yaml"


def nox(*sessions: str) -> str:
    """Return a noxfile with sessions: a name, and lines."""
    parts = ["import nox\nimport pathlib\n"]
    for session in sessions:
        head, *lines = session.splitlines()
        name, _, decorated = head.partition(" ")
        body = "".join(f"    {line}\n" for line in lines)
        parts.append(f"@nox.session({decorated})\ndef {name}(session):\n{body}\n")
    return "\n".join(parts)


MYPY = 'session.install("mypy")\nsession.run("mypy", "src")'
PYRIGHT = 'session.install("pyright")\nsession.run("pyright")'
COMPUTED = 'session.install(*pathlib.Path("x").read_text().split())\nsession.run("mypy")'


def said(described: Project, python: str = "3.12") -> list[str]:
    """Return place and command of everything that runs."""
    checks = decide(described, python).checks
    return [f"{each.place}: {' '.join(each.args)}" for each in checks]


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ((f"lint\n{MYPY}", f"typing\n{MYPY}"), ["noxfile.py typing: mypy src"]),
        (
            (f"mypy\n{MYPY}", f"types\n{PYRIGHT}"),
            ["noxfile.py types: pyright", "noxfile.py mypy: mypy src"],
        ),
        ((f"lint\n{MYPY}",), ["noxfile.py lint: mypy src"]),
        ((f"check_types\n{MYPY}", f"lint\n{MYPY}"), ["noxfile.py check_types: mypy src"]),
        (
            (f"mypy\n{MYPY}", f"pyright\n{PYRIGHT}"),
            ["noxfile.py mypy: mypy src", "noxfile.py pyright: pyright"],
        ),
        ((f"mypy\n{MYPY}", f"pyright default=False\n{PYRIGHT}"), ["noxfile.py mypy: mypy src"]),
        ((f"mypy\n{MYPY}", f"lint\n{PYRIGHT}"), ["noxfile.py mypy: mypy src"]),
        (
            ('typing\nsession.run("mypy")\nsession.run("pytest")\nsession.run("mypy", "docs")',),
            ["noxfile.py typing, `mypy`: mypy", "noxfile.py typing, `mypy docs`: mypy docs"],
        ),
        ((), []),
    ],
)
def test_the_environment_for_types_is_found(sessions: tuple[str, ...], expected: list[str]) -> None:
    """By its name, then by what it calls; with those that have the names of other checkers."""
    assert expected == said(project(BARE, {"noxfile.py": nox(*sessions)}))


def test_the_environment_of_this_python_is_taken() -> None:
    """Of several for the same, the one that names the Python."""
    session = 'typing python=["3.11", "3.12"]\nsession.run("mypy", f"on-{session.python}")'
    assert ["noxfile.py typing: mypy on-3.12"] == said(project(BARE, {"noxfile.py": nox(session)}))


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        ('python="3.10"', "3.10"),
        ('python=["3.9", "3.10"]', "3.9"),
        ('python="3.12.4"', "3.12"),
        ('python="3"', "3.12"),
        ('python=["3.9", "3.12"]', "3.12"),
        ("", "3.12"),
    ],
)
def test_an_environment_runs_on_the_python_that_it_names(pythons: str, expected: str) -> None:
    """What it installs and runs is that of its Python, and so is the verdict's."""
    session = f'typing {pythons}\nsession.run("mypy", f"on-{{session.python}}")'
    described = project(BARE, {"noxfile.py": nox(session)})
    (step,) = Types().plan(described, "3.12")

    assert expected == step.python
    assert f" on Python {expected}, " in Types().judge(described, "3.12", [Ran(0)]).note
    if expected in ("3.9", "3.10"):
        assert ("mypy", f"on-{expected}") == step.args


def test_the_python_of_the_caller_or_of_the_settings_wins() -> None:
    """Above the one that an environment names."""
    files = {"noxfile.py": nox(f'typing python="3.10"\n{MYPY}')}
    chosen = project(BARE + '[tool.wheelwright]\npython = "3.12"\n', files)

    assert "3.12" == decide(project(BARE, files), "3.12", requested=True).python
    assert "3.12" == decide(chosen, "3.12").python


def test_a_computed_environment_is_named_and_the_next_place_decides() -> None:
    """With its line, and with the setting that goes around it."""
    pyproject = BARE + '[tool.mypy]\nfiles = ["src"]\n'
    found = decide(project(pyproject, {"noxfile.py": nox(f"typing\n{COMPUTED}")}), "3.12")

    assert ["pyproject.toml [tool.mypy]"] == [each.place for each in found.checks]
    (note,) = found.notes
    assert note.startswith("noxfile.py:6 typing computes the requirements of typing (")
    assert note.endswith("which is not read: set typecheck in [tool.wheelwright]")


def test_a_broken_runner_is_named_with_the_setting() -> None:
    """The hint is what goes around the file for this gate."""
    with pytest.raises(ProjectError, match=r"noxfile\.py.*set typecheck in \[tool.wheelwright\]"):
        decide(project(BARE, {"noxfile.py": "def (:\n"}), "3.12")


def test_an_environment_brings_what_it_says() -> None:
    """Requirements, groups, variables and the directory of the runner's environment."""
    session = (
        'typing\nsession.install("mypy>=1.10,<2", "-e", "libs/x", "types-PyYAML")\n'
        'session.run("mypy", "src", env={"MYPYPATH": "stubs", "PATH": "/x"})'
    )
    (check,) = decide(project(BARE, {"noxfile.py": nox(session)}), "3.12").checks

    assert check.wanted is not None
    assert {"mypy>=1.10,<2", "types-PyYAML"} == set(check.wanted.lines)
    assert ("-e ./libs/x",) == tuple(map(str, check.wanted.paths))
    assert not check.wanted.installs
    assert {"MYPYPATH": "stubs"} == check.variables
    assert ("/src", "from noxfile.py typing") == (check.workdir, check.chosen_by)


@pytest.mark.parametrize(
    ("line", "files", "expected"),
    [
        ('"mypy==1.10.0"', {}, "fixed in noxfile.py typing"),
        ('"mypy<2"', {}, "from noxfile.py typing"),
        ('"-r", "typing.in"', {"typing.in": "mypy==1.11.0\n"}, "fixed in noxfile.py typing"),
        ('"--group", "types"', {}, 'fixed in group "types"'),
    ],
)
def test_the_version_is_that_of_the_environment(
    line: str, files: dict[str, str], expected: str
) -> None:
    """What the runner installs decides, not what stands elsewhere."""
    session = f'typing\nsession.install({line}, ".")\nsession.run("mypy")'
    if "group" in line:
        session = 'typing\nsession.run_install("uv", "sync", "--group=types")\nsession.run("mypy")'
    pyproject = BARE + '[dependency-groups]\nold = ["mypy==1.2.0"]\ntypes = ["mypy==1.12.0"]\n'
    (check,) = decide(project(pyproject, {"noxfile.py": nox(session), **files}), "3.12").checks
    assert (None, expected) == (check.tool, check.chosen_by)


def test_a_checker_that_the_environment_lacks_is_added_to_it() -> None:
    """It runs there in the version that the project has for it."""
    session = 'typing\nsession.install(".")\nsession.run("mypy")'
    files = {"noxfile.py": nox(session), "uv.lock": locked("mypy==1.15.0")}
    (check,) = decide(project(BARE, files), "3.12").checks
    assert check.wanted is not None
    assert ("mypy==1.15.0",) == check.wanted.added


def test_pyright_of_an_environment_has_its_own_node() -> None:
    """In the version that the environment has, over what that installs."""
    session = 'typing\nsession.install("pyright==1.1.400")\nsession.run("pyright", "src")'
    (check,) = decide(project(BARE, {"noxfile.py": nox(session)}), "3.12").checks
    assert check.tool is not None
    assert ("pyright[nodejs]==1.1.400", ("pyright", "src")) == (check.tool.requirement, check.args)


def test_scripts_of_pdm_run_over_the_environment_of_the_tests() -> None:
    """They install nothing, so what they find there is the project's own."""
    pyproject = BARE + (
        '[tool.pdm.scripts]\ntypecheck = "pdm run mypy src"\n'
        '[dependency-groups]\ndev = ["mypy==1.10.0", "pytest"]\n'
    )
    (check,) = decide(project(pyproject), "3.12").checks
    assert (None, ("dev",)) == (check.wanted, check.groups)
    assert ("mypy", "src") == check.args


# -- hooks ----------------------------------------------------------------------------------------

TREE = ("pyproject.toml", "src/demo/__init__.py", "src/demo/old.py", "tests/test_demo.py")


def hooked(text: str, pyproject: str = BARE, paths: tuple[str, ...] = TREE) -> Project:
    """Describe a package with hooks and tracked files."""
    return replace(project(pyproject, {PATH: text}), paths=paths)


def mirror(rev: str, more: str = "") -> str:
    """Return a file with mypy's hook."""
    return (
        "repos:\n- repo: https://x.org/a/mirrors-mypy\n"
        f"  rev: {rev}\n  hooks:\n  - id: mypy\n{more}"
    )


def test_a_hook_gets_its_files_one_by_one() -> None:
    """Those that it selects, by both of its patterns and that of the file."""
    more = "    files: ^src/\n    exclude: old\n"
    assert [
        f"{PATH} mypy over 1 file: mypy --ignore-missing-imports --scripts-are-modules "
        "src/demo/__init__.py"
    ] == said(hooked(mirror("v1.18.2", more)))
    found = said(hooked(f"exclude: ^src\n{mirror('v1.18.2')}"))
    assert found[0].endswith("--scripts-are-modules tests/test_demo.py")


def test_a_hook_has_an_environment_of_its_own() -> None:
    """With exactly its dependencies beside the version of its rev; nothing of the project."""
    more = "    args: [--strict]\n    additional_dependencies: [types-PyYAML, 'mypy==1.17.0']\n"
    described = hooked(mirror("v1.18.2", more), BARE + '[dependency-groups]\ndev = ["mypy"]\n')
    (check,) = decide(described, "3.12").checks

    assert check.tool is not None
    assert Tree.SOURCE is check.tree
    assert ("mypy==1.17.0", ("types-PyYAML",)) == (check.tool.requirement, check.tool.beside)
    assert ("mypy", "--strict") == check.args[:2]
    assert "/src" == check.workdir


def test_a_commit_without_a_version_is_our_pin_with_the_reason() -> None:
    """A hash of 40 digits says nothing of a version, but for its comment."""
    commit = "c41e6916784c4efdc3b2f7a4b0a1e9f1d2c3b4a5"
    (check,) = decide(hooked(mirror(commit)), "3.12").checks
    (frozen,) = decide(hooked(mirror(f"{commit}  # frozen: v1.16.0")), "3.12").checks

    assert check.tool is not None
    assert frozen.tool is not None
    assert ("mypy==2.4.1", "mypy==1.16.0") == (check.tool.requirement, frozen.tool.requirement)
    assert (
        f"pinned by wheelwright; the hook mypy in {PATH}:5 has a commit without `# frozen:` "
        "as its rev"
    ) == check.chosen_by


def test_a_hook_of_the_machine_runs_over_the_environment_of_the_tests() -> None:
    """`uv run mypy` is the project's own mypy."""
    text = "repos:\n- repo: local\n  hooks:\n  - {id: t, entry: uv run mypy src, language: system"
    dev = BARE + '[dependency-groups]\ndev = ["mypy==1.10.0", "pytest"]\n'
    (check,) = decide(hooked(text + ", pass_filenames: false}\n", dev), "3.12").checks

    assert (Tree.INSTALLED, None, ("dev",)) == (check.tree, check.tool, check.groups)
    assert (("mypy", "src"), f"{PATH} t") == (check.args, check.place)


def test_a_hook_without_a_file_checks_nothing() -> None:
    """The project's own commit would skip it, so nothing else is guessed."""
    described = hooked(mirror("v1.18.2", "    files: ^core/\n"), BARE + "[tool.mypy]\n")
    expected = f"not configured: the hook mypy of {PATH} gets no file of demo"
    assert expected == Types().configured(described)


def test_a_manual_hook_is_none() -> None:
    """No commit runs it."""
    described = hooked(mirror("v1.18.2", "    stages: [manual]\n"), BARE + "[tool.mypy]\n")
    assert ["pyproject.toml [tool.mypy]"] == [each.place for each in decide(described, "3").checks]


def test_a_package_in_a_directory_has_its_own_files() -> None:
    """Of the files of the repository's hook, those that are the package's."""
    paths = ("a/pyproject.toml", "a/x.py", "b/y.py")
    files = Snapshot({PATH: mirror("v1.18.2"), "a/pyproject.toml": BARE})
    described = replace(describe(files, "a", base="a"), paths=paths)
    assert said(described)[0].endswith("--scripts-are-modules a/x.py")
