"""The index: columns of records, there and back, and every rule between them."""

from __future__ import annotations

import pytest
from frc_files import Columns, packed
from hypothesis import given
from hypothesis import strategies as st
from strategies import indexes

from frcodec.constants import MAX_ENTRIES, MAX_NAME_BYTES, MAX_RANK, Code
from frcodec.container import index as index_section
from frcodec.container.records import Index, LevelsRecord, LosslessRecord, Stream
from frcodec.errors import CorruptError, FrcError
from frcodec.stages.region import Box, Scan
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES


def _same(first: Index, second: Index) -> bool:
    def plain(record):
        return (type(record), record, record.dtype, record.shape)

    return [plain(r) for r in first.records] == [plain(r) for r in second.records] and (first.streams, first.own) == (
        second.streams,
        second.own,
    )


@given(indexes())
def test_every_index_comes_back(index):
    again = index_section.read(index_section.write(index))
    assert _same(again, index)
    assert index_section.write(again) == index_section.write(index)


def test_the_hand_made_one():
    index = index_section.read(Columns().pack())
    (record,) = index.records
    assert isinstance(record, LevelsRecord)
    assert (record.name, record.shape, record.layer.step) == ("w", (3,), 90 << 8)


@given(indexes(), st.data())
def test_any_column_of_another_length_is_refused(index, data):
    columns = index_section.packed.read(index_section.write(index), 1 << 20)
    number = data.draw(st.integers(1, len(columns) - 1))
    longer = {str: "x", bytes: b"\0", list: [1]}[type(columns[number])]
    columns[number] = columns[number] + longer
    with pytest.raises(CorruptError) as caught:
        index_section.read(packed(columns))
    assert caught.value.code in (Code.BAD_RECORD, Code.BAD_NAME)


_WRONG = [None, True, -1, 1.5, "text", b"bytes", [None], [-1], ["x"], [2**53 + 1], [1.0], [True], {}, {"a": 1}]


@pytest.mark.parametrize("wrong", _WRONG)
@pytest.mark.parametrize("number", range(14))
def test_columns_of_other_types_are_refused(number, wrong):
    columns = Columns().list()
    columns[number] = wrong
    with pytest.raises(FrcError) as caught:
        index_section.read(packed(columns))
    assert caught.value.code in (Code.BAD_RECORD, Code.BAD_NAME, Code.BAD_MSGPACK, Code.UNKNOWN_FEATURE)


@pytest.mark.parametrize("value", [0, "x", b"", {}, [], [None], [True], Columns().list()[:-1], [*Columns().list(), 0]])
def test_what_is_no_array_of_14(value):
    with pytest.raises(CorruptError) as caught:
        index_section.read(packed(value))
    assert caught.value.code in (Code.BAD_RECORD, Code.BAD_MSGPACK)


@pytest.mark.parametrize(
    "changes", [{"names": "x" * MAX_NAME_BYTES + "\0"}, {"names": "\0"}, {"names": "é\U0001f600\n\0"}]
)
def test_names_that_are_allowed(changes):
    assert index_section.read(Columns(**changes).pack()).records[0].name == changes["names"][:-1]


def test_the_largest_rank():
    columns = Columns(ranks=bytes([MAX_RANK]), dims=[1] * MAX_RANK, axes=[(1 << MAX_RANK) - 1])
    record = index_section.read(columns.pack()).records[0]
    assert record.shape == (1,) * MAX_RANK
    assert record.layer.transform == Transform(tuple(range(MAX_RANK)))


@pytest.mark.parametrize(
    ("rank", "value", "expected"),
    [
        (1, 0, Transform()),
        (1, 1, Transform((0,))),
        (1, 1 + 2 * 1, Transform((0,), 1)),
        (1, 1 + 2 * 11, Transform((0,), 11)),
        (2, 3 + 4 * 5, Transform((0, 1), 5)),
        (2, 2 + 4 * 11, Transform((1,), 11)),
        (32, (1 << 31) + (11 << 32), Transform((31,), 11)),
    ],
)
def test_transforms(rank, value, expected):
    columns = Columns(ranks=bytes([rank]), dims=[*[1] * (rank - 1), 5000 if expected.block else 4096], axes=[value])
    record = index_section.read(columns.pack()).records[0]
    assert record.layer.transform == expected
    assert index_section.write(index_section.read(columns.pack())) == columns.pack()


@pytest.mark.parametrize("dims", [[0, 1 << 53], [1 << 52, 2], [1, 1 << 53]])
def test_the_largest_shapes(dims):
    assert index_section.read(Columns(ranks=b"\2", dims=dims).pack()).records[0].shape == tuple(dims)


def test_a_typical_network_costs_few_bytes():
    """Columns of similar tensors compress to a few bytes each: what small models live on."""
    records, streams = [], [Stream(50_000, 0x12345678)]
    for block in range(8):
        for kind in ("0.weight", "0.bias", "1.weight", "1.bias"):
            shape = (64, 64, 3, 3) if kind == "0.weight" else (64,)
            layer = index_section.Layer(
                DTYPES["float32"], shape, Transform((0, 1, 2, 3)[: len(shape)]), Scan(24 + block), 80 << 8
            )
            records.append(LevelsRecord(f"encoder.{block}.conv.{kind}", layer, 0))
    assert len(index_section.write(Index(tuple(records), tuple(streams), 0))) < 60 + 8 * len(records)


def test_more_entries_than_allowed_are_refused_before_they_are_made():
    with pytest.raises(FrcError) as caught:
        index_section.read(Columns(names="\0" * (MAX_ENTRIES + 1)).pack())
    assert caught.value.code == Code.TOO_LARGE


def test_regions_equal_to_the_shape_are_written_as_whole():
    layer = index_section.Layer(DTYPES["float32"], (2, 3), Transform(), Box((2, 3)), 0)
    index = Index(
        (LevelsRecord("a", layer, 0), LosslessRecord("b", DTYPES["bytes"], (), 1)), (Stream(1, 2), Stream(3, 4)), 2
    )
    assert _same(index_section.read(index_section.write(index)), index)
