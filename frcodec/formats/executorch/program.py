"""ExecuTorch programs (.pte): a flatbuffer followed by segments with constants and the data of delegates.

file = flatbuffer "ET12" with an optional header "eh00" that has the offset of the segments ‖ padding ‖ segments
"""

from __future__ import annotations

from dataclasses import dataclass

from ...constants import Code
from ...errors import UnsupportedError
from ...tensors import DTYPES
from ..model import Model
from ..ranges import Layout, Ranges, identity_or, opaque
from . import xnnpack
from .flatbuffer import I8, I32, U8, U32, U64, Flatbuffer, Table
from .roles import roles

# Tables and their fields by number, as ExecuTorch's schema/program.fbs has them:
#   Program             1 execution_plan, 2 constant_buffer, 3 backend_delegate_data, 4 segments, 5 constant_segment,
#                       6 mutable_data_segments, 7 named_data
#   ExecutionPlan       0 name, 2 values, 5 chains, 6 operators, 7 delegates
#   EValue              0 type, 1 value
#   Tensor              0 scalar_type, 1 storage_offset, 2 sizes, 3 dim_order, 5 data_buffer_idx, 6 allocation_info,
#                       9 extra_tensor_info
#   ExtraTensorInfo     0 mutable_data_segments_idx, 1 fully_qualified_name, 2 location
#   BackendDelegate     0 id, 1 processed: 0 location, 1 index
#   SubsegmentOffsets   0 segment_index, 1 offsets
#   DataSegment         0 offset, 1 size
#   NamedData           0 key, 1 segment_index
#   Buffer, BackendDelegateInlineData   0 the bytes

MAGIC = b"ET12"
"""at byte 4"""
WHAT = "ExecuTorch program"

SCALAR_TYPES = {
    0: "uint8",
    1: "int8",
    2: "int16",
    3: "int32",
    4: "int64",
    5: "float16",
    6: "float32",
    7: "float64",
    11: "bool",
    12: "int8",
    13: "uint8",
    14: "int32",
    15: "bfloat16",
    22: "uint16",
    23: "float8_e5m2",
    24: "float8_e4m3fn",
    25: "float8_e5m2fnuz",
    26: "float8_e4m3fnuz",
    27: "uint16",
    28: "uint32",
    29: "uint64",
}
"""ScalarType -> dtype; tensors of other types stay in the skeleton"""
_TENSOR = 5
"""type of a value that is a tensor"""
_HEADER_MAGIC = b"eh00"
_HEADER_BYTES = 24
_XNNPACK = "XnnpackBackend"


@dataclass(frozen=True, slots=True)
class Segments:
    """The positions of the segments in the file."""

    ranges: tuple[tuple[int, int], ...]
    """start and end of each"""

    def of(self, number: int, file: Ranges) -> tuple[int, int]:
        """A segment by its number. Raises CorruptError (bad_model) if there is none."""
        if number >= len(self.ranges):
            file.fail(f"it names segment {number:,}, but has {len(self.ranges):,}")
        return self.ranges[number]


def read_executorch(image: memoryview) -> Model:
    """Read a program: constants, weights of XNNPACK, initial states, and the blobs of other delegates as bytes.

    Tensors are named after the operator that reads them, such as "conv.3.weight" or "xnnpack.0.conv.1.weight",
    because programs do not keep the names of modules. Tensors that are not the weight of a layer are lossless.

    Raises CorruptError (bad_model) for damaged files, UnsupportedError (unsupported_model) for programs whose
    tensors are all in other files.
    """
    return _Program(image).model()


def segments_of(tables: list[Table], base: int, file: Ranges) -> Segments:
    """The segments listed in a flatbuffer, whose offsets count from `base`. They must ascend and lie in the file."""
    found: list[tuple[int, int]] = []
    before = base
    for table in tables:
        start = base + table.number(0, U64)
        end = start + table.number(1, U64)
        if start < before or end > len(file.image):
            file.fail(f"segment {len(found)} at {start:,} to {end:,} lies outside of the file or over another")
        found.append((start, end))
        before = end
    return Segments(tuple(found))


class _Program:
    """The tables of a program, and what has been found so far."""

    def __init__(self, image: memoryview) -> None:
        self._file = Ranges(image, WHAT)
        base, end = self._header(image)
        self._root = Flatbuffer(image[:end], f"The {WHAT}").root()
        self._segments = segments_of(self._root.tables(4), base, self._file)
        self._named = {
            table.text(0): self._segments.of(table.number(1, U32), self._file) for table in self._root.tables(7)
        }
        self._constants = self._places(self._root.table(5)) or self._inline(2)
        self._states = [self._places(table) for table in self._root.tables(6)]
        self._blobs = self._inline(3)
        self._seen: set[int] = set()
        """where the delegates' data start that were read"""
        self._delegated = 0
        """bytes of them"""
        self._outside = False

    def model(self) -> Model:
        """All tensors, in the order of the methods."""
        plans = self._root.tables(1)
        for plan in plans:
            prefix = f"{plan.text(0)}." if len(plans) > 1 else ""
            self._add_values(plan, prefix)
            for delegate in plan.tables(7):
                self._add_delegate(delegate)
        if self._outside and not self._file:
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                "The ExecuTorch program has no weights: they are in a separate .ptd file. Encode that file, and ship "
                "the program as it is; or export the program with its weights included.",
            )
        return self._file.model("ExecuTorch")

    def _header(self, image: memoryview) -> tuple[int, int]:
        """The start of the segments, and the end of the flatbuffer."""
        if bytes(image[8:12]) != _HEADER_MAGIC:
            return 0, len(image)
        length = int.from_bytes(image[12:16], "little")
        size, base, data = (int.from_bytes(image[at : at + 8], "little") for at in (16, 24, 32))
        end = base + data if length > _HEADER_BYTES else base
        if length < _HEADER_BYTES or size > len(image) or end > len(image) or base and base < size:
            self._file.fail(f"by its header it should have {max(size, end):,} bytes, but it has {len(image):,}")
        return base, size

    def _places(self, table: Table | None) -> list[tuple[int, int]]:
        """The ranges that may hold the data of constants or states, by the index of their buffer."""
        offsets = table.numbers(1, U64) if table is not None else []
        if table is None or not offsets:
            return []
        start, end = self._segments.of(table.number(0, U32), self._file)
        return [(start + offset, end) for offset in offsets]

    def _inline(self, field: int) -> list[tuple[int, int]]:
        """The ranges of the data stored in the flatbuffer itself."""
        return [(start, start + size) for start, size in (table.span(0) for table in self._root.tables(field))]

    def _add_values(self, plan: Table, prefix: str) -> None:
        """Add the tensors of a method that have data."""
        named = roles(plan)
        for number, value in enumerate(plan.tables(2)):
            tensor = value.table(1) if value.number(0, U8) == _TENSOR else None
            if tensor is not None and (index := tensor.number(5, U32)):
                self._add_tensor(tensor, index, prefix, named.get(number))

    def _add_tensor(self, tensor: Table, index: int, prefix: str, role: str | None) -> None:
        """Add a tensor that has data, unless the data are in another file or of an unknown type."""
        more = tensor.table(9)
        outside = more is not None and more.number(2, I8)
        self._outside |= bool(outside)
        dtype = SCALAR_TYPES.get(tensor.number(0, I8))
        if outside or dtype is None or tensor.number(1, I32):
            return
        places, name, state = self._constants, f"constant.{index}", tensor.table(6) is not None
        if state:
            number = more.number(0, U64) if more is not None else 0
            places, name = self._states[number] if number < len(self._states) else [], f"state.{index}"
        if index >= len(places):
            self._file.fail(f"a tensor has buffer {index:,}, but there are {len(places):,}")
        name = (more.text(1) if more is not None else "") or role or name
        shape = tuple(tensor.numbers(2, I32))
        if min(shape, default=0) < 0:
            self._file.fail(f"tensor {name!r} has the shape {shape}")
        layout = Layout(DTYPES[dtype], shape, identity_or(tensor.numbers(3, U8)))
        self._file.add(prefix + name, layout, *places[index], lossless=state or role is None)

    def _add_delegate(self, delegate: Table) -> None:
        """Add the data of a delegate: its weights for XNNPACK, otherwise all of it as bytes."""
        reference = delegate.table(1)
        if reference is None:
            return
        index = reference.number(1, U32)
        if reference.number(0, I8):
            start, end = self._segments.of(index, self._file)
        elif index < len(self._blobs):
            start, end = self._blobs[index]
        else:
            self._file.fail(f"it names the delegate data {index:,}, but has {len(self._blobs):,}")
        if start == end or start in self._seen:
            return
        number = len(self._seen)
        self._seen.add(start)
        self._delegated += end - start
        if self._delegated > len(self._file.image):
            self._file.fail("the data of its delegates overlap")
        backend = delegate.text(0)
        if backend == _XNNPACK and xnnpack.is_xnnpack(self._file.image[start:end]):
            complete = xnnpack.add_constants(self._file, start, end, self._named, f"xnnpack.{number}")
            self._outside |= not complete
        else:
            self._file.add(f"{backend or 'delegate'}.{number}", opaque(end - start), start, end, lossless=True)
