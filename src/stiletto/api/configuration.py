"""What a container is set to: its environment, user, directory, command and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stiletto.api.container import Container, Label, SecretVariable, Variable
from stiletto.api.platforms import own_platform
from stiletto.api.registry import call
from stiletto.api.secrets import Secret
from stiletto.api.texts import check_user, check_variable
from stiletto.errors import NotSupported, UsageError


def _with(items: tuple[Variable, ...], name: str, value: str) -> tuple[Variable, ...]:
    # A replaced variable keeps its place: the order stays what the first writer chose.
    if any(item.name == name for item in items):
        return tuple(Variable(name, value) if item.name == name else item for item in items)
    return (*items, Variable(name, value))


@call("Container.withEnvVariable")
def with_env_variable(self: Container, name: str, value: str, expand: bool = False) -> Container:
    """Set a variable; name and value enter keys. A name that no process can have shows there."""
    return replace(self, env=_with(self.env, name, self.expand(value) if expand else value))


@call("Container.withSecretVariable")
def with_secret_variable(self: Container, name: str, secret: Secret) -> Container:
    """Set a variable from a secret; the same name replaces."""
    check_variable("Container.withSecretVariable", name)
    kept = tuple(v for v in self.secrets if v.name != name)
    return replace(self, secrets=(*kept, SecretVariable(name, secret)))


@call("Container.withWorkdir")
def with_workdir(self: Container, path: str, expand: bool = False) -> Container:
    """Set the working directory."""
    return replace(self, workdir=self.path(path, expand))


@call("Container.withUser")
def with_user(self: Container, name: str) -> Container:
    """Set the user of commands."""
    check_user("Container.withUser", name)
    return replace(self, user=name)


@call("Container.withEntrypoint")
def with_entrypoint(
    self: Container, args: Sequence[str], keep_default_args: bool = False
) -> Container:
    """Set the entrypoint; default arguments are cleared unless kept."""
    kept = self.default_args if keep_default_args else ()
    return replace(self, entrypoint=tuple(args), default_args=kept)


@call("Container.withoutEntrypoint")
def without_entrypoint(self: Container, keep_default_args: bool = False) -> Container:
    """Clear the entrypoint."""
    kept = self.default_args if keep_default_args else ()
    return replace(self, entrypoint=(), default_args=kept)


@call("Container.withDefaultArgs")
def with_default_args(self: Container, args: Sequence[str]) -> Container:
    """Set the default command."""
    return replace(self, default_args=tuple(args), own_default_args=True)


@call("Container.withLabel")
def with_label(self: Container, name: str, value: str) -> Container:
    """Set a label."""
    kept = tuple(label for label in self.labels if label.name != name)
    return replace(self, labels=(*kept, Label(name, value)))


@call("Container.platform")
def platform(self: Container) -> str:
    """Return the platform, which is this machine's."""
    return own_platform()


@call("Container.envVariable")
def env_variable(self: Container, name: str) -> str | None:
    """Return a plain variable."""
    return self.variable(name)


@call("Container.label")
def get_label(self: Container, name: str) -> str | None:
    """Return a label."""
    return next((label.value for label in self.labels if label.name == name), None)


@call("Container.imageRef")
def get_image_ref(self: Container) -> str:
    """Refuse: a reference has the digest in the registry, which no image here has.

    Raises:
        NotSupported: right after `from`.
        UsageError: anywhere else, as in Dagger.
    """
    if not self.image_ref:
        raise UsageError("image reference can only be retrieved immediately after 'from'")
    raise NotSupported("Container.imageRef")
