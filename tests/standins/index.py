"""An index with PyPI's upload rules, the simple API, and trusted publishing; TLS throughout.

POST /legacy/                      the upload API
GET  /simple/PROJECT/              PEP 503, or PEP 691 by the Accept header
GET  /packages/SHA256/FILENAME
/_/oidc/audience, mint-token, burn-token
GET  /actions/oidc                 what a job on GitHub Actions asks for its JWT
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import secrets
import threading
from dataclasses import replace

from packaging.utils import canonicalize_name

from .certificates import Authority
from .clock import Clock
from .effects import Effects
from .index_rules import BAD_ATTESTATIONS, HELP, Refused, Shelf, Stored, Upload
from .oidc import Issuer, Publisher, TrustedPublishing
from .serving import Answer, Fault, Request, Server, json_answer, nth

__all__ = ["Index", "is_upload"]

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
BAD_TOKEN = f"Invalid or non-existent authentication information. {HELP.format('invalid-auth')}"


def is_upload(request: Request) -> bool:
    """Whether a request is an upload; what faults are mostly about."""
    return request.method == "POST" and request.path == "/legacy/"


class Index:
    """A package index; enter `server` to start it.

    Attributes:
        token: an API token for every project, without an end.
        uploads: names of the files of every upload that came with valid credentials, taken or not.
        attestations_rejected: refuse attestations as if their signatures were bad.
    """

    def __init__(
        self, effects: Effects, clock: Clock, authority: Authority, repository: str
    ) -> None:
        self.effects = effects
        self.clock = clock
        self.shelf = Shelf()
        self.token = "pypi-" + secrets.token_urlsafe(24)
        self.issuer = Issuer(clock, repository)
        self.trust = TrustedPublishing(clock, self.issuer)
        self.uploads: list[str] = []
        self.attestations_rejected = False
        self._shown: dict[str, Stored] | None = None
        self._looks = 0
        self._guard = threading.RLock()
        self.server = Server(self._answer, authority.context)

    @property
    def publish_url(self) -> str:
        """The address for uploads."""
        return f"{self.server.url}/legacy/"

    @property
    def simple_url(self) -> str:
        """The address of the listing."""
        return f"{self.server.url}/simple/"

    @property
    def files(self) -> dict[str, Stored]:
        """All files, whether or not the listing shows them yet."""
        with self._guard:
            return dict(self.shelf.files)

    @property
    def actions_environment(self) -> dict[str, str]:
        """What a job on GitHub Actions with `id-token: write` has in its environment."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.server.url}/actions/oidc?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.issuer.request_token,
        }

    def trust_project(self, project: str) -> None:
        """Let the issuer's job publish a project."""
        self.trust.publishers.append(
            Publisher(str(canonicalize_name(project)), self.issuer.repository, self.issuer.workflow)
        )

    def put(self, name: str, version: str, filename: str, contents: bytes) -> None:
        """Upload a file as somebody else; no effect is logged, and any contents are taken.

        Raises:
            Refused: by its name, as for anybody.
        """
        filetype = "sdist" if filename.endswith((".tar.gz", ".zip")) else "bdist_wheel"
        upload = Upload(name, version, filetype, filename, contents)
        with self._guard:
            file = self.shelf.judge(upload, self.clock.now_s(), looking=False)
            if file:
                self.shelf.put(file)

    def delete(self, filename: str) -> None:
        """Delete a file: its name is burned."""
        with self._guard:
            self.shelf.delete(filename)

    def yank(self, filename: str, reason: str) -> None:
        """Yank a file."""
        with self._guard:
            self.shelf.files[filename] = replace(self.shelf.files[filename], yanked=reason)

    def lag(self, looks: int) -> None:
        """Let the listing stay as it is for its next readings."""
        with self._guard:
            self._shown, self._looks = dict(self.shelf.files), looks

    def cut_after_store(self, number: int = 1) -> None:
        """Store the nth upload from now on, and cut the connection."""
        self.server.fail(Fault(acted=True), nth(is_upload, number))

    def bad_gateway_after_store(self, number: int = 1) -> None:
        """Store the nth upload from now on, and answer 502."""
        answer = _gateway(502, "Bad Gateway")
        self.server.fail(Fault(answer, acted=True), nth(is_upload, number))

    def unavailable_before_store(self, number: int = 1) -> None:
        """Answer the nth upload from now on with 503, and store nothing."""
        answer = _gateway(503, "Service Unavailable")
        self.server.fail(Fault(answer), nth(is_upload, number))

    def hang(self, number: int = 1, *, stored: bool = False) -> None:
        """Never answer the nth upload from now on."""
        self.server.fail(Fault(hang=True, acted=stored), nth(is_upload, number))

    def _answer(self, request: Request) -> Answer:
        if is_upload(request):
            try:
                return self._upload(request)
            except Refused as refused:
                return _refusal(refused)
        if request.path.startswith("/_/oidc/"):
            return self.trust.answer(request)
        if request.path == "/actions/oidc":
            return self.issuer.answer(request)
        if request.method in ("GET", "HEAD"):
            if found := re.fullmatch(r"/simple/([^/]+)/?", request.path):
                return self._listing(request, canonicalize_name(found[1]))
            if found := re.fullmatch(r"/packages/[0-9a-f]{64}/([^/]+)", request.path):
                file = self.files.get(found[1])
                return Answer(200, file.contents) if file else Answer(404)
            if found := re.fullmatch(r"/integrity/[^/]+/[^/]+/([^/]+)/provenance", request.path):
                file = self.files.get(found[1])
                return json_answer(200, self._provenance(file)) if file else Answer(404)
        return Answer(404, b"not found\n")

    def _upload(self, request: Request) -> Answer:
        fields, filename, contents = _form(request)
        trusted = self._authorize(request, str(canonicalize_name(fields.get("name", ""))))
        self.uploads.append(filename)
        if fields.get(":action") != "file_upload" or fields.get("protocol_version") != "1":
            raise Refused(400, "Unknown protocol version.")
        upload = Upload(
            fields.get("name", ""),
            fields.get("version", ""),
            fields.get("filetype", ""),
            filename,
            contents,
            tuple((key, value) for key, value in fields.items() if key.endswith("_digest")),
            fields.get("attestations", ""),
            trusted,
        )
        with self._guard:
            if self.shelf.judge(upload, self.clock.now_s()) is None:
                return Answer(200)
        if upload.attestations and self.attestations_rejected:
            raise Refused(
                400,
                BAD_ATTESTATIONS + "Could not verify the uploaded artifact using the included"
                " attestation: Verification failed",
            )
        # Hooks may wait, so they run unlocked; what two uploads of one name come to is decided
        # between them, under the lock.
        effect = self.effects.announce("upload", filename)
        with self._guard:
            file = self.shelf.judge(upload, self.clock.now_s())
            if file is None:
                return Answer(200)
            self.shelf.put(file)
        self.effects.confirm(effect)
        return Answer(200)

    def _authorize(self, request: Request, project: str) -> bool:
        """Return whether a token of trusted publishing allows this; else it is the plain one."""
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused(403, BAD_TOKEN) from error
        if scheme.lower() != "basic" or user != "__token__":
            raise Refused(403, BAD_TOKEN)
        if token == self.token:
            return False
        minted = self.trust.token(token)
        if minted is None:
            raise Refused(403, BAD_TOKEN)
        if self.clock.now_s() > minted.until_s:
            raise Refused(403, "Invalid API Token: token is expired")
        if project not in minted.projects:
            raise Refused(
                403, f"Invalid API Token: OIDC-scoped token is not valid for project {project!r}"
            )
        return True

    def _listing(self, request: Request, project: str) -> Answer:
        with self._guard:
            files = self.shelf.files
            if self._shown is not None:
                self._looks -= 1
                files = self._shown
                if self._looks <= 0:
                    self._shown = None
            shown = [file for file in files.values() if file.project == project]
        if not shown:
            return Answer(404, b"404 Not Found\n", (("Content-Type", "text/plain"),))
        if JSON_TYPE in request.headers.get("Accept", ""):
            answer = json_answer(200, self._listing_json(project, shown))
            return replace(answer, headers=(("Content-Type", JSON_TYPE),))
        page = self._listing_html(project, shown).encode()
        return Answer(200, page, (("Content-Type", "text/html; charset=utf-8"),))

    def _url(self, file: Stored) -> str:
        return f"{self.server.url}/packages/{file.sha256}/{file.filename}"

    def _listing_json(self, project: str, files: list[Stored]) -> object:
        return {
            "meta": {"api-version": "1.4"},
            "name": project,
            "versions": sorted({str(file.version) for file in files}),
            "files": [
                {
                    "filename": file.filename,
                    "url": self._url(file),
                    "hashes": {"sha256": file.sha256},
                    "size": len(file.contents),
                    "upload-time": self.clock.stamp(file.at_s),
                    "yanked": file.yanked or False,
                    "core-metadata": False,
                    "provenance": self._provenance_url(file) if file.attestations else None,
                }
                for file in files
            ],
        }

    def _provenance_url(self, file: Stored) -> str:
        # docs.pypi.org/api/integrity: the address that a listing names (PEP 740).
        return (
            f"{self.server.url}/integrity/{file.project}/{file.version}/{file.filename}/provenance"
        )

    def _provenance(self, file: Stored) -> object:
        publisher = {
            "kind": "GitHub",
            "repository": self.issuer.repository,
            "workflow": self.issuer.workflow,
            "environment": None,
        }
        bundle = {"publisher": publisher, "attestations": list(file.attestations)}
        return {"version": 1, "attestation_bundles": [bundle]}

    def _listing_html(self, project: str, files: list[Stored]) -> str:
        lines = [
            f'<a href="{self._url(file)}#sha256={file.sha256}"'
            + (f' data-yanked="{html.escape(file.yanked)}"' if file.yanked else "")
            + f">{file.filename}</a><br>"
            for file in files
        ]
        head = (
            '<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.4">'
            f"<title>Links for {project}</title></head><body>\n"
        )
        return head + "\n".join(lines) + "\n</body></html>\n"


def _gateway(status: int, words: str) -> Answer:
    body = f"<html><head><title>{status} {words}</title></head></html>\n"
    return Answer(status, body.encode(), (("Content-Type", "text/html"),))


def _refusal(refused: Refused) -> Answer:
    """Answer as Warehouse does: the words are in the status line, and again in the body."""
    said = f"{refused.status} {refused.said}\n\n{refused.said}\n"
    kind = (("Content-Type", "text/plain; charset=UTF-8"),)
    return Answer(refused.status, said.encode(), kind, refused.said)


def _form(request: Request) -> tuple[dict[str, str], str, bytes]:
    """Return the fields of a form, and the name and contents of its file."""
    found = re.search(r'boundary="?([^";]+)"?', request.headers.get("Content-Type", ""))
    if found is None:
        raise Refused(400, "the body is not a form")
    fields: dict[str, str] = {}
    filename, contents = "", b""
    for part in (b"\r\n" + request.body).split(b"\r\n--" + found[1].encode())[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'(name|filename)="([^"]*)"', head.decode()))
        if "filename" in names:
            filename, contents = names["filename"], value
        else:
            fields[names["name"]] = value.decode()
    return fields, filename, contents
