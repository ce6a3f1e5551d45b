"""The release of an installed program is read from the names of its metadata."""

from __future__ import annotations

import pytest

from wheelwright.container import distributions

SITE = "python3.12/site-packages"
SCRIPT = """\
#!/opt/venv/bin/python
# -*- coding: utf-8 -*-
import sys
from mypy.__main__ import console_entry
if __name__ == "__main__":
    sys.exit(console_entry())
"""


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([f"{SITE}/mypy-1.14.1.dist-info/"], "1.14.1"),
        ([f"{SITE}/mypy-2.0.0rc1+local.dist-info"], "2.0.0rc1+local"),
        ([], ""),
        ([f"{SITE}/mypy-1.14.1.dist-info", f"{SITE}/mypy-1.13.dist-info"], ""),
    ],
)
def test_the_release_is_that_of_the_one_directory(paths: list[str], expected: str) -> None:
    """What has several, or none, has to be asked."""
    assert expected == distributions.release_of(paths)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(SCRIPT, True, id="an installer's"),
        pytest.param(SCRIPT.replace("mypy.__main__", "mypy"), True, id="the package itself"),
        pytest.param(SCRIPT.replace("mypy.", "other."), False, id="another package's"),
        pytest.param(SCRIPT.replace("mypy.", "mypy_other."), False, id="a longer name"),
        pytest.param(SCRIPT + "import other\n", False, id="something beside it"),
        pytest.param("#!/bin/sh\nexec true\n", False, id="a shell's"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_only_the_programs_own_script_counts(script: str, expected: bool) -> None:
    """A program of that name which imports from elsewhere is another one."""
    assert expected is distributions.imports_only(script, "mypy")
