"""Programs that today's exporter does not write: older ones, those of other backends, and hostile ones."""

from __future__ import annotations

import time

import numpy as np
import pytest
from flat_tables import Fields, Number, Numbers, flatbuffer, u8, u32, u64

from frcodec.constants import Code
from frcodec.errors import CorruptError, UnsupportedError
from frcodec.formats.executorch.flatbuffer import I32, Flatbuffer

VALUES = np.arange(12, dtype=np.float32)
FLOAT, INT = 6, 3


def tensor(index, sizes=(3, 4), scalar=FLOAT, **more):
    """A value of a method that is a tensor."""
    fields = {0: u8(scalar), 2: Numbers("Int32", sizes), 3: Numbers("Uint8", tuple(range(len(sizes)))), 5: u32(index)}
    return Fields({0: u8(5), 1: Fields(fields | more.get("fields", {}))})


def plan(values=(), delegates=(), name="forward"):
    return Fields({0: name, 2: list(values), 7: list(delegates)})


def delegate(name, index=0):
    return Fields({0: name, 1: Fields({1: u32(index)})})


def program(plans, buffers=(), blobs=()):
    """A program whose data lie in the flatbuffer itself."""
    inline = [Fields({0: bytes(data)}) for data in buffers]
    return flatbuffer(Fields({1: plans, 2: inline, 3: [Fields({0: blob}) for blob in blobs]}), b"ET12")


def graph(values, buffers, **fields):
    """What XNNPACK is handed, with its weights in the flatbuffer."""
    inline = [Fields({0: bytes(data)}) for data in buffers]
    return flatbuffer(Fields({2: values, 6: inline} | fields.get("fields", {})), b"XN00")


def value(index, datatype=1, dims=(3, 4), number=0):
    fields = {0: Number("Int16", datatype), 2: Numbers("Uint32", dims), 3: u32(index), 6: u32(number)}
    return Fields({0: u8(1), 1: Fields(fields)})


def test_constants_of_older_programs_lie_in_the_flatbuffer(lossless, values):
    data = program([plan([tensor(1), tensor(2, (5,), INT)])], [b"", VALUES, np.arange(5, dtype=np.int32)])
    found = values(lossless(data))
    assert np.array_equal(found["constant.1"], VALUES.reshape(3, 4))
    assert found["constant.2"].tolist() == [0, 1, 2, 3, 4]


def test_older_graphs_hold_their_weights(lossless, values):
    call = Fields({0: u8(2), 1: Fields({1: u32(7)})})  # a linear layer whose filter is value 7
    blob = graph([value(1, number=7)], [b"", VALUES], fields={1: [call]})
    found = values(lossless(program([plan(delegates=[delegate("XnnpackBackend")])], blobs=[blob])))
    assert np.array_equal(found["xnnpack.0.linear.0.weight"], VALUES.reshape(3, 4))


def test_other_backends_are_exact_bytes(lossless):
    model = lossless(program([plan(delegates=[delegate("VulkanBackend")])], blobs=[b"VH00" * 10]))
    assert [(e.name, e.dtype.name, e.shape) for e in model.entries] == [("VulkanBackend.0", "bytes", (40,))]
    assert model.lossless == {0}


def test_methods_share_what_they_delegate(lossless):
    plans = [plan([], [delegate("VulkanBackend")], name) for name in ("a", "b")]
    assert len(lossless(program(plans, blobs=[b"VH00" * 10])).entries) == 1


def test_bytes_with_two_types_are_exact_bytes(lossless, values):
    model = lossless(program([plan([tensor(1), tensor(1, (12,), INT)])], [b"", VALUES]))
    assert all(array.tobytes() == VALUES.tobytes() for array in values(model).values())
    assert model.entries[0].dtype.name == "bytes"


def test_one_tensor_in_two_shapes_is_stored_once(lossless, values):
    model = lossless(program([plan([tensor(1), tensor(1), tensor(1, (12,))])], [b"", VALUES]))
    assert [array.shape for array in values(model).values()] == [(3, 4), (12,)]
    assert len(model.skeleton.holes) == 1


def test_names_stay_unique(lossless):
    named = {9: Fields({1: "w"})}
    values = [tensor(1, fields=named), tensor(2, fields=named)]
    model = lossless(program([plan(values)], [b"", VALUES, VALUES]))
    assert [entry.name for entry in model.entries] == ["w", "w#2"]


BAD = {
    "no such buffer": program([plan([tensor(3)])], [b"", VALUES]),
    "too few bytes": program([plan([tensor(1, (3, 5))])], [b"", VALUES]),
    "negative size": program([plan([tensor(1, (-3, -4))])], [b"", VALUES]),
    "part of another": program([plan([tensor(1), tensor(1, (2, 4))])], [b"", VALUES]),
    "over another": flatbuffer(
        Fields(
            {
                1: [plan([tensor(1), tensor(2)])],
                4: [Fields({0: u64(0), 1: u64(64)})],
                5: Fields({0: u32(0), 1: Numbers("Uint64", (0, 0, 16))}),
            }
        ),
        b"ET12",
    ),
    "axes twice": program([plan([tensor(1, fields={3: Numbers("Uint8", (0, 0))})])], [b"", VALUES]),
    "nul in a name": program([plan([tensor(1, fields={9: Fields({1: "a\0b"})})])], [b"", VALUES]),
    "no such delegate data": program([plan(delegates=[delegate("XnnpackBackend", 1)])], blobs=[b"x"]),
    "no such constant": program([plan(delegates=[delegate("XnnpackBackend")])], blobs=[graph([value(9)], [b""])]),
    "no such segment": flatbuffer(Fields({5: Fields({0: u32(2), 1: Numbers("Uint64", (0, 0))})}), b"ET12"),
    "segment outside": flatbuffer(Fields({4: [Fields({0: u64(1 << 63), 1: u64(1 << 63)})]}), b"ET12"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad_programs_are_refused(data, read):
    with pytest.raises(CorruptError) as caught:
        read(data)
    assert caught.value.code == Code.BAD_MODEL


def test_too_many_axes_are_refused(read):
    with pytest.raises(UnsupportedError) as caught:
        read(program([plan([tensor(1, (1,) * 40)])], [b"", VALUES]))
    assert caught.value.code == Code.UNSUPPORTED_MODEL


@pytest.mark.parametrize("place", ["values of methods", "values of graphs", "delegates"])
def test_reading_a_shared_table_takes_bounded_time(place, read):
    """A thousand pointers to a table of a thousand pointers are not followed to their ends."""
    many = 3000
    if place == "values of methods":
        data = program([plan([tensor(1)] * many)] * many, [b"", VALUES])
    elif place == "values of graphs":
        blob = graph([value(1, dims=(1,) * many)] * many, [b"", VALUES])
        data = program([plan(delegates=[delegate("XnnpackBackend")])], blobs=[blob])
    else:
        data = program([plan([], [delegate("VulkanBackend")] * many)] * many, blobs=[b"VH00"])
    started = time.process_time()
    with pytest.raises(CorruptError, match="more items than its bytes can hold"):
        read(data)
    assert time.process_time() - started < 10


def test_every_offset_of_a_table_is_checked():
    whole = flatbuffer(Fields({0: "text", 1: Numbers("Int32", (1, 2)), 2: [Fields({0: u32(5)})], 3: Fields()}), b"ET12")
    read = 0
    for at in range(len(whole)):
        for flip in range(1, 256, 7):
            damaged = bytearray(whole)
            damaged[at] ^= flip
            try:
                root = Flatbuffer(memoryview(bytes(damaged)), "The buffer").root()
                root.text(0), root.numbers(1, I32), [table.number(0, I32) for table in root.tables(2)]
                root.table(3)
                read += 1
            except CorruptError:
                continue
    assert 0 < read < len(whole) * 37
