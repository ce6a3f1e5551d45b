"""Nothing that is generated, documented or said has an index look our names up.

On the package index `wheelwright` and `stiletto` belong to others. A job that installs one of
them by name runs whatever their owners upload, with the job's rights.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stiletto.module.source import read_project
from wheelwright import identity
from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine, caller
from wheelwright.github.home import Home, of_reference, of_requirement
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe

REPOSITORY = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
SOURCE = "github.com/OWNER/wheelwright@v1.2"
GIT = "git+https://example.org/OWNER/wheelwright"
PYPROJECT = """\
[project]
name = "quay"
version = "1.0"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""

COMPILED = '\n[tool.cibuildwheel]\nbuild = "cp313-*"\n'
CHOICES = [
    Choices(),
    Choices(publish="tag"),
    Choices(sarif=True, codecov="A", notify="B", history=True, netrc="C", needs=("x",)),
]

# A verb that has an index look names up, and the words up to the end of its line.
INSTALLS = re.compile(
    r"\b(?:(?:uv )?pip[0-9.]* (?:install|download|wheel)"
    r"|uv (?:tool (?:install|run|upgrade)|add)|uvx|uv run (?:\S+ )*?--with(?:-editable)?"
    r"|pipx (?:install|inject|run|upgrade)|pip-run|easy_install|(?:poetry|pdm|rye) add"
    r"|(?:pipenv|rye|toolchain|dagger) install|(?:conda|mamba|micromamba|pixi) (?:install|add))"
    r"\b(?P<words>[^\n&;|]*)"
)
# The names, and the constants of the code that have one.
OURS = re.compile(
    r"(?<![\w./@:-])(?:wheelwright-pipeline|wheelwright|stiletto"
    r"|\{(?:pins\.|identity\.|distribution\.)?(?:PACKAGE|NAME)\})(?:\[[^\]]*\])?(?![\w/-]|\.\w)"
)
# From an address: a commit of any, or what a person types, a version of ours.
ADDRESS = re.escape(identity.repository())
NAMED = re.compile(
    rf"\S+ @ git\+(?:https://\S+@(?:[0-9a-f]{{40}}|COMMIT)|{ADDRESS}@v[0-9][\w.+-]*)(?![\w.])"
)


def looked_up(text: str) -> list[str]:
    """Return each installation that names one of ours, but for those from a git address."""
    installed = INSTALLS.finditer(re.sub(r"\\\n\s*", " ", text))
    return [each[0] for each in installed if OURS.search(NAMED.sub("", each["words"]))]


def toolchain(pin: str = COMMIT, source: str = SOURCE) -> str:
    """Return a dagger.json that has the module as a toolchain."""
    entry = {"name": "wheelwright", "source": source, **({"pin": pin} if pin else {})}
    return json.dumps({"name": "quay", "toolchains": [entry]})


def planned(said: str | None, engine: Engine, module: str = "", stiletto: str = "") -> str:
    """Return all the files that `workflows` would write, one after the other."""
    who = caller(said, engine, module, "", stiletto)
    choices = [*CHOICES, *([Choices(reusable=True)] if module else [])]
    packages = [describe(Snapshot({"pyproject.toml": PYPROJECT + more})) for more in ("", COMPILED)]
    forms = (workflows(package, who, each) for package in packages for each in choices)
    return "\n---\n".join(text for files in forms for text in files.values())


FORMS: dict[str, tuple[str | None, str, str]] = {
    "pinned": (toolchain(), "", ""),
    "named": (toolchain(""), "", f"wheelwright[stiletto] @ {GIT}@{COMMIT}"),
    "here": (toolchain("", "tools/wheelwright"), "", ""),
    "own": ('{"name": "wheelwright", "sdk": {"source": "python"}}', "", ""),
    "module": (None, f"github.com/OWNER/wheelwright@{COMMIT}", ""),
}


def generated() -> Iterator[tuple[str, str]]:
    """Yield every form of the workflows."""
    for name, (said, module, stiletto) in FORMS.items():
        for engine in Engine:
            yield f"{name}-{engine.value}", planned(said, engine, module, stiletto)


GENERATED = dict(generated())
WRITTEN = {
    path.relative_to(REPOSITORY).as_posix(): path
    for top in ("docs", "src", ".github", ".ci", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    for path in sorted([REPOSITORY / top, *(REPOSITORY / top).rglob("*")])
    if path.is_file() and path.suffix not in (".pyc", ".png")
    # What a build of the site has left is made from the pages.
    if not {"site", ".cache"} & {*path.relative_to(REPOSITORY).parts}
}


@pytest.mark.parametrize("text", GENERATED.values(), ids=GENERATED)
def test_workflow_names_no_package_of_an_index(text: str) -> None:
    """In no form of a workflow is anything of ours installed by its name."""
    assert [] == looked_up(text)
    assert "pip install" not in text
    assert "uv tool" not in text


@pytest.mark.parametrize("path", WRITTEN.values(), ids=WRITTEN)
def test_nothing_written_looks_us_up(path: Path) -> None:
    """Neither manual nor message nor hint tells to install one of our names from an index."""
    assert [] == looked_up(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "run: uv tool install 'wheelwright[stiletto]'",
        "$ pip install --quiet stiletto",
        "hint: `uvx stiletto prune`",
        "pipx run --spec wheelwright stiletto",
        "uv run --with wheelwright-pipeline x",
        "uv tool install 'wheelwright[stiletto]==1.0'",
        "python3.11 -m pip install wheelwright-pipeline",
        "uv tool install \\\n  --python 3.12 \\\n  'wheelwright-pipeline[stiletto]'",
        "dagger toolchain install wheelwright",
        "The next act is `pip install stiletto`.",
        "say: pip install wheelwright-pipeline.",
        'hint = f"run `uv tool install {PACKAGE}[stiletto]`"',
        'hint = f"run `pip install {distribution.NAME}`"',
        "uv add --dev wheelwright-pipeline>=1",
        f"uv tool install 'wheelwright-pipeline[stiletto] @ {GIT}@main'",
        f"uv tool install 'wheelwright-pipeline[stiletto] @ {GIT}@v1.0'",
        f"pip install 'w @ {GIT}@{COMMIT}' stiletto",
    ],
)
def test_search_is_not_blind(text: str) -> None:
    """The search of the two tests before does find such words."""
    assert [text] != [] == looked_up("uv tool install ruff")
    assert 1 == len(looked_up(text))


@pytest.mark.parametrize(
    "text",
    [
        f'uv tool install "{identity.requirement()}"',
        f'pip install "{identity.requirement(COMMIT)}"',
        f'pass --stiletto, as in uv tool install "{identity.requirement("COMMIT")}"',
        f"dagger toolchain install {identity.reference()}",
        "stiletto toolchain install ../wheelwright -n checks",
        "pip install ./wheelwright/dist/x.whl",
    ],
)
def test_address_is_allowed(text: str) -> None:
    """What names our repository at a commit, or at a tag as a person types it, is no name."""
    assert [] == looked_up(text)


def test_pinned_commit_is_fetched_with_its_own_lock() -> None:
    """Each job that calls the engine fetches the commit of dagger.json and syncs it, locked."""
    text = GENERATED["pinned-stiletto"]
    fetched = set(re.findall(r'ADDRESS: "(.*)"\n +COMMIT: "(.*)"', text))

    assert {("https://github.com/OWNER/wheelwright", COMMIT)} == fetched
    assert text.count("--locked --no-default-groups --extra stiletto") == text.count("ADDRESS: ")


def test_fetched_is_what_the_commit_says(tmp_path: Path) -> None:
    """The step takes that commit although the branch has moved, and fails where it is unknown."""
    origin, temp = tmp_path / "origin", tmp_path / "temp"
    origin.mkdir()
    temp.mkdir()

    def git(*words: str) -> str:
        settings = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        done = subprocess.run(
            ["git", *settings, *words], cwd=origin, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (origin / "said").write_text("reviewed")
    git("add", ".")
    git("commit", "--quiet", "--message=reviewed")
    reviewed = git("rev-parse", "HEAD")
    (origin / "said").write_text("moved")
    git("commit", "--quiet", "--all", "--message=moved")
    step = next(
        step
        for step in _steps(GENERATED["pinned-stiletto"])
        if step["name"].startswith("Fetch the module")
    )

    def run(commit: str) -> int:
        env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "RUNNER_TEMP": str(temp)}
        env |= {"ADDRESS": origin.as_uri(), "COMMIT": commit}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]], env=env, capture_output=True
        )
        return done.returncode

    assert 0 != run(OTHER)
    assert 0 == run(reviewed)
    assert "reviewed" == (temp / "wheelwright" / "said").read_text()


def _steps(text: str) -> Iterator[dict[str, Any]]:
    for document in YAML(typ="safe", pure=True).load_all(text):
        for job in document.get("jobs", {}).values():
            yield from job.get("steps", ())


def test_without_a_pin_the_flag_is_asked_for() -> None:
    """A toolchain without a pin stops `workflows`, which names both ways to give one."""
    with pytest.raises(RequestError, match=r"names 'v1\.2', which can be moved.*--stiletto"):
        planned(toolchain(""), Engine.STILETTO)
    with pytest.raises(RequestError, match=r"can be moved; run `dagger toolchain install`"):
        planned(toolchain(""), Engine.DAGGER)
    with pytest.raises(RequestError, match="names no commit"):
        planned(toolchain("", "github.com/OWNER/wheelwright"), Engine.STILETTO)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("wheelwright[stiletto]", "would be looked up on an index"),
        ("wheelwright[stiletto]==1.0", "would be looked up on an index"),
        ("stiletto", "would be looked up on an index"),
        ("wheelwright-pipeline>=0", "would be looked up on an index"),
        (f"w @ {GIT}", "names no commit"),
        (f"w @ {GIT}@v1", "names 'v1', which can be moved"),
        (f"w @ {GIT}@main", "names 'main', which can be moved"),
        (f"w @ {GIT}@{COMMIT[:12]}", "which can be moved"),
        (f"w @ {GIT}@{COMMIT.upper()}", "which can be moved"),
        (f"w @ git+http://example.org/o/w@{COMMIT}", "is not a git repository by https"),
        (f"w @ git+ssh://git@example.org/o/w@{COMMIT}", "is not a git repository by https"),
        (f"w @ git+https://user:word@example.org/o/w@{COMMIT}", "is not a git repository"),
        ("w @ https://example.org/w-1-py3-none-any.whl", "is not a git repository by https"),
        (f"w @ {GIT}@{COMMIT}#egg=other", "contains more than an address and a commit"),
        (f"w @ {GIT}@{COMMIT} ; python_version > '3'", "contains more than an address"),
        (f"w @ {GIT}@{COMMIT}#subdirectory=../x", "is outside of the repository"),
        ("not a requirement", "is not a requirement"),
    ],
)
def test_what_names_no_commit_is_refused(text: str, fact: str) -> None:
    """A name, a version, a branch, a tag, half a hash: each is refused, with why and what to do."""
    with pytest.raises(RequestError) as error:
        of_requirement(text)

    assert fact in str(error.value)


@pytest.mark.parametrize(
    ("text", "home"),
    [
        (f"wheelwright[stiletto] @ {GIT}@{COMMIT}", Home(GIT[4:], COMMIT)),
        (f"x @ {GIT}.git@{COMMIT}#subdirectory=a/b", Home(f"{GIT[4:]}.git", COMMIT, "a/b")),
    ],
)
def test_address_at_a_commit_is_taken(text: str, home: Home) -> None:
    """A git address by https, at a whole commit, is what it says."""
    assert home == of_requirement(text)


@pytest.mark.parametrize(
    ("reference", "home"),
    [
        ("github.com/O/w@v1", Home("https://github.com/O/w", COMMIT)),
        ("github.com/O/w/sub/dir@sub/dir/v1", Home("https://github.com/O/w", COMMIT, "sub/dir")),
        ("https://h.example/a/b/c.git/d@x", Home("https://h.example/a/b/c.git", COMMIT, "d")),
        ("git@github.com:O/w", Home("https://github.com/O/w", COMMIT)),
        ("ssh://git@h.example:22/O/w.git@main", Home("https://h.example/O/w.git", COMMIT)),
        ("tools/wheelwright", Home(directory="tools/wheelwright")),
        ("./tools/wheelwright/", Home(directory="tools/wheelwright")),
    ],
)
def test_reference_with_its_pin_is_an_address_at_a_commit(reference: str, home: Home) -> None:
    """What dagger.json has is read as Dagger reads it; the pin counts, not the version."""
    assert home == of_reference("source", reference, COMMIT, "pin it")


@pytest.mark.parametrize("reference", ["../wheelwright", "file:///srv/w.git@v1", "http://h.ex/o/w"])
def test_reference_that_no_job_could_fetch_is_refused(reference: str) -> None:
    """A directory beside the repository, one of this machine, an address without TLS: refused."""
    with pytest.raises(RequestError):
        of_reference("source", reference, COMMIT, "pin it")


def test_distribution_has_a_name_of_its_own_and_is_not_uploaded() -> None:
    """The project is called as nobody's package is, and indexes refuse it by its classifier."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]

    assert project["name"] not in ("wheelwright", "stiletto")
    assert "Private :: Do Not Upload" in project["classifiers"]


def test_module_is_found_although_the_project_is_called_otherwise() -> None:
    """The SDK and the embedded engine read the same entry point, which leads to the object."""
    project = read_project(REPOSITORY)
    package, _, name = project.main_object.partition(":")

    assert ("wheelwright", "Wheelwright") == (package, name)
    assert package != project.package


def test_installing_a_checkout_builds_with_what_uv_brings() -> None:
    """The back end is part of uv: nothing is downloaded that uv.lock has no hash of."""
    said = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["build-system"]

    assert "uv_build" == said["build-backend"]
    assert [True] == [each.startswith("uv_build") for each in said["requires"]]
