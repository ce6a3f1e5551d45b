"""Hooks of pre-commit: over their own files, with their own arguments and versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.wheelwright.gates.linted import BARE, RUFF, found, hook, hooked, ruff_hooks
from wheelwright.errors import ProjectError
from wheelwright.gates import linting
from wheelwright.gates.format import Format
from wheelwright.gates.gate import Ran
from wheelwright.gates.lint import Lint
from wheelwright.gates.result import Verdict
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe

PATHS = ("README.md", "docs/conf.py", "src/a/__init__.py", "src/a/b.pyi", "vendored/x.py")


def test_patterns_of_file_and_hook_count() -> None:
    """The global `exclude` and those of a hook leave files out; the note counts them."""
    config = ruff_hooks(
        "{id: ruff-check, exclude: ^docs/}",
        "{id: ruff-format, files: ^src/}",
        top="exclude: ^vendored/\n",
    )
    package = hooked(config, PATHS, RUFF)
    ran = [Ran(0, "[]", tool="ruff 1")]
    files = ("src/a/__init__.py", "src/a/b.pyi")
    for gate, name in ((Lint(), "ruff-check"), (Format(), "ruff-format")):
        (step,) = gate.plan(package, "3.12")
        result = gate.judge(package, "3.12", ran)
        assert files == step.args[-2:]
        assert Verdict.PASSED is result.verdict
        assert result.note.endswith(
            f"; ruff 1, from .pre-commit-config.yaml {name}; the hook leaves out 2 files"
        )


def test_arguments_of_a_hook_count_but_for_those_that_write() -> None:
    """A hook that fixes is run as one that reports; `format` fixes over the same files."""
    config = ruff_hooks("{id: ruff, args: [--fix, --exit-non-zero-on-fix, --select=F]}")
    (call,) = linting.choose(hooked(config, ["a.py"]), "lint", "3.12").calls
    (step,) = call.steps()
    assert (
        "ruff check --no-fix --no-cache --output-format=json --force-exclude --select=F a.py"
        == " ".join(step.args)
    )
    assert ["ruff check --fix-only --no-cache --exit-zero --force-exclude --select=F a.py"] == [
        " ".join(args) for args in call.over_files(call.writing)
    ]


def test_other_linters_have_what_their_hooks_install() -> None:
    """flake8 with its plugins; isort and black in the versions of their hooks."""
    config = "repos:\n" + "".join(
        [
            hook(
                "https://github.com/PyCQA/flake8",
                "7.1.0",
                "{id: flake8, additional_dependencies: [flake8-bugbear==24.1, flake8==7.1.2]}",
            ),
            hook("https://github.com/PyCQA/isort", "6.0.1", "id: isort"),
            hook("https://github.com/psf/black-pre-commit-mirror", "25.1.0", "id: black"),
            hook("https://github.com/codespell-project/codespell", "v2", "id: codespell"),
        ]
    )
    package = hooked(config, ["a.py"], BARE + "[tool.ruff]\n")
    lint = linting.choose(package, "lint", "3.12")
    (black,) = linting.choose(package, "format", "3.12").calls

    assert ["flake8==7.1.2", "isort==6.0.1"] == [call.tool.requirement for call in lint.calls]
    assert ("flake8-bugbear==24.1",) == lint.calls[0].tool.beside
    assert "black==25.1.0" == black.tool.requirement
    assert (
        "hooks not run: codespell",
        "ruff is configured, and nothing calls it",
    ) == lint.notes
    assert (
        "note: hooks not run: codespell" in Lint().judge(package, "3.12", [Ran(0), Ran(0)]).details
    )


def test_a_hook_without_a_file_has_checked_nothing() -> None:
    """As pre-commit skips it: not passed, and nothing else runs in its place."""
    package = hooked(ruff_hooks("{id: ruff-check, files: ^none/}"), ["a.py"], RUFF)
    assert (
        "not configured: the hook ruff-check of .pre-commit-config.yaml gets no file"
        == Lint().configured(package)
    )


def test_a_hook_that_gets_no_names_runs_once() -> None:
    """`pass_filenames: false` and a command of its own."""
    local = "repos:\n  - repo: local\n    hooks:\n      - {id: style, name: s, language: system, "
    config = local + "entry: uv run ruff check src, types: [python], pass_filenames: false}\n"
    (step,) = Lint().plan(hooked(config, ["src/a.py", "src/b.py"]), "3.12")
    assert "ruff check --no-fix --no-cache --output-format=json src" == " ".join(step.args)


def test_a_linter_that_hooks_call_without_a_formatter() -> None:
    """Then the project has no formatter, although ruff could be one."""
    config = ruff_hooks("id: ruff-check")
    assert (
        Format()
        .configured(hooked(config, ["a.py"], RUFF))
        .startswith("not configured: demo calls ruff check, and no formatter")
    )
    formats = hooked(config, ["a.py"], RUFF + "[tool.ruff.format]\n")
    assert "" == Format().configured(formats)


def test_many_files_are_several_steps() -> None:
    """A command line has a limit of length; findings of all steps are summed up."""
    paths = [f"src/{'long_name_' * 8}{number:05}.py" for number in range(2000)]
    package = hooked(ruff_hooks("id: ruff-check"), paths)
    plan = Lint().plan(package, "3.12")
    other = {"filename": "/src/b.py", "location": {"row": 1, "column": 1}, "code": "F1"}
    ran = [Ran(1, found()), Ran(1, found({**other, "message": "m"})), *[Ran(0, "[]")] * 8]

    assert 1 < len(plan) < 5
    assert max(sum(map(len, step.args)) for step in plan) < 128 * 1024
    assert paths == [arg for step in plan for arg in step.args if arg.endswith(".py")]
    result = Lint().judge(package, "3.12", ran[: len(plan)])
    assert result.note.startswith("2 issues in 2 files, 1 of them fixed by `format`;")


@pytest.mark.parametrize("path", ["-q.py", "@a.py"])
def test_a_file_is_not_taken_for_an_option(path: str) -> None:
    """Nor for a file of arguments."""
    (step,) = Lint().plan(hooked(ruff_hooks("id: ruff-check"), [path]), "3.12")
    assert f"./{path}" == step.args[-1]


def test_a_package_in_a_directory_has_its_own_files() -> None:
    """Hooks stand at the root of the repository; of their files those of the package count."""
    texts = {
        ".pre-commit-config.yaml": ruff_hooks("{id: ruff-check, files: ^back/}"),
        "back/pyproject.toml": BARE,
    }
    package = describe(Snapshot(texts, frozenset(texts)), "back", base="back")
    paths = ("back/a.py", "back/b.py", "front/c.py")
    (step,) = Lint().plan(replace(package, paths=paths), "3.12")
    assert ("back/a.py", "back/b.py") == step.args[-2:]
    assert "/src" == step.workdir


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("repos: [\n", r"\.pre-commit-config\.yaml:\d"),
        (ruff_hooks("{id: ruff-check, types: [snake]}"), "snake"),
        (ruff_hooks("{id: ruff-check, exclude: '('}"), "the pattern '\\('"),
    ],
)
def test_a_broken_configuration_fails_what_needs_it(config: str, message: str) -> None:
    """With its place; the setting goes around it."""
    with pytest.raises(ProjectError, match=message):
        Lint().configured(hooked(config, ["a.py"], RUFF))
    around = '[tool.wheelwright]\nlint = ["ruff", "check", "src"]\n'
    (step,) = Lint().plan(hooked(config, ["a.py"], BARE + around), "3.12")
    assert "src" == step.args[-1]
