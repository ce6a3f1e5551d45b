"""docs/architecture.svg: the layers of both packages, and their imports as arrows.

Rows are the layers of pyproject.toml, which import-linter checks; arrows are read from the imports.
An arrow that others imply (a imports b, b imports c, a imports c) is left out: what is drawn
reaches exactly what is imported. Arrows to one part that pass rows share a lane.

Run as a program, this writes the picture.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "src"
PICTURE = ROOT / "docs" / "architecture.svg"

Edges = Mapping[str, frozenset[str]]

WIDTH, HEAD, TITLE, FOOT = 800, 88, 56, 44
PANEL, GUTTER = 384, 12
ROW, BOX = 62, 34
LANE = 7
MARGIN = 34
"""Between a panel's edge and its boxes: the lanes of arrows that pass rows."""

STYLE = """
svg { --page: #ffffff; --panel: #f4f6f8; --box: #ffffff }
svg { --line: #6b7785; --ink: #1c2733; --soft: #55616d }
@media (prefers-color-scheme: dark) {
  svg { --page: #14181d; --panel: #1c2229; --box: #2a323b }
  svg { --line: #93a0ad; --ink: #eef2f6; --soft: #b3bec9 }
}
.page { fill: var(--page) }
.panel { fill: var(--panel) }
.box { fill: var(--box); stroke: var(--line); stroke-width: 1 }
.wire { fill: none; stroke: var(--line); stroke-width: 1.2; stroke-dasharray: 5 4 }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.2 }
.tip { fill: var(--line) }
text { font: 14px system-ui, sans-serif; fill: var(--ink); text-anchor: middle }
.title { font-size: 17px; font-weight: 600 }
.soft { font-size: 13px; fill: var(--soft) }
"""


def layers(package: str) -> list[list[str]]:
    """Return the layers of a package, top first, as import-linter has them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    rows: list[str] = next(
        contract["layers"] for contract in contracts if contract.get("containers") == [package]
    )
    return [row.split(" | ") for row in rows]


def modules(package: str) -> dict[str, list[Path]]:
    """Return the files of each part of a package: of a folder all below it, of a module its own."""
    found: dict[str, list[Path]] = {}
    for path in sorted((SOURCES / package).rglob("*.py")):
        part = path.relative_to(SOURCES / package).parts[0].removesuffix(".py")
        if part != "__init__":
            found.setdefault(part, []).append(path)
    return found


def targets(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the parts of the package that a module imports, wherever in it."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        first, _, rest = name.partition(".")
        if first == package and rest:
            yield rest.partition(".")[0]


def imports(package: str) -> Edges:
    """Return which part of a package imports which others."""
    parts = modules(package)
    return {
        part: frozenset(
            target
            for path in paths
            for target in targets(ast.parse(path.read_text(encoding="utf-8")), package)
            if target in parts and target != part
        )
        for part, paths in parts.items()
    }


def reached(edges: Edges) -> dict[str, frozenset[str]]:
    """Return what each part reaches over any number of arrows."""

    def below(part: str) -> set[str]:
        return {target for one in edges[part] for target in (one, *below(one))}

    return {part: frozenset(below(part)) for part in edges}


def needed(edges: Edges) -> dict[str, frozenset[str]]:
    """Return the arrows that no others imply."""
    below = reached(edges)
    return {
        part: frozenset(
            target
            for target in direct
            if not any(target in below[other] for other in direct if other != target)
        )
        for part, direct in edges.items()
    }


@dataclass(frozen=True)
class Box:
    """Where a part is drawn."""

    name: str
    row: int
    x: float
    width: float

    @property
    def top(self) -> float:
        """Its upper edge."""
        return HEAD + TITLE + self.row * ROW

    @property
    def middle(self) -> float:
        """Halfway between its sides."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + BOX


@dataclass
class Lanes:
    """The vertical lanes beside a panel's boxes: arrows in one do not overlap."""

    edge: float
    step: float
    used: list[list[tuple[int, int]]] = field(default_factory=list)

    def take(self, first: int, last: int) -> float:
        """Return the place of the innermost lane that is free between two rows."""
        for number, spans in enumerate(self.used):
            if all(last < start or end < first for start, end in spans):
                spans.append((first, last))
                return self.edge + self.step * number
        self.used.append([(first, last)])
        return self.edge + self.step * (len(self.used) - 1)


def boxes(package: str, left: float) -> dict[str, Box]:
    """Return the boxes of a package, a row for each layer."""
    inner = PANEL - 2 * MARGIN
    found: dict[str, Box] = {}
    for number, row in enumerate(layers(package)):
        width = min(170.0, (inner - 10 * (len(row) - 1)) / len(row))
        start = left + PANEL / 2 - (len(row) * width + 10 * (len(row) - 1)) / 2
        for place, name in enumerate(row):
            found[name] = Box(name, number, start + place * (width + 10), width)
    return found


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return an arrow along points, with its tip at the last."""
    x, y = points[-1]
    line = " ".join(f"{a:g},{b:g}" for a, b in (*points[:-1], (x, y - 5)))
    tip = f"{x:g},{y:g} {x - 4:g},{y - 7:g} {x + 4:g},{y - 7:g}"
    return f'<polyline class="arrow" points="{line}"/><polygon class="tip" points="{tip}"/>'


@dataclass(frozen=True)
class Passing:
    """The lane of the arrows to one part that pass rows, and the height where they leave it."""

    lane: float
    up: float


def passing(edges: Edges, placed: Mapping[str, Box], left: float) -> dict[str, Passing]:
    """Return the lane of each part that is imported over rows, the shorter ones inside."""
    from_: dict[str, list[Box]] = {}
    for part, each in edges.items():
        for target in each:
            if placed[target].row > placed[part].row + 1:
                from_.setdefault(target, []).append(placed[part])
    first = {target: min(one.row for one in each) for target, each in from_.items()}
    sides = (Lanes(left + MARGIN - 8, -LANE), Lanes(left + PANEL - MARGIN + 8, LANE))
    found: dict[str, Passing] = {}
    heights: dict[int, int] = {}
    for target in sorted(first, key=lambda name: (placed[name].row - first[name], name)):
        box = placed[target]
        ends = [box.middle, *(one.middle for one in from_[target])]
        off = sum(ends) / len(ends) - (left + PANEL / 2)
        emptier = len(sides[1].used) < len(sides[0].used)
        side = sides[off > 0 if abs(off) > 1 else emptier]
        heights[box.row] = heights.get(box.row, 0) + 1
        up = box.top - 7 - 4 * heights[box.row]
        found[target] = Passing(side.take(first[target], box.row), up)
    return found


def arrows(edges: Edges, placed: Mapping[str, Box], left: float) -> Iterator[str]:
    """Yield the arrows: straight to the next row, else in the lane of what is imported."""
    lanes = passing(edges, placed, left)
    every = [(part, target) for part in sorted(edges) for target in sorted(edges[part])]
    passes = {each for each in every if placed[each[1]].row > placed[each[0]].row + 1}

    def spread(name: str, ways: Sequence[tuple[float, object]], way: object) -> float:
        """Return where one of several arrows touches a box: in the order of where they go."""
        order = [each for _, each in sorted(ways, key=lambda each: (each[0], str(each[1])))]
        return placed[name].x + placed[name].width * (order.index(way) + 1) / (len(order) + 1)

    exits: dict[int, int] = {}
    for part, target in every:
        leaving: list[tuple[float, object]] = [
            (lanes[each].lane if (part, each) in passes else placed[each].middle, each)
            for each in edges[part]
        ]
        arriving: list[tuple[float, object]] = [
            (placed[each].middle, each)
            for each, to in every
            if to == target and (each, to) not in passes
        ]
        if target in lanes:
            arriving.append((lanes[target].lane, "lane"))
        one, other = placed[part], placed[target]
        x = spread(part, leaving, target)
        if (part, target) in passes:
            to = spread(target, arriving, "lane")
            lane, up = lanes[target].lane, lanes[target].up
            down = one.bottom + 4 + 4 * (exits.get(one.row, 0) % 3)
            exits[one.row] = exits.get(one.row, 0) + 1
            points = [(x, one.bottom), (x, down), (lane, down), (lane, up), (to, up)]
        else:
            to = spread(target, arriving, part)
            points = [(x, one.bottom)]
        yield f"<!-- {part} imports {target} -->{path([*points, (to, other.top)])}"


def panel(package: str, left: float, role: str, height: float) -> Iterator[str]:
    """Yield a package: its name, a box for each part, the arrows between them."""
    placed = boxes(package, left)
    middle = left + PANEL / 2
    yield (
        f'<rect class="panel" x="{left:g}" y="{HEAD}" width="{PANEL}" height="{height:g}" rx="8"/>'
    )
    yield f'<text class="title" x="{middle:g}" y="{HEAD + 24}">{package}</text>'
    yield f'<text class="soft" x="{middle:g}" y="{HEAD + 40}">{escape(role)}</text>'
    yield from arrows(needed(imports(package)), placed, left)
    for box in placed.values():
        yield (
            f'<rect class="box" x="{box.x:g}" y="{box.top:g}" width="{box.width:g}" '
            f'height="{BOX}" rx="5"/>'
        )
        yield f'<text x="{box.middle:g}" y="{box.top + 22:g}">{escape(box.name)}</text>'


def picture() -> str:
    """Return the picture as SVG."""
    rows = max(len(layers(package)) for package in ("wheelwright", "stiletto"))
    height = TITLE + rows * ROW
    whole = HEAD + height + FOOT
    second = PANEL + 2 * GUTTER + 8
    middle = WIDTH / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole:g}" role="img" '
        'aria-labelledby="title">',
        '<title id="title">The layers of wheelwright and stiletto, and which imports which</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{whole:g}"/>',
        f'<rect class="box" x="{middle - 190:g}" y="12" width="380" height="{BOX + 12}" rx="5"/>',
        f'<text x="{middle:g}" y="31">Dagger\'s API: GraphQL over HTTP</text>',
        f'<text class="soft" x="{middle:g}" y="49">'
        "the only way from one to the other: no import</text>",
        f'<polyline class="wire" points="{middle - 150:g},{24 + BOX:g} {middle - 150:g},{HEAD}"/>',
        f'<polyline class="wire" points="{middle + 150:g},{24 + BOX:g} {middle + 150:g},{HEAD}"/>',
        *panel("wheelwright", GUTTER / 2, "the Dagger module", height),
        *panel("stiletto", second - GUTTER / 2 - 2, "the engine for one machine", height),
        f'<text class="soft" x="{middle:g}" y="{whole - 18:g}">An arrow: imports. '
        "What other arrows reach has none of its own. A row imports only rows below it.</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
