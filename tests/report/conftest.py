"""Tensors to make files of."""

from __future__ import annotations

import numpy as np
import pytest

from frcodec.tensors import Entry, View, from_array


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """A convolution, a bias, half-precision weights and a counter."""
    random = np.random.default_rng(3)
    return {
        "conv.weight": random.standard_normal((16, 8, 3, 3)).astype("<f4"),
        "conv.bias": random.standard_normal(16).astype("<f4"),
        "head.weight": random.standard_normal((64, 80)).astype("<f2"),
        "steps": np.array(7, "<i8"),
    }


@pytest.fixture
def tied() -> tuple[list[Entry], dict[str, np.ndarray]]:
    """Entries with a transposed view, a payload without a name and views of it; and the arrays they mean."""
    random = np.random.default_rng(4)
    weight = random.standard_normal((40, 30)).astype("<f4")
    hidden = random.standard_normal((20, 30)).astype("<f4")
    entries: list[Entry] = [
        from_array("weight", weight),
        View("weight.T", 0, 0, (30, 40), (1, 30)),
        from_array("", hidden),
        View("upper", 2, 0, (10, 30), (30, 1)),
        View("lower", 2, 300, (10, 30), (30, 1)),
    ]
    return entries, {"weight": weight, "weight.T": weight.T.copy(), "upper": hidden[:10], "lower": hidden[10:]}
