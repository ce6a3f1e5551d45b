"""What is compiled of an environment."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import pytest

PROGRAM = files("wheelwright.inside") / "compiled.py"
PLUGIN = "[pytest11]\nits = its"


def install(site: Path, name: str, requires: Iterable[str] = (), points: str = "") -> None:
    """Write a distribution of one module, as an installer does."""
    info = f"{name}-1.dist-info"
    lines = "".join(f"Requires-Dist: {each}\n" for each in requires)
    write(
        site,
        {
            f"{name.lower()}.py": "",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{lines}",
            f"{info}/entry_points.txt": points,
            f"{info}/RECORD": f"{name.lower()}.py,,\n{info}/METADATA,,\n",
        },
    )


def write(at: Path, texts: Mapping[str, str]) -> None:
    """Write files by their paths."""
    for name, text in texts.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)


def compiled(site: Path, named: Iterable[str] = (), applications: Iterable[str] = ()) -> set[str]:
    """Run the program as a step does and return the modules that are compiled."""
    facts = site.parent / "facts.json"
    facts.write_text(json.dumps({"named": [*named], "applications": [*applications]}))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), facts, site], capture_output=True, check=False
    )
    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
    return {path.name.partition(".")[0] for path in site.rglob("*.pyc")}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return an empty directory of packages."""
    (tmp_path / "site").mkdir()
    return tmp_path.resolve() / "site"


def test_an_application_is_not_compiled_nor_what_only_it_needs(site: Path) -> None:
    """What the tests may import is, also where the application needs it as well."""
    install(site, "mypy", ["librt>=1", "shared"])
    install(site, "librt", ["Deep_Er"])
    install(site, "deep_er")
    install(site, "shared")
    install(site, "direct", ["shared"])

    assert {"direct", "shared"} == compiled(site, applications=["mypy"])


def test_what_the_package_names_is_compiled_whoever_else_needs_it(site: Path) -> None:
    """With what it requires; of an extra only where that is asked for."""
    install(site, "twine", ["requests"])
    install(site, "requests", ["idna", "socks; extra == 'socks'", 'chardet; extra == "slow"'])
    for name in ("idna", "socks", "chardet"):
        install(site, name, ["twine"])

    found = compiled(site, ["requests[socks]"], ["twine"])

    assert {"requests", "idna", "socks", "twine"} == found


def test_a_plugin_is_compiled_by_pytest_alone(site: Path) -> None:
    """What a plugin requires is compiled here; without pytest the plugin is, too."""
    install(site, "its", ["sniffed"], PLUGIN)
    install(site, "sniffed")
    without = compiled(site)
    for path in site.rglob("*.pyc"):
        path.unlink()
    install(site, "pytest", ["pluggy"])
    install(site, "pluggy")

    assert {"its", "sniffed"} == without
    assert {"sniffed", "pytest", "pluggy"} == compiled(site)


def test_of_a_large_distribution_only_the_top_is_compiled(site: Path) -> None:
    """Little of it is imported, and what does not compile stops nothing."""
    install(site, "large")
    inner = [f"large/data/m{number}.py" for number in range(300)]
    write(site, dict.fromkeys(inner, "") | {"large/__init__.py": "", "large/broken.py": "def"})
    (site / "large-1.dist-info" / "RECORD").write_text(
        "".join(f"{name},,\n" for name in (*inner, "large/__init__.py", "large/broken.py"))
    )

    assert {"__init__"} == compiled(site)


def test_no_link_and_no_name_leads_out_of_the_directory(site: Path) -> None:
    """Whoever made a package may have written any list of its files, or none that can be read."""
    outside = site.parent / "outside"
    write(outside, {"theirs.py": "", "caches/kept": ""})
    write(site, {"linked/__init__.py": ""})
    (site / "linked" / "__pycache__").symlink_to(outside / "caches")
    (site / "away").symlink_to(outside)
    install(site, "evil")
    names = (
        "../outside/theirs.py",
        f"{outside}/theirs.py",
        "away/theirs.py",
        "x/../../outside/theirs.py",
    )
    listed = "".join(f"{name},,\n" for name in (*names, "linked/__init__.py", "evil.py"))
    (site / "evil-1.dist-info" / "RECORD").write_text(listed)
    install(site, "broken", ["%%"])

    assert {"evil"} == compiled(site)
    assert [] == [*outside.rglob("*.pyc")]


def test_a_file_that_changed_is_compiled_again(site: Path) -> None:
    """Length and time do not decide: an installer gives the same time to each version."""
    install(site, "one")
    compiled(site)
    (path,) = site.rglob("*.pyc")
    first, inode = path.read_bytes(), path.stat().st_ino
    compiled(site)
    unchanged = path.stat().st_ino
    (site / "one.py").write_text("X = 1\n")
    compiled(site)

    assert inode == unchanged
    assert first != path.read_bytes()
