"""Users and groups of a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from stiletto.engine.users import Account, account_of, owner_of
from stiletto.errors import UsageError
from stiletto.layers.layer import Layer
from stiletto.layers.view import View


@pytest.fixture
def view(tmp_path: Path) -> View:
    """A container with a user in two groups, and one without a valid number."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:\napp:x:7:8::/srv:\nbad:x:y:1::/:\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nweb:x:9:app,other\nlog:x:10:other\n")
    return View((Layer(tmp_path),))


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", Account()),
        ("root", Account()),
        ("5", Account(5, 0)),
        ("5:6", Account(5, 6)),
        ("7", Account(7, 8, (9,))),
        ("7:web", Account(7, 9)),
        ("app", Account(7, 8, (9,))),
        ("app:web", Account(7, 9)),
        ("app:0", Account(7, 0)),
    ],
)
def test_the_user_of_a_command(view: View, user: str, expected: Account) -> None:
    """A user has the groups that the container's files give it; an unknown number has group 0."""
    assert expected == account_of(user, view)


@pytest.mark.parametrize(
    ("owner", "expected"), [("app", "7:7"), ("app:web", "7:9"), ("5", "5:5"), ("5:web", "5:9")]
)
def test_the_owner_of_a_file(view: View, owner: str, expected: str) -> None:
    """An owner without a group has that of its number, as on Dagger."""
    assert expected == owner_of(owner, view)


@pytest.mark.parametrize("user", ["none", "app:none", "bad", "4294967295", "1:4294967295"])
def test_a_user_that_is_not_there(view: View, user: str) -> None:
    """An unknown user or group, and a number that is too large, are errors."""
    with pytest.raises(UsageError):
        account_of(user, view)
