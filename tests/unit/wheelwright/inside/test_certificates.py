"""The program that joins certificates."""

import runpy
from pathlib import Path

import pytest

from wheelwright.inside import certificates

PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def run(monkeypatch: pytest.MonkeyPatch, *args: Path) -> None:
    """Run the program as a step does."""
    monkeypatch.setattr("sys.argv", ["certificates.py", *map(str, args)])
    runpy.run_path(certificates.__file__, run_name="__main__")


def test_given_certificates_are_added_to_the_system_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has both, the system's first; what OpenSSL is pointed at is the system's."""
    system, given = tmp_path / "system.pem", tmp_path / "given.pem"
    to = tmp_path / "new" / "all.pem"
    system.write_bytes(b"the system's\n")
    given.write_bytes(PEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(system))

    run(monkeypatch, given, to)
    assert b"the system's\n" + PEM == to.read_bytes()


def test_a_file_without_a_certificate_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named by the option that gave it."""
    given = tmp_path / "given.pem"
    given.write_text("-----BEGIN PRIVATE KEY-----")

    with pytest.raises(SystemExit, match="--ca has no certificate in PEM"):
        run(monkeypatch, given, tmp_path / "all.pem")
    assert not (tmp_path / "all.pem").exists()
