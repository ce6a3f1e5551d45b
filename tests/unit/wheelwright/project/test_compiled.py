"""Which packages are compiled, and from what."""

import pytest

from tests.unit.wheelwright.samples import LIKE_ATTRS, LIKE_CLICK, project
from wheelwright.project.compiled import Language, languages

NAMED = '[project]\nname = "demo"\nversion = "1"\n'
SETUPTOOLS = NAMED + '[build-system]\nrequires = ["setuptools"]\n'
SETUPTOOLS += 'build-backend = "setuptools.build_meta"\n'
HATCHLING = NAMED + '[build-system]\nrequires = ["hatchling"]\n'
HATCHLING += 'build-backend = "hatchling.build"\n'


def built_by(backend: str, *requires: str) -> str:
    """Return a pyproject.toml with a back end and its requirements."""
    return f'{NAMED}[build-system]\nrequires = {list(requires)!r}\nbuild-backend = "{backend}"\n'


@pytest.mark.parametrize(
    "text",
    [
        built_by("mesonpy", "meson-python"),
        built_by("scikit_build_core.build", "scikit-build-core"),
        built_by("scikit_build_core.setuptools.build_meta", "scikit-build-core"),
        built_by("py_build_cmake.build", "py-build-cmake"),
        built_by("setuptools.build_meta", "setuptools", "Cython>=3"),
        built_by("setuptools.build_meta", "setuptools", "mypy[mypyc]==1.19"),
        SETUPTOOLS + '[tool.setuptools]\next-modules = [{ name = "x", sources = ["x.c"] }]\n',
        HATCHLING + '[tool.hatch.build.hooks.mypyc]\ndependencies = ["hatch-mypyc"]\n',
        HATCHLING + '[tool.hatch.build.targets.wheel.hooks.custom]\ndependencies = ["cffi"]\n',
        built_by("pdm.backend", "pdm-backend") + "[tool.pdm.build]\nrun-setuptools = true\n",
        built_by("poetry.core.masonry.api", "poetry-core")
        + '[tool.poetry.build]\nscript = "build.py"\n',
    ],
)
def test_extension_modules_need_a_compiler(text: str) -> None:
    """Back ends, requirements and hooks that compile are known."""
    assert frozenset({Language.C}) == languages(project(text))


@pytest.mark.parametrize(
    ("setup", "expected"),
    [
        ("setup(ext_modules=[Extension('x', ['x.c'])])", {Language.C}),
        ("setup(ext_modules=cythonize('x.pyx'))", {Language.C}),
        ("setup(cffi_modules=['build.py:ffi'])", {Language.C}),
        ("setup(rust_extensions=[RustExtension('x')])", {Language.RUST}),
        ("setup(packages=['extension'])", set()),
    ],
)
def test_setup_py_names_its_extension_modules(setup: str, expected: set[Language]) -> None:
    """What setup.py names counts, with setuptools and without any back end."""
    files = {"setup.py": f"from setuptools import setup\n{setup}\n"}
    assert expected == languages(project(SETUPTOOLS, files))
    assert expected == languages(project(NAMED, files))
    # Another back end does not read it.
    assert frozenset() == languages(project(HATCHLING, files))


@pytest.mark.parametrize(
    "text",
    [
        built_by("maturin", "maturin>=1.9"),
        built_by("setuptools.build_meta", "setuptools", "setuptools-rust"),
        SETUPTOOLS + '[[tool.setuptools-rust.ext-modules]]\ntarget = "x"\n',
    ],
)
def test_rust_is_known(text: str) -> None:
    """Maturin and setuptools-rust compile Rust."""
    assert Language.RUST in languages(project(text))


@pytest.mark.parametrize("text", [LIKE_ATTRS, LIKE_CLICK, SETUPTOOLS, HATCHLING, NAMED])
def test_pure_package_needs_none(text: str) -> None:
    """Python alone is not compiled."""
    assert frozenset() == languages(project(text))


def test_members_count() -> None:
    """A workspace is installed together, so a member's extension modules count."""
    root = HATCHLING + '[tool.uv.workspace]\nmembers = ["a"]\n'
    described = project(root, members={"a": built_by("maturin", "maturin")})
    assert frozenset({Language.RUST}) == languages(described)


def test_strange_values_are_not_read() -> None:
    """Tables of another shape than the tool documents name no compiler."""
    text = HATCHLING + '[tool.hatch.build]\nhooks = "x"\ntargets = { wheel = 1 }\n'
    assert frozenset() == languages(project(text + "[tool.poetry]\nbuild = 1\n"))
