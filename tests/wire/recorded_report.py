# ruff: noqa: T201 - a report for the terminal
"""Counts how many recorded answers Stiletto gives: `python -m tests.wire.recorded_report [GROUP]`.

`--exceptions` prints the cases that differ as entries for `recorded/exceptions.toml`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from recorded_bench import Verdict, cases, exceptions, opened


async def report(group: str, *, as_entries: bool) -> None:
    """Run the cases of a group, or all, and print what they show."""
    counts: Counter[tuple[str, Verdict]] = Counter()
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as root:
        async with opened(Path(root)) as recording:
            for case in cases():
                if group and case.group != group:
                    continue
                outcome = await recording.run(case)
                counts[case.group, outcome.verdict] += 1
                if outcome.verdict is Verdict.REFUSED:
                    refused[outcome.call] += 1
                elif outcome.verdict is not Verdict.EQUAL:
                    if as_entries:
                        reason = json.dumps(exceptions().cases.get(case.name, {}).get("reason", ""))
                        kind = outcome.verdict.value
                        print(f'"{case.name}" = {{ kind = "{kind}", reason = {reason} }}')
                    else:
                        print(f"{case.group} {case.name} {outcome.verdict.value}")
                        print(f"  expected {json.dumps(case.expected)[:300]}")
                        print(f"  actual   {json.dumps(outcome.actual)[:300]}")
    for name in sorted({name for name, _ in counts}):
        print(name, *(f"{kind.value} {counts[name, kind]}" for kind in Verdict), file=sys.stderr)
    print(
        "all", *(f"{k.value} {sum(n for (_, v), n in counts.items() if v is k)}" for k in Verdict)
    )
    for call, times in refused.most_common():
        print(f"refused {call} {times}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", nargs="?", default="")
    parser.add_argument("--exceptions", action="store_true")
    given = parser.parse_args()
    asyncio.run(report(given.group, as_entries=given.exceptions))
