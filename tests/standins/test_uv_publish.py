"""The real `uv publish` against the stand-ins: what a release relies on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from .devpi import Devpi
from .outside import Outside
from .test_index import attestation

METADATA = "Metadata-Version: 2.4\nName: sample\nVersion: 1.0\n"
WHEEL = "sample-1.0-py3-none-any.whl"
SDIST = "sample-1.0.tar.gz"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A wheel and an sdist, made by hand: uv reads their metadata."""
    directory = tmp_path / "dist"
    directory.mkdir()
    write_wheel(directory, "one")
    with tarfile.open(directory / SDIST, "w:gz") as packed:
        member = tarfile.TarInfo("sample-1.0/PKG-INFO")
        member.size = len(METADATA)
        packed.addfile(member, io.BytesIO(METADATA.encode()))
    return directory


def write_wheel(directory: Path, contents: str) -> None:
    """Write the wheel, with one module in it."""
    tags = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(directory / WHEEL, "w") as packed:
        packed.writestr("sample.py", contents)
        packed.writestr("sample-1.0.dist-info/METADATA", METADATA)
        packed.writestr("sample-1.0.dist-info/WHEEL", tags)
        packed.writestr("sample-1.0.dist-info/RECORD", "")


def publish(
    outside: Outside, dist: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `uv publish` with the wheel and the sdist; the plain token unless `env` says more."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    clean |= {"SSL_CERT_FILE": str(outside.authority.bundle), "UV_HTTP_RETRIES": "0"}
    clean.pop("SSL_CERT_DIR", None)
    credentials = {"UV_PUBLISH_TOKEN": outside.index.token} if env is None else env
    return subprocess.run(
        [
            *(find_uv_bin(), "publish", "--no-cache", "--publish-url", outside.index.publish_url),
            *(*arguments, str(dist / WHEEL), str(dist / SDIST)),
        ],
        cwd=dist,
        env={**clean, **credentials},
        capture_output=True,
        text=True,
        check=False,
    )


def checked(outside: Outside) -> tuple[str, str]:
    """Return the option that lets uv look before it uploads."""
    return ("--check-url", outside.index.simple_url)


def test_a_token_publishes_both_files(outside: Outside, dist: Path) -> None:
    """The wheel is uploaded first; publishing again changes nothing and succeeds."""
    first = publish(outside, dist)
    again = publish(outside, dist)

    assert 0 == first.returncode, first.stderr
    assert 0 == again.returncode, again.stderr
    assert (WHEEL, SDIST) == outside.effects.named("upload")


def test_the_check_url_skips_what_is_there(outside: Outside, dist: Path) -> None:
    """A half-published release uploads only what is missing."""
    outside.index.put("sample", "1.0", WHEEL, (dist / WHEEL).read_bytes())
    done = publish(outside, dist, *checked(outside))

    assert 0 == done.returncode, done.stderr
    assert [SDIST] == outside.index.uploads


def test_the_check_url_stops_at_other_bytes(outside: Outside, dist: Path) -> None:
    """The same name with other bytes on the index is an error before any upload."""
    outside.index.put("sample", "1.0", WHEEL, b"other")
    done = publish(outside, dist, *checked(outside))

    assert 2 == done.returncode
    assert [] == outside.index.uploads


def test_other_bytes_without_a_check_url_are_pypi_s_to_refuse(outside: Outside, dist: Path) -> None:
    """The words reach whoever runs uv."""
    outside.index.put("sample", "1.0", WHEEL, b"other")
    done = publish(outside, dist)

    assert 2 == done.returncode
    assert "File already exists" in done.stderr


def test_a_bad_gateway_after_storing_is_forgiven_with_a_check_url(
    outside: Outside, dist: Path
) -> None:
    """After an error uv looks again: the stored file is good enough."""
    outside.index.bad_gateway_after_store()
    without = publish(outside, dist)
    outside.index.delete(WHEEL)
    outside.index.shelf.used.clear()
    outside.index.bad_gateway_after_store()
    with_check = publish(outside, dist, *checked(outside))

    assert 2 == without.returncode
    assert 0 == with_check.returncode, with_check.stderr
    assert {WHEEL, SDIST} == set(outside.index.files)


def test_trusted_publishing_goes_all_the_way(outside: Outside, dist: Path) -> None:
    """It asks for audience and tokens, uploads with attestations, and burns its token."""
    outside.index.trust_project("sample")
    contents = (dist / WHEEL).read_bytes()
    attested = dist / f"{WHEEL}.publish.attestation"
    attested.write_text(json.dumps(attestation(WHEEL, contents)))
    variables = outside.index.actions_environment
    # uv takes the attestations that it is given by name, not those that lie beside a file.
    done = publish(outside, dist, "--trusted-publishing", "always", str(attested), env=variables)

    assert 0 == done.returncode, done.stderr
    assert (WHEEL, SDIST) == outside.effects.named("upload")
    assert [1, 0] == [len(outside.index.files[name].attestations) for name in (WHEEL, SDIST)]
    assert 1 == len(outside.index.issuer.issued)
    assert {} == outside.index.trust.minted


def test_a_reused_job_s_token_stops_uv(outside: Outside, dist: Path) -> None:
    """When the job hands out a spent token, uv says what the index said, and uploads nothing."""
    outside.index.trust_project("sample")
    variables = outside.index.actions_environment
    publish(outside, dist, "--trusted-publishing", "always", env=variables)
    outside.index.issuer.reuse(outside.index.issuer.issued[0])
    done = publish(outside, dist, "--trusted-publishing", "always", env=variables)

    assert 2 == done.returncode
    assert "invalid-reuse-token" in done.stderr
    assert [WHEEL, SDIST] == outside.index.uploads


def test_an_invalid_publisher_stops_uv(outside: Outside, dist: Path) -> None:
    """A job that the project does not trust uploads nothing."""
    variables = outside.index.actions_environment
    done = publish(outside, dist, "--trusted-publishing", "always", env=variables)

    assert 2 == done.returncode
    assert "invalid-publisher" in done.stderr
    assert [] == outside.index.uploads


def test_devpi_takes_each_file_once(outside: Outside, dist: Path, devpi: Devpi) -> None:
    """The independent index: same bytes 200, other bytes refused, `--check-url` understood."""
    index = devpi.index()

    def publish_there(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {"UV_PUBLISH_USERNAME": index.user, "UV_PUBLISH_PASSWORD": index.password}
        url = ("--publish-url", index.publish_url)
        return subprocess.run(
            [find_uv_bin(), "publish", "--no-cache", *url, *arguments, dist / WHEEL, dist / SDIST],
            cwd=dist,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    first, again = publish_there(), publish_there("--check-url", index.simple_url)
    digests = {
        name: hashlib.sha256((dist / name).read_bytes()).hexdigest() for name in (WHEEL, SDIST)
    }
    write_wheel(dist, "two")
    other = publish_there()
    other_checked = publish_there("--check-url", index.simple_url)

    assert 0 == first.returncode, first.stderr
    assert 0 == again.returncode, again.stderr
    assert (2, 2) == (other.returncode, other_checked.returncode)
    assert "409" in other.stderr
    assert digests == devpi.files(index, "sample")
