"""What PyPI refuses is known before an upload: held to the samples that its stand-in refuses."""

from pathlib import Path

import pytest

from tests.standins.archives import ACCEPTED, REFUSED, Sample, archive, wheel
from wheelwright.distribution.file import File
from wheelwright.distribution.index_rules import notes, refusals, smaller
from wheelwright.distribution.verify import Distribution, problems
from wheelwright.release.inside.distributions import described


def read(directory: Path, filename: str, contents: bytes) -> Distribution:
    """Describe a file as the container does."""
    path = directory / filename
    path.write_bytes(contents)
    about = described(path)
    members = {name: (digest, mode) for name, (digest, mode) in about.pop("members").items()}
    return Distribution(members=members, **about)


@pytest.mark.parametrize("sample", REFUSED, ids=lambda sample: sample.what)
def test_what_the_index_refuses_is_refused_before(tmp_path: Path, sample: Sample) -> None:
    """Every file that the stand-in of PyPI refuses is refused here, by its name."""
    file = read(tmp_path, sample.filename, sample.contents)
    found = [*refusals([file]), *problems("sample", "1.0", (file,))]

    assert [each for each in found if sample.filename in each and "not one sdist" not in each]


@pytest.mark.parametrize("sample", ACCEPTED, ids=lambda sample: sample.what)
def test_what_the_index_takes_is_taken(tmp_path: Path, sample: Sample) -> None:
    """A file that the stand-in takes is not refused here: no readme (readme_empty) is no fault."""
    assert () == refusals([read(tmp_path, sample.filename, sample.contents)])


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("linux_x86_64", "its platform linux_x86_64 is not one that PyPI takes"),
        ("summary", "its description has more than 512 characters"),
        ("direct", "it requires a direct URL: a @ https://x.org/a.whl"),
        ("label", f"the label '{'x' * 33}' has more than 32 characters"),
        ("no label", "a Project-URL in it has no label"),
        ("no address", "Home: '' is not a URL of http or https"),
        ("two licenses", "it has License beside License-Expression"),
        ("address", "Home: 'x.org' is not a URL of http or https"),
        ("page", "Home-page: 'git@x.org:a' is not a URL of http or https"),
        ("mail", "'a@localhost' is not an email address"),
        ("private", "the classifier 'Private :: Do Not Upload' keeps it from PyPI"),
        ("no record", "sample-1.0.dist-info/RECORD is missing in it"),
        ("not ini", "entry_points.txt is not an INI file: File contains no section headers."),
        ("name of a script", "entry_points.txt has a script of the name '../x'"),
        ("no zip", "it is not an archive, or a broken one"),
        ("streamed", "sample.py in it has its size in a data descriptor"),
        ("bzip2", "sample.txt in it is neither stored nor deflated"),
        ("behind it", "its archive has data that belong to no member, or a comment"),
        ("two directories", "it has 2 top-level directories, not one"),
        ("sparse", "sample-1.0/data in it is a sparse member"),
        ("name of the sdist", "its name is not sample_name-1.0.tar.gz (PEP 625)"),
        ("name of the wheel", "its name does not begin with sample (PEP 427)"),
    ],
)
def test_refusal_names_file_and_reason(tmp_path: Path, what: str, says: str) -> None:
    """Each refusal is one line: the file, and what it has."""
    sample = next(each for each in REFUSED if each.what == what)
    found = refusals([read(tmp_path, sample.filename, sample.contents)])

    assert f"{sample.filename}: {says}" in found


def test_large_file_is_noted() -> None:
    """More than 100 MiB are a note, because a project may have been given more."""
    file = Distribution("a-1.0.tar.gz", "", 120 * 2**20, "", {})

    assert (
        "a-1.0.tar.gz has 120 MiB: PyPI takes 100 MiB unless a project was given more",
    ) == notes([file])
    assert () == notes([Distribution("a-1.0.tar.gz", "", 100 * 2**20, "", {})])


def wheels(*tags: str) -> list[File]:
    """Return wheels with these tags, and an sdist."""
    return [File("a-1.0.tar.gz", ""), *(File(f"a-1.0-{each}.whl", "") for each in tags)]


@pytest.mark.parametrize(
    ("last", "built", "says"),
    [
        (["py3-none-any"], ["py3-none-any"], ""),
        ([], ["cp311-cp311-win_amd64"], ""),
        (["py3-none-any"], [], "py3 on any"),
        # Another manylinux, or macOS, is the same platform.
        (["cp311-cp311-manylinux_2_17_x86_64"], ["cp311-cp311-manylinux_2_28_x86_64"], ""),
        (["cp311-cp311-manylinux2014_x86_64"], ["cp311-cp311-manylinux_2_28_x86_64"], ""),
        (["cp311-cp311-macosx_10_9_arm64"], ["cp311-cp311-macosx_11_0_arm64"], ""),
        (["cp311-cp311-win_arm64"], ["cp311-cp311-win_amd64"], "cp311 on win arm64"),
        # The stable ABI serves later versions, and none before it.
        (["cp312-cp312-win32"], ["cp311-abi3-win32"], ""),
        (["cp310-cp310-win32"], ["cp311-abi3-win32"], "cp310 on win32"),
        # A pure wheel is slower than what was compiled.
        (["cp311-cp311-win32"], ["py3-none-any"], "cp311 on win32"),
    ],
)
def test_smaller_set_of_wheels_is_noted(last: list[str], built: list[str], says: str) -> None:
    """What the last release had a wheel for, and this one has not, is named."""
    note = smaller(wheels(*last), wheels(*built))

    assert (f"the last release had wheels for {says}" if says else "") == note


def test_yanked_wheels_count_for_nothing_and_long_lists_end() -> None:
    """A yanked wheel is not missed; six are named, and the others counted."""
    yanked = [File("a-1.0-cp39-cp39-win32.whl", "", yanked=True)]
    many = wheels(*(f"cp3{minor}-cp3{minor}-win32" for minor in range(10, 18)))

    assert "" == smaller(yanked, [])
    assert smaller(many, []).endswith("cp315 on win32 and 2 more")


def test_scripts_have_any_case_and_values_any_sign(tmp_path: Path) -> None:
    """Names that only differ in case, and a percent sign, are no fault."""
    points = b"[console_scripts]\nRun = a:b\nrun = a:b\n\n[other]\n../x = 100%\n"
    files = {"sample-1.0.dist-info/entry_points.txt": points}

    file = read(tmp_path, "sample-1.0-py3-none-any.whl", wheel(files=files))
    assert () == refusals([file])


@pytest.mark.parametrize("spoil", [slice(0, 90), slice(40, None), slice(0, 0)])
@pytest.mark.parametrize("filename", ["sample-1.0-py3-none-any.whl", "sample-1.0.tar.gz"])
def test_broken_archive_is_refused_and_not_a_bug(
    tmp_path: Path, filename: str, spoil: slice
) -> None:
    """A file that is cut off, or no archive at all, is refused by its name."""
    file = read(tmp_path, filename, archive(filename)[spoil])

    assert f"{filename}: it is not an archive, or a broken one" in refusals([file])
