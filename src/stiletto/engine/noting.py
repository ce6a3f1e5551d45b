"""Notes what steps and functions saw and how they ended, for `stiletto explain`.

It is told of each of them once before it runs and once at its end. Nothing here decides anything.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stiletto.api import container as c
from stiletto.api import files as f
from stiletto.engine.layout import Made, Stack
from stiletto.graph.recipe import Recipe, children, parts
from stiletto.graph.tree import Dir
from stiletto.history.inputs import Inputs, Origin
from stiletto.history.journal import Journal
from stiletto.history.notes import Ending, Kind, Note
from stiletto.progress import Outcome, Span
from stiletto.sandbox import plan

_MANY = ("git", "uv")
"""Programs of subcommands, which have nothing to do with one another."""

_WORD = re.compile(r"[a-z][a-z-]*")
_CHOOSING = 3
"""Words that may choose what a program does: `uv pip install`."""

_ID = re.compile(r"(\w+)@sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that is about to run, or to be answered from the store."""

    journal: Journal | None
    kind: Kind
    name: str
    key: str
    function: str = ""
    part: str = ""
    slots: tuple[str, ...] = ()
    success: Ending | None = None
    last: Ending | None = None
    kept: bool = True
    lasts_s: float = 0.0
    image: str = ""
    refused: str = ""
    parts: Iterable[str] = ()

    def saw(self, inputs: Inputs, trees: tuple[Dir, ...] = ()) -> None:
        """Keep what it is about to see."""
        if self.journal is not None:
            self.journal.saw(self.key, inputs, trees)

    def saw_step(self, data: Mapping[str, Any], stack: Stack, mounted: Mapping[str, Dir]) -> None:
        """Keep what a command is about to see, later: writing it takes half a millisecond."""
        journal = self.journal
        if journal is not None:
            journal.later(lambda: self._saw_step(journal, data, stack, mounted))

    def _saw_step(
        self,
        journal: Journal,
        data: Mapping[str, Any],
        stack: Stack,
        mounted: Mapping[str, Dir],
    ) -> None:
        trees: list[Dir] = list(mounted.values())
        layers = {key: _origin(made, trees) for key, made in stack.made.items()}
        _keep_merged(journal, stack.made)
        known = {tree.key: tree.digest for tree in mounted.values()}
        self.saw(Inputs(dict(data), layers, known, stack.image.shown), tuple(trees))

    def end(
        self,
        span: Span,
        outcome: Outcome,
        *,
        made_at_s: float = 0.0,
        by: str = "",
        exit_code: int = 0,
        waited: bool = False,
        requests: int = 0,
    ) -> None:
        """Note how it ended; `made_at_s`, `by` and `waited` say where a stored result is from."""
        if self.journal is None:
            return
        seconds = 0.0 if outcome is Outcome.CACHED else round(span.elapsed_s, 3)
        self.journal.ended(
            Note(
                number=span.id,
                kind=self.kind,
                name=self.name,
                key=self.key,
                outcome=outcome.value,
                seconds=seconds,
                function=self.function,
                part=self.part,
                slots=self.slots,
                success=self.success,
                last=self.last,
                made_at_s=made_at_s,
                made_by=by,
                kept=self.kept,
                lasts_s=self.lasts_s,
                exit_code=exit_code,
                image=self.image,
                waited=waited,
                requests=requests,
                refused=self.refused,
            ),
            self.parts,
        )

    def stored(self, steps: Sequence[Sequence[Any]], at_s: float) -> None:
        """Note for which steps a stored result stands, where others have run since.

        Also where the function ran with other arguments only: its steps are compared with those.
        """
        if self.journal is not None and not self.journal.passed_last(self.slots, self.key):
            self.journal.used_again(steps, at_s)


class Noting:
    """Notes for one session; without a journal it notes nothing."""

    def __init__(self, journal: Journal | None) -> None:
        self.journal = journal
        self.command = journal.command if journal else ""
        self.failed: list[str] = []
        """The programs of the commands that ended with another exit code than 0, as they may."""
        self._depths: dict[str, int] = {}
        self._images: dict[int, dict[str, str]] = {}
        self._parts: dict[str, dict[str, None]] = {}

    def needed(self, exec_: c.Exec, parent: Span | None) -> None:
        """Note that a cell or gate needs a command, and with it all commands beneath it."""
        _, part = _place(parent)
        if self.journal is None or not part:
            return
        waiting: list[Recipe] = [exec_]
        seen: set[str] = set()
        while waiting:
            recipe = waiting.pop()
            if recipe.digest in seen:
                continue
            seen.add(recipe.digest)
            if isinstance(recipe, c.Exec):
                known = self._parts.setdefault(recipe.digest, {})
                if part in known:
                    continue  # and so do those beneath it
                known[part] = None
            waiting.extend(child for _, value in parts(recipe) for child in children(value))

    def saw_images(self, images: Mapping[str, str], parent: Span | None) -> None:
        """Note that the functions above have run commands in images: identities by address."""
        while parent is not None:
            if parent.kind == "function":
                self._images.setdefault(parent.id, {}).update(images)
            parent = parent.above

    def images(self, function: Span) -> dict[str, str]:
        """Return the images that a call of a function has used, identities by address."""
        return self._images.get(function.id, {})

    def step(
        self, exec_: c.Exec, image: plan.Image, name: str, key: str, parent: Span | None
    ) -> Noted:
        """Return what a command's note begins with; `image` is the one beneath."""
        self.saw_images({image.address: image.identity}, parent)
        function, part = _place(parent)
        place = "step", function, part, image.address, str(self._depth(exec_.root))
        # With other arguments it is compared with what the program last did here.
        slots = (*place, name), (*place, _program(name))
        noted = self._noted(Kind.STEP, name, key, (function, part), slots)
        # The others that need it may come later.
        needed = self._parts.setdefault(exec_.digest, {})
        return replace(noted, image=image.address, parts=needed.keys())

    def function(
        self, name: str, module: str, key: str, inputs: Mapping[str, Any], parent: Span | None
    ) -> Noted:
        """Return what the note of a function's call begins with."""
        function, part = _place(parent)
        place = "function", module, function, part, name
        # With other arguments it is compared with its last call; files are not arguments here.
        given = json.dumps([inputs["parent"], inputs["args"]], sort_keys=True)
        slots = (*place, _ID.sub(r"\1", given)), place
        return self._noted(Kind.FUNCTION, name, key, (function, part), slots)

    def _noted(
        self,
        kind: Kind,
        name: str,
        key: str,
        place: tuple[str, str],
        parts: tuple[tuple[str, ...], ...],
    ) -> Noted:
        if self.journal is None:
            return Noted(None, kind, name, key)
        slots = tuple(self.journal.slot(*each) for each in parts)
        success, last = self.journal.endings(slots)
        return Noted(self.journal, kind, name, key, *place, slots, success, last)

    def _depth(self, root: c.Root) -> int:
        """Return how many commands ran before, one on the result of the other."""
        passed: list[str] = []
        at: Any = root
        while at.digest not in self._depths:
            passed.append(at.digest)
            match at:
                case c.ExecRoot(exec_):
                    at = exec_.root
                case c.WrittenRoot(parent):
                    at = parent
                case _:
                    self._depths[passed.pop()] = 0
                    break
        depth = self._depths[at.digest]
        for digest in reversed(passed):
            depth += 1
            self._depths[digest] = depth
        return depth


def _program(command: str) -> str:
    """Return the program of a command; of one that is many, the words that choose: `uv sync`."""
    words = command.split(" ")
    if words[0] not in _MANY:
        return words[0]
    return " ".join(itertools.takewhile(_WORD.fullmatch, words[:_CHOOSING]))


def _keep_merged(journal: Journal, made: Mapping[str, Made]) -> None:
    """Keep what layers were merged from, once for all steps above: chains are long."""
    for key, each in made.items():
        if each.merged and not journal.knows(key):
            trees: list[Dir] = []
            layers = {inner: _origin(of, trees) for inner, of in each.merged.items()}
            journal.saw(key, Inputs({}, layers), trees)
            _keep_merged(journal, each.merged)


def _origin(made: Made, trees: list[Dir]) -> Origin:
    if made.tree is not None:
        trees.append(made.tree)
        return Origin(tree=made.tree.digest, removed=made.removed, copied=made.copied)
    return Origin(step=made.command, merged=tuple(made.merged))


def copied(operations: Sequence[f.Operation]) -> list[tuple[str, c.Exec]]:
    """Return the paths at which there is what a command made, and nothing else beside."""
    made = {
        number: (each.path, of)
        for number, each in enumerate(operations)
        if isinstance(each, f.WriteDirectory) and (of := made_by(each.source)) is not None
    }
    others = [each for number, each in enumerate(operations) if number not in made]
    return [
        (path, of)
        for path, of in made.values()
        if not any(_writes_to(each, path) for each in others)
    ]


def from_images(operations: Sequence[f.Operation]) -> list[tuple[str, str]]:
    """Return the paths at which there is a file of an image, and the image's address."""
    found = []
    for each in operations:
        match each:
            case f.WriteFile(path, c.ContainerFile(c.ImageRoot(address))):
                if not any(_writes_to(other, path) for other in operations if other is not each):
                    found.append((path, address))
    return found


def made_by(directory: Recipe) -> c.Exec | None:
    """Return the command that made what is in a directory.

    None where a container did not, or where other files were written there since.
    """
    at: Any = directory
    where = ""
    while True:
        match at:
            case c.MountAfterExec(exec_) | c.ExecRoot(exec_):
                return exec_
            case c.ContainerDirectory(parent, path) | f.SubDirectory(parent, path):
                where = f"{path}/{where}"
            case c.WrittenRoot(parent, operations) | f.WrittenDirectory(parent, operations):
                if any(_writes_to(each, where) for each in operations):
                    return None
            case f.FilteredDirectory(parent) | f.OwnedDirectory(parent):
                pass
            case _:
                return None
        at = parent


def _writes_to(operation: f.Operation, where: str) -> bool:
    """Whether an operation may put something at a path, or beneath it."""
    path = getattr(operation, "path", None)
    if path is None:
        return isinstance(operation, f.ApplyPatch | f.WriteChanges)
    written, place = _parts(path), _parts(where)
    shared = min(len(written), len(place))
    return written[:shared] == place[:shared]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _place(span: Span | None) -> tuple[str, str]:
    """Return the function that something belongs to, and the cell or gate of it."""
    part = ""
    while span is not None:
        if span.kind == "part":
            part = part or span.name
        elif span.kind == "function":
            return span.name, part
        span = span.above
    return "", part
