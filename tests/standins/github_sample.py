"""What tests ask of the API: one repository, with the release's token; and commits to push."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .client import Got, ask, ask_json
from .outside import Outside
from .repository import run_git
from .tokens import Token


class Api:
    """A client of one repository, with the release's token unless another is given."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.root = f"{outside.api_url}/repos/{outside.name}"

    def __call__(
        self, method: str, path: str, value: object | None = None, token: Token | None = None
    ) -> Got:
        """Ask for a path below the repository."""
        bearer = (token or self.outside.token).value
        return ask_json(method, self.root + path, bearer, value)

    def pull(self, head: str = "release/v1", **more: Any) -> Got:
        """Open a pull request."""
        return self("POST", "/pulls", {"title": "Release", "head": head, "base": "main", **more})

    def draft(self, tag: str = "v1", **more: Any) -> dict[str, Any]:
        """Make a draft release."""
        got = self("POST", "/releases", {"tag_name": tag, "draft": True, **more})
        assert got.status == 201
        made: dict[str, Any] = got.json
        return made

    def upload(self, release: dict[str, Any], name: str, contents: bytes = b"bytes") -> Got:
        """Upload an asset."""
        url = release["upload_url"].partition("{")[0] + f"?name={name}"
        headers = {
            "Authorization": f"Bearer {self.outside.token.value}",
            "Content-Type": "application/octet-stream",
        }
        return ask("POST", url, headers, contents)

    def publish(self, release: dict[str, Any]) -> Got:
        """Publish a draft."""
        return self("PATCH", f"/releases/{release['id']}", {"draft": False})


def change(path: Path, name: str, contents: str) -> str:
    """Commit a file; return the commit."""
    (path / name).parent.mkdir(parents=True, exist_ok=True)
    (path / name).write_text(contents)
    run_git(path, "add", "--all")
    run_git(path, "commit", "--quiet", "-m", contents)
    return run_git(path, "rev-parse", "HEAD")
