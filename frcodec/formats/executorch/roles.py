"""Finds the weights among the values of an ExecuTorch method by the operators that read them."""

from __future__ import annotations

from .flatbuffer import I32, U8, Table

# Tables and their fields by number, as ExecuTorch's schema/program.fbs has them:
#   ExecutionPlan   5 chains: 2 instructions; 6 operators: 0 name
#   Instruction     0 type, 1 arguments, for a kernel: 0 op_index, 1 args

_KERNEL_CALL = 1
"""type of an instruction"""
_LAYERS = {
    "aten::convolution": ("conv", {"weight": 1, "bias": 2}),
    "aten::linear": ("linear", {"weight": 1, "bias": 2}),
    "aten::addmm": ("linear", {"bias": 0, "weight": 2}),
    "aten::mm": ("matmul", {"weight": 1}),
    "aten::bmm": ("matmul", {"weight": 1}),
    "aten::embedding": ("embedding", {"weight": 0}),
    "aten::_native_batch_norm_legit_no_training": (
        "batch_norm",
        {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4},
    ),
    "aten::native_layer_norm": ("layer_norm", {"weight": 2, "bias": 3}),
    "aten::native_group_norm": ("group_norm", {"weight": 1, "bias": 2}),
    "aten::rms_norm": ("rms_norm", {"weight": 2}),
}
"""operator -> name of the layer, and the positions of its parameters among the arguments"""
_SAME_ELEMENTS = frozenset(
    ("aten::permute_copy", "aten::t_copy", "aten::transpose_copy", "aten::view_copy", "aten::unsqueeze_copy")
    + ("aten::squeeze_copy", "aten::clone", "aten::_to_copy", "dim_order_ops::_to_dim_order_copy")
    + ("dim_order_ops::_clone_dim_order", "aten::alias_copy", "aten::expand_copy")
)
"""operators that only copy or reorder argument 0 to their last argument"""


def roles(plan: Table) -> dict[int, str]:
    """Map the index of a parameter to a name such as "conv.3.weight", after the first layer that reads it.

    Values that only arithmetic reads are not parameters.
    """
    operators = [table.text(0) for table in plan.tables(6)]
    origins: dict[int, int] = {}
    names: dict[int, str] = {}
    for chain in plan.tables(5):
        for number, instruction in enumerate(chain.tables(2)):
            call = instruction.table(1) if instruction.number(0, U8) == _KERNEL_CALL else None
            index = call.number(0, I32) if call is not None else -1
            if call is None or not 0 <= index < len(operators):
                continue
            operator, values = operators[index], call.numbers(1, I32)
            if operator in _SAME_ELEMENTS and len(values) > 1:
                origins[values[-1]] = origins.get(values[0], values[0])
            layer, places = _LAYERS.get(operator, ("", {}))
            for role, place in places.items():
                if place < len(values):
                    value = origins.get(values[place], values[place])
                    names.setdefault(value, f"{layer}.{number}.{role}")
    return names
