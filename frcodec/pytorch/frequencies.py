"""A tensor as trained frequencies: the parametrization that `regularize` puts on a module's parameter.

    points = coefficients / step,   weight = gain · step · IDCT(points)

A file stores rounded points. Training sees uniform noise of one step in place of the rounding (Ballé et al.,
"End-to-end optimized image compression", 2017), later the rounding itself with the gradient passed straight through.
Evaluation sees what a file decodes to, bit for bit.
"""

from __future__ import annotations

from math import exp, log, prod, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..constants import MAX_LEVEL, MIN_FRACTION_BITS, Code
from ..errors import UsageError
from ..stages.region import Box, Region, scan_places
from ..stages.spectral import DctTensor
from ..stages.steps import MAX_CODE, code_near, step_of
from ..stages.transform import Transform, energy, fraction_bits
from ..tensors import DTYPES, raw_bytes
from .basis import forward, inverse

Ints: TypeAlias = npt.NDArray[np.int32]


class Frequencies(nn.Module):
    """What a parameter is made of: the coefficients of a kept region, and a step.

    Trained are the coefficients [count], in the order of their index sums and in units of `gain`, which torch's
    parametrization holds as `original`, and `log_step`, the logarithm of the step in the same unit.
    """

    places: Tensor
    """of the coefficients in the box"""
    file_order: Tensor
    """where among the coefficients the levels of a file are"""

    def __init__(
        self, weight: Tensor, view: tuple[int, ...], axes: tuple[int, ...], region: Region, floor: int, step: float
    ) -> None:
        """For a tensor like `weight`, seen with the shape `view` and transformed along `axes`.

        Truncation leaves `floor` coefficients. `step` is the first one, of coefficients of root mean square 1.
        """
        super().__init__()
        self.shape, self.view, self.axes, self.region = tuple(weight.shape), view, axes, region
        self.box, places = _by_index_sum(view, region)
        self.register_buffer("places", torch.from_numpy(places).to(weight.device), persistent=False)
        order = np.argsort(places) if isinstance(region, Box) else np.arange(region.count)
        self.register_buffer("file_order", torch.from_numpy(order).to(weight.device), persistent=False)
        self.floor, self.kept = floor, region.count
        """coefficients in use; those behind are zero"""
        self.noisy = True
        """whether training sees noise, or the rounding itself"""
        self.fixed: int | None = None
        """the final step code; None while the step is learned"""
        rms = float(weight.detach().double().square().mean().sqrt()) or 1.0
        self.gain = rms * sqrt(weight.numel() / region.count)
        self.log_step = nn.Parameter(torch.tensor(log(step), device=weight.device, dtype=weight.dtype))
        self._decoded: tuple[tuple[object, ...], Ints, Tensor] | None = None

    def right_inverse(self, weight: Tensor) -> Tensor:
        """The kept coefficients of a dense tensor, scaled to the energy of all of them."""
        spectrum = forward(weight.detach().double().reshape(self.view), self.axes)
        found = spectrum[tuple(slice(0, k) for k in self.box)].reshape(-1)[self.places]
        rms = found.square().mean().sqrt()
        return (found / (rms if rms > 0 else 1.0)).to(weight.dtype)

    def forward(self, coefficients: Tensor) -> Tensor:
        """The dense weight: in training a differentiable one, in evaluation what a file decodes to."""
        if self.training:
            return self._dense(coefficients)
        exact: Tensor = self.decoded(coefficients)
        if torch.is_grad_enabled() and coefficients.requires_grad:
            exact = _Exactly.apply(self._dense(coefficients), exact)  # type: ignore[no-untyped-call]
        return exact

    def points(self, coefficients: Tensor) -> Tensor:
        """Coefficients in steps [kept], with noise or rounded, as training or evaluation sees them.

        They are in single precision at least, as half would not hold large ones.
        """
        exact = self._scaled(coefficients)
        if self.training and self.noisy:
            return exact + (torch.rand_like(exact) - 0.5)
        return exact + (torch.round(exact) - exact).detach()

    def priced(self, coefficients: Tensor) -> Tensor:
        """Points in file order [count] as their rate is differentiated: noisy, or not rounded.

        Where a rounded point is zero the price has no slope, and coefficients would wander about unpriced.
        """
        return self.in_file_order(self.points(coefficients) if self.noisy else self._scaled(coefficients))

    def in_file_order(self, points: Tensor) -> Tensor:
        """Points [kept] as a file has them [count], with zeros for the coefficients that are out of use."""
        missing = points.new_zeros(self.region.count - self.kept)
        return torch.cat([points, missing])[self.file_order]

    def levels(self, coefficients: Tensor) -> Ints:
        """The integers of a file [count], by the step of the file, which is one of 256 between powers of two.

        Raises UsageError (bad_tensor) where they are not numbers, or too large for the format's exact transform.
        """
        with torch.no_grad():
            step = torch.zeros_like(self._step()) + step_of(self.code()) / self.gain
            points = torch.round(coefficients[: self.kept].to(step.dtype) / step)
            found = self.in_file_order(points).cpu().numpy()
        largest = float(np.abs(found).max(initial=0.0))
        if largest <= MAX_LEVEL:
            result: Ints = found.astype(np.int32)
            if fraction_bits(energy(result)) >= MIN_FRACTION_BITS:
                return result
        raise UsageError(
            Code.BAD_TENSOR,
            f"A regularized tensor of shape {self.shape} has coefficients of {largest:.3g} steps, more than a file "
            f"holds: its training has diverged. Go back to a checkpoint, and use a smaller learning rate.",
        )

    def code(self) -> int:
        """Step code of a file."""
        if self.fixed is not None:
            return self.fixed
        return code_near(self.gain * exp(min(80.0, self.log_step.item())))

    def fix(self, grid: int) -> None:
        """End the learning of the step: from now on it is the nearest whose code is a multiple of `grid`."""
        self.noisy = False
        self.fixed = min(round(self.code() / grid) * grid, MAX_CODE)

    def spectral(self, name: str, coefficients: Tensor) -> DctTensor:
        """The tensor as a file stores it."""
        code = self.code()
        values = self.levels(coefficients).astype(np.float64) * step_of(code)
        dtype = DTYPES[str(coefficients.dtype).removeprefix("torch.")]
        return DctTensor(name, dtype, self.view, b"", Transform(self.axes), self.region, values, code)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def decoded(self, coefficients: Tensor) -> Tensor:
        """The weight that a file decodes to, computed once for as long as nothing changes."""
        levels, made = self.levels(coefficients), (self.code(), coefficients.dtype, coefficients.device)
        if self._decoded is None or self._decoded[0] != made or not np.array_equal(self._decoded[1], levels):
            content = bytearray(raw_bytes(self.spectral("", coefficients).array()))
            with torch.inference_mode(False):
                weight = torch.frombuffer(content, dtype=coefficients.dtype).reshape(self.shape)
                self._decoded = made, levels, weight.to(coefficients.device)
        return self._decoded[2]

    def get_extra_state(self) -> dict[str, Any]:
        """What a checkpoint holds beside the parameters."""
        return {"gain": self.gain, "kept": self.kept, "noisy": self.noisy, "fixed": self.fixed}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Inverse of `get_extra_state`."""
        self.gain, self.kept = state["gain"], state["kept"]
        self.noisy, self.fixed = state["noisy"], state["fixed"]

    def _scaled(self, coefficients: Tensor) -> Tensor:
        """Coefficients in steps [kept], exactly."""
        step = self._step()
        return coefficients[: self.kept].to(step.dtype) / step

    def _step(self) -> Tensor:
        """The step in units of the gain, in single precision at least."""
        log_step = self.log_step.to(torch.promote_types(self.log_step.dtype, torch.float32))
        if self.fixed is None:
            return torch.exp(log_step)
        return log_step * 0 + step_of(self.fixed) / self.gain  # in the graph, as distributed training asks for

    def _dense(self, coefficients: Tensor) -> Tensor:
        with torch.autocast(coefficients.device.type, enabled=False):
            values = self.points(coefficients) * (self.gain * self._step())
            box = values.new_zeros(prod(self.box)).index_copy(0, self.places[: self.kept], values)
            dense = inverse(box.reshape(self.box), self.view, self.axes).reshape(self.shape)
            return dense.to(coefficients.dtype)


class _Exactly(torch.autograd.Function):
    """The second argument, with the gradient of the first."""

    @staticmethod
    def forward(ctx: Any, dense: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def _by_index_sum(view: tuple[int, ...], region: Region) -> tuple[tuple[int, ...], npt.NDArray[np.intp]]:
    """A box that holds the region, and the places of its positions in the box by ascending index sum."""
    if isinstance(region, Box):
        return scan_places(region.kept, region.count)
    return scan_places(view, region.count)
