"""Reads the end of what a step printed into files: first its size, then no more than the end.

`stdout` and `stderr` of a container come as one text, whatever their size: a test that prints
500 MB would fill the memory of this process, and an engine refuses more than 128 MiB. A file has a
size that costs nothing. The end of a large one is read by a step.
"""

from __future__ import annotations

from functools import partial

import dagger

from wheelwright.container import steps
from wheelwright.container.output import Output, cut_off
from wheelwright.container.together import together

END_BYTES = 100 * 1024
"""Of each stream; as much as the error of a failed step has in Dagger."""


async def ends(ran: dagger.Container, exit_code: int, stdout: str, stderr: str) -> Output:
    """Return what the last command left, each stream from the end of the file that it went to."""
    calls = {path: partial(_end, ran, path) for path in (stdout, stderr)}
    texts = await together(calls)
    return Output(exit_code, texts[stdout], texts[stderr])


async def _end(ran: dagger.Container, path: str) -> str:
    # The program may have put something else into its place.
    kind = dagger.ExistsType.REGULAR_TYPE
    if not await ran.exists(path, expected_type=kind, do_not_follow_symlinks=True):
        return ""
    file = ran.file(path)
    size = await file.size()
    if size <= END_BYTES:
        try:
            return await file.contents()
        except dagger.QueryError:
            pass  # bytes that are not UTF-8: of an output each of them is one character
    # Only root may read it in every engine; by its path, so that the program is the image's own.
    read = steps.observe(ran.with_user("root"), ["/usr/bin/tail", "-c", str(END_BYTES), path])
    text = await steps.printed_text(read.stdout)
    return f"{cut_off(size - END_BYTES)}\n{text}" if size > END_BYTES else text
