"""Views of what is at a container's `/`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.engine import views
from stiletto.engine.layout import SCRATCH, Made, Stack
from stiletto.engine.views import Views
from stiletto.layers.layer import Bind, Layer
from stiletto.layers.view import View


def test_where_an_image_shows_is_found_once_for_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each view is a new one with the same files; another layer may move the place."""
    shown = tmp_path / "shown"
    for directory, name in ((shown, "theirs"), (tmp_path / "one", "own"), (tmp_path / "two", "up")):
        directory.mkdir()
        (directory / name).touch()
    (tmp_path / "one" / "at").mkdir()
    (tmp_path / "two" / "at").symlink_to("moved")
    made: list[View] = []

    class Counted(View):
        def __init__(self, layers: Sequence[Layer], binds: Sequence[Bind] = ()) -> None:
            made.append(self)
            super().__init__(layers, binds)

    monkeypatch.setattr(views, "View", Counted)
    image = replace(SCRATCH, identity="with a bind", binds=(Bind(shown, "/at"),))
    first = Stack(image).over("1", Layer(tmp_path / "one"), Made())
    second = first.over("2", Layer(tmp_path / "two"), Made())
    all_views = Views(tmp_path / "images")
    found = [all_views.of(each) for each in (first, second, first)]

    names = [
        [name for name in ("/at/theirs", "/moved/theirs", "/own", "/up") if view.find(name)]
        for view in found
    ]
    assert [["/at/theirs", "/own"], ["/moved/theirs", "/own", "/up"], names[0]] == names
    assert found[0] is not found[2]
    assert 2 == len(made)
