"""Records what the commands print and write for every sample package, to compare it later.

    uv run python -m tests.e2e.record            writes tests/e2e/recorded/
    uv run python -m tests.e2e.record --check    prints what differs; exit code 1 if anything does

A change of structure must leave all of it as it is; a change of wording shows here as a diff that
can be read. It takes some minutes with an empty store; `STILETTO_TEST_CACHE` names one to keep.

    registration.json     functions, arguments, types, defaults and help, as the SDK registers them
    help.txt              the help of each command and of each function
    packages/NAME.txt     command, exit code and output, over the sample package
    release.txt           the plan of a release against servers of its own
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import hashlib
import json
import os
import re
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stiletto.api.definition import to_json
from stiletto.cli.names import kebab
from stiletto.engine.session import open_session
from stiletto.layers.remove import remove_tree
from stiletto.progress import Progress

from .bench import FIXTURES, REPOSITORY, Bench, Ended, copy_of, host_environ, stiletto_program
from .release_bench import EPOCH_S, Outside, ReleaseBench, Sample, github_description, make_package

RECORDED: Final = REPOSITORY / "tests" / "e2e" / "recorded"

COMMANDS: Final = (
    "call",
    "check",
    "functions",
    "init",
    "prune",
    "run",
    "session",
    "toolchain",
    "verify",
)

OVER_EACH: Final[Mapping[str, tuple[str, ...]]] = {
    "ci": ("ci",),
    "test": ("test",),
    "matrix --plan": ("matrix", "--plan"),
    "matrix --plan --format github": ("matrix", "--plan", "--format", "github"),
    "native-matrix": ("native-matrix",),
}
"""Functions whose output is the answer."""

WORKFLOWS: Final = {
    "dagger": ("--branch", "main", "--module", "github.com/acme/wheelwright@" + "0" * 40),
    "stiletto": (
        "--branch",
        "main",
        "--module",
        "github.com/acme/wheelwright@" + "0" * 40,
        "--stiletto",
        "wheelwright-pipeline[stiletto] @ git+https://github.com/acme/wheelwright@" + "0" * 40,
    ),
}
"""How a repository that has no toolchain yet names both, for each engine."""

MASKS: Final = (
    (re.compile(r"\b\d+(?:\.\d+)? ?(ms|s)\b"), r"N \1"),
    (
        re.compile(r"(passed|failed|cancelled|not configured) +\d+\.\d(?= |$)", re.MULTILINE),
        r"\1  N",
    ),  # the table of `ci`
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"-----+|=====+"), "----"),  # a line's width depends on the time in its middle
    # A clone has the samples in its history; a worktree has a file .git, and none.
    (re.compile(r"\nnote: (?:above \S+ the repository has|the source has no \.git).*\n"), ""),
)
"""What differs from run to run."""


def masked(text: str, places: Mapping[str, str]) -> str:
    """Replace times, ports, and the `places` that exist for this run alone."""
    for place, name in places.items():
        text = text.replace(place, name)
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def shown(command: str, ended: Ended, places: Mapping[str, str]) -> str:
    """Return one command as a person would have seen it, the progress left out."""
    said = f"$ {command}\n{ended.out}\n{ended.err}[exit code {ended.code}]\n"
    return masked(said, places)


async def registration(environ: Mapping[str, str]) -> str:
    """Return the module's definition, as JSON with sorted keys."""
    async with open_session(
        workdir=REPOSITORY,
        sandbox="auto",
        progress=Progress(),
        environ=environ,
        plain_secrets=False,
    ) as engine:
        module = await engine.load_module(str(REPOSITORY))
        return json.dumps(to_json(module), indent=1, sort_keys=True, default=str) + "\n"


def helps(bench: Bench, functions: list[str]) -> str:
    """Return every help screen, at the width of a pipe."""
    ended = [bench.run(command, *at_module(command), "--help") for command in COMMANDS]
    ended += [bench.run("call", *at_module("call"), name, "--help") for name in functions]
    names = [f"stiletto {command} --help" for command in COMMANDS]
    names += [f"stiletto call {name} --help" for name in functions]
    return "\n".join(shown(name, each, {}) for name, each in zip(names, ended, strict=True))


def at_module(command: str) -> tuple[str | Path, ...]:
    """Return the words that name the module, where a command has one."""
    return ("-m", REPOSITORY) if command in ("call", "check", "functions") else ()


def texts(directory: Path) -> list[str]:
    """Return the lines of every file in a directory, each file under its name."""
    return [
        line
        for path in below(directory)
        for line in (f"--- {path.relative_to(directory)}", path.read_text(encoding="utf-8"))
    ]


def digests(directory: Path) -> list[str]:
    """Return the digest and the name of every file in a directory."""
    return [f"{content_digest(path)}  {path.relative_to(directory)}" for path in below(directory)]


def content_digest(path: Path) -> str:
    """Return the SHA-256 of what an archive holds: some back ends write times beside it."""
    digest = hashlib.sha256()
    for name, data in sorted(members(path)):
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file in a wheel or a source distribution."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                yield name, wheel.read(name)
    else:
        with tarfile.open(path) as sdist:
            for member in sdist.getmembers():
                if (file := sdist.extractfile(member)) is not None:
                    yield member.name, file.read()


def below(directory: Path) -> list[Path]:
    """Return the files of a directory, sorted."""
    return sorted(path for path in directory.rglob("*") if path.is_file())


def package(bench: Bench, name: str, scratch: Path) -> str:
    """Return what the functions answer over a sample package."""
    source = copy_of(name, scratch)
    places = {str(scratch): "SCRATCH", str(REPOSITORY): "MODULE"}
    parts = [
        shown(command, bench.call(source, *args), places) for command, args in OVER_EACH.items()
    ]
    for engine, words in WORKFLOWS.items():
        at = scratch / f"{name}-{engine}"
        ended = bench.call(source, "workflows", "--engine", engine, *words, "export", "--path", at)
        parts.append(shown(f"workflows --engine {engine} export --path DIRECTORY", ended, places))
        parts.append(masked("\n".join(texts(at)), places))
    at = scratch / f"{name}-build"
    ended = bench.call(source, "build", "-o", at)
    parts.append(shown("build -o DIRECTORY", ended, places))
    parts.append("\n".join(digests(at)) + "\n")
    return "\n".join(parts)


def release(bench: Bench, scratch: Path) -> str:
    """Return the plan of a release of the sample package."""
    sample = Sample()
    with Outside(scratch / "outside", github_description()) as outside:
        at = ReleaseBench.start(bench, outside, make_package(sample, scratch / "work"), sample)
        words = ["release-plan", "--bump", "patch", "--until", "edits"]
        now = ["--source-date-epoch", str(EPOCH_S)]
        ended = at.run(*words, *now, "--format", "json", "--run", "recorded")
        places = {str(scratch): "SCRATCH", outside.api_url: "API"}
        places |= {outside.index.publish_url: "INDEX", outside.index.simple_url: "LISTING"}
        places |= _of_today(json.loads(ended.out))
        return shown(f"{' '.join(words)} --format json", ended, places)


def _of_today(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return what depends on what the index has today: the build tools, and the sample's lock."""
    commit, base, pins = plan["commit"], plan["base_commit"], plan["build_requires"]
    places = re.findall(r"^(?:index [0-9a-f.]+|@@ [-+,0-9 ]+ @@)", plan["diff"], re.MULTILINE)
    found = {commit: "COMMIT", commit[:12]: "COMMIT", base: "BASE", **dict.fromkeys(pins, "PINNED")}
    return found | {place: f"{place.split()[0]} PLACE" for place in places}


def recorded(scratch: Path, cache: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each record."""
    home = scratch / "home"
    home.mkdir()
    environ = {**host_environ(home, cache), "SOURCE_DATE_EPOCH": str(EPOCH_S), "COLUMNS": "80"}
    bench = Bench(stiletto_program(), environ, scratch, ("--progress=none",))
    registered = asyncio.run(registration(environ))
    yield "registration.json", registered
    main = json.loads(registered)["objects"]["Wheelwright"]["functions"]
    functions = sorted(kebab(name) for name in main)
    yield "help.txt", helps(bench, functions)
    for each in sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()):
        yield f"packages/{each}.txt", package(bench, each, scratch)
    yield "release.txt", release(bench, scratch)


def compared(name: str, text: str) -> bool:
    """Print how a text differs from its record; return whether it does not."""
    path = RECORDED / name
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = difflib.unified_diff(
        before.splitlines(), text.splitlines(), f"recorded/{name}", "now", lineterm="", n=1
    )
    found = [*lines]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return not found


def main() -> int:
    """Record or compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check: bool = parser.parse_args().check
    alike = True
    with tempfile.TemporaryDirectory(prefix="record-") as temporary:
        scratch = Path(temporary).resolve()
        cache = Path(os.environ.get("STILETTO_TEST_CACHE") or scratch / "cache")
        try:
            for name, text in recorded(scratch, cache):
                sys.stderr.write(f"{name}\n")
                if check:
                    alike = compared(name, text) and alike
                else:
                    (RECORDED / name).parent.mkdir(parents=True, exist_ok=True)
                    (RECORDED / name).write_text(text, encoding="utf-8")
        finally:
            # The store's files are read-only, which a temporary directory does not expect.
            remove_tree(scratch / "cache")
    return 0 if alike else 1


if __name__ == "__main__":
    sys.exit(main())
