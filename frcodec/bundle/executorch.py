"""The signature of `forward` in an ExecuTorch program (.pte), by the fields of its schema, program.fbs."""

from __future__ import annotations

from typing import Final

from ..formats.executorch.flatbuffer import I8, I32, U8, Flatbuffer, Table
from ..formats.executorch.program import SCALAR_TYPES
from .signature import Signature, Value

KIND: Final = "ExecuTorch"
_PLANS = 1
_PLAN_NAME, _PLAN_VALUES, _PLAN_INPUTS, _PLAN_OUTPUTS = 0, 2, 3, 4
_VALUE_TYPE, _VALUE = 0, 1
_TENSOR = 5
_TENSOR_DTYPE, _TENSOR_SIZES, _TENSOR_DYNAMISM = 0, 2, 8
_UNBOUND = 2
_TYPES = {
    1: "None", 2: "int", 3: "bool", 4: "float", _TENSOR: "Tensor", 6: "str", 7: "List[int]", 8: "List[float]",
    9: "List[bool]", 10: "List[Tensor]", 11: "List[Optional[Tensor]]",
}  # fmt: skip
"""member of the union of values -> what TorchScript calls it"""
_DTYPES = SCALAR_TYPES | {8: "complex32", 9: "complex64", 10: "complex128"}
"""PyTorch's number of an element type -> name"""


def signature(image: memoryview) -> Signature:
    """Inputs and outputs of `forward`; dynamic shapes are upper bounds. Raises CorruptError."""
    for plan in Flatbuffer(image, "The ExecuTorch program").root().tables(_PLANS):
        if plan.text(_PLAN_NAME) == "forward":
            return Signature(_values(plan, _PLAN_INPUTS), _values(plan, _PLAN_OUTPUTS))
    return Signature()


def _values(plan: Table, field: int) -> tuple[Value, ...]:
    values = plan.tables(_PLAN_VALUES)
    return tuple(_value(values[at]) for at in plan.numbers(field, I32) if 0 <= at < len(values))


def _value(entry: Table) -> Value:
    kind = entry.number(_VALUE_TYPE, U8)
    value = entry.table(_VALUE)
    if kind != _TENSOR or value is None:
        return Value("", _TYPES.get(kind, ""))
    sizes = tuple(value.numbers(_TENSOR_SIZES, I32))
    unbound = value.number(_TENSOR_DYNAMISM, I8) == _UNBOUND or min(sizes, default=0) < 0
    return Value("", "Tensor", _DTYPES.get(value.number(_TENSOR_DTYPE, I8)), None if unbound else sizes)
