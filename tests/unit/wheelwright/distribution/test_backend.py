"""What a build is made with: what is resolved, what of the answer is kept."""

import pytest

from tests.unit.wheelwright.release.packages import project
from wheelwright.distribution import backend
from wheelwright.errors import ProjectError

SYSTEM = '[project]\nname = "demo"\nversion = "1"\n[build-system]\nbuild-backend = "x"\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("requires = []\nbackend-path = ['.']\n", ()),
        ("requires = ['hatchling>=1.27', 'hatch-vcs']\n", ("hatchling>=1.27", "hatch-vcs")),
        (
            "requires = ['setuptools; python_version < \"3.13\"', 'cython[extra]']\n",
            ('setuptools; python_version < "3.13"', "cython[extra]"),
        ),
        # Its place in the repository decides, not what an index has under this name.
        (
            "requires = ['Own_Back.end', 'hatchling']\n"
            "[tool.uv.sources]\nown-back-end = { path = 'tools' }\n",
            ("hatchling",),
        ),
        (
            "requires = ['b @ https://example.org/b-1.tar.gz']\n",
            ("b @ https://example.org/b-1.tar.gz",),
        ),
    ],
)
def test_what_an_index_resolves_is_asked_for(text: str, lines: tuple[str, ...]) -> None:
    """The lines of requires, but those that a table sends elsewhere; none for one in the tree."""
    assert lines == backend.requested(project(SYSTEM + text))


def test_projects_own_constraints_bound_the_answer() -> None:
    """`uv build` heeds them, and versions beside them could not be had together."""
    text = SYSTEM + '[tool.uv]\nbuild-constraint-dependencies = ["packaging<26"]\n'
    assert ("packaging<26",) == backend.bounds(project(text))
    assert () == backend.bounds(project(SYSTEM))
    # As uv does: with uv.toml, [tool.uv] says nothing.
    own = {"uv.toml": 'build-constraint-dependencies = ["packaging<25"]\n'}
    assert ("packaging<25",) == backend.bounds(project(text, own))
    assert () == backend.bounds(project(text, {"uv.toml": ""}))
    with pytest.raises(ProjectError, match=r"uv\.toml is not valid TOML"):
        backend.bounds(project(text, {"uv.toml": "="}))


def test_versions_are_kept_sorted_and_nothing_else() -> None:
    """Names are normalized; comments, options, hashes and direct references are left out."""
    printed = (
        "# by uv\n"
        "--index-url https://example.org/simple\n"
        "trove_classifiers==2026.1.1\n"
        "hatchling==1.27.0\n"
        '    # via -r build.in\ncolorama==0.4.6 ; sys_platform == "win32"\n'
        "b @ https://example.org/b-1.tar.gz\n"
    )
    wanted = ("colorama==0.4.6", "hatchling==1.27.0", "trove-classifiers==2026.1.1")
    assert wanted == backend.pins(printed)
    assert "colorama==0.4.6\nhatchling==1.27.0\n" == backend.text(wanted[:2])


HASH = f"--hash=sha256:{'a' * 64}"
OTHER = f"--hash=sha256:{'b' * 64}"


def test_hashes_are_recorded_with_the_versions() -> None:
    """What uv prints on several lines is one line of the message; markers and options are left."""
    b2 = f"b==2 ; python_version >= '3.8' \\\n    {HASH} \\\n    {OTHER}\n"
    others = f"a==1 \\\n    {HASH}\nc @ https://example.org/c.whl\n"
    compiled = f"--index-url https://example.org/simple\n{b2}{others}"
    first, second = f"a==1 {HASH}", f"b==2 {HASH} {OTHER}"

    assert (first, second) == backend.pins(compiled)
    assert backend.hashed((first, second))
    assert not backend.hashed((first, "b==2"))


def test_nothing_but_versions_and_hashes_comes_out_of_a_message() -> None:
    """Both forms are read; what else somebody wrote there reaches no file of constraints."""
    evil = "--index-url=https://evil.example x @ https://evil.example/x.whl -r /etc/passwd a==1;b"
    new, old = f"a==1 {HASH}", "b==2 c==3.0.post1"

    assert (new, "b==2", "c==3.0.post1") == backend.recorded([new, old])
    assert (new,) == backend.recorded([evil, new, evil])
    assert () == backend.recorded([HASH])
