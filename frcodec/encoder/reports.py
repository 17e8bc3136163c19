"""The report of an encoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod

from ..notebook import html_table
from ..stages.transform import Transform
from ..units import format_size


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


@dataclass(frozen=True, slots=True, repr=False)
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
