"""The functions that bring the module into a repository. They delegate only."""

# No postponed annotations here: the SDK reads them from the functions themselves.

from enum import Enum
from typing import Annotated

import dagger
from dagger import Doc, enum_type

from wheelwright.container.loading import LoadedProject
from wheelwright.module.args import Git
from wheelwright.module.takes import takes
from wheelwright.module.uncached import uncached
from wheelwright.release.act.options import Api, NamedIndex, Origin, ReleaseOptions, Trust
from wheelwright.start import init


@enum_type
class DoctorFormat(Enum):
    """How `doctor` prints what it found."""

    TEXT = "text"
    """A table for people."""
    JSON = "json"
    """A list of findings, for programs."""


class Starting:
    """What an object needs to have these functions: the package that it is of."""

    async def _to_start(
        self, options: ReleaseOptions, git: dagger.Directory, *, runners: bool = False
    ) -> tuple[ReleaseOptions, LoadedProject]:
        raise NotImplementedError

    # Each call prints what it found and kept, so none is cached.
    @uncached
    @takes()
    async def init(self, git: Git, options: init.Options) -> dagger.Changeset:
        """Put this module into a repository: dagger.json, the workflows, a first changelog.

        Nothing is overwritten, and a second call changes nothing. What was found and kept is
        printed. `workflows` changes the workflows later; `toolchain install` writes the entry only.
        """
        started, loaded = await self._to_start(ReleaseOptions(), git)
        return await init.init(loaded, started.package, options)

    @uncached
    @takes(Origin, Api, NamedIndex, Trust, without=("index_rules",))
    async def doctor(
        self,
        git: Git,
        strict: Annotated[bool, Doc("Fail if anything is missing.")] = False,
        format_: Annotated[DoctorFormat, Doc("How to print it.")] = DoctorFormat.TEXT,
        *,
        options: ReleaseOptions,
    ) -> str:
        """Show what is there, missing, or not visible: package, git, files, GitHub, index.

        Each with the next command, or the page to open and the value of each field. It only reads.
        GitHub's settings need a token: --github-token 'cmd://gh auth token'.
        """
        from wheelwright.start import doctor

        started = await self._to_start(options, git, runners=True)
        json = format_ is DoctorFormat.JSON
        return await doctor.examine(*started, json=json, strict=strict)

    @uncached
    @takes(Origin, Api, Trust)
    async def setup_github(
        self,
        git: Git,
        apply: Annotated[bool, Doc("Write what is missing. Default: only show it.")] = False,
        *,
        options: ReleaseOptions,
    ) -> str:
        """Show what GitHub's settings lack for the workflows; with --apply, write it.

        Rules of the default branch and of version tags, the environments of the jobs that release,
        and that Actions may create pull requests. What a person made is kept as it is. It needs the
        token of an administrator: --github-token 'cmd://gh auth token'.
        """
        from wheelwright.start import setup_github

        return await setup_github.setup(*await self._to_start(options, git), apply=apply)
