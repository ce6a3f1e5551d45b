"""What is killed: a call, the filling of a volume, an export; each a program of its own.

python kill_bench.py call STORE SOURCE WORD      prints what came of it
python kill_bench.py volume STORE SOURCE         prints how many files it has
python kill_bench.py export STORE SOURCE TARGET
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

SECRET = "canary-5f1c9e"

SCRIPT = """
mkdir -p /out/sub
cat /src/* > /out/sub/joined
for number in $(seq 200); do echo $number > /out/$number; done
printf %s "$TOKEN" | wc -c > /out/length
"""


async def call(store: Path, source: Path, word: str) -> str:
    """Run steps that take in, lay out, write, use a volume and a secret."""
    from hostile_bench import opened

    async with opened(store, source.parent) as session:
        directory = session.dag.host().directory(str(source))
        volume = session.dag.cache_volume("seeded", source=directory)
        made = (
            session.base()
            .with_directory("/src", directory)
            .with_mounted_cache("/cache", volume)
            .with_secret_variable("TOKEN", session.dag.set_secret("token", SECRET))
            .with_env_variable("WORD", word)
            .with_exec(["sh", "-c", SCRIPT])
        )
        read = "cat /out/sub/joined /out/length /out/200; ls /cache | wc -l"
        said = await made.with_exec(["sh", "-c", read]).stdout()
        names = await made.directory("/out").entries()
        return f"{said}{len(names)}"


def main(words: list[str]) -> None:
    """Do what the words say."""
    from stiletto.store import Store

    act, store, source = words[0], Path(words[1]), Path(words[2])
    if act == "call":
        # asyncio.run would hide nothing; the result is printed whole or not at all.
        sys.stdout.write(asyncio.run(call(store, source, words[3])) + "\n")
        return
    with Store(store) as opened_store:
        tree = opened_store.ingest(source)
        if act == "volume":
            volume = opened_store.volume(words[3], tree)
            sys.stdout.write(f"{len(list(volume.iterdir()))}\n")
        else:
            opened_store.export(tree, Path(words[3]))


if __name__ == "__main__":
    main(sys.argv[1:])
