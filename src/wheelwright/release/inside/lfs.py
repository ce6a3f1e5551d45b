"""Fetches files of git-lfs: by the batch API over HTTP, or from a clone that has them.

Source: git-lfs, docs/spec.md (the pointer) and docs/api/batch.md, basic transfer. The server says
where each file is, often on another host. The token goes to the server alone. What comes back is
compared with size and SHA-256 of the pointer, so that who sends it does not matter.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any

POINTER_MAX_BYTES = 1024
"""Of a pointer, by the specification."""

TIMEOUT_S = 60
ANSWER_MAX_BYTES = 16 * 1024 * 1024
TOTAL_MAX_BYTES = 4 * 1024**3
AT_ONCE = 100
"""Files in one request, as git-lfs asks."""

MEDIA = "application/vnd.git-lfs+json"
FIRST = b"version https://git-lfs.github.com/spec/v1\n"
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = re.compile(rb"^size ([0-9]{1,15})$", re.MULTILINE)


class LfsError(Exception):
    """A file cannot be fetched: the fact, and in `hint` the next act."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Pointer:
    """A pointer: where it stands, and what file it is for."""

    path: str
    oid: str
    size: int
    executable: bool = False


def pointer(path: str, contents: bytes, *, executable: bool = False) -> Pointer | None:
    """Return the pointer that a file is; None for another file."""
    oid, size = _OID.search(contents), _SIZE.search(contents)
    if not contents.startswith(FIRST) or not oid or not size:
        return None
    return Pointer(path, oid[1].decode(), int(size[1]), executable)


def server(remote: str, configured: str) -> str:
    """Return the address of the API: what .lfsconfig says, else what follows from the remote's.

    Raises:
        LfsError: .lfsconfig names another host than the remote's.
    """
    if not configured:
        base = remote.rstrip("/")
        named = base if base.endswith(".git") else f"{base}.git"
        return "/".join((named, "info", "lfs"))
    own, other = urllib.parse.urlsplit(remote), urllib.parse.urlsplit(configured)
    if (own.scheme, own.hostname, own.port) != (other.scheme, other.hostname, other.port):
        raise LfsError(
            f".lfsconfig names {other.scheme}://{other.hostname}, another host than the remote",
            "store the files with the remote, or keep them out of what is released",
        )
    return other._replace(netloc=other.netloc.rpartition("@")[2]).geturl().rstrip("/")


def copy(pointers: Sequence[Pointer], store: Path, target: Path) -> None:
    """Copy files out of the directory `lfs` of a clone.

    Raises:
        LfsError: it has not all of them.
    """
    for each in pointers:
        found = store / "objects" / each.oid[:2] / each.oid[2:4] / each.oid
        if not found.is_file():
            raise LfsError("not in the checkout that is read", "git lfs fetch")
        _place(target, each, found.read_bytes())


def download(
    pointers: Sequence[Pointer], server: str, token: str, target: Path, ca: str = ""
) -> None:
    """Download files to their paths below `target`.

    Raises:
        LfsError: the server has not all of them, or does not answer.
    """
    if sum(each.size for each in pointers) > TOTAL_MAX_BYTES:
        raise LfsError(
            f"more than {TOTAL_MAX_BYTES} bytes of git-lfs", "keep them out of what is released"
        )
    opener = _opener(ca)
    for first in range(0, len(pointers), AT_ONCE):
        some = pointers[first : first + AT_ONCE]
        actions = _actions(opener, some, server, token)
        for each in some:
            _place(target, each, _contents(opener, each, *actions[each.oid]))


def _place(target: Path, pointer: Pointer, contents: bytes) -> None:
    if hashlib.sha256(contents).hexdigest() != pointer.oid:
        raise LfsError(
            f"the file of {pointer.path} is another one than its pointer names",
            "push the right one with `git lfs push`, then run again",
        )
    path = target / pointer.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    path.chmod(0o755 if pointer.executable else 0o644)


def _actions(
    opener: urllib.request.OpenerDirector, pointers: Sequence[Pointer], server: str, token: str
) -> dict[str, tuple[str, dict[str, str]]]:
    """Return address and headers of each file's download."""
    asked = {
        "operation": "download",
        "transfers": ["basic"],
        "objects": [{"oid": each.oid, "size": each.size} for each in pointers],
        "hash_algo": "sha256",
    }
    headers = {"Accept": MEDIA, "Content-Type": MEDIA}
    if token:
        encoded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        headers["Authorization"] = f"Basic {encoded}"
    request = urllib.request.Request(  # noqa: S310 - the scheme is that of the remote
        "/".join((server, "objects", "batch")), json.dumps(asked).encode(), headers, method="POST"
    )
    answer = _json(_read(opener, request, ANSWER_MAX_BYTES))
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for each in answer.get("objects", []):
        download = (each.get("actions") or {}).get("download")
        if download:
            found[each["oid"]] = (str(download["href"]), dict(download.get("header") or {}))
        else:
            why = (each.get("error") or {}).get("message", "no address")
            raise LfsError(
                f"the server {server} has no {str(each.get('oid'))[:12]}: {str(why)[:200]}",
                "push it with `git lfs push --all`, then run again",
            )
    if lacks := [each.path for each in pointers if each.oid not in found]:
        raise LfsError(f"{server} names no address of {lacks[0]}", "see whether it has git-lfs")
    return found


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LfsError("the server of git-lfs answers no JSON", "see whether it has git-lfs")
    return found


def _contents(
    opener: urllib.request.OpenerDirector, pointer: Pointer, url: str, headers: Mapping[str, str]
) -> bytes:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http"):
        raise LfsError(f"{pointer.path} is at {parts.scheme}:", "see what the server names")
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - checked above
    return _read(opener, request, pointer.size)


def _read(
    opener: urllib.request.OpenerDirector, request: urllib.request.Request, most: int
) -> bytes:
    where = urllib.parse.urlsplit(request.full_url)._replace(query="", fragment="").geturl()
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            contents: bytes = answer.read(most + 1)
    except urllib.error.HTTPError as error:
        hint = "give the token read access to the repository, or run again later"
        raise LfsError(f"{where} answers {error.code}", hint) from error
    except (OSError, HTTPException, ValueError) as error:
        raise LfsError(f"{where} does not answer: {error}", "run again later") from error
    if len(contents) > most:
        raise LfsError(f"{where} sends more than {most} bytes", "see what the server has there")
    return contents


class _OwnHeaders(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to another host without the credentials, and never to plain HTTP."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request."""
        old, new = (urllib.parse.urlsplit(url) for url in (req.full_url, newurl))
        if old.scheme == "https" and new.scheme != "https":
            raise urllib.error.URLError(f"a redirect from https to {new.scheme}")
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and (old.scheme, old.netloc) != (new.scheme, new.netloc):
            made.remove_header("Authorization")
        return made


def _opener(ca: str) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return urllib.request.build_opener(_OwnHeaders, urllib.request.HTTPSHandler(context=context))
