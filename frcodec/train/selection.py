"""Which parameters of a module become frequencies, and which of their coefficients are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod, sqrt

from torch import Tensor, nn

from ..constants import MAX_TRANSFORM_LENGTH, Code
from ..errors import UsageError
from ..stages.region import Box, Region, Scan

_WEIGHTED = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d
)  # fmt: skip
_NORMS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.LayerNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d,
)  # fmt: skip
_COEFFICIENTS_A_BYTE = 6
"""coefficients that training starts with for every byte of a budget: most of them end as zeros"""

Kept = int | float | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with the parameters whose name matches; later rules win, field by field."""

    pattern: str
    """regular expression, searched in the parameter's name, such as "fc1.weight" """
    dense: bool = False
    """leave it as it is: it is trained as ever and stored exactly"""
    kept: Kept | None = None
    """coefficients: at most so many or, as a float, their share, in scan order; or a box, a length for each axis"""
    view: tuple[int, ...] | None = None
    """the shape in which it is transformed: (120, 16, 5, 5) for a layer of 120 x 400 behind 16 maps of 5 x 5"""


@dataclass(frozen=True, slots=True)
class Selected:
    """A parameter that is to become frequencies."""

    owner: nn.Module
    attribute: str
    name: str
    parameter: Tensor
    view: tuple[int, ...]
    kept: Kept | None

    @property
    def axes(self) -> tuple[int, ...]:
        """What is transformed: all axes, or nothing of a bias or a norm's parameter."""
        return tuple(range(len(self.view))) if len(self.view) > 1 else ()

    @property
    def size(self) -> int:
        """Elements."""
        return prod(self.view)

    def region(self, count: int | None = None) -> Region:
        """The kept region, of `count` coefficients in scan order where no rule says how many."""
        if not self.axes:
            return Box(self.view)
        if isinstance(self.kept, tuple):
            return Box(self.kept)
        if self.kept is None:
            assert count is not None
            return Scan(min(count, self.size))
        return Scan(max(1, round(self.kept * self.size)) if isinstance(self.kept, float) else min(self.kept, self.size))

    def whole(self) -> Region:
        """Everything, in scan order."""
        return Scan(self.size) if self.axes else Box(self.view)


def selected(module: nn.Module, rules: Sequence[Rule]) -> list[Selected]:
    """Weights of linear layers and convolutions, and all biases and norm parameters, but for the rules' exceptions.

    Parameters that several modules share stay as they are; modules that are used in several places have one set of
    frequencies, under the first name. Raises UsageError (unmatched_rule, bad_option, bad_tensor).
    """
    found = list(_candidates(module, rules))
    for rule in rules:
        if not any(re.search(rule.pattern, name) for name, _ in module.named_parameters()):
            raise UsageError(Code.UNMATCHED_RULE, f"No parameter's name matches {rule.pattern!r}.")
    if not found:
        raise UsageError(Code.BAD_OPTION, "The module has no layer left whose weight could become frequencies.")
    return found


def _candidates(module: nn.Module, rules: Sequence[Rule]) -> Iterator[Selected]:
    uses: dict[int, int] = {}
    for owner in module.modules():
        for parameter in owner.parameters(recurse=False):
            uses[id(parameter)] = uses.get(id(parameter), 0) + 1
    for prefix, owner in module.named_modules():
        if not isinstance(owner, _WEIGHTED + _NORMS):
            continue
        for attribute, parameter in owner.named_parameters(recurse=False):
            name = f"{prefix}.{attribute}" if prefix else attribute
            mine = [rule for rule in rules if re.search(rule.pattern, name)]
            if uses[id(parameter)] > 1 or any(rule.dense for rule in mine):
                continue
            if not parameter.is_floating_point() or not parameter.numel():
                continue
            view = next((rule.view for rule in reversed(mine) if rule.view), tuple(parameter.shape))
            kept = next((rule.kept for rule in reversed(mine) if rule.kept is not None), None)
            yield _checked(Selected(owner, attribute, name, parameter, view, kept))


def _checked(one: Selected) -> Selected:
    kept, view = one.kept, one.view
    if one.parameter.is_meta:
        raise UsageError(
            Code.BAD_TENSOR, f"{one.name} is on the meta device: call module.to_empty(device='cpu') first."
        )
    if not one.parameter.isfinite().all():
        raise UsageError(Code.BAD_TENSOR, f"{one.name} holds NaN or infinity: initialize it first.")
    if prod(view) != one.parameter.numel() or len(view) < one.parameter.ndim:
        raise UsageError(
            Code.BAD_OPTION,
            f"{one.name} has shape {tuple(one.parameter.shape)}, which cannot be seen as {view}: "
            f"the sizes must be equal, with as many axes or more.",
        )
    if one.axes and max(view) > MAX_TRANSFORM_LENGTH:
        raise UsageError(
            Code.BAD_OPTION,
            f"{one.name} has an axis of {max(view)}; at most {MAX_TRANSFORM_LENGTH} can be transformed. "
            f'See it with another view, or leave it as it is: Rule("{one.name}", dense=True).',
        )
    fits = (
        len(kept) == len(view) and all(1 <= k <= n for k, n in zip(kept, view, strict=True))
        if isinstance(kept, tuple)
        else kept is None or (0 < kept <= 1 if isinstance(kept, float) else kept >= 1)
    )  # fmt: skip
    if not fits:
        raise UsageError(
            Code.BAD_OPTION,
            f"{kept!r} coefficients of {one.name}, seen as {view}, cannot be kept: "
            f"allowed are a number from 1, a share of 0.0 to 1.0, or a box of {len(view)} lengths within the shape.",
        )
    return one


def counts_of_budget(chosen: Sequence[Selected], budget: int) -> list[int]:
    """Coefficients that training with a budget in bytes starts with: as the roots of the tensors' sizes."""
    roots = [sqrt(one.size) if one.axes else 0.0 for one in chosen]
    unit = budget * _COEFFICIENTS_A_BYTE / (sum(roots) or 1.0)
    return [max(1, min(one.size, round(unit * root))) for one, root in zip(chosen, roots, strict=True)]
