"""A module that declares another encoding than UTF-8 is read all the same (PEP 263)."""

import pytest

from wheelwright.project.reading import declares_encoding

LOST = "# Ren\ufffd\n__version__ = '1.2.3'\n"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("setup.py", f"# -*- coding: latin-1 -*-\n{LOST}", True),
        ("a/b.py", f"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n{LOST}", True),
        ("a.py", f'"""Doc."""  # coding=iso-8859-15\n{LOST}', False),
        ("a.py", f"\n#coding:koi8-r\n{LOST}", True),
        ("a.py", f"\n\n# coding: latin-1\n{LOST}", False),
        ("a.py", f"# coding: utf-8\n{LOST}", False),
        ("a.py", f"# coding: UTF8\n{LOST}", False),
        ("a.py", LOST, False),
        ("a.py", "# coding: latin-1\nx = 1\n", False),
        ("CHANGES.rst", f"# coding: latin-1\n{LOST}", False),
    ],
)
def test_encoding_of_a_module_is_the_declared_one(path: str, text: str, expected: bool) -> None:
    """Only a comment in one of the first two lines counts, and only of what could not be read."""
    assert expected == declares_encoding(path, text)
