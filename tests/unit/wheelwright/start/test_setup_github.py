"""Which repository the settings are of."""

import pytest

from wheelwright.errors import RequestError
from wheelwright.release.act.options import ReleaseOptions
from wheelwright.start.setup_github import hub_for


@pytest.mark.parametrize("remote", ["git@gitlab.com:o/demo.git", "https://gitlab.example.org/o/d"])
async def test_token_goes_to_no_other_forge(remote: str) -> None:
    """A remote on GitLab is refused before a token is read."""
    with pytest.raises(RequestError, match="which is not GitHub"):
        await hub_for(ReleaseOptions(remote=remote))


async def test_address_by_ssh_is_that_of_the_api() -> None:
    """What was cloned by ssh is the same repository on GitHub."""
    found = await hub_for(ReleaseOptions(remote="git@github.com:o/demo.git"))

    assert ("https://api.github.com", "o", "demo") == (found.api, found.owner, found.name)
