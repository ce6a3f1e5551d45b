"""Options of a release that are checked where they are read."""

import pytest

from wheelwright.errors import RequestError
from wheelwright.release.act.options import ReleaseOptions


@pytest.mark.parametrize(("given", "pypi"), [("", True), ("pypi", True), ("none", False)])
def test_index_has_the_rules_of_pypi_unless_told_otherwise(given: str, pypi: bool) -> None:
    """Without a word, what PyPI refuses is refused before."""
    assert pypi == ReleaseOptions(index_rules=given).pypi_rules


def test_rules_of_another_name_are_refused() -> None:
    """A misspelt name is not taken for an index that takes everything."""
    with pytest.raises(RequestError) as caught:
        _ = ReleaseOptions(index_rules="pipy").pypi_rules
    assert "--index-rules 'pipy' is neither pypi nor none" == caught.value.message
    assert "pass one of them" == caught.value.hint
