"""Users and owners in steps, where the engine is the machine's root."""

from __future__ import annotations

import pytest
from wire_bench import Session, sh

from stiletto.layers.owners import has_range

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not has_range(), reason="an ordinary user has one owner for all files"),
]


async def test_a_user_that_a_step_adds_is_one_for_later_steps(one: Session) -> None:
    """A user with its group and home is there; programs become it, with its rights."""
    added = sh(one.base(), "useradd -m bob")
    became = sh(added, "su bob -c 'id -un; touch ~/x /root/x 2>&1'; runuser -u bob -- id -u")

    assert "bob bob 755\n" == await sh(added, "stat -c '%U %G %a' /home/bob").stdout()
    assert [
        "bob",
        "touch: cannot touch '/root/x': Permission denied",
        "1000",
    ] == (await became.stdout()).splitlines()
    assert "bob\n" == await sh(became, "stat -c %U /home/bob/x").stdout()
    assert "1000\n" == await sh(added.with_user("bob"), "id -u").stdout()


async def test_programs_of_debian_change_accounts(one: Session) -> None:
    """Names, passwords and groups of users are changed by root as in an image."""
    done = sh(
        one.base(),
        "useradd eve && chfn -f 'E V' eve && echo eve:secret | chpasswd && groupadd -g 2000 team"
        " && usermod -aG team eve && getent passwd eve | cut -d: -f5 && id -Gn eve"
        " && grep -c '^eve:[$]' /etc/shadow",
    )

    assert ["E V", "eve team", "1"] == [
        line.rstrip(",") for line in (await done.stdout()).splitlines()
    ]


async def test_passwords_are_closed_to_other_users(one: Session) -> None:
    """/etc/shadow is root's and the group shadow's; no user has a password."""
    base = one.base()

    assert "root shadow 640\n" == await sh(base, "stat -c '%U %G %a' /etc/shadow").stdout()
    assert "0\n" == await sh(base, "grep -cv '^[^:]*:[*]:' /etc/shadow || true").stdout()
    denied = sh(base.with_user("nobody"), "cat /etc/shadow /etc/gshadow 2>&1 || true")
    assert 2 == (await denied.stdout()).count("Permission denied")


async def test_home_of_root_is_closed_to_other_users(one: Session) -> None:
    """A user cannot list it; an interpreter that is in it on this machine still runs."""
    other = one.base().with_user("nobody")

    assert "denied\n" == await sh(other, "ls /root 2>/dev/null || echo denied").stdout()
    assert "1\n" == await sh(other, "python -c 'print(1)'").stdout()


async def test_a_number_has_the_groups_of_its_user(one: Session) -> None:
    """A number that /etc/passwd has is that user; any other one is in group 0."""
    made = sh(one.base(), "useradd -u 1500 -G staff dev").with_user("1500")

    assert "dev dev staff\n" == await sh(made, "echo $(id -un) $(id -Gn)").stdout()
    assert "root\n" == await sh(one.base().with_user("1501"), "id -Gn").stdout()


async def test_a_user_without_rights_cannot_become_root(one: Session) -> None:
    """Only root becomes another user without a password."""
    done = sh(one.base().with_user("nobody"), "su root -c id </dev/null 2>&1; echo $?")

    assert "uid=0" not in await done.stdout()
    assert not (await done.stdout()).endswith("\n0\n")
