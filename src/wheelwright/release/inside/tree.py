"""Makes the work tree of a commit, as a checkout has it; runs in a container with git.

    tree.py OPTION ... COMMAND

    checkout COMMIT [TAG]   put a commit into the work tree; tell what git alone does not bring
    fetch COMMIT            fetch that: submodules, and files of git-lfs, at their paths

The options are those of `refs.py`. `--tree` is the work tree of `checkout`, and the directory that
`fetch` fills, which is then copied onto that tree. `checkout` sees no token. `fetch` does, and
like all of git here it sends it to the remote's own host alone.

The clone becomes the tree's .git: with the remote's tags as tags, and with TAG on the commit, which
is pushed nowhere. So a back end that asks git for its version gets the one that is released, and
one that asks for the list of files gets it. What depends on the day is left out: no reflog, and
an index without times, which git compares by contents.

What cannot be fetched ends this program with exit code 3: a line with the fact, one with the next
act.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wheelwright.release.inside import lfs, plumbing, refs

MISSING = 3
"""The exit code."""

DEPTH_MAX, MODULES_MAX, LISTED_MAX = 8, 200, 20
SETTINGS = (
    ("core.bare", "false"),
    ("core.logAllRefUpdates", "false"),
)
GITLINK = "160000"
TAGS = f"{refs.SEEN}tags/"


class MaterialMissing(Exception):
    """A part of the tree cannot be fetched: the fact, and the next act."""


@dataclass(frozen=True)
class Module:
    """A submodule: its path in the tree, its commit, its name in .gitmodules and the address."""

    path: str
    commit: str
    name: str
    url: str


@dataclass(frozen=True)
class Lacking:
    """What a tree has by reference alone."""

    modules: tuple[Module, ...]
    pointers: tuple[lfs.Pointer, ...]

    def json(self) -> str:
        """Return it for the caller, who compares it with that of another commit."""
        modules = [[each.path, each.commit, each.url] for each in self.modules]
        pointers = [[each.path, each.oid, each.size] for each in self.pointers]
        return json.dumps({"submodules": modules, "lfs": pointers})


# -- the checkout ---------------------------------------------------------------------------------


def checkout(commit: str, tag: str = "") -> None:
    """Put a commit into the work tree, and nothing else; the clone then is that tree's."""
    refs.have(commit)
    tree = f"--work-tree={Path(plumbing.options['tree']).absolute()}"
    for key, value in SETTINGS:
        plumbing.git("config", key, value)
    plumbing.git(tree, "checkout", "--quiet", "--force", "--detach", commit)
    plumbing.git(tree, "clean", "--quiet", "-dffx")
    name_refs(commit, tag)
    plumbing.git("read-tree", commit)
    found = lacking(commit, plumbing.options["remote"])
    if found.pointers:
        # The file that a pointer stands for is what a checkout has, and not a change.
        paths = zeroed(each.path for each in found.pointers)
        plumbing.run(tree, "update-index", "--assume-unchanged", "-z", "--stdin", stdin=paths)
    plumbing.tell(found.json())


def name_refs(commit: str, tag: str) -> None:
    """Make the tags that the remote has, and TAG; what was seen beside them is not named."""
    listed = plumbing.git("for-each-ref", "--format=%(refname) %(objectname)", refs.SEEN)
    seen = dict(line.split(" ") for line in listed.splitlines())
    made = {f"refs/tags/{ref[len(TAGS) :]}": of for ref, of in seen.items() if ref.startswith(TAGS)}
    if tag:
        epoch = plumbing.git("show", "--no-patch", "--format=%ct", commit).strip()
        # Annotated, which is the first choice of `git describe` among those of one commit.
        by = f"{plumbing.NAME} <{plumbing.EMAIL}> {epoch} +0000"
        text = f"object {commit}\ntype commit\ntag {tag}\ntagger {by}\n\n{tag}\n"
        made[f"refs/tags/{tag}"] = plumbing.git("mktag", stdin=text).strip()
    lines = [f"delete {ref}" for ref in seen] + [f"update {ref} {of}" for ref, of in made.items()]
    plumbing.git("update-ref", "--stdin", stdin="".join(f"{line}\n" for line in lines))
    plumbing.git("pack-refs", "--all", "--prune")


# -- what a tree lacks ----------------------------------------------------------------------------


def lacking(commit: str, remote: str) -> Lacking:
    """Return the submodules and the pointers of git-lfs in a commit; `remote` is where it is of."""
    modules: list[tuple[str, str]] = []
    small: list[tuple[str, str, bool]] = []
    attributes: list[str] = []
    listed = plumbing.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    for line in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, sha, size = about.split()
        if mode == GITLINK:
            modules.append((path, sha))
        elif mode in plumbing.REGULAR:
            if posixpath.basename(path) == ".gitattributes":
                attributes.append(sha)
            if int(size) <= lfs.POINTER_MAX_BYTES:
                small.append((path, sha, mode == plumbing.REGULAR[1]))
    addresses = named(commit) if modules else {}
    return Lacking(
        tuple(
            Module(path, sha, addresses[path][0], resolved(remote, addresses[path][1]))
            for path, sha in modules
            # Without an address it is an empty directory in every checkout.
            if path in addresses
        ),
        pointers(commit, small) if tracks_large(attributes) else (),
    )


def named(commit: str) -> dict[str, tuple[str, str]]:
    """Return name and address of each submodule that .gitmodules names, by its path."""
    asked = ("--get-regexp", r"^submodule\..*\.(path|url|update)$")
    written = plumbing.git("config", "-z", f"--blob={commit}:.gitmodules", *asked, check=False)
    found: dict[str, dict[str, str]] = {}
    for line in written.split("\0")[:-1]:
        key, _, value = line.partition("\n")
        name, _, field = key.removeprefix("submodule.").rpartition(".")
        found.setdefault(name, {})[field] = value
    return {
        fields["path"]: (name, fields["url"])
        for name, fields in found.items()
        if "path" in fields
        and "url" in fields
        and fields.get("update") != "none"
        # It is a part of a path in .git, and refused by git, too (check_submodule_name).
        and ".." not in name.split("/")
    }


def tracks_large(attributes: list[str]) -> bool:
    """Whether any of these files mentions the filter of git-lfs."""
    return any(b"lfs" in plumbing.run("cat-file", "blob", sha) for sha in attributes)


def pointers(commit: str, small: list[tuple[str, str, bool]]) -> tuple[lfs.Pointer, ...]:
    """Return the pointers among small files, where the attributes say that they are such."""
    found = []
    texts = batch([sha for _, sha, _ in small])
    for path, sha, executable in small:
        pointer = lfs.pointer(path, texts.get(sha, b""), executable=executable)
        if pointer is not None:
            found.append(pointer)
    if not found:
        return ()
    with tempfile.TemporaryDirectory() as directory:
        index = {"GIT_INDEX_FILE": str(Path(directory, "index"))}
        plumbing.git("read-tree", commit, more=index)
        asked = ("check-attr", "--cached", "-z", "--stdin", "filter")
        printed = plumbing.run(*asked, stdin=zeroed(each.path for each in found), more=index)
    words = printed.decode("utf-8", "surrogateescape").split("\0")[:-1]
    filtered = {path for path, _, value in zip(*[iter(words)] * 3, strict=True) if value == "lfs"}
    return tuple(each for each in found if each.path in filtered)


def zeroed(paths: Iterable[str]) -> bytes:
    """Return paths as `-z --stdin` reads them."""
    return "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")


def batch(shas: list[str]) -> dict[str, bytes]:
    """Return the contents of blobs."""
    printed = plumbing.run(
        "cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in shas).encode()
    )
    found: dict[str, bytes] = {}
    while printed:
        head, _, rest = printed.partition(b"\n")
        sha, _, size = head.decode().split(" ")
        found[sha], printed = rest[: int(size)], rest[int(size) + 1 :]
    return found


# -- addresses ------------------------------------------------------------------------------------


def resolved(remote: str, url: str) -> str:
    """Return a submodule's address: a relative one from the remote's, as git does.

    One for SSH on the remote's host is written as the remote is, as CI does: there is no SSH here.
    """
    if url.startswith(("./", "../")):
        base = remote.rstrip("/")
        while url.startswith(("./", "../")):
            if url.startswith("../"):
                base = base.rpartition("/")[0]
            url = url.partition("/")[2]
        return f"{base}/{url}"
    found = re.match(r"(?:ssh://)?(?:[\w.-]+@)?([\w.-]+)(?::(?!//)|/)(.+)$", url)
    parts = urllib.parse.urlsplit(remote)
    ssh = url.startswith("ssh://") or (found and "://" not in url and ":" in url)
    if found and ssh and parts.hostname and found[1].lower() == parts.hostname:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{found[2].lstrip('/')}"
    return without_login(url)


def without_login(url: str) -> str:
    """Return an address without the login that it may name: no credential stands in a file."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme in ("http", "https") and "@" in parts.netloc:
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return url


# -- what is fetched ------------------------------------------------------------------------------


def fetch(commit: str) -> None:
    """Fill the directory with what the tree of a commit lacks."""
    refs.have(commit)
    with tempfile.TemporaryDirectory() as directory:
        Fetching(Path(directory)).fill(commit, plumbing.options["remote"], "", "")
    plumbing.tell("")


class Fetching:
    """Fetches submodules into clones of their own, below a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.count = 0

    def fill(self, commit: str, remote: str, where: str, local: str, depth: int = 0) -> None:
        """Put what a commit of the current clone lacks below `where` in the tree.

        `local` is where the clone's .git is in the checkout that is read in the remote's place.
        """
        found = lacking(commit, remote)
        target = Path(plumbing.options["tree"]) / where
        if found.pointers:
            self.large(commit, remote, where, local, found.pointers)
        for module in found.modules:
            self.module(module, where, "/".join((local, "modules", module.name)), depth + 1)
        target.mkdir(parents=True, exist_ok=True)

    def large(
        self, commit: str, remote: str, where: str, local: str, found: tuple[lfs.Pointer, ...]
    ) -> None:
        """Fetch files of git-lfs."""
        target = Path(plumbing.options["tree"]) / where
        paths = listed(posixpath.join(where, each.path) for each in found)
        try:
            if "checkout" in plumbing.options:
                lfs.copy(found, Path(plumbing.options["checkout"], f".git{local}", "lfs"), target)
            else:
                own = f"--blob={commit}:.lfsconfig"
                asked = plumbing.git("config", own, "--get", "lfs.url", check=False).strip()
                server = lfs.server(remote, asked)
                token = os.environ.get("GITHUB_TOKEN", "") if same_host(server) else ""
                lfs.download(found, server, token, target, plumbing.options.get("ca", ""))
        except lfs.LfsError as error:
            raise MaterialMissing(f"{paths}: {error}", error.hint) from error

    def module(self, module: Module, where: str, local: str, depth: int) -> None:
        """Fetch one submodule, and those in it."""
        path = posixpath.join(where, module.path)
        self.count += 1
        if depth > DEPTH_MAX or self.count > MODULES_MAX:
            message = f"submodule {path} is one of more than {MODULES_MAX}, or too deep"
            raise MaterialMissing(message, "release from a repository with fewer submodules")
        outer = plumbing.options["clone"]
        plumbing.options["clone"] = str(self.directory / f"{self.count}.git")
        try:
            self.take(module, path, local)
            target = Path(plumbing.options["tree"], path)
            target.mkdir(parents=True, exist_ok=True)
            plumbing.git(f"--work-tree={target}", "checkout", "--quiet", "--force", module.commit)
            self.fill(module.commit, module.url, path, local, depth)
        finally:
            shutil.rmtree(plumbing.options["clone"], ignore_errors=True)
            plumbing.options["clone"] = outer

    def take(self, module: Module, path: str, local: str) -> None:
        """Make a bare clone that has the submodule's commit."""
        Path(plumbing.options["clone"]).mkdir()
        plumbing.git("init", "--quiet", "--bare", "--template=")
        if "checkout" in plumbing.options:
            source = Path(plumbing.options["checkout"], f".git{local}").absolute()
            if not source.is_dir():
                message = f"submodule {path} is not in the checkout that is read"
                raise MaterialMissing(message, "git submodule update --init --recursive")
            url = str(source)
        else:
            url = module.url
        options = ("--quiet", "--no-tags")
        # Most servers send a single commit; others all that their branches and tags lead to.
        done = plumbing.ran("fetch", *options, "--depth=1", "--", url, module.commit)
        if done.returncode:
            every = [f"+{ref}*:{refs.SEEN}{ref[len('refs/') :]}*" for ref in refs.FETCHED]
            done = plumbing.ran("fetch", *options, "--", url, *every)
        if plumbing.git("cat-file", "-t", module.commit, check=False).strip() == "commit":
            return
        printed = (done.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        lines = [line for line in printed if not line.startswith("hint:")]
        why = " / ".join(lines[-2:]) if done.returncode else f"it has no {module.commit[:12]}"
        hint = "give the token read access to it, over the remote's own scheme and host, or publish"
        raise MaterialMissing(f"submodule {path} ({url}) cannot be fetched: {why}", f"{hint} it")


def same_host(url: str) -> bool:
    """Whether an address is of the remote's own scheme and host."""
    own = plumbing.scope()
    return bool(own) and (url == own or url.startswith(f"{own}/"))


def listed(paths: Iterable[str]) -> str:
    """Return paths for people, not more than fit into a line."""
    every = list(paths)
    more = [f"and {len(every) - LISTED_MAX} more"] if len(every) > LISTED_MAX else []
    return ", ".join([*every[:LISTED_MAX], *more])


COMMANDS: Mapping[str, Callable[..., None]] = {"checkout": checkout, "fetch": fetch}


def main(words: list[str]) -> None:
    """Read the options, then do one thing."""
    words = plumbing.read_options(words)
    try:
        COMMANDS[words[0]](*words[1:])
    except MaterialMissing as error:
        for line in error.args:
            sys.stderr.write(f"{' '.join(str(line).split())}\n")
        raise SystemExit(MISSING) from None


if __name__ == "__main__":
    main(sys.argv[1:])
