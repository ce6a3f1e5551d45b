"""Releases of every kind of package: back ends, sources of the version, keepers of the changelog.

Slow: about half a minute a release. The usual release of the usual package, and what becomes of it
when it is killed, is in test_release.py.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from email.parser import HeaderParser
from io import BytesIO
from pathlib import Path

import pytest

from .bench import Bench, stiletto_program
from .release_bench import (
    Backend,
    Changelog,
    Description,
    Devpi,
    Outside,
    ReleaseBench,
    Sample,
    Versioned,
    commit,
    files_with,
    github_description,
    lock,
    make_package,
    run_git,
    shown,
)

pytestmark = pytest.mark.slow

WHEEL = "sample_package-1.2.4-py3-none-any.whl"
SDIST = "sample_package-1.2.4.tar.gz"

RELEASES = [
    pytest.param(Backend.UV_BUILD, Versioned.STATIC, Changelog.HAND, id="uv_build"),
    pytest.param(
        Backend.POETRY,
        Versioned.STATIC,
        Changelog.TOWNCRIER,
        marks=pytest.mark.repeated,
        id="poetry-core",
    ),
    pytest.param(
        Backend.FLIT, Versioned.PATH, Changelog.HAND, marks=pytest.mark.repeated, id="flit"
    ),
    pytest.param(
        Backend.SETUPTOOLS,
        Versioned.PATH,
        Changelog.TOWNCRIER,
        marks=pytest.mark.repeated,
        id="setuptools-attr",
    ),
    pytest.param(
        Backend.PDM, Versioned.PATH, Changelog.GIT_CLIFF, marks=pytest.mark.repeated, id="pdm-file"
    ),
    pytest.param(Backend.HATCHLING, Versioned.VCS, Changelog.HAND, id="hatch-vcs"),
    pytest.param(Backend.SETUPTOOLS, Versioned.VCS, Changelog.TOWNCRIER, id="setuptools-scm"),
    pytest.param(
        Backend.PDM, Versioned.VCS, Changelog.GIT_CLIFF, marks=pytest.mark.repeated, id="pdm-scm"
    ),
]
"""Every back end, and every source of the version with every keeper of the changelog; the ninth
pair, static and git-cliff, is what devpi gets below."""

VERSION_FILES = {
    Versioned.STATIC: ["pyproject.toml", "uv.lock"],
    Versioned.PATH: ["src/sample_package/__init__.py"],
    Versioned.VCS: [],
}
CHANGELOG_FILES = {
    Changelog.HAND: ["CHANGELOG.md"],
    Changelog.TOWNCRIER: ["CHANGELOG.md", "changes/1.feature.md"],
    Changelog.GIT_CLIFF: ["CHANGELOG.md"],
}


@pytest.fixture(scope="module")
def described() -> Description:
    """Return GitHub's description, which every request is held against."""
    return github_description()


@pytest.fixture
def outside(tmp_path: Path, described: Description) -> Iterator[Outside]:
    """Return an outside in which nothing has happened yet."""
    with Outside(tmp_path / "outside", described) as outside:
        yield outside


def named(contents: bytes) -> tuple[str | None, str | None]:
    """Return name and version that a distribution gives inside, whichever kind it is."""
    opened = BytesIO(contents)
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as wheel:
            (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            text = wheel.read(path).decode()
    else:
        opened.seek(0)
        with tarfile.open(fileobj=opened) as sdist:
            (path,) = (name for name in sdist.getnames() if name.count("/") == 1 and "PKG-" in name)
            member = sdist.extractfile(path)
            assert member is not None
            text = member.read().decode()
    headers = HeaderParser().parsestr(text)
    return headers["Name"], headers["Version"]


def changed(outside: Outside, branch: str) -> list[str]:
    """Return the files that a branch changes, adds or takes away."""
    return outside.repository.git("diff", "--name-only", "main", branch).splitlines()


def assert_on_the_index(files: dict[str, bytes], name: str, version: str) -> None:
    """Hold that one wheel and one sdist are there, and that both say the version inside."""
    module = name.replace("-", "_")
    assert {f"{module}-{version}-py3-none-any.whl", f"{module}-{version}.tar.gz"} == set(files)
    assert {(name, version)} == {named(contents) for contents in files.values()}


def assert_brought_after(outside: Outside, tag: str, digests: dict[str, str]) -> None:
    """Hold that branch, pull request, tag and GitHub release are those of what was uploaded."""
    repository, now = outside.repository, shown(outside)
    (pull,) = (pull for pull in now.pulls if pull[0] == f"release/{tag}")
    (release,) = (release for release in now.releases if release[0] == tag)

    assert ("main", True) == pull[1:3]
    assert repository.ref("refs/heads/main") == repository.commit(f"refs/tags/{tag}~1")
    assert repository.commit(f"refs/tags/{tag}") == repository.commit(f"refs/heads/release/{tag}")
    # What the package depends on is beside them, and on GitHub alone.
    ours = {name: each for name, each in release[3].items() if name.endswith((".whl", ".tar.gz"))}
    assert (False, digests) == (release[1], ours)
    assert [] == [ref for ref in repository.refs() if "lock" in ref]
    for text in (pull[3], release[2]):
        assert "Something changed." in text
        assert "Everything." not in text


def assert_said(changelog: str, version: str, entry: str) -> None:
    """Hold that an entry stands under the new version, above what was there before."""
    new, heading, old = changelog.partition("## [1.2.3] - 2025-01-02")
    before, _, section = new.partition(version)
    assert heading
    assert entry in section
    assert entry not in before + old


def contents_of(outside: Outside) -> dict[str, bytes]:
    """Return the files of the index."""
    return {name: file.contents for name, file in outside.index.files.items()}


@pytest.mark.parametrize(("backend", "versioned", "changelog"), RELEASES)
def test_every_kind_of_package_is_released(
    stiletto: Bench,
    tmp_path: Path,
    outside: Outside,
    backend: Backend,
    versioned: Versioned,
    changelog: Changelog,
) -> None:
    """Index, files, tag and GitHub release get the version; a second run writes nothing."""
    sample = Sample(backend=backend, versioned=versioned, changelog=changelog)
    source = make_package(sample, tmp_path / "source")
    at = ReleaseBench.start(stiletto, outside, source, sample)
    ended = at.release()

    assert ended.code == 0, str(ended)
    assert_on_the_index(contents_of(outside), "sample-package", "1.2.4")
    assert_brought_after(outside, "v1.2.4", dict(shown(outside).index))
    files = sorted([*CHANGELOG_FILES[changelog], *VERSION_FILES[versioned]])
    assert files == changed(outside, "release/v1.2.4")
    text = outside.repository.git("show", "release/v1.2.4:CHANGELOG.md")
    assert_said(text, "1.2.4", "Something changed.")

    effects = outside.effects.happened
    again = at.release()
    assert again.code == 0, str(again)
    assert effects == outside.effects.happened


# -- an index by other people ---------------------------------------------------------------------


def test_devpi_is_an_index_like_any_other(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """A server by other people, known by two addresses alone, gets each file once."""
    sample = Sample(backend=Backend.SETUPTOOLS, changelog=Changelog.GIT_CLIFF)
    source = make_package(sample, tmp_path / "source")
    at = ReleaseBench.start(stiletto, outside, source, sample)
    with Devpi(tmp_path / "devpi") as devpi:
        index = devpi.index()
        addresses = {
            outside.index.publish_url: index.publish_url,
            outside.index.simple_url: index.simple_url,
        }
        words = [*at.releasing(), *(addresses.get(word, word) for word in at.places), *at.token]
        bench = replace(at.bench, env={**at.bench.env, "INDEX_TOKEN": index.token})
        bench.passes(at.clone, *words)
        digests = devpi.files(index, "sample-package")
        effects = outside.effects.happened
        again = bench.passes(at.clone, *words, "--format", "JSON")

        assert {WHEEL, SDIST} == set(digests)
        assert_brought_after(outside, "v1.2.4", digests)
        text = outside.repository.git("show", "release/v1.2.4:CHANGELOG.md")
        assert_said(text, "1.2.4", "Something changed.")
        assert ["CHANGELOG.md", "pyproject.toml", "uv.lock"] == changed(outside, "release/v1.2.4")
        assert {} == outside.index.files
        marks = {step["step"]: step["mark"] for step in json.loads(again.out)["steps"]}
        assert "already done" == marks["publish"]
        assert digests == devpi.files(index, "sample-package")
        assert effects == outside.effects.happened


# -- one of several packages ----------------------------------------------------------------------

CRANE = Sample(name="quay-crane", changelog=Changelog.GIT_CLIFF, entries=())
ROPE = Sample(name="quay-rope", changelog=Changelog.TOWNCRIER)

CLIFF = """\
[changelog]
body = "## {{ version }}, as it is\\n\\n{% for each in commits %}- {{ each.message }}{% endfor %}"
"""


def write(directory: Path, files: dict[str, str]) -> None:
    """Write files below a directory."""
    for path, contents in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(contents, encoding="utf-8")


def make_workspace(directory: Path) -> Path:
    """Make a repository of two packages with one lock; each has changed since its last release."""
    directory.mkdir()
    run_git(directory, "init", "--quiet", "--initial-branch=main")
    for sample in (CRANE, ROPE):
        write(directory / "packages" / sample.name, sample.files())
    root = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    write(directory, {"pyproject.toml": root, ".python-version": "3.11\n"})
    write(directory / "packages" / CRANE.name, {"cliff.toml": CLIFF})
    lock(directory)
    commit(directory, "chore: begin")
    for sample in (CRANE, ROPE):
        run_git(directory, "tag", f"{sample.name}-v{sample.version}")
    for sample, entry in ((ROPE, "A longer rope."), (CRANE, "Something changed.")):
        write(directory / "packages" / sample.name, {"NOTES.md": f"{entry}\n"})
        commit(directory, f"feat: {entry}")
    return directory


def test_a_member_of_a_workspace_is_released_alone(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """Each member gets a tag and branch of its own name, and nothing of the other one changes."""
    at = ReleaseBench.start(stiletto, outside, make_workspace(tmp_path / "source"))
    crane = at.run("--package", "quay-crane", *at.releasing())
    released = contents_of(outside)
    rope = at.run("--package", "quay-rope", *at.releasing())
    both = contents_of(outside)
    effects = outside.effects.happened
    again = at.run("--package", "quay-crane", *at.releasing())

    for ended in (crane, rope, again):
        assert ended.code == 0, str(ended)
    assert effects == outside.effects.happened
    assert_on_the_index(released, "quay-crane", "1.2.4")
    digests = {name: hashlib.sha256(contents).hexdigest() for name, contents in released.items()}
    assert_brought_after(outside, "quay-crane-v1.2.4", digests)
    assert [
        "packages/quay-crane/CHANGELOG.md",
        "packages/quay-crane/pyproject.toml",
        "uv.lock",
    ] == changed(outside, "release/quay-crane-v1.2.4")
    locked = outside.repository.git("diff", "main", "release/quay-crane-v1.2.4", "--", "uv.lock")
    assert ['-version = "1.2.3"', '+version = "1.2.4"'] == [
        line for line in locked.splitlines() if line.startswith(("-v", "+v"))
    ]
    path = "packages/quay-crane/CHANGELOG.md"
    text = outside.repository.git("show", f"release/quay-crane-v1.2.4:{path}")
    assert_said(text, "## quay-crane-v1.2.4, as it is", "Something changed.")
    assert "A longer rope." not in text

    assert_on_the_index({n: both[n] for n in both.keys() - released.keys()}, "quay-rope", "1.2.4")
    assert [
        "packages/quay-rope/CHANGELOG.md",
        "packages/quay-rope/changes/1.feature.md",
        "packages/quay-rope/pyproject.toml",
        "uv.lock",
    ] == changed(outside, "release/quay-rope-v1.2.4")


def test_a_package_in_a_directory_is_released_alone(
    stiletto: Bench, tmp_path: Path, outside: Outside
) -> None:
    """Without a workspace, too, a package below the root is edited there and has its own tag."""
    sample = Sample(name="quay-boat", changelog=Changelog.TOWNCRIER)
    source = tmp_path / "source"
    source.mkdir()
    run_git(source, "init", "--quiet", "--initial-branch=main")
    write(source, Sample(name="quay").files())
    write(source / "boat", sample.files())
    lock(source / "boat")
    commit(source, "chore: begin")
    run_git(source, "tag", "v1.2.9")
    at = ReleaseBench.start(stiletto, outside, source, sample)
    ended = at.run("--package", sample.name, *at.releasing())

    assert ended.code == 0, str(ended)
    assert_on_the_index(contents_of(outside), "quay-boat", "1.2.4")
    assert_brought_after(outside, "quay-boat-v1.2.4", dict(shown(outside).index))
    branch = "release/quay-boat-v1.2.4"
    files = [*CHANGELOG_FILES[Changelog.TOWNCRIER], *VERSION_FILES[Versioned.STATIC]]
    assert [f"boat/{path}" for path in files] == changed(outside, branch)
    text = outside.repository.git("show", f"{branch}:boat/CHANGELOG.md")
    assert_said(text, "1.2.4", "Something changed.")


# -- on a tag instead -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tagged(
    tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str], described: Description
) -> Iterator[ReleaseBench]:
    """Return a world in which a person has tagged two versions, and one that is none."""
    directory = tmp_path_factory.mktemp("tagged")
    sample = Sample(versioned=Versioned.PATH)
    source = make_package(sample, directory / "source")
    with Outside(directory / "outside", described) as outside:
        at = ReleaseBench.start(
            Bench(stiletto_program(), environ, directory), outside, source, sample
        )
        path = at.clone / "src" / sample.module / "__init__.py"
        for old, new in (("1.2.3", "1.2.4"), ("1.2.4", "1.2.5")):
            path.write_text(path.read_text().replace(old, new))
            commit(at.clone, f"Release {new}")
            run_git(at.clone, "tag", "-a", f"v{new}", "-m", new)
        run_git(at.clone, "tag", "v2.0.0")
        tags = ("v1.2.4", "v1.2.5", "v2.0.0")
        run_git(at.clone, "push", "--quiet", outside.git.url_for(outside.owner), *tags)
        outside.land(at.clone)
        yield at


def on_tag(at: ReleaseBench, tag: str) -> list[str]:
    """Return the words of `publish` beside the credentials."""
    index, ca = at.outside.index, str(at.outside.authority.bundle)
    where = ["--publish-url", index.publish_url, "--check-url", index.simple_url, "--ca", ca]
    return ["publish", "--tag", tag, *where, *reading(at)]


def reading(at: ReleaseBench) -> list[str]:
    """Return where the repository is, and the token to read it with."""
    return ["--git", str(at.clone), "--github-token", "env://GITHUB_TOKEN"]


def test_a_tag_that_is_the_version_is_verified(tagged: ReleaseBench) -> None:
    """`verify-tag` names version and commit of a tag, which it looks up on the remote."""
    head = tagged.outside.repository.commit("refs/tags/v1.2.4")
    ended = tagged.bench.passes(tagged.clone, "verify-tag", "--tag=v1.2.4", *reading(tagged))

    said = f"v1.2.4 is sample-package 1.2.4 at {head[:12]}, in the history of main"
    assert said == ended.out


@pytest.mark.parametrize("function", ["verify-tag", "publish"])
def test_a_tag_that_is_not_the_version_stops(tagged: ReleaseBench, function: str) -> None:
    """Both functions name the tag and the version, and say which tag would be right."""
    words = (
        on_tag(tagged, "v2.0.0") + tagged.token
        if function == "publish"
        else ["verify-tag", "--tag=v2.0.0", *reading(tagged)]
    )
    uploads = tagged.outside.effects.named("upload")
    ended = tagged.bench.fails(tagged.clone, *words)

    assert 'the tag "v2.0.0" is not the version 1.2.5 of sample-package' in ended.error
    assert "tag v1.2.5, or correct the version" in ended.error
    assert uploads == tagged.outside.effects.named("upload")


def test_a_tag_that_is_nowhere_stops(tagged: ReleaseBench) -> None:
    """A tag that was not pushed is named with the remote that lacks it."""
    ended = tagged.bench.fails(tagged.clone, "verify-tag", "--tag=v3.0.0", *reading(tagged))

    assert f'{tagged.outside.git.url} has no tag "v3.0.0"' in ended.error


def test_a_tag_is_published_once_and_the_index_alone_changes(tagged: ReleaseBench) -> None:
    """`publish` uploads the two files of the tag, finds them there again, and leaves GitHub be."""
    outside = tagged.outside
    before, effects = shown(outside), len(outside.effects.happened)
    first = tagged.bench.passes(tagged.clone, *on_tag(tagged, "v1.2.4"), *tagged.token)
    happened = outside.effects.happened
    again = tagged.bench.passes(tagged.clone, *on_tag(tagged, "v1.2.4"), *tagged.token)

    assert f"sample-package 1.2.4: published: {WHEEL}, {SDIST}" == first.out
    assert f"sample-package 1.2.4: already published: {WHEEL}, {SDIST}" == again.out
    assert [("upload", WHEEL), ("upload", SDIST)] == [
        (effect.kind, effect.subject) for effect in happened[effects:]
    ]
    assert happened == outside.effects.happened
    files = contents_of(outside)
    assert_on_the_index({name: files[name] for name in (WHEEL, SDIST)}, "sample-package", "1.2.4")
    assert replace(before, index={}) == replace(shown(outside), index={})


def test_a_tag_is_published_by_a_job_that_the_index_trusts(tagged: ReleaseBench) -> None:
    """With trusted publishing no token of the index is needed, and none is printed or left."""
    index = tagged.outside.index
    index.trust_project("sample-package")
    started_s = time.time()
    ended = tagged.bench.passes(tagged.clone, *on_tag(tagged, "v1.2.5"), *tagged.trusted)

    assert "sample-package 1.2.5: published: " in ended.out
    assert {WHEEL.replace("1.2.4", "1.2.5"), SDIST.replace("1.2.4", "1.2.5")} <= set(index.files)
    assert [] != index.issuer.issued
    assert {} == index.trust.minted
    secrets = tagged.outside.secrets
    assert [] == [secret for secret in secrets if secret in ended.said]
    assert [] == files_with(*secrets, below=tagged.bench.env["STILETTO_CACHE"], since_s=started_s)


def test_without_a_credential_nothing_is_built(tagged: ReleaseBench) -> None:
    """`publish` says at once that it cannot upload."""
    ended = tagged.bench.fails(tagged.clone, *on_tag(tagged, "v1.2.4"))

    assert "neither --index-token nor --oidc-url and --oidc-token" in ended.error


# -- looking ahead --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("versioned", "changelog", "entry"),
    [
        pytest.param(Versioned.VCS, Changelog.HAND, "- Something changed.", id="hand"),
        pytest.param(
            Versioned.STATIC, Changelog.TOWNCRIER, "- Something changed. (#1)", id="towncrier"
        ),
        pytest.param(Versioned.PATH, Changelog.GIT_CLIFF, "- Something changed.", id="git-cliff"),
    ],
)
def test_version_and_changelog_are_told_before(
    stiletto: Bench,
    tmp_path: Path,
    outside: Outside,
    versioned: Versioned,
    changelog: Changelog,
    entry: str,
) -> None:
    """`next-version` and `changelog` print what a release would make, and leave the outside be."""
    sample = Sample(versioned=versioned, changelog=changelog)
    source = make_package(sample, tmp_path / "source", locked=False)
    if changelog is Changelog.GIT_CLIFF:
        (source / ".config").mkdir()
        run_git(source, "mv", "cliff.toml", ".config/cliff.toml")
        commit(source, "chore: make room")
    at = ReleaseBench.start(stiletto, outside, source, sample)
    version = at.bench.passes(at.clone, "next-version", "--bump=minor", *reading(at))
    said = at.bench.passes(at.clone, "changelog", "--bump=minor", *reading(at))

    assert "1.3.0" == version.out
    assert entry in said.out.splitlines()
    assert "Everything." not in said.out
    assert () == outside.effects.happened


@pytest.mark.parametrize("changelog", [Changelog.TOWNCRIER, Changelog.GIT_CLIFF])
def test_a_tool_with_nothing_to_say_stops(
    stiletto: Bench, tmp_path: Path, outside: Outside, changelog: Changelog
) -> None:
    """`changelog` fails where towncrier and git-cliff succeed with a bare heading."""
    sample = Sample(changelog=changelog, entries=())
    source = make_package(sample, tmp_path / "source", locked=False)
    at = ReleaseBench.start(stiletto, outside, source, sample)
    ended = at.bench.fails(at.clone, "changelog", *reading(at))

    assert "the changelog has no entry for the release" in ended.error
    assert f"kept by {changelog.value}" in ended.error
