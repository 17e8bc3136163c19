"""Options and rules to one plan per stored tensor: how it is coded, and at what fidelity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

import numpy as np

from ..constants import MAX_TRANSFORM_LENGTH, Code
from ..errors import UsageError
from ..stages.spectral import DctTensor, spectrum
from ..stages.transform import Transform
from ..tensors import Entry, Stored
from .calibration import Calibration, Sensitivity
from .options import Fidelity, Options, Rule, compile_pattern, parse_rule

VECTOR_LIMIT: Final = 1 << 16
"""most elements of a vector; longer tensors of one axis are many weights in one buffer"""
SMALL: Final = 4096
"""tensors of fewer elements share a stream"""
_SMALLEST, _LARGEST = 2.0**-80, 2.0**120
"""range of a lossy tensor's largest magnitude: outside of it the format has no suitable step"""
_NOT_WEIGHTS = re.compile(
    r"(^|[._])(inv_freq|freqs(_cis)?|(sin|cos)(_cached?)?|rope|rotary_emb|position_ids|relative_position_index|window"
    r"|(forward|inverse)_basis(_buffer)?|(mel|dct)_(basis|filters?|matrix)|fb|stft|(\w+_)?mask|anchors?|num_batches_tracked)$"
)
"""buffers that are computed, not trained: bases, tables, masks, counters"""


class Coding(Enum):
    """How a stored tensor is coded."""

    LOSSLESS = "lossless"
    INTEGER = "integer"
    LOSSY = "lossy"


@dataclass(frozen=True, slots=True)
class TensorPlan:
    """How one stored tensor is coded."""

    position: int
    """index into the model's entries"""
    tensor: Stored
    coding: Coding
    fidelity: Fidelity = field(default=Fidelity())
    """of a lossy tensor"""
    own_fidelity: bool = False
    """whether the fidelity comes from a rule"""
    transform: str | None = None
    """a rule's choice; None to choose by rate"""
    sensitivity: Sensitivity | None = None
    """effect of its errors on the model's output; None if unknown, or if a rule sets the fidelity"""

    @property
    def small(self) -> bool:
        """Whether it may share a stream with others: too few levels for a model of its own."""
        return self.tensor.size < SMALL or (self.coding is Coding.LOSSY and self.vector)

    @property
    def error_feedback(self) -> bool:
        """Whether error feedback is used: later columns compensate for the errors of earlier ones."""
        return bool(self.sensitivity and self.sensitivity.moments is not None and not self.small)

    @property
    def variance(self) -> bool:
        """Whether it is a variance: a network divides by the root of its elements, so they must stay positive."""
        return self.tensor.name.endswith(("running_var", "moving_variance"))

    @property
    def vector(self) -> bool:
        """Whether it is a bias, a norm's parameter or the like: at most one axis longer than 1."""
        return sum(n > 1 for n in self.tensor.shape) < 2 and self.tensor.size <= VECTOR_LIMIT


def plan_tensors(
    entries: Sequence[Entry], lossless: Iterable[int], options: Options
) -> tuple[list[TensorPlan], list[str]]:
    """Plan every stored tensor, in order; also returns warnings for the user.

    `lossless` are positions of entries that are no weights. Raises UsageError (bad_option, unmatched_rule).
    """
    fidelity = options.fidelity()
    rules = [parse_rule(text) for text in options.rules]
    rules += [Rule(text, compile_pattern(text), lossless=True) for text in options.keep]
    names = _names(entries)
    for rule in rules:
        if not any(rule.pattern.search(name) for aliases in names.values() for name in aliases):
            raise UsageError(
                Code.UNMATCHED_RULE, f"No tensor's name matches {rule.pattern.pattern!r}. See the names with --dry-run."
            )
    known_lossless = set(lossless)
    result, warnings = [], []
    for position, entry in enumerate(entries):
        if not isinstance(entry, Stored):
            continue
        matching = [rule for rule in rules if any(rule.pattern.search(name) for name in names[position])]
        plan, warning = _plan_tensor(
            position, entry, names[position], matching, fidelity, options, position in known_lossless
        )
        result.append(plan)
        warnings += [warning] if warning else []
    if options.calibration:
        result = [replace(t, sensitivity=_sensitivity(t, names[t.position], options.calibration)) for t in result]
        if not any(plan.sensitivity for plan in result):
            raise UsageError(
                Code.BAD_OPTION, "The calibration has none of this model's tensors: it must be of the same model."
            )
    return result, warnings


def transform_of(plan: TensorPlan) -> Transform:
    """The transform that a rule chose. Raises UsageError (bad_option) where the tensor's shape does not allow it."""
    shape, choice = plan.tensor.shape, plan.transform
    if choice in (None, "none"):
        return Transform()
    if choice in ("spatial", "all"):
        first = 2 if choice == "spatial" else 0
        return Transform(tuple(a for a in range(first, len(shape)) if 1 < shape[a] <= MAX_TRANSFORM_LENGTH))
    text, _, run = str(choice).partition("/")
    axes = tuple(sorted({int(axis) for axis in text.split("+")}))
    if axes[-1] >= len(shape):
        raise UsageError(
            Code.BAD_OPTION, f"Tensor {plan.tensor.name!r} of shape {shape} has no axis {axes[-1]} to transform."
        )
    transform = Transform(axes, int(run).bit_length() - 1 if run else 0)
    if any(transform.runs(shape[axis]) > MAX_TRANSFORM_LENGTH for axis in axes):
        raise UsageError(
            Code.BAD_OPTION,
            f"Tensor {plan.tensor.name!r} of shape {shape} has more than {MAX_TRANSFORM_LENGTH} elements "
            f"along an axis to transform: choose blocks, such as {text}/64.",
        )
    return transform


def _plan_tensor(
    position: int,
    tensor: Stored,
    names: Sequence[str],
    rules: Sequence[Rule],
    fidelity: Fidelity,
    options: Options,
    known_lossless: bool,
) -> tuple[TensorPlan, str | None]:
    """The plan of one tensor, for the rules that match it, and a warning or None."""
    own = next((rule.fidelity for rule in reversed(rules) if rule.fidelity), None)
    transform = next((rule.transform for rule in reversed(rules) if rule.transform), None)
    lossless = options.lossless or any(rule.lossless for rule in rules)
    stored_losslessly = TensorPlan(position, tensor, Coding.LOSSLESS)
    if tensor.dtype.name in ("int8", "uint8") and tensor.size >= SMALL:
        return TensorPlan(position, tensor, Coding.INTEGER), None
    if lossless or not tensor.dtype.lossy or not tensor.size:
        return stored_losslessly, None
    if not own and (known_lossless or any(_NOT_WEIGHTS.search(name) for name in names)):
        return stored_losslessly, None
    values = spectrum(tensor)
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(largest):
        return stored_losslessly, f"{names[0]!r} holds NaN or infinity: stored losslessly."
    if largest and not _SMALLEST <= largest <= _LARGEST:
        return stored_losslessly, f"{names[0]!r} holds values near {largest:.0e}: stored losslessly."
    if isinstance(tensor, DctTensor):
        return TensorPlan(position, tensor, Coding.LOSSY, own or fidelity, own is not None), None
    if not own and values.any() and (np.array_equal(values, np.rint(values)) or values.min() == values.max()):
        return stored_losslessly, None  # integers or a constant: a mask or a grid, not trained
    return TensorPlan(position, tensor, Coding.LOSSY, own or fidelity, own is not None, transform), None


def _sensitivity(plan: TensorPlan, names: Sequence[str], calibration: Calibration) -> Sensitivity | None:
    """The sensitivity of a tensor; None for vectors and where a rule sets the fidelity."""
    sensitivity = next((calibration.tensors[name] for name in names if name in calibration.tensors), None)
    if (
        sensitivity is None
        or isinstance(plan.tensor, DctTensor)
        or plan.coding is not Coding.LOSSY
        or plan.own_fidelity
        or plan.vector
    ):
        return None
    shape = plan.tensor.shape
    columns = plan.tensor.size // shape[0]
    related = len(sensitivity.moments) if sensitivity.moments is not None else columns
    if len(sensitivity.rows) != shape[0] or related != columns:
        raise UsageError(
            Code.BAD_OPTION,
            f"Tensor {names[0]!r} has shape {shape}, the calibration {len(sensitivity.rows)} rows, {related} columns: "
            f"it must be of the same model.",
        )
    return sensitivity


def _names(entries: Sequence[Entry]) -> dict[int, list[str]]:
    """All names of each stored tensor, its own first."""
    names = {position: [entry.name] for position, entry in enumerate(entries) if isinstance(entry, Stored)}
    for entry in entries:
        if not isinstance(entry, Stored):
            names[entry.target].append(entry.name)
    return {position: [name for name in all_names if name] or [""] for position, all_names in names.items()}
