"""Names the files of coverage's reports from the root of the source.

    coverage_paths.py REPORTS SOURCE WHERE KIND...

coverage names a file from the directory that it runs in, WHERE below SOURCE, and in coverage.xml
from a directory of `[run] source`. Kinds are `json`, `xml` and `md`, each a file in REPORTS, and
`html`, the pages, as far as they list files. `xml` reads a coverage.json that was rewritten.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

_ROW = re.compile(r"^\| (?P<name>\S.*?) +\|(?P<rest>.*)$")
_LINK = re.compile(r'(<td class="name[^"]*"><a href="[^"]*">)(?!<data)')
_TITLE = re.compile(r'(<title>Coverage for |<span class="text">Coverage for </span><b>)')


def named(path: str, source: str, where: str) -> str:
    """Return a path from the root of the source; one outside of it stays as it is."""
    whole = posixpath.normpath(posixpath.join(source, where, path))
    return whole[len(source) + 1 :] if whole.startswith(f"{source}/") else path


def rewrite_json(file: Path, source: str, where: str) -> None:
    """Rewrite coverage.json."""
    data = json.loads(file.read_text(encoding="utf-8"))
    data["files"] = {named(path, source, where): each for path, each in data["files"].items()}
    file.write_text(json.dumps(data), encoding="utf-8")


def rewrite_xml(file: Path, source: str, where: str, known: list[str]) -> None:
    """Rewrite coverage.xml: its one root is that of the source.

    A name may be found from several roots; each file of coverage.json is taken once.
    """
    tree = ElementTree.parse(file)  # noqa: S314 - coverage's own
    sources = tree.getroot().find("sources")
    roots = [root.text or "" for root in (() if sources is None else sources)]
    left = set(known)
    for package in tree.iter("package"):
        names = set()
        for element in package.iter("class"):
            name = element.get("filename", "")
            whole = [named(posixpath.join(root, name), source, where) for root in roots]
            found = next((path for path in whole if path in left), named(name, source, where))
            left.discard(found)
            element.set("filename", found)
            names.add(posixpath.dirname(found))
        if len(names) == 1:
            package.set("name", names.pop().replace("/", ".") or ".")
    if sources is not None:
        for number, root in enumerate(list(sources)):
            if number:
                sources.remove(root)
            else:
                root.text = source
    tree.write(file, encoding="utf-8", xml_declaration=True)


def rewrite_markdown(file: Path, source: str, where: str) -> None:
    """Rewrite coverage.md: the first column of its table, but for the head and the total."""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [_ROW.match(line) for line in lines]
    names = [row["name"] if row else "" for row in rows]
    for at, name in enumerate(names):
        if name not in ("", "Name") and not name.startswith(("---", "**")):
            path = named(name.replace("\\_", "_"), source, where)
            names[at] = path.replace("_", "\\_")
    width = max(map(len, names), default=0)
    text = "".join(f"{line}\n" for line in _table(lines, rows, names, width))
    file.write_text(text, encoding="utf-8")


def _table(
    lines: list[str], rows: list[re.Match[str] | None], names: list[str], width: int
) -> Iterator[str]:
    for line, row, name in zip(lines, rows, names):  # noqa: B905 - Python 3.9 has no `strict`
        if row is not None:
            yield f"| {name.ljust(width)} |{row['rest']}"
        elif line.startswith("|-"):
            rest = line[1:].partition("|")[2]
            yield f"|{'-' * (width + 1)} |{rest}"
        else:
            yield line


def rewrite_html(directory: Path, where: str) -> None:
    """Rewrite the pages: the names in lists, and the title of each file's own page."""
    for page in directory.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        shown = text if page.name.endswith("_index.html") or page.name == "index.html" else ""
        pattern = _LINK if shown else _TITLE
        changed = pattern.sub(lambda match: f"{match[1]}{where}/", text)
        page.write_text(changed, encoding="utf-8")


def main(reports: str, source: str, where: str, *kinds: str) -> None:
    """Rewrite the reports of these kinds."""
    at = Path(reports)
    if "json" in kinds:
        rewrite_json(at / "coverage.json", source, where)
    if "xml" in kinds:
        known = json.loads((at / "coverage.json").read_text(encoding="utf-8"))["files"]
        rewrite_xml(at / "coverage.xml", source, where, list(known))
    if "md" in kinds:
        rewrite_markdown(at / "coverage.md", source, where)
    if "html" in kinds and where:
        rewrite_html(at / "html", where)


if __name__ == "__main__":
    main(*sys.argv[1:])
