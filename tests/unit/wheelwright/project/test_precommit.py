"""Reading .pre-commit-config.yaml, and which files a hook gets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identify.identify import tags_from_path
from pre_commit.commands.run import (  # type: ignore[import-untyped]  # it has no types
    filter_by_include_exclude,
)

from wheelwright.errors import ProjectError
from wheelwright.project.precommit import Hook, Hooks, read, selected
from wheelwright.project.runners.job import Place

FROZEN = """\
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: 65dbdb59d2f2d9c3bdc343c566821ad3319ddaa3  # frozen: v0.16.3
    hooks:
      - id: ruff-check
      - id: ruff-format
  - repo: https://github.com/pre-commit/mirrors-mypy
    rev: c41e6916784c4efdc3b2f7a4b0a1e9f1d2c3b4a5
    hooks:
      - id: mypy
"""
EXCLUDES = """\
exclude: ^vendored/
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.16.3
    hooks:
      - id: ruff-check
        exclude: ^docs/
      - id: ruff-format
        files: ^src/
"""
DEPENDENCIES = """\
repos:
  - repo: https://github.com/pre-commit/mirrors-mypy
    rev: v1.19.1
    hooks:
      - id: mypy
        files: ^src/
        args: [--strict]
        additional_dependencies: [types-PyYAML]
"""


def only(text: str) -> Hook:
    """Return the one hook of a file."""
    (hook,) = read(text).hooks
    return hook


def local(lines: str) -> Hook:
    """Return a local hook with these lines."""
    return only("repos:\n- repo: local\n  hooks:\n  - id: x\n" + lines)


def test_a_commit_is_the_version_behind_it() -> None:
    """A hash with `# frozen:` is that version; one without is not known, and says why."""
    hooks = read(FROZEN).hooks

    assert ["0.16.3", "0.16.3", ""] == [hook.version for hook in hooks]
    assert ["", "", "has a commit without `# frozen:` as its rev"] == [
        hook.unversioned for hook in hooks
    ]
    assert ".pre-commit-config.yaml:10" == str(hooks[2].place)


def test_excludes_count() -> None:
    """The exclude of the file and of the hook both hold, and `files` limits."""
    hooks = read(EXCLUDES)
    paths = ["docs/conf.py", "src/quay/__init__.py", "src/quay/x.toml", "vendored/x.py", "z.pyi"]

    assert [["src/quay/__init__.py", "z.pyi"], ["src/quay/__init__.py"]] == [
        selected(paths, hook, hooks) for hook in hooks.hooks
    ]


def test_a_hook_has_its_arguments_and_dependencies() -> None:
    """Its own arguments replace those of the repository; the command has no files."""
    hook = only(DEPENDENCIES)

    assert ("mypy", "--strict") == hook.command
    assert ("types-PyYAML",) == hook.dependencies
    assert "1.19.1" == hook.version
    default = only(FROZEN.partition("  - repo: https://github.com/pre-commit")[0].replace(
        "      - id: ruff-format\n", ""
    ))  # fmt: skip
    assert ("ruff", "check", "--force-exclude") == default.command
    assert (
        default.command
        == only(
            DEPENDENCIES.replace("pre-commit/mirrors-mypy", "x/ruff-pre-commit")
            .replace("id: mypy", "id: ruff")
            .replace("--strict", "--fix")
        ).checking
    )
    assert ("mypy", "--ignore-missing-imports", "--scripts-are-modules") == (
        read(FROZEN).hooks[2].command
    )
    assert ("mypy",) == only(DEPENDENCIES.replace("[--strict]", "[]")).command


def test_values_of_the_whole_file_are_defaults() -> None:
    """Stages and versions of languages hold for the hooks that have none of their own."""
    hooks = read(
        "default_stages: [manual]\ndefault_language_version: {python: python3.11}\n"
        "repos:\n- repo: https://x/PyCQA/flake8\n  rev: 7.3.0\n  hooks:\n"
        "  - id: flake8\n"
        "  - {id: flake8, alias: late, stages: [push], language_version: '3.12'}\n"
    )

    assert [("flake8", False, "python3.11"), ("late", True, "3.12")] == [
        (hook.name, hook.automatic, hook.language_version) for hook in hooks.hooks
    ]
    assert ("pre-push",) == hooks.hooks[1].stages
    assert ["late"] == [hook.name for hook in hooks.running("flake8")]
    assert ["late", "flake8"] == [hook.name for hook in hooks.versions_of("flake8")]
    assert ["flake8"] == [hook.name for hook in hooks.manual]


@pytest.mark.parametrize(
    ("stages", "automatic"),
    [
        ("[]", True),
        ("[manual]", False),
        ("[commit]", True),
        ("[manual, pre-push]", True),
        ("[post-checkout, post-merge, post-rewrite, pre-rebase]", False),
        ("[commit-msg]", True),
    ],
)
def test_some_stages_belong_to_no_commit(stages: str, automatic: bool) -> None:
    """A hook that only a person, a checkout or a merge starts is not one of the project's CI."""
    assert automatic is local(f"    stages: {stages}\n").automatic


def test_a_repository_has_stages_of_its_own() -> None:
    """The hook of isort names its stages, so that a default of the file does not reach it."""
    text = "default_stages: [manual]\nrepos:\n- repo: https://x/PyCQA/isort\n  rev: 8.0.1\n"
    assert only(f"{text}  hooks: [{{id: isort}}]\n").automatic


def test_hooks_that_do_not_run_here_are_listed() -> None:
    """What no gate has a program for is named, in order; what is not automatic is not."""
    hooks = read(
        "repos:\n- repo: https://github.com/pre-commit/pre-commit-hooks\n  rev: v6.0.0\n"
        "  hooks: [{id: check-yaml}, {id: check-toml, stages: [manual]}]\n"
        "- repo: local\n  hooks:\n  - {id: style, entry: ./style.sh, language: script}\n"
        "- repo: meta\n  hooks: [{id: identity}]\n"
    )

    assert ["check-yaml", "style", "identity"] == [hook.name for hook in hooks.not_run]


@pytest.mark.parametrize(
    ("lines", "command", "version", "unversioned"),
    [
        (
            "    entry: uv run mypy src\n    language: system\n",
            ("mypy", "src"),
            "",
            "runs what is installed",
        ),
        (
            "    entry: mypy\n    language: python\n    additional_dependencies: [mypy==1.10.0]\n"
            "    args: [src]\n",
            ("mypy", "src"),
            "1.10.0",
            "",
        ),
        (
            "    entry: mypy\n    language: python\n    additional_dependencies: [mypy]\n",
            ("mypy",),
            "",
            "names no exact version of mypy",
        ),
        ("    entry: make types\n    language: system\n", (), "", ""),
        (
            "    entry: uv run ruff\n    args: [check, --fix]\n    language: system\n",
            ("ruff", "check", "--fix"),
            "",
            "runs what is installed",
        ),
        (
            "    entry: uv run\n    args: [mypy, src]\n    language: system\n",
            ("mypy", "src"),
            "",
            "runs what is installed",
        ),
        ("    entry: python ci.py\n    args: [mypy]\n    language: system\n", (), "", ""),
    ],
)
def test_local_hooks_are_read_by_their_entry(
    lines: str, command: tuple[str, ...], version: str, unversioned: str
) -> None:
    """A local hook has no revision: its own dependencies pin it, or nothing does."""
    hook = local(lines)

    assert (command, version, unversioned) == (hook.command, hook.version, hook.unversioned)


def test_a_system_hook_of_a_repository_has_no_version() -> None:
    """Where a hook runs what is installed, the tag is that of the hook alone."""
    hook = only(
        "repos:\n- repo: https://github.com/facebook/pyrefly-pre-commit\n  rev: 1.4.1\n"
        "  hooks: [{id: pyrefly-check, language: system}]\n"
    )

    assert ("", "runs what is installed") == (hook.version, hook.unversioned)
    assert not hook.pass_filenames


def test_an_entry_replaces_that_of_the_repository() -> None:
    """Another command line of the same program counts; that of another program is not run."""
    text = "repos:\n- repo: https://x/mirrors-mypy\n  rev: v1.2.3\n  hooks:\n  - id: mypy\n"

    assert ("mypy", "-p", "quay") == only(text + "    entry: mypy -p quay\n    args: []\n").command
    assert only(text + "    entry: bash -c 'mypy $@'\n").program is None


def test_anchors_and_the_list_without_a_key_are_read() -> None:
    """Aliases share a list; a file from before 2017 is the list of repositories itself."""
    hooks = read(
        "- repo: https://x/mirrors-mypy\n  rev: v1.2.3\n  hooks:\n"
        "  - id: mypy\n    additional_dependencies: &deps [a, b]\n"
        "  - id: mypy\n    additional_dependencies: *deps\n"
    )

    assert [("a", "b")] * 2 == [hook.dependencies for hook in hooks.hooks]


def test_a_file_without_hooks_has_none() -> None:
    """An empty file, no `repos`, and a repository without `hooks` are no hooks."""
    assert [(), (), ()] == [
        read(text).hooks for text in ("", "ci: {}\n", "repos:\n- repo: https://x/flake8\n")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("repos: [", ".pre-commit-config.yaml:1: not valid YAML: "),
        ("x", ".pre-commit-config.yaml: not a mapping with `repos`"),
        ("a: 1\nrepos: x\n", ".pre-commit-config.yaml:2: repos is not a list"),
        ("repos:\n- x\n", ".pre-commit-config.yaml:2: repos is not a list of mappings"),
        ("repos:\n- repo: [x]\n  hooks: [{}]\n", ".pre-commit-config.yaml:2: repo is not a string"),
        ("repos:\n- hooks:\n  - args: -x\n", ":3: args is not a list of strings"),
        ("repos:\n- hooks:\n  - args:\n    - {}\n", ":4: args is not a list of strings"),
        ("repos:\n- hooks:\n  - files: {glob: x}\n", ":3: files is not a string"),
        ("default_language_version: x\n", ":1: default_language_version is not a mapping"),
    ],
)
def test_another_shape_names_its_line(text: str, message: str) -> None:
    """A value of another shape is an error with its line, and the settings that go around it."""
    with pytest.raises(ProjectError, match=re.escape(message)) as caught:
        read(text)

    assert "correct it, or set lint, format and typecheck in [tool.wheelwright]" == (
        caught.value.hint
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("    exclude: '('\n", ".pre-commit-config.yaml:4: exclude: the pattern '(' is invalid: "),
        ("    files: (a|aa)+$\n", ".pre-commit-config.yaml:4: files: the pattern '(a|aa)+$' "),
        ("    types: [pithon]\n", "hook 'x' has the type 'pithon', which pre-commit does not have"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_named(lines: str, message: str) -> None:
    """A broken pattern, one that does not end, and a type that does not exist are errors."""
    hook = local(lines)
    with pytest.raises(ProjectError, match=re.escape(message)):
        selected(["a" * 200 + "b"], hook, Hooks((hook,)))


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("", {"a.py", "b.pyi", "bin/run", "bin/tool", "c.ipynb", "LICENSE"}),
        ("    types: [python]\n", {"a.py", "bin/tool"}),
        ("    types_or: [python, pyi]\n", {"a.py", "b.pyi", "bin/tool"}),
        ("    types: [text]\n    exclude_types: [python, plain-text]\n",
         {"b.pyi", "bin/run", "c.ipynb"}),
        ("    types: [executable]\n", {"bin/run", "bin/tool"}),
        ("    types: [file, non-executable]\n    types_or: [pyi]\n", {"b.pyi"}),
        ("    types: []\n    files: ^bin/\n", {"bin/run", "bin/tool"}),
    ],
)  # fmt: skip
def test_types_are_those_of_pre_commit(tmp_path: Path, lines: str, kept: set[str]) -> None:
    """What is known from names and first lines agrees with pre-commit on real files."""
    contents = {
        "a.py": "", "b.pyi": "", "c.ipynb": "{}", "LICENSE": "x",
        "bin/run": "#!/bin/sh\n", "bin/tool": "#!/usr/bin/env python3\n",
    }  # fmt: skip
    for path, text in contents.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
        (tmp_path / path).chmod(0o755 if path.startswith("bin/") else 0o644)
    hook = local(lines)
    scripts = {path: text for path, text in contents.items() if path.startswith("bin/")}
    tags = {path: tags_from_path(str(tmp_path / path)) for path in contents}

    found = selected(contents, hook, Hooks((hook,)), scripts)

    assert kept == set(found)
    assert kept == {
        path
        for path in filter_by_include_exclude(contents, hook.files, hook.exclude or "^$")
        if tags[path] >= set(hook.types)
        and (not hook.types_or or tags[path] & set(hook.types_or))
        and not tags[path] & set(hook.exclude_types)
    }


def test_libraries_are_imported_where_they_are_used() -> None:
    """Choosing a tool without hooks imports neither a parser of YAML nor a table of types."""
    program = (
        "import sys\nimport wheelwright.environment.tools, wheelwright.project.metadata\n"
        "print([name for name in ('ruamel', 'identify', 'poetry', 'regex')"
        " if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "[]\n" == done.stdout


PATTERNS = st.sampled_from(
    ["", "^$", "^src/", r"\.py$", "docs/|ext/", "(?x)^(\n  a\n  | b\n)", "^(?!src)", "b/?", "[^a]"]
)
NAMES = st.lists(
    st.sampled_from(["src/a.py", "docs/b.py", "ext/a", "a", "b", "src/\n.py", "É.py"]), max_size=7
)


@settings(max_examples=250, deadline=None)
@given(NAMES, PATTERNS, PATTERNS, PATTERNS)
def test_patterns_are_those_of_pre_commit(
    paths: list[str], everywhere: str, files: str, exclude: str
) -> None:
    """Whatever the patterns, the paths are those that pre-commit's own functions leave."""
    hook = Hook("x", "local", Place("f"), files=files, exclude=exclude, types=())
    first = filter_by_include_exclude(paths, "", everywhere or "^$")

    assert list(filter_by_include_exclude(first, files, exclude or "^$")) == selected(
        paths, hook, Hooks((hook,), exclude=everywhere)
    )


KEYS = ["repos", "repo", "rev", "hooks", "id", "args", "files", "stages", "entry", "types", "<<"]
TREES = st.recursive(
    st.sampled_from(["local", "meta", "https://x/mirrors-mypy", "mypy", "v1.2", "ruff", "(", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=250, deadline=None)
@given(TREES)
def test_any_tree_is_read_or_refused(tree: object) -> None:
    """Whatever is nested in what: hooks, or the one error."""
    text = str({"repos": [{"repo": "local", "hooks": [tree]}, tree]})
    try:
        lines = {hook.place.line for hook in read(text).hooks}
    except ProjectError as error:
        lines = {int(error.message.split(":")[1])}
    assert lines <= {1}
