"""Frequency regularization of a torch module: parameters become DCT coefficients, trained for a file's size.

    net = frcodec.train.regularize(model, budget="900 B", steps=epochs * len(batches))
    optimizer = torch.optim.Adam(net.parameter_groups(lr=0.06))
    for x, y in batches:
        loss = cross_entropy(model(x), y) + net.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net.step()
    frcodec.save_model(model, "model.frc")

After Zhao et al., "Frequency regularization", 2023, with learned steps and a rate term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from torch import nn
from torch.nn.utils import parametrize

from ..constants import Code
from ..errors import UsageError
from ..pytorch.frequencies import Frequencies
from ..units import parse_size
from .rate import least_bytes
from .regularization import Regularization
from .schedules import Schedule
from .selection import Rule, SelectedParameter, counts_of_budget, select_parameters

_FIRST_STEP, _FIRST_VECTOR_STEP = 0.25, 1 / 32
"""initial steps of coefficients, and of biases and norm parameters, for a root mean square of 1"""


def regularize(
    module: nn.Module,
    *,
    rules: Sequence[Rule] = (),
    kept: float | None = None,
    budget: int | str | None = None,
    rate_weight: float | None = None,
    steps: int | None = None,
    schedule: Schedule | None = None,
) -> Regularization:
    """Replace the parameters of a module by trainable DCT coefficients, in place; returns their training.

    Weights of linear layers and convolutions are transformed over all axes; biases and norm parameters are only
    quantized. `rules` make exceptions by name; other parameters are left unchanged and stored losslessly.

    `kept` is the share (0, 1] of every tensor's coefficients that are used, in scan order. With `budget`, the bytes of
    the whole file ("900 B", "1.5 kB"), training finds the counts itself in `steps` optimizer steps. `rate_weight`, at
    least 0, is the weight of a byte in the loss instead. With neither, quantizer steps are not learned, and the file's
    size follows from `kept`. With a `schedule`, training begins with all coefficients and ends with those kept.

    Raises UsageError (bad_option, unmatched_rule, bad_tensor) before anything is changed.
    """
    size = checked_goal(budget, rate_weight, steps)
    if kept is not None and not 0 < kept <= 1:
        raise UsageError(Code.BAD_OPTION, f"A share of {kept!r} cannot be kept; allowed are more than 0 and at most 1.")
    selected = select_parameters(module, rules)
    least = least_bytes(module, selected)
    if size is not None and least > size:
        raise UsageError(
            Code.BAD_OPTION,
            f"A budget of {size} bytes cannot be met: without any coefficient the file has {least}, for its index and "
            f"for lossless tensors. Ask for more, or for fewer tensors (biases, norms, statistics).",
        )
    counts: Sequence[int | None] = [None] * len(selected)
    if kept is not None:
        selected = [replace(p, kept=float(kept)) if p.kept is None else p for p in selected]
    elif size is not None:
        counts = counts_of_budget(selected, size)
    # all before the first is registered: an error leaves the module unchanged
    parametrizations = [
        _frequencies(p, count, scheduled=schedule is not None) for p, count in zip(selected, counts, strict=True)
    ]
    for parameter, frequencies in zip(selected, parametrizations, strict=True):
        parametrize.register_parametrization(parameter.owner, parameter.attribute, frequencies)
    names = [parameter.name for parameter in selected]
    return Regularization(module, names, budget=size, rate_weight=rate_weight, steps=steps, schedule=schedule)


def _frequencies(parameter: SelectedParameter, count: int | None, *, scheduled: bool) -> Frequencies:
    """The parametrization of a parameter; `count` coefficients where no rule says how many."""
    name, axes = parameter.name, parameter.axes
    if count is None and parameter.kept is None and axes:
        raise UsageError(Code.BAD_OPTION, f"How much of {name} is kept? Give budget=, kept= or a rule's kept=.")
    if scheduled and isinstance(parameter.kept, tuple):
        raise UsageError(Code.BAD_OPTION, f"A schedule truncates in scan order: give {name} a count, not a box.")
    region = parameter.region(count)
    initial = parameter.whole() if scheduled else region
    step = _FIRST_STEP if axes else _FIRST_VECTOR_STEP
    return Frequencies(parameter.parameter, parameter.view, axes, initial, region.count, step)


def checked_goal(budget: int | str | None, rate_weight: float | None, steps: int | None) -> int | None:
    """The budget in bytes, or None. Raises UsageError (bad_option) for goals out of range or in contradiction."""
    size = None if budget is None else max(1, parse_size(str(budget)))
    if size is not None and rate_weight is not None:
        raise UsageError(Code.BAD_OPTION, "Give either a budget or a rate_weight.")
    if rate_weight is not None and not 0 <= rate_weight < inf:
        raise UsageError(
            Code.BAD_OPTION,
            f"A byte cannot weigh {rate_weight!r} in the loss; the weight must be finite and at least 0.",
        )
    if (size is not None or rate_weight is not None) and not (steps and steps > 0):
        raise UsageError(
            Code.BAD_OPTION,
            "Training for a budget or a rate_weight needs its length: give steps=, the number of optimizer steps.",
        )
    return size
