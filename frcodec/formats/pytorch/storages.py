"""Turns tensors that share storages into stored tensors and views of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ...constants import Code
from ...container.skeleton import Hole
from ...errors import CorruptError, UnsupportedError
from ...tensors import DTYPES, Buffer, DType, Entry, Stored, View
from .objects import StorageRef, TensorRef
from .walk import NamedTensor


@dataclass(frozen=True, slots=True, eq=False)
class Payload:
    """The bytes of a storage, and their offset in the model file."""

    data: Buffer
    offset: int | None
    """None if they are compressed in the file, so that they fill no hole"""


@dataclass(slots=True, eq=False)
class _Shared:
    """A payload, all tensors that use it, and how it is stored."""

    payload: Payload
    tensors: list[NamedTensor] = field(default_factory=list)
    dtype: DType | None = None
    """of the first tensor; None if .frc files lack it"""
    main: NamedTensor | None = None
    """the first tensor that is the whole payload in C order"""
    lossless: bool = False
    entry: int = -1
    """position of the stored tensor, once it has one"""

    def decide(self) -> None:
        """Choose the dtype, the main tensor and whether to store it lossless, once all tensors are known."""
        first = self.tensors[0].tensor.dtype
        if first is not None and len(self.payload.data) % first.itemsize == 0:
            self.dtype = first
        mixed = any(named.tensor.dtype != first for named in self.tensors)
        self.lossless = (
            mixed or self.dtype is None or self.payload.offset is None or all(n.lossless for n in self.tensors)
        )
        for named in self.tensors if self.dtype else ():
            tensor = named.tensor
            if tensor.dtype == self.dtype and covers(tensor.offset, tensor.shape, tensor.strides, self.count):
                self.main = named
                break

    @property
    def count(self) -> int:
        """Elements of the payload."""
        return len(self.payload.data) // (self.dtype.itemsize if self.dtype else 1)

    def stored(self) -> Stored:
        """The payload under the name of its main tensor, or unnamed."""
        data = self.payload.data
        if self.dtype is None:
            return Stored("", DTYPES["bytes"], (len(data),), data)
        if self.main is not None:
            return Stored(self.main.name, self.dtype, self.main.tensor.shape, data)
        return Stored("", self.dtype, self.memory_shape(), data)

    def memory_shape(self) -> tuple[int, ...]:
        """The shape in memory order of the first tensor that is a permutation of the payload; otherwise one axis."""
        for named in self.tensors:
            tensor = named.tensor
            order = sorted(range(len(tensor.shape)), key=lambda axis: -tensor.strides[axis])
            shape = tuple(tensor.shape[axis] for axis in order)
            strides = tuple(tensor.strides[axis] for axis in order)
            if tensor.dtype == self.dtype and covers(tensor.offset, shape, strides, self.count):
                return shape
        return (self.count,)


def covers(offset: int, shape: tuple[int, ...], strides: tuple[int, ...], count: int) -> bool:
    """Whether a view is all `count` elements of its storage in C order; strides of axes of length 1 do not matter."""
    expected = 1
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1 and stride != expected:
            return False
        expected *= n
    return offset == 0 and expected == count


def assemble(
    tensors: Iterable[NamedTensor], locate: Callable[[StorageRef], Payload | None], max_bytes: int
) -> tuple[list[Entry], list[Hole], frozenset[int]]:
    """Entries in the order of `tensors`, the holes that they fill, and the positions of those known not to be weights.

    A payload is stored once: under the name of the first tensor that is all of it in C order, otherwise unnamed (in
    memory order if a tensor is a permutation of it) right before its first view. A view may come before its target.
    If tensors with different dtypes share a payload, the first dtype is used, tensors of other dtypes are omitted, and
    the payload is lossless, so that the model file keeps their values. Payloads of dtypes that .frc files lack are
    stored as unnamed lossless bytes. Tensors whose payload `locate` does not find are omitted.

    Raises UnsupportedError (too_large) for a view of more than `max_bytes`, CorruptError for a wrong payload size.
    """
    listed = list(tensors)
    shared = _by_payload(listed, locate)
    entries: list[Entry] = []
    views: list[tuple[int, View, _Shared]] = []
    for named in listed:
        tensor, group = named.tensor, shared.get(id(named))
        if 0 in tensor.shape and tensor.dtype is not None:
            entries.append(Stored(named.name, tensor.dtype, tensor.shape, b""))
        if group is None:
            continue
        _check_size(named, max_bytes)
        if group.main is named or (group.main is None and group.entry < 0):
            group.entry = len(entries)
            entries.append(group.stored())
        if group.main is not named and group.dtype is not None and tensor.dtype == group.dtype:
            view = View(named.name, group.entry, tensor.offset, tensor.shape, tensor.strides)
            views.append((len(entries), view, group))
            entries.append(view)
    for position, view, group in views:  # the position of every payload is known now
        entries[position] = replace(view, target=group.entry)
    groups = {group.entry: group for group in shared.values()}
    holes = [
        Hole(group.payload.offset, len(group.payload.data), group.entry)
        for group in groups.values()
        if group.payload.offset is not None
    ]
    lossless = frozenset(entry for entry, group in groups.items() if group.lossless)
    return entries, sorted(holes, key=lambda hole: hole.offset), lossless


def _by_payload(tensors: list[NamedTensor], locate: Callable[[StorageRef], Payload | None]) -> dict[int, _Shared]:
    """The payload of each tensor with elements, by the id of the tensor."""
    groups: dict[int, _Shared] = {}
    shared: dict[int, _Shared] = {}
    for named in tensors:
        if 0 in named.tensor.shape:
            continue
        payload = locate(named.tensor.storage)
        if payload is None:
            continue
        check_length(named.tensor, payload)
        group = groups.setdefault(id(payload), _Shared(payload))
        group.tensors.append(named)
        shared[id(named)] = group
    for group in groups.values():
        group.decide()
    return shared


def check_length(tensor: TensorRef, payload: Payload) -> None:
    """Raise CorruptError unless the payload has the size of the storage in the pickle."""
    storage = tensor.storage
    itemsize = 1 if storage.untyped else storage.dtype.itemsize if storage.dtype is not None else None
    if itemsize is not None and storage.count * itemsize != len(payload.data):
        raise CorruptError(
            Code.BAD_MODEL,
            f"The model file is damaged: storage {storage.key[:100]!r} should have {storage.count * itemsize:,} bytes "
            f"but has {len(payload.data):,}.",
        )


def _check_size(named: NamedTensor, max_bytes: int) -> None:
    """Refuse huge views: an expanded tensor (stride 0) can be much larger than its file."""
    size = named.tensor.dtype.itemsize if named.tensor.dtype is not None else 1
    for n in named.tensor.shape:
        size *= n
    if size > max_bytes:
        raise UnsupportedError(
            Code.TOO_LARGE,
            f"Tensor {named.name[:100]!r} has {size:,} bytes, more than the limit of {max_bytes:,} (max_bytes).",
        )
