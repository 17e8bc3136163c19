"""Frequency tables: all 16,384 of them."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from strategies import TABLES

from frcodec.constants import EXP2, MAX_DIRECT
from frcodec.entropy.bits import BitReader, BitWriter
from frcodec.entropy.lanes import Coder
from frcodec.entropy.tables import ESCAPE, Table, frequencies, symbol_frequencies, zero_frequency


@pytest.mark.parametrize("shape", range(4))
def test_every_table_is_complete(shape):
    for zero in range(64):
        for scale in range(64):
            direct, escape = frequencies(Table(zero, scale, shape))
            assert direct[0] + 2 * sum(direct[1:]) + escape == 4096
            assert min(direct) >= 1
            assert escape >= 1
            assert len(direct) - 1 <= MAX_DIRECT
            assert direct[0] == zero_frequency(zero)


@pytest.mark.parametrize("shape", range(4))
def test_tables_fall_with_magnitude(shape):
    """Up to the rounding of running sums, which moves a frequency by less than one."""
    for scale in range(64):
        direct, _ = frequencies(Table(0, scale, shape))
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


@pytest.mark.parametrize("shape", range(4))
def test_frequencies_follow_the_formula(shape):
    beta = (shape + 1) / 2
    for scale in range(21):
        a = 2 ** ((scale - 8) / 4)
        ideal = 2.0 ** -((np.arange(1, 1024) / a) ** beta)
        direct, _ = frequencies(Table(0, scale, shape))
        rest = (4096 - direct[0]) / 2
        expected = ideal[: len(direct) - 1] / ideal.sum() * rest
        assert np.abs(np.array(direct[1:]) - expected).max() < 1.5 + 0.002 * rest


def test_shift_takes_the_width_beyond_the_cap():
    assert [Table(0, scale, 0).shift for scale in (0, 20, 21, 24, 25, 63)] == [0, 0, 1, 1, 2, 11]


@given(TABLES)
def test_slots_hold_each_symbol_as_often_as_its_frequency(table):
    counts = symbol_frequencies(table)
    coder = Coder.of([table])
    assert counts.sum() == 4096
    reach = int(coder.reach[0])
    symbols = [*range(2 * reach + 1), ESCAPE]
    assert np.flatnonzero(counts).tolist() == symbols
    assert coder.start[0, symbols].tolist() == np.concatenate([[0], np.cumsum(counts[symbols])[:-1]]).tolist()


@given(TABLES, TABLES)
def test_tables_are_written_as_differences(first, second):
    bits = BitWriter()
    first.write(bits, None)
    second.write(bits, first)
    reader = BitReader(bits.getvalue())
    assert Table.read(reader, None) == first
    assert Table.read(reader, first) == second
    if first == second:
        assert len(bits.getvalue()) == 3


def test_parameters_wrap_around():
    bits = BitWriter()
    for value in (5, 7, 3):  # folded: -3, -4, -2
        bits.unary(value)
    assert Table.read(BitReader(bits.getvalue()), Table(0, 1, 0)) == Table(61, 61, 2)
