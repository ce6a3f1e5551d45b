"""What the steps of a workflow call in the repository."""

import pytest

from wheelwright.repository import called

MAKEFILE = (
    "all:\n\ttrue\n\npublish: build ## upload\n\tuv build\n\t@uv publish\n\nother:\n\tfalse\n"
)
JUSTFILE = "publish target='x':\n    uv publish\n\nother:\n    false\n"
TOX = "[testenv:docs]\ncommands = sphinx\n\n[testenv:publish]\ncommands =\n  twine upload dist/*\n"
NOX = """\
@nox.session
def publish(session: nox.Session) -> None:
    session.run("twine", "upload", *session.posargs)


def other(session: nox.Session) -> None:
    session.run("false")
"""
FILES = {
    "scripts/publish": "#!/bin/sh\n# twine upload\nuv \\\n  publish\n",
    "publish.py": 'check_call(["uv", "publish"])\n',
    "setup.py": "twine upload\n",
    "Makefile": MAKEFILE,
    "justfile": JUSTFILE,
    "tox.ini": TOX,
    "noxfile.py": NOX,
}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("scripts/publish", "\nuv publish"),
        ("./scripts/publish --now", "\nuv publish"),
        ("set -e; bash scripts/publish", "\nuv publish"),
        ("uv run python publish.py", "uv publish"),
        ("make publish", "\tuv build\n\t@uv publish"),
        ("just publish", "    uv publish\n"),
        ("uvx tox -e docs,publish", "sphinx\n\n\ntwine upload dist/*"),
        ("pipx run nox -s publish", "twine upload *session.posargs"),
        ("nox --session=publish -- dist/*", "twine upload *session.posargs"),
    ],
)
def test_text_behind_a_command_is_found(script: str, expected: str) -> None:
    """A file, a recipe, an environment or a session, as commands and without comments."""
    text = "\n".join(called.texts(script, FILES).values()).replace("#!/bin/sh", "")
    assert [line.split() for line in expected.split("\n") if line] == [
        line.split() for line in text.split("\n") if line.strip()
    ]


@pytest.mark.parametrize(
    "script",
    [
        "cat scripts/publish",
        "flake8 publish.py",
        "python setup.py sdist",
        "make",
        "make nothing",
        "cmake publish",
        "echo done",
    ],
)
def test_file_that_is_not_run_does_not_count(script: str) -> None:
    """An argument of another program, setup.py, and a target that is not there are nothing."""
    assert "" == "".join(called.texts(script, FILES).values())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("tox", []),
        ("tox -p auto", []),
        ("tox -e py312", ["py312"]),
        ("tox run -e docs,lint -- -x", ["docs", "lint"]),
        ("tox run -f lint", ["lint"]),
        ("nox -s lint docs -- --x", ["lint", "docs"]),
        ("nox --session=docs", ["docs"]),
        ("nox -sdocs", ["docs"]),
    ],
)
def test_chosen_environments(command: str, expected: list[str]) -> None:
    """The names behind each form of the option; none where everything runs."""
    assert expected == called.chosen(command)
