"""The XNNPACK delegate of an ExecuTorch program: a graph as a flatbuffer, its weights after it or in named data.

blob = header "XH00" ‖ flatbuffer "XN01" ‖ constant data, or the flatbuffer alone ("XN00") with the data in it
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
"""XNNDatatype -> dtype; other types, such as packed 4-bit weights, stay bytes"""
_WEIGHTS = {
    2: ("linear", {1: "weight", 2: "bias"}),
    7: ("conv", {16: "weight", 17: "bias"}),
    13: ("depthwise", {16: "weight", 17: "bias"}),
    31: ("prelu", {1: "weight"}),
    37: ("matmul", {1: "weight"}),
    39: ("deconv", {16: "weight", 17: "bias"}),
}
"""type of a node -> its name, and the fields of its table that are the ids of parameters"""
_SCALES = {1: (2, 3), 4: (4, 5)}
"""type of quantization -> the fields with the index and the number of the scales"""
_QUANTIZED = 2
"""type of a value that has scales"""
_NO_VALUE = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class _Graph:
    """The flatbuffer of a blob."""

    root: Table
    base: int
    """start of the flatbuffer in the file"""
    data: int
    """start and end of the constant data in the file"""
    end: int


def is_xnnpack(blob: memoryview) -> bool:
    """Whether the blob of a delegate is an XNNPACK graph."""
    return bytes(blob[4:8]) in (_HEADER_MAGIC, *_GRAPH_MAGICS)


def add_constants(ranges: Ranges, start: int, end: int, named: Mapping[str, tuple[int, int]], prefix: str) -> bool:
    """Add the constants of the blob from `start` to `end`, and return whether all of their data are in the file.

    `named` maps the keys of named data to ranges of the file. Scales and operands of arithmetic are lossless; weights
    and biases of layers are not.

    Raises CorruptError (bad_model).
    """
    graph = _graph(ranges.image[start:end], start)
    data = list(_data(graph, named))
    roles = _roles(graph.root)
    complete = True
    for number, union in enumerate(graph.root.tables(2)):
        value = union.table(1)
        quantized = value if union.number(0, U8) == _QUANTIZED else None
        value = quantized.table(0) if quantized is not None else value
        index = value.number(3, U32) if value is not None else 0
        if value is None or not index:
            continue
        role = roles.get(value.number(6, U32))
        name = f"{prefix}.{role or f'value.{number}'}"
        place = _numbered(data, index, ranges)
        if place is None:
            complete = False
        else:
            ranges.add(name, _layout(value, place[1] - place[0]), *place, lossless=role is None)
        if quantized is not None:
            complete &= _add_scales(ranges, quantized, data, f"{name}.scale")
    return complete


def _add_scales(ranges: Ranges, value: Table, data: list[tuple[int, int] | None], name: str) -> bool:
    """Add the scales of a quantized value unless they are in the graph; return whether they are in the file."""
    fields = _SCALES.get(value.number(1, U8))
    params = value.table(2)
    if fields is None or params is None or not (index := params.number(fields[0], U32)):
        return True
    count = params.number(fields[1], U32)
    place = _numbered(data, index, ranges)
    if place is None:
        return False
    itemsize = (place[1] - place[0]) // max(count, 1)
    dtype = {2: "bfloat16", 4: "float32"}.get(itemsize)
    layout = Layout(DTYPES[dtype], (count,)) if dtype else opaque(place[1] - place[0])
    ranges.add(name, layout, *place, lossless=True)
    return True


def _graph(blob: memoryview, start: int) -> _Graph:
    """The graph of a blob that starts at byte `start` of the file."""
    if bytes(blob[4:8]) != _HEADER_MAGIC:
        return _Graph(Flatbuffer(blob, _WHAT).root(), start, start, start + len(blob))
    offset, size, data = (int.from_bytes(blob[at : at + 4], "little") for at in (10, 14, 18))
    data_size = int.from_bytes(blob[22:_HEADER_BYTES], "little")
    if max(_HEADER_BYTES, offset + size, data + data_size) > len(blob):
        Flatbuffer(blob, _WHAT).fail(f"its header describes more than its {len(blob):,} bytes")
    root = Flatbuffer(blob[offset : offset + size], _WHAT).root()
    return _Graph(root, start + offset, start + data, start + data + data_size)


def _data(graph: _Graph, named: Mapping[str, tuple[int, int]]) -> Iterator[tuple[int, int] | None]:
    """The range of each constant in the file; None for data in another file."""
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
    """Element type and shape of a value with `size` bytes of data."""
    dims = tuple(value.numbers(2, U32))
    dtype = _DATATYPES.get(value.number(0, I16))
    if dtype is not None:
        layout = Layout(DTYPES[dtype], dims)
        if layout.nbytes == size:
            return layout
    return opaque(size)


def _roles(root: Table) -> dict[int, str]:
    """Names of the parameters by id, after the first layer that reads each."""
    roles: dict[int, str] = {}
    for number, union in enumerate(root.tables(1)):
        kind, node = _WEIGHTS.get(union.number(0, U8)), union.table(1)
        if kind is None or node is None:
            continue
        for field, role in kind[1].items():
            roles.setdefault(node.number(field, U32, _NO_VALUE), f"{kind[0]}.{number}.{role}")
    return roles
