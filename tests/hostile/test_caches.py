"""What foreign code writes into a cache gets into nothing that anybody else builds."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from release_attacks import start, written
from tests.e2e.bench import Bench, copy_of
from tests.e2e.release_bench import (
    Description,
    Outside,
    ReleaseBench,
    Sample,
    commit,
    make_package,
)

# Puts a module into whatever the back end builds that has it at its end.
HOOK = """
for _name in ("build_wheel", "build_sdist", "build_editable"):
    def _hook(*args, _real=globals()[_name], **kwargs):
        for package in pathlib.Path("src").iterdir():
            (package / "planted.py").write_text("PLANTED = 1")
        return _real(*args, **kwargs)
    globals()[_name] = _hook
"""

# Changes every copy of the build back end that it finds where a cache could be, so that it puts a
# module into what it builds. `made` says whether it ran, and what it found mounted.
POISON = f'''\
"""Any code that runs in a step can do this."""

import os
import pathlib

PAYLOAD = """{HOOK}"""
roots = {{os.environ.get("UV_CACHE_DIR"), "/cache", "/opt/wheelwright", str(pathlib.Path.home())}}
for root in filter(None, roots):
    # os.walk goes on where a directory vanishes: another step installs into the same cache.
    for directory, _, names in os.walk(root):
        path = pathlib.Path(directory, "build.py")
        if path.parent.name == "hatchling" and path.name in names:
            try:
                path.chmod(0o644)
                path.write_text(path.read_text() + "\\nimport pathlib\\n" + PAYLOAD)
            except PermissionError:  # it belongs to another user
                continue
mounted = [line.split()[1] for line in open("/proc/self/mounts") if "/cache" in line.split()[1]]
print("@WHO@ found mounted:", mounted)
'''
TEST = "import poison\n\n\ndef test_as_any_dependency_could() -> None:\n    assert poison\n"
PLUGIN = "import poison\nfrom mypy.plugin import Plugin\n\n\ndef plugin(_):\n    return Plugin\n"

# A dependency that has no wheel: its own back end runs while it is installed.
BACKEND = (
    POISON
    + """

import zipfile


def _wheel(directory, name):
    files = {
        "quill.py": "",
        "quill-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: quill\\nVersion: 1.0\\n",
        "quill-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n"
        "Root-Is-Purelib: true\\n",
        "quill-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(f"{directory}/{name}", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, "quill-1.0-py3-none-any.whl")
"""
)
QUILL = {
    "pyproject.toml": '[project]\nname = "quill"\nversion = "1.0"\n[build-system]\n'
    'requires = ["hatchling>=1.26"]\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "PKG-INFO": "Metadata-Version: 2.1\nName: quill\nVersion: 1.0\n",
    "backend.py": BACKEND.replace("@WHO@", "a dependency's back end"),
    "quill.py": "",
}


def hostile(pyproject: str, url: str) -> dict[str, str]:
    """Return the files that attack: a test, a plugin of mypy, a migration, a dependency's sdist."""
    group = f'dev = ["pytest>=8", "mypy", "quill @ {url}/quill-1.0.tar.gz"]'
    tables = '[tool.mypy]\nfiles = ["src"]\nplugins = ["plugin.py"]\n'
    tables += '[tool.wheelwright]\npytest-args = ["-s"]\n'
    tables += 'services = ["postgres:15"]\nmigrate = ["python", "migrate.py"]\n'
    return {
        "pyproject.toml": pyproject.replace('dev = ["pytest>=8"]', group) + f"\n{tables}",
        "tests/test_poison.py": TEST,
        "tests/poison.py": POISON.replace("@WHO@", "a test"),
        "plugin.py": PLUGIN,
        "migrate.py": POISON.replace("@WHO@", "a migration"),
        "poison.py": POISON.replace("@WHO@", "a plugin"),
    }


@pytest.fixture
def quill(tmp_path: Path) -> Iterator[str]:
    """Serve the dependency's sdist on loopback."""
    served = tmp_path / "served"
    served.mkdir()
    with tarfile.open(served / "quill-1.0.tar.gz", "w:gz") as archive:
        for name, text in QUILL.items():
            entry = tarfile.TarInfo(f"quill-1.0/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def names_in(files: dict[str, bytes]) -> list[str]:
    """Return every path in wheels and sdists."""
    found: list[str] = []
    for name, contents in files.items():
        if name.endswith(".whl"):
            with zipfile.ZipFile(io.BytesIO(contents)) as wheel:
                found += wheel.namelist()
        else:
            with tarfile.open(fileobj=io.BytesIO(contents)) as sdist:
                found += sdist.getnames()
    return found


def built(bench: Bench, source: Path, to: Path) -> list[str]:
    """Build a package and return every path in what came out."""
    bench.passes(source, "build", "-o", str(to))
    return names_in({path.name: path.read_bytes() for path in to.iterdir()})


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_tests_find_no_cache_that_a_build_reads(
    stiletto: Bench, tmp_path: Path, quill: str
) -> None:
    """A test and a dependency's back end find no cache mounted that another package's build has."""
    stiletto = stiletto.on_loopback
    sample = Sample()
    at = tmp_path / "sample"
    files = {**sample.files(), **hostile(sample.files()["pyproject.toml"], quill)}
    for path, text in files.items():
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(text, encoding="utf-8")
    ended = stiletto.passes(at, "test")
    log = stiletto.passes(at, "test-run", "log", "contents")

    assert "2 passed" in ended.out
    assert "a test found mounted: []" in log.out
    assert "a migration found mounted: []" in log.out
    assert [] == [name for name in built(stiletto, at, tmp_path / "one") if "planted" in name]
    other = built(stiletto, copy_of("hatchling-src", tmp_path), tmp_path / "two")
    assert [] == [name for name in other if "planted" in name]
    assert "millrace/__init__.py" in other


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_what_a_release_publishes_is_what_the_tag_holds(
    stiletto: Bench, tmp_path: Path, described: Description, quill: str
) -> None:
    """Neither `ci` before it nor its own checks put a module into the published files."""
    sample = Sample()
    with Outside(tmp_path / "outside", described) as outside:
        files = hostile(sample.files()["pyproject.toml"], quill)
        at = start(stiletto, outside, tmp_path / "source", sample, files)
        checked = at.call("ci", "--git", str(at.clone))
        ended = at.succeeds()
        published = names_in({name: each.contents for name, each in outside.index.files.items()})
        tree = outside.repository.git("ls-tree", "-r", "--name-only", "v1.2.4").splitlines()

    assert checked.code == 0, str(checked)
    assert [] == [name for name in published if "planted" in name]
    modules = {name for name in published if name.startswith("sample_package/")}
    assert {name.removeprefix("src/") for name in tree if name.startswith("src/")} == modules
    # Nothing of `ci`, and nothing but itself, has answered a step of the release.
    assert set(ended.cached) <= set(ended.ran)
    assert any(name.startswith("uv build") or "uv build" in name for name in ended.ran)
    assert [] == [
        name
        for name in built(stiletto, copy_of("hatchling-src", tmp_path), tmp_path / "two")
        if "planted" in name
    ]


# -- a layer --------------------------------------------------------------------------------------

CLEAN = """\
import pytest


def test_pytest_is_the_one_of_the_index() -> None:
    assert not hasattr(pytest, "PLANTED")
"""


def poisoned(store: Path) -> bool:
    """Change pytest in each volume, as who could write to one would; return whether it is there."""
    found = [*(store / "volumes").glob("*/archive-v*/*/pytest/__init__.py")]
    for path in found:
        path.write_text(path.read_text() + "\nPLANTED = 1\n")
    return bool(found)


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.slow
def test_layer_of_a_poisoned_cache_answers_no_step_of_a_release(
    fresh: Bench, tmp_path: Path, described: Description
) -> None:
    """What `ci` has made with a cache that somebody wrote to gets into nothing of a release."""
    # Both have a lock: what it names comes of the cache that all packages share.
    another = make_package(Sample("another-package"), tmp_path / "another")
    fresh.passes(another, "test")
    source = make_package(Sample(), tmp_path / "source")
    written(source, {"tests/test_clean.py": CLEAN})
    commit(source, "test: see which pytest it is")
    assert poisoned(Path(fresh.env["STILETTO_CACHE"]))
    with Outside(tmp_path / "outside", described) as outside:
        at = ReleaseBench.start(fresh, outside, source, Sample())
        checked = at.call("ci", "--git", str(at.clone))
        ended = at.succeeds()

    # The attack is real: the layer of `ci` has what was put into the cache.
    assert 1 == checked.code
    assert "assert not True" in checked.said, str(checked)
    assert set(ended.cached) <= set(ended.ran)
