"""What a container runs, and the arguments that only the real engine supports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stiletto.api.container import (
    Container,
    DirectoryMount,
    Exec,
    ExecRoot,
    FileAfterExec,
    FileMount,
    Mount,
    MountAfterExec,
)
from stiletto.api.registry import call
from stiletto.api.secrets import Secret
from stiletto.errors import NotSupported, UsageError
from stiletto.graph.recipe import Recipe


def refuse(field: str, **given: bool) -> None:
    """Refuse the arguments that are given, by their API names.

    Raises:
        NotSupported: it names the field and the argument.
    """
    for name, value in given.items():
        if value:
            raise NotSupported(f"{field}({name}:)")


@call("Container.withExec")
def with_exec(
    self: Container,
    args: Sequence[str],
    use_entrypoint: bool = False,
    stdin: str = "",
    redirect_stdin: str = "",
    redirect_stdout: str = "",
    redirect_stderr: str = "",
    expect: str = "SUCCESS",
    experimental_privileged_nesting: bool = False,
    insecure_root_capabilities: bool = False,
    expand: bool = False,
    no_init: bool = False,
) -> Container:
    """Run a command, lazily; `SUCCESS`, `FAILURE` or `ANY` exit codes are expected."""
    if stdin and redirect_stdin:
        raise UsageError("cannot set both stdin and redirectStdin")
    refuse(
        "Container.withExec",
        insecureRootCapabilities=insecure_root_capabilities,
        experimentalPrivilegedNesting=experimental_privileged_nesting,
    )
    command = tuple(args) or self.default_args
    if use_entrypoint:
        command = self.entrypoint + command
    if not command:
        raise UsageError("no command has been set")
    if expand:
        command = tuple(self.expand(arg) for arg in command)

    def at(path: str) -> str:
        return self.path(path, expand) if path else ""

    exec_ = replace(
        self.command(command),
        stdin=stdin,
        redirect_stdin=at(redirect_stdin),
        redirect_stdout=at(redirect_stdout),
        redirect_stderr=at(redirect_stderr),
        expect=expect,
        init=not no_init,
    )
    mounts = tuple(_after(exec_, mount) for mount in self.mounts)
    return replace(self, root=ExecRoot(exec_), mounts=mounts, last_exec=exec_, image_ref="")


def _after(exec_: Exec, mount: Mount) -> Mount:
    """Return a mount as a command leaves it."""
    match mount:
        case DirectoryMount(target, read_only=False):
            return replace(mount, source=MountAfterExec(exec_, target))
        case FileMount(target):
            return replace(mount, source=FileAfterExec(exec_, target))
        case _:
            return mount


@call("Container.withError")
@call("Directory.withError")
def with_error(self: Recipe, err: str) -> Recipe:
    """Fail with a message; an empty one changes nothing."""
    if err:
        raise UsageError(err)
    return self


@call("Container.withDefaultTerminalCmd")
def with_default_terminal_cmd(
    self: Container,
    args: Sequence[str],
    experimental_privileged_nesting: bool = False,
    insecure_root_capabilities: bool = False,
) -> Container:
    """Set what a terminal runs: nothing here, because `terminal` is refused."""
    return self


@call("Container.withRegistryAuth")
def with_registry_auth(self: Container, address: str, username: str, secret: Secret) -> Container:
    """Take the password of a registry: nothing is fetched from one, or published."""
    return self


@call("Container.withoutRegistryAuth")
def without_registry_auth(self: Container, address: str) -> Container:
    """Forget the password of a registry."""
    return self


@call("Container.withAnnotation")
def with_annotation(self: Container, name: str, value: str) -> Container:
    """Set an annotation of the image that is published: `publish` and `export` are refused."""
    return self


@call("Container.withoutAnnotation")
def without_annotation(self: Container, name: str) -> Container:
    """Remove an annotation of the image."""
    return self
