"""The users and groups that an image has: those of Debian (base-passwd, `passwd.master`).

Nobody has a password. Programs that become another user ask PAM: root may, and whoever knows the
password that a step has given.
"""

from __future__ import annotations

SHELL, NO_LOGIN = "/bin/bash", "/usr/sbin/nologin"

USERS = (
    ("root", 0, 0, "root", "/root", SHELL),
    ("daemon", 1, 1, "daemon", "/usr/sbin", NO_LOGIN),
    ("bin", 2, 2, "bin", "/bin", NO_LOGIN),
    ("sys", 3, 3, "sys", "/dev", NO_LOGIN),
    ("sync", 4, 65534, "sync", "/bin", "/bin/sync"),
    ("games", 5, 60, "games", "/usr/games", NO_LOGIN),
    ("man", 6, 12, "man", "/var/cache/man", NO_LOGIN),
    ("lp", 7, 7, "lp", "/var/spool/lpd", NO_LOGIN),
    ("mail", 8, 8, "mail", "/var/mail", NO_LOGIN),
    ("news", 9, 9, "news", "/var/spool/news", NO_LOGIN),
    ("uucp", 10, 10, "uucp", "/var/spool/uucp", NO_LOGIN),
    ("proxy", 13, 13, "proxy", "/bin", NO_LOGIN),
    ("www-data", 33, 33, "www-data", "/var/www", NO_LOGIN),
    ("backup", 34, 34, "backup", "/var/backups", NO_LOGIN),
    ("list", 38, 38, "Mailing List Manager", "/var/list", NO_LOGIN),
    ("irc", 39, 39, "ircd", "/run/ircd", NO_LOGIN),
    ("_apt", 42, 65534, "", "/nonexistent", NO_LOGIN),
    ("nobody", 65534, 65534, "nobody", "/nonexistent", NO_LOGIN),
)
"""Name, number, group, full name, home and shell."""

GROUPS = {
    "root": 0,
    "daemon": 1,
    "bin": 2,
    "sys": 3,
    "adm": 4,
    "tty": 5,
    "disk": 6,
    "lp": 7,
    "mail": 8,
    "news": 9,
    "uucp": 10,
    "man": 12,
    "proxy": 13,
    "kmem": 15,
    "dialout": 20,
    "fax": 21,
    "voice": 22,
    "cdrom": 24,
    "floppy": 25,
    "tape": 26,
    "sudo": 27,
    "audio": 29,
    "dip": 30,
    "www-data": 33,
    "backup": 34,
    "operator": 37,
    "list": 38,
    "irc": 39,
    "src": 40,
    "shadow": 42,
    "utmp": 43,
    "video": 44,
    "sasl": 45,
    "plugdev": 46,
    "staff": 50,
    "games": 60,
    "users": 100,
    "nogroup": 65534,
}


def passwd() -> bytes:
    """Return the file /etc/passwd of an image."""
    lines = (
        f"{name}:x:{uid}:{gid}:{full}:{home}:{shell}\n"
        for name, uid, gid, full, home, shell in USERS
    )
    return "".join(lines).encode()


def group() -> bytes:
    """Return the file /etc/group of an image."""
    return "".join(f"{name}:x:{gid}:\n" for name, gid in GROUPS.items()).encode()


def shadow() -> bytes:
    """Return the file /etc/shadow of an image, which only root may read."""
    return "".join(f"{name}:*:19000:0:99999:7:::\n" for name, *_ in USERS).encode()


def gshadow() -> bytes:
    """Return the file /etc/gshadow of an image, which only root may read."""
    return "".join(f"{name}:*::\n" for name in GROUPS).encode()


PAM = b"""\
auth sufficient pam_rootok.so
auth required pam_unix.so
account required pam_unix.so
password required pam_unix.so
session required pam_unix.so
"""
"""The file /etc/pam.d/other, for every program that has none of its own."""


def account_files() -> dict[str, bytes]:
    """Return the files of an image that know its users."""
    return {
        "etc/passwd": passwd(),
        "etc/group": group(),
        "etc/shadow": shadow(),
        "etc/gshadow": gshadow(),
        "etc/pam.d/other": PAM,
    }


CLOSED = frozenset({"etc/shadow", "etc/gshadow"})
"""Those that only root may read, and the group `SHADOW`."""

SHADOW = "0:42"
