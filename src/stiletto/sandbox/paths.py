"""Maps container paths in arguments to a working tree, and back in output (pure, except `exists`).

A token is a path if it begins with `/` at the start of a text or after one of the characters that
separate paths in arguments, variables and shell text. Host paths (`/usr`, an interpreter) are the
same inside and outside, and stay, unless the tree has them or the step mounts there; every other
path is the container's, also one that a program is only about to make.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stiletto.layers.paths import parents, relative

HOST_ROOTS = frozenset(
    {
        *("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin"),
        *("sys", "usr"),
    }
)
OWN_ROOTS = frozenset({"tmp", "root"})

TOKEN = re.compile(
    r"""(?: ^ | (?<= [=:,;\s"'<>(|&] ) | (?<= file:// ) )
        /(?!/) [^\s:,;"'<>()|&`]*""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class PathMap:
    """Container path -> path in the working tree.

    Attributes:
        tree: the working tree's path.
        own: relative container directories that belong to the step: working directory, mounts,
            what the layers have at top level.
        host: relative paths that the image shows from the host.
        exists: whether the tree has something at this relative path.
    """

    tree: str
    own: frozenset[str]
    host: frozenset[str]
    exists: Callable[[str], bool]

    @classmethod
    def of(
        cls,
        tree: str,
        *,
        top_level: Iterable[str],
        directories: Iterable[str],
        host: Iterable[str],
        exists: Callable[[str], bool],
    ) -> PathMap:
        """Collect the step's own directories; `top_level` loses the host's system directories."""
        own = {name for name in top_level if name not in HOST_ROOTS} | OWN_ROOTS
        own |= {relative(path) for path in directories} - {""}
        return cls(tree, frozenset(own), frozenset(map(relative, host)), exists)

    def path(self, path: str) -> str:
        """Map an absolute container path, whatever it is."""
        inside = relative(path)
        return posixpath.join(self.tree, inside) if inside else self.tree

    def text(self, text: str) -> str:
        """Map every path token in a text."""
        return TOKEN.sub(lambda found: self._token(found.group()), text)

    def _token(self, token: str) -> str:
        inside = relative(token)
        if not inside:
            return token
        if not self.exists(inside):
            above = set(parents(inside))
            own = above & self.own
            if above & self.host or (not own and inside.split("/")[0] in HOST_ROOTS):
                return token
        return self.tree + token
