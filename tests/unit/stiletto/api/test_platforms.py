"""A container is of this machine's platform; another one is refused."""

from __future__ import annotations

import platform

import pytest

from stiletto.api.configuration import platform as platform_of
from stiletto.api.platforms import own_platform, require_own_platform
from stiletto.api.session import Query, container
from stiletto.errors import NotSupported, UsageError

CALL = "Query.container"


@pytest.fixture(params=[("x86_64", "amd64"), ("aarch64", "arm64")], ids=lambda pair: pair[1])
def architecture(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the architecture of a machine that is made to be of it."""
    machine, name = request.param
    monkeypatch.setattr(platform, "machine", lambda: machine)
    return str(name)


def test_own_platform(architecture: str) -> None:
    """The platform is named as Dagger names it, and a container's is never empty."""
    assert f"linux/{architecture}" == own_platform()
    assert f"linux/{architecture}" == platform_of(container(Query()))


@pytest.mark.parametrize("text", ["linux/{}", "LINUX/{}", "{}", "linux"])
def test_own_platform_is_accepted(architecture: str, text: str) -> None:
    """This machine's platform may be named, in each form that it has."""
    require_own_platform(CALL, text.format(architecture))
    assert container(Query()) == container(Query(), platform=text.format(architecture))


@pytest.mark.parametrize(
    ("machine", "text"),
    [
        ("x86_64", "linux/x86_64"),
        ("x86_64", "linux/x86-64"),
        ("x86_64", "linux/amd64/v1"),
        ("aarch64", "linux/aarch64"),
        ("aarch64", "linux/arm64/v8"),
    ],
)
def test_other_names(monkeypatch: pytest.MonkeyPatch, machine: str, text: str) -> None:
    """Other names of the same platform are accepted."""
    monkeypatch.setattr(platform, "machine", lambda: machine)

    assert container(Query()) == container(Query(), platform=text)


@pytest.mark.parametrize(
    "text",
    ["linux/arm64", "linux/aarch64", "linux/arm/v7", "windows/amd64", "linux/amd64/v3", "arm64"],
)
def test_foreign_platform_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A platform whose programs do not run here is refused, and the call is named."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    with pytest.raises(NotSupported) as raised:
        container(Query(), platform=text)

    assert f"Query.container(platform:{text})" == raised.value.call


@pytest.mark.parametrize("text", ["", "linux/", "a/b/c/d", "linux/amd 64", "/amd64", "current"])
def test_no_platform(text: str) -> None:
    """What is not a platform is an error that shows how to write one."""
    with pytest.raises(UsageError, match="is not a platform"):
        container(Query(), platform=text)
