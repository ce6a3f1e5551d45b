"""Consent to project files that act on the machine, as direnv and mise require it.

A default in `.env` or `dagger.json` can be a command of the machine, or a file of it. Before the
first of them is used, the user is asked once for the file as it is now: on a terminal by a
question, elsewhere by an error that names file, line and flag. Consent is kept in the user's state
directory, one file of mode 0600 for each path, contents and act; a changed file needs consent
again.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from stiletto.errors import EnvironmentFailed, UsageError
from stiletto.graph.recipe import digest_of
from stiletto.module.origin import Origin
from stiletto.visible import visible

FLAG = "--allow-env"

Ask = Callable[[str], bool]


def consents_from(environ: Mapping[str, str]) -> Path:
    """Return where consents are kept."""
    state = environ.get("XDG_STATE_HOME", "")
    home = Path(environ.get("HOME") or Path.home())
    root = Path(state) if state.startswith("/") else home / ".local" / "state"
    return root / "stiletto" / "consents"


class Consent:
    """Asks once, and remembers. Without `ask` there is no user to ask."""

    def __init__(self, kept: Path, *, allowed: bool = False, ask: Ask | None = None) -> None:
        self._kept = kept
        self._allowed = allowed
        self._ask = ask
        self._acts: dict[tuple[str, str], dict[Origin, str]] = {}

    def announce(self, origin: Origin, act: str) -> None:
        """Note that a line may be used, so that one question covers the whole file."""
        self._acts.setdefault((origin.path, origin.digest), {})[origin] = act

    def require(self, origin: Origin, act: str) -> None:
        """Return if the user consents to this line.

        Raises:
            UsageError: the user does not, or cannot be asked.
        """
        if self._allowed or self._remembers(origin, act):
            return
        self.announce(origin, act)
        where = f"{visible(origin.path)}:{origin.line}: {visible(origin.name)}"
        if self._ask is None:
            what = "runs a command of" if act.startswith("runs ") else "reads a file of"
            raise UsageError(
                f"{where} {what} this machine, which needs your consent",
                hint=f"read the file; {FLAG} consents for one call, a call on a terminal asks",
            )
        acts = self._acts[origin.path, origin.digest]
        lines = [f"{visible(origin.path)} acts on this machine:"]
        for line, line_act in sorted(acts.items(), key=lambda item: item[0].line):
            lines.append(f"  line {line.line}: {visible(line.name)} {visible(line_act)}")
        lines.append("Allow this, until the file changes? [y/N] ")
        if not self._ask("\n".join(lines)):
            raise UsageError(
                f"{where}: not allowed", hint="give the argument itself, or change the file"
            )
        for line, line_act in acts.items():
            self._remember(line, line_act)

    def _file(self, origin: Origin, act: str) -> Path:
        name = digest_of([origin.path, origin.digest, origin.line, origin.name, act])
        return self._kept / name.removeprefix("sha256:")

    def _remembers(self, origin: Origin, act: str) -> bool:
        try:
            facts = self._file(origin, act).lstat()
        except OSError:
            return False
        # What another user could have put there is not a consent of this one.
        mine = facts.st_uid == os.geteuid() and not stat.S_IMODE(facts.st_mode) & 0o022
        return stat.S_ISREG(facts.st_mode) and mine

    def _remember(self, origin: Origin, act: str) -> None:
        path = self._file(origin, act)
        try:
            self._kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(
                    path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
                )
                with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                    file.write(f"{visible(origin.path)}:{origin.line}: {visible(origin.name)}\n")
        except OSError as error:
            raise EnvironmentFailed(
                f"cannot remember the consent in {self._kept}: {error.strerror}",
                hint=f"make it writable, or consent with {FLAG}",
            ) from error
