"""git's plumbing on a clone, for the programs beside this one: what git sees, and nothing else.

The credential is $GITHUB_TOKEN. It is for the remote's own host alone, and stands in no file and
no command line. Nothing that the repository holds can change what git does here: there is no work
tree beside the one of `tree.py`, no hook, no filter, no configuration but the clone's own, and of
the environment only what leads to the remote. A git command that fails ends this program with its
exit code and words.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

TIMEOUT_S = 600
# No account can have an address below `.invalid` (RFC 6761), as it could at GitHub's noreply host.
NAME, EMAIL = "wheelwright", "wheelwright@wheelwright.invalid"
HELPER = (
    '!f() { test "$1" = get && test -n "$GITHUB_TOKEN" && '
    'printf "username=x-access-token\\npassword=%s\\n" "$GITHUB_TOKEN"; }; f'
)
# Where a remote may be. A remote that redirects, or that names another by a submodule, stays in
# the scheme it was given with.
SCHEMES = ("https", "http", "git", "file")
CONFIG = (
    # An empty one forgets every helper of before.
    ("credential.helper", ""),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.autocrlf", "false"),
    ("core.symlinks", "true"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("protocol.allow", "never"),
    # The first answer may send elsewhere, as for a repository that was renamed; git then asks for
    # a credential of that place, and gets none for another host.
    ("http.followRedirects", "initial"),
    # Less than a byte a second for a minute is a server that hangs.
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("safe.directory", "*"),
    ("grep.fallbackToNoIndex", "false"),
    ("advice.detachedHead", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
)
# What of the environment leads to the remote: proxies, certificates, a place for temporary files.
PASSED = re.compile(r"(?i:https?_proxy|all_proxy|no_proxy)|SSL_CERT_(FILE|DIR)|TMPDIR|GITHUB_TOKEN")
REGULAR = ("100644", "100755")

options: dict[str, str] = {"path": os.defpath}
NOTHING: Mapping[str, str] = {}


def fail(words: str) -> SystemExit:
    """Return the end of this program with words for people."""
    sys.stderr.write(f"{words}\n")
    return SystemExit(1)


def scope() -> str:
    """Return what a credential is for: the remote's scheme and host; empty where it must not go.

    What goes over plain HTTP is read by everybody on the way, unless there is no way.
    """
    parts = urllib.parse.urlsplit(options.get("remote", ""))
    host = parts.hostname or ""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        return ""
    named = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{named}{port}"


def scheme() -> str:
    """Return the protocol of the remote, as git's `protocol.NAME.allow` calls it."""
    found = re.match(r"([a-z]+)://", options.get("remote", ""))
    return found[1] if found and found[1] in SCHEMES else "" if found else "file"


def configuration() -> list[tuple[str, str]]:
    """Return the settings that every command gets."""
    found = [*CONFIG]
    if "checkout" in options:
        found.append(("protocol.file.allow", "always"))
    elif scheme():
        found.append((f"protocol.{scheme()}.allow", "always"))
    if where := scope():
        found.append((f"credential.{where}.helper", HELPER))
    return found


def environment(home: str) -> dict[str, str]:
    """Return git's whole environment."""
    environ = {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}
    environ |= {
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "PATH": options["path"],
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_AUTHOR_EMAIL": EMAIL,
        "GIT_AUTHOR_NAME": NAME,
        "GIT_COMMITTER_EMAIL": EMAIL,
        "GIT_COMMITTER_NAME": NAME,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    if "ca" in options:
        environ["GIT_SSL_CAINFO"] = str(Path(options["ca"]).absolute())
    settings = configuration()
    environ["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings):
        environ[f"GIT_CONFIG_KEY_{number}"] = key
        environ[f"GIT_CONFIG_VALUE_{number}"] = value
    return environ


def command(*args: str) -> list[str]:
    """Return a git command on the clone."""
    program = shutil.which("git", path=options["path"])
    if program is None:
        raise fail(f"no git in {options['path']}")
    return [program, f"--git-dir={Path(options['clone']).absolute()}", *args]


def run(
    *args: str, stdin: bytes = b"", check: bool = True, more: Mapping[str, str] = NOTHING
) -> bytes:
    """Run git on the clone and return its stdout; end this program if it fails."""
    done = ran(*args, stdin=stdin, more=more)
    if check and done.returncode:
        sys.stderr.write((done.stderr or done.stdout).decode("utf-8", "replace"))
        raise SystemExit(done.returncode if 0 < done.returncode < 128 else 1)
    return done.stdout


def ran(
    *args: str, stdin: bytes = b"", more: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[bytes]:
    """Run git on the clone to its end, whichever that is."""
    with tempfile.TemporaryDirectory() as home:
        try:
            return subprocess.run(
                command(*args),
                cwd=home,
                input=stdin,
                capture_output=True,
                env={**environment(home), **more},
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            sys.stderr.write(f"git {args[0]}: timed out after {TIMEOUT_S} s\n")
            raise SystemExit(124) from None


def git(*args: str, stdin: str = "", check: bool = True, more: Mapping[str, str] = NOTHING) -> str:
    """Run git and return what it says as text."""
    return run(*args, stdin=stdin.encode(), check=check, more=more).decode("utf-8", "replace")


def dated(epoch: int) -> dict[str, str]:
    """Return the variables that give a commit its time."""
    return dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"@{epoch} +0000")


# -- options and answer ---------------------------------------------------------------------------


def read_options(words: list[str]) -> list[str]:
    """Read the options, and return what stands behind them."""
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0)[2:].partition("=")
        options[name] = value
    return words


def tell(text: str) -> None:
    """Give the answer."""
    if path := options.get("answer"):
        Path(path).write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.write(text + "\n")
