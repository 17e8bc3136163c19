"""Reports of an encoding: sizes, steps and errors of every tensor and of the whole model."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np

from ..measure import compare, decibels
from ..notebook import html_table
from ..stages.spectral import DctTensor
from ..stages.steps import step_of
from ..stages.transform import Transform
from ..units import format_size

if TYPE_CHECKING:
    from .decide import Decision
    from .prepare import PreparedTensor


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
    """lengths of a box, length of a scan prefix, or None without levels"""
    step: float | None = None
    """in units of the weights; None without levels and for 8-bit integers"""
    size: float = 0.0
    """coded bytes; of a shared stream the share by number of levels or, without levels, of elements"""
    snr: float | None = None
    """dB, infinite where nothing is lost; None for views"""
    max_error: float | None = None
    """largest absolute error; None for views, and for coefficients that were rounded"""

    @property
    def levels(self) -> int:
        """Number of levels, 0 without any."""
        return self.kept if isinstance(self.kept, int) else prod(self.kept) if self.kept is not None else 0


@dataclass(frozen=True, slots=True, repr=False)
class EncodeReport:
    """How a model was coded."""

    tensors: list[TensorReport]
    """of all entries, in the model's order"""
    file_bytes: int
    """of the .frc file; predicted in a dry run"""
    source_bytes: int
    """of the model file, or of the tensors if there is no such file"""
    snr: float | None
    """dB over all lossy weights except biases, norms and other vectors; None without any"""
    warnings: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<EncodeReport: {self._summary()}>"

    def _repr_html_(self) -> str:
        columns = ("name", "dtype", "shape", "coding", "bytes", "SNR dB")
        return html_table(f"EncodeReport: {self._summary()}", columns, [_cells(tensor) for tensor in self.tensors])

    def _summary(self) -> str:
        parts = [f"{len(self.tensors):,} tensor{'' if len(self.tensors) == 1 else 's'}"]
        parts.append(f"{format_size(self.file_bytes)} of {format_size(self.source_bytes)}")
        parts += [f"SNR {self.snr:.2f} dB"] if self.snr is not None else []
        parts += [f"{len(self.warnings)} warning{'' if len(self.warnings) == 1 else 's'}"] if self.warnings else []
        return ", ".join(parts)


def _cells(tensor: TensorReport) -> tuple[str, ...]:
    shape = " × ".join(map(str, tensor.shape)) or "scalar"
    size = "" if tensor.coding == "view" else f"{tensor.size:,.0f}"
    snr = "" if tensor.snr is None else "∞" if tensor.snr == inf else f"{tensor.snr:.1f}"
    return tensor.name, tensor.dtype, shape, tensor.coding, size, snr


@dataclass(frozen=True, slots=True)
class MeasuredTensor:
    """A report, and the tensor's part in the signal-to-noise ratio of the model."""

    report: TensorReport
    energy: float = 0.0
    """sum of squares; 0 for vectors and lossless tensors"""
    noise: float = 0.0
    """sum of squared errors; 0 for vectors and lossless tensors"""


def measure(prepared: PreparedTensor, size: float) -> MeasuredTensor:
    """Report a tensor that takes `size` bytes of its stream."""
    tensor = prepared.plan.tensor
    if prepared.decision is None:
        return MeasuredTensor(
            TensorReport(tensor.name, str(tensor.dtype), tensor.shape, "lossless", size=size, snr=inf, max_error=0.0)
        )
    layer = prepared.decision.layer
    energy, noise, max_error = _errors(prepared, prepared.decision)
    report = TensorReport(
        tensor.name,
        str(tensor.dtype),
        tensor.shape,
        "levels",
        layer.transform,
        kept=layer.region.kept,
        step=None if layer.integer else step_of(layer.step),
        size=size,
        snr=decibels(energy, noise),
        max_error=max_error,
    )
    return MeasuredTensor(report) if prepared.plan.vector else MeasuredTensor(report, energy, noise)


def _errors(prepared: PreparedTensor, decision: Decision) -> tuple[float, float, float | None]:
    """Energy, squared error and largest error of a tensor coded as levels."""
    tensor = prepared.plan.tensor
    if isinstance(tensor, DctTensor):  # errors of the coefficients: the elements were never given
        return float(np.square(tensor.coefficients).sum()), decision.noise, None if decision.noise else 0.0
    if decision.layer.integer:
        return 0.0, 0.0, 0.0
    errors = compare(tensor.array(), prepared.decoded, tensor.dtype)
    return errors.energy, errors.noise, errors.max_error
