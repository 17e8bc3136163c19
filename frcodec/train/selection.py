"""Selects the parameters of a module to regularize, and the coefficients that each keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
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
_COEFFICIENTS_PER_BYTE = 6
"""initial coefficients per byte of a budget: most of them end as zeros"""

Kept = int | float | tuple[int, ...]
"""coefficients: at most so many or, as a float, their share, in scan order; or a box, a length for each axis"""


@dataclass(frozen=True, slots=True)
class Rule:
    """Options of the parameters whose names match; later rules take precedence, field by field."""

    pattern: str
    """regular expression, searched in the parameter's name, such as "fc1.weight" """
    dense: bool = False
    """leave the parameter ordinary: trained as usual, stored losslessly"""
    kept: Kept | None = None
    """coefficients: at most so many or, as a float, their share, in scan order; or a box, a length for each axis"""
    view: tuple[int, ...] | None = None
    """shape in which it is transformed: (120, 16, 5, 5) for a layer of 120 x 400 behind 16 maps of 5 x 5"""


@dataclass(frozen=True, slots=True)
class SelectedParameter:
    """A parameter to be regularized."""

    owner: nn.Module
    attribute: str
    """of the owner"""
    name: str
    """in the whole module"""
    parameter: Tensor
    view: tuple[int, ...]
    """shape in which it is transformed"""
    kept: Kept | None
    """as in `Rule`; None if no rule sets it"""

    @property
    def axes(self) -> tuple[int, ...]:
        """Transformed axes of the view: all, or none of a bias or a norm's parameter."""
        return tuple(range(len(self.view))) if len(self.view) > 1 else ()

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.view)

    def region(self, count: int | None = None) -> Region:
        """The kept region; `count` coefficients in scan order if no rule sets it."""
        if not self.axes:
            return Box(self.view)
        if isinstance(self.kept, tuple):
            return Box(self.kept)
        if isinstance(self.kept, float):
            return Scan(max(1, round(self.kept * self.size)))
        limit = count if self.kept is None else self.kept
        assert limit is not None
        return Scan(min(limit, self.size))

    def whole(self) -> Region:
        """The region of all coefficients."""
        return Scan(self.size) if self.axes else Box(self.view)


def select_parameters(module: nn.Module, rules: Sequence[Rule]) -> list[SelectedParameter]:
    """Weights of linear layers and convolutions, biases and norm parameters, except where rules say otherwise.

    A parameter that several modules share is not selected. A module that is used in several places is selected once,
    under its first name. Raises UsageError (unmatched_rule, bad_option, bad_tensor).
    """
    selected = []
    shared = _shared_parameters(module)
    for prefix, owner in module.named_modules():
        if not isinstance(owner, _WEIGHTED + _NORMS):
            continue
        for attribute, parameter in owner.named_parameters(recurse=False):
            name = f"{prefix}.{attribute}" if prefix else attribute
            matching = [rule for rule in rules if re.search(rule.pattern, name)]
            if id(parameter) in shared or any(rule.dense for rule in matching):
                continue
            if not parameter.is_floating_point() or not parameter.numel():
                continue
            views = [rule.view for rule in matching if rule.view]
            kept = [rule.kept for rule in matching if rule.kept is not None]
            view = views[-1] if views else tuple(parameter.shape)
            candidate = SelectedParameter(owner, attribute, name, parameter, view, kept[-1] if kept else None)
            _check(candidate)
            selected.append(candidate)
    for rule in rules:
        if not any(re.search(rule.pattern, name) for name, _ in module.named_parameters()):
            raise UsageError(Code.UNMATCHED_RULE, f"No parameter's name matches {rule.pattern!r}.")
    if not selected:
        raise UsageError(Code.BAD_OPTION, "The module has no layer left whose weight could be regularized.")
    return selected


def _shared_parameters(module: nn.Module) -> set[int]:
    """`id` of every parameter that more than one module holds."""
    uses = Counter(id(parameter) for owner in module.modules() for parameter in owner.parameters(recurse=False))
    return {identity for identity, count in uses.items() if count > 1}


def _check(candidate: SelectedParameter) -> None:
    """Raise UsageError (bad_tensor, bad_option) for a parameter, a view or a count that cannot be used."""
    name, parameter, view = candidate.name, candidate.parameter, candidate.view
    if parameter.is_meta:
        raise UsageError(Code.BAD_TENSOR, f"{name} is on the meta device: call module.to_empty(device='cpu') first.")
    if not parameter.isfinite().all():
        raise UsageError(Code.BAD_TENSOR, f"{name} holds NaN or infinity: initialize it first.")
    if prod(view) != parameter.numel() or len(view) < parameter.ndim:
        raise UsageError(
            Code.BAD_OPTION,
            f"{name} has shape {tuple(parameter.shape)}, which cannot be seen as {view}: "
            f"the sizes must be equal, with as many axes or more.",
        )
    if candidate.axes and max(view) > MAX_TRANSFORM_LENGTH:
        raise UsageError(
            Code.BAD_OPTION,
            f"{name} has an axis of {max(view)}; at most {MAX_TRANSFORM_LENGTH} can be transformed. "
            f'Give it another view, or leave it as it is: Rule("{name}", dense=True).',
        )
    if candidate.kept is not None and not _fits(candidate.kept, view):
        raise UsageError(
            Code.BAD_OPTION,
            f"{candidate.kept!r} coefficients of {name}, seen as {view}, cannot be kept: "
            f"allowed are a number from 1, a share of 0.0 to 1.0, or a box of {len(view)} lengths within the shape.",
        )


def _fits(kept: Kept, view: tuple[int, ...]) -> bool:
    """Whether a count, a share or a box is possible for this shape."""
    if isinstance(kept, tuple):
        return len(kept) == len(view) and all(1 <= k <= n for k, n in zip(kept, view, strict=True))
    if isinstance(kept, float):
        return 0 < kept <= 1
    return kept >= 1


def counts_of_budget(selected: Sequence[SelectedParameter], budget: int) -> list[int]:
    """Initial coefficients of each parameter for a budget in bytes, in proportion to the roots of their sizes."""
    roots = [sqrt(parameter.size) if parameter.axes else 0.0 for parameter in selected]
    unit = budget * _COEFFICIENTS_PER_BYTE / (sum(roots) or 1.0)
    return [max(1, min(p.size, round(unit * root))) for p, root in zip(selected, roots, strict=True)]
