"""The program that writes the lines of files, over real files."""

import json
from pathlib import Path

import pytest

from wheelwright.inside import coverage_lines
from wheelwright.inside.coverage_lines import lines, main


def entry(missing: list[int], branches: list[list[int]] | None = None) -> dict[str, object]:
    """Return a file of coverage's JSON."""
    more = {} if branches is None else {"missing_branches": branches}
    known = {"summary": {"percent_covered": 50.0}, "excluded_lines": []}
    return {**known, "missing_lines": missing, **more}


def test_files_that_lack_most_come_first(tmp_path: Path) -> None:
    """Each file has its lines and numbers; branches count where they were measured."""
    (tmp_path / "a.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "b.py").write_bytes("# coding: latin-1\r\nc = '\xe9'\r\n".encode("latin-1"))
    report, out = tmp_path / "coverage.json", tmp_path / "out.json"
    files = {"a.py": entry([2]), "b.py": entry([2], [[1, -1]]), "gone.py": entry([])}
    report.write_text(json.dumps({"files": files}))
    main(str(report), str(tmp_path), str(out))
    found = json.loads(out.read_text())
    assert ["b.py", "a.py", "gone.py"] == [each["path"] for each in found]
    assert [["# coding: latin-1", "c = '\xe9'"], ["a = 1", "b = 2"], []] == [
        each["lines"] for each in found
    ]
    assert [[[1, -1]], [], []] == [each["branches"] for each in found]


def test_text_beyond_the_limit_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large together loses its text, not its numbers."""
    monkeypatch.setattr(coverage_lines, "_TEXT_LENGTH_MAX", 30)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("x = 1234567890\n")
    report, out = tmp_path / "coverage.json", tmp_path / "out.json"
    report.write_text(json.dumps({"files": {"a.py": entry([1]), "b.py": entry([1, 2])}}))
    main(str(report), str(tmp_path), str(out))
    found = json.loads(out.read_text())
    assert [("b.py", 1), ("a.py", 1)] == [(each["path"], len(each["lines"])) for each in found]
    monkeypatch.setattr(coverage_lines, "_TEXT_LENGTH_MAX", 20)
    main(str(report), str(tmp_path), str(out))
    assert [1, 0] == [len(each["lines"]) for each in json.loads(out.read_text())]


@pytest.mark.parametrize("name", ["../secret.py", "link.py", "directory", "binary.py", "a\0b"])
def test_what_is_not_source_has_no_lines(tmp_path: Path, name: str) -> None:
    """A path out of the source, a link out of it, a directory and what is no text stay unread."""
    source = tmp_path / "source"
    (source / "directory").mkdir(parents=True)
    (tmp_path / "secret.py").write_text("token = 1\n")
    (source / "link.py").symlink_to(tmp_path / "secret.py")
    (source / "binary.py").write_bytes(b"\xff\xfe\x00")
    assert [] == lines(str(source), name)
