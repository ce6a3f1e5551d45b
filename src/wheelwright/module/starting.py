"""The functions that bring the module into a repository. They delegate only."""

# No postponed annotations here: the SDK reads them from the functions themselves.

from typing import Annotated

import dagger
from dagger import Doc

from wheelwright.container.loading import LoadedProject
from wheelwright.module.args import Git
from wheelwright.module.takes import takes
from wheelwright.module.uncached import uncached
from wheelwright.release.act.options import Api, Origin, ReleaseOptions, Trust
from wheelwright.start import init, setup_github


class Starting:
    """What an object needs to have these functions: the package that it is of."""

    async def _to_start(
        self, options: ReleaseOptions, git: dagger.Directory
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
        return await setup_github.setup(*await self._to_start(options, git), apply=apply)
