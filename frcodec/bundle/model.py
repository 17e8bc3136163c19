"""What a model file says of its inputs and outputs; nothing is run, and torch is not needed."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Final

from ..container.skeleton import RebuildRecipe
from ..errors import FrcError
from . import executorch, torchscript
from .signature import Signature

_READERS: Final[dict[str, Callable[[memoryview], Signature]]] = {
    "TorchScript": torchscript.signature,
    "lite interpreter": torchscript.signature,
    executorch.KIND: executorch.signature,
}
_MOST_VALUES = 256
_LONGEST_TEXT = 1000


def signature_of(recipe: RebuildRecipe | None) -> Signature:
    """What the skeleton of a model file says; empty for kinds that say nothing, and where it cannot be read."""
    read = _READERS.get(recipe.kind) if recipe else None
    if recipe is None or read is None:
        return Signature()
    try:
        found = read(_without_tensors(recipe))
    except (FrcError, OSError):  # a file that can be rebuilt is fit for an app, even if it is not understood here
        return Signature()
    values = found.inputs + found.outputs
    sane = len(values) <= _MOST_VALUES and all(len(value.name) + len(value.type) <= _LONGEST_TEXT for value in values)
    return found if sane else Signature()


def _without_tensors(recipe: RebuildRecipe) -> memoryview:
    """The model file with zeros for its tensors; pages of zeros that nobody looks at take no memory."""
    image = memoryview(mmap.mmap(-1, max(recipe.skeleton.size, 1)))[: recipe.skeleton.size]
    gaps, at, start = memoryview(recipe.skeleton.gaps), 0, 0
    for hole in recipe.skeleton.holes:
        length = hole.offset - start
        image[start : hole.offset] = gaps[at : at + length]
        at, start = at + length, hole.offset + hole.length
    image[start:] = gaps[at:]
    return image.toreadonly()
