"""Frequency tables: all 16,384 of each subset."""

from __future__ import annotations

from itertools import product

import mpmath
import numpy as np
import pytest
from definitions import frequencies_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import tables

from frcodec.constants import EXP2, MAX_DIRECT, Code
from frcodec.entropy.bits import BitReader, BitWriter
from frcodec.entropy.lanes import Coder
from frcodec.entropy.tables import ESCAPE, Table, frequencies, symbol_frequencies, zero_frequency
from frcodec.errors import CorruptError

SUBSETS = (0, 1)


@pytest.mark.parametrize("shape", range(4))
def test_every_table_is_complete(shape):
    for zero in range(64):
        for scale in range(64):
            for subset in SUBSETS:
                direct, escape = frequencies(Table(zero, scale, shape), subset)
                assert direct[0] + 2 * sum(direct[1:]) + escape == 4096
                assert min(direct) >= 1
                assert escape >= 1
                assert len(direct) - 1 <= MAX_DIRECT
                assert direct[0] == zero_frequency(zero)


@settings(max_examples=300)
@given(tables(2), st.sampled_from(SUBSETS))
def test_every_table_follows_its_definition(table, subset):
    expected = frequencies_of(table, subset)
    assert list(frequencies(table, subset)[0]) == expected


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("shape", range(4))
def test_tables_fall_with_magnitude(shape, subset):
    """Up to the rounding of running sums, which moves a frequency by less than one."""
    for scale in range(64):
        direct, _ = frequencies(Table(0, scale, shape), subset)
        assert all(after <= before + 1 for before, after in zip(direct[1:], direct[2:], strict=False))


def test_exp2_is_rounded_correctly():
    with mpmath.workdps(40):
        assert list(EXP2) == [int(mpmath.nint(65536 * mpmath.mpf(2) ** (-mpmath.mpf(i) / 64))) for i in range(64)]


def test_zero_frequencies_follow_the_odds():
    values = [zero_frequency(zero) for zero in range(64)]
    exact = [4096 * 2 ** ((zero - 24) / 4) / (1 + 2 ** ((zero - 24) / 4)) for zero in range(64)]
    assert np.abs(np.array(values) - exact).max() < 1
    assert (np.diff(values) > 0).all()
    assert values[24] == 2048


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("shape", range(4))
def test_frequencies_follow_the_formula(shape, subset):
    """Points of subset 1 are half a level nearer to zero."""
    beta = (shape + 1) / 2
    for scale in range(21):
        a = 2 ** ((scale - 4) / 4)
        points = 2 * np.arange(1, 1024) - subset
        ideal = 2.0 ** -((points / a) ** beta - (points[0] / a) ** beta)
        direct, _ = frequencies(Table(0, scale, shape), subset)
        rest = (4096 - direct[0]) / 2
        expected = ideal[: len(direct) - 1] / ideal.sum() * rest
        assert np.abs(np.array(direct[1:]) - expected).max() < 1.5 + 0.002 * rest


def test_the_gap_wraps_around():
    for zero, gap in ((0, 63), (60, 20), (24, 0), (63, 1)):
        table = Table(zero, 8, 1, gap)
        assert frequencies(table, 0)[0][0] == zero_frequency(zero)
        assert frequencies(table, 1)[0][0] == zero_frequency((zero + gap) % 64)


def test_shift_takes_the_width_beyond_the_cap():
    assert [Table(0, scale, 0).shift for scale in (0, 20, 21, 24, 25, 63)] == [0, 0, 1, 1, 2, 11]


@pytest.mark.parametrize("state_bits", [0, 4])
@given(data=st.data())
def test_slots_hold_each_symbol_as_often_as_its_frequency(state_bits, data):
    subsets = 2 if state_bits else 1
    several = data.draw(st.lists(tables(subsets), min_size=1, max_size=3))
    coder = Coder.of(several, state_bits)
    assert len(coder.frequency) == subsets * len(several)
    for row, (subset, table) in enumerate(product(range(subsets), several)):
        counts = symbol_frequencies(table, subset)
        assert counts.sum() == 4096
        symbols = [*range(2 * int(coder.reach[row]) + 1), ESCAPE]
        assert np.flatnonzero(counts).tolist() == symbols
        assert coder.frequency[row].tolist() == counts.tolist()
        assert coder.start[row, symbols].tolist() == np.concatenate([[0], np.cumsum(counts[symbols])[:-1]]).tolist()
        assert coder.shift[row] == table.shift


@pytest.mark.parametrize("subsets", [1, 2])
@given(data=st.data())
def test_tables_are_written_as_differences(subsets, data):
    first, second = data.draw(tables(subsets)), data.draw(tables(subsets))
    bits = BitWriter()
    first.write(bits, None, subsets)
    second.write(bits, first, subsets)
    reader = BitReader(bits.getvalue())
    assert Table.read(reader, None, subsets) == first
    assert Table.read(reader, first, subsets) == second
    if first == second:
        assert len(bits.getvalue()) == 3


def test_parameters_wrap_around():
    bits = BitWriter()
    for value in (5, 9, 7, 3):  # folded: -3, -5, -4, -2
        bits.unary(value)
    assert Table.read(BitReader(bits.getvalue()), Table(0, 1, 0, 2), 2) == Table(61, 61, 2, 61)


@pytest.mark.parametrize("place", range(4))
def test_differences_of_more_than_63_are_refused(place):
    for ones, fits in ((126, True), (127, False), (128, False)):
        bits = BitWriter()
        for number in range(4):
            bits.unary(ones if number == place else 0)
        reader, before = BitReader(bits.getvalue()), Table(1, 2, 3, 4)
        if fits:
            Table.read(reader, before, 2)
            continue
        with pytest.raises(CorruptError) as caught:
            Table.read(reader, before, 2)
        assert caught.value.code == Code.BAD_STREAM
