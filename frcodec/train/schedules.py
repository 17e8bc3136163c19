"""Schedules of truncation: how many coefficients a tensor keeps in the course of training.

A schedule gives the share of the coefficients that are kept, 1 or less, down to a tensor's floor.

    geometric    share ← share - drop · (share - floor)        (Zhao et al., "Frequency regularization", 2023)
    log-linear   share = floor^(step / steps)
    direct       share = floor
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..constants import Code
from ..errors import UsageError


class Schedule(Protocol):
    """Share of the coefficients kept at each step."""

    def share(self, step: int, floor: float) -> float:
        """Share, `floor` … 1, kept at step 0, 1, … of a tensor whose final share is `floor`."""


@dataclass(frozen=True, slots=True)
class Geometric:
    """The distance to the floor shrinks by the same factor in every step, as in the paper."""

    drop: float
    """share of the distance dropped in a step, above 0, at most 1"""

    def __post_init__(self) -> None:
        if not 0 < self.drop <= 1:
            raise UsageError(
                Code.BAD_OPTION,
                f"A share of {self.drop:g} cannot be dropped in a step; allowed are more than 0 and at most 1.",
            )

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return float(floor + (1 - floor) * (1 - self.drop) ** step)


@dataclass(frozen=True, slots=True)
class LogLinear:
    """The logarithm of the share falls linearly."""

    steps: int
    """until the floor is reached, at least 1"""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(Code.BAD_OPTION, f"A schedule cannot have {self.steps} steps; it needs at least 1.")

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return float(floor ** min(1.0, step / self.steps))


@dataclass(frozen=True, slots=True)
class Direct:
    """The floor from the first step."""

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return floor
