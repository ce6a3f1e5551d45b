"""One release after another against the stand-ins of tests/standins, by the real command.

    at = ReleaseBench.start(bench, outside, make_package(Sample(), directory))
    at.run("release", "--bump", "patch")
    shown(outside)       # what the index, git and GitHub have now

What two releases have shown is compared whole, `Shown` with `Shown`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Self

from tests.standins.description import Description, fetch_description
from tests.standins.devpi import Devpi
from tests.standins.effects import Effect, Moment, Waiting, killing
from tests.standins.outside import Outside
from tests.standins.packages import (
    Backend,
    Changelog,
    Sample,
    Versioned,
    commit,
    lock,
    make_package,
)
from tests.standins.repository import run_git
from tests.standins.tokens import Token

from .bench import REPOSITORY, Bench, Ended

__all__ = [
    "EPOCH_S",
    "Backend",
    "Changelog",
    "Description",
    "Devpi",
    "Effect",
    "Moment",
    "Outside",
    "ReleaseBench",
    "Running",
    "Sample",
    "Shown",
    "Token",
    "Versioned",
    "Waiting",
    "alike",
    "commit",
    "files_with",
    "github_description",
    "killing",
    "lock",
    "make_package",
    "run_git",
    "shown",
]

EPOCH_S = 1_767_225_600
"""The time of every release here, 2026-01-01: two releases of one commit are then the same."""

TIMEOUT_S = 800


@cache
def github_description() -> Description:
    """Return GitHub's description, from where the stand-ins' own tests keep it; read once."""
    return Description(fetch_description(REPOSITORY / ".pytest_cache/d/openapi"))


@dataclass(frozen=True)
class Shown:
    """What the outside shows; equal for two worlds in which the same was released.

    Attributes:
        index: names of files and SHA-256 of their contents.
        refs: full names and objects.
        pulls: head, base, whether open, body.
        releases: tag, whether a draft, notes, assets as in `index`.
    """

    index: Mapping[str, str]
    refs: Mapping[str, str]
    pulls: tuple[tuple[str, str, bool, str], ...]
    releases: tuple[tuple[str, bool, str, Mapping[str, str]], ...]

    def text(self) -> str:
        """Return it for people."""
        lines = ["index:", *_files(self.index), "git:"]
        lines += [f"{sha}  {ref}" for ref, sha in self.refs.items()]
        lines += ["pull requests:"]
        for head, base, is_open, body in self.pulls:
            lines += [f"{head} -> {base}, {'open' if is_open else 'closed'}", *body.splitlines()]
        lines += ["GitHub releases:"]
        for tag, draft, body, assets in self.releases:
            lines += [f"{tag}, {'draft' if draft else 'published'}", *body.splitlines()]
            lines += _files(assets)
        # Headings stand at the margin, everything else below them.
        return "".join(f"{line if line.endswith(':') else '  ' + line}\n" for line in lines)


def _files(digests: Mapping[str, str]) -> list[str]:
    return [f"{sha256}  {name}" for name, sha256 in digests.items()]


def shown(outside: Outside) -> Shown:
    """Return what the index, git and GitHub have now."""
    state = outside.github.state
    with state.guard:
        return Shown(
            index={name: file.sha256 for name, file in sorted(outside.index.files.items())},
            refs=outside.repository.refs(),
            pulls=tuple(
                (pull.head, pull.base, pull.open, _anywhere(pull.body))
                for pull in state.pulls.values()
            ),
            releases=tuple(
                (
                    release.tag,
                    release.draft,
                    _anywhere(release.body),
                    {
                        asset.name: hashlib.sha256(asset.contents).hexdigest()
                        for asset in sorted(release.assets, key=lambda asset: asset.name)
                    },
                )
                for release in state.releases.values()
            ),
        )


def _anywhere(body: str | None) -> str:
    """Return a text as in any world: each has ports of its own, and only a job has a log."""
    without_log = re.sub(r", \[log\]\(<[^>]*>\)", "", body or "")
    return re.sub(r"(?<=127\.0\.0\.1):\d+", "", without_log)


def alike(outside: Outside) -> Shown:
    """Return what is shown, for two worlds whose runs had other names: these are left out."""
    repository, now = outside.repository, shown(outside)
    commits = {ref: repository.git("cat-file", "commit", sha) for ref, sha in now.refs.items()}
    return replace(
        now,
        refs={
            ref: re.sub(r"(?m)^Wheelwright-Run: .*\n", "", each) for ref, each in commits.items()
        },
    )


WHOLE = ("checkouts", "envs", "layers", "modules")
"""Directories of a store whose entries take their places whole, by one rename, and stay as is."""


def files_with(*words: str, below: str, since_s: float = 0.0) -> list[str]:
    """Return the files of a directory, changed since a time, that hold one of some words.

    Of a store that many tests have filled only what is new is looked through: an entry that came
    before is not entered.
    """
    found = []
    patterns = [word.encode() for word in words]
    entries = {str(Path(below, kind)) for kind in WHOLE}
    for folder, folders, names in os.walk(below):
        if folder in entries:
            folders[:] = [each for each in folders if _changed_s(Path(folder, each)) >= since_s]
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):
                facts = path.lstat()
                # A file's own time is made from its contents; ctime is when it came here.
                if stat.S_ISREG(facts.st_mode) and facts.st_ctime >= since_s:
                    contents = path.read_bytes()
                    if any(word in contents for word in patterns):
                        found.append(str(path))
    return found


def _changed_s(path: Path) -> float:
    """Return when a directory changed or was renamed; 0 where it is gone."""
    try:
        return path.lstat().st_ctime
    except FileNotFoundError:
        return 0.0


@dataclass(frozen=True)
class Running:
    """A command that runs."""

    words: tuple[str, ...]
    process: subprocess.Popen[str]
    heard: list[Ended]

    def watched(self, show: Callable[[str], None]) -> Ended:
        """Wait for its end, and show each line of its progress as it comes."""
        assert self.process.stderr is not None
        assert self.process.stdout is not None
        lines = []
        with self.process:
            for line in self.process.stderr:
                lines.append(line)
                show(line.rstrip("\n"))
            out = self.process.stdout.read()
            code = self.process.wait()
        self.heard.append(Ended(self.words, code, out, "".join(lines), 0.0))
        return self.heard[-1]

    def ended(self) -> Ended:
        """Wait for its end."""
        try:
            out, err = self.process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.heard.append(Ended(self.words, self.process.returncode, out, err, 0.0))
        return self.heard[-1]


@dataclass(frozen=True)
class ReleaseBench:
    """A clone of what is on the remote's main branch, and the command over it.

    Attributes:
        heard: every command that ended, for `leaks`.
    """

    bench: Bench
    outside: Outside
    clone: Path
    sample: Sample
    heard: list[Ended] = field(default_factory=list)

    @classmethod
    def start(
        cls, bench: Bench, outside: Outside, source: Path, sample: Sample | None = None
    ) -> Self:
        """Put a package's repository on the remote, and clone it as a person would."""
        outside.land(source)
        clone = outside.clone("clone")
        run_git(clone, "remote", "set-url", "origin", outside.git.url)
        secrets = {
            "GITHUB_TOKEN": outside.token.value,
            "INDEX_TOKEN": outside.index.token,
            **outside.index.actions_environment,
        }
        environ = {**bench.on_loopback.env, **secrets}
        return cls(replace(bench, env=environ), outside, clone, sample or Sample())

    @property
    def places(self) -> list[str]:
        """Where the servers are, and the token of GitHub."""
        return [
            "--git",
            str(self.clone),
            "--github-api",
            self.outside.api_url,
            "--publish-url",
            self.outside.index.publish_url,
            "--check-url",
            self.outside.index.simple_url,
            "--github-token",
            "env://GITHUB_TOKEN",
            "--ca",
            str(self.outside.authority.bundle),
        ]

    @property
    def token(self) -> list[str]:
        """Publish with a token of the index."""
        return ["--index-token", "env://INDEX_TOKEN"]

    @property
    def trusted(self) -> list[str]:
        """Publish as a job on GitHub Actions that the index trusts."""
        return [
            "--oidc-url",
            "env://ACTIONS_ID_TOKEN_REQUEST_URL",
            "--oidc-token",
            "env://ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        ]

    def run(self, *words: str) -> Ended:
        """Run `release` or `release-plan`, with the token of the index."""
        return self.call(*words, *self.places, *self.token)

    @property
    def rehearsing(self) -> list[str]:
        """The places that `rehearse` takes: it has nothing to do with GitHub's API."""
        at = self.places.index("--github-api")
        return [*self.places[:at], *self.places[at + 2 :]]

    def verify_release(self, version: str, *words: str) -> Ended:
        """Run `verify-release` of a version."""
        return self.call("verify-release", "--version", version, *words, *self.places)

    def call(self, *words: str) -> Ended:
        """Run any function of the module over the clone."""
        self.heard.append(self.bench.call(self.clone, *words))
        return self.heard[-1]

    def release(self, *words: str) -> Ended:
        """Run `release --bump patch` at a fixed time."""
        return self.run(*self.releasing(*words))

    def release_trusted(self, *words: str) -> Ended:
        """Release as a job that publishes without a token of its own."""
        return self.call(*self.releasing(*words), *self.places, *self.trusted)

    def stops(self, *words: str) -> Ended:
        """Release, and hold that it ends with exit code 1 and words for people."""
        ended = self.release(*words)
        assert ended.code == 1, str(ended)
        assert "Traceback (most recent call last)" not in ended.said, str(ended)
        return ended

    def succeeds(self, *words: str) -> Ended:
        """Release, and hold that it is done."""
        ended = self.release(*words)
        assert ended.code == 0, str(ended)
        return ended

    def begin(self, *words: str) -> Running:
        """Start `release --bump patch` at a fixed time, and do not wait."""
        return self.begin_call(*self.releasing(*words), *self.places, *self.token)

    def begin_call(self, *words: str) -> Running:
        """Start any function of the module over the clone, and do not wait."""
        bench = self.bench
        argv = [*bench.program, "call", *bench.flags, "-m", str(bench.module)]
        argv += ["--source", str(self.clone), *words]
        process = subprocess.Popen(
            argv,
            cwd=bench.cwd,
            env=dict(bench.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        return Running(tuple(argv), process, self.heard)

    def killed(
        self, *words: str, kind: str = "", nth: int = 1, moment: Moment = Moment.AFTER
    ) -> Ended:
        """Release, and kill the command at the nth effect of a kind, if it comes to that."""
        running = self.begin(*words)
        effects = self.outside.effects
        hook = effects.after if moment is Moment.AFTER else effects.before
        hook(killing(running.process.pid), kind=kind, nth=nth)
        ended = running.ended()
        effects.unhook()
        return ended

    def leaks(self, since_s: float) -> list[str]:
        """Return where a credential can be read: in output, commits, texts, files of the store."""
        secrets = self.outside.secrets
        commits = self.outside.repository.git("log", "--all", "--patch", "--format=raw")
        places = {f"output of {' '.join(each.words[-6:])}": each.said for each in self.heard}
        places |= {"commits": commits, "what is shown": shown(self.outside).text()}
        found = [place for place, text in places.items() if any(one in text for one in secrets)]
        return found + files_with(*secrets, below=self.bench.env["STILETTO_CACHE"], since_s=since_s)

    def releasing(self, *words: str) -> list[str]:
        """Return the words of `release --bump patch` at a fixed time."""
        bump = () if "--bump" in words else ("--bump", "patch")
        return ["release", *bump, "--source-date-epoch", str(EPOCH_S), *words]
