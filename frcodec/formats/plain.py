"""The input of the writers of plain tensor dictionaries: `write_pt`, `write_safetensors` and `write_npz`.

A writer takes names, dtypes and shapes first and fetches one tensor at a time, so that the caller can decode while
writing. The output is never sought.
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
"""of every payload in an archive, in bytes"""


@dataclass(frozen=True, slots=True)
class Header:
    """Name, dtype and shape of a tensor."""

    name: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size of the elements in bytes."""
        return prod(self.shape) * self.dtype.itemsize


Fetch: TypeAlias = Callable[[int], Buffer]
"""position of a tensor -> its elements, little-endian in C order; called once for each tensor"""


def check_names(tensors: Sequence[Header]) -> None:
    """Raise UsageError (bad_tensor) if two tensors have the same name."""
    seen: set[str] = set()
    for header in tensors:
        if header.name in seen:
            raise UsageError(Code.BAD_TENSOR, f"Two tensors have the name {header.name!r}.")
        seen.add(header.name)


def checked(header: Header, data: Buffer) -> memoryview:
    """The bytes of a fetched tensor. Raises UsageError (bad_tensor) if their number is wrong."""
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    if len(view) != header.nbytes:
        raise UsageError(
            Code.BAD_TENSOR,
            f"Tensor {header.name!r} should have {header.nbytes:,} bytes, but {len(view):,} were given.",
        )
    return view
