"""Where the workflows fetch the module from: a version is written as the commit that it names."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.standins.certificates import Authority
from tests.standins.repository import Repository, run_git
from wheelwright import identity

from .bench import Bench
from .conftest import Sample

PIN = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Served:
    """A repository on loopback, by https.

    Attributes:
        address: without a scheme, as `-m` takes it.
        commits: by tag and branch.
        bench: runs commands that trust the server.
    """

    address: str
    commits: dict[str, str]
    bench: Bench


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Print nothing."""


@pytest.fixture
def served(stiletto: Bench, tmp_path: Path) -> Iterator[Served]:
    """Serve a repository with two commits: tags v1 (annotated) and v2, a branch main."""
    repository = Repository(tmp_path / "served/o/wheelwright.git")
    work = tmp_path / "work"
    work.mkdir()
    run_git(work, "init", "--quiet", "--initial-branch=main")
    run_git(work, "commit", "--quiet", "--allow-empty", "--message=One")
    run_git(work, "tag", "--annotate", "--message=One", "v1")
    run_git(work, "commit", "--quiet", "--allow-empty", "--message=Two")
    run_git(work, "tag", "v2")
    run_git(work, "push", "--quiet", str(repository.path), "main", "--tags")
    repository.git("update-server-info")
    authority = Authority(tmp_path)
    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    server = http.server.ThreadingHTTPServer(("localhost", 0), handler)
    server.socket = authority.context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    names = {name: run_git(work, "rev-parse", f"{name}^{{commit}}") for name in ("v1", "v2")}
    env = {**stiletto.env, "SSL_CERT_FILE": str(authority.bundle), "NO_PROXY": "localhost"}
    address = f"localhost:{server.server_port}/o/wheelwright.git"
    yield Served(
        address, {**names, "main": names["v2"], "": names["v2"]}, replace(stiletto, env=env)
    )
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(source: Path) -> set[tuple[str, str]]:
    """Return each address with its commit in the steps that fetch the module."""
    texts = [path.read_text() for path in (source / ".github/workflows").glob("*.yml")]
    return {
        pair for text in texts for pair in re.findall(r'ADDRESS: "(.*)"\n +COMMIT: "(.*)"', text)
    }


def called(source: Path) -> set[str]:
    """Return what `-m` names in the calls, but for the directory of a fetched module."""
    texts = [path.read_text() for path in (source / ".github/workflows").glob("*.yml")]
    found = {name for text in texts for name in re.findall(r" call -m (\S+)", text)}
    return {name for name in found if not name.startswith('"')}


@pytest.mark.parametrize("version", ["v1", "main", ""])
def test_version_of_the_option_is_written_as_its_commit(
    served: Served, sample: Sample, version: str
) -> None:
    """A tag, a branch or nothing: jobs fetch and call the commit that it names now."""
    source = sample("hatchling-src")
    module = served.address + (f"@{version}" if version else "")
    done = served.bench.passes(
        source,
        "workflows",
        "--branch=main",
        "--module",
        module,
        "--engine=stiletto",
        "-y",
        cwd=source,
    )
    commit = served.commits[version]

    assert {(f"https://{served.address}", commit)} == fetched(source)
    assert {f"{served.address}@{commit}"} == called(source)
    assert f"{version or 'HEAD'} of https://{served.address} is commit {commit}" in done.err


@pytest.mark.parametrize(("pin", "expected"), [("", "v1"), (PIN, PIN)])
def test_toolchain_without_a_pin_is_asked_for(
    served: Served, sample: Sample, pin: str, expected: str
) -> None:
    """The pin of dagger.json counts; without it the commit of the version is written."""
    source = sample("hatchling-src")
    entry = {
        "name": "wheelwright",
        "source": f"{served.address}@v1",
        **({"pin": pin} if pin else {}),
    }
    (source / "dagger.json").write_text(json.dumps({"name": "quay", "toolchains": [entry]}))
    served.bench.passes(source, "workflows", "--branch=main", "--engine=stiletto", "-y", cwd=source)

    assert {(f"https://{served.address}", served.commits.get(expected, expected))} == fetched(
        source
    )


def test_version_that_is_not_there_names_the_option(served: Served, sample: Sample) -> None:
    """A tag that the repository lacks: nothing is written, and the option is named."""
    source = sample("hatchling-src")
    done = served.bench.fails(
        source, "workflows", "--branch=main", "--module", f"{served.address}@v3", "-y", cwd=source
    )

    assert "'v3', which can be moved" in done.error
    assert "--module" in done.error
    assert not (source / ".github").exists()


def test_without_a_module_it_is_the_own_address(stiletto: Bench, sample: Sample) -> None:
    """The address in pyproject.toml at the own tag; without an answer the option is named."""
    source = sample("hatchling-src")
    done = stiletto.fails(source, "workflows", "--branch=main", "-y", cwd=source)

    assert identity.reference() in done.error
    assert f"--module {identity.reference('COMMIT')}" in done.error
    assert not (source / ".github").exists()
