"""What an ExecuTorch program hands to XNNPACK: a graph as a flatbuffer, and its weights behind it or under names.

blob = header "XH00" ‖ flatbuffer "XN01" ‖ constant data, or the flatbuffer alone ("XN00"), which then holds the data
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...tensors import DTYPES
from ..ranges import Layout, Ranges, opaque
from .flatbuffer import I16, U8, U32, U64, Flatbuffer, Table

# Tables and their fields by number, as runtime_schema.fbs of ExecuTorch's XNNPACK backend has them:
#   XNNGraph                  1 xnodes, 2 xvalues, 6 constant_buffer, 8 constant_data
#   XNode, XValue             0 type, 1 value
#   XNNTensorValue            0 datatype, 2 dims, 3 constant_buffer_idx, 6 id_out
#   XNNQuantizedTensorValue   0 tensor_value, 1 type of quant_params, 2 quant_params
#   Buffer                    0 storage
#   ConstantDataOffset        0 offset, 1 size, 2 named_key

_WHAT = "The XNNPACK part of the ExecuTorch program"

_HEADER_MAGIC = b"XH00"
_GRAPH_MAGICS = (b"XN00", b"XN01")
_HEADER_BYTES = 30
_DATATYPES = {
    1: "float32",
    2: "float16",
    3: "int8",
    4: "uint8",
    5: "int32",
    6: "int8",
    7: "int32",
    12: "int32",
    14: "bfloat16",
}
"""XNNDatatype -> dtype; all others are packed, such as 4-bit weights, and stay bytes"""
_WEIGHTS = {
    2: ("linear", {1: "weight", 2: "bias"}),
    7: ("conv", {16: "weight", 17: "bias"}),
    13: ("depthwise", {16: "weight", 17: "bias"}),
    31: ("prelu", {1: "weight"}),
    37: ("matmul", {1: "weight"}),
    39: ("deconv", {16: "weight", 17: "bias"}),
}
"""type of a node -> its name, and the fields of its table that are the ids of trained values"""
_SCALES = {1: (2, 3), 4: (4, 5)}
"""type of quantization -> the fields that are the index of the scales' data and their number"""
_QUANTIZED = 2
"""type of a value that has scales"""
_NO_VALUE = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class _Graph:
    """The flatbuffer of a blob."""

    root: Table
    base: int
    """where the flatbuffer starts in the file"""
    data: int
    """where the constant data start in the file, and where they end"""
    end: int


def is_xnnpack(blob: memoryview) -> bool:
    """Whether a delegate's blob is a graph of a known kind."""
    return bytes(blob[4:8]) in (_HEADER_MAGIC, *_GRAPH_MAGICS)


def add_constants(ranges: Ranges, start: int, end: int, named: Mapping[str, tuple[int, int]], prefix: str) -> bool:
    """Add the constants of the blob from `start` to `end` of the file; whether all of their data are in the file.

    `named` has the ranges of the file that are known by a key. Weights and biases of layers may be quantized; scales
    and what only arithmetic reads are lossless.

    Raises CorruptError (bad_model).
    """
    graph = _graph(ranges.image[start:end], start)
    data = list(_data(graph, named))
    roles = _roles(graph.root)
    complete = True
    for number, subset in enumerate(graph.root.tables(2)):
        value = subset.table(1)
        quantized = value if subset.number(0, U8) == _QUANTIZED else None
        value = quantized.table(0) if quantized is not None else value
        index = value.number(3, U32) if value is not None else 0
        if value is None or not index:
            continue
        role = roles.get(value.number(6, U32))
        name = f"{prefix}.{role or f'value.{number}'}"
        found = _numbered(data, index, ranges)
        if found is None:
            complete = False
        else:
            ranges.add(name, _layout(value, found[1] - found[0]), *found, lossless=role is None)
        if quantized is not None:
            complete &= _add_scales(ranges, quantized, data, f"{name}.scale")
    return complete


def _add_scales(ranges: Ranges, value: Table, data: list[tuple[int, int] | None], name: str) -> bool:
    """Add the scales of a quantized value, where they are not written in the graph itself; whether they were there."""
    fields = _SCALES.get(value.number(1, U8))
    params = value.table(2)
    if fields is None or params is None or not (index := params.number(fields[0], U32)):
        return True
    count = params.number(fields[1], U32)
    found = _numbered(data, index, ranges)
    if found is None:
        return False
    itemsize = (found[1] - found[0]) // max(count, 1)
    dtype = {2: "bfloat16", 4: "float32"}.get(itemsize)
    layout = Layout(DTYPES[dtype], (count,)) if dtype else opaque(found[1] - found[0])
    ranges.add(name, layout, *found, lossless=True)
    return True


def _graph(blob: memoryview, start: int) -> _Graph:
    """The flatbuffer of a blob that starts at byte `start` of the file."""
    if bytes(blob[4:8]) != _HEADER_MAGIC:
        return _Graph(Flatbuffer(blob, _WHAT).root(), start, start, start + len(blob))
    offset, size, data = (int.from_bytes(blob[at : at + 4], "little") for at in (10, 14, 18))
    data_size = int.from_bytes(blob[22:_HEADER_BYTES], "little")
    if max(_HEADER_BYTES, offset + size, data + data_size) > len(blob):
        Flatbuffer(blob, _WHAT).fail(f"its header promises more than its {len(blob):,} bytes")
    root = Flatbuffer(blob[offset : offset + size], _WHAT).root()
    return _Graph(root, start + offset, start + data, start + data + data_size)


def _data(graph: _Graph, named: Mapping[str, tuple[int, int]]) -> Iterator[tuple[int, int] | None]:
    """Where the data of each index lie in the file; None for data outside of it."""
    for buffer in graph.root.tables(6):
        at, count = buffer.span(0)
        yield graph.base + at, graph.base + at + count
    for constant in graph.root.tables(8):
        key, size = constant.text(2), constant.number(1, U64)
        if key:
            at, end = named.get(key, (-1, -1))
            yield None if at < 0 else (at, min(end, at + size))
        else:
            at = graph.data + constant.number(0, U64)
            yield at, min(at + size, graph.end)


def _numbered(data: list[tuple[int, int] | None], index: int, ranges: Ranges) -> tuple[int, int] | None:
    if index >= len(data):
        ranges.fail(f"a value of XNNPACK has constant {index:,}, but there are {len(data):,}")
    return data[index]


def _layout(value: Table, size: int) -> Layout:
    """Element type and shape of a value whose data have so many bytes."""
    dims = tuple(value.numbers(2, U32))
    dtype = _DATATYPES.get(value.number(0, I16))
    if dtype is not None:
        layout = Layout(DTYPES[dtype], dims)
        if layout.nbytes == size:
            return layout
    return opaque(size)


def _roles(root: Table) -> dict[int, str]:
    """Names of the values that layers are trained for, by id; the first layer that reads one names it."""
    roles: dict[int, str] = {}
    for number, subset in enumerate(root.tables(1)):
        kind, node = _WEIGHTS.get(subset.number(0, U8)), subset.table(1)
        if kind is None or node is None:
            continue
        for field, role in kind[1].items():
            roles.setdefault(node.number(field, U32, _NO_VALUE), f"{kind[0]}.{number}.{role}")
    return roles
