"""Where the code is that a package installs."""

from dataclasses import replace

import pytest

from tests.unit.wheelwright.samples import project
from wheelwright.project.code_paths import code_paths
from wheelwright.project.layout import own_code


def named(name: str, more: str = "") -> str:
    """Return a pyproject.toml."""
    return f'[project]\nname = "{name}"\nversion = "1"\n{more}'


@pytest.mark.parametrize(
    ("pyproject", "names", "expected"),
    [
        (named("oak"), ("src/",), ("src",)),
        (named("oak"), ("src/", "oak/"), ("src",)),
        (named("oak-tree"), ("oak_tree/",), ("oak_tree",)),
        (named("oak.tree"), ("oak_tree.py",), ("oak_tree.py",)),
        (named("Oak"), ("Oak/",), ("Oak",)),
        (named("jaraco.functools"), ("jaraco/", "docs/"), ("jaraco",)),
        (named("google-cloud"), ("google/",), ("google",)),
        (named("oak"), (), ()),
        (named("oak", '[tool.flit.module]\nname = "tree"\n'), ("tree/", "oak/"), ("tree",)),
        (named("oak", '[tool.flit.module]\nname = "tree"\n'), ("src/",), ("src",)),
        (
            named("oak", '[tool.hatch.build.targets.wheel]\npackages = ["lib/a", "lib/b"]\n'),
            ("lib/",),
            ("lib/a", "lib/b"),
        ),
        (
            named("oak", '[tool.hatch.build.targets.wheel]\npackages = ["src/oak", "src/elm"]\n'),
            ("src/",),
            ("src",),
        ),
        (
            named("oak", '[tool.setuptools]\npackages = ["elm", "elm.inner"]\n'),
            ("elm/",),
            ("elm",),
        ),
        (
            named("oak", '[tool.setuptools]\npy-modules = ["elm", "ash"]\n'),
            ("elm.py", "ash.py"),
            ("elm.py", "ash.py"),
        ),
        (
            named("oak", '[tool.setuptools.packages.find]\nwhere = ["python"]\n'),
            ("python/", "src/"),
            ("python",),
        ),
        (named("oak", '[tool.setuptools.package-dir]\n"" = "lib"\n'), ("lib/",), ("lib",)),
        (
            named("oak", '[tool.poetry]\npackages = [{ include = "elm", from = "lib" }]\n'),
            ("lib/",),
            ("lib/elm",),
        ),
        (named("oak", '[tool.pdm.build]\npackage-dir = "lib"\n'), ("lib/",), ("lib",)),
        (
            named("oak", '[tool.uv.build-backend]\nmodule-name = "elm"\nmodule-root = ""\n'),
            ("elm/",),
            ("elm",),
        ),
        (named("oak", '[tool.maturin]\npython-source = "python"\n'), ("python/",), ("python",)),
        # What a table names and is not there, and what leaves the package, is passed over.
        (named("oak", '[tool.setuptools]\npackages = ["elm"]\n'), ("oak/",), ("oak",)),
        (named("oak", '[tool.pdm.build]\npackage-dir = "../x"\n'), ("oak/",), ("oak",)),
        (named("oak", "[tool.hatch]\nbuild = 1\n[tool.poetry]\npackages = [1]\n"), (), ()),
    ],
)
def test_code_is_what_the_package_installs(
    pyproject: str, names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """The first that is there: the back end's table, src, the name, its namespace."""
    assert expected == code_paths(project(pyproject, names=names))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("[options]\npackage_dir =\n    = lib\npackages = find:\n", ("lib/",), ("lib",)),
        ("[options]\npackages =\n    elm\n    elm.inner\n", ("elm/", "oak/"), ("elm",)),
        ("[options]\npy_modules = elm\n", ("elm.py",), ("elm.py",)),
        ("[options.packages.find]\nwhere = code\n", ("code/", "src/"), ("code",)),
        ("[options]\nno section", ("src/",), ("src",)),
    ],
)
def test_setup_cfg_names_packages_too(
    text: str, names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Also one that is broken: the build says so."""
    assert expected == code_paths(project(named("oak"), {"setup.cfg": text}, names=names))


def test_packages_at_the_top_are_found_by_their_files() -> None:
    """As setuptools finds them: tests, docs and tools are none."""
    paths = ("a/__init__.py", "b/__init__.pyi", "tests/__init__.py", "docs/conf.py", "x/y.py")
    described = replace(project(named("oak")), paths=paths)
    assert ("a", "b") == code_paths(described)
    assert "." == own_code(described)


def test_src_without_python_is_no_code() -> None:
    """The sources of a Rust extension are not what a checker reads."""
    described = project(named("oak"), names=("src/", "oak/"))
    assert ("oak",) == code_paths(replace(described, paths=("src/lib.rs", "oak/__init__.py")))
    assert ("src",) == code_paths(replace(described, paths=("src/oak/__init__.py",)))
