"""Frequency regularization: torch networks trained as a few DCT coefficients, for small files."""

from __future__ import annotations

from .extras import dense, distillation_loss, fold_batch_norms, without_statistics
from .published import import_frereg
from .regularization import Regularization
from .regularize import regularize
from .schedules import Direct, Geometric, LogLinear, Schedule
from .selection import Rule

__all__ = [
    "Direct", "Geometric", "LogLinear", "Regularization", "Rule", "Schedule", "dense", "distillation_loss",
    "fold_batch_norms", "import_frereg", "regularize", "without_statistics",
]  # fmt: skip
