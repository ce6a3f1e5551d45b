"""Reading the METADATA of a back end."""

from __future__ import annotations

from wheelwright.project.built_metadata import read

METADATA = """\
Metadata-Version: 2.4
Name: Quay_Old
Version: 2.0
Requires-Python: >=3.10
Classifier: Programming Language :: Python :: 3.12
Provides-Extra: Tests
Provides-Extra: none
Requires-Dist: a>=1
Requires-Dist: b; os_name == "nt"
Requires-Dist: pytest; extra == "tests"
Requires-Dist: c[d]; (os_name == "a" or os_name == "b") and extra == 'tests'

Text.
"""


def test_fields_of_metadata() -> None:
    """Requirements of an extra are apart, without the condition that names it."""
    found = read(METADATA)

    assert ("Quay_Old", "2.0", ">=3.10") == (found.name, found.version, found.requires_python)
    assert ("a>=1", 'b; os_name == "nt"') == found.dependencies
    assert {"tests": ("pytest", 'c[d]; (os_name == "a" or os_name == "b")'), "none": ()} == (
        found.extras
    )
    assert "METADATA of the build back end" == str(found.places["name"])


def test_a_text_without_fields_has_none() -> None:
    """What is not there is None, and no requirement is no list of one."""
    found = read("nothing\n")

    assert (None, None, (), {}) == (found.name, found.version, found.dependencies, found.extras)
