"""Small wheels and sdists made by hand, good ones and such as PyPI refuses."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["ACCEPTED", "REFUSED", "Sample", "archive", "metadata", "sdist", "wheel"]

TIME = (2026, 1, 1, 0, 0, 0)


def metadata(name: str = "sample", version: str = "1.0", *more: str) -> str:
    """Return METADATA, with more of its lines."""
    return "\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *more, ""])


def archive(filename: str, contents: bytes = b"one") -> bytes:
    """Return a file of that name, which has the contents in its one module."""
    kind, stem = (sdist, ".tar.gz") if filename.endswith(".tar.gz") else (wheel, ".whl")
    name, version, *_ = filename.removesuffix(stem).split("-")
    if filename.endswith(".tar.gz"):
        name, _, version = filename.removesuffix(stem).rpartition("-")
    return kind(name, version, {f"{name}.py": contents})


def wheel(
    name: str = "sample",
    version: str = "1.0",
    files: Mapping[str, bytes] | None = None,
    about: str = "",
    *,
    left_out: str = "",
) -> bytes:
    """Return a wheel; `about` replaces its METADATA, `left_out` is missing in `.dist-info`."""
    info = f"{name}-{version}.dist-info"
    named = {
        **(files or {f"{name}.py": b""}),
        f"{info}/METADATA": (about or metadata(name, version)).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    named.pop(f"{info}/{left_out}", None)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for path, contents in named.items():
            packed.writestr(zipfile.ZipInfo(path, TIME), contents)
    return written.getvalue()


def sdist(
    name: str = "sample",
    version: str = "1.0",
    files: Mapping[str, bytes] | None = None,
    about: str = "",
    *,
    top: str = "",
) -> bytes:
    """Return an sdist; `about` replaces its PKG-INFO, `top` is another directory for that."""
    tops = f"{name}-{version}"
    named = {
        f"{top or tops}/PKG-INFO": (about or metadata(name, version)).encode(),
        **{f"{tops}/{path}": contents for path, contents in (files or {}).items()},
    }
    written = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", fileobj=written, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as packed,
    ):
        for path, contents in named.items():
            member = tarfile.TarInfo(path)
            member.size = len(contents)
            packed.addfile(member, io.BytesIO(contents))
    return written.getvalue()


def rewritten(change: Callable[[zipfile.ZipFile], None]) -> bytes:
    """Return the good wheel after a change to its archive."""
    written = io.BytesIO(wheel())
    with zipfile.ZipFile(written, "a") as packed:
        change(packed)
    return written.getvalue()


def sparse() -> bytes:
    """Return the good sdist with a sparse member, as GNU tar writes it into a pax header."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz", format=tarfile.PAX_FORMAT) as packed:
        for path, headers in (
            ("sample-1.0/PKG-INFO", {}),
            ("sample-1.0/data", {"GNU.sparse.map": "0,1", "GNU.sparse.size": "9"}),
        ):
            contents = metadata().encode() if not headers else b"x"
            member = tarfile.TarInfo(path)
            member.size, member.pax_headers = len(contents), headers
            packed.addfile(member, io.BytesIO(contents))
    return written.getvalue()


def streamed() -> bytes:
    """Return a wheel written to a stream: sizes stand behind the members, in data descriptors."""

    class Stream(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise OSError("a stream")

    written = Stream()
    with (
        zipfile.ZipFile(io.BytesIO(wheel())) as good,
        zipfile.ZipFile(written, "w") as packed,
    ):
        for name in good.namelist():
            packed.writestr(name, good.read(name))
    return written.getvalue()


def commented(packed: zipfile.ZipFile) -> None:
    """Put a comment at the end."""
    packed.comment = b"a comment"


def packed_as(kind: int) -> Callable[[zipfile.ZipFile], None]:
    """Return the change that adds a member packed in another way."""
    return lambda packed: packed.writestr("sample.txt", "x" * 99, compress_type=kind)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, and what PyPI says of it; empty where it takes the file."""

    what: str
    filename: str
    contents: bytes
    said: str = ""
    of: tuple[str, str] = ("sample", "1.0")


WHEEL, SDIST = "sample-1.0-py3-none-any.whl", "sample-1.0.tar.gz"


def _about(what: str, said: str, *lines: str) -> Sample:
    return Sample(what, WHEEL, wheel(about=metadata("sample", "1.0", *lines)), said)


def _for(platform: str, said: str = "") -> Sample:
    return Sample(platform, f"sample-1.0-cp311-cp311-{platform}.whl", wheel(), said)


def _scripts(what: str, contents: bytes) -> Sample:
    file = wheel(files={"sample-1.0.dist-info/entry_points.txt": contents})
    return Sample(what, WHEEL, file, "has invalid entry points")


_UNSUPPORTED = "has an unsupported platform tag"
_OTHER_TOP = "Incorrect number of top-level directories"

REFUSED = (
    *(
        _for(platform, _UNSUPPORTED)
        for platform in (
            "linux_x86_64",
            "linux_aarch64",
            "manylinux_2_17_mips",
            "manylinux2014_riscv64",
            "musllinux_1_2_ppc64",
            "macosx_11_1_arm64",
            "macosx_9_0_ppc",
            "freebsd_13_amd64",
            "manylinux_2_17_x86_64.linux_x86_64",
        )
    ),
    _about("summary", "'summary' field must be 512", f"Summary: {'x' * 513}"),
    _about("direct", "Can't have direct dependency", "Requires-Dist: a @ https://x.org/a.whl"),
    _about("label", "must be 32 characters", f"Project-URL: {'x' * 33}, https://x.org"),
    _about("no label", "Must have a label", "Project-URL: , https://x.org"),
    _about("no address", "Must have a URL", "Project-URL: Home,"),
    _about("two licenses", "License is deprecated", "License: MIT", "License-Expression: MIT"),
    _about("address", "is not a valid url", "Project-URL: Home, x.org"),
    _about("page", "is not a valid url", "Home-page: git@x.org:a"),
    _about("mail", "is not a valid email", "Author-email: A <a@localhost>"),
    _about("private", "is not a valid classifier", "Classifier: Private :: Do Not Upload"),
    _about("license", "License-File LICENSE does not exist", "License-File: LICENSE"),
    _about("kind", "Invalid value for description", "Description-Content-Type: text/html"),
    _about("field", "Invalid value for", "Colour: red"),
    _about("expression", "Invalid value for license", "License-Expression: Made-Up"),
    Sample("no record", WHEEL, wheel(left_out="RECORD"), "the required RECORD file"),
    Sample("no metadata", WHEEL, wheel(left_out="METADATA"), "the required METADATA file"),
    _scripts("not ini", b"console_scripts"),
    _scripts("name of a script", b"[console_scripts]\n../x = sample:main\n"),
    Sample("no zip", WHEEL, b"one", "File is not a zipfile"),
    Sample("comment", WHEEL, rewritten(commented), "Trailing data"),
    Sample("bzip2", WHEEL, rewritten(packed_as(zipfile.ZIP_BZIP2)), "compression type"),
    Sample("before it", WHEEL, b"#!/bin/sh\n" + wheel(), "Unknown record signature"),
    Sample("behind it", WHEEL, wheel() + b"more", "Trailing data"),
    Sample("streamed", WHEEL, streamed(), "data descriptor"),
    Sample("no tar", SDIST, b"one", "File is not a tarfile"),
    Sample("two directories", SDIST, sdist(files={"x": b""}, top="other"), _OTHER_TOP),
    Sample("sparse", SDIST, sparse(), "Sparse members are not allowed"),
    Sample(
        "name of the sdist",
        "Sample-Name-1.0.tar.gz",
        sdist("Sample-Name"),
        "should be 'sample_name-1.0.tar.gz'",
        ("Sample-Name", "1.0"),
    ),
    Sample(
        "name of the wheel",
        "Sample-1.0-py3-none-any.whl",
        wheel("Sample"),
        "the normalized project name 'sample'",
        ("Sample", "1.0"),
    ),
)
"""Files that PyPI refuses, each for one reason."""

ACCEPTED = (
    Sample("no readme", WHEEL, wheel()),
    Sample("sdist", SDIST, sdist()),
    *(
        _for(platform)
        for platform in (
            "linux_armv7l",
            "manylinux2014_ppc64",
            "manylinux_2_28_riscv64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_universal2",
            "macosx_26_0_arm64",
            "win_arm64",
            "ios_13_0_arm64_iphoneos",
            "android_21_arm64_v8a",
            "pyemscripten_2026_0_wasm32",
            "manylinux1_x86_64.manylinux_2_5_x86_64",
        )
    ),
)
"""Files that PyPI takes."""
