"""The output of finished commands: recorded once, and read from the record.

little      {"runs": [["stdout", "..."], ["stderr", "..."], ...]}, in the step's record
much        {"blob": "<digest>", "size": ..., "sizes": {...}}, a file of frames (`spool`)
redirected  the same with "apart": {"stdout": "/reports/pytest.log"}, a path in the step's layer, or
            a digest where the file is not there
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
    apart: Mapping[Stream, str] = field(default_factory=dict)
    root: Path | None = None

    @staticmethod
    def keep(spool: Spool, store: Store, root: Path) -> Printed:
        """Keep what a command printed for as long as its record; `root` is that of its layer."""
        if spool.path is None:
            return Printed(dict(spool.sizes), tuple(spool.runs()))
        spool.finish()
        apart = {
            stream: f"/{path.relative_to(root)}"
            if path.is_relative_to(root)
            else store.ingest_file(path).digest
            for stream, path in spool.apart.items()
        }
        size_bytes = spool.path.stat().st_size
        store.adopt(spool.path, spool.digest, size_bytes)
        return Printed(dict(spool.sizes), (), spool.digest, size_bytes, apart, root)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        if self.blob:
            apart = {"apart": dict(self.apart)} if self.apart else {}
            return {"blob": self.blob, "size": self.blob_bytes, "sizes": self.sizes, **apart}
        return {"runs": [(of, data.decode("utf-8", "surrogateescape")) for of, data in self.runs]}

    @staticmethod
    def from_json(data: Mapping[str, Any], store: Store, root: Path) -> Printed | None:
        """Read what `to_json` wrote; None if the store does not have all of it any more."""
        if "blob" in data:
            kept = Printed(
                {of: int(data["sizes"][of]) for of in STREAMS},
                (),
                data["blob"],
                int(data["size"]),
                {of: str(data["apart"][of]) for of in STREAMS if of in data.get("apart", ())},
                root,
            )
            return kept if kept._is_whole(store) else None
        runs = tuple(
            (STREAMS[STREAMS.index(of)], text.encode("utf-8", "surrogateescape"))
            for of, text in data["runs"]
        )
        sizes = {of: sum(len(data) for each, data in runs if each == of) for of in STREAMS}
        return Printed(sizes, runs)

    def _is_whole(self, store: Store) -> bool:
        return store.has(self.blob, self.blob_bytes) and all(
            self._file(of, store).stat().st_size == self.sizes[of]
            if where.startswith("/")
            else store.has(where, self.sizes[of])
            for of, where in self.apart.items()
        )

    def _file(self, stream: Stream, store: Store) -> Path:
        """Return the file of a stream that is not among the frames."""
        where = self.apart[stream]
        if not where.startswith("/"):
            return store.blob(where)
        assert self.root is not None, "set with the paths"
        return self.root / where[1:]

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
        apart = {of: self._file(of, store) for of in self.apart}
        read = frames(store.pieces(self.blob), apart) if self.blob else iter(self.runs)
        for of, data in read:
            if of in replacers:
                yield replacers[of].feed(data)
        for replacer in replacers.values():
            yield replacer.flush()
