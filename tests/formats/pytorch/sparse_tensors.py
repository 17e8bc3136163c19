"""Sparse tensors of low frequencies, for the tests of published files."""

from __future__ import annotations

import itertools

import numpy as np
import torch

LIMIT = 1 << 30


def scan(shape, count):
    """The first positions of the scan, by definition."""
    return sorted(itertools.product(*map(range, shape)), key=lambda p: (sum(p), p))[:count]


def sparse(positions, values, shape, **how):
    axes = len(positions[0]) if len(positions) else len(shape)
    indices = torch.tensor(np.array(positions, np.int64).reshape(-1, axes).T)
    return torch.sparse_coo_tensor(indices, torch.as_tensor(values), shape, check_invariants=False, **how)
