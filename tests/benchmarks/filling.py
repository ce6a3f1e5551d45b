"""Fills one store with many packages, and looks whether it stays within its limit.

Each package is tested once, two beside each other, so that what makes room runs beside a call. Then
the last ones are called again unchanged, in turn with the limit and without one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stiletto.store.census import census
from stiletto.store.limit import VARIABLE, read_size_bytes, size_text

from .columns import Command, Job, Place, Stiletto
from .figures import spread
from .machine import Machine
from .packages import Package, prepared
from .rounds import Ran, run, stop

LIMIT = "2GB"
"""A fifth of the default, so that so many packages exceed it."""
LAST = 5
"""How many of the packages are called again."""
AT_ONCE = 2
APART = 0.05
"""By how much `stiletto cache size` may differ from `du`."""

REMOVED = re.compile(r"the cache had outgrown .*")

FILLERS: Mapping[str, tuple[str, ...]] = {
    "attrs==26.1.0": (),
    "click==8.5.1": (),
    "itsdangerous==2.2.0": ("pytest", "freezegun"),
    "packaging==26.4": ("pytest", "pretend"),
    "pluggy==1.7.0": ("pytest",),
    "iniconfig==2.3.1": ("pytest",),
    "idna==3.20": ("pytest",),
    "h11==0.16.0": ("pytest",),
    "wsproto==1.3.2": ("pytest",),
    "hpack==4.2.0": ("pytest", "hypothesis"),
    "hyperframe==6.1.0": ("pytest",),
    "tomli==2.5.0": ("pytest",),
    "zipp==4.1.2": ("pytest", "jaraco-functools", "jaraco-itertools", "big-o", "more-itertools"),
    "more-itertools==11.2.1": ("pytest",),
    "toolz==1.2.0": ("pytest",),
    "markupsafe==3.0.4": ("pytest",),
    "jinja2==3.1.6": ("pytest", "trio"),
    "werkzeug==3.1.9": ("pytest", "pytest-timeout", "cryptography", "ephemeral-port-reserve"),
    "flask==3.1.3": ("pytest",),
    "blinker==1.9.0": ("pytest", "pytest-asyncio"),
    "rich==15.0.0": ("pytest", "attrs"),
    "pygments==2.21.0": ("pytest", "wcag-contrast-ratio"),
    "cachetools==8.0.2": ("pytest",),
    "pathspec==1.1.1": ("pytest",),
    "wcwidth==0.9.4": ("pytest",),
    "tomlkit==0.15.2": ("pytest", "pyyaml"),
}
"""Sdists of small packages -> what their tests need, where no dependency group has it."""


@dataclass(frozen=True)
class Filled:
    """The store after packages were tested.

    Attributes:
        packages: those that were tested at once.
        codes: what each call ended with; a package whose tests fail here fills the store, too.
        cache_bytes: what `stiletto cache size` adds up.
        disk_bytes: what `du` prints.
        removals: lines about what was removed.
    """

    packages: Sequence[str]
    codes: Sequence[int]
    elapsed_s: Sequence[float]
    cache_bytes: int
    disk_bytes: int
    removals: Sequence[str]

    def wrong(self, limit_bytes: int) -> list[str]:
        """Return what does not hold: the limit, or the figures."""
        found = []
        if self.disk_bytes > limit_bytes:
            found.append(f"{size_text(self.disk_bytes)} is above the limit")
        if abs(self.cache_bytes - self.disk_bytes) > APART * self.disk_bytes:
            found.append(f"`stiletto cache size` has {size_text(self.cache_bytes)}")
        # 1 is a package whose tests fail.
        found += [
            f"{name} ended with {code}"
            for name, code in zip(self.packages, self.codes, strict=True)
            if code not in (0, 1)
        ]
        return found

    def line(self, limit_bytes: int) -> str:
        """Return it as a line: packages, seconds, the size, and what does not hold."""
        calls = ", ".join(
            f"{name} {code or 'green'} {elapsed_s:.0f} s"
            for name, code, elapsed_s in zip(self.packages, self.codes, self.elapsed_s, strict=True)
        )
        parts = (size_text(self.disk_bytes), *self.removals, *self.wrong(limit_bytes))
        return f"{calls}: {'; '.join(parts)}"


@dataclass(frozen=True)
class Again:
    """The unchanged call of a package, by round.

    Attributes:
        limited_s: seconds with the limit.
        free_s: seconds without one.
        red: a package whose tests fail: its steps run again.
    """

    package: str
    limited_s: Sequence[float]
    free_s: Sequence[float]
    red: bool


class Filling:
    """One store and the packages that fill it.

    Attributes:
        store: its directory.
        limit_bytes: how large it may become.
    """

    def __init__(self, machine: Machine, limit: str) -> None:
        self._limit = limit
        self._machine = machine
        self._at = machine.at / "filling"
        self._environ = {**machine.environ(self._at), VARIABLE: limit}
        self.store = Path(self._environ["STILETTO_CACHE"])
        self.limit_bytes = read_size_bytes(limit, VARIABLE)

    def fill(self, packages: Mapping[str, Sequence[str]]) -> Iterator[Filled]:
        """Test every package once, some at once; yield the store after each of these groups."""
        names = [*packages]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(names), AT_ONCE):
                group = names[start : start + AT_ONCE]
                ran = [*pool.map(lambda name: self._tested(name, packages[name]), group)]
                yield Filled(
                    [name_of(each) for each in group],
                    [each.code for each in ran],
                    [each.elapsed_s for each in ran],
                    sum(part.size_bytes for part in census(self.store)),
                    self._disk_bytes(),
                    [line for each in ran for line in REMOVED.findall(each.printed)],
                )

    def again(self, requirement: str, pairs: int) -> Again:
        """Call a package again, unchanged, in turn with the limit and without one."""
        place = self._place(requirement)
        times: dict[str, list[float]] = {self._limit: [], "0": []}
        codes = []
        for number in range(pairs):
            for limit in [*times][:: 1 if number % 2 == 0 else -1]:
                limited = Place(place.at, {**place.environ, VARIABLE: limit})
                ran = run(self._commands(place), limited)
                times[limit].append(ran.elapsed_s)
                codes.append(ran.code)
        return Again(name_of(requirement), times[self._limit], times["0"], any(codes))

    def _tested(self, requirement: str, tests: Sequence[str]) -> Ran:
        place = self._place(requirement)
        package = Package(name_of(requirement), requirement, "", "", tuple(tests))
        source = prepared(package, place.at / "sdist", place.environ)
        shutil.copytree(source, place.package)
        return run(self._commands(place), place)

    def _place(self, requirement: str) -> Place:
        return Place(self._at / name_of(requirement), self._environ)

    def _commands(self, place: Place) -> list[Command]:
        return Stiletto().commands(place, Job(self._machine.pythons[-1:]), "")

    def _disk_bytes(self) -> int:
        words = ("du", "--summarize", "--block-size=1", str(self.store))
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(done.stdout.split()[0])

    def close(self) -> None:
        """End what is kept running."""
        place = Place(self._at, self._environ)
        place.package.mkdir(exist_ok=True)
        stop(place)


def as_text(stores: Sequence[Filled], calls: Sequence[Again], limit_bytes: int) -> str:
    """Return what a reader wants to know: the largest size, and what the limit costs a call."""
    largest = max(each.disk_bytes for each in stores)
    apart = max(abs(each.cache_bytes / each.disk_bytes - 1) for each in stores)
    lines = [
        f"{sum(len(each.packages) for each in stores)} packages: at most {size_text(largest)} of "
        f"{size_text(limit_bytes)}; made smaller {sum(len(each.removals) for each in stores)} "
        f"times; `stiletto cache size` is {apart:.1%} from `du` at most."
    ]
    for each in calls:
        limited, free = spread(each.limited_s), spread(each.free_s)
        red = ", red" if each.red else ""
        lines.append(
            f"{each.package}{red}: unchanged {limited.median:.2f} s, {free.median:.2f} s without "
            "a limit"
        )
    lines += [wrong for each in stores for wrong in each.wrong(limit_bytes)]
    return "\n".join(lines) + "\n"


def name_of(requirement: str) -> str:
    """Return the package of `NAME==VERSION`."""
    return requirement.partition("==")[0]
