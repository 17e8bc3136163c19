"""Saving and loading in memory, and comparing arrays bit for bit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from frcodec import EncodeReport, Options, load_file, save_file


def saved(
    tensors: Mapping[str, np.ndarray], *, threads: int = 1, metadata: Mapping[str, str] | None = None, **options: Any
) -> bytes:
    """The file of these tensors; keywords are options."""
    return saved_with_report(tensors, threads=threads, metadata=metadata, **options)[0]


def saved_with_report(
    tensors: Mapping[str, np.ndarray], *, threads: int = 1, metadata: Mapping[str, str] | None = None, **options: Any
) -> tuple[bytes, EncodeReport]:
    """The file and its report."""
    out = io.BytesIO()
    report = save_file(tensors, out, options=Options(**options), threads=threads, metadata=metadata)
    assert report.file_bytes == len(out.getvalue())
    return out.getvalue(), report


def again(tensors: Mapping[str, np.ndarray], **options: Any) -> dict[str, np.ndarray]:
    """Save tensors and load them again; keywords are options."""
    return load_file(saved(tensors, **options))


def bits(array: np.ndarray) -> bytes:
    """The little-endian bytes of an array in C order."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def identical(first: np.ndarray, second: np.ndarray) -> bool:
    """Same shape, element type and bits, whatever the layout and byte order."""
    return first.shape == second.shape and first.dtype.name == second.dtype.name and bits(first) == bits(second)


def decibels(before: np.ndarray, after: np.ndarray) -> float:
    """Signal-to-noise ratio."""
    signal, noise = before.astype(np.float64), before.astype(np.float64) - after.astype(np.float64)
    return float(10 * np.log10((signal**2).sum() / (noise**2).sum()))


def network(seed: int = 0, dtype: str = "float32") -> dict[str, np.ndarray]:
    """Tensors such as a small convolutional network has, rows of different scale, with smooth kernels in one layer."""
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(64, 16, 7, 7)), axis=2), axis=3)
    tensors = {
        "conv1.weight": smooth / smooth.std() * 0.1,
        "conv1.bias": rng.normal(size=64) * 0.01,
        "bn1.weight": 1 + 0.1 * rng.normal(size=64),
        "bn1.running_mean": rng.normal(size=64),
        "bn1.running_var": rng.gamma(0.3, size=64) + 1e-9,
        "conv2.weight": rng.normal(size=(48, 64, 3, 3)) * np.exp(rng.normal(size=(48, 1, 1, 1))) * 0.05,
        "fc.weight": rng.laplace(size=(100, 192)) * 0.02,
        "fc.bias": np.zeros(100),
        "head.weight": rng.normal(size=(10, 100)) * 0.1,
    }
    weights = {name: tensor.astype(dtype) for name, tensor in tensors.items()}
    return weights | {"bn1.num_batches_tracked": np.array(1234, np.int64)}
