"""Frequency regularization of a torch module: its parameters made frequencies, and their training for a file's bytes.

net = frcodec.train.regularize(model, budget="900 B", steps=epochs * len(batches))
optimizer = torch.optim.Adam(net.parameter_groups(lr=0.06))
for x, y in batches:
    loss = cross_entropy(model(x), y) + net.penalty()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    net.step()
frcodec.save_model(model, "model.frc")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, log
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ..constants import Code
from ..errors import UsageError
from ..pytorch.frequencies import Frequencies
from ..units import parse_size
from .rate import Rate, least_bytes
from .schedules import Schedule
from .selection import Rule, counts_of_budget, selected

_FIRST_STEP, _FIRST_VECTOR_STEP = 0.25, 1 / 32
"""of coefficients, and of biases and norm parameters, whose root mean square is 1"""
_STEP_GRID = 64
"""what final step codes are multiples of: 1, 1.25, 1.5 or 1.75 times a power of two, fewer bytes in the index"""
_REFRESH, _FIRST_REFRESH = 25, 2
"""steps between two files at most, and between the first ones, when levels change fast"""
_FILES = 40
"""files in all of the training, at least"""
_PATIENCE = 50
"""steps before the weight of the rate begins to move"""
_FIRST_WEIGHT, _LEAST_WEIGHT, _LARGEST_WEIGHT = 0.05, 0.005, 10.0
"""of the rate in the loss, for as many bytes as the budget"""
_INTEGRAL, _PROPORTIONAL = 20.0, 1.0
"""by how much the logarithm of the weight moves at most: in all of the training, and at once"""
_FAR, _NEAR = 0.2, 0.05
"""shares of the target by which a file must be larger or smaller for that; what has become zero hardly returns"""
_START = 4.0
"""times the budget is what training with one begins with"""
_FALL = 0.6
"""share of the training after which the file is to meet the budget"""
_AIM = 0.985
"""share of the budget that is aimed at"""
_NOISY, _LEARNED = 0.6, 0.9
"""shares of the training with noise, and with learned steps"""


class Regularization:
    """The training of a module's frequencies: the rate in the loss, truncation, the change from noise to rounding.

    It holds no parameters; what it knows belongs into a checkpoint, beside model and optimizer.
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
        """Of the parameters `names` of a module, which are frequencies already; see `regularize`."""
        self._module, self._names = module, list(names)
        self._budget, self._steps, self._schedule = budget, steps, schedule
        self._weight = _FIRST_WEIGHT / budget if budget else rate_weight or 0.0
        self._settled = _FIRST_WEIGHT
        """the weight for as many bytes as the budget, without what answers the last miss at once"""
        self._done = 0
        for how, _ in self.pairs():
            how.log_step.requires_grad_(bool(self._weight))
        self._truncate()
        self._rate = Rate(module, self.pairs)
        self._at_first, self._last = self._rate.file_bytes, float(self._rate.file_bytes)

    def pairs(self) -> list[tuple[Frequencies, Tensor]]:
        """The parametrization and the coefficients of every regularized parameter."""
        found = []
        for name in self._names:
            owner, _, attribute = name.rpartition(".")
            how: Any = self._module.get_submodule(owner).parametrizations[attribute]  # type: ignore[index]
            found.append((how[0], how.original))
        return found

    def parameter_groups(self, lr: float, ordinary_lr: float | None = None) -> list[dict[str, Any]]:
        """What an optimizer takes: coefficients with `lr`, their steps with half of it, then all that is left.

        Steps do not decay: as logarithms they would not tend to nothing, but to coarse ones.
        """
        pairs = self.pairs()
        mine = [c for _, c in pairs], [how.log_step for how, _ in pairs]
        known = {id(parameter) for group in mine for parameter in group}
        others = [parameter for parameter in self._module.parameters() if id(parameter) not in known]
        groups = [{"params": mine[0], "lr": lr}, {"params": mine[1], "lr": lr / 2, "weight_decay": 0.0}]
        return groups + ([{"params": others, "lr": lr if ordinary_lr is None else ordinary_lr}] if others else [])

    def penalty(self) -> Tensor:
        """What to add to the loss: the predicted bytes of the file, differentiable, times their weight."""
        if not self._weight:
            return torch.zeros((), device=next(self._module.parameters()).device)
        self._last = self.predicted_bytes()
        bits = self._rate.bits([how.priced(c) for how, c in self.pairs()])
        return ((bits - bits.detach()) / 8 + self._last) * self._weight

    def predicted_bytes(self) -> float:
        """Bytes of the file that `save_model` would write now, without making it."""
        with torch.no_grad():
            rounded = [torch.from_numpy(how.levels(c).astype(np.float32)).to(c.device) for how, c in self.pairs()]
            return float(self._rate.file_bytes + self._rate.bits(rounded) / 8)

    def step(self) -> None:
        """Go on by one step: call it after the optimizer's."""
        self._done += 1
        if self._steps and self._done == round(_NOISY * self._steps):
            for how, _ in self.pairs():
                how.noisy = False
        if self._steps and self._done == round(_LEARNED * self._steps):
            for how, _ in self.pairs():
                how.fix(_STEP_GRID)
            self._rate.refresh()
        self._truncate()
        often = min(_REFRESH, -(-self._steps // _FILES)) if self._steps else _REFRESH
        if self._done % (often if self._done > _PATIENCE else _FIRST_REFRESH) == 0:
            self._rate.refresh()
        if self._budget and self._steps and self._done > _PATIENCE:
            excess = log(max(1.0, self._last) / self._target(self._budget))
            miss = max(-1.0, min(1.0, excess / (_FAR if excess > 0 else _NEAR)))
            weight = self._settled * exp(_INTEGRAL / self._steps * miss)
            self._settled = max(_LEAST_WEIGHT, min(_LARGEST_WEIGHT, weight))
            self._weight = self._settled / self._budget * exp(_PROPORTIONAL * miss)

    def progress(self) -> str:
        """Predicted bytes, coefficients that are not zero, and the weight of the rate: a line beside the loss."""
        nonzero = sum(int(np.count_nonzero(how.levels(c))) for how, c in self.pairs())
        goal = f" of {self._budget}" if self._budget else ""
        return f"{self.predicted_bytes():.0f}{goal} bytes, {nonzero} coefficients, {self._weight:.1e} a byte"

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds, of tensors and numbers."""
        goal = {"budget": self._budget, "steps": self._steps}
        numbers = {"done": self._done, "weight": self._weight, "settled": self._settled, "first": self._at_first}
        return goal | numbers | {"rate": self._rate.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of `state_dict`; the module's own state must have been loaded before.

        Raises UsageError (bad_option) for the checkpoint of a training with another budget or another length.
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

    def _target(self, budget: int) -> float:
        """Bytes aimed at: from those of the start down to the budget, evenly in their logarithm."""
        assert self._steps
        left = max(0.0, 1 - self._done / (_FALL * self._steps))
        return float(budget * _AIM * max(1.0, min(_START, self._at_first / budget)) ** left)

    def _truncate(self) -> None:
        """Let every tensor keep what the schedule says, and at least what its rule does."""
        if self._schedule:
            for how, _ in self.pairs():
                share = self._schedule.share(self._done, how.floor / how.region.count)
                how.kept = max(how.floor, min(how.region.count, round(share * how.region.count)))


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
    """Make the parameters of a module frequencies, in place, and return what goes along with their training.

    Weights of linear layers and convolutions are transformed over all axes; biases and norm parameters are only
    quantized. `rules` make exceptions by name; other parameters stay as they are, and are stored exactly.

    `kept` is the share of every tensor's coefficients that are used, in scan order. With `budget`, the bytes of the
    whole file ("900 B", "1.5 kB"), training finds the counts itself, in `steps` optimizer steps. `rate_weight` asks
    for a trade instead: what a byte is worth in the loss. With neither, steps are not learned and the file's size
    follows from what is kept. With a `schedule`, training begins with all coefficients and ends with those kept.

    Raises UsageError (bad_option, unmatched_rule, bad_tensor); the module is as it was then.
    """
    size = checked_goal(budget, rate_weight, steps)
    if kept is not None and not 0 < kept <= 1:
        raise UsageError(Code.BAD_OPTION, f"A share of {kept!r} cannot be kept; more than 0 and at most 1 can.")
    chosen = selected(module, rules)
    least = least_bytes(module, chosen)
    if size is not None and least > size:
        raise UsageError(
            Code.BAD_OPTION,
            f"A budget of {size} bytes cannot be met: without any coefficient the file has {least}, for its index and "
            f"for what is stored exactly. Ask for more, or for fewer tensors (biases, norms, statistics).",
        )
    counts: Sequence[int | None] = [None] * len(chosen)
    if kept is not None:
        chosen = [one if one.kept is not None else replace(one, kept=float(kept)) for one in chosen]
    elif size is not None:
        counts = counts_of_budget(chosen, size)
    made: list[Frequencies] = []
    for one, count in zip(chosen, counts, strict=True):
        if count is None and one.kept is None and one.axes:
            raise UsageError(Code.BAD_OPTION, f"How much of {one.name} is kept? Say budget=, kept= or a rule's kept=.")
        if schedule and isinstance(one.kept, tuple):
            raise UsageError(
                Code.BAD_OPTION, f"A schedule truncates in scan order: give {one.name} a count, not a box."
            )
        region = one.region(count)
        step = _FIRST_STEP if one.axes else _FIRST_VECTOR_STEP
        full = one.whole() if schedule else region
        made.append(Frequencies(one.parameter, one.view, one.axes, full, region.count, step))
    for one, how in zip(chosen, made, strict=True):
        parametrize.register_parametrization(one.owner, one.attribute, how)
    return Regularization(
        module, [one.name for one in chosen], budget=size, rate_weight=rate_weight, steps=steps, schedule=schedule
    )


def checked_goal(budget: int | str | None, rate_weight: float | None, steps: int | None) -> int | None:
    """The bytes of a budget. Raises UsageError (bad_option) for goals that make no sense, alone or together."""
    size = None if budget is None else max(1, parse_size(str(budget)))
    if size is not None and rate_weight is not None:
        raise UsageError(Code.BAD_OPTION, "Give either a budget or the weight of a byte.")
    if rate_weight is not None and not 0 <= rate_weight < inf:
        raise UsageError(Code.BAD_OPTION, f"A byte cannot weigh {rate_weight!r} in the loss; 0 or more it can.")
    if (size is not None or rate_weight is not None) and not (steps and steps > 0):
        raise UsageError(Code.BAD_OPTION, "Training for bytes must know how long it is: say steps=, optimizer steps.")
    return size
