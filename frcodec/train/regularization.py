"""The training of a regularized module: the rate in the loss, its weight, truncation, and learned steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..constants import Code
from ..errors import UsageError
from ..pytorch.frequencies import Frequencies
from .rate import Rate
from .schedules import Schedule

_STEP_GRID = 64
"""grid of the final step codes: 1, 1.25, 1.5 or 1.75 times a power of two take fewer bytes in the index"""
_REFRESH, _FIRST_REFRESH = 25, 2
"""optimizer steps between two fits of the rate at most, and at the start, while levels change fast"""
_REFRESHES = 40
"""fits of the rate in a training, at least"""
_PATIENCE = 50
"""optimizer steps before the weight of the rate is controlled"""
_FIRST_WEIGHT, _LEAST_WEIGHT, _LARGEST_WEIGHT = 0.05, 0.005, 10.0
"""weights of the rate in the loss, in units of 1 / budget"""
_INTEGRAL, _PROPORTIONAL = 20.0, 1.0
"""gains of the controller: largest change of the weight's logarithm over the training, and at once"""
_FAR, _NEAR = 0.2, 0.05
"""relative miss of the target that counts as 1, above and below; coefficients that became zero hardly return"""
_START = 4.0
"""size aimed at first, in budgets, at most"""
_FALL = 0.6
"""share of the training after which the budget itself is aimed at"""
_AIM = 0.985
"""share of the budget that is aimed at, a margin for prediction errors"""
_NOISY, _LEARNED = 0.6, 0.9
"""shares of the training with noise instead of rounding, and with learned steps"""


class Regularization:
    """The course of a regularized module's training; made by `regularize`.

    Add `penalty()` to the loss, and call `step()` after the optimizer's. It holds no parameters, but its `state_dict`
    belongs in a checkpoint, beside those of model and optimizer.
    """

    def __init__(
        self,
        module: nn.Module,
        names: Sequence[str],
        *,
        budget: int | None = None,
        rate_weight: float | None = None,
        steps: int | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        """For parameters of a module that have a `Frequencies` parametrization already; see `regularize`."""
        self._module, self._names = module, list(names)
        self._budget, self._steps, self._schedule = budget, steps, schedule
        self._weight = _FIRST_WEIGHT / budget if budget else rate_weight or 0.0
        self._settled = _FIRST_WEIGHT
        """weight in units of 1 / budget, without the proportional term"""
        self._done = 0
        for frequencies, _ in self.pairs():
            frequencies.log_step.requires_grad_(bool(self._weight))
        self._truncate()
        self._rate = Rate(module, self.pairs)
        self._at_first, self._last = self._rate.file_bytes, float(self._rate.file_bytes)

    def pairs(self) -> list[tuple[Frequencies, Tensor]]:
        """The parametrization and the coefficients of every regularized parameter."""
        pairs = []
        for name in self._names:
            owner, _, attribute = name.rpartition(".")
            chain: Any = self._module.get_submodule(owner).parametrizations[attribute]  # type: ignore[index]
            pairs.append((chain[0], chain.original))
        return pairs

    def parameter_groups(self, lr: float, ordinary_lr: float | None = None) -> list[dict[str, Any]]:
        """Parameter groups of an optimizer: coefficients with `lr`, their steps with `lr / 2`, then all others.

        Steps have no weight decay, as they are logarithms. `ordinary_lr` of the other parameters defaults to `lr`.
        """
        pairs = self.pairs()
        coefficients, steps = [c for _, c in pairs], [frequencies.log_step for frequencies, _ in pairs]
        known = {id(parameter) for parameter in (*coefficients, *steps)}
        others = [parameter for parameter in self._module.parameters() if id(parameter) not in known]
        groups = [{"params": coefficients, "lr": lr}, {"params": steps, "lr": lr / 2, "weight_decay": 0.0}]
        return groups + ([{"params": others, "lr": lr if ordinary_lr is None else ordinary_lr}] if others else [])

    def penalty(self) -> Tensor:
        """The rate term of the loss: predicted bytes of the file, differentiable, times their weight."""
        if not self._weight:
            return torch.zeros((), device=next(self._module.parameters()).device)
        self._last = self.predicted_bytes()
        bits = self._rate.bits([frequencies.rate_points(c) for frequencies, c in self.pairs()])
        return ((bits - bits.detach()) / 8 + self._last) * self._weight

    def predicted_bytes(self) -> float:
        """Predicted bytes of the file that `save_model` would write now."""
        with torch.no_grad():
            rounded = [
                torch.from_numpy(frequencies.levels(c).astype(np.float32)).to(c.device)
                for frequencies, c in self.pairs()
            ]
            return float(self._rate.file_bytes + self._rate.bits(rounded) / 8)

    def step(self) -> None:
        """Advance the schedule by one step; call it after the optimizer's."""
        self._done += 1
        if self._steps and self._done == round(_NOISY * self._steps):
            for frequencies, _ in self.pairs():
                frequencies.noisy = False
        if self._steps and self._done == round(_LEARNED * self._steps):
            for frequencies, _ in self.pairs():
                frequencies.fix(_STEP_GRID)
            self._rate.refresh()
        self._truncate()
        interval = min(_REFRESH, -(-self._steps // _REFRESHES)) if self._steps else _REFRESH
        if self._done % (interval if self._done > _PATIENCE else _FIRST_REFRESH) == 0:
            self._rate.refresh()
        if self._budget and self._steps and self._done > _PATIENCE:
            self._control_weight(self._budget, self._steps)

    def progress(self) -> str:
        """One line for a log: predicted bytes, coefficients that are not zero, and the weight of a byte."""
        nonzero = sum(int(np.count_nonzero(frequencies.levels(c))) for frequencies, c in self.pairs())
        goal = f" of {self._budget}" if self._budget else ""
        return f"{self.predicted_bytes():.0f}{goal} bytes, {nonzero} coefficients, {self._weight:.1e} a byte"

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint, of tensors and numbers."""
        goal = {"budget": self._budget, "steps": self._steps}
        numbers = {"done": self._done, "weight": self._weight, "settled": self._settled, "first": self._at_first}
        return goal | numbers | {"rate": self._rate.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of `state_dict`; the module's own state must have been loaded before.

        Raises UsageError (bad_option) for a checkpoint of another budget or number of steps.
        """
        if (state["budget"], state["steps"]) != (self._budget, self._steps):
            raise UsageError(
                Code.BAD_OPTION,
                f"The checkpoint is of a training for {state['budget']} bytes in {state['steps']} steps; "
                f"this one is for {self._budget} in {self._steps}.",
            )
        self._done, self._weight = state["done"], state["weight"]
        self._settled, self._at_first = state["settled"], state["first"]
        self._rate.load_state_dict(state["rate"])

    def _control_weight(self, budget: int, steps: int) -> None:
        """Move the weight of the rate towards the bytes aimed at: a proportional-integral controller."""
        excess = log(max(1.0, self._last) / self._bytes_aimed_at(budget, steps))
        miss = max(-1.0, min(1.0, excess / (_FAR if excess > 0 else _NEAR)))
        weight = self._settled * exp(_INTEGRAL / steps * miss)
        self._settled = max(_LEAST_WEIGHT, min(_LARGEST_WEIGHT, weight))
        self._weight = self._settled / budget * exp(_PROPORTIONAL * miss)

    def _bytes_aimed_at(self, budget: int, steps: int) -> float:
        """From the first file's bytes down to the budget, log-linearly."""
        left = max(0.0, 1 - self._done / (_FALL * steps))
        return float(budget * _AIM * max(1.0, min(_START, self._at_first / budget)) ** left)

    def _truncate(self) -> None:
        """Truncate every tensor to the schedule's share of its coefficients, but not below its floor."""
        if self._schedule:
            for frequencies, _ in self.pairs():
                share = self._schedule.share(self._done, frequencies.floor / frequencies.region.count)
                frequencies.kept = max(
                    frequencies.floor, min(frequencies.region.count, round(share * frequencies.region.count))
                )
