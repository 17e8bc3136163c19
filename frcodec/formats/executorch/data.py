"""ExecuTorch data files (.ptd): named tensors beside a program, a flatbuffer and behind it one segment for each.

file = flatbuffer "FT01", in it a header "FH01" that says where the segments start ‖ padding ‖ segments
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
    """A data file taken apart, its tensors under their own names. Data without a type become lossless bytes.

    Raises CorruptError (bad_model) for damaged files, UnsupportedError (unsupported_model) for too many axes.
    """
    file = Ranges(image, _WHAT)
    length = int.from_bytes(image[12:16], "little")
    if bytes(image[8:12]) != _HEADER_MAGIC or length < _HEADER_BYTES:
        file.fail("its header is missing")
    start, size, base, data = (int.from_bytes(image[at : at + 8], "little") for at in (16, 24, 32, 40))
    if start + size > len(image) or base + data > len(image):
        file.fail(f"it should have {max(start + size, base + data):,} bytes, but it has {len(image):,}")
    root = Flatbuffer(image[: start + size], f"The {_WHAT}").root()
    segments = segments_of(root.tables(1), base, file)
    for table in root.tables(2):
        place = segments.of(table.number(1, U32), file)
        file.add(table.text(0), _layout(table.table(2), place[1] - place[0]), *place)
    return file.model("ExecuTorch data")


def _layout(described: Table | None, size: int) -> Layout:
    """What is said about data of so many bytes."""
    dtype = SCALAR_TYPES.get(described.number(0, I8)) if described is not None else None
    if described is None or dtype is None:
        return opaque(size)
    shape = tuple(described.numbers(1, I32))
    layout = Layout(DTYPES[dtype], shape, identity_or(described.numbers(2, U8)))
    return layout if min(shape, default=0) >= 0 and layout.nbytes == size else opaque(size)
