"""Measures how errors in a module's weights change its output, with sample inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..constants import Code
from ..encoder.calibration import Calibration, Sensitivity
from ..errors import UsageError
from .entries import import_torch
from .module import check_module

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .moments import Moments

_SEED = 20
"""of the random signs: the same inputs give the same calibration"""


def calibrate(module: nn.Module, inputs: Iterable[Any], *, projections: int = 2) -> Calibration:
    """Measure the sensitivity of a module's output (TorchScript included) to errors in its weights.

    Every input is a batch: a tensor, a tuple of arguments or a dictionary of keyword arguments. A few dozen
    representative samples are enough. Each batch is run forward once and backward once per projection: the squared
    gradient of the outputs' sum with random signs is, in expectation, the squared change of all outputs (Hutchinson's
    estimator).

    The module should be in evaluation mode; it and its gradients are left unchanged. Raises UsageError (bad_option) if
    there is no input, an input does not fit, or no output depends on the weights; UnsupportedError (needs_torch).
    """
    check_module(module)
    torch = import_torch()
    from .moments import Moments

    weights = {
        name: tensor
        for name, tensor in module.state_dict(keep_vars=True).items()
        if tensor.ndim >= 2 and tensor.is_floating_point()
    }
    before = {name: (weight.requires_grad, weight.grad) for name, weight in weights.items()}
    moments, rows = Moments(weights), {name: np.zeros(weight.shape[0]) for name, weight in weights.items()}
    signal, batches = 0.0, 0
    signs = torch.Generator().manual_seed(_SEED)
    try:
        for weight in weights.values():
            weight.requires_grad_()
        with torch.enable_grad(), _plain_operations(torch):
            for batch in inputs:
                outputs = _outputs(_run(module, batch, moments))
                signal += sum(_variation(output) for output in outputs)
                batches += 1
                for number in range(projections):
                    last = number == projections - 1
                    _add_squares(rows, weights, _gradients(outputs, weights, signs, keep=not last))
    finally:
        for name, weight in weights.items():
            needed, gradient = before[name]
            weight.requires_grad_(needed)
            weight.grad = gradient
    if not batches:
        raise UsageError(Code.BAD_OPTION, "There is no calibration input.")
    tensors = {
        name: Sensitivity(rows[name] / projections, _scaled(moments.sums.get(name)))
        for name in weights
        if rows[name].any()
    }
    return Calibration(signal, tensors)


@contextmanager
def _plain_operations(torch: Any) -> Iterator[None]:
    """Without oneDNN, whose fused operations hide the inputs of weights from `Moments`."""
    before = torch.backends.mkldnn.enabled
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


def _run(module: nn.Module, batch: Any, moments: Moments) -> Any:
    """The module's output for a batch, with its moments recorded. Raises UsageError for whatever the module raises."""

    def call() -> Any:
        if isinstance(batch, Mapping):
            return module(**batch)
        return module(*batch) if isinstance(batch, tuple | list) else module(batch)

    try:
        with moments:
            return call()
    except Exception:
        try:
            return call()  # not recorded: TorchScript then reports the cause
        except Exception as error:
            raise UsageError(
                Code.BAD_OPTION, f"The module does not take a calibration input: {cause(error)}"
            ) from error


def cause(error: Exception) -> str:
    """A library's exception in one sentence; TorchScript's last line is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    line = lines[-1] if "TorchScript interpreter" in lines[0] else lines[0]
    return line.removeprefix("RuntimeError: ").split(". ")[0].rstrip(".") + "."


def _outputs(result: Any) -> list[Tensor]:
    """All floating-point tensors that require gradients in a nested output."""
    if hasattr(result, "is_floating_point"):
        return [result] if result.is_floating_point() and result.requires_grad else []
    parts = result.values() if isinstance(result, Mapping) else result if isinstance(result, tuple | list) else ()
    return [tensor for part in parts for tensor in _outputs(part)]


def _variation(output: Tensor) -> float:
    """Sum of squared deviations from the mean over the batch; in a batch of one, from the mean of all elements."""
    values = output.detach().double()
    mean = values.mean(0) if values.ndim and len(values) > 1 else values.mean()
    return float(((values - mean) ** 2).sum())


def _gradients(outputs: list[Tensor], weights: Mapping[str, Tensor], signs: Any, *, keep: bool) -> list[Tensor | None]:
    """Gradients of the outputs' sum with random signs, by weight; None where no output depends on it."""
    torch = import_torch()
    if not outputs:
        raise UsageError(Code.BAD_OPTION, "No output of the module is a tensor that depends on its weights.")
    directions = []
    for output in outputs:
        sign = torch.randint(0, 2, output.shape, generator=signs) * 2 - 1
        directions.append(sign.to(device=output.device, dtype=output.dtype))
    gradients: list[Tensor | None] = list(
        torch.autograd.grad(
            outputs, list(weights.values()), grad_outputs=directions, retain_graph=keep, allow_unused=True
        )
    )
    return gradients


def _add_squares(rows: Mapping[str, Any], weights: Mapping[str, Tensor], gradients: list[Tensor | None]) -> None:
    """Add the mean square of each row's gradients to `rows`."""
    for name, gradient in zip(weights, gradients, strict=True):
        if gradient is not None:
            squares = gradient.detach().double().square()
            rows[name][...] += squares.reshape(len(squares), -1).mean(1).cpu().numpy()


def _scaled(moments: Tensor | None) -> Any:
    """Moments [columns, columns] scaled to a mean diagonal of 1; None where they are unknown or zero."""
    if moments is None or not (mean := float(moments.diagonal().mean())) > 0:
        return None
    return (moments / mean).cpu().numpy()
