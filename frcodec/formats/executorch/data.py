"""ExecuTorch data files (.ptd): the named tensors of a program, a flatbuffer followed by a segment for each tensor.

file = flatbuffer "FT01" with a header "FH01" that has the offset of the segments ‖ padding ‖ segments
"""

from __future__ import annotations

from ...tensors import DTYPES
from ..model import Model
from ..ranges import Layout, Ranges, identity_or, opaque
from .flatbuffer import I8, I32, U8, U32, Flatbuffer, Table
from .program import SCALAR_TYPES, segments_of

# Tables and their fields by number, as ExecuTorch's flat_tensor.fbs has them:
#   FlatTensor      1 segments, 2 named_data
#   NamedData       0 key, 1 segment_index, 2 tensor_layout
#   TensorLayout    0 scalar_type, 1 sizes, 2 dim_order

MAGIC = b"FT01"
"""at byte 4"""
_WHAT = "ExecuTorch data file"
_HEADER_MAGIC = b"FH01"
_HEADER_BYTES = 40


def read_executorch_data(image: memoryview) -> Model:
    """Read a data file. Tensors keep their names; data without a type become lossless bytes.

    Raises CorruptError (bad_model) for damaged files, UnsupportedError (unsupported_model) for too many axes.
    """
    ranges = Ranges(image, _WHAT)
    length = int.from_bytes(image[12:16], "little")
    if bytes(image[8:12]) != _HEADER_MAGIC or length < _HEADER_BYTES:
        ranges.fail("its header is missing")
    start, size, base, data = (int.from_bytes(image[at : at + 8], "little") for at in (16, 24, 32, 40))
    if start + size > len(image) or base + data > len(image):
        ranges.fail(f"it should have {max(start + size, base + data):,} bytes, but it has {len(image):,}")
    root = Flatbuffer(image[: start + size], f"The {_WHAT}").root()
    segments = segments_of(root.tables(1), base, ranges)
    for table in root.tables(2):
        place = segments.of(table.number(1, U32), ranges)
        ranges.add(table.text(0), _layout(table.table(2), place[1] - place[0]), *place)
    return ranges.model("ExecuTorch data")


def _layout(described: Table | None, size: int) -> Layout:
    """The layout of `size` bytes of data, opaque if the description is missing or does not fit."""
    dtype = SCALAR_TYPES.get(described.number(0, I8)) if described is not None else None
    if described is None or dtype is None:
        return opaque(size)
    shape = tuple(described.numbers(1, I32))
    layout = Layout(DTYPES[dtype], shape, identity_or(described.numbers(2, U8)))
    return layout if min(shape, default=0) >= 0 and layout.nbytes == size else opaque(size)
