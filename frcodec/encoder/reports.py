"""What encoding tells its caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from ..stages.transform import Transform


@dataclass(frozen=True, slots=True)
class TensorReport:
    """How one entry was coded."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    coding: str
    """"levels", "lossless" or "view" """
    transform: Transform = Transform()
    kept: tuple[int, ...] | int | None = None
    """box, length of a scan prefix, or None where there are no levels"""
    step: float | None = None
    """None where there are no levels or the levels are the elements"""
    size: float = 0.0
    """coded bytes; of a shared stream the share by number of levels, or of elements where there are none"""
    snr: float | None = None
    """dB, infinite where nothing is lost; None for views"""
    max_error: float | None = None
    """largest absolute error; None for views, and where only coefficients were rounded"""

    @property
    def levels(self) -> int:
        """Number of levels, 0 where there are none."""
        return self.kept if isinstance(self.kept, int) else prod(self.kept) if self.kept is not None else 0


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """How a model was coded."""

    tensors: list[TensorReport]
    file_bytes: int
    """of the .frc file; predicted where nothing was written"""
    source_bytes: int
    """of the model file, or of the tensors where there was none"""
    snr: float | None
    """dB over all lossy weights but biases, norms and other vectors; None where there are none"""
    warnings: list[str] = field(default_factory=list)
