r"""What a job of a workflow does, read from its name and from the commands of its steps. Pure.

    | kind    | by the job's name          | by a command or an action                 |
    |---------|----------------------------|-------------------------------------------|
    | lint    | lint, style, pre-commit    | ruff, flake8, black, pre-commit           |
    | types   | types, typing, mypy        | mypy, pyright, ty, pyrefly                |
    | tests   | test, tests, pytest, unit  | pytest, tox, nox, unittest, hatch test    |
    | build   |                            | build, uv build, cibuildwheel             |
    | audit   | audit                      | pip-audit, safety                         |
    | upload  |                            | pypa's action, uv publish, twine upload, \
another repository's workflow named so, a tool's credential in a variable |

tox and nox have environments of any kind, so `tox -e docs` is of the kind of that name. Only an
upload decides anything; the rest is shown to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wheelwright.project.yaml_data import Items, Scalar, Table, Value
from wheelwright.repository import called

_NAMES: Final = {
    "lint": {"lint", "linting", "linter", "linters", "style", "pre-commit", "precommit", "ruff"},
    "types": {"types", "typing", "type", "typecheck", "mypy", "pyright", "ty"},
    "tests": {"test", "tests", "testing", "pytest", "unit"},
    "audit": {"audit"},
}
_COMMANDS: Final = {
    "lint": r"ruff|flake8|pylint|black|isort|pre-commit\s+run|prek|pre-commit/action",
    "types": r"mypy|pyright|basedpyright|ty\s+check|pyrefly",
    "tests": r"pytest|py\.test|unittest|hatch\s+test|hatch\s+run\s+test\S*",
    "build": r"-m\s+build|(?:uv|hatch|poetry|pdm|flit|maturin)\s+build|cibuildwheel"
    r"|setup\.py\s+(?:\S+\s+)*?(?:sdist|bdist_wheel)|pip\s+wheel|build-and-inspect-python-package"
    r"|maturin-action",
    "audit": r"pip-audit|safety\s+(?:check|scan)",
}
_KINDS: Final = {
    kind: re.compile(rf"(?:^|[\s/'\"=])(?:{pattern})(?=$|[\s@:'\";])", re.MULTILINE)
    for kind, pattern in _COMMANDS.items()
}
# Not where it is installed: `pip install tox`, `uv run --group tox`.
_RUNNER: Final = re.compile(
    r"(?:^|[;&|])(?:(?!\binstall\b)[^;&|\n])*?(?<!group[ =])(?<!with[ =])"
    r"(?:^|(?<=[\s/'\";&|]))(?P<command>(?:tox|nox)(?=$|[\s'\";])[^;&|\n]*)",
    re.MULTILINE,
)
# Environments of tests: py312, 3.12, a name with "test", or one that the matrix gives.
_TESTING: Final = re.compile(r"test|cov|unit|\bpy|\d|\$|^all$", re.IGNORECASE)

_ACTIONS: Final = re.compile(
    r"(?:pypa/gh-action-pypi-publish|pypa/hatch-publish|JRubics/poetry-publish"
    r"|code-specialist/pypi-poetry-publish|etils-actions/pypi-auto-publish)(?:/[^@]*)?@"
)
_MATURIN: Final = re.compile(r"PyO3/maturin-action@", re.IGNORECASE)
# Another repository's workflow: its file's name is all that is known of it.
_WORKFLOW: Final = re.compile(r"[^./][^@]*/\.github/workflows/[^@/]*(?:publish|pypi)[^@/]*@", re.I)
_CREDENTIALS: Final = re.compile(
    r"TWINE_PASSWORD|UV_PUBLISH_(?:TOKEN|PASSWORD)|FLIT_PASSWORD|HATCH_INDEX_AUTH"
    r"|PDM_PUBLISH_PASSWORD|MATURIN_(?:PYPI_TOKEN|PASSWORD)|POETRY_PYPI_TOKEN_\w+"
    r"|POETRY_HTTP_BASIC_\w+_PASSWORD"
)
"""The variables in which the tools take a token, by their manuals."""
# At the start of a command, behind what runs another: `uvx twine upload dist/*`.
_UPLOAD: Final = re.compile(
    r"(?:^|[;&|(]|\b(?:then|do|else|exec|sudo|run|uvx|pipx|tool)\s|-m\s)\s*@?"
    r"(?:[A-Z_]+=\S*\s+)*(?:--?[\w-]+(?:[= ]\S+)?\s+)*(?:[\w.${}/-]*/|\$\{\w+\})?"
    r"(?P<command>uv\s+publish|twine\s+upload|flit\s+publish|poetry\s+publish|hatch\s+publish"
    r"|pdm\s+publish|maturin\s+(?:publish|upload)|rye\s+publish"
    r"|(?:python[\d.]*\s+)?setup\.py\s+(?:\S+\s+)*upload)\b(?P<rest>.*)",
    re.MULTILINE,
)
_TEST_INDEX: Final = re.compile(r"test\.?_?pypi", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a workflow.

    Attributes:
        kinds: what it does, in the order of the table above.
        upload: the action or command that uploads to the index; empty for none.
        environment: its environment on GitHub; empty for none.
    """

    name: str
    kinds: tuple[str, ...] = ()
    upload: str = ""
    environment: str = ""


def read(name: str, body: Table, files: Mapping[str, str]) -> Job:
    """Read a job; `files` are those of the repository that its steps may call."""
    tables = list(_steps(body))
    scripts = [_script(each) for each in tables]
    uses = [_text(each.values.get("uses")) for each in (body, *tables)]
    behind = [called.texts(script, files) for script in scripts]
    upload = next(filter(None, _uploads(body, tables, scripts, behind)), "")
    commands = "\n".join((*scripts, *(each.partition("#")[0] for each in uses)))
    kinds = list(_kinds(f"{name} {_text(body.values.get('name'))}", commands))
    environment = body.values.get("environment")
    if isinstance(environment, Table):
        environment = environment.values.get("name")
    return Job(name, (*kinds, *(("upload",) if upload else ())), upload, _text(environment))


def wanted(body: Table, names: Iterable[str]) -> set[str]:
    """Return the files of a repository that the steps of a job call."""
    present = frozenset(names)
    return {path for each in _steps(body) for path in called.paths(_script(each), present)}


def _steps(body: Table) -> Iterator[Table]:
    steps = body.values.get("steps")
    yield from (
        each
        for each in (steps.values if isinstance(steps, Items) else ())
        if isinstance(each, Table)
    )


def _kinds(title: str, commands: str) -> Iterator[str]:
    words = set(re.split(r"[^a-z-]+", title.lower()))
    words |= {part for word in words for part in word.split("-")}
    # The index of tests tests nothing.
    words -= {"test", "testpypi"} if "pypi" in words else set()
    runners = [called.chosen(found["command"]) for found in _RUNNER.finditer(commands)]
    chosen = [name for each in runners for name in each]
    words |= {part for name in chosen for part in re.split(r"[^a-z]+", name.lower())}
    # Without a choice they run everything, and that has tests.
    tested = not all(runners) or any(map(_TESTING.search, chosen))
    for kind, pattern in _KINDS.items():
        known = not words.isdisjoint(_NAMES.get(kind, ()))
        if known or pattern.search(commands) or (kind == "tests" and tested):
            yield kind


def _uploads(
    body: Table, steps: Iterable[Table], scripts: Iterable[str], behind: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """Yield what uploads to the index, the most certain first; not to the index of tests."""
    uses = _text(body.values.get("uses"))
    if _WORKFLOW.match(uses):
        yield uses.partition("@")[0]
    given = list(zip(steps, scripts, behind, strict=True))
    yield from (_by_action(step) for step, _, _ in given)
    tested = [_is_tested(step) for step, _, _ in given]
    for (_, script, texts), is_tested in zip(given, tested, strict=True):
        if not is_tested:
            yield _by_command(script)
            for path, text in texts.items():
                found = _by_command(text)
                yield f"{found} in {path}" if found else ""
    for table, is_tested in zip(
        (*(step for step, _, _ in given), body), (*tested, False), strict=True
    ):
        if not is_tested:
            yield next((f"{name} is set" for name in _variables(table)), "")


def _by_action(step: Table) -> str:
    uses, given = _text(step.values.get("uses")), step.values.get("with")
    values: Mapping[str, Value] = given.values if isinstance(given, Table) else {}
    if _ACTIONS.match(uses):
        urls = (_text(values.get(key)) for key in ("repository-url", "repository_url"))
        return "" if any(map(_TEST_INDEX.search, urls)) else uses.partition("@")[0]
    if _MATURIN.match(uses) and _text(values.get("command")) in ("publish", "upload"):
        return "" if _TEST_INDEX.search(_text(values.get("args"))) else uses.partition("@")[0]
    return ""


def _by_command(script: str) -> str:
    for found in _UPLOAD.finditer(script):
        if not _TEST_INDEX.search(found["rest"]) and "--dry-run" not in found["rest"].split():
            return " ".join(found["command"].split())
    return ""


def _is_tested(step: Table) -> bool:
    """Whether a step's variables lead to the index of tests."""
    variables = step.values.get("env")
    texts = variables.values.values() if isinstance(variables, Table) else ()
    return any(_TEST_INDEX.search(_text(each)) for each in texts)


def _variables(table: Table) -> Iterator[str]:
    """Yield the variables that have a credential for an upload."""
    variables = table.values.get("env")
    for name, value in variables.values.items() if isinstance(variables, Table) else ():
        if _CREDENTIALS.fullmatch(name) and not _TEST_INDEX.search(f"{name} {_text(value)}"):
            yield name


def _script(step: Table) -> str:
    """Return a step's script without comments, each continued line with the one before it."""
    return called.without_comments(_text(step.values.get("run")))


def _text(value: Value | None) -> str:
    return value.text if isinstance(value, Scalar) else ""
