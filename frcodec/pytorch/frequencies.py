"""The parametrization that `regularize` puts on a parameter: a weight as the inverse DCT of trained coefficients.

    points = coefficients / step,   weight = gain · step · IDCT(points)

A file stores rounded points. Training first replaces the rounding by uniform noise of one step (Ballé et al.,
"End-to-end optimized image compression", 2017), later rounds with a straight-through gradient. Evaluation uses the
weight that a file decodes to, bit for bit.
"""

from __future__ import annotations

from math import exp, log, prod, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..constants import MAX_LEVEL, Code
from ..errors import UsageError
from ..stages.region import Box, Region, scan_places
from ..stages.spectral import DctTensor
from ..stages.steps import MAX_CODE, code_near, step_of
from ..stages.transform import Transform, invertible
from ..tensors import DTYPES, raw_bytes
from .basis import forward, inverse

Ints: TypeAlias = npt.NDArray[np.int32]


class Frequencies(nn.Module):
    """A parameter as the coefficients of a kept region, and their step.

    Trained are the coefficients [count], by ascending index sum and in units of `gain`, which torch's parametrization
    holds as `original`, and `log_step`, the natural logarithm of the step in the same unit.
    """

    places: Tensor
    """flat positions of the coefficients in the box [count]"""
    file_order: Tensor
    """index of the coefficient of each level of a file [count]"""

    def __init__(
        self, weight: Tensor, view: tuple[int, ...], axes: tuple[int, ...], region: Region, floor: int, step: float
    ) -> None:
        """For a tensor like `weight`, reshaped to `view` and transformed along `axes`.

        Truncation leaves at least `floor` coefficients. `step` is the initial step, for a root mean square of 1.
        """
        super().__init__()
        self.shape, self.view, self.axes, self.region = tuple(weight.shape), view, axes, region
        self.box, places = _by_index_sum(view, region)
        self.register_buffer("places", torch.from_numpy(places).to(weight.device), persistent=False)
        order = np.argsort(places) if isinstance(region, Box) else np.arange(region.count)
        self.register_buffer("file_order", torch.from_numpy(order).to(weight.device), persistent=False)
        self.floor, self.kept = floor, region.count
        """`kept`: coefficients in use; those beyond are zero"""
        self.noisy = True
        """whether training adds noise instead of rounding"""
        self.fixed: int | None = None
        """the final step code; None while the step is learned"""
        rms = float(weight.detach().double().square().mean().sqrt()) or 1.0
        self.gain = rms * sqrt(weight.numel() / region.count)
        self.log_step = nn.Parameter(torch.tensor(log(step), device=weight.device, dtype=weight.dtype))
        self._decoded: tuple[tuple[object, ...], Ints, Tensor] | None = None

    def right_inverse(self, weight: Tensor) -> Tensor:
        """The kept coefficients [count] of a dense tensor, scaled to a root mean square of 1."""
        spectrum = forward(weight.detach().double().reshape(self.view), self.axes)
        kept = spectrum[tuple(slice(0, k) for k in self.box)].reshape(-1)[self.places]
        rms = kept.square().mean().sqrt()
        return (kept / (rms if rms > 0 else 1.0)).to(weight.dtype)

    def forward(self, coefficients: Tensor) -> Tensor:
        """The dense weight: differentiable in training, bit for bit that of a file in evaluation."""
        if self.training:
            return self._dense(coefficients)
        exact: Tensor = self.decoded(coefficients)
        if torch.is_grad_enabled() and coefficients.requires_grad:
            exact = _StraightThrough.apply(self._dense(coefficients), exact)  # type: ignore[no-untyped-call]
        return exact

    def points(self, coefficients: Tensor) -> Tensor:
        """Coefficients in steps [kept], with noise in training or else rounded.

        In single precision at least: half precision does not hold large ones.
        """
        scaled = self._scaled(coefficients)
        if self.training and self.noisy:
            return scaled + (torch.rand_like(scaled) - 0.5)
        return scaled + (torch.round(scaled) - scaled).detach()

    def rate_points(self, coefficients: Tensor) -> Tensor:
        """Points in file order [count] for the differentiable rate: noisy, or not rounded.

        The rate has no slope at a rounded point of zero, so small coefficients would drift.
        """
        return self.in_file_order(self.points(coefficients) if self.noisy else self._scaled(coefficients))

    def in_file_order(self, points: Tensor) -> Tensor:
        """Points [kept] in the order of a file [count], with zeros for truncated coefficients."""
        missing = points.new_zeros(self.region.count - self.kept)
        return torch.cat([points, missing])[self.file_order]

    def levels(self, coefficients: Tensor) -> Ints:
        """The integers of a file [count], int32, at the step of the file, which is rounded to a step code.

        Raises UsageError (bad_tensor) if they are not finite, or too large for the format's exact transform.
        """
        with torch.no_grad():
            step = torch.zeros_like(self._step()) + step_of(self.code()) / self.gain
            points = torch.round(coefficients[: self.kept].to(step.dtype) / step)
            ordered = self.in_file_order(points).cpu().numpy()
        largest = float(np.abs(ordered).max(initial=0.0))
        if largest <= MAX_LEVEL:
            result: Ints = ordered.astype(np.int32)
            if invertible(result):
                return result
        raise UsageError(
            Code.BAD_TENSOR,
            f"A regularized tensor of shape {self.shape} has coefficients of {largest:.3g} steps, more than a file "
            f"can hold: its training has diverged. Return to a checkpoint and use a smaller learning rate.",
        )

    def code(self) -> int:
        """The step code of the file."""
        if self.fixed is not None:
            return self.fixed
        return code_near(self.gain * exp(min(80.0, self.log_step.item())))

    def fix(self, grid: int) -> None:
        """Stop learning the step, and round its code to the nearest multiple of `grid`; training rounds from now on."""
        self.noisy = False
        self.fixed = min(round(self.code() / grid) * grid, MAX_CODE)

    def dct_tensor(self, name: str, coefficients: Tensor) -> DctTensor:
        """The tensor as a file stores it. Raises UsageError (bad_tensor), as `levels` does."""
        code = self.code()
        values = self.levels(coefficients).astype(np.float64) * step_of(code)
        dtype = DTYPES[str(coefficients.dtype).removeprefix("torch.")]
        return DctTensor(name, dtype, self.view, b"", Transform(self.axes), self.region, values, code)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def decoded(self, coefficients: Tensor) -> Tensor:
        """The weight that a file decodes to, cached until the levels, the step, the type or the device change."""
        levels, key = self.levels(coefficients), (self.code(), coefficients.dtype, coefficients.device)
        if self._decoded is None or self._decoded[0] != key or not np.array_equal(self._decoded[1], levels):
            content = bytearray(raw_bytes(self.dct_tensor("", coefficients).array()))
            with torch.inference_mode(False):
                weight = torch.frombuffer(content, dtype=coefficients.dtype).reshape(self.shape)
                self._decoded = key, levels, weight.to(coefficients.device)
        return self._decoded[2]

    def get_extra_state(self) -> dict[str, Any]:
        """State of a checkpoint besides the parameters."""
        return {"gain": self.gain, "kept": self.kept, "noisy": self.noisy, "fixed": self.fixed}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Inverse of `get_extra_state`."""
        self.gain, self.kept = state["gain"], state["kept"]
        self.noisy, self.fixed = state["noisy"], state["fixed"]

    def _scaled(self, coefficients: Tensor) -> Tensor:
        """Coefficients in steps [kept], neither noisy nor rounded."""
        step = self._step()
        return coefficients[: self.kept].to(step.dtype) / step

    def _step(self) -> Tensor:
        """The step in units of the gain, in single precision at least."""
        log_step = self.log_step.to(torch.promote_types(self.log_step.dtype, torch.float32))
        if self.fixed is None:
            return torch.exp(log_step)
        return log_step * 0 + step_of(self.fixed) / self.gain  # distributed training needs every parameter in the graph

    def _dense(self, coefficients: Tensor) -> Tensor:
        """The differentiable weight [shape], in full precision under autocast too."""
        with torch.autocast(coefficients.device.type, enabled=False):
            values = self.points(coefficients) * (self.gain * self._step())
            box = values.new_zeros(prod(self.box)).index_copy(0, self.places[: self.kept], values)
            dense = inverse(box.reshape(self.box), self.view, self.axes).reshape(self.shape)
            return dense.to(coefficients.dtype)


class _StraightThrough(torch.autograd.Function):
    """The value of the second argument, with the gradient of the first."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def _by_index_sum(view: tuple[int, ...], region: Region) -> tuple[tuple[int, ...], npt.NDArray[np.intp]]:
    """The smallest box that holds the region, and the region's flat positions in it by ascending index sum."""
    if isinstance(region, Box):
        return scan_places(region.kept, region.count)
    return scan_places(view, region.count)
