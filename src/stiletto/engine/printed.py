"""The output of finished commands: recorded once, and read from the record.

little      {"runs": [["stdout", "..."], ["stderr", "..."], ...]}, in the step's record
much        {"blob": "<digest>", "size": ..., "sizes": {...}}, a file of frames (`spool`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stiletto.api.long_text import LongText
from stiletto.engine.output import decoded, encoded
from stiletto.errors import UsageError
from stiletto.sandbox.scrub import Masks, Patterns, PatternSource, Replacer
from stiletto.sandbox.spool import STREAMS, Run, Spool, Stream, frames
from stiletto.store import Store

MAX_TEXT_BYTES = 128 * 1024 * 1024
"""Of one text, as of a file's contents; as the real engine, where output is such a file."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What one command printed, secrets replaced."""

    sizes: Mapping[Stream, int]
    runs: tuple[Run, ...] = ()
    blob: str = ""
    blob_bytes: int = 0

    @staticmethod
    def keep(spool: Spool, store: Store) -> Printed:
        """Keep what a command printed for as long as its record."""
        if spool.path is None:
            return Printed(dict(spool.sizes), tuple(spool.runs()))
        spool.finish()
        file = store.ingest_file(spool.path)
        return Printed(dict(spool.sizes), (), file.digest, file.size_bytes)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        if self.blob:
            return {"blob": self.blob, "size": self.blob_bytes, "sizes": self.sizes}
        return {"runs": [(of, data.decode("utf-8", "surrogateescape")) for of, data in self.runs]}

    @staticmethod
    def from_json(data: Mapping[str, Any], store: Store) -> Printed | None:
        """Read what `to_json` wrote; None if the store does not have all of it any more."""
        if "blob" in data:
            kept = Printed(
                {of: int(data["sizes"][of]) for of in STREAMS}, (), data["blob"], int(data["size"])
            )
            return kept if store.has(kept.blob, kept.blob_bytes) else None
        runs = tuple(
            (STREAMS[STREAMS.index(of)], text.encode("utf-8", "surrogateescape"))
            for of, text in data["runs"]
        )
        sizes = {of: sum(len(data) for each, data in runs if each == of) for of in STREAMS}
        return Printed(sizes, runs)

    def text(self, store: Store, masks: Masks, *streams: Stream) -> str:
        """Return one stream, or both as they came.

        A text that was not a secret in the session that ran it may be one in this session.

        Raises:
            UsageError: it is too long for one text.
            EnvironmentFailed: the store has lost it.
        """
        self._bound(streams)
        return decoded(b"".join(self._masked(store, Patterns(masks), streams)))

    def long_text(self, store: Store, masks: Masks, *streams: Stream) -> str:
        """Return the same as `text`; what is on the disk is read while the response is sent."""
        if not self.blob:
            return self.text(store, masks, *streams)
        self._bound(streams)
        # As they are now: it is read twice, and both times it must be the same.
        fixed = dict(masks.patterns)
        return LongText(lambda: encoded(self._masked(store, fixed, streams)))

    def _bound(self, streams: tuple[Stream, ...]) -> None:
        size = sum(self.sizes[of] for of in streams)
        if size > MAX_TEXT_BYTES:
            raise UsageError(
                f"{' and '.join(streams)}: {size} bytes exceed the limit of 128 MiB",
                hint="redirect it to a file with `redirectStdout` or `redirectStderr` of withExec, "
                "and export that or read some lines of it",
            )

    def _masked(
        self, store: Store, masks: PatternSource, streams: tuple[Stream, ...]
    ) -> Iterator[bytes]:
        replacers = {of: Replacer(masks) for of in streams}
        read = frames(store.pieces(self.blob)) if self.blob else iter(self.runs)
        for of, data in read:
            if of in replacers:
                yield replacers[of].feed(data)
        for replacer in replacers.values():
            yield replacer.flush()
