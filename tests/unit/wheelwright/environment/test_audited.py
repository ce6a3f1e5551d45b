"""What an audit looks up."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.samples import locked, moved, project
from wheelwright.environment.audited import Audited, find
from wheelwright.errors import ProjectError

BARE = '[project]\nname = "demo"\nversion = "1"\n'


def test_sources_of_uv_lock_decide_what_is_looked_up() -> None:
    """The package and its workspace are left out in silence, what no index has by name."""
    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ {source} }}\n'
        for name, source in (
            ("demo", 'editable = "."'),
            ("inner", 'virtual = "packages/inner"'),
            ("Idna", 'registry = "https://pypi.org/simple"'),
            ("wheelhouse", 'registry = "vendor"'),
            ("moss", 'git = "https://x.example/moss#1"'),
            ("rope", 'editable = "libs/rope"'),
            ("fern", 'directory = "libs/fern"'),
            ("reed", 'path = "reed.whl"'),
            ("sand", 'url = "https://x.example/sand.whl"'),
        )
    )
    described = project(BARE, {"uv.lock": lock}, members={"packages/inner": BARE})
    assert Audited(
        ("uv.lock",),
        (("idna", "1.0"), ("wheelhouse", "1.0")),
        ("fern (path)", "moss (git)", "reed (path)", "rope (path)", "sand (url)"),
    ) == find(described)


@pytest.mark.parametrize(
    ("name", "header"),
    [("poetry.lock", "package"), ("pdm.lock", "package"), ("pylock.toml", "packages")],
)
def test_every_lock_is_audited(name: str, header: str) -> None:
    """Beside uv.lock, too, and where it lies; one of nothing is a place as well."""
    text = f'[[{header}]]\nname = "idna"\nversion = "3.11"\n[[{header}]]\nname = "moss"\n'
    described = project(BARE, {name: text, "uv.lock": locked("ruff==0.12.1")})
    pinned = (("idna", "3.11"), ("ruff", "0.12.1"))
    assert Audited(("uv.lock", name), pinned, ("moss (no version)",)) == find(described)
    assert (f"boat/{name}",) == find(moved(project(BARE, {name: ""}), "boat")).places


def test_pins_of_requirements_files_are_audited() -> None:
    """Lines with `==`, whatever stands behind it; the rest is counted or named."""
    text = (
        "# pins\nidna==3.11 ; python_version > '3.9'  # why\nruff == 0.12.1 \\\n"
        "    --hash=sha256:00\nattrs>=20\nurllib3==2.*\nmoss @ git+https://x.example/moss\n"
        "sand @ https://x.example/sand.whl\n-r other.txt\n-e .\n"
    )
    files = {
        "requirements.txt": text,
        "requirements/dev.txt": "pytest==9.0.0\n",
        "requirements-free.txt": "tox\n",
        "constraints.txt": "wheel==1.0\n",
    }
    described = project(BARE, files)
    assert Audited(
        ("requirements.txt", "requirements/dev.txt"),
        (("idna", "3.11"), ("pytest", "9.0.0"), ("ruff", "0.12.1")),
        ("moss (git)", "sand (url)"),
        3,
    ) == find(described)
    assert Audited() == find(project(BARE, {"requirements.txt": "idna>=3\n"}))
    assert ("uv.lock",) == find(project(BARE, {**files, "uv.lock": ""})).places


def test_each_round_has_one_version_of_a_package() -> None:
    """An auditor refuses two; more than any lock has are an error."""
    audited = Audited(("uv.lock",), (("a", "1"), ("a", "2"), ("b", "1")))
    assert ["a==1\nb==1\n", "a==2\n"] == audited.rounds()
    with pytest.raises(ProjectError, match=r"uv\.lock: more than 20 versions of a"):
        Audited(("uv.lock",), tuple(("a", str(number)) for number in range(21))).rounds()


def test_a_broken_lock_names_file_and_line() -> None:
    """And what writes it."""
    with pytest.raises(ProjectError, match=r"pdm\.lock is not valid TOML: .*line 1.*`pdm lock`"):
        find(project(BARE, {"pdm.lock": "<<<<<<< HEAD\n"}))
