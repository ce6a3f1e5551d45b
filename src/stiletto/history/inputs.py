"""What decided a step or a call, as data that can be compared later (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OF_IMAGE = "image "
"""What an origin begins with that is an image, and no step."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a layer comes from: a tree, a step, or several layers.

    Attributes:
        tree: the digest of what was written; empty for another origin.
        removed: paths that were removed beside.
        copied: what was copied into the tree, by path: the key of the step that made it, or \
OF_IMAGE and an image as it is shown.
        step: the command; empty for another origin.
        merged: the keys of the layers that are one now; what they are is kept by its key.
    """

    tree: str = ""
    removed: Sequence[str] = ()
    step: str = ""
    merged: Sequence[str] = ()
    copied: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides what a step does, or a call gives.

    Attributes:
        data: the inputs as they were hashed into the key (`engine.keys`).
        layers: what each layer beneath is, by its key.
        trees: the digest of each tree, by its key, or by the id of the directory that it is.
        image: the image beneath, as it is shown.
    """

    data: Mapping[str, Any]
    layers: Mapping[str, Origin] = field(default_factory=dict)
    trees: Mapping[str, str] = field(default_factory=dict)
    image: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        layers = {
            key: [each.tree, [*each.removed], each.step, [*each.merged], [*map(list, each.copied)]]
            for key, each in self.layers.items()
        }
        return {
            "data": dict(self.data),
            "layers": layers,
            "trees": dict(self.trees),
            "image": self.image,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Inputs:
        """Read what `to_json` wrote.

        Raises:
            LookupError, TypeError, ValueError: another version wrote it.
        """
        layers = {
            key: Origin(
                str(tree),
                tuple(removed),
                str(step),
                tuple(merged),
                tuple((str(path), str(of)) for path, of in copied),
            )
            for key, (tree, removed, step, merged, copied) in data["layers"].items()
        }
        return cls(dict(data["data"]), layers, dict(data["trees"]), str(data["image"]))
