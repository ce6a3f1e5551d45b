"""What is said of a command that was refused at loopback."""

from __future__ import annotations

import pytest

from stiletto.engine.ending import loopback_hint, system_hint


@pytest.mark.parametrize(
    ("said", "port"),
    [
        ("error: http://127.0.0.1:3141/simple/: Connection refused (os error 111)", "3141"),
        ("connect ECONNREFUSED [::1]:8080", "8080"),
        ("[Errno 111] Connection refused: localhost:5432", "5432"),
        ("127.0.0.1:1: timed out", None),
        ("http://127.0.0.1.example:80/: connection refused", None),
        ("http://index.example:80/: connection refused", None),
        ("127.3.2.1:70: connection refused", None),
        ("", None),
    ],
)
def test_a_refusal_at_loopback_names_the_setting(said: str, port: str | None) -> None:
    """The port that was refused stands in the hint; other failures have none."""
    hint = loopback_hint(said)

    if port is None:
        assert hint is None
    else:
        assert hint is not None
        assert hint.endswith(f"set STILETTO_LOOPBACK={port}")


@pytest.mark.parametrize(
    "printed",
    [
        "error: Project virtual environment directory `/usr/local/` cannot be used because it is "
        "not a valid Python environment (no Python executable was found)",
        "sh: 1: /usr/local/bin/python3: not found",
        "exec: /usr/local/bin/python3.12: no such file or directory",
        "bash: /usr/local/bin/pip: No such file or directory",
    ],
)
def test_python_of_an_image(printed: str) -> None:
    """Where a step wants the image's Python by its path, the hint says what stands for it."""
    assert "has its Python in /usr/local" in (system_hint(printed) or "")


@pytest.mark.parametrize("printed", ["/usr/local/bin/tool: not found", "/usr/local: 3 files"])
def test_other_programs_in_its_place(printed: str) -> None:
    """Other programs and lines without a failure get no hint."""
    assert system_hint(printed) is None


@pytest.mark.parametrize(
    ("printed", "program"),
    [
        ("sh: 1: apk: not found\n", "apk"),
        ("apk: command not found\n", "apk"),
        ("/bin/sh: line 1: dnf: command not found", "dnf"),
        ("sh: 1: apt-get: not found", "apt-get"),
        ("sh: 1: git: not found", None),
        ("map: not found", None),
        ("apk: package not found", None),
    ],
)
def test_program_of_another_system(printed: str, program: str | None) -> None:
    """A missing program that installs packages is named, with the way to the real image."""
    hint = system_hint(printed)

    assert (program is None) == (hint is None)
    if program is not None:
        assert f"it has no {program}: run the same command with `dagger`" in (hint or "")
