"""The calls of earlier engines, added to the classes of the engine's own SDK.

The SDK that Dagger writes beside a module has the API of the module's `engineVersion`; the one of
the index has the newest. A call that is not implemented reaches the engine, which refuses it by
its name. Pure.
"""

from __future__ import annotations

from stiletto.api.earlier import ENTRYPOINT, FOCUS, PIPELINE, SOURCE, Version

_RENAMED = """
def _earlier(type_, name, change):
    method = getattr(type_, name)

    def changed(self, *args, **named):
        change(named)
        return method(self, *args, **named)

    changed.__doc__ = method.__doc__
    setattr(type_, name, changed)


def _directory(named):
    if "directory" in named:
        named["source"] = named.pop("directory")


_earlier(_core.Container, "with_directory", _directory)
_earlier(_core.Directory, "with_directory", _directory)


def _container_build(
    self, context, *, dockerfile="Dockerfile", target="", build_args=None, secrets=None,
    no_init=False,
):
    return _core.Container(self._select("build", [
        Arg("context", context),
        Arg("dockerfile", dockerfile, "Dockerfile"),
        Arg("target", target, ""),
        Arg("buildArgs", build_args or [], []),
        Arg("secrets", secrets or [], []),
        Arg("noInit", no_init, False),
    ]))


def _with_auth_token(self, token):
    return _core.GitRepository(self._select("withAuthToken", [Arg("token", token)]))


def _with_auth_header(self, header):
    return _core.GitRepository(self._select("withAuthHeader", [Arg("header", header)]))


_core.Container.build = _container_build
_core.GitRepository.with_auth_token = _with_auth_token
_core.GitRepository.with_auth_header = _with_auth_header
"""

_FOCUS = """
def _same(self, *args, **named):
    return self


def _keep_git_dir(named):
    named.setdefault("keep_git_dir", False)


_core.Container.with_focus = _core.Container.without_focus = _same
_earlier(_core.Client, "git", _keep_git_dir)
"""

_PIPELINE = """
def _entrypoint(named):
    skips = named.pop("skip_entrypoint", None)
    if skips is not None:
        named["use_entrypoint"] = not skips


_core.Client.pipeline = _core.Container.pipeline = _core.Directory.pipeline = _same
_earlier(_core.Container, "with_exec", _entrypoint)
"""

_ENTRYPOINT = """
def _default_entrypoint(named):
    if "skip_entrypoint" not in named:
        named.setdefault("use_entrypoint", True)


_earlier(_core.Container, "with_exec", _default_entrypoint)
"""

_PARTS = ((SOURCE, _RENAMED), (FOCUS, _FOCUS), (PIPELINE, _PIPELINE), (ENTRYPOINT, _ENTRYPOINT))


def earlier_calls(version: Version | None) -> str:
    """Return Python that adds to `_core` what this engine had; empty where nothing differs."""
    if version is None:
        return ""
    return "\n".join(part for until, part in _PARTS if version < until)
