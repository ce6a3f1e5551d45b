"""Where interpreters are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.sandbox.interpreters import candidates


def test_a_closed_directory_of_interpreters_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that this user may not look into is passed over, not an error."""
    closed = tmp_path / "pyenv"

    def refuse(path: Path, pattern: str) -> list[Path]:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return [path / pattern]

    # Root may look anywhere, so the refusal itself has to be made.
    monkeypatch.setattr(Path, "glob", refuse)
    found = list(candidates({"PYENV_ROOT": str(closed)}, tmp_path))
    assert [] == [path for path in found if path.is_relative_to(closed)]
    assert tmp_path / ".local/share/uv/python/cpython-*/bin/python3" in found
