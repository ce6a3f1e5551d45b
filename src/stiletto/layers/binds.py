"""What shows where an image shows a directory of the host: the host's files, and layers over them.

A step may write there as anywhere else; what it wrote lies in its layer, at the same path.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence

from stiletto.layers.layer import Bind, Layer
from stiletto.layers.paths import lstat, parents, relative


def bind_sources(bind: Bind, layers: Sequence[Layer]) -> list[Layer]:
    """Return what shows at a bind's target, lowest first; nothing if the layers hide the host's.

    The lowest layer is the image's own: it has a mount point there, and hides what it lists. An
    empty directory of any other layer is there for its permission bits or its owner.
    """
    target = relative(bind.target)
    host = Layer(bind.host)
    sources = [host]
    above = tuple(parents(target))
    for number, layer in enumerate(layers):
        if not layer.removed.isdisjoint(above):
            sources = []
        # As text: each step of a long chain looks here in each layer, mostly for nothing.
        found = lstat(f"{layer.root}/{target}")
        if found is None or (number == 0 and stat.S_ISREG(found.st_mode)):
            continue
        if not stat.S_ISDIR(found.st_mode) or not bind.host.is_dir():
            sources = []
        elif number or any((layer.root / target).iterdir()):
            sources.append(_beneath(layer, target))
    return sources if sources[:1] == [host] else []


def _beneath(layer: Layer, target: str) -> Layer:
    inside = frozenset(
        path[len(target) + 1 :] for path in layer.removed if path.startswith(target + "/")
    )
    return Layer(layer.root / target, inside)
