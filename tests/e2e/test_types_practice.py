"""Types are checked as the project itself does: by its runner, its hooks, its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import Bench
from .repositories import HATCHLING, git, repository

TYPING = """\
[testenv:typing]
dependency_groups = typing
commands = mypy src tests/typing
"""
MIRROR = "repos:\n- repo: https://github.com/pre-commit/mirrors-mypy\n  rev: {rev}\n  hooks:\n"


@pytest.mark.slow
def test_what_tox_calls_is_what_runs(stiletto: Bench, tmp_path: Path) -> None:
    """With its targets and its version; a checker that is only configured is a note."""
    pyproject = HATCHLING.format(name="typed") + (
        '[dependency-groups]\ntyping = ["mypy==1.19.1"]\n[tool.mypy]\npython_version = "3.10"\n'
        '[tool.pyright]\ninclude = ["src"]\n'
    )
    files = {
        "pyproject.toml": pyproject,
        "tox.ini": TYPING,
        "src/typed/__init__.py": 'def depth():\n    return "3" + 4\n',
        "tests/typing/good.py": "import typed\n\nX: int = 1\n",
    }
    ended = stiletto.passes(repository(tmp_path / "typed", files), "typecheck")

    assert (
        'no type errors; mypy 1.19.1 (fixed in group "typing") on Python 3.13, '
        "from tox.ini [testenv:typing]; pyright is configured in pyproject.toml [tool.pyright] "
        "and nothing calls it"
    ) in ended.out
    assert "mypy src tests/typing" in [name for name, _ in ended.steps]


@pytest.mark.slow
def test_an_environment_without_the_package_has_its_own_requirements(
    stiletto: Bench, tmp_path: Path
) -> None:
    """Directory, variables and requirements of tox count, and what it does beside is not run."""
    tox = (
        "[testenv:type]\nskip_install = true\ndeps =\n    mypy==1.18.2\n    -r requirements/t.txt\n"
        "change_dir = src\nset_env =\n    MYPYPATH = {tox_root}/stubs\n"
        "commands =\n    mypy --strict {posargs:bare}\n    pytest tests\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="bare"),
        "tox.ini": tox,
        "requirements/t.txt": "types-PyYAML\n",
        "stubs/only_here.pyi": "Z: int\n",
        "src/bare/__init__.py": (
            "import only_here\nimport yaml\n\nX: str = yaml.dump({})\nY: str = only_here.Z\n"
        ),
    }
    ended = stiletto.fails(repository(tmp_path / "bare", files), "typecheck")

    place = "tox.ini [testenv:type]"
    said = f"1 type error; mypy 1.18.2 (fixed in {place}) on Python 3.13, from {place}\n"
    assert ended.error.startswith(said)
    assert "bare/__init__.py:5: error" in ended.error


def test_a_hook_has_its_files_and_its_dependencies(stiletto: Bench, tmp_path: Path) -> None:
    """No file that it leaves out, no link, none that git does not track; none of the project's."""
    hook = MIRROR.format(rev="v1.19.1") + (
        "  - id: mypy\n    files: ^src/\n    args: [--strict]\n"
        "    additional_dependencies: [types-PyYAML]\n"
    )
    wrong = 'X: int = "a"\n'
    files = {
        "pyproject.toml": HATCHLING.format(name="stub").replace(
            "version = ", 'dependencies = ["pyyaml"]\nversion = '
        ),
        ".pre-commit-config.yaml": hook,
        "src/stub/__init__.py": "import yaml\n\nEMPTY: str = yaml.safe_dump({})\n",
        "src/stub/notes.txt": wrong,
        "tools/wrong.py": wrong,
    }
    source = repository(tmp_path / "stub", files)
    (source / "src" / "stub" / "untracked.py").write_text(wrong)
    (source / "src" / "stub" / "link.py").symlink_to("../../tools/wrong.py")
    git(source, "add", "src/stub/link.py")
    ended = stiletto.passes(source, "typecheck")

    assert (
        "no type errors; mypy 1.19.1 (fixed in .pre-commit-config.yaml) on Python 3.13, "
        "from .pre-commit-config.yaml mypy over 1 file"
    ) in ended.out


@pytest.mark.slow
def test_a_hook_at_a_commit_runs_our_version_and_says_why(stiletto: Bench, tmp_path: Path) -> None:
    """A hash names no version of mypy; a computed session of nox is named as well."""
    commit = "c41e6916784c4efdc3b2f7a4b0a1e9f1d2c3b4a5"
    nox = (
        "import nox\n\n\n@nox.session\ndef typing(session):\n"
        "    session.install(*open('x').read().split())\n    session.run('mypy')\n"
    )
    files = {
        "pyproject.toml": HATCHLING.format(name="ice"),
        "noxfile.py": nox,
        ".pre-commit-config.yaml": MIRROR.format(rev=commit) + "  - id: mypy\n    files: ^src/\n",
        "src/ice/__init__.py": "import no_such_module\n\nCOLD: int = 1\n",
    }
    ended = stiletto.passes(repository(tmp_path / "ice", files), "typecheck")

    assert (
        "(pinned by wheelwright; the hook mypy in .pre-commit-config.yaml:5 has a commit without "
        "`# frozen:` as its rev)"
    ) in ended.out
    assert "noxfile.py:6 typing computes the requirements of typing" in ended.out
    assert "set typecheck in [tool.wheelwright]" in ended.out


@pytest.mark.slow
def test_keys_of_other_sections_are_not_mypys(stiletto: Bench, tmp_path: Path) -> None:
    """`files` of a release tool leaves mypy without targets: src is a guess, and named so."""
    files = {
        "pyproject.toml": HATCHLING.format(name="oak"),
        "setup.cfg": "[bumpversion]\nfiles = src/oak/__init__.py\n\n[mypy]\nstrict = true\n",
        "src/oak/__init__.py": "X: int = 1\n",
    }
    ended = stiletto.passes(repository(tmp_path / "oak", files), "typecheck")
    assert "from setup.cfg [mypy], over src because its configuration names no files" in ended.out


@pytest.mark.slow
def test_the_version_of_a_requirements_file_runs(stiletto: Bench, tmp_path: Path) -> None:
    """In the environment that has the same program, its version is the one that is named."""
    pyproject = HATCHLING.format(name="ash") + "\n[tool.mypy]\nstrict = true\n"
    files = {
        "pyproject.toml": pyproject,
        "requirements-dev.txt": "pytest\nmypy==1.10.0\n",
        "ash/__init__.py": "import mypy.version\n\nreveal_type(mypy.version.__version__)\n",
    }
    ended = stiletto.passes(repository(tmp_path / "ash", files), "typecheck")

    assert "no type errors; mypy 1.10.0 (fixed in requirements-dev.txt)" in ended.out
    assert "mypy 2." not in ended.said


@pytest.mark.slow
def test_packages_that_no_name_leads_to_are_found(stiletto: Bench, tmp_path: Path) -> None:
    """The distribution is called otherwise than the package in it; tests are not guessed."""
    pyproject = HATCHLING.format(name="birch-tools") + (
        '[dependency-groups]\ndev = ["mypy>=1.18,<1.19"]\n[tool.mypy]\n'
        '[tool.hatch.build]\nonly-include = ["beech"]\n'
    )
    files = {
        "pyproject.toml": pyproject,
        "beech/__init__.py": "X: int = 1\n",
        "tests/__init__.py": 'X: int = ""\n',
    }
    ended = stiletto.passes(repository(tmp_path / "birch", files), "typecheck")
    assert 'mypy 1.18.2 (group "dev") on Python 3.13' in ended.out
    assert ", over beech because its configuration names no files" in ended.out
