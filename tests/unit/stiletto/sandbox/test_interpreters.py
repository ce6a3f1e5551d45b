"""Which interpreter is taken, where interpreters are looked for, and what one answers."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.errors import EnvironmentFailed
from stiletto.sandbox.images import find_uv
from stiletto.sandbox.interpreters import (
    Installs,
    Interpreter,
    Probes,
    candidates,
    choose,
    find_interpreters,
    interpreter_for,
)
from stiletto.store import Store

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OFFLINE = {"STILETTO_PYTHON_INSTALL": "0", "PATH": "/usr/bin:/bin"}


def python(text: str, *, can_venv: bool = True, final: bool = True, at: str = "/p") -> Interpreter:
    """Describe an interpreter that need not exist."""
    major, minor, patch = map(int, text.split("."))
    return Interpreter(
        Path(at, text), (major, minor, patch), Path(at), can_venv=can_venv, final=final
    )


FOUND = [
    python("3.11.2", can_venv=False, at="/usr"),
    python("3.11.1"),
    python("3.12.1"),
    python("3.12.7"),
    python("3.13.0"),
    python("3.14.0", final=False),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.12", "3.12.7"),
        ("3.12.1", "3.12.1"),
        ("3.11", "3.11.1"),
        ("3.11.2", "3.11.2"),
        ("3", "3.13.0"),
        ("3.14", "3.14.0"),
        ("3.12.9", None),
        ("3.1", None),
        ("2", None),
    ],
)
def test_choice(wanted: str, expected: str | None) -> None:
    """The newest fitting release that can make a venv is chosen; no pre-release for plain `3`."""
    chosen = choose(wanted, FOUND)

    assert (chosen and chosen.text) == expected


def running(found: list[Interpreter]) -> bool:
    """Whether the interpreter of the tests is among these."""
    return Path(sys.executable).resolve() in {one.executable.resolve() for one in found}


async def test_places(tmp_path: Path) -> None:
    """Interpreters of uv, of pyenv and on PATH are found; shims and broken ones are not."""
    broken = tmp_path / ".pyenv/versions/3.9.9/bin/python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    shim = tmp_path / "shims" / "python3.98"
    shim.parent.mkdir()
    shim.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    shim.chmod(0o755)
    found = await find_interpreters({"PATH": str(shim.parent)}, tmp_path)

    assert running(found)
    assert not any(one.executable == broken for one in found)
    assert not (tmp_path / "asked").exists()


async def test_probe() -> None:
    """An interpreter tells its version and prefix; what is none tells nothing."""
    probes = Probes()
    found = await probes.probe(Path(getattr(sys, "_base_executable", sys.executable)))

    assert found is not None
    assert found.series == HERE
    assert found.prefix == Path(sys.base_prefix)
    assert await probes.probe(Path("/bin/true")) is None
    assert await probes.probe(Path("/nonexistent/python")) is None


async def test_an_interpreter_is_asked_once(tmp_path: Path) -> None:
    """What it said is kept between processes, until its file is another; silence is not kept."""
    store, python = Store(tmp_path / "store"), tmp_path / "python3"
    asked = tmp_path / "asked"
    real = Path(getattr(sys, "_base_executable", sys.executable))

    def write(script: str) -> None:
        python.write_text(f"#!/bin/sh\necho >> {asked}\n{script}\n")
        python.chmod(0o755)

    write("exit 1")
    assert await Probes(store).probe(python) is None
    assert await Probes(store).probe(python) is None
    assert 2 == len(asked.read_text().splitlines())

    write(f'exec {real} "$@"')
    first = await Probes(store).probe(python)
    assert first is not None
    assert first == await Probes(store).probe(python)
    assert 3 == len(asked.read_text().splitlines())

    write(f'exec {real} "$@" # changed')
    assert first == await Probes(store).probe(python)
    assert 4 == len(asked.read_text().splitlines())


async def test_missing_python(tmp_path: Path) -> None:
    """A version that is not there is an error that lists what is, and how to install it."""
    with pytest.raises(
        EnvironmentFailed, match=r"no Python 3\.99 on this machine; found "
    ) as caught:
        await interpreter_for("3.99", None, OFFLINE, tmp_path)
    assert HERE in caught.value.message
    assert "uv python install 3.99" in str(caught.value.hint)


async def test_failed_installation_is_told(tmp_path: Path) -> None:
    """Where uv cannot install the version, its last words are told, and not advised again."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho noise >&2\necho error: no such version >&2\nexit 2\n")
    uv.chmod(0o755)
    wanted = r"uv python install 3\.99 failed: no such version"
    with pytest.raises(EnvironmentFailed, match=wanted) as caught:
        await interpreter_for("3.99", uv, {"PATH": "/usr/bin:/bin"}, tmp_path)
    assert "uv python install" not in str(caught.value.hint)
    assert "or choose one of those, such as --python 3." in str(caught.value.hint)


async def test_unreachable_host_is_asked_once(tmp_path: Path) -> None:
    """Without a network, uv tries once in a session, for one version, and the host is named."""
    real, uv, asked = find_uv(), tmp_path / "uv", tmp_path / "asked"
    assert real is not None
    uv.write_text(f'#!/bin/sh\necho "$@" $UV_HTTP_RETRIES >> {asked}\nexec {real} "$@"\n')
    uv.chmod(0o755)
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons"),
        # A port that nothing listens on (RFC 863: discard).
        "UV_PYTHON_INSTALL_MIRROR": "http://127.0.0.1:9",
    }
    installs = Installs()
    for version in ("3.13", "3.13", "3.14"):
        why = await installs.install(version, uv, env)

        assert why.startswith(
            f"uv python install {version} failed: 127.0.0.1:9 cannot be reached: "
        )
    assert "python install 3.13 0\n" == asked.read_text()


async def test_download_that_broke_off_is_tried_again(tmp_path: Path) -> None:
    """A host that answers is asked again as often as uv asks by itself."""
    uv, asked = tmp_path / "uv", tmp_path / "asked"
    uv.write_text(
        f'#!/bin/sh\necho "${{UV_HTTP_RETRIES-as uv}}" >> {asked}\n'
        'test -z "$UV_HTTP_RETRIES" && exit\n'
        "printf 'error: x\\n  cause: Failed to download `https://h.example/x`\\n' >&2\nexit 1\n"
    )
    uv.chmod(0o755)
    assert "" == await Installs().install("3.13", uv, {"PATH": "/usr/bin:/bin"})
    assert "0\nas uv\n" == asked.read_text()


def test_a_closed_directory_of_interpreters_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that this user may not look into is passed over, not an error."""
    closed = tmp_path / "pyenv"

    def refuse(path: Path, pattern: str) -> list[Path]:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return [path / pattern]

    # Root may look anywhere, so the refusal itself has to be made.
    monkeypatch.setattr(Path, "glob", refuse)
    found = list(candidates({"PYENV_ROOT": str(closed)}, tmp_path))
    assert [] == [path for path in found if path.is_relative_to(closed)]
    assert tmp_path / ".local/share/uv/python/cpython-*/bin/python3" in found


def test_only_interpreters_of_a_directory_of_programs_are_candidates(tmp_path: Path) -> None:
    """Those of CPython come first; tools beside them, and a directory that is missing, are none."""
    names = ("pypy3", "python3.12", "python3.12-config", "python3", "pip3.12", "python3.14t")
    for name in names:
        (tmp_path / name).touch()
    path = f"{tmp_path}{os.pathsep}{tmp_path / 'missing'}"
    found = [
        each.name for each in candidates({"PATH": path}, tmp_path) if each.is_relative_to(tmp_path)
    ]
    assert ["python3.12", "python3.14t"] == sorted(found[:2])
    assert ["pypy3"] == found[2:]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("3.14t", "/free"),
        ("3.14", "/locked"),
        ("3.11", None),
        ("pypy3.11", "/pypy"),
        ("pypy3.10", None),
        ("3.13t", None),
    ],
)
def test_no_other_kind_of_interpreter_is_chosen(wanted: str, expected: str | None) -> None:
    """A PyPy and a free-threaded CPython are chosen by their own names alone."""
    found = [
        replace(python("3.14.1", at="/free"), free_threaded=True),
        python("3.14.0", at="/locked"),
        replace(python("3.11.9", at="/pypy"), implementation="pypy"),
    ]
    chosen = choose(wanted, found)
    assert expected == (str(chosen.prefix) if chosen else None)
    assert ["3.14t", "3.14", "pypy3.11"] == [each.name for each in found]


async def test_this_interpreter_tells_its_kind() -> None:
    """The facts of an interpreter have its implementation, and whether it has the lock."""
    found = await Probes().probe(Path(sys.base_prefix) / "bin" / "python3")
    assert found is not None
    assert (sys.implementation.name, HERE) == (found.implementation, found.series)
    assert not found.free_threaded
