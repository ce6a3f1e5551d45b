"""Distributions: made the same, compared, and judged against the plan."""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from wheelwright.distribution import verify
from wheelwright.distribution.verify import Distribution
from wheelwright.release.inside import distributions as program

METADATA = "Metadata-Version: 2.4\nName: demo\nVersion: 1.2.4\n"


def sdist(
    directory: Path, *, names: list[str], mtime: int, mode: int, version: str = "1.2.4"
) -> Path:
    """Write an sdist as a back end that keeps time and order would."""
    path = directory / f"demo-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            data = METADATA.replace("1.2.4", version).encode() if name == "PKG-INFO" else b"x = 1\n"
            info = tarfile.TarInfo(f"demo-{version}/{name}")
            info.size, info.mtime, info.mode, info.uid = len(data), mtime, mode, mtime % 1000
            archive.addfile(info, io.BytesIO(data))
    return path


def wheel(directory: Path, files: dict[str, str], metadata: str = METADATA) -> Path:
    """Write a wheel with these files."""
    path = directory / "demo-1.2.4-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, "demo-1.2.4.dist-info/METADATA": metadata}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def described(directory: Path) -> tuple[Distribution, ...]:
    """Describe a directory with the program."""
    told = directory.with_name(f"{directory.name}.json")
    command = [sys.executable, program.__file__, "describe", str(directory), str(told)]
    subprocess.run(command, check=True)
    return verify.read(told.read_text(encoding="utf-8"))


def test_normalised_sdists_are_the_same_whenever_they_were_built(tmp_path: Path) -> None:
    """Time, owner, order and mode of the build leave no trace; contents and executables do."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = sdist(one, names=["PKG-INFO", "demo.py"], mtime=1_700_000_000, mode=0o664)
    second = sdist(two, names=["demo.py", "PKG-INFO"], mtime=1_700_000_999, mode=0o600)
    assert first.read_bytes() != second.read_bytes()
    for directory in (one, two):
        command = [sys.executable, program.__file__, "normalise", str(directory), "1600000000"]
        subprocess.run(command, check=True)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        assert {(0o644, 1_600_000_000, 0)} == {(m.mode, m.mtime, m.uid) for m in archive}
    assert first.read_bytes() == program.normalised(first.read_bytes(), 1_600_000_000)


def test_executables_stay_what_they_are_and_links_become_files() -> None:
    """A script keeps its executable bit, and a link to it becomes such a file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        script = tarfile.TarInfo("d/run")
        script.mode = 0o700
        archive.addfile(script, io.BytesIO())
        link = tarfile.TarInfo("d/link")
        link.type, link.linkname = tarfile.SYMTYPE, "run"
        archive.addfile(link)
    fixed = program.normalised(packed.getvalue(), 0)
    with tarfile.open(fileobj=io.BytesIO(fixed)) as archive:
        assert 0o755 == archive.getmember("d/run").mode
        assert (True, 0o755) == (
            archive.getmember("d/link").isreg(),
            archive.getmember("d/link").mode,
        )


def test_fault_11_members_that_differ_are_named(tmp_path: Path) -> None:
    """Of two builds, the members and files in which they differ are listed; the same lists none."""
    one, two = tmp_path / "one", tmp_path / "two"
    for directory, text in ((one, "a"), (two, "b")):
        directory.mkdir()
        wheel(directory, {"demo/_time.py": text, "demo/__init__.py": ""})
    sdist(two, names=["PKG-INFO"], mtime=0, mode=0o644)
    expected = (
        "demo-1.2.4.tar.gz is in one build only",
        "demo/_time.py in demo-1.2.4-py3-none-any.whl",
    )
    assert expected == verify.differences(described(one), described(two))
    assert () == verify.differences(described(one), described(one))


def test_good_distributions_have_no_problem(tmp_path: Path) -> None:
    """One sdist and one wheel of the planned name and version pass."""
    wheel(tmp_path, {"demo/__init__.py": ""})
    sdist(tmp_path, names=["PKG-INFO", "demo/__init__.py"], mtime=0, mode=0o644)
    found = described(tmp_path)
    assert () == verify.problems("demo", "1.2.4", found)
    assert ("demo",) == verify.importables(next(each for each in found if each.is_wheel))


def test_a_link_in_an_sdist_is_a_problem(tmp_path: Path) -> None:
    """What is given from elsewhere is not rewritten: a link that leads out of it is named."""
    wheel(tmp_path, {"demo/__init__.py": ""})
    with tarfile.open(tmp_path / "demo-1.2.4.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("demo-1.2.4/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA.encode()))
        link = tarfile.TarInfo("demo-1.2.4/out")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    seen = "demo-1.2.4/out is a link to /etc/passwd, which is not a file of the sdist"
    found = verify.problems("demo", "1.2.4", described(tmp_path))

    assert (f"demo-1.2.4.tar.gz: {seen}",) == found


def test_fault_13_version_other_than_planned_is_a_problem(tmp_path: Path) -> None:
    """File name and metadata are both compared with the plan."""
    wheel(tmp_path, {"demo/__init__.py": ""}, METADATA.replace("1.2.4", "1.2.5"))
    sdist(tmp_path, names=["PKG-INFO"], mtime=0, mode=0o644, version="1.2.3")
    found = verify.problems("demo", "1.2.4", described(tmp_path))
    assert "demo-1.2.3.tar.gz is not version 1.2.4" in found
    assert "demo-1.2.4-py3-none-any.whl: metadata has version 1.2.5, not 1.2.4" in found


@pytest.mark.parametrize(
    ("files", "metadata", "says"),
    [
        ({}, METADATA, "contains no files beside its metadata"),
        (
            {"demo/__pycache__/a.pyc": ""},
            METADATA,
            "demo/__pycache__/a.pyc has no place in a wheel",
        ),
        ({".env": ""}, METADATA, ".env has no place in a wheel"),
        (
            {"demo.py": ""},
            METADATA + "Requires-Dist: not a requirement!\n",
            "metadata requires-dist",
        ),
        ({"demo.py": ""}, METADATA.replace("demo", "other"), "metadata is of other, not demo"),
        ({"demo.py": ""}, "", "no metadata in it"),
    ],
)
def test_wheel_that_should_not_be_published_is_named(
    tmp_path: Path, files: dict[str, str], metadata: str, says: str
) -> None:
    """Empty wheels, stray files, and metadata that breaks its specification stop a release."""
    wheel(tmp_path, files, metadata)
    sdist(tmp_path, names=["PKG-INFO"], mtime=0, mode=0o644)
    assert any(says in problem for problem in verify.problems("demo", "1.2.4", described(tmp_path)))


def test_sdist_and_wheel_are_both_wanted(tmp_path: Path) -> None:
    """A wheel alone is not a release."""
    wheel(tmp_path, {"demo.py": ""})
    assert ("built demo-1.2.4-py3-none-any.whl, not one sdist and a wheel",) == verify.problems(
        "demo", "1.2.4", described(tmp_path)
    )


@pytest.mark.parametrize(
    ("backend", "needed"),
    [
        ("hatchling.build", False),
        ("uv_build", False),
        ("flit_core.buildapi", False),
        ("poetry.core.masonry.api", False),
        ("setuptools.build_meta", True),
        ("pdm.backend", True),
        ("maturin", True),
    ],
)
def test_sdists_are_rewritten_where_the_back_end_needs_it(backend: str, needed: bool) -> None:
    """Back ends that were measured to be reproducible are left alone; all others are not."""
    assert needed is verify.needs_normalising(backend)


def test_description_is_plain_json(tmp_path: Path) -> None:
    """The program prints nothing but the description."""
    wheel(tmp_path, {"demo.py": ""})
    (tmp_path / "stray.txt").write_text("not a distribution")
    assert [each.name for each in described(tmp_path)] == [
        each["name"]
        for each in json.loads(json.dumps([program.described(p) for p in tmp_path.glob("*.whl")]))
    ]


def test_a_file_named_for_another_project_is_a_problem() -> None:
    """The metadata may say what it wants: an index and an installer go by the name."""
    names = ("demo-1.2.4.tar.gz", "Other_demo-1.2.4-py3-none-any.whl")
    built = tuple(Distribution(each, "", 1, METADATA, {"demo.py": ("", "")}) for each in names)

    assert (f"{names[1]} is not of demo",) == verify.problems("demo", "1.2.4", built)
