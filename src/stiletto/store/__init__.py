"""Layers and results on disk: content-addressed, crash-safe, pruned.

    $STILETTO_CACHE, else $XDG_CACHE_HOME/stiletto, else ~/.cache/stiletto
    |- .lock                         shared by every user of the store; exclusive while pruning
    |- .prune.lock                   the turn to become exclusive, or to remove something
    |- .uses.lock                    for moments: entries are touched, or leave (`uses`)
    |- blobs/ab/<sha256>             file contents, 0644
    |- blobs/ab/<sha256>.x           the same, 0755; made when first needed
    |- checkouts/<key>/fs, tree.json a tree on disk, the first of equal files linked to its blob
    |- layers/<key>/fs, *.json       what a step wrote, what it took away, what is to be there
    |- envs/<key>, modules/<key>     made by others, through `stage` and `commit`
    |- records/<kind>/ab/<key>.json  small results: steps, calls, modules, trees
    |- index/<sha256 of path>.json   what the files of a host directory held, by their stat
    |- sandbox/images/<digest>       an image's own files (`sandbox.skeleton`)
    |- sandbox/servers/<wheel>       programs of a database server (`sandbox.wheels`)
    |- sandbox/trees/r<name>, .lock  working trees of plain mode (`sandbox.pool`)
    |- replay/<key>.sh               the line that runs a failed step again
    |- volumes/<id>                  cache volumes: written to in place, pruned only on request
    |- kept/<module>-<key>-<pid>.sock  a module's process that waits for the next command (`kept`)
    |- salt                          of secrets' identities
    |- size.json, sizes              how large the store was, and what was stored since (`sizes`)
    |- stage/<time>-<process>        where everything else begins; locked while the process lives
    `- locks/<name>                  held by `lock(name)`

Stage, then commit.
    Everything is made under `stage/` and takes its place by one rename, a volume with its first
    files, too; what is in `sandbox/` is made beside its place, under a name that begins with a
    dot. So what has a name is complete. Two that make the same thing do not disturb each other:
    the first rename of a directory or blob stays, the last of another file wins, and both are
    equal by construction.

Locks.
    All are flock(2): the death of the holder releases them. Each user of the store shares
    `.lock`; `prune` needs it alone and refuses while another process has the store open.
    To stay within its limit a store is made smaller beside others (`shrink`): what a running
    process has touched stays, and whoever looks for something touches it first.
    `lock(name)` keeps tasks and processes from doing the same work twice; nothing is damaged
    without it.

After a crash.
    A process that is killed leaves a directory under `stage/` that is not locked; the next process
    that opens the store removes it. What it began in `sandbox/`, and the working trees of plain
    mode whose lock is free, go with the next prune. Nothing else remains, and an interrupted
    prune has removed whole entries only.
    A record is written after what it names is on the disk (`durable`). Records, indexes,
    `layer.json` and `files.json` show whether they are whole (`sealed`); what does not fit counts
    as absent. A layer or checkout is compared with what was written, by kind, length and time,
    when a process first uses it; a blob whenever it is used, and by digest when it is read. What
    is damaged is dropped and made again; a file in the place of a directory, or the reverse, is
    removed.

Contents.
    A blob's modification time is derived from its digest, so a tree looks the same wherever it
    is checked out. Nothing writes to a blob, a checkout or a layer. No two paths that a step sees
    are one file (`checkout`).
    Files of the host may be offered: their digests are known, and each is copied when something
    needs it (`Blobs.offer`). Offers are of one process; a tree that is saved has all its contents
    in the store.

Age.
    Reading an entry touches it. A record keeps what it mentions (64 hexadecimal digits: blobs,
    trees, layers) as fresh as itself, and so do the tree of a checkout and a line in `replay/`,
    which also mentions paths beneath `sandbox/`. Blobs go when nothing kept mentions them.
"""

from stiletto.store.ingest import GitignoreFiles
from stiletto.store.store import Store

__all__ = ["GitignoreFiles", "Store"]
