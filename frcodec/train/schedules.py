"""How many coefficients a tensor keeps in the course of training: the truncation of the tail, stepped explicitly.

A schedule gives the share of the coefficients that are kept, from 1 at the first step to a tensor's floor.

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
    """A course of truncation."""

    def share(self, step: int, floor: float) -> float:
        """Share kept at a step, 0, 1, …, of a tensor whose smallest share is `floor`."""


@dataclass(frozen=True, slots=True)
class Geometric:
    """The paper's: what is above the floor shrinks by the same factor in every step."""

    drop: float
    """share of what is above the floor that is dropped in a step, 0 … 1"""

    def __post_init__(self) -> None:
        if not 0 < self.drop <= 1:
            raise UsageError(Code.BAD_OPTION, f"A share of {self.drop:g} cannot be dropped in a step; 0 to 1 can.")

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return float(floor + (1 - floor) * (1 - self.drop) ** step)


@dataclass(frozen=True, slots=True)
class LogLinear:
    """The logarithm of the share falls evenly."""

    steps: int
    """after which the floor is reached"""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(Code.BAD_OPTION, f"A schedule of {self.steps} steps is none; 1 is the least.")

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return float(floor ** min(1.0, step / self.steps))


@dataclass(frozen=True, slots=True)
class Direct:
    """The floor from the start."""

    def share(self, step: int, floor: float) -> float:
        """See `Schedule`."""
        return floor
