"""The inverse transform is made of integers: no order of summation, precision or blocking changes a bit."""

from __future__ import annotations

from fractions import Fraction
from math import fsum, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import BLOCKS, levels, shapes, transforms

from frcodec.constants import BASIS_BITS, MAX_LEVEL, Code
from frcodec.errors import CorruptError
from frcodec.stages import transform
from frcodec.stages.transform import Transform


def _inverse(box, shape, how, fraction, product):
    """The specification's definition with any way to multiply: x is [K, columns], the answer [N, columns]."""
    x = box.astype(object) * (1 << fraction)
    for axis in transform.axis_order(box.shape, shape, how.axes):
        length = shape[axis]
        run = 1 << how.block if how.block else length
        moved = np.moveaxis(x, axis, 0)
        flat = moved.reshape(moved.shape[0], -1)
        runs = []
        for start in range(0, length, run):
            mine = flat[start : start + run]
            sums = product(transform.basis(min(run, length - start), len(mine)), mine)
            runs.append((sums + (1 << BASIS_BITS - 1)) // (1 << BASIS_BITS))
        x = np.moveaxis(np.concatenate(runs).reshape(length, *moved.shape[1:]), 0, axis)
    return x


def _integers(matrix, x):
    return matrix.astype(np.int64).astype(object) @ x


def _shuffled(matrix, x):
    order = np.random.default_rng(len(matrix)).permutation(matrix.shape[1])
    return _as_integers(matrix[:, order] @ x[order].astype(np.float64))


def _one_by_one(matrix, x):
    total = np.zeros((len(matrix), x.shape[1]))
    for k in range(matrix.shape[1]):
        total += np.outer(matrix[:, k], x[k].astype(np.float64))
    return _as_integers(total)


def _split(matrix, x):
    """Even and odd columns apart, as a folding decoder does, and the larger half last."""
    y = x.astype(np.float64)
    return _as_integers(matrix[:, 1::2] @ y[1::2] + matrix[:, ::2] @ y[::2])


def _fsum(matrix, x):
    y = x.astype(np.float64)
    return np.array(
        [[int(fsum(row * column)) for column in y.T] for row in matrix], dtype=object
    ).reshape(len(matrix), x.shape[1])  # fmt: skip


def _as_integers(values):
    assert np.array_equal(values, np.floor(values))
    return np.array([int(v) for v in values.reshape(-1)], dtype=object).reshape(values.shape)


@settings(max_examples=120)
@given(st.data())
def test_every_order_of_summation_gives_the_same_integers(data):
    shape = data.draw(shapes(max_rank=3, max_size=200, min_rank=1, min_side=1))
    kept = tuple(data.draw(st.integers(1, n)) for n in shape)
    how = data.draw(transforms(shape, min_axes=1))
    box = data.draw(levels(prod(kept))).reshape(kept)
    fraction = transform.fraction_bits(transform.energy(box))
    if fraction < 8:
        box = (box >> 13).astype(np.int32)
        fraction = transform.fraction_bits(transform.energy(box))
    found = transform.inverse(box, shape, how, fraction)
    whole = tuple(n if a in how.axes else k for a, (n, k) in enumerate(zip(shape, kept, strict=True)))
    assert found.shape == whole
    for product in (_integers, _shuffled, _one_by_one, _split, _fsum):
        expected = _inverse(box, shape, how, fraction, product)
        assert np.array_equal(found, expected.astype(np.float64)), product.__name__


@pytest.mark.parametrize("length", [1, 2, 3, 8, 64, 100, 1024, 4096])
@pytest.mark.parametrize("fraction", [8, 17, 30])
def test_sums_stay_below_2_to_53_at_the_largest_energy(length, fraction):
    """Levels along a row of the basis, with all the energy that F allows: the largest sum there can be."""
    matrix = transform.basis(length, length)
    for row in {0, 1 % length, length // 2, length - 1}:
        direction = matrix[row] / np.sqrt((matrix[row] ** 2).sum())
        box = np.trunc(direction * 2.0 ** (30 - fraction)).astype(np.int32).clip(-MAX_LEVEL, MAX_LEVEL)
        assert transform.fraction_bits(transform.energy(box)) >= fraction
        largest = sum(abs(int(b) * int(q)) for b, q in zip(matrix[row], box, strict=True)) << fraction
        assert largest + (1 << BASIS_BITS - 1) < 1 << 53


def test_sums_stay_below_2_to_53_over_two_axes():
    """After one axis the energy has grown by no more than the rounding."""
    fraction = 8
    first, second = transform.basis(64, 64), transform.basis(48, 48)
    box = np.trunc(np.outer(first[3], second[5]) / 2.0**44 * 2.0**22).astype(np.int32)
    box = (box * (2.0**22 / np.sqrt(float(transform.energy(box)))) * 0.9999).astype(np.int32)
    assert transform.fraction_bits(transform.energy(box)) == fraction
    x = first.astype(np.int64) @ (box.astype(np.int64) << fraction)
    assert (np.abs(first).astype(object) @ (np.abs(box).astype(object) << fraction)).max() < 1 << 53
    x = (x + (1 << 21)) >> 22
    assert (np.abs(x).astype(object) @ np.abs(second).T.astype(np.int64).astype(object)).max() < 1 << 53


@given(st.integers(0, 1 << 60) | st.integers(0, 60).flatmap(lambda b: st.integers(max(0, (1 << b) - 2), (1 << b) + 2)))
def test_fraction_is_the_largest_that_the_energy_allows(energy):
    fraction = transform.fraction_bits(energy)
    assert fraction <= 30
    assert energy <= Fraction(2) ** (60 - 2 * fraction)
    assert fraction == 30 or energy > Fraction(2) ** (60 - 2 * (fraction + 1))


@given(st.integers(0, 300).flatmap(levels))
def test_energy_is_exact(flat):
    assert transform.energy(flat) == sum(int(v) ** 2 for v in flat)


def test_energy_of_many_largest_levels():
    flat = np.full((3, 70_000), -MAX_LEVEL, np.int32)
    flat[1] += 1
    assert transform.energy(flat) == 140_000 * 2**60 + 70_000 * (2**30 - 1) ** 2


def test_too_large_levels_are_refused():
    box = np.full(2, 1 << 30, np.int32)
    with pytest.raises(CorruptError) as caught:
        transform.inverse(box, (2,), Transform((0,)), transform.fraction_bits(transform.energy(box)))
    assert caught.value.code == Code.BAD_RECORD


def _forward(values, how):
    """Coefficients by their definition: sums over cosines, run by run."""
    for axis in how.axes:
        length = values.shape[axis]
        moved = np.moveaxis(values, axis, 0)
        runs = []
        for start in range(0, length, 1 << how.block if how.block else length):
            run = moved[start : start + (1 << how.block)] if how.block else moved
            n, k = np.ogrid[: len(run), : len(run)]
            cosines = np.cos(np.pi * k * (2 * n + 1) / (2 * len(run))) * np.sqrt(np.where(k > 0, 2, 1) / len(run))
            runs.append(np.tensordot(cosines, run, (0, 0)))
        values = np.moveaxis(np.concatenate(runs), 0, axis)
    return values


@settings(max_examples=100)
@given(st.data(), st.integers(0, 99))
def test_forward_is_the_transform_of_every_run(data, seed):
    shape = data.draw(shapes(max_rank=4, max_size=500, min_rank=1, min_side=1))
    how = data.draw(transforms(shape))
    values = np.random.default_rng(seed).normal(size=shape)
    assert np.abs(transform.forward(values, how) - _forward(values, how)).max() < 1e-9


@pytest.mark.parametrize(
    ("length", "block", "kept"),
    [(5, 1, 3), (17, 4, 16), (16, 4, 0), (33, 4, 20), (4100, 11, 2049), (9000, 11, 100), (7, 11, 7)],
)
def test_runs_see_only_themselves(length, block, kept):
    """A coefficient spreads over its run, one outside of the box is zero, and whole runs of them are zeros."""
    run = 1 << block
    for place in {0, kept // 2, kept - 1} if kept else set():
        box = np.zeros((kept, 2))
        box[place, 1] = 3
        found = transform.inverse(box, (length, 2), Transform((0,), block), 20)
        start = place // run * run
        alone = transform.basis(min(run, length - start), place - start + 1)[:, -1]
        expected = np.zeros((length, 2))
        expected[start : start + run, 1] = np.floor((alone * 3 * 2.0**20 + 2.0**21) / 2.0**22)
        assert np.array_equal(found, expected)
    assert not transform.inverse(np.zeros((kept, 2)), (length, 2), Transform((0,), block), 30).any()


@settings(max_examples=60)
@given(st.data(), st.integers(0, 99))
def test_inverse_undoes_forward(data, seed):
    shape = data.draw(shapes(max_rank=4, max_size=500, min_rank=1, min_side=1))
    values = np.random.default_rng(seed).normal(size=shape)
    how = Transform(tuple(range(len(shape))), data.draw(BLOCKS))
    coefs = transform.forward(values, how)
    box = np.rint(coefs * 2.0**15).astype(np.int32)
    fraction = transform.fraction_bits(transform.energy(box))
    again = transform.inverse(box, shape, how, fraction) * 2.0 ** (-15 - fraction)
    assert np.abs(again - values).max() < 2.0**-15 * (1 + np.sqrt(values.size)) / 2


def test_axes_go_by_growth():
    """Least growth first; of equal ones the lower axis."""
    assert transform.axis_order((4, 1, 3), (4, 8, 6), (0, 1, 2)) == [0, 2, 1]
    assert transform.axis_order((2, 2, 2), (4, 4, 4), (2, 0, 1)) == [0, 1, 2]
    assert transform.axis_order((0, 1), (5, 5), (0, 1)) == [0, 1]
