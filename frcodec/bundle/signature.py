"""Inputs and outputs of a model: names, types and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..constants import Code
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Value:
    """An argument or a result of a model."""

    name: str
    """of the argument; empty for results, which have none"""
    type: str
    """as the model file writes it, such as "Tensor" or "List[Tensor]" """
    dtype: str | None = None
    """of a tensor, NumPy's or PyTorch's name; None where the file does not tell"""
    shape: tuple[int, ...] | None = None
    """of a tensor; that of the example where the model was traced with one, None where the file does not tell"""


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs and outputs of the model's `forward`."""

    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()

    def with_shapes(self, shapes: Sequence[tuple[int, ...]]) -> Signature:
        """With these shapes for the first tensors that are taken, whatever the file says.

        Raises UsageError where the file says that fewer tensors are taken.
        """
        inputs = list(self.inputs) or [Value("", "Tensor") for _ in shapes]
        tensors = [position for position, value in enumerate(inputs) if value.type == "Tensor"]
        if len(shapes) > len(tensors):
            raise UsageError(Code.BAD_OPTION, f"{len(shapes)} --input are given, but the model takes {len(tensors)}.")
        for position, shape in zip(tensors, shapes, strict=False):
            inputs[position] = replace(inputs[position], shape=tuple(shape))
        return replace(self, inputs=tuple(inputs))
