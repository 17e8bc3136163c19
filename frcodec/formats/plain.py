"""A plain dictionary of tensors on its way to a file.

Every writer (`write_pt`, `write_safetensors`, `write_npz`) takes names, dtypes and shapes first and asks for one tensor
at a time, so that a caller may decode while writing. The output needs no seeking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias

from ..constants import Code
from ..errors import UsageError
from ..tensors import Buffer, DType

ALIGNMENT: Final = 64
"""bytes; of every payload in an archive"""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a tensor before its elements."""

    name: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return prod(self.shape) * self.dtype.itemsize


Fetch: TypeAlias = Callable[[int], Buffer]
"""position of a tensor -> its elements, little-endian in C order; called once for each tensor"""


def check_names(tensors: Sequence[Header]) -> None:
    """UsageError (bad_tensor) if two tensors have one name."""
    seen: set[str] = set()
    for header in tensors:
        if header.name in seen:
            raise UsageError(Code.BAD_TENSOR, f"Two tensors have the name {header.name!r}.")
        seen.add(header.name)


def fetched(header: Header, data: Buffer) -> memoryview:
    """The bytes of a tensor, as many as it has."""
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    if len(view) != header.nbytes:
        raise UsageError(
            Code.BAD_TENSOR,
            f"Tensor {header.name!r} should have {header.nbytes:,} bytes, but {len(view):,} were given.",
        )
    return view
