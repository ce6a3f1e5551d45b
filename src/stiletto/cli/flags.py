"""Arguments of the command line: which are flags, and where the flags of one level end.

The grammar is spf13/pflag's, which Dagger's command line uses:

    --name value   --name=value   --switch   --switch=false   -n value   -nvalue   -n=value   -vvq

A level's flags end at the first other argument, or at `--`. Names are compared in kebab case, so
that `--dockerConfig` is `--docker-config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stiletto.cli.names import closest, kebab
from stiletto.errors import UsageError


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: its kebab name, its letter, and whether it needs a value.

    `implied` is the value of a flag given alone; None means that a value must follow.
    `placeholder` names the value in help.
    """

    name: str
    short: str = ""
    implied: str | None = None
    placeholder: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A flag as it was given."""

    flag: Flag
    text: str


def _unexplained(_name: str, _arguments: Sequence[str], _near: bool) -> str:
    """Explain no unknown flag."""
    return ""


class FlagSet:
    """The flags known at one level; of two with the same name the first counts.

    `explain` returns what may be meant by an unknown flag, from its name, the arguments from it
    on, and whether a known name is near; empty for what the names tell.
    """

    def __init__(
        self,
        flags: Iterable[Flag],
        *,
        command: str,
        explain: Callable[[str, Sequence[str], bool], str] = _unexplained,
    ) -> None:
        self.command = command
        self._explain = explain
        self.by_name: dict[str, Flag] = {}
        self.by_short: dict[str, Flag] = {}
        for flag in flags:
            if flag.name in self.by_name:
                continue
            self.by_name[flag.name] = flag
            if flag.short:
                self.by_short.setdefault(flag.short, flag)

    def take(self, args: Sequence[str]) -> tuple[list[Given], list[str]]:
        """Split arguments into this level's flags and the rest, which starts without a flag.

        Raises:
            UsageError: an unknown flag, or one without its value.
        """
        given: list[Given] = []
        at = 0
        while at < len(args) and is_flag(args[at]):
            found, used = self.read(args[at], args[at + 1 :])
            given += found
            at += 1 + used
        if at < len(args) and args[at] == "--":
            at += 1
        return given, list(args[at:])

    def take_all(self, args: Sequence[str]) -> tuple[list[Given], list[str]]:
        """Split arguments into flags, wherever they are, and all others.

        Raises:
            UsageError: an unknown flag, or one without its value.
        """
        given: list[Given] = []
        others: list[str] = []
        at = 0
        while at < len(args):
            arg = args[at]
            at += 1
            if arg == "--":
                others += args[at:]
                break
            if is_flag(arg):
                found, used = self.read(arg, args[at:])
                given += found
                at += used
            else:
                others.append(arg)
        return given, others

    def read(self, arg: str, following: Sequence[str]) -> tuple[list[Given], int]:
        """Read the flags in one argument; also return how many of the following were used."""
        return (self._long if arg.startswith("--") else self._shorts)(arg, following)

    def _long(self, arg: str, following: Sequence[str]) -> tuple[list[Given], int]:
        name, equals, text = arg[2:].partition("=")
        flag = self.by_name.get(kebab(name))
        if flag is None:
            raise self._unknown(f"unknown flag: --{name}", name, [arg, *following])
        return self._valued(flag, text if equals else None, f"--{name}", following)

    def _shorts(self, arg: str, following: Sequence[str]) -> tuple[list[Given], int]:
        given: list[Given] = []
        letters = arg[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self.by_short.get(letter)
            if flag is None:
                message = f'unknown shorthand flag: "{letter}" in {arg}'
                raise self._unknown(message, "", [arg, *following])
            text: str | None = None
            if letters.startswith("="):
                text, letters = letters[1:], ""
            elif flag.implied is None and letters:
                text, letters = letters, ""
            found, used = self._valued(flag, text, f"-{letter}", following)
            given += found
            if used:
                return given, used
        return given, 0

    def _valued(
        self, flag: Flag, text: str | None, spelled: str, following: Sequence[str]
    ) -> tuple[list[Given], int]:
        if text is not None:
            return [Given(flag, text)], 0
        if flag.implied is not None:
            return [Given(flag, flag.implied)], 0
        if not following:
            raise UsageError(f"flag needs an argument: {spelled}", hint=self.see_help)
        return [Given(flag, following[0])], 1

    @property
    def see_help(self) -> str:
        """The hint that leads to this level's help."""
        return f"see {self.command} --help"

    def _unknown(self, message: str, name: str, arguments: Sequence[str]) -> UsageError:
        meant = closest(name, self.by_name) if name else None
        hint = f"did you mean --{meant}? " if meant else ""
        if explained := self._explain(kebab(name), arguments, meant is not None):
            hint = f"{explained}; "
        return UsageError(message, hint=f"{hint}{self.see_help}")


def invalid(name: str, text: str, why: str) -> UsageError:
    """Return the error for the value of a flag."""
    return UsageError(f'invalid argument "{text}" for "--{name}" flag: {why}')


def is_flag(arg: str) -> bool:
    """Whether an argument is written as a flag; `--` and `-` are not."""
    return arg.startswith("-") and arg not in ("-", "--")


def requests_help(args: Sequence[str]) -> bool:
    """Whether -h or --help is anywhere before `--`."""
    ahead = args[: args.index("--")] if "--" in args else args
    return any(arg in ("-h", "--help") for arg in ahead)


def peek(args: Sequence[str], known: FlagSet) -> Iterator[tuple[Given, bool]]:
    """Yield the known flags among arguments most of which are not known yet.

    With each comes whether it is before the first argument that is not a flag. As pflag does if
    unknown flags are allowed, an argument after an unknown flag counts as that flag's value.
    """
    ahead, at = True, 0
    while at < len(args) and args[at] != "--":
        arg = args[at]
        at += 1
        if not is_flag(arg):
            ahead = False
            continue
        try:
            found, used = known.read(arg, args[at:])
        except UsageError:
            alone = "=" in arg or at == len(args) or args[at].startswith("-")
            at += arg.startswith("--") and not alone
            continue
        at += used
        for given in found:
            yield given, ahead
