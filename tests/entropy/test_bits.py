"""Bit strings of stream headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.entropy.bits import BitReader, BitWriter, fold, unfold
from frcodec.errors import CorruptError

OPERATIONS = st.lists(
    st.integers(0, 40).flatmap(
        lambda width: st.tuples(st.just("field"), st.integers(0, max(0, (1 << width) - 1)), st.just(width))
    )
    | st.tuples(st.just("unary"), st.integers(0, 300), st.just(0))
    | st.tuples(st.just("gamma"), st.integers(0, 2**33 - 2), st.just(0))
)


def _written(operations):
    bits = BitWriter()
    for kind, value, width in operations:
        getattr(bits, kind)(*((value, width) if kind == "field" else (value,)))
    return bits.getvalue()


def _read(bits, operations):
    return [getattr(bits, kind)(*((width,) if kind == "field" else ())) for kind, _, width in operations]


@given(OPERATIONS, st.binary(max_size=5))
def test_what_is_written_is_read(operations, behind):
    data = _written(operations)
    bits = BitReader(data + behind)
    assert _read(bits, operations) == [value for _, value, _ in operations]
    assert bits.finish() == len(data)


@given(OPERATIONS.filter(len))
def test_every_truncation_is_noticed(operations):
    data = _written(operations)
    for end in range(len(data)):
        with pytest.raises(CorruptError) as caught:
            _read(BitReader(data[:end]), operations)
        assert caught.value.code == Code.BAD_STREAM


def test_the_layout_is_lowest_bit_first():
    bits = BitWriter()
    bits.field(0b101, 3)  # 1 0 1
    bits.unary(2)  # 1 1 0
    bits.gamma(0)  # 0
    bits.gamma(4)  # 5 = 1|01: 1 1 0, then 01 lowest first: 1 0
    assert bits.getvalue() == bytes([0b1_0_011_101, 0b0_01_0_1])


@given(st.lists(st.integers(0, 5000), max_size=100), st.integers(0, 9))
def test_many_unaries_at_once(values, skip):
    bits = BitWriter()
    bits.field(0, skip)
    for value in values:
        bits.unary(value)
    reader = BitReader(bits.getvalue())
    reader.field(skip)
    assert reader.unaries(len(values)).tolist() == values


@given(st.lists(st.integers(-128, 127), max_size=50))
def test_signed_bytes(values):
    bits = BitWriter()
    for value in values:
        bits.unary(fold(value))
    assert BitReader(bits.getvalue()).signed_bytes(len(values)).tolist() == values


@pytest.mark.parametrize("value", [128, -129, 5000])
def test_what_is_no_signed_byte_is_refused(value):
    bits = BitWriter()
    bits.unary(0)
    bits.unary(fold(value))
    with pytest.raises(CorruptError) as caught:
        BitReader(bits.getvalue()).signed_bytes(2)
    assert caught.value.code == Code.BAD_STREAM


def test_padding_must_be_zero():
    for bit in range(3, 8):
        bits = BitReader(bytes([1 << bit]))
        bits.field(3)
        with pytest.raises(CorruptError) as caught:
            bits.finish()
        assert caught.value.code == Code.RESERVED_BITS


@pytest.mark.parametrize("ones", [33, 34, 1000, 100_000])
def test_a_gamma_of_more_than_32_bits_is_refused(ones):
    bits = BitWriter()
    bits.unary(ones)
    with pytest.raises(CorruptError) as caught:
        BitReader(bits.getvalue() + bytes(ones)).gamma()
    assert caught.value.code == Code.BAD_STREAM


@given(st.integers(-(2**40), 2**40))
def test_folding(value):
    assert unfold(fold(value)) == value
    assert fold(value) == (2 * value if value >= 0 else 2 * -value - 1)
