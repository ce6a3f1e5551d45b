"""Views of what is at a container's `/`, without a sandbox.

Where a bind of an image shows is found through the links of all layers: that takes longer than
most look-ups, and a module looks at one container many times. So it is found once for each stack.
What a view has looked at is its own: of a large environment that is much.
"""

from __future__ import annotations

from pathlib import Path

from stiletto.engine.layout import SCRATCH, Stack
from stiletto.layers.layer import Layer
from stiletto.layers.view import View
from stiletto.sandbox.plan import Image


class Views:
    """The views of one session; `base` is where the files of images are kept."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._image_layers: dict[str, tuple[Layer, ...]] = {}
        self._placed: dict[tuple[str, tuple[Layer, ...]], View] = {}

    def of(self, stack: Stack) -> View:
        """Return a view of a stack that has looked at nothing."""
        layers = tuple(layer for _, layer in stack.layers)
        key = stack.image.identity, layers
        placed = self._placed.get(key)
        if placed is None:
            if stack.image is not SCRATCH:
                layers = (*self._layers_of(stack.image), *layers)
            self._placed[key] = placed = View(layers, stack.image.binds)
        return placed.mounted({})

    def _layers_of(self, image: Image) -> tuple[Layer, ...]:
        """Return the image's own files, written once, as the lowest layers."""
        if image.identity not in self._image_layers:
            from stiletto.sandbox.skeleton import image_layers

            self._image_layers[image.identity] = image_layers(self._base, image)
        return self._image_layers[image.identity]
