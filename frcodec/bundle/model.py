"""Reads the inputs and outputs of a model from its file. No code is run, and PyTorch is not needed."""

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
    """The signature in the skeleton of a model file; empty if the format has none or it cannot be read."""
    read = _READERS.get(recipe.kind) if recipe else None
    if recipe is None or read is None:
        return Signature()
    try:
        signature = read(_without_tensors(recipe))
    except (FrcError, OSError):  # the signature is optional: any file that can be rebuilt is fit for an app
        return Signature()
    values = signature.inputs + signature.outputs
    sane = len(values) <= _MOST_VALUES and all(len(value.name) + len(value.type) <= _LONGEST_TEXT for value in values)
    return signature if sane else Signature()


def _without_tensors(recipe: RebuildRecipe) -> memoryview:
    """The model file with zeros in place of tensors; pages that are never touched take no memory."""
    image = memoryview(mmap.mmap(-1, max(recipe.skeleton.size, 1)))[: recipe.skeleton.size]
    gaps, at, start = memoryview(recipe.skeleton.gaps), 0, 0
    for hole in recipe.skeleton.holes:
        length = hole.offset - start
        image[start : hole.offset] = gaps[at : at + length]
        at, start = at + length, hole.offset + hole.length
    image[start:] = gaps[at:]
    return image.toreadonly()
