"""The paths that uv's settings name."""

from __future__ import annotations

import pytest

from tests.unit.wheelwright.samples import moved, project
from wheelwright.errors import ProjectError
from wheelwright.project.local_paths import is_local, local_packages, local_paths

BARE = '[project]\nname = "demo"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        ('[tool.uv]\nfind-links = ["vendor", "https://x.example/simple"]', ("vendor",)),
        ('[tool.uv]\nindex-url = "./wheels"\nextra-index-url = ["more"]', ("wheels", "more")),
        ('[tool.uv.pip]\nfind-links = ["vendor"]', ("vendor",)),
        ('[[tool.uv.index]]\nname = "here"\nurl = "vendor"\nformat = "flat"', ("vendor",)),
        ('[[tool.uv.index]]\nurl = "file://${PROJECT_ROOT}/vendor"', ("vendor",)),
        ('[tool.uv.sources]\nrope = { path = "libs/rope" }', ("libs/rope",)),
        (
            '[tool.uv.sources]\nrope = [{ path = "libs/a", marker = "x" }, { path = "libs/b" }]',
            ("libs/a", "libs/b"),
        ),
        ('[tool.uv.sources]\nrope = { workspace = true }\nmoss = { git = "x" }', ()),
        ('[tool.uv]\nfind-links = ["vendor", "vendor/more"]', ("vendor",)),
        # Not in the source, or nothing that uv reads.
        ('[tool.uv]\nfind-links = ["/opt/wheels", "file:///opt/wheels"]', ()),
        ('[tool.uv]\nfind-links = "vendor"\nindex = 3\npip = 1', ()),
        ("[tool.uv.sources]\nrope = 3\nmoss = [3]\nfern = { path = 3 }", ()),
        ('[tool.uv.sources]\ndemo = { path = "." }', ()),
    ],
)
def test_every_path_of_a_setting_is_found(settings: str, paths: tuple[str, ...]) -> None:
    """In pyproject.toml, from its own directory."""
    described = project(f"{BARE}{settings}\n")
    assert paths == local_paths(described)
    assert tuple(f"boat/{path}" for path in paths) == local_paths(moved(described, "boat"))


def test_a_path_may_lead_above_the_package() -> None:
    """But not out of the source."""
    described = moved(project(f'{BARE}[tool.uv]\nfind-links = ["../vendor", "../../x"]\n'), "boat")
    assert ("vendor",) == local_paths(described)


def test_settings_in_a_file_of_their_own_count() -> None:
    """A broken one is named with its line."""
    described = project(BARE, {"uv.toml": 'find-links = ["vendor"]\n'})
    assert ("vendor",) == local_paths(described)
    with pytest.raises(ProjectError, match=r"uv\.toml is not valid TOML: .*line 1"):
        local_paths(project(BARE, {"uv.toml": "<<<<<<<\n"}))


def test_what_a_path_leads_to_is_in_the_lock() -> None:
    """A package by path may name others; the package itself and its members are left out."""
    lock = "".join(
        f'[[package]]\nname = "p{number}"\nsource = {source}\n'
        for number, source in enumerate(
            [
                '{ editable = "." }',
                '{ editable = "packages/a" }',
                '{ editable = "libs/a" }',
                '{ directory = "libs/b" }',
                '{ path = "vendor/c-1-py3-none-any.whl" }',
                '{ registry = "wheels" }',
                '{ registry = "https://pypi.org/simple" }',
                "3",
            ]
        )
    )
    described = project(BARE, {"uv.lock": lock}, members={"packages/a": BARE})
    expected = ("wheels", "libs/a", "libs/b", "vendor/c-1-py3-none-any.whl")
    assert expected == local_paths(described)
    assert local_packages(described)


def test_files_of_an_index_are_no_packages_to_build() -> None:
    """Wheels are read, and nothing is run."""
    registry = '[[package]]\nname = "a"\nsource = { registry = "vendor" }\n'
    assert not local_packages(project(BARE, {"uv.lock": registry}))


def test_the_root_itself_is_all_that_is_in_it() -> None:
    """A pattern for it would match nothing."""
    described = project(f'{BARE}[tool.uv]\nfind-links = ["."]\n', names=("a.whl", "src/", "src/x"))
    assert ("a.whl", "pyproject.toml", "src") == local_paths(described)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("vendor", True), ("", False), ("https://x.example", False), ("file:///x", False)],
)
def test_an_address_is_no_path(address: str, expected: bool) -> None:
    """A file's address is absolute: it is of the machine that wrote it."""
    assert expected == is_local(address)
