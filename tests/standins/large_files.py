"""The server of git-lfs beside a repository: its batch API, and the files at other addresses.

Source: git-lfs, docs/api/batch.md and docs/api/basic-transfers.md. The credential is that of git.
An address that the batch names comes with a header, which is all that it needs, as on GitHub,
where the files are on another host.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from .serving import Answer, Request, json_answer
from .tokens import Token

__all__ = ["LargeFiles"]

_MEDIA = "application/vnd.git-lfs+json"
_SHA256 = 64


class LargeFiles:
    """The files of one repository, by the SHA-256 of their contents.

    Attributes:
        given: the credential that came to the address of each file: there should be none.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.given: list[str] = []
        self._key = secrets.token_hex(8)

    def add(self, contents: bytes) -> str:
        """Store a file, and return the text of its pointer."""
        oid = hashlib.sha256(contents).hexdigest()
        self.files[oid] = contents
        size = len(contents)
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"

    def batch(self, request: Request, token: Token, url: str) -> Answer:
        """Answer where files are, or are to be sent."""
        asked = json.loads(request.body)
        operation = asked["operation"]
        if not token.permits("contents", "write" if operation == "upload" else "read"):
            return json_answer(403, {"message": "You do not have access"})
        objects = [self._object(operation, each, url) for each in asked["objects"]]
        answer = json_answer(200, {"transfer": "basic", "objects": objects, "hash_algo": "sha256"})
        return Answer(answer.status, answer.body, (("Content-Type", _MEDIA),))

    def _object(self, operation: str, asked: dict[str, Any], url: str) -> dict[str, Any]:
        oid, size = asked["oid"], asked["size"]
        found = {"oid": oid, "size": size}
        known = oid in self.files
        if operation == "download" and not known:
            return {**found, "error": {"code": 404, "message": "Object does not exist"}}
        if operation == "upload" and known:
            return found
        action = {"href": f"{url}/{oid}", "header": {"X-Large-Key": self._key}, "expires_in": 600}
        return {**found, "authenticated": True, "actions": {operation: action}}

    def transfer(self, request: Request) -> Answer:
        """Send or take a file."""
        self.given.append(request.headers.get("Authorization", ""))
        oid = request.path.rpartition("/")[2]
        if request.headers.get("X-Large-Key") != self._key or len(oid) != _SHA256:
            return Answer(403, b"no key\n")
        if request.method == "PUT":
            if hashlib.sha256(request.body).hexdigest() != oid:
                return Answer(422, b"another file\n")
            self.files[oid] = request.body
            return Answer(200)
        contents = self.files.get(oid)
        return Answer(404, b"gone\n") if contents is None else Answer(200, contents)
