"""Built files on their way out: signed and uploaded to the index, or read for GitHub."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import dagger
from packaging.version import Version

from wheelwright.container import steps, toolchain
from wheelwright.container.cut import cut
from wheelwright.container.output import Output
from wheelwright.container.privileges import DATA, UPLOAD, Credential
from wheelwright.container.steps import StepSecret
from wheelwright.container.trusting import with_authorities
from wheelwright.distribution.file import file_version
from wheelwright.pins import DEFAULT_PYTHON, slim_image
from wheelwright.release.act.containers import fresh, with_program
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.release.decide import responses
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.urls import IndexUrls
from wheelwright.release.decide.world import FailureKind, Plan

DIST: Final = "/dist"
PROGRAM: Final = "/opt/wheelwright/distributions.py"
# The oldest that locks/pypi-attestations.txt is for.
_SIGNING_PYTHON: Final = Version("3.10")
_RESULT: Final = "/opt/wheelwright/printed"


@dataclass(frozen=True, slots=True)
class Uploads:
    """The files in `dist`, and where they go. `python` runs what reads and uploads them."""

    options: ReleaseOptions
    urls: IndexUrls
    python: str
    dist: dagger.Directory

    async def publish(self, plan: Plan, names: Sequence[str]) -> None:
        """Upload these files of the build, and no others; the only step that sees the credentials.

        Attestations are made here, because an index takes them only with the first upload.
        """
        assert {file_version(name) for name in names} == {plan.version}, names
        files = [f"{DIST}/{name}" for name in names]
        container = steps.base(slim_image(self.python), self.python)
        attest = self.options.attests(self.urls)
        if attest:
            signing = self.python if Version(self.python) >= _SIGNING_PYTHON else DEFAULT_PYTHON
            container = toolchain.hashed(signing, "pypi-attestations")
        container = container.with_directory(DIST, await cut(self.dist, names, names))
        container = self._with_settings(fresh(container.with_workdir("/")))
        secrets = self._secrets()
        if attest:
            sign = ["pypi-attestations", "sign", *files]
            container = steps.step(container, UPLOAD, sign, secrets=secrets, may_fail=True)
            if (output := await steps.output(container)).exit_code:
                raise ActFailed(FailureKind.ATTESTATION, tail(output))
        listed, private = self._listed()
        trusted = "always" if self.options.trusted else "never"
        uploaded = steps.step(
            container,
            UPLOAD,
            [
                # In a job of GitHub, uv prints the token that it was given, to have it masked
                # (`::add-mask::`); in here nothing would mask it. All else is on stderr.
                *("sh", "-c", 'exec "$@" >/dev/null', "sh"),
                *("timeout", "--kill-after=10", str(self.options.upload_timeout)),
                *("uv", "publish", "--no-cache", f"--trusted-publishing={trusted}"),
                f"--publish-url={self.urls.publish}",
                *listed,
                *files,
            ],
            secrets=[*secrets, *private],
            may_fail=True,
        )
        output = await steps.output(uploaded)
        if output.exit_code:
            raise responses.upload(f"{output.stdout}\n{output.stderr}", output.exit_code)

    def _secrets(self) -> list[StepSecret]:
        have = self.options
        if have.oidc_url is not None and have.oidc_token is not None:
            return [
                StepSecret(Credential.IDENTITY, "ACTIONS_ID_TOKEN_REQUEST_URL", have.oidc_url),
                StepSecret(Credential.IDENTITY, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", have.oidc_token),
            ]
        token = have.index_token
        return [StepSecret(Credential.UPLOAD, "UV_PUBLISH_TOKEN", token)] if token else []

    def _listed(self) -> tuple[list[str], list[StepSecret]]:
        """Return how `uv publish` gets the address of the listing: a private one as a secret."""
        if self.urls.check == self.urls.shown[1]:
            return [f"--check-url={self.urls.check}"], []
        secret = dagger.dag.set_secret("wheelwright-check-url", self.urls.check)
        return [], [StepSecret(Credential.UPLOAD, "UV_PUBLISH_CHECK_URL", secret)]

    def _with_settings(self, container: dagger.Container) -> dagger.Container:
        timeout_s = str(self.options.upload_timeout)
        if self.options.trusted:
            container = container.with_env_variable("GITHUB_ACTIONS", "true")
        container = with_authorities(container, self.options.ca)
        return container.with_env_variable("UV_UPLOAD_HTTP_TIMEOUT", timeout_s)

    async def contents(self, name: str) -> bytes:
        """Return a file. A file of bytes crosses the wire as text only, hence base64."""
        return base64.b64decode(
            await read_about(self.python, self.dist, "encode", f"{DIST}/{name}")
        )


async def read_about(python: str, dist: dagger.Directory, command: str, path: str) -> str:
    """Return what the program writes about a path, by a file: output is for people."""
    container = with_program(steps.base(slim_image(python), python), "distributions.py")
    container = container.with_directory(DIST, dist)
    container = steps.run(container, ["python", PROGRAM, command, path, _RESULT], kind=DATA)
    return await container.file(_RESULT).contents()


def tail(output: Output) -> str:
    """Return the end of what a tool printed."""
    printed = output.stdout.strip() or output.stderr.strip()
    return "\n".join(printed.splitlines()[-20:])
