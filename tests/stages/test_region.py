"""Kept regions against their definition."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import regions, shapes

from frcodec.stages.region import Box, Scan, scan_places


def _naive(shape):
    """All positions by index sum, equal sums lexicographically."""
    return sorted(product(*map(range, shape)), key=lambda place: (sum(place), place))


@example(shape=(), data=None)
@example(shape=(0, 3), data=None)
@example(shape=(1, 1, 1), data=None)
@given(shape=shapes(max_size=300), data=st.data())
def test_scan_order_is_the_naive_sort(shape, data):
    size = prod(shape)
    for count in {0, size, size // 2, min(size, 1), data.draw(st.integers(0, size)) if data else size}:
        box, places = scan_places(shape, count)
        found = [tuple(int(i) for i in np.unravel_index(place, box)) for place in places]
        assert found == _naive(shape)[:count]
        assert all(k <= n for k, n in zip(box, shape, strict=True))


@given(st.data())
def test_what_is_gathered_is_scattered_back(data):
    shape = data.draw(shapes(max_size=300))
    region = data.draw(regions(shape))
    tensor = np.arange(1, prod(shape) + 1, dtype=np.int32).reshape(shape)
    levels = region.gather(tensor)
    assert levels.shape == (region.count,) == (prod(region.level_shape()),)
    box = region.scatter(levels, shape)
    whole = np.zeros(shape, np.int32)
    whole[tuple(slice(0, k) for k in box.shape)] = box
    assert sorted(whole[whole > 0]) == sorted(levels)
    assert np.array_equal(whole[whole > 0], tensor[whole > 0])
    if isinstance(region, Box):
        assert np.array_equal(levels, tensor[tuple(slice(0, k) for k in region.kept)].reshape(-1))
    else:
        assert levels.tolist() == [int(tensor[place]) for place in _naive(shape)[: region.count]]


def test_a_prefix_needs_no_box_beyond_its_last_sum():
    """A few positions of a huge tensor cost neither memory nor time."""
    shape = (1 << 13, 1 << 13, 3, 3)
    assert scan_places(shape, 1)[0] == (1, 1, 1, 1)
    assert scan_places(shape, 5)[0] == (2, 2, 2, 2)
    box = Scan(759).scatter(np.ones(759, np.int32), shape)
    assert box.sum() == 759
    assert box.size < 5000


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_long_axes_cost_nothing(count):
    box, places = scan_places((1 << 40, 1), count)
    assert box == (max(count, 1), 1) or count == 0
    assert places.tolist() == list(range(count))
