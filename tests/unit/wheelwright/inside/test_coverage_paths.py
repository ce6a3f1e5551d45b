"""Coverage's reports name files from the root of the source."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wheelwright.inside.coverage_paths import main, named

MARKDOWN = """\
| Name            |    Stmts |     Miss |   Cover |
|---------------- | -------: | -------: | ------: |
| lib/a\\_b.py     |        4 |        1 |     75% |
| /src/other/c.py |        4 |        0 |    100% |
| **TOTAL**       |    **8** |    **1** | **88%** |

1 file skipped due to complete coverage.
"""
XML = """\
<?xml version="1.0" ?>
<coverage><sources><source>/src/pkg/lib</source><source>/src/other</source></sources>
<packages><package name="."><classes>
<class filename="a_b.py"/><class filename="c.py"/>
</classes></package></packages></coverage>
"""


def test_every_report_names_the_same_paths(tmp_path: Path) -> None:
    """Those of a package below the root, of its `[run] source`, and of a file beside it."""
    files: dict[str, object] = {"lib/a_b.py": {}, "/src/other/c.py": {}}
    (tmp_path / "coverage.json").write_text(json.dumps({"files": files, "totals": {}}))
    (tmp_path / "coverage.xml").write_text(XML)
    (tmp_path / "coverage.md").write_text(MARKDOWN)

    main(str(tmp_path), "/src", "pkg", "json")
    main(str(tmp_path), "/src", "pkg", "xml", "md", "html")

    expected = ["pkg/lib/a_b.py", "other/c.py"]
    assert expected == list(json.loads((tmp_path / "coverage.json").read_text())["files"])
    tree = ElementTree.parse(tmp_path / "coverage.xml")
    assert expected == [each.get("filename") for each in tree.iter("class")]
    assert ["/src"] == [each.text for each in tree.iter("source")]
    lines = (tmp_path / "coverage.md").read_text().splitlines()
    assert "| pkg/lib/a\\_b.py |        4 |        1 |     75% |" == lines[2]
    assert "| other/c.py      |        4 |        0 |    100% |" == lines[3]
    assert "| **TOTAL**       |    **8** |    **1** | **88%** |" == lines[4]
    assert "1 file skipped due to complete coverage." == lines[6]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.py", "pkg/a.py"),
        ("../b.py", "b.py"),
        ("/src/pkg/a.py", "pkg/a.py"),
        ("/opt/venv/lib/a.py", "/opt/venv/lib/a.py"),
    ],
)
def test_name_from_the_root(path: str, expected: str) -> None:
    """A file outside of the source keeps its name."""
    assert expected == named(path, "/src", "pkg")
