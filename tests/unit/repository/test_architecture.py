"""docs/architecture.md and its picture have the packages and imports of the code."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from tests.unit.repository.architecture_picture import (
    HEAD,
    PICTURE,
    ROOT,
    WIDTH,
    boxes,
    imports,
    layers,
    modules,
    needed,
    picture,
    reached,
)

PACKAGES = ("wheelwright", "stiletto")
SVG = "{http://www.w3.org/2000/svg}"


def rows(package: str) -> list[tuple[str, str]]:
    """Return the rows of a package's table: part, sentence."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition(f"(`src/{package}`)")[2].partition("\n\n**")[0]
    return re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE)


def drawn() -> str:
    """Return the picture that is on the page."""
    return PICTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_page_names_every_package_and_module(package: str) -> None:
    """Each folder with files, and each module beside them, has a row of its own with a sentence."""
    root = ROOT / "src" / package
    files = [path for path in root.rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    folders = {path.parent for path in files if path.name not in ("__init__.py", "py.typed")}
    folders.discard(root)
    expected = {f"{folder.relative_to(root)}/" for folder in folders}
    expected |= {path.name for path in root.glob("*.py") if path.name != "__init__.py"}
    found = rows(package)

    assert sorted(expected) == sorted(name for name, _ in found)
    assert [] == [name for name, text in found if len(text.split()) < 2]


def test_picture_is_current() -> None:
    """The picture is what the imports and the layers of pyproject.toml give."""
    assert picture() == drawn(), "run: uv run python -m tests.unit.repository.architecture_picture"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_part_has_a_box(package: str) -> None:
    """The picture has each package and module of the code, in the row of its layer."""
    placed = boxes(package, 0)

    assert modules(package).keys() == placed.keys()
    assert [name for row in layers(package) for name in row] == list(placed)
    for name in placed:
        assert f">{name}</text>" in drawn()


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows_are_the_imports(package: str) -> None:
    """Every arrow is an import, and over arrows each part reaches exactly what it imports."""
    every, arrows = imports(package), needed(imports(package))

    assert reached(every) == reached(arrows)
    for part, targets in arrows.items():
        assert targets <= every[part]
        assert [] == [each for each in targets if f"<!-- {part} imports {each} -->" not in drawn()]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_downwards(package: str) -> None:
    """No arrow of the picture goes to its own row, or up."""
    placed = boxes(package, 0)

    for part, targets in imports(package).items():
        assert [] == [each for each in targets if placed[each].row <= placed[part].row]


def test_an_implied_arrow_is_left_out() -> None:
    """What other arrows reach has none of its own."""
    edges = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset[str]()}

    assert {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()} == needed(edges)


def test_picture_is_readable() -> None:
    """At 800 pixels: no text under 13 pixels, nothing outside, and colours for a dark page."""
    root = ET.fromstring(drawn())
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    sizes = [int(size) for size in re.findall(r"(\d+)px", drawn())]
    lines = [line.attrib["points"] for line in root.iter(f"{SVG}polyline")]
    points = [tuple(map(float, point.split(","))) for line in lines for point in line.split()]

    assert (WIDTH, True) == (width, height > HEAD)
    assert 13 <= min(sizes)
    assert [] == [(x, y) for x, y in points if not (0 <= x <= width and 0 <= y <= height)]
    assert "prefers-color-scheme: dark" in drawn()
    assert [] == re.findall(r"(?:href|src|url\()", drawn())


def test_boxes_of_a_row_do_not_touch() -> None:
    """Names beside each other have room for their letters."""
    for package in PACKAGES:
        for row in layers(package):
            placed = [boxes(package, 0)[name] for name in row]
            assert all(one.x + one.width < other.x for one, other in pairwise(placed))
            assert all(len(box.name) * 8 < box.width for box in placed)
