"""The choice of transform and region: smooth axes are transformed, noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from frcodec.encoder.choose import best_region, best_transform, smallest_box
from frcodec.stages.region import Box, Scan
from frcodec.stages.transform import Transform

RANDOM = np.random.default_rng(3)


def _smooth(shape, axes):
    """Random walks along these axes, of unit power."""
    values = RANDOM.normal(size=shape)
    for axis in axes:
        values = np.cumsum(values, axis=axis)
    values -= values.mean(axis=tuple(axes), keepdims=True)
    return values / values.std()


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((200, 64), (0,)),
        ((64, 200), (1,)),
        ((40, 30, 7, 7), (2, 3)),
        ((40, 7, 7, 30), (1, 2)),
        ((100, 20, 64), (2,)),
    ],
)
def test_smooth_axes_are_transformed(shape, axes):
    transform = best_transform(_smooth(shape, axes), 0.2)
    assert set(transform.axes) >= set(axes)


@pytest.mark.parametrize("shape", [(200, 128), (64, 32, 3, 3), (5000,), (100, 20, 64)])
@pytest.mark.parametrize("step", [0.05, 0.5])
def test_noise_is_left_alone(shape, step):
    assert best_transform(RANDOM.normal(size=shape), step) == Transform()


def test_axes_that_are_too_long_are_transformed_in_blocks():
    transform = best_transform(_smooth((8, 6000), (1,)), 0.1)
    assert transform.axes == (1,)
    assert transform.block


@pytest.mark.parametrize("shape", [(), (0, 5), (1, 1, 1), (3,)])
def test_tensors_with_nothing_to_choose(shape):
    assert best_transform(np.ones(shape), 0.5) == Transform()


def test_the_smallest_box_holds_all_levels():
    levels = np.zeros((5, 6, 7), np.int32)
    levels[1, 4, 0] = levels[2, 0, 3] = 1
    assert smallest_box(levels) == Box((3, 5, 4))
    assert smallest_box(np.zeros((3, 4), np.int32)) == Box((0, 0))
    assert smallest_box(np.array(7, np.int32)) == Box(())


def test_a_triangle_of_coefficients_is_a_scan_and_a_rectangle_a_box():
    sums = np.indices((40, 40)).sum(axis=0)
    noise = RANDOM.normal(size=(40, 40)) * 6
    for region, kept in ((Scan, sums < 20), (Box, np.indices((40, 40)).max(axis=0) < 20)):
        scaled = np.where(kept, noise, 0)
        levels = np.rint(scaled).astype(np.int32)
        chosen = best_region(levels, scaled)
        assert isinstance(chosen, region)
        assert np.abs(chosen.gather(levels)).sum() == np.abs(levels).sum()
